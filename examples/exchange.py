"""A small exchange for the demo, which checks each request's signature as Binance does.

It shares no code with Strongroom: the Python standard library alone decides whether a signature is right.

    python examples/exchange.py

reads one line of JSON from stdin, since secrets belong neither into arguments nor into the environment:

    {"accounts": [{"api_key": "...", "secret": "...", "balances": {"USDT": "1000"}}]}

It prints its address, serves until stdin is closed, and so never outlives the program that started it.
"""

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from venues import RefusedError, Request
from venues.binance import Binance

MAX_BODY_BYTES = 16_384


class Handler(BaseHTTPRequestHandler):
    """One HTTP request."""

    exchange: Binance
    timeout = 10  # seconds that a client may stay silent

    def do_GET(self) -> None:
        """Answer a request without a body."""
        self.respond("")

    def do_POST(self) -> None:
        """Answer a request with a body, which may be empty."""
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > MAX_BODY_BYTES:
            self.send(413, {"code": -1100, "msg": f"The body must have at most {MAX_BODY_BYTES} bytes."})
            return
        self.respond(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def respond(self, body: str) -> None:
        """Answer the request."""
        path, _, query = self.path.partition("?")
        request = Request(self.command, path, query, body, self.headers)
        try:
            self.send(200, self.exchange.answer(request, time.time_ns() // 1_000_000))
        except RefusedError as refusal:
            self.send(refusal.status, refusal.answer)

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
    Handler.exchange = Binance(json.loads(sys.stdin.readline())["accounts"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
