"""OKX: the balance, and the login of a WebSocket. Both are refused when they are older than half a minute.

The rules: https://www.okx.com/docs-v5/en/#overview-rest-authentication-signature
Of the login: https://www.okx.com/docs-v5/en/#overview-websocket-login
The error codes: https://www.okx.com/docs-v5/en/#error-code
"""

import base64
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from venues import RefusedError, Request

MAX_AGE_MS = 30_000
LOGIN_FAILED, INVALID_REQUEST = 4001, 4002  # with what the WebSocket is closed


def refused(status: int, code: str, text: str) -> RefusedError:
    """Return the error for a refusal, with OKX's code and text for the reason."""
    return RefusedError(status, {"code": code, "msg": text})


def hung_up(status: int, code: str, text: str) -> RefusedError:
    """Return the error for a message that ends the WebSocket."""
    return RefusedError(status, {"event": "error", "code": code, "msg": text})


@dataclass
class Account:
    """A customer: the key that they sign with, the passphrase that they chose for it, and what they own."""

    secret: bytes = field(repr=False)
    passphrase: bytes = field(repr=False)
    balances: dict[str, str]

    def has_signed(self, message: str, signature: str) -> bool:
        """Tell whether the signature is that of the message."""
        expected = base64.b64encode(hmac.digest(self.secret, message.encode(), "sha256"))
        return hmac.compare_digest(expected, signature.encode())

    def has_chosen(self, passphrase: str) -> bool:
        """Tell whether the passphrase is right."""
        return hmac.compare_digest(self.passphrase, passphrase.encode())


class Okx:
    """Accounts by the id of their API key. Times are Unix milliseconds."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts = {
            account["api_key"]: Account(account["secret"].encode(), account["password"].encode(), account["balances"])
            for account in accounts
        }

    # ---- requests ----

    def answer(self, request: Request, now_ms: int) -> object:
        """Return what to answer, for JSON, or raise `RefusedError`."""
        account = self.authenticate(request, now_ms)
        if (request.method, request.path) != ("GET", "/api/v5/account/balance"):
            raise refused(404, "404", "Not Found")
        wanted = dict(parse_qsl(request.query)).get("ccy")
        details = [
            {"ccy": currency, "availBal": balance, "cashBal": balance, "frozenBal": "0"}
            for currency, balance in account.balances.items()
            if wanted is None or currency in wanted.split(",")
        ]
        return {"code": "0", "msg": "", "data": [{"uTime": str(now_ms), "details": details}]}

    def authenticate(self, request: Request, now_ms: int) -> Account:
        """Return the account that signed the request, or raise `RefusedError`."""
        sent: dict[str, str] = {}
        for code, name in (("50103", "KEY"), ("50104", "PASSPHRASE"), ("50106", "SIGN"), ("50107", "TIMESTAMP")):
            sent[name] = request.headers.get(f"OK-ACCESS-{name}", "")
            if not sent[name]:
                raise refused(401, code, f'Request header "OK-ACCESS-{name}" cannot be empty')
        account = self.accounts.get(sent["KEY"])
        if account is None:
            raise refused(401, "50111", "Invalid OK-ACCESS-KEY")
        if not account.has_chosen(sent["PASSPHRASE"]):
            raise refused(401, "50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect')

        # What is signed is the time, the method, the path with the query string, and the body, as sent.
        target = f"{request.path}?{request.query}" if request.query else request.path
        if not account.has_signed(sent["TIMESTAMP"] + request.method + target + request.body, sent["SIGN"]):
            raise refused(401, "50113", "Invalid Sign")

        signed_ms = of_iso_8601(sent["TIMESTAMP"])
        if signed_ms is None:
            raise refused(401, "50112", "Invalid OK-ACCESS-TIMESTAMP")
        if abs(now_ms - signed_ms) > MAX_AGE_MS:
            raise refused(401, "50102", "Timestamp request expired")
        return account

    # ---- the WebSocket ----

    def reply(self, message: str, now_ms: int) -> object:
        """Return what to say to a message, for JSON, or raise `RefusedError` with what the WebSocket is closed."""
        try:
            said = json.loads(message)
            operation, [login] = said["op"], said["args"]
            api_key, passphrase, timestamp, signature = (
                str(login.get(name, "")) for name in ("apiKey", "passphrase", "timestamp", "sign")
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise hung_up(INVALID_REQUEST, "60012", "Invalid request") from None
        if operation != "login":
            raise hung_up(LOGIN_FAILED, "60011", "Please log in")
        account = self.accounts.get(api_key)
        if account is None:
            raise hung_up(LOGIN_FAILED, "60005", "Invalid apiKey")
        if not account.has_chosen(passphrase):
            raise hung_up(LOGIN_FAILED, "60024", "Wrong passphrase")
        if not account.has_signed(f"{timestamp}GET/users/self/verify", signature):
            raise hung_up(LOGIN_FAILED, "60007", "Invalid sign")
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):  # seconds here, and not milliseconds
            raise hung_up(LOGIN_FAILED, "60004", "Invalid timestamp")
        if abs(now_ms - int(timestamp) * 1000) > MAX_AGE_MS:
            raise hung_up(LOGIN_FAILED, "60006", "Timestamp request expired")
        return {"event": "login", "code": "0", "msg": ""}


def of_iso_8601(text: str) -> int | None:
    """Read a time such as 2023-11-14T22:13:20.000Z, or return None."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", text):
        return None
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:  # a month or a minute that there is not
        return None
    return round(moment.timestamp() * 1000)
