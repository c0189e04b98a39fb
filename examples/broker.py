"""A small broker for the demo, whose login asks for a one-time code (RFC 6238) and takes each code once.

It shares no code with Strongroom: the Python standard library alone makes the codes and compares them.

    python examples/broker.py

reads one line of JSON from stdin, since secrets belong neither into arguments nor into the environment:

    {"users": [{"user": "...", "password": "...", "totp_secret": "base32"}]}

It prints its address, serves until stdin is closed, and so never outlives the program that started it.
"""

import base64
import hmac
import json
import re
import secrets
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PERIOD_SECONDS = 30
MAX_BODY_BYTES = 4096


@dataclass
class User:
    """A customer, and the last step whose code was used."""

    password: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    used_step: int = -1


class RefusedError(Exception):
    """A login that is refused, with the reason."""


class Broker:
    """Users by name."""

    def __init__(self, users: list[dict[str, Any]]) -> None:
        self.users = {
            user["user"]: User(user["password"].encode(), base64.b32decode(user["totp_secret"])) for user in users
        }
        self.lock = threading.Lock()  # each request has a thread of its own

    def login(self, sent: dict[str, Any], now: float) -> str:
        """Return a session's token, or raise `RefusedError`."""
        user = self.users.get(str(sent.get("user")))
        if user is None or not hmac.compare_digest(str(sent.get("password")).encode(), user.password):
            raise RefusedError("wrong user or password")
        code = str(sent.get("code")).encode()
        with self.lock:
            # The step before is still taken, for a code that was typed as it ran out.
            for step in (int(now) // PERIOD_SECONDS, int(now) // PERIOD_SECONDS - 1):
                if hmac.compare_digest(code, code_of(user.seed, step).encode()):
                    if step <= user.used_step:
                        raise RefusedError("this code was used before")
                    user.used_step = step
                    return secrets.token_urlsafe(16)
        raise RefusedError("wrong code")


def code_of(seed: bytes, step: int) -> str:
    """Make the code of a step: RFC 4226, section 5.3, with the step as its counter."""
    digest = hmac.digest(seed, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


class Handler(BaseHTTPRequestHandler):
    """One HTTP request."""

    broker: Broker
    timeout = 10  # seconds that a client may stay silent

    def do_POST(self) -> None:
        """Answer a login."""
        length = self.headers.get("Content-Length", "0")
        if self.path != "/login" or not re.fullmatch(r"[0-9]{1,4}", length) or int(length) > MAX_BODY_BYTES:
            self.send(404, {"error": "there is only POST /login here, with a small body"})
            return
        try:
            login: Any = json.loads(self.rfile.read(int(length)))
            self.send(200, {"session": self.broker.login(dict(login), time.time())})
        except (ValueError, TypeError):
            self.send(400, {"error": "expected a JSON object"})
        except RefusedError as refusal:
            self.send(401, {"error": str(refusal)})

    def send(self, status: int, answer: object) -> None:
        """Send JSON."""
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: the demo tells what happens."""


def main() -> None:
    """Serve until stdin is closed."""
    Handler.broker = Broker(json.loads(sys.stdin.readline())["users"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
