"""What a signed request costs, beside ccxt's, and beside what people write by hand with other libraries."""

import base64
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import strongroom
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.measure import Row, alternate, beside, within

CALLS = 50
"""How many requests one measurement has: one is too short to be measured by itself."""
AT = 1_700_000_000_000
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SECRET_OF_64_BYTES = base64.b64encode(bytes(range(64))).decode()
PRIVATE_KEY = "0x" + "0123456789" * 6 + "0123"
ORDER = {"symbol": "LTCBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.1"}
QUERY = urlencode(ORDER)
PERPETUAL: dict[str, Any] = {
    "type": "order",
    "orders": [{"a": 4, "b": True, "p": "1100", "s": "0.2", "r": False, "t": {"limit": {"tif": "Gtc"}}}],
    "grouping": "na",
}
ACTION = json.dumps(PERPETUAL, separators=(",", ":"))


def signing(folder: Path) -> list[Row]:
    """Measure whole requests, ready to be sent. The parameters are text with us, and a dict with the peers."""
    key = Ed25519PrivateKey.generate()
    seed = key.private_bytes_raw().hex()
    with strongroom.create(folder / "signing.vault", key=strongroom.generate_key()) as vault:
        vault.put("binance/hmac", {"secret": SECRET}, info={"api_key": "key"})
        vault.put("kraken/main", {"secret": SECRET_OF_64_BYTES}, info={"api_key": "key"})
        vault.put("backpack/main", {"secret": seed}, info={"api_key": "key"})
        vault.put("hyperliquid/main", {"private_key": PRIVATE_KEY})
        binance, kraken = vault["binance/hmac"].signer("binance"), vault["kraken/main"].signer("kraken")
        hyperliquid = vault["hyperliquid/main"].signer("hyperliquid")
        ed25519 = vault["backpack/main"].signer(strongroom.Recipe.from_json(json.dumps(ED25519)))

        def by_hand() -> tuple[str, dict[str, str]]:
            query = f"{QUERY}&timestamp={AT}"
            signature = quote(base64.b64encode(key.sign(query.encode())), safe="")
            return f"https://api.binance.com/api/v3/order?{query}&signature={signature}", {"X-MBX-APIKEY": "key"}

        ccxt: Any = import_module("ccxt")
        theirs = ccxt.binance({"apiKey": "key", "secret": SECRET})
        krakens = ccxt.kraken({"apiKey": "key", "secret": SECRET_OF_64_BYTES})
        return [
            *rows(
                "Binance (HMAC), to ccxt",
                lambda: binance.sign("GET", f"/api/v3/openOrders?{QUERY}"),
                lambda: theirs.sign("openOrders", ["private"], "GET", ORDER),
                5e-6,
                0.25,
            ),
            *rows(
                "Kraken (HMAC), to ccxt",
                lambda: kraken.sign("POST", "/0/private/AddOrder", body=QUERY),
                lambda: krakens.sign("AddOrder", ["private"], "POST", ORDER),
                8e-6,
            ),
            *rows(
                "Ed25519, to cryptography",
                lambda: ed25519.sign("POST", f"/api/v3/order?{QUERY}", timestamp_ms=AT),
                by_hand,
                25e-6,
                1.0,
            ),
            *rows(
                "a Hyperliquid order, to its SDK",
                lambda: hyperliquid.sign("POST", "/exchange", body=ACTION),
                sdk(),
                200e-6,
            ),
        ]


ED25519 = {
    "exchange": "binance",
    "host": "https://api.binance.com",
    "schemes": [{"algorithm": "ed25519", "encoding": "base64"}],
    "add": [["query", "timestamp", "<timestamp>"]],
    "message": "<query>",
    "append": [["query", "signature", "<signature>"]],
    "headers": {"X-MBX-APIKEY": "<entry.api_key>"},
}
"""Binance with this kind of key alone, so that the seed may be in hex: its own row would take that for a secret."""


def sdk() -> Callable[[], object]:
    """Sign as `Exchange.order` of the SDK does."""
    account: Any = import_module("eth_account").Account.from_key(PRIVATE_KEY)
    signing: Any = import_module("hyperliquid.utils.signing")

    def sign() -> object:
        return json.dumps(
            {
                "action": PERPETUAL,
                "nonce": AT,
                "signature": signing.sign_l1_action(account, PERPETUAL, None, AT, None, True),
            }
        )

    return sign


def rows(
    what: str, ours: Callable[[], object], peer: Callable[[], object], target: float, ratio: float | None = None
) -> list[Row]:
    """Compare the time of one request, and hold ours to a time of its own."""
    times = [seconds / CALLS for seconds in alternate(31, lambda: repeat(ours), lambda: repeat(peer))]
    name, _, _ = what.partition(",")
    return [within(f"a signed request: {name}", times[0], target), beside(f"a signed request: {what}", times, ratio)]


def repeat(job: Callable[[], object]) -> None:
    """Do it many times."""
    for _ in range(CALLS):
        job()
