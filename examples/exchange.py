"""Small exchanges for the demo, at one address, which check what is signed as Binance, Kraken and OKX do.

They share no code with Strongroom: the Python standard library alone decides whether a signature is right, and speaks
OKX's WebSocket. The rules of each exchange are in a file of `venues`, with the address of their description.

    python examples/exchange.py

reads one line of JSON from stdin, since secrets belong neither into arguments nor into the environment:

    {"accounts": [{"exchange": "binance", "api_key": "...", "secret": "...", "balances": {"USDT": "1000"}}]}

`exchange` is `binance` if it is missing, `kraken` or `okx`; for `okx`, `password` is the passphrase of the API key.
It prints its address, serves until stdin is closed, and so never outlives the program that started it.
"""

import contextlib
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from venues import RefusedError, Request
from venues.binance import Binance
from venues.kraken import Kraken
from venues.okx import Okx
from venues.websocket import ClosedError, WebSocket, accept

MAX_BODY_BYTES = 16_384


class Exchanges:
    """Each exchange with its accounts. Their paths begin so differently that one address does for all."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        def of(exchange: str) -> list[dict[str, Any]]:
            return [account for account in accounts if account.get("exchange", "binance") == exchange]

        self.okx = Okx(of("okx"))
        self.by_prefix: dict[str, Binance | Kraken | Okx] = {
            "/api/v3/": Binance(of("binance")),
            "/0/private/": Kraken(of("kraken")),
            "/api/v5/": self.okx,
        }

    def answer(self, request: Request) -> object:
        """Return what the exchange answers that the path belongs to, for JSON, or raise `RefusedError`."""
        for prefix, exchange in self.by_prefix.items():
            if request.path.startswith(prefix):
                return exchange.answer(request, now_ms())
        raise RefusedError(404, {"error": "there is no such path here"})


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Handler(BaseHTTPRequestHandler):
    """One HTTP request, or one WebSocket."""

    exchanges: Exchanges
    timeout = 10  # seconds that a client may stay silent

    def do_GET(self) -> None:
        """Answer a request without a body."""
        if self.path == "/ws/v5/private":
            self.talk()
        else:
            self.respond("")

    def do_POST(self) -> None:
        """Answer a request with a body, which may be empty."""
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > MAX_BODY_BYTES:
            self.send(413, {"error": f"the body must have at most {MAX_BODY_BYTES} bytes"})
            return
        self.respond(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def respond(self, body: str) -> None:
        """Answer the request."""
        path, _, query = self.path.partition("?")
        request = Request(self.command, path, query, body, self.headers)
        try:
            self.send(200, self.exchanges.answer(request))
        except RefusedError as refusal:
            self.send(refusal.status, refusal.answer)

    def talk(self) -> None:
        """Speak as OKX's WebSocket does, until one side has had enough."""
        accepted = accept(self.headers)
        if accepted is None:
            self.send(400, {"error": "expected the handshake of a WebSocket"})
            return
        self.wfile.write(accepted.encode())
        self.close_connection = True
        socket = WebSocket(self.rfile, self.wfile)
        with contextlib.suppress(OSError):  # it hung up, or fell silent
            try:
                while True:
                    socket.send(json.dumps(self.exchanges.okx.reply(socket.receive(), now_ms())))
            except RefusedError as refusal:
                socket.send(json.dumps(refusal.answer))
                socket.close(refusal.status)
            except ClosedError as closed:
                socket.close(closed.code)

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
    Handler.exchanges = Exchanges(json.loads(sys.stdin.readline())["accounts"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
