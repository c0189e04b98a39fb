"""Binance: the account, and a book where limit orders rest and lock the funds that they need; nobody trades with them.

The rules: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
The error codes: https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

import hmac
import itertools
import re
import threading
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from venues import RefusedError, Request

SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "LTCBTC": ("LTC", "BTC")}
MAX_RECV_WINDOW_MS = 60_000


def refused(status: int, code: int, text: str) -> RefusedError:
    """Return the error for a refusal, with Binance's code and text for the reason."""
    return RefusedError(status, {"code": code, "msg": text})


@dataclass
class Account:
    """A customer: the key that they sign with, what they own, and their open orders."""

    secret: bytes = field(repr=False)
    free: dict[str, Decimal]
    locked: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    orders: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class Binance:
    """Accounts by the id of their API key, and the book. Times are Unix milliseconds."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts = {
            account["api_key"]: Account(
                account["secret"].encode(),
                {asset: Decimal(amount) for asset, amount in account["balances"].items()},
            )
            for account in accounts
        }
        self.order_ids = itertools.count(1)
        self.lock = threading.Lock()  # each request has a thread of its own

    def answer(self, request: Request, now_ms: int) -> object:
        """Return what to answer, for JSON, or raise `RefusedError`."""
        called = (request.method, request.path)
        if called == ("GET", "/api/v3/time"):
            return {"serverTime": now_ms}
        endpoints = {
            ("GET", "/api/v3/account"): self.account,
            ("GET", "/api/v3/openOrders"): self.open_orders,
            ("POST", "/api/v3/order"): self.order,
        }
        endpoint = endpoints.get(called)
        if endpoint is None:
            raise refused(404, -1000, "There is no such endpoint here.")
        account = self.authenticate(request, now_ms)
        with self.lock:
            return endpoint(account, parameters(request), now_ms)

    def authenticate(self, request: Request, now_ms: int) -> Account:
        """Return the account that signed the request, or raise `RefusedError`."""
        api_key = request.headers.get("X-MBX-APIKEY")
        if not api_key:
            raise refused(401, -2014, "API-key format invalid.")
        account = self.accounts.get(api_key)
        if account is None:
            raise refused(401, -2015, "Invalid API-key, IP, or permissions for action.")

        # What is signed is the query string and the body, as sent, one right after the other, without the signature.
        sent = parameters(request)
        signed = without_signature(request.query) + without_signature(request.body)
        expected = hmac.new(account.secret, signed.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(expected.encode(), sent.get("signature", "").encode()):
            raise refused(400, -1022, "Signature for this request is not valid.")

        # A request that somebody recorded is of no use to them once this window has passed.
        timestamp = whole_number(sent, "timestamp")
        window = whole_number(sent, "recvWindow") if "recvWindow" in sent else 5000
        if window > MAX_RECV_WINDOW_MS:
            raise refused(400, -1131, f"recvWindow must be less than {MAX_RECV_WINDOW_MS}.")
        if timestamp >= now_ms + 1000:
            raise refused(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now_ms - timestamp > window:
            raise refused(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        return account

    def account(self, account: Account, _sent: dict[str, str], now_ms: int) -> object:
        """Answer with the balances: what is free, and what open orders have locked."""
        balances = [
            {"asset": asset, "free": f"{free:f}", "locked": f"{account.locked.get(asset, Decimal(0)):f}"}
            for asset, free in sorted(account.free.items())
        ]
        return {"accountType": "SPOT", "canTrade": True, "updateTime": now_ms, "balances": balances}

    def open_orders(self, account: Account, sent: dict[str, str], _now_ms: int) -> object:
        """Answer with the account's open orders, of one symbol if one is named."""
        return [order for order in account.orders if sent.get("symbol") in (None, order["symbol"])]

    def order(self, account: Account, sent: dict[str, str], now_ms: int) -> object:
        """Take a limit order into the book, and lock what it needs."""
        symbol, side = sent.get("symbol", ""), sent.get("side")
        if symbol not in SYMBOLS:
            raise refused(400, -1121, "Invalid symbol.")
        if side not in ("BUY", "SELL"):
            raise refused(400, -1117, "Invalid side.")
        if sent.get("type") != "LIMIT":
            raise refused(400, -1116, "Invalid orderType.")
        if sent.get("timeInForce") != "GTC":
            raise refused(400, -1115, "Invalid timeInForce.")
        quantity, price = amount(sent, "quantity"), amount(sent, "price")

        base, quote = SYMBOLS[symbol]
        asset, needed = (quote, quantity * price) if side == "BUY" else (base, quantity)
        free = account.free.get(asset, Decimal(0))
        if needed > free:
            raise refused(400, -2010, "Account has insufficient balance for requested action.")
        account.free[asset] = free - needed
        account.locked[asset] = account.locked.get(asset, Decimal(0)) + needed
        order = {
            "symbol": symbol,
            "orderId": next(self.order_ids),
            "side": side,
            "type": "LIMIT",
            "timeInForce": "GTC",
            "price": f"{price:f}",
            "origQty": f"{quantity:f}",
            "executedQty": "0",
            "status": "NEW",
            "transactTime": now_ms,
        }
        account.orders.append(order)
        return order


def parameters(request: Request) -> dict[str, str]:
    """Read the parameters; where both have one, the query string's counts, and of two in one place the first."""
    pairs = parse_qsl(request.query, keep_blank_values=True) + parse_qsl(request.body, keep_blank_values=True)
    return dict(reversed(pairs))


def without_signature(text: str) -> str:
    """Take the signature out of a query string or body."""
    return "&".join(part for part in text.split("&") if not part.startswith("signature="))


def whole_number(sent: dict[str, str], name: str) -> int:
    """Read a number of milliseconds."""
    text = sent.get(name, "")
    if not re.fullmatch(r"[0-9]{1,16}", text):
        raise refused(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return int(text)


def amount(sent: dict[str, str], name: str) -> Decimal:
    """Read a price or quantity: over zero, with up to 6 digits before the point and 8 after it."""
    text = sent.get(name, "")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,8})?", text):
        raise refused(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    if Decimal(text) == 0:
        raise refused(400, -1013, "Filter failure: LOT_SIZE" if name == "quantity" else "Filter failure: PRICE_FILTER")
    return Decimal(text)
