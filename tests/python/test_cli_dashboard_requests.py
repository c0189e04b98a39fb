"""`strongroom dashboard`: which requests are answered, and which are refused."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
from command import owners_desk
from dashboard import LONGEST_S, PAGE, Server, serving
from strongroom.cli.dashboard.link import Link
from strongroom.cli.dashboard.server import listening
from strongroom.cli.dashboard.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all that uses no token up."""
    with serving(owners_desk(tmp_path_factory.mktemp("desk"))) as server:
        yield server


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(owners_desk(tmp_path_factory.mktemp("desk"))) as server:
        yield server


# ---- the page ----


def test_the_page_is_served(server: Server) -> None:
    for name, data in {**PAGE, "": PAGE["index.html"]}.items():
        answered = server.ask("GET", f"/{name}", [("Sec-Fetch-Site", "none")])
        assert (answered.status, answered.body) == (200, data)
        head = server.ask("HEAD", f"/{name}")
        assert (head.status, head.body) == (200, b"")
        for name_of_header in ("content-type", "content-length"):
            assert head.headers[name_of_header] == answered.headers[name_of_header]


def test_the_policy_lets_in_nothing_from_elsewhere(server: Server) -> None:
    policy = server.ask("GET", "/assets/worker.js").headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "http" not in policy
    for name in ("frame-ancestors", "base-uri", "form-action"):
        assert directives[name] == "'none'"


@pytest.mark.parametrize(
    "path",
    [
        "/../owner.key",
        "/../../owner.key",
        "/assets/../../owner.key",
        "/assets/../index.html",
        "/%2e%2e/owner.key",
        "/..%2fowner.key",
        "/%2e%2e%2fowner.key",
        "/..%5cowner.key",
        "/..\\owner.key",
        "/....//owner.key",
        "/./index.html",
        "//etc/passwd",
        "///etc/passwd",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/C:/Windows/win.ini",
        "/index.html%00.js",
        "/index.html/",
        "/assets",
        "/assets/",
        "/INDEX.HTML",
        "/index%2ehtml",
        "/?token=x",
        "/index.html?x",
        "/vault/",
        "/vault?x",
        "/Vault",
        "/strongroom.vault",
        "/owner.key",
        "index.html",
        "*",
        "http://localhost/",
        "http://example.com/",
        "file:///etc/passwd",
    ],
)
def test_a_path_outside(server: Server, path: str) -> None:
    answered = server.ask("GET", path)
    assert answered.refused == (404, "not_found")
    assert path not in answered.json["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"])
def test_other_methods(server: Server, method: str) -> None:
    for path, allowed in [("/", "GET, HEAD"), ("/vault", "GET, HEAD, PUT"), ("/session", "POST")]:
        if method not in allowed.split(", "):
            answered = server.ask(method, path)
            assert answered.refused == (405, "method")
            assert answered.headers["allow"] == allowed


# ---- where a request comes from ----


def of_server(text: str, server: Server) -> str:
    return text.replace("PORT", str(server.port))


@pytest.mark.parametrize("host", ["localhost:PORT", "127.0.0.1:PORT", "[::1]:PORT"])
def test_its_own_names(server: Server, host: str) -> None:
    host = of_server(host, server)
    for origin in ([], [("Origin", f"http://{host}")]):
        for site in ("none", "same-origin"):
            assert server.ask("GET", "/", [("Host", host), *origin, ("Sec-Fetch-Site", site)]).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com:PORT",
        "localhost",
        "localhost:1",
        "127.0.0.1",
        "127.0.0.2:PORT",
        "0.0.0.0:PORT",
        "[::]:PORT",
        "::1:PORT",
        "localhost.:PORT",
        "LOCALHOST:PORT",
        "localhost.example.com:PORT",
        "example.com:PORT, localhost:PORT",
        "user@localhost:PORT",
        "localhost:0PORT",
        "",
    ],
)
def test_another_host(server: Server, host: str) -> None:
    for method, path in [("GET", "/"), ("GET", "/vault"), ("PUT", "/vault"), ("POST", "/session"), ("GET", "/none")]:
        assert server.ask(method, path, [("Host", of_server(host, server))]).refused == (421, "host")


def test_two_hosts(server: Server) -> None:
    for second in (server.host, "example.com"):
        assert server.ask("GET", "/", [("Host", server.host), ("Host", second)]).refused == (421, "host")


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.com",
        "http://localhost",
        "http://localhost:1",
        "https://localhost:PORT",
        "http://127.0.0.1:PORT",
        "http://localhost:PORT/",
        "http://localhost:PORT.example.com",
        "null",
        "localhost:PORT",
        "chrome-extension://abcdefghijklmnop",
    ],
)
def test_another_origin(server: Server, origin: str) -> None:
    for method, path in [("GET", "/"), ("GET", "/vault"), ("PUT", "/vault"), ("POST", "/session")]:
        assert server.ask(method, path, [("Origin", of_server(origin, server))]).refused == (403, "origin")


def test_two_origins(server: Server) -> None:
    ours = ("Origin", f"http://{server.host}")
    assert server.ask("GET", "/", [ours, ("Origin", "http://example.com")]).refused == (403, "origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "None", "x"])
def test_another_site(server: Server, site: str) -> None:
    for method, path in [("GET", "/"), ("GET", "/vault"), ("POST", "/session")]:
        assert server.ask(method, path, [("Sec-Fetch-Site", site)]).refused == (403, "origin")


def test_a_refused_origin_uses_no_token_up(fresh: Server) -> None:
    body = b'{"token": "%s"}' % fresh.token.encode()
    for header in [("Origin", "http://example.com"), ("Host", "example.com"), ("Sec-Fetch-Site", "cross-site")]:
        assert fresh.ask("POST", "/session", [header], body).status in (403, 421)
    fresh.session()


# ---- the token and the session ----


def test_the_token_works_once(fresh: Server) -> None:
    session = fresh.session()
    assert session.secret != fresh.token
    assert fresh.redeem(fresh.token).refused == (401, "session")
    assert session.get()[0]
    assert fresh.ask("GET", "/vault", [("Authorization", f"Bearer {fresh.token}")]).refused == (401, "session")


def test_wrong_tokens_do_not_lock_the_right_one_out(fresh: Server) -> None:
    wrong = ["", "x", fresh.token[:-1], fresh.token + "x", fresh.token.swapcase(), "\ud800", "\u00e9" * 43]
    for token in wrong * 10:
        answered = fresh.redeem(token)
        assert answered.refused == (401, "session")
        assert answered.headers["www-authenticate"] == "Bearer"
    answered = fresh.redeem(fresh.token)
    assert set(answered.json) == {"session", "name"}
    assert answered.json["name"] == "strongroom.vault"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'"x"', b"token=x", b'{"token": 1}', b'{"token": null}', b"\xff", b"[" * 1000, b"1"],
)
def test_a_session_that_is_asked_for_in_another_way(server: Server, body: bytes) -> None:
    assert server.ask("POST", "/session", [], body).refused == (400, "invalid_input")


def test_a_request_for_a_session_is_small(server: Server) -> None:
    assert server.ask("POST", "/session", [], b" " * 1025).refused == (413, "limit")


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer x", "Basic x", "bearer SECRET", "SECRET", "Bearer  SECRET"]
)
def test_no_session(fresh: Server, given: str) -> None:
    secret = fresh.session().secret
    headers = [("Authorization", given.replace("SECRET", secret))]
    for method in ("GET", "PUT"):
        answered = fresh.ask(method, "/vault", headers, b"x" if method == "PUT" else b"")
        assert answered.refused == (401, "session")
        assert "etag" not in answered.headers


def test_a_session_is_no_cookie_and_no_query(fresh: Server) -> None:
    secret = fresh.session().secret
    assert fresh.ask("GET", "/vault", [("Cookie", f"session={secret}")]).refused == (401, "session")
    assert fresh.ask("GET", f"/vault?session={secret}").refused == (404, "not_found")
    bearer = ("Authorization", f"Bearer {secret}")
    assert fresh.ask("GET", "/vault", [bearer, bearer]).refused == (401, "session")


def test_nothing_of_it_is_printed(fresh: Server) -> None:
    secret = fresh.session().secret
    fresh.ask("GET", f"/{secret}?{fresh.token}", [("Authorization", f"Bearer {secret}")])
    fresh.say(f"{secret}\r\n\r\n".encode())
    _, out, err = fresh.interrupt()
    assert secret not in out + err
    assert fresh.token not in out + err


# ---- what is no request ----


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET", 400),
        (b"SECRET SECRET SECRET SECRET", 400),
        (b"GET / HTTP/x", 400),
        (b"GET / HTTP/2.0", 505),
        (b"SECRET / HTTP/1.1", 501),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # the start of TLS
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200, 431),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000, 431),
        (b"GET /", 421),  # HTTP/0.9, which has no Host
    ],
)
def test_what_is_no_request(server: Server, request_line: bytes, status: int) -> None:
    answered = server.say(request_line + b"\r\n\r\n")
    assert answered.refused[0] == status
    assert b"SECRET" not in answered.body
    assert server.ask("GET", "/").status == 200


# ---- connections ----


def test_one_request_a_connection(server: Server) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {server.host}\r\nConnection: keep-alive\r\n\r\n".encode()
    answered = server.say(request + request)
    assert answered.headers["connection"] == "close"
    assert answered.body == PAGE["index.html"], "the second was answered as well"


def test_slow_clients_do_not_keep_others_waiting(server: Server) -> None:
    began = [b"", b"GET", b"GET / HTTP/1.1\r\nHost:", f"POST /session HTTP/1.1\r\nHost: {server.host}\r\n".encode()]
    stated = f"POST /session HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 100\r\n\r\nhalf".encode()
    slow = [server.connected() for _ in range(20)]
    try:
        for at, connection in enumerate(slow):
            connection.sendall([*began, stated][at % 5])
        for _ in range(20):
            assert server.ask("GET", "/").status == 200
    finally:
        for connection in slow:
            connection.close()


def test_too_many_connections_are_turned_away(fresh: Server) -> None:
    """None of them is let in for longer than its turn, and then others are."""
    held = [fresh.connected() for _ in range(32)]
    with fresh.connected() as one_more:
        answered = one_more.recv(1 << 16)  # at once, and with nothing asked
    assert answered.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b'{"code": "busy"' in answered
    for connection in held:
        connection.close()
    until = time.monotonic() + LONGEST_S
    status = 503
    while status == 503:
        assert time.monotonic() < until, "those that have gone still take their place"
        status = fresh.ask("GET", "/").status
    assert status == 200


def test_who_never_finishes_a_request_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it keeps sending, a byte at a time."""
    monkeypatch.setattr("strongroom.cli.dashboard.server._HEAD_S", 0.1)
    until = time.monotonic() + LONGEST_S
    with listening("127.0.0.1", 0, Site("", {}, Link())) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(0.01)
        ended = False
        while not ended:
            assert time.monotonic() < until, "it is still let in"
            try:
                slow.sendall(b"G")
                ended = slow.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
