"""`strongroom dashboard` as a process of its own, with a small page in place of the built one, and its clients."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strongroom.cli.dashboard.site import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from command import Desk

PAGE = {
    "index.html": b"<!doctype html><script type=module src=/assets/app.js></script>",
    "assets/app.js": b"export {};",
    "assets/worker.js": b"self.onmessage = null;",
    "assets/core.wasm": b"\0asm\1\0\0\0",
    "assets/style.css": b"body { margin: 0 }",
    "manifest.webmanifest": b"{}",
    "assets/icon.svg": b"<svg/>",
}

LONGEST_S = 60.0
"""When to give up on a server that hangs."""

# All of the command, but for where the page is.
_COMMAND = """\
import pathlib, sys
from strongroom import cli
from strongroom.cli import dashboard
dashboard.PAGE = pathlib.Path(sys.argv.pop(1))
sys.exit(cli.main())
"""


def page_in(folder: Path) -> Path:
    """Write the page."""
    for name, data in PAGE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def command(page: Path) -> list[str]:
    """Return the command with this page."""
    return [sys.executable, "-c", _COMMAND, str(page)]


@contextlib.contextmanager
def serving(desk: Desk, *words: str, env: Mapping[str, str] | None = None, limit: str = "") -> Generator[Server]:
    """Run `strongroom dashboard --no-open`, or with `words`; `limit` is for `ulimit`."""
    page = page_in(desk.folder / "page")
    shell = ["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh"] if limit else []
    process = subprocess.Popen(
        [*shell, *command(page), "dashboard", *(words or ("--no-open",))],
        cwd=desk.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(desk.folder), **desk.environment, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"http://localhost:(\d+)/#token=([A-Za-z0-9_-]{43})\n", line)
        assert found, process.communicate(timeout=LONGEST_S)
        yield Server(process, int(found[1]), found[2])
    finally:
        process.kill()
        process.communicate()


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    token: str

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def ask(self, method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Answered:
        """Ask as the page would, but for what `headers` say; one without a value is left out."""
        given = {name.lower() for name, _ in headers}
        usual = [("Host", self.host), ("Content-Length", str(len(body)))]
        if method in ("GET", "HEAD"):
            usual.pop()
        lines = [(name, value) for name, value in usual if name.lower() not in given]
        lines += [(name, value) for name, value in headers if value]
        head = "".join([f"{method} {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in lines), "\r\n"])
        return self.say(head.encode() + body)

    def say(self, data: bytes, then: Callable[[socket.socket], None] = lambda _: None) -> Answered:
        """Send bytes, and read to the end of the answer."""
        with self.connected() as connection:
            connection.sendall(data)
            then(connection)
            return read(connection)

    def connected(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST_S)

    def session(self) -> Session:
        """Exchange the token."""
        answered = self.redeem(self.token)
        assert answered.status == 200, answered
        return Session(self, answered.json["session"])

    def redeem(self, token: object) -> Answered:
        """Try a token."""
        return self.ask("POST", "/session", [("Origin", f"http://{self.host}")], json.dumps({"token": token}).encode())

    def interrupt(self) -> tuple[int, str, str]:
        """Press Ctrl-C, and return the exit code, and what was printed besides the link."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=LONGEST_S)
        return self.process.returncode, out, err


@dataclass
class Session:
    """What a page that came with the link can do."""

    server: Server
    secret: str

    @property
    def bearer(self) -> tuple[str, str]:
        return ("Authorization", f"Bearer {self.secret}")

    def get(self) -> tuple[bytes, str]:
        """Return the vault and its state."""
        answered = self.server.ask("GET", "/vault", [self.bearer])
        assert answered.status == 200, answered
        return answered.body, answered.headers["etag"]

    def put(self, new: bytes, etag: str, *more: tuple[str, str]) -> Answered:
        """Give new bytes for the state that was changed."""
        return self.server.ask("PUT", "/vault", [self.bearer, ("If-Match", etag), *more], new)


@dataclass
class Answered:
    """An answer. That each has every header of `HEADERS` is checked where it is read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def refused(self) -> tuple[int, str]:
        """The status and the code of a refusal, which has a message for people."""
        assert self.headers["content-type"] == "application/json"
        assert set(self.json) == {"code", "message"}
        assert self.json["message"]
        return self.status, self.json["code"]


def read(connection: socket.socket) -> Answered:
    """Read an answer to its end."""
    data = b""
    while chunk := connection.recv(1 << 16):
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, _ = first.split(" ", 2)
    assert version == "HTTP/1.1"
    headers = [line.split(": ", 1) for line in lines]
    names = [name.lower() for name, _ in headers]
    assert len(set(names)) == len(names), names
    found = {name.lower(): value for name, value in headers}
    for name, value in HEADERS.items():
        assert found[name.lower()] == value
    assert "server" not in found
    assert "set-cookie" not in found
    assert not [name for name in found if name.startswith("access-control-")]
    return Answered(int(status), found, body)
