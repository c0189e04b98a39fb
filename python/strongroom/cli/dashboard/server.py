"""HTTP on loopback: who may connect, for how long, and which requests come from the page itself."""

import contextlib
import email.utils
import errno
import http.server
import ipaddress
import os
import re
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Generator
from typing import Any

from strongroom.cli.dashboard.site import HEADERS, MAX_VAULT, Answer, RefusedError, Request, Site
from strongroom.cli.ending import CommandError, tell

HOSTS = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "::1": ("::1",)}
"""What may be listened on, and its addresses. All of localhost's are taken by default: a browser may use either one for
that name, and on one that is free another user of the machine could wait for it with a page of their own."""

_MOST_CONNECTIONS = 32
_HEAD_S = 10.0
"""How long a connection may take until its request is known. A browser opens some only to have them ready."""
_WHOLE_S = 600.0
"""How long a request may take as a whole: the largest vault, through ssh, on a slow line."""
_SILENCE_S = 20.0
_CLOSING_S = 2.0
_POLL_S = 0.2
_SAVING_S = 5.0
"""How long the end waits for an answer that is being given: a save takes milliseconds."""


@contextlib.contextmanager
def listening(host: str, port: int, site: Site) -> Generator[int]:
    """Serve the site on the addresses of `host`, and give the port; 0 takes any that is free."""
    listeners = _bound(HOSTS[host], port, site)
    threads = [threading.Thread(target=listener.serve_forever, args=(_POLL_S,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield listeners[0].port
    finally:
        for listener in listeners:
            listener.stop()
        for listener in listeners:
            listener.wait()


def _bound(addresses: tuple[str, ...], port: int, site: Site, tries: int = 20) -> list["Listener"]:
    try:
        return _all_bound(addresses, port, site)
    except OSError as error:
        if not port and error.errno == errno.EADDRINUSE and tries:  # free on one address and not on the other
            return _bound(addresses, port, site, tries - 1)
        where = f"port {port}" if port else "any port"
        raise CommandError(
            f"cannot listen on {where} of this machine: {error.strerror}", "another --port may be free"
        ) from None


def _all_bound(addresses: tuple[str, ...], port: int, site: Site) -> list["Listener"]:
    listeners: list[Listener] = []
    with contextlib.ExitStack() as on_failure:
        for address in addresses:
            try:
                listener = Listener(address, listeners[0].port if listeners else port, site)
            except OSError as error:
                # Where there is no IPv6, nobody else can use it either.
                if listeners and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue
                raise
            on_failure.callback(listener.server_close)
            listeners.append(listener)
        on_failure.pop_all()
    return listeners


class Listener(http.server.ThreadingHTTPServer):
    """One address that is listened on, and the connections to it."""

    daemon_threads = True
    request_queue_size = 64
    # On Windows this option lets another program take the port over.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(self, address: str, port: int, site: Site) -> None:
        if not ipaddress.ip_address(address).is_loopback:
            raise ValueError("expected an address of this machine alone")
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.site = site
        self._until: dict[socket.socket, float] = {}
        self._change = threading.Condition()
        super().__init__((address, port), Connection)
        suffix = f":{self.port}" if self.port != 80 else ""  # which browsers leave out
        self.hosts = frozenset(name + suffix for name in ("localhost", "127.0.0.1", "[::1]"))

    def server_bind(self) -> None:
        """Bind, without asking for the name of this machine, which may take long."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        exclusive: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows has it, and needs it
        if exclusive is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.port

    @property
    def port(self) -> int:
        """The port."""
        return int(self.socket.getsockname()[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, unless there are too many."""
        with self._change:
            is_let_in = len(self._until) < _MOST_CONNECTIONS
            if is_let_in:
                self._until[request] = time.monotonic() + _HEAD_S
        if is_let_in:
            super().process_request(request, client_address)
        else:
            refusal = RefusedError(503, "busy", "too many connections at once: try again", {"Retry-After": "1"})
            request.setblocking(False)
            with contextlib.suppress(OSError):
                request.send(_head(refusal.answer) + refusal.answer.body)
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and forget it."""
        super().shutdown_request(request)
        with self._change:
            self._until.pop(request, None)
            self._change.notify_all()

    def give_time(self, connection: socket.socket) -> None:
        """Let a connection go on whose request is known."""
        with self._change:
            if connection in self._until:
                self._until[connection] = time.monotonic() + _WHOLE_S

    def service_actions(self) -> None:
        """Close what takes too long; called at every poll."""
        now = time.monotonic()
        self._shut([connection for connection, until in self._connections() if until < now], socket.SHUT_RDWR)

    def stop(self) -> None:
        """Let nobody in any more. Whoever is still sending is cut off, and nothing of that was written."""
        self.shutdown()
        self.server_close()
        self._shut([connection for connection, _ in self._connections()], socket.SHUT_RD)

    def wait(self) -> None:
        """Let the answers that are being given come to their end, and with them a save."""
        with self._change:
            self._change.wait_for(lambda: not self._until, _SAVING_S)

    def _connections(self) -> list[tuple[socket.socket, float]]:
        with self._change:
            return list(self._until.items())

    @staticmethod
    def _shut(connections: list[socket.socket], how: int) -> None:
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(how)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Tell of a fault by its kind alone: a traceback would show what was being handled."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # a client that went away
            tell(f"a request failed in a way that it should not: {type(error).__name__}")


class Connection(http.server.BaseHTTPRequestHandler):
    """One request, and its answer.

    There is one in each connection. Browsers need no more on loopback, and no byte that was not read of one request can
    be taken for the next.
    """

    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = _SILENCE_S
    protocol_version = "HTTP/1.1"

    def _answered(self) -> None:
        self.close_connection = True
        self.server.give_time(self.connection)
        try:
            self._from_the_page_itself()
            answer = self.server.site.answer(
                Request(self.command, self.path, self._header, self._body, self._may_use_link)
            )
        except RefusedError as refusal:
            answer = refusal.answer
        self._send(answer)

    # Every method that a browser knows; the library refuses others.
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_TRACE = do_CONNECT = _answered  # noqa: N815

    def _from_the_page_itself(self) -> None:
        """Refuse what another site makes a browser send here.

        A site can point its own name at 127.0.0.1 after its page was loaded (DNS rebinding), and is then of one origin
        with this server as far as the browser knows. But its name is what stands in Host.
        """
        hosts = self._header("Host")
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            raise RefusedError(421, "host", "expected localhost and the port of this server as the host")
        if any(origin != f"http://{hosts[0]}" for origin in self._header("Origin")):
            raise RefusedError(403, "origin", "another site may not use this server")
        if any(site not in ("same-origin", "none") for site in self._header("Sec-Fetch-Site")):
            raise RefusedError(403, "origin", "another site may not use this server: open the link that was printed")

    def _header(self, name: str) -> list[str]:
        return self.headers.get_all(name, [])

    def _may_use_link(self) -> bool:
        return self.server.site.link.is_for(self.connection.getpeername(), self.connection.getsockname())

    def _body(self, most: int) -> bytes:
        lengths = self._header("Content-Length")
        if not lengths or self._header("Transfer-Encoding"):
            raise RefusedError(411, "length", "expected a Content-Length, and a body that is not sent in chunks")
        if len(lengths) != 1 or not re.fullmatch("[0-9]+", lengths[0]):
            raise RefusedError(400, "invalid_input", "expected Content-Length to be one number")
        # By its digits first: Python reads no number of thousands of them.
        if len(lengths[0].lstrip("0")) > len(str(most)) or int(lengths[0]) > most:
            raise RefusedError(413, "limit", f"the request's size in bytes is over the limit of {most}")
        length = int(lengths[0])
        if any(expected.lower() == "100-continue" for expected in self._header("Expect")):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(length)
        if len(body) < length:
            raise RefusedError(400, "invalid_input", "the request ended before its Content-Length; nothing was written")
        return body

    def _send(self, answer: Answer) -> None:
        self.wfile.write(_head(answer))
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def handle_expect_100(self) -> bool:
        """Wait: the body is asked for only once the rest of the request is good."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what the library could not read. Its own text would repeat the request."""
        self.close_connection = True
        kind = "limit" if code in (414, 431) else "method" if code == 501 else "invalid_input"
        self._send(RefusedError(code, kind, _UNREAD.get(code, "expected a request of HTTP/1.1")).answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep no log: a request line may hold what is not for others."""

    def finish(self) -> None:
        """Take what the client still sends, so that it gets to read the answer.

        Closing a connection with bytes that nobody has read resets it, and the client may lose the answer by that.
        """
        super().finish()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_CLOSING_S)
            left = MAX_VAULT
            while left > 0 and (read := self.connection.recv(1 << 16)):
                left -= len(read)


_UNREAD = {
    414: "the address is too long",
    431: "the headers are too long",
    501: "expected GET, HEAD, POST or PUT",
    505: "expected HTTP/1.1",
}


def _head(answer: Answer) -> bytes:
    headers = {
        **HEADERS,
        **answer.headers,
        **({"Content-Type": answer.kind} if answer.kind else {}),
        **({"Content-Length": str(len(answer.body))} if answer.status != 204 else {}),
        "Date": email.utils.formatdate(usegmt=True),
        "Connection": "close",
    }
    reason = http.HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
