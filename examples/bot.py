"""A trading bot without a secret in its code, its settings or its variables. Copy it, and write your own `trade`.

It needs no terminal. Where the vault is, and which key opens it, comes from the environment:

    STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key EXCHANGE_URL=... python bot.py

It ends with 0 when all went well, 1 when the exchange refused it, 2 when the vault did, 3 when nobody answered.
"""

import json
import os
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import strongroom

# Without the variable: Binance's test network, where no real money is.
EXCHANGE = os.environ.get("EXCHANGE_URL", "https://testnet.binance.vision")


class RefusedError(Exception):
    """The exchange said no. `code` is its number for the reason, or None."""

    def __init__(self, error: HTTPError) -> None:
        try:
            answer = json.load(error)
            self.code, text = answer["code"], answer["msg"]
        except (ValueError, KeyError, TypeError):  # a proxy's error page and not the exchange's answer
            self.code, text = None, f"HTTP status {error.code}"
        super().__init__(f"{text} (code {self.code})" if self.code else text)


def call(signer: strongroom.Signer, method: str, path: str, **parameters: str) -> Any:
    """Send a signed request, and return what the exchange answers."""
    # The one line that needs the secret. It stays inside Strongroom: only the signed request comes out.
    signed = signer.sign(method, f"{EXCHANGE}{path}?{urlencode(parameters)}")
    try:
        with urlopen(Request(signed.url, headers=signed.headers, method=method), timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise RefusedError(error) from None


def trade(signer: strongroom.Signer) -> None:
    """Read the balance and place three orders. Your strategy goes here."""
    for balance in call(signer, "GET", "/api/v3/account")["balances"]:
        print(f"I own {balance['free']} {balance['asset']}")
    for side, quantity, price in [("BUY", "0.005", "60000"), ("SELL", "0.01", "70000"), ("BUY", "5", "59000")]:
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        try:
            placed = call(signer, "POST", "/api/v3/order", **order, quantity=quantity, price=price)
            print(f"order {placed['orderId']} is in the book: {side} {quantity} BTC at {price} USDT")
        except RefusedError as refused:
            if refused.code != -2010:  # -2010 is about this one order; anything else would hit the next one too
                raise
            print(f"order not taken: {side} {quantity} BTC at {price} USDT: {refused}")


def main() -> int:
    """Open the vault, trade, and say what went wrong if something did."""
    try:
        with strongroom.open() as vault:
            print(f"opened the vault by {vault.opened_by.link}; I can see: {', '.join(vault)}", flush=True)
            trade(vault["binance/main"].signer("binance"))
    except RefusedError as refused:
        print(f"the exchange refused: {refused}", file=sys.stderr)
        return 1
    except strongroom.StrongroomError as error:
        print(f"the vault refused ({error.code}): {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"no answer from {EXCHANGE}: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
