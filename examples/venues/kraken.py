"""Kraken: the balance. Each request has a nonce, which must be larger than that of the key's request before.

The rules: https://docs.kraken.com/api/docs/guides/spot-rest-auth
The errors: https://docs.kraken.com/exchange/guides/general/errors
"""

import base64
import hashlib
import hmac
import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from venues import RefusedError, Request


def refused(error: str) -> RefusedError:
    """Return the error for a refusal: Kraken's status is 200 even then."""
    return RefusedError(200, {"error": [error]})


@dataclass
class Account:
    """A customer: the key that they sign with, what they own, and the largest nonce that was used."""

    secret: bytes = field(repr=False)
    balances: dict[str, str]
    used_nonce: int = -1


class Kraken:
    """Accounts by the id of their API key."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts = {
            account["api_key"]: Account(base64.b64decode(account["secret"]), account["balances"])
            for account in accounts
        }
        self.lock = threading.Lock()  # each request has a thread of its own

    def answer(self, request: Request, _now_ms: int) -> object:
        """Return what to answer, for JSON, or raise `RefusedError`."""
        account = self.authenticate(request)
        if (request.method, request.path) != ("POST", "/0/private/Balance"):
            raise refused("EGeneral:Unknown method")
        return {"error": [], "result": account.balances}

    def authenticate(self, request: Request) -> Account:
        """Return the account that signed the request, or raise `RefusedError`."""
        account = self.accounts.get(request.headers.get("API-Key", ""))
        if account is None:
            raise refused("EAPI:Invalid key")

        # What is signed is the path, and a hash of the nonce and the body. The nonce is in the body once more.
        nonce = dict(parse_qsl(request.body)).get("nonce", "")
        hashed = hashlib.sha256((nonce + request.body).encode()).digest()
        expected = base64.b64encode(hmac.digest(account.secret, request.path.encode() + hashed, "sha512"))
        if not hmac.compare_digest(expected, request.headers.get("API-Sign", "").encode()):
            raise refused("EAPI:Invalid signature")

        # A request that somebody recorded is of no use to them at all.
        if not re.fullmatch(r"[0-9]{1,20}", nonce) or int(nonce) >= 2**64:
            raise refused("EAPI:Invalid nonce")
        with self.lock:
            if int(nonce) <= account.used_nonce:
                raise refused("EAPI:Invalid nonce")
            account.used_nonce = int(nonce)
        return account
