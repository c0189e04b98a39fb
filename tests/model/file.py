"""A vault in a file, and a key in one (FORMAT.md, section 10.2)."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from model import texts
from model.errors import ModelError
from model.writer import Writer

Chown = Callable[[int, int, int], None]


def read_key(path: Path) -> str:
    """The key text in a file that nobody else can read."""
    with path.open() as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise ModelError("invalid_input")
        text = file.read()
    texts.read_key(text)
    return text


def create(path: Path, data: bytes) -> None:
    """Write a new vault where no file is."""
    _replace(path, lambda stored: data if stored is None else _exists(), os.fchown)


def save(path: Path, writer: Writer, chown: Chown = os.fchown) -> None:
    """Put a writer's changes into the vault that is stored now."""
    _replace(path, lambda stored: writer.save(_missing() if stored is None else stored), chown)


def _exists() -> bytes:
    raise ModelError("exists")


def _missing() -> bytes:
    raise ModelError("io")


def _replace(path: Path, change: Callable[[bytes | None], bytes], chown: Chown) -> None:
    path = path.resolve()
    try:
        with path.with_name(path.name + ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _write(path, change(path.read_bytes() if path.exists() else None), chown)
    except OSError:
        raise ModelError("io") from None


def _write(path: Path, data: bytes, chown: Chown) -> None:
    for stale in path.parent.iterdir():
        if re.fullmatch(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.tmp", stale.name):
            stale.unlink()
    old = path.stat() if path.exists() else None
    new = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if old is not None:
                chown(handle, -1, old.st_gid)
                os.fchmod(handle, stat.S_IMODE(old.st_mode))
            os.fsync(handle)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
