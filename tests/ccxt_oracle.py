"""Random requests as ccxt signs them, repeatable by their seeds, and what a user of ours gives for each.

`records(name, count)` has ccxt sign `count` requests of a case, with its clock and its random parts pinned. `to_ours`
takes out of such a record what a signer adds by itself: its parameters of the query and the body. Given the rest, a
signer has to come to the same URL, body and signature headers. ccxt's own headers, such as its broker's, are no part
of that.
"""

import base64
import importlib
import json
import random
import re
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Params = dict[str, Any]

SEED = bytes(range(32))
SECRET = "strongroom-test-secret"
SECRET_OF_64_BYTES = base64.b64encode(bytes(range(64))).decode()
PRIVATE_KEY = "0x" + "0123456789" * 6 + "0123"


@dataclass(frozen=True)
class Request:
    """What was asked of ccxt, or what it sends."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str | None = None


@dataclass(frozen=True)
class Record:
    """A request that ccxt has signed."""

    case: str
    """The name of the case, a key of `CASES`."""
    credentials: dict[str, str]
    """What an entry holds for it: `api_key`, `secret`, `password`, or `private_key`."""
    timestamp_ms: int
    nonce: str | None
    """What the exchange calls so, where it is not the timestamp by another name."""
    values: dict[str, str]
    """What a signer cannot know from the request: Backpack's instruction."""
    signed: Request


@dataclass(frozen=True)
class Ours:
    """What a user of ours gives for the same request: the exchange, and the arguments of `Signer.sign`."""

    exchange: str
    method: str
    url: str
    body: str
    timestamp_ms: int
    nonce: str | None
    values: dict[str, str]
    sent: str
    """The body that is to be sent then."""


class Dice:
    """Random requests, repeatable by their seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def name(self) -> str:
        return self.random.choice(string.ascii_letters) + "".join(
            self.random.choices(string.ascii_letters + string.digits + "_-.", k=self.random.randint(0, 10))
        )

    def text(self, alphabet: str) -> str:
        return "".join(self.random.choices(alphabet, k=self.random.randint(0, 16)))

    def plain(self) -> str:
        return self.text(string.ascii_letters + string.digits + "-_.")

    def odd(self) -> str:
        """Text with what URLs reserve, what JSON escapes, and what is not ASCII."""
        return self.text("aZ09 -_.~/:?#[]@!$&'()*+,;=%\"\\<>|^`{}\näß漢字🙂\u0301")

    def scalar(self, text: Callable[[], str]) -> str | int | bool:
        dice = self.random.randrange(10)
        if dice == 0:
            return self.random.choice([True, False])
        return self.random.randrange(10**12) if dice < 3 else text()

    def flat(self, text: Callable[[], str]) -> Params:
        """Parameters of a query or a form; there may be none."""
        return {self.name(): self.scalar(text) for _ in range(self.random.randint(0, 6))}

    def nested(self, depth: int = 3) -> Params:
        """A JSON body."""
        return {self.name(): self.value(depth - 1) for _ in range(self.random.randint(0, 5))}

    def value(self, depth: int) -> object:
        dice = self.random.randrange(12)
        if depth > 0 and dice == 0:
            return self.nested(depth)
        if depth > 0 and dice == 1:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        return None if dice == 2 else self.scalar(self.odd)

    def path(self) -> str:
        return "/".join(self.name() for _ in range(self.random.randint(1, 3)))


@dataclass(frozen=True)
class Case:
    """One exchange, with one kind of key."""

    exchange: str
    """Of ccxt."""
    ask: Callable[[Any, Dice], Request]
    """Has it sign a random request."""
    to_ours: Callable[[Record], tuple[str, str]]
    """The URL and the body without what a signer adds."""
    headers: tuple[str, ...]
    """The ones that a signer makes."""
    credentials: dict[str, str]
    nonce: Callable[[int, Request], str | None] = lambda _timestamp_ms, _signed: None
    values: Callable[[Request], dict[str, str]] = lambda _signed: {}
    recipe: str = ""
    """Ours, if it is not called as the exchange is."""
    body: Callable[[str], str] = lambda body: body
    """What we send in the place of ccxt's body, where it differs on purpose."""


def records(case: str, count: int, seed: str = "") -> list[Record]:
    ccxt: Any = importlib.import_module("ccxt")  # without types, which would take mypy minutes
    about = CASES[case]
    names = {"api_key": "apiKey", "secret": "secret", "password": "password", "private_key": "privateKey"}
    made: list[Record] = []
    exchange = getattr(ccxt, about.exchange)({names[name]: value for name, value in about.credentials.items()})
    for number in range(count):
        dice = Dice(f"{case} {seed} {number}")
        # From 2020 to 2040. HTX's seconds are rounded by ccxt, to an even one at half.
        timestamp_ms = dice.random.randrange(1_577_836_800, 2_208_988_800) * 1000 + dice.random.randrange(500)
        pin(exchange, dice, timestamp_ms)
        signed = about.ask(exchange, dice)
        nonce = about.nonce(timestamp_ms, signed)
        made.append(Record(case, about.credentials, timestamp_ms, nonce, about.values(signed), signed))
    return made


def pin(exchange: Any, dice: Dice, timestamp_ms: int) -> None:
    """Set the clock of an instance, and its dice, and have it forget the last nonce."""
    exchange.options["lastNonce"] = 0
    exchange.milliseconds = lambda: timestamp_ms
    exchange.seconds = lambda: timestamp_ms // 1000
    exchange.microseconds = lambda: timestamp_ms * 1000
    exchange.uuid = lambda: str(uuid.UUID(int=dice.random.getrandbits(128), version=4))
    exchange.uuid16 = lambda length=16: f"{dice.random.getrandbits(length * 4):0{length}x}"
    exchange.uuid22 = exchange.uuid16

    def random_bytes(length: int) -> str:
        return dice.random.randbytes(length).hex()

    exchange.random_bytes = random_bytes


def to_ours(record: Record) -> Ours:
    about = CASES[record.case]
    url, body = about.to_ours(record)
    return Ours(
        about.recipe or about.exchange,
        record.signed.method,
        url,
        body,
        record.timestamp_ms,
        record.nonce,
        record.values,
        about.body(record.signed.body or ""),
    )


def header(request: Request, name: str) -> str | None:
    return {each.lower(): value for each, value in request.headers.items()}.get(name.lower())


# ---- how each is asked ----


def sign(exchange: Any, path: str, api: list[str], method: str, params: object) -> Request:
    made = exchange.sign(path, api, method, params)
    return Request(made["method"], made["url"], dict(made["headers"] or {}), made["body"])


def asking(
    api: list[str], gets: str = "GET DELETE", posts: str = "POST", path: str = "", odd: bool = True
) -> Callable[[Any, Dice], Request]:
    """Ask for a flat query with some methods, and for nested parameters, which become JSON, with others."""

    def ask(exchange: Any, dice: Dice) -> Request:
        method = dice.random.choice([*gets.split(), *posts.split()])
        params = dice.nested() if method in posts.split() else dice.flat(dice.odd if odd else dice.plain)
        return sign(exchange, path + dice.path(), api, method, params)

    return ask


def asking_flat(
    api: list[str], methods: str, path: str = "", least: int = 0, lower: bool = False
) -> Callable[[Any, Dice], Request]:
    """Ask for a flat query or form with every method."""

    def ask(exchange: Any, dice: Dice) -> Request:
        params: Params = {}
        while not params or len(params) < least:
            params = dice.flat(dice.odd)
            if least == 0:
                break
        if lower:
            params = {name.lower(): value for name, value in params.items()}
        return sign(exchange, path + dice.path(), api, dice.random.choice(methods.split()), params)

    return ask


def ask_binance(api: str) -> Callable[[Any, Dice], Request]:
    return asking_flat([api], "GET POST PUT DELETE")


def ask_kraken(exchange: Any, dice: Dice) -> Request:
    path = dice.random.choice(["Balance", "AddOrder", "AddOrderBatch", "CancelOrderBatch"])
    return sign(exchange, path, ["private"], "POST", dice.nested())


def ask_krakenfutures(exchange: Any, dice: Dice) -> Request:
    if dice.chance(20):
        return sign(exchange, "batchorder", ["private"], "POST", dice.nested())
    return sign(exchange, dice.path(), ["private"], dice.random.choice(["GET", "POST", "PUT"]), dice.flat(dice.odd))


def ask_bybit(exchange: Any, dice: Dice) -> Request:
    if dice.chance(50):
        return sign(exchange, f"v5/{dice.path()}", ["private"], "POST", dice.nested())
    params = {"category": "linear", **dice.flat(dice.plain)}  # ccxt sends a query as it is, unescaped
    return sign(exchange, f"v5/{dice.path()}", ["private"], "GET", params)


def ask_gate(exchange: Any, dice: Dice) -> Request:
    api = ["private", dice.random.choice(["spot", "futures", "margin", "unified"])]
    method = dice.random.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
    params = dice.nested() if method in ("POST", "PUT") else dice.flat(dice.odd)
    return sign(exchange, f"usdt/{dice.path()}", api, method, params)


def ask_htx(exchange: Any, dice: Dice) -> Request:
    # Its own parameters come first in capitals; lower-case ones sort after them, however they are sorted.
    params = {name.lower(): value for name, value in dice.flat(dice.odd).items()}
    method = dice.random.choice(["GET", "POST"])
    return sign(
        exchange, f"v1/{dice.path()}", ["spot", "private"], method, params if method == "GET" else dice.nested()
    )


def ask_woo(exchange: Any, dice: Dice) -> Request:
    method = dice.random.choice(["GET", "DELETE", "POST", "PUT"])
    params = dice.flat(dice.odd) if method in ("GET", "DELETE") else dice.nested()
    return sign(exchange, dice.path(), ["v3", "private"], method, params)


def ask_cryptocom(exchange: Any, dice: Dice) -> Request:
    def flat() -> Params:
        return {dice.name(): dice.odd() for _ in range(dice.random.randint(0, 4))}

    params: Params = flat()
    for _ in range(dice.random.randint(0, 2)):
        lists = [[dice.odd(), dice.odd()], [flat(), flat()], []]
        params[dice.name()] = dice.random.choice([dice.random.randrange(10**9), *lists])
    return sign(exchange, f"private/{dice.name()}", ["v1", "private"], "POST", params)


def ask_korean(*api: str, path: str = "") -> Callable[[Any, Dice], Request]:
    def ask(exchange: Any, dice: Dice) -> Request:
        # Of no value that ccxt writes in two ways, such as nothing, and of no character that it leaves as it is in what
        # Bithumb hashes.
        some = (dice.odd().translate(dict.fromkeys(map(ord, "!'()*"))) for _ in range(dice.random.randint(0, 5)))
        params = {dice.name(): f"{value}x" for value in some}
        return sign(exchange, path + dice.path(), list(api), dice.random.choice(["GET", "DELETE", "POST"]), params)

    return ask


def ask_backpack(exchange: Any, dice: Dice) -> Request:
    instructions: dict[str, dict[str, str]] = exchange.options["instructions"]
    path = dice.random.choice(sorted(instructions))
    method = dice.random.choice(sorted(instructions[path]))
    if path == "api/v1/orders" and method == "POST":
        path = "api/v1/order"  # no list of orders, each of which is signed with an instruction of its own
    # Of the query that it sends, ccxt loses `[]` in a value, which it has signed.
    params = dice.flat(lambda: dice.odd().replace("[", ""))
    return sign(exchange, path, ["private"], method, params)


def instruction(signed: Request) -> dict[str, str]:
    backpack: Any = importlib.import_module("ccxt").backpack()
    path = signed.url.partition("?")[0].removeprefix("https://api.backpack.exchange/")
    return {"instruction": backpack.options["instructions"][path][signed.method]}


def ask_hyperliquid(exchange: Any, dice: Dice) -> Request:
    """Sign an order, a cancel or another action, of a vault or not, as `createOrder` and `cancelOrder` do."""
    now = exchange.milliseconds()
    orders = [
        {
            "a": dice.random.randrange(10_000),
            "b": dice.chance(50),
            "p": str(dice.random.randrange(10**6) / 100),
            "s": str(dice.random.randrange(10**6) / 100),
            "r": dice.chance(50),
            "t": dice.random.choice([{"limit": {"tif": "Gtc"}}, {"trigger": {"isMarket": True, "triggerPx": "1.5"}}]),
        }
        for _ in range(dice.random.randint(0, 20))
    ]
    cancels = [{"a": number, "o": dice.random.randrange(2**40)} for number in range(dice.random.randint(0, 3))]
    action: Params = dice.random.choice(
        [
            {"type": "order", "orders": orders, "grouping": "na"},
            {"type": "order", "orders": orders, "grouping": "na", "builder": {"b": "0x" + "ab" * 20, "f": 10}},
            {"type": "cancel", "cancels": cancels},
            {"type": "dummy", "text": dice.odd(), "more": [None, -(2**33), 2**63, {"deep": dice.odd() * 20}]},
        ]
    )
    vault = f"0x{dice.random.randbytes(20).hex()}" if dice.chance(30) else None
    signature = exchange.sign_l1_action(action, now, exchange.format_vault_address(vault))
    request = {"action": action, "nonce": now, "signature": signature}
    return sign(exchange, "exchange", ["private"], "POST", request | ({"vaultAddress": vault} if vault else {}))


def ask_hyperliquid_transfer(kind: str) -> Callable[[Any, Dice], Request]:
    """Sign a transfer, which the account's owner does member by member."""

    def ask(exchange: Any, dice: Dice) -> Request:
        now = exchange.milliseconds()
        amount, chain = str(dice.random.randrange(10**6) / 100), {"hyperliquidChain": "Mainnet"}
        fields: Params
        if kind == "usdClassTransfer":
            fields = {**chain, "amount": amount, "toPerp": dice.chance(50), "nonce": now}
            signature = exchange.build_usd_class_send_sig(fields)
        else:
            destination = f"0x{dice.random.randbytes(20).hex()}"
            fields = {**chain, "destination": destination, "amount": amount, "time": now}
            sign_fields = exchange.build_usd_send_sig if kind == "usdSend" else exchange.build_withdraw_sig
            signature = sign_fields(fields)
        action = {"type": kind, "signatureChainId": "0x66eee", **fields}
        request = {"action": action, "nonce": now, "signature": signature}
        return sign(exchange, "exchange", ["private"], "POST", request)

    return ask


def vault_address(signed: Request) -> dict[str, str]:
    address = json.loads(signed.body or "").get("vaultAddress")
    return {"vault_address": address} if address else {}


# ---- what is taken out again ----


def as_it_is(record: Record) -> tuple[str, str]:
    return record.signed.url, record.signed.body or ""


def without(pattern: str, times: int = 1) -> Callable[[Record], tuple[str, str]]:
    """Take a pattern out of the form or the query, where it has to be so often; what is left keeps its order."""

    def take(record: Record) -> tuple[str, str]:
        url, body = as_it_is(record)
        form, count = re.subn(pattern, "", body)
        if count == 0:
            url, count = re.subn(pattern, "", url)
        assert count == times, f"{record.case}: no {pattern} in what ccxt has signed"
        return url, form

    return take


def kraken_body(record: Record) -> tuple[str, str]:
    body, count = re.subn(r'^(\{?)(nonce=\d+&?|"nonce":"\d+",?)', r"\1", record.signed.body or "")
    assert count == 1
    return record.signed.url, body


def member(name: str) -> Callable[[Record], tuple[str, str]]:
    """Take what the caller has given out of the body that a signer makes of it."""

    def take(record: Record) -> tuple[str, str]:
        return record.signed.url, compact(json.loads(record.signed.body or "")[name])

    return take


def numbers(body: str) -> str:
    """Write Crypto.com's id and nonce as numbers, as its documentation has them; ccxt writes them as strings."""
    return re.sub(r'"(id|nonce)":"(\d+)"', r'"\1":\2', body)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ---- credentials ----


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
ES256 = ec.derive_private_key(int.from_bytes(bytes(range(1, 33)), "big"), ec.SECP256R1())
# Made once with `openssl genrsa 2048`, for tests alone.
RSA = """-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC317kJmD4NyAU2
hXxf0RB5dkteIR85a2ZChIKXHDTOMV5jbJGvbGtmwvqMjCuHPrlcW0wD4HO4weAi
/c3lDDVehEt0PA4DC4Oio8WpM2wpCOfHyw65JEIPffRfKgtLtZAs3IWPMMHv8Cbz
D0Hm7onSsT7vvNIexD9d157+GVnK5ETVHW7RBUzC2IAQDElA9wqQhUalmy3x6yhV
mk19V0vdYydDS6jbkZ7ppBPtYZUpb5UT5EJURHjZ5bjfsFL+f1wnuFfBsWM2ByjV
upl3Oj8sfNxzNq4aibq/leTZI4fcrO86BGWaz4FuRw5iV1hMKo3OJr8VI2sfbSU5
vRsf1oblAgMBAAECggEADsINg5yqFpcg/AB5PIPe67E4WaUVCZn6iopypUjJYGgM
KLUVeNyePpCWZmP2NpQtcyGNF56UC5fcs1JmjeWN/zlliT4s7cel2I+HFY8gNqcV
XC+LzgcAGphE3sLUR06a9U76lcUXPHit18M4yh4KCFTcNYiV4YxlfdYKWGGWmLfZ
O6+HEujgIrbZQdVOcB+5QFWCwoC5COZk76uNjijgwT113keigTuPxvWYjPGAPgns
lXe2+G43CGP8zSaRe8iGpuvdNRfeeAKGjWTVEeGHvNQIpt9nnsw8wB/SLETtrT3o
qNbxVB4gUcjZSWl/AzfotrMHJjbs+w/6t2fACNWegQKBgQD4gQuyuiRnQhxQvI59
Y3hPebVZlb7uEKoGHRpmBNHtrzLlAUClqDJP8+HGSwBre2zy89gy6FgJyO8t4EPS
6wospDfiz1p12+TaZuxepoHJuOHRBJLTl/m8TyVdiuQzZnYkE5W6ac9rkCnDaTzi
+BojOvSezMSXqcm4iCCs7ssyRQKBgQC9Y1wyNuYyvwVGBGQ8luGv2In/QpbVk4YL
THmdt15Yxf9Awx0G9DVc8t6yI7cWVeEHE1UT17JDPirLXj58XFmTAGMC48lZF1L8
1YIN6oefbXxRHidbf2gQ6ZM1aBS02U5NFZ2FIupcn6B6A7jG8eu64gmZiBAJOraP
B2yscqecIQKBgDF7sNKkEj+lgHHrOgxp1DkvKRdvpBdPpiuVe/44k3za2C2VtEPI
XExjad/Ma4b7itRODg0FCxLXuhjOgXLsbpg5Ew/M7lxtrwJ2YDbwvQNoFz9Bw+Ly
bj47HFumHo7FplzEsZnvG+h1Snuo5wDjGoFNagx9BeCVZJ+kK62D115pAoGAdwt8
yYeevWk7PF7ITxmcdXdMjuphe5DGolWI4K2BnZWftCqxFUzuOiXj+9/dVynWUCdD
xDxCLmhmZ/0uk+dM2s1Ub12Vk+3IWWsv2+V/KKSejzLAFJCKbo8T3G83DNLHmEat
BCIFZQFl0yyBunQY9BjfZeWUBukkFdXZ5rAPUWECgYBvmaz+EKYI3d71+SU7lO3L
xgawoUUZRAP+3Eej3gNYVgzBXAeUxRz90G6SNi1QxFcB/ANZ8V1cE26A9Fg6Qirn
Ds+FURr6EwYj/smOQedXNjlMvT2hOmEPsIU/g8SuDXIdwwKKT++SmMjIwlxf92nx
LXZ/EdB5854dfiLwu7pVTg==
-----END PRIVATE KEY-----
"""

HMAC = {"api_key": "strongroom-test-key", "secret": SECRET}
BASE64 = {"api_key": "strongroom-test-key", "secret": SECRET_OF_64_BYTES}
PASSPHRASE = {**HMAC, "password": "strongroom-pass"}
CDP = {"api_key": "organizations/o/apiKeys/k", "secret": pem(ES256)}
CDP_ED25519 = {
    "api_key": "d2efa49a-369c-43d7-a60e-ae26e28853c2",
    "secret": base64.b64encode(SEED + ED25519.public_key().public_bytes_raw()).decode(),
}


def timestamp(timestamp_ms: int, _signed: Request) -> str:
    return str(timestamp_ms)


def of_jwt(part: int, name: str) -> Callable[[int, Request], str]:
    """Take what is random out of the token."""

    def take(_timestamp_ms: int, signed: Request) -> str:
        return str(jwt_part(header(signed, "authorization") or "", part)[name])

    return take


def jwt_part(authorization: str, part: int) -> dict[str, Any]:
    text = authorization.removeprefix("Bearer ").split(".")[part]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


BINANCE = without(r"(?:(?<=\?)|^)timestamp=\d{13}&|&signature=[^&]*$", 2)  # recvWindow stays; ccxt has it last
OKX = ("OK-ACCESS-KEY", "OK-ACCESS-PASSPHRASE", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-SIGN")
BITGET = ("ACCESS-KEY", "ACCESS-PASSPHRASE", "ACCESS-TIMESTAMP", "ACCESS-SIGN")
KUCOIN = ("KC-API-KEY", "KC-API-KEY-VERSION", "KC-API-PASSPHRASE", "KC-API-TIMESTAMP", "KC-API-SIGN")
BYBIT = ("X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW", "X-BAPI-SIGN")
COINBASE = ("CB-ACCESS-KEY", "CB-ACCESS-TIMESTAMP", "CB-ACCESS-SIGN")
BITSTAMP = ("X-Auth", "X-Auth-Nonce", "X-Auth-Timestamp", "X-Auth-Version", "X-Auth-Signature")
BITVAVO = ("BITVAVO-ACCESS-KEY", "BITVAVO-ACCESS-TIMESTAMP", "BITVAVO-ACCESS-WINDOW", "BITVAVO-ACCESS-SIGNATURE")
PHEMEX = ("x-phemex-access-token", "x-phemex-request-expiry", "x-phemex-request-signature")
BACKPACK = ("X-API-Key", "X-Timestamp", "X-Window", "X-Signature")
BEARER = ("Authorization",)


def htx(record: Record) -> tuple[str, str]:
    ours = r"AccessKeyId=[^&]*&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp=[^&]*&(.*?)&?Signature=[^&]*$"
    url, count = re.subn(ours, r"\1", record.signed.url)
    assert count == 1
    return url.removesuffix("?"), record.signed.body or ""


CASES = {
    "binance": Case("binance", ask_binance("private"), BINANCE, ("X-MBX-APIKEY",), HMAC),
    "binanceusdm": Case("binanceusdm", ask_binance("fapiPrivate"), BINANCE, ("X-MBX-APIKEY",), HMAC),
    "binance ed25519": Case(
        "binance", ask_binance("private"), BINANCE, ("X-MBX-APIKEY",), {**HMAC, "secret": pem(ED25519)}
    ),
    "binance rsa": Case("binance", ask_binance("private"), BINANCE, ("X-MBX-APIKEY",), {**HMAC, "secret": RSA}),
    "mexc": Case(
        "mexc",
        asking_flat(["spot", "private"], "GET POST DELETE"),
        without(r"&signature=[^&]*$"),  # ccxt has timestamp and recvWindow last
        ("X-MEXC-APIKEY",),
        HMAC,
    ),
    "kraken": Case("kraken", ask_kraken, kraken_body, ("API-Key", "API-Sign"), BASE64, timestamp),
    "krakenfutures": Case("krakenfutures", ask_krakenfutures, as_it_is, ("APIKey", "Authent"), BASE64),
    "okx": Case("okx", asking(["private"], "GET"), as_it_is, OKX, PASSPHRASE),
    "bitget": Case("bitget", asking(["private", "spot"], "GET"), as_it_is, BITGET, PASSPHRASE),
    "kucoin": Case("kucoin", asking(["private"], odd=False), as_it_is, KUCOIN, PASSPHRASE),
    "bybit": Case("bybit", ask_bybit, as_it_is, BYBIT, HMAC),
    "bybit rsa": Case("bybit", ask_bybit, as_it_is, BYBIT, {**HMAC, "secret": RSA}),
    "gate": Case("gate", ask_gate, as_it_is, ("KEY", "Timestamp", "SIGN"), HMAC),
    "bitfinex": Case(
        "bitfinex",
        asking(["private"], "", path="auth/"),
        as_it_is,
        ("bfx-nonce", "bfx-apikey", "bfx-signature"),
        HMAC,
        timestamp,
    ),
    "gemini": Case(
        "gemini",
        asking(["private"], "", path="v1/"),
        as_it_is,
        ("X-GEMINI-APIKEY", "X-GEMINI-PAYLOAD", "X-GEMINI-SIGNATURE"),
        {**HMAC, "api_key": "account-strongroom"},
        timestamp,
        body=lambda _params: "",  # ccxt sends what stands in the payload once more
    ),
    "htx": Case("htx", ask_htx, htx, (), HMAC),
    "coinbaseexchange": Case(
        "coinbaseexchange",
        asking(["private"], "GET", "POST DELETE"),
        as_it_is,
        (*COINBASE, "CB-ACCESS-PASSPHRASE"),
        {**BASE64, "password": "strongroom-pass"},
    ),
    "coinbase-legacy": Case(
        "coinbase",
        asking(["v3", "private"], "GET", "POST PUT DELETE", "brokerage/"),
        as_it_is,
        COINBASE,
        HMAC,
        recipe="coinbase-legacy",
    ),
    "coinbase cdp es256": Case(
        "coinbase",
        asking(["v3", "private"], "GET", "POST PUT DELETE", "brokerage/"),
        as_it_is,
        BEARER,
        CDP,
        of_jwt(0, "nonce"),
    ),
    "coinbase cdp ed25519": Case(
        "coinbase",
        asking(["v3", "private"], "GET", "POST PUT DELETE", "brokerage/"),
        as_it_is,
        BEARER,
        CDP_ED25519,
        of_jwt(0, "nonce"),
    ),
    "deribit": Case("deribit", asking_flat(["private"], "GET POST"), as_it_is, BEARER, HMAC, timestamp),
    "bitstamp": Case(
        "bitstamp",
        asking_flat(["private"], "POST"),
        as_it_is,
        BITSTAMP,
        HMAC,
        lambda _timestamp_ms, signed: header(signed, "x-auth-nonce"),
    ),
    "bitvavo": Case("bitvavo", asking(["private"], posts="POST PUT"), as_it_is, BITVAVO, HMAC),
    "phemex": Case("phemex", asking(["private"], "GET PUT DELETE"), as_it_is, PHEMEX, HMAC),
    "woo": Case("woo", ask_woo, as_it_is, ("x-api-key", "x-api-timestamp", "x-api-signature"), HMAC),
    "cryptocom": Case("cryptocom", ask_cryptocom, member("params"), (), HMAC, timestamp, body=numbers),
    "upbit": Case("upbit", ask_korean("private"), as_it_is, BEARER, HMAC, of_jwt(1, "nonce")),
    "bithumb": Case("bithumb", ask_korean("private", path="v1/"), as_it_is, BEARER, HMAC, of_jwt(1, "nonce")),
    "backpack": Case(
        "backpack",
        ask_backpack,
        as_it_is,
        BACKPACK,
        {"api_key": "strongroom-test-key", "secret": base64.b64encode(SEED).decode()},
        values=instruction,
    ),
    "hyperliquid": Case(
        "hyperliquid", ask_hyperliquid, member("action"), (), {"private_key": PRIVATE_KEY}, timestamp, vault_address
    ),
    **{
        recipe: Case(
            "hyperliquid",
            ask_hyperliquid_transfer(kind),
            member("action"),
            (),
            {"private_key": PRIVATE_KEY},
            recipe=recipe,
        )
        for recipe, kind in (
            ("hyperliquid/usd-send", "usdSend"),
            ("hyperliquid/withdraw", "withdraw3"),
            ("hyperliquid/usd-class-transfer", "usdClassTransfer"),
        )
    },
    "alpaca": Case(
        "alpaca",
        asking(["trader", "private"], posts="POST PUT PATCH"),
        as_it_is,
        ("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"),
        HMAC,
    ),
}
