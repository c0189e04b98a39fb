"""What turning a passphrase into a key costs, beside other libraries."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import argon2.low_level as argon2
import strongroom

from bench.measure import Row, alternate, beside

PASSPHRASE = "correct horse battery staple"


def key_derivation(folder: Path) -> list[Row]:
    """Compare KDFs. Ours is a wrong passphrase on an empty vault: the KDF, and a file of 400 bytes read."""
    rows: list[Row] = []
    for memory, passes, lanes, target in ((65_536, 3, 4, 0.8), (19_456, 2, 1, None)):
        ours = wrong_passphrase(folder / f"argon2-{memory}.vault", strongroom.Kdf.argon2id(memory, passes, lanes))
        what = f"Argon2id {memory >> 10} MiB, {passes} passes, lanes: {lanes}, to argon2-cffi"
        rows.append(beside(what, alternate(31, ours, argon2_of(memory, passes, lanes)), target))
    ours = wrong_passphrase(folder / "pbkdf2.vault", strongroom.Kdf.pbkdf2(600_000))
    times = alternate(11, ours, lambda: hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), bytes(32), 600_000))
    return [*rows, beside("PBKDF2-HMAC-SHA-256, 600,000 iterations, to hashlib", times)]


def wrong_passphrase(path: Path, kdf: strongroom.Kdf) -> Callable[[], object]:
    """Build a job that costs what the KDF costs."""
    strongroom.create(path, passphrase=PASSPHRASE, kdf=kdf)

    def job() -> None:
        try:
            strongroom.open(path, passphrase="wrong")
        except strongroom.errors.DecryptError:
            return
        raise AssertionError("a wrong passphrase opened the vault")

    return job


def argon2_of(memory: int, passes: int, lanes: int) -> Callable[[], object]:
    """Build a job that derives 32 bytes as pykeepass does."""
    secret, salt, kind = PASSPHRASE.encode(), bytes(32), argon2.Type.ID
    return lambda: argon2.hash_secret_raw(secret, salt, passes, memory, lanes, 32, kind)
