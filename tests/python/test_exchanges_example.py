"""The exchanges of the examples: Kraken's rules, OKX's rules, and the WebSocket that OKX's login goes through."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from websockets.sync.connection import Connection

EXAMPLES = Path(__file__).parents[2] / "examples"
NO_PROXY = build_opener(ProxyHandler({}))  # whatever the environment of the tests says

# The secret and the signature that Kraken's documentation has as an example, with a nonce of 2021:
# https://docs.kraken.com/api/docs/guides/spot-rest-auth
KRAKEN_SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
KRAKEN_BODY = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
KRAKEN_SIGNATURE = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="

# OKX's documentation has none; these are of 2023, as ccxt 4.5.90 makes them.
OKX_SECRET, PASSPHRASE = "strongroom-test-secret", "strongroom-pass"
OKX_TARGET = "/api/v5/account/balance?ccy=BTC"
OKX_TIMESTAMP, OKX_SIGNATURE = "2023-11-14T22:13:20.000Z", "V6w187P6B4RqgkD4lU8HM3vpW8xefP8TkKq6zbQN7nE="
LOGIN_SECONDS, LOGIN_SIGNATURE = "1700000000", "nJR6bSE2edece6JKYqvxgxtjsdgU/babSHZ2G5MCczw="

ACCOUNTS: list[dict[str, object]] = [
    {"exchange": "kraken", "api_key": "of kraken", "secret": KRAKEN_SECRET, "balances": {}},
    {"exchange": "kraken", "api_key": "for nonces", "secret": KRAKEN_SECRET, "balances": {"ZEUR": "2500", "XXBT": "1"}},
    {
        "exchange": "okx",
        "api_key": "of okx",
        "secret": OKX_SECRET,
        "password": PASSPHRASE,
        "balances": {"USDT": "800", "BTC": "2"},
    },
]


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """The address of the exchanges."""
    command = [sys.executable, str(EXAMPLES / "exchange.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(json.dumps({"accounts": ACCOUNTS}) + "\n")
        running.stdin.flush()
        yield running.stdout.readline().strip()
        running.kill()


def send(method: str, url: str, headers: dict[str, str], body: str | None = None) -> tuple[int, Any]:
    """Send a request as it is, and return the status and the answer."""
    request = Request(url, None if body is None else body.encode(), headers, method=method)
    try:
        with NO_PROXY.open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def altered(signature: str) -> list[str]:
    """Return signatures that are near to this one, and wrong."""
    other = [
        signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :] for at in (0, len(signature) // 2)
    ]
    return [*other, signature[:-1], signature + "=", signature.lower(), "é"]


def base64_hmac(secret: bytes, message: bytes, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(secret, message, algorithm)).decode()


# ---- Kraken ----


def kraken(
    url: str, body: str, signature: str, path: str = "/0/private/Balance", api_key: str = "of kraken"
) -> dict[str, Any]:
    headers = {"API-Key": api_key, "API-Sign": signature}
    status, answer = send("POST", url + path, headers, body)
    assert status == 200  # also where there is an error
    return dict(answer)


def kraken_balance(url: str, nonce: str) -> dict[str, Any]:
    """Ask for the balance with a right signature."""
    body = f"nonce={nonce}"
    message = b"/0/private/Balance" + hashlib.sha256((nonce + body).encode()).digest()
    signature = base64_hmac(base64.b64decode(KRAKEN_SECRET), message, "sha512")
    return kraken(url, body, signature, api_key="for nonces")


def test_the_signature_of_krakens_documentation_is_right(exchange: str) -> None:
    path = "/0/private/AddOrder"
    # There is no such method here, but to be told so one has to have signed.
    assert kraken(exchange, KRAKEN_BODY, KRAKEN_SIGNATURE, path) == {"error": ["EGeneral:Unknown method"]}
    for wrong in ["", *altered(KRAKEN_SIGNATURE)]:
        assert kraken(exchange, KRAKEN_BODY, wrong, path) == {"error": ["EAPI:Invalid signature"]}
    for body in (KRAKEN_BODY + "0", KRAKEN_BODY.replace("594", "595"), "", "nonce=1&" + KRAKEN_BODY):
        assert kraken(exchange, body, KRAKEN_SIGNATURE, path) == {"error": ["EAPI:Invalid signature"]}
    assert kraken(exchange, KRAKEN_BODY, KRAKEN_SIGNATURE) == {"error": ["EAPI:Invalid signature"]}
    assert kraken(exchange, KRAKEN_BODY, KRAKEN_SIGNATURE, path, "of okx") == {"error": ["EAPI:Invalid key"]}


def test_krakens_nonce_rises(exchange: str) -> None:
    right: dict[str, Any] = {"error": [], "result": {"ZEUR": "2500", "XXBT": "1"}}
    wrong = {"error": ["EAPI:Invalid nonce"]}
    assert kraken_balance(exchange, "1000") == right
    assert kraken_balance(exchange, "1000") == wrong
    assert kraken_balance(exchange, "999") == wrong
    assert kraken_balance(exchange, "1001") == right
    for malformed in ("-1", "1e9", "x", "18446744073709551616", "184467440737095516150"):
        assert kraken_balance(exchange, malformed) == wrong
    # Who cannot sign uses no nonce up.
    assert kraken(exchange, "nonce=9999", "AAAA", api_key="for nonces") == {"error": ["EAPI:Invalid signature"]}
    assert kraken_balance(exchange, "1002") == right
    assert kraken_balance(exchange, "18446744073709551615") == right
    assert kraken_balance(exchange, "1003") == wrong


# ---- OKX ----


def okx(url: str, timestamp: str, signature: str, target: str = OKX_TARGET, **changes: str) -> tuple[int, Any]:
    """Ask for the balance, and return the status and the code of a refusal, or what there is."""
    headers = {"KEY": "of okx", "PASSPHRASE": PASSPHRASE, "SIGN": signature, "TIMESTAMP": timestamp, **changes}
    status, answer = send("GET", url + target, {f"OK-ACCESS-{name}": value for name, value in headers.items()})
    assert (status == 200) == (answer["code"] == "0")
    return status, answer["code"] if status != 200 else answer["data"][0]["details"]


def iso_8601(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def okx_balance(url: str, timestamp: str, target: str = OKX_TARGET, **changes: str) -> tuple[int, Any]:
    """Ask for the balance with a right signature."""
    signature = base64_hmac(OKX_SECRET.encode(), f"{timestamp}GET{target}".encode(), "sha256")
    return okx(url, timestamp, signature, target, **changes)


def test_the_signatures_that_ccxt_makes_for_okx_are_right(exchange: str) -> None:
    # With the right signature, it is only their age that is wrong.
    assert okx(exchange, OKX_TIMESTAMP, OKX_SIGNATURE) == (401, "50102")
    for wrong in altered(OKX_SIGNATURE):
        assert okx(exchange, OKX_TIMESTAMP, wrong) == (401, "50113")
    for target in ("/api/v5/account/balance", "/api/v5/account/balance?ccy=ETH"):
        assert okx(exchange, OKX_TIMESTAMP, OKX_SIGNATURE, target) == (401, "50113")
    assert okx(exchange, OKX_TIMESTAMP.replace("20.000", "20.001"), OKX_SIGNATURE) == (401, "50113")


def test_okx_tells_the_balance_to_who_signs_now(exchange: str) -> None:
    def held(currency: str, balance: str) -> dict[str, str]:
        return {"ccy": currency, "availBal": balance, "cashBal": balance, "frozenBal": "0"}

    now = iso_8601(time.time())
    assert okx_balance(exchange, now) == (200, [held("BTC", "2")])
    both = [held("USDT", "800"), held("BTC", "2")]
    assert okx_balance(exchange, now, "/api/v5/account/balance") == (200, both)
    assert okx_balance(exchange, now, "/api/v5/account/positions") == (404, "404")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"KEY": ""}, "50103"),
        ({"PASSPHRASE": ""}, "50104"),
        ({"PASSPHRASE": PASSPHRASE[:-1]}, "50105"),
        ({"SIGN": ""}, "50106"),
        ({"TIMESTAMP": ""}, "50107"),
        ({"KEY": "of kraken"}, "50111"),
    ],
)
def test_okx_wants_each_header(exchange: str, changes: dict[str, str], code: str) -> None:
    assert okx_balance(exchange, iso_8601(time.time()), **changes) == (401, code)


def test_okx_takes_no_time_but_its_own(exchange: str) -> None:
    now = time.time()
    assert okx_balance(exchange, iso_8601(now - 60)) == (401, "50102")
    assert okx_balance(exchange, iso_8601(now + 60)) == (401, "50102")
    for malformed in (str(int(now)), iso_8601(now)[:-1], "2023-13-14T22:13:20.000Z", "2023-11-14T22:13:20Z", "x"):
        assert okx_balance(exchange, malformed) == (401, "50112")


# ---- the WebSocket ----


@contextmanager
def private(url: str) -> Generator[Connection]:
    """Connect to OKX's private WebSocket, with a client that is not ours."""
    with connect(f"{url.replace('http', 'ws', 1)}/ws/v5/private", proxy=None) as connection:
        yield connection


def login(seconds: str, **changes: object) -> str:
    """Return the message of a login, with a right signature."""
    signature = base64_hmac(OKX_SECRET.encode(), f"{seconds}GET/users/self/verify".encode(), "sha256")
    said = {"apiKey": "of okx", "passphrase": PASSPHRASE, "timestamp": seconds, "sign": signature, **changes}
    return json.dumps({"op": "login", "args": [said]})


def now_seconds() -> str:
    return str(int(time.time()))


def refusal(url: str, message: str) -> tuple[str, int]:
    """Return the code with which a message is refused, and that with which the connection is closed."""
    with private(url) as connection:
        connection.send(message)
        said = json.loads(connection.recv(timeout=60))
        assert said["event"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=60)
        assert closed.value.rcvd
        return said["code"], closed.value.rcvd.code


def test_a_login_is_taken(exchange: str) -> None:
    with private(exchange) as connection:
        connection.ping().wait(60)
        connection.send(login(now_seconds()))
        assert json.loads(connection.recv(timeout=60)) == {"event": "login", "code": "0", "msg": ""}
    with private(exchange) as connection:  # in fragments
        message = login(now_seconds())
        connection.send(iter([message[:20], message[20:21], message[21:]]))
        assert json.loads(connection.recv(timeout=60))["code"] == "0"


def test_a_login_that_is_wrong_is_refused(exchange: str) -> None:
    now = now_seconds()
    for wrong in altered(LOGIN_SIGNATURE):
        assert refusal(exchange, login(now, sign=wrong)) == ("60007", 4001)
    assert refusal(exchange, login(now, apiKey="of kraken")) == ("60005", 4001)
    assert refusal(exchange, login(now, passphrase="")) == ("60024", 4001)
    assert refusal(exchange, login(now, timestamp=str(int(now) + 1))) == ("60007", 4001)
    assert refusal(exchange, login(f"{now}000")) == ("60004", 4001)
    assert refusal(exchange, login(LOGIN_SECONDS)) == ("60006", 4001)
    assert refusal(exchange, login(LOGIN_SECONDS, sign=LOGIN_SIGNATURE)) == ("60006", 4001)
    assert refusal(exchange, login(str(int(now) + 60))) == ("60006", 4001)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"op": "subscribe", "args": [{"channel": "account"}]}', "60011"),
        ("ping", "60012"),
        ("[]", "60012"),
        ('{"op": "login"}', "60012"),
        ('{"op": "login", "args": []}', "60012"),
        ('{"op": "login", "args": ["x"]}', "60012"),
        ('{"op": "login", "args": {"x": 1}}', "60012"),
        ("[" * 4000, "60012"),
    ],
)
def test_what_is_no_login_is_refused(exchange: str, message: str, code: str) -> None:
    assert refusal(exchange, message)[0] == code


def upgrade(url: str, **changes: str) -> tuple[socket.socket, bytes]:
    """Send the handshake of RFC 6455, section 1.3, and return the connection and the answer's first line."""
    host, port = url.removeprefix("http://").split(":")
    headers = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(f"GET /ws/v5/private HTTP/1.1\r\n{''.join(lines)}\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        part = connection.recv(1)
        assert part, answer
        answer += part
    return connection, answer


def test_the_handshake_is_that_of_rfc_6455(exchange: str) -> None:
    connection, answer = upgrade(exchange)
    with connection:
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    for changes in (
        {"Upgrade": "h2c"},
        {"Connection": "close"},
        {"Sec_WebSocket_Key": "x"},
        {"Sec_WebSocket_Key": "AAAA"},
        {"Sec_WebSocket_Version": "8"},
    ):
        connection, answer = upgrade(exchange, **changes)
        with connection:
            assert b" 400 " in answer.splitlines()[0]
    with pytest.raises(InvalidHandshake), connect(f"{exchange.replace('http', 'ws', 1)}/elsewhere", proxy=None):
        pass


def masked(first: int, payload: bytes, mask: bytes = b"\x37\xfa\x21\x3d") -> bytes:
    """Return a frame with a short payload."""
    return bytes([first, 0x80 | len(payload)]) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x81\x05Hello", 1002),  # section 5.7's example of a frame that is not masked
        (masked(0xC1, b"Hello"), 1002),
        (masked(0x83, b"Hello"), 1002),
        (masked(0x80, b"Hello"), 1002),
        (masked(0x01, b"Hel") + masked(0x81, b"lo"), 1002),
        (masked(0x09, b"Hello"), 1002),
        (b"\x89\xfe\x00\x7e", 1002),
        (masked(0x82, b"Hello"), 1003),
        (masked(0x81, b"\xff"), 1007),
        (b"\x81\xfe\x10\x01", 1009),
        (b"\x81\xff" + b"\xff" * 8, 1009),
        (masked(0x01, b"x" * 100) + 40 * masked(0x00, b"x" * 100), 1009),
        (masked(0x88, b"\x03\xe8"), 1000),
        (masked(0x8A, b"") + masked(0x88, b""), 1000),
    ],
    ids=[
        "not masked",
        "a reserved bit",
        "a reserved opcode",
        "nothing to continue",
        "text within text",
        "a ping in fragments",
        "a long ping",
        "binary",
        "not UTF-8",
        "long",
        "very long",
        "long in fragments",
        "the end",
        "a pong, and the end",
    ],
)
def test_frames_that_are_not_as_rfc_6455_has_them_end_the_connection(exchange: str, frames: bytes, code: int) -> None:
    connection, _ = upgrade(exchange)
    with connection:
        connection.sendall(frames)
        assert connection.recv(100, socket.MSG_WAITALL) == b"\x88\x02" + struct.pack(">H", code)
