"""Signing requests to exchanges: the vectors that all languages share, and what is Python's own."""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import threading
import time
import weakref
from collections import UserDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import strongroom
from ccxt_oracle import PRIVATE_KEY, RSA, pem
from cryptography.hazmat.primitives.asymmetric import ed25519
from strongroom import Recipe, Secret, SignedRequest, Signer, errors
from strongroom.state import MemoryState, SqliteState

if TYPE_CHECKING:
    from collections.abc import Callable

    from strongroom import Vault

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/signing.json").read_text(encoding="utf-8"))
AT = 1_700_000_000_000
ORDERS = json.dumps({"type": "order", "orders": [], "grouping": "na"})
ACCOUNTS = {
    "kraken": ({"secret": "c2VjcmV0"}, "key"),
    "okx": ({"secret": "...", "password": "..."}, "key"),
    "alpaca": ({"secret": "hush-hush"}, "key"),
    "hyperliquid": ({"private_key": PRIVATE_KEY}, None),
    "ed25519": ({"secret": pem(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))))}, "key"),
    "rsa": ({"secret": RSA}, "key"),
}


def put(vault: Vault, account: str) -> strongroom.Entry:
    fields, api_key = ACCOUNTS[account]
    vault.put(f"{account}/main", fields, info={"api_key": api_key} if api_key else {})
    return vault[f"{account}/main"]


def nonce(signed: SignedRequest) -> int:
    return int(signed.body.removeprefix("nonce="))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_shared_vectors(case: dict[str, Any], vault: Vault) -> None:
    vault.put("exchange/main", case.get("fields", {}), info=case.get("info", {}))
    expect = case["expect"]

    def sign() -> SignedRequest:
        recipe = Recipe.from_json(case["recipe"]) if "recipe" in case else case["exchange"]
        signer = vault["exchange/main"].signer(recipe)
        names = ["timestamp_ms", "nonce", "values", *(["body", "headers"] if "method" in case else [])]
        given = {name: case[name] for name in names if name in case}
        if "method" not in case:
            return signer.login(**given)
        return signer.sign(case["method"], case["url"], **given)

    if "error" in expect:
        with pytest.raises(errors.BY_CODE[expect["error"]]) as raised:
            sign()
        assert expect["says"] in str(raised.value)
        return
    signed = sign()
    assert signed.method == case.get("method", "")
    assert signed.url == expect.get("url", signed.url)
    assert signed.body == expect.get("body", signed.body)
    assert expect.get("headers", {}).items() <= signed.headers.items()


def test_what_goes_in(vault: Vault) -> None:
    signer = put(vault, "kraken").signer("kraken")

    def sign(body: str | bytes | bytearray, nonce: int | str) -> tuple[str, dict[str, str]]:
        signed = signer.sign(
            "POST", "/0/private/AddOrder", body=body, headers=UserDict({"User-Agent": "bot"}), nonce=nonce
        )
        return signed.body, signed.headers

    body, headers = sign("pair=XBTUSD&text=%C3%A4", "17")
    assert body == "nonce=17&pair=XBTUSD&text=%C3%A4"
    assert list(headers) == ["User-Agent", "Content-Type", "API-Key", "API-Sign"]
    for same in (b"pair=XBTUSD&text=%C3%A4", bytearray(b"pair=XBTUSD&text=%C3%A4")):
        assert sign(same, 17) == (body, headers)
    numbers = put(vault, "hyperliquid").signer("hyperliquid")
    signed = [
        numbers.sign("POST", "/exchange", body=ORDERS, nonce=1, values={"expires_after": after})
        for after in (AT, str(AT))
    ]
    assert signed[0].body == signed[1].body
    assert f'"expiresAfter":{AT}' in signed[0].body


def test_what_comes_out(vault: Vault) -> None:
    signed = put(vault, "alpaca").signer("alpaca").sign("GET", "/v2/orders?secret=hush-hush")
    assert repr(signed) == "SignedRequest('GET', 'https://api.alpaca.markets/v2/orders')"
    assert str(signed) == repr(signed)
    assert signed.headers["APCA-API-SECRET-KEY"] == "hush-hush"
    signed.headers.clear()
    assert len(signed.headers) == 2, "a dict of the caller's own"
    for name in ("method", "url", "headers", "body", "other"):
        with pytest.raises(AttributeError):
            setattr(signed, name, "x")
    with pytest.raises(TypeError):
        SignedRequest()
    with pytest.raises(TypeError):
        Signer()


def test_what_is_no_request_is_refused(vault: Vault) -> None:
    signer = put(vault, "kraken").signer("kraken")
    wrong: list[tuple[Callable[..., object], dict[str, Any], type[Exception], str]] = [
        (
            signer.sign,
            {"body": {"pair": "XBTUSD"}},
            TypeError,
            "the body as str or bytes, such as json.dumps makes it, got dict",
        ),
        (signer.sign, {"body": Secret("x")}, TypeError, "got Secret"),
        (signer.sign, {"body": "\ud800"}, errors.InvalidInputError, "lone surrogates"),
        (signer.sign, {"body": b"\xff"}, errors.InvalidInputError, "UTF-8"),
        (signer.sign, {"headers": [("a", "b")]}, TypeError, "headers as a mapping of names to values, got list"),
        (signer.sign, {"headers": {1: "b"}}, TypeError, "the names of headers as str, got int"),
        (signer.sign, {"headers": {"a": 1}}, TypeError, "headers as str, got int"),
        (signer.sign, {"headers": {"a": "1\r\nb: 2"}}, errors.InvalidInputError, "visible ASCII"),
        (signer.sign, {"values": {"a": 1.5}}, TypeError, "values as str or int, got float"),
        (signer.sign, {"values": {"a": Secret("b")}}, TypeError, "values as str or int, got Secret"),
        (signer.sign, {"nonce": 1.5}, TypeError, "the nonce as str or int, got float"),
        (signer.sign, {"nonce": True}, TypeError, "int"),
        (signer.sign, {"nonce": -1}, errors.InvalidInputError, "from 0"),
        (signer.sign, {"nonce": 2**64}, errors.InvalidInputError, "not as large"),
        (signer.sign, {"timestamp_ms": 1.7e12}, TypeError, "int"),
        (signer.sign, {"timestamp_ms": 1_700_000_000}, errors.InvalidInputError, "looks like seconds"),
        (signer.sign, {"timestamp_ms": 2**63}, errors.InvalidInputError, "not as large"),
        (signer.sign, {"body": "a" * (2**24 + 1)}, errors.LimitError, "bytes of a body"),
        (signer.login, {}, errors.InvalidInputError, "method and a URL"),
    ]
    before = nonce(signer.sign("POST", "/0/private/Balance", timestamp_ms=AT))
    for call, arguments, error, says in wrong:
        given = ("POST", "/0/private/Balance") if call == signer.sign else ()
        with pytest.raises(error, match=says):
            call(*given, **arguments)
    after = nonce(signer.sign("POST", "/0/private/Balance", timestamp_ms=AT))
    assert after == before + 1, "none of them has used up a nonce"


def test_what_is_no_signer_is_refused(vault: Vault) -> None:
    entry: Any = put(vault, "kraken")
    with pytest.raises(TypeError, match="an exchange's name as str, or a Recipe, got dict"):
        entry.signer({"exchange": "kraken"})
    with pytest.raises(TypeError, match="a state"):
        entry.signer("kraken", state=object())
    with pytest.raises(errors.InvalidInputError, match="kraken"):
        entry.signer("krakken")
    with pytest.raises(errors.InvalidInputError, match="needs the field password"):
        entry.signer("okx")
    with pytest.raises(errors.InvalidInputError) as raised:
        vault["binance/main"].signer("coinbase")
    assert vault["binance/main"].fields["secret"].reveal() not in str(raised.value)


def test_recipes() -> None:
    names = strongroom.exchanges()
    assert len(names) > 40
    assert list(names) == sorted(names)
    for name in names:
        recipe = Recipe.of(name)
        assert (recipe.exchange, repr(recipe)) == (name, f"Recipe('{name}')")
        assert recipe.is_login == name.endswith("/websocket")
        assert recipe.source.startswith("https://")
        assert set(recipe.fields) <= {"api_key", "password", "private_key", "secret", "token", "uid", "wallet_address"}
        assert recipe.host.startswith("wss://" if recipe.is_login else "https://")
    fields = {"okx": ("api_key", "password", "secret"), "hyperliquid": ("private_key",), "oanda": ("token",)}
    assert {name: Recipe.of(name).fields for name in fields} == fields
    with pytest.raises(errors.InvalidInputError):
        Recipe.from_json('{"exchange": "example", "headers": {"X": "<nothing>"}}')


def test_the_algorithm_is_that_of_the_key(vault: Vault) -> None:
    named = {
        "kraken": ("kraken", "hmac-sha512"),
        "ed25519": ("binance", "ed25519"),
        "rsa": ("binance", "rsa-sha256"),
        "hyperliquid": ("hyperliquid", "eip712"),
        "alpaca": ("alpaca", None),
    }
    for account, (exchange, algorithm) in named.items():
        signer = put(vault, account).signer(exchange)
        assert (signer.algorithm, signer.recipe.exchange, repr(signer)) == (
            algorithm,
            exchange,
            f"Signer('{exchange}')",
        )


def test_the_time_is_this_machines_as_the_server_would_have_it(vault: Vault) -> None:
    signer = put(vault, "kraken").signer("kraken")

    def drawn() -> tuple[int, int, int]:
        before = time.time_ns() // 1_000_000
        return before, nonce(signer.sign("POST", "/0/private/Balance")), time.time_ns() // 1_000_000

    before, at, after = drawn()
    assert before <= at <= after
    signer.learn_clock(server_ms=AT + 3_600_100, sent_ms=AT, received_ms=AT + 200)
    assert signer.clock_offset_ms == 3_600_000
    before, at, after = drawn()
    assert before <= at - 3_600_000 <= after
    # One that is given is taken as it is.
    signed = put(vault, "ed25519").signer("binance").sign("GET", "/api/v3/account", timestamp_ms=AT)
    assert f"timestamp={AT}&" in signed.url
    signer.clock_offset_ms = -5
    assert signer.clock_offset_ms == -5
    for wrong in (86_400_001, 2**80):
        with pytest.raises(errors.InvalidInputError):
            signer.clock_offset_ms = wrong
    with pytest.raises(errors.InvalidInputError, match="not to be before"):
        signer.learn_clock(AT, AT, AT - 1)
    assert signer.clock_offset_ms == -5


def test_nonces_of_a_state_go_on_after_a_restart(vault: Vault, tmp_path: Path) -> None:
    drawn: list[int] = []
    for _ in range(2):
        with SqliteState(tmp_path / "nonces.db") as state:
            signer = put(vault, "kraken").signer("kraken", state=state)
            drawn += [nonce(signer.sign("POST", "/0/private/Balance", timestamp_ms=AT)) for _ in range(3)]
    assert drawn == list(range(AT, AT + 6))


class OwnState:
    """Without `raise_to`, so that Strongroom does it with these two."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def load(self, key: str, _unix_seconds: int, /) -> bytes | None:
        return self.values.get(key)

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, _expires_at: int, _unix_seconds: int, /
    ) -> bool:
        if self.values.get(key) != expected:
            return False
        self.values[key] = value
        return True


def test_states_of_every_kind_count_by_account(vault: Vault) -> None:
    entry, own = put(vault, "kraken"), OwnState()
    vault.put("kraken/other", {"secret": "c2VjcmV0"}, info={"api_key": "another"})
    for state in (MemoryState(), own):
        one, other = entry.signer("kraken", state=state), entry.signer("kraken", state=state)
        another = vault["kraken/other"].signer("kraken", state=state)
        drawn = [
            nonce(signer.sign("POST", "/0/private/Balance", timestamp_ms=AT)) for signer in (one, other, one, another)
        ]
        assert drawn == [AT, AT + 1, AT + 2, AT]
    assert len(own.values) == 2
    assert "another" not in str(list(own.values)), "what is kept does not say whose it is"


def test_what_a_state_raises_comes_out(vault: Vault) -> None:
    class Failing(OwnState):
        def load(self, key: str, _unix_seconds: int, /) -> bytes | None:
            raise ConnectionError(key.split("/")[0])

    signer = put(vault, "kraken").signer("kraken", state=Failing())
    with pytest.raises(ConnectionError, match="nonce"):
        signer.sign("POST", "/0/private/Balance")
    assert nonce(signer.sign("POST", "/0/private/Balance", nonce=5)) == 5, "a nonce that is given asks no state"


def test_a_locked_vault_signs_nothing(vault: Vault) -> None:
    kraken, okx = put(vault, "kraken"), put(vault, "okx")
    signer, login = kraken.signer("kraken"), okx.signer("okx/websocket")
    stateful = kraken.signer("kraken", state=MemoryState())
    vault.lock()
    calls: list[Callable[[], object]] = [
        lambda: signer.sign("POST", "/0/private/Balance"),
        lambda: signer.sign("POST", "/0/private/Balance", nonce=1),
        lambda: stateful.sign("POST", "/0/private/Balance"),
        login.login,
        lambda: kraken.signer("kraken"),
    ]
    for call in calls:
        with pytest.raises(errors.LockedError):
            call()
    assert repr(signer) == "Signer('kraken')"
    assert signer.recipe.exchange == "kraken"


def test_a_new_key_of_the_compartment_ends_a_signer(vault: Vault) -> None:
    signer = put(vault, "kraken").signer("kraken")
    vault.grant("bot", ["kraken"])
    vault.revoke("bot")
    with pytest.raises(errors.LockedError, match="read the entry again"):
        signer.sign("POST", "/0/private/Balance")
    assert nonce(vault["kraken/main"].signer("kraken").sign("POST", "/0/private/Balance", nonce=7)) == 7


def test_threads_share_a_signer_and_no_nonce_comes_twice(vault: Vault) -> None:
    entry = put(vault, "kraken")
    signers = [entry.signer("kraken") for _ in range(3)]
    start = threading.Barrier(8)

    def draw(number: int) -> list[int]:
        signer = signers[number % 3]
        start.wait()
        return [nonce(signer.sign("POST", "/0/private/Balance", timestamp_ms=AT)) for _ in range(500)]

    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(draw, range(8)))
    assert all(numbers == sorted(numbers) for numbers in drawn)
    numbers = sorted(number for numbers in drawn for number in numbers)
    assert numbers == list(range(numbers[0], numbers[0] + 4000))


def test_a_vault_that_is_opened_for_each_request_gives_no_nonce_twice(
    vault: Vault, path: Path, key: strongroom.Key
) -> None:
    put(vault, "kraken")

    def draw() -> int:
        with strongroom.open(path, key=key) as opened:
            return nonce(opened["kraken/main"].signer("kraken").sign("POST", "/0/private/Balance", timestamp_ms=AT))

    drawn = [draw() for _ in range(20)]
    assert drawn == list(range(drawn[0], drawn[0] + 20))


def test_threads_sign_while_the_vault_is_locked(vault: Vault) -> None:
    signer = put(vault, "hyperliquid").signer("hyperliquid")

    def sign() -> int:
        for count in range(100_000):
            try:
                assert '"r":"0x' in signer.sign("POST", "/exchange", body=ORDERS).body
            except errors.LockedError:  # noqa: PERF203 - what is waited for
                return count
        return -1

    with ThreadPoolExecutor(4) as pool:
        signing = [pool.submit(sign) for _ in range(4)]
        vault.lock()
        assert all(future.result() >= 0 for future in signing)


@pytest.mark.parametrize(
    ("account", "exchange", "size"),
    [("rsa", "binance", 1), ("ed25519", "binance", 1), ("hyperliquid", "hyperliquid", 1), ("okx", "okx", 1_000_000)],
)
def test_other_threads_run_while_it_signs_what_takes_long(account: str, exchange: str, size: int, vault: Vault) -> None:
    """Nothing takes the interpreter from this thread but what it lets go itself."""
    signer = put(vault, account).signer(exchange)
    body = json.dumps({"type": "noop", "text": "x" * size})
    go, ran = threading.Lock(), list[bool]()
    go.acquire()

    def other() -> None:
        go.acquire()
        ran.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        go.release()
        assert not ran
        for _ in range(10_000):  # each lets the other thread in if it is awake by then
            signer.sign("POST", "/exchange", body=body)
            if ran:
                break
        assert ran
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_a_signer_keeps_nothing_alive_but_its_state(vault: Vault) -> None:
    state = OwnState()
    signer, kept = put(vault, "kraken").signer("kraken", state=state), weakref.ref(state)
    del state
    signer.sign("POST", "/0/private/Balance")
    assert kept() is not None
    del signer
    gc.collect()
    assert kept() is None


def test_a_body_is_signed_as_it_is(vault: Vault) -> None:
    """Down to its last byte, whatever its length: the hash is that of what comes out."""
    signer = vault["binance/main"].signer(
        Recipe.from_json('{"exchange": "hash", "host": "https://x.example", "headers": {"X": "<body:sha256:hex>"}}')
    )
    for size in (0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 1_000_000):
        body = '{"ä":"' + "x" * size + '"}'
        signed = signer.sign("POST", "/", body=body)
        assert signed.body == body
        assert signed.headers["X"] == hashlib.sha256(body.encode()).hexdigest()
