"""The command `strongroom` as a user runs it: a process and a folder of its own, with or without a terminal."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import struct
import subprocess
import sysconfig
import termios
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import strongroom

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

_LONGEST_S = 60.0
"""When to give up on a command that hangs."""


def owners_desk(folder: Path, *secrets: str) -> Desk:
    """Make a vault that the key file `owner.key` opens, which is configured."""
    key = strongroom.generate_key()
    key.write(folder / "owner.key")
    strongroom.create(folder / "strongroom.vault", key=key).lock()
    return Desk(folder, {"STRONGROOM_KEY_FILE": "owner.key"}, list(secrets))


def program() -> str:
    """Return the path of the command that belongs to this Python."""
    path = shutil.which("strongroom", path=sysconfig.get_path("scripts"))
    assert path is not None, "the command is not installed beside this Python"
    return path


@dataclass
class Ended:
    """What became of a command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """A folder to work in. What is `secret` must not be seen in arguments, stdout or stderr unless a call says so."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    secrets: list[str] = field(default_factory=list[str])

    def secret(self, text: str) -> str:
        """Note a secret."""
        self.secrets.append(text)
        return text

    def run(
        self,
        *words: str,
        stdin: bytes | str = b"",
        pipes: Mapping[str, bytes] | None = None,
        env: Mapping[str, str] | None = None,
        reveals: bool = False,
        command: list[str] | None = None,
        stdout: int = subprocess.PIPE,
    ) -> Ended:
        """Run `strongroom` without a terminal.

        `pipes` are what descriptors give, by what stands for their number in `words` and `env`.
        """
        with contextlib.ExitStack() as stack:
            numbers = {name: stack.enter_context(_readable(data)) for name, data in (pipes or {}).items()}
            of_name = {name: str(number) for name, number in numbers.items()}
            ended = subprocess.run(
                [*(command or [program()]), *(of_name.get(word, word) for word in words)],
                cwd=self.folder,
                env=self._environment({name: of_name.get(value, value) for name, value in (env or {}).items()}),
                input=stdin.encode() if isinstance(stdin, str) else stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                pass_fds=list(numbers.values()),
                timeout=_LONGEST_S,
                start_new_session=True,  # no terminal of whoever runs the tests
                check=False,
            )
        result = Ended(ended.returncode, ended.stdout or b"", ended.stderr.decode())
        self._nothing_seen(words, result.out.decode("utf-8", "replace") if not reveals else "", result.err)
        return result

    def ok(self, *words: str, **how: Any) -> Ended:
        """Run a command that must succeed."""
        ended = self.run(*words, **how)
        assert ended.code == 0, ended.err
        return ended

    @contextlib.contextmanager
    def terminal(
        self, *words: str, env: Mapping[str, str] | None = None, columns: int = 100, out: Path | None = None
    ) -> Generator[Terminal]:
        """Run `strongroom` at a terminal; `out` is a file for its stdout instead."""
        master, slave = pty.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        # The first terminal that the leader of a session opens becomes the session's.
        shell = 'tty=$1 out=$2; shift 2; exec "$@" <"$tty" >"${out:-$tty}" 2>"$tty"'
        process = subprocess.Popen(
            ["/bin/sh", "-c", shell, "sh", os.ttyname(slave), str(out or ""), program(), *words],
            cwd=self.folder,
            env=self._environment({"TERM": "xterm", **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        terminal = Terminal(master, slave, process)
        try:
            yield terminal
        finally:
            process.kill()
            process.wait()
            os.close(slave)
            os.close(master)
        self._nothing_seen(words, terminal.seen if not terminal.reveals else "", "")

    def asked(self, *words: str, answers: Mapping[str, str], **how: Any) -> tuple[int, str]:
        """Run at a terminal and answer its questions; return the exit code and all that was seen."""
        with self.terminal(*words, **how) as terminal:
            for question, answer in answers.items():
                terminal.expect(question)
                terminal.type(f"{answer}\n")
            return terminal.end(), terminal.seen

    def open(self, key_file: str = "owner.key") -> strongroom.Vault:
        """Open the vault as a program does."""
        return strongroom.open(self.folder / "strongroom.vault", key_file=self.folder / key_file)

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return {**base, **self.environment, **(more or {})}

    def _nothing_seen(self, words: tuple[str, ...], out: str, err: str) -> None:
        for secret in self.secrets:
            assert secret not in " ".join(words), "a test gave a secret as an argument"
            assert secret not in out, "a secret was printed"
            assert secret not in err, "a secret was told"


@dataclass
class Terminal:
    """The screen and the keyboard of a command that runs at a terminal."""

    master: int
    slave: int
    process: subprocess.Popen[bytes]
    seen: str = ""
    reveals: bool = False
    _from: int = 0
    # A character may come in two parts.
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def expect(self, text: str) -> None:
        """Read until `text` appears after what was expected before."""
        until = time.monotonic() + _LONGEST_S
        while (at := self.seen.find(text, self._from)) < 0:
            ended = self._read(1.0) is None
            assert not ended, f"ended without {text!r}: {self.seen!r}"
            assert time.monotonic() < until, f"no {text!r} after: {self.seen!r}"
        self._from = at + len(text)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Wait until the command has ended, and return its exit code."""
        until = time.monotonic() + _LONGEST_S
        while self.process.poll() is None:
            assert time.monotonic() < until, f"still running after: {self.seen!r}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def _read(self, patience_s: float) -> str | None:
        if not select.select([self.master], [], [], patience_s)[0]:
            return "" if self.process.poll() is None else None
        text = self._decoder.decode(os.read(self.master, 65536)).replace("\r\n", "\n")
        self.seen += text
        return text


@contextlib.contextmanager
def _readable(data: bytes) -> Generator[int]:
    """Give a descriptor that gives `data`, which must fit a pipe."""
    read, write = os.pipe()
    try:
        os.write(write, data)
        os.close(write)
        yield read
    finally:
        os.close(read)
