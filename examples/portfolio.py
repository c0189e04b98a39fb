"""What a bot has at Kraken and at OKX, and the login of OKX's WebSocket: each is signed in its own way, by its name.

It needs no terminal. Where the vault is, and which key opens it, comes from the environment:

    STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=portfolio-1.key python portfolio.py

It only reads. With EXCHANGE_URL, all goes there and not to the exchanges themselves. It ends with 0 when all went
well, 1 when an exchange refused something, 2 when the vault did, 3 when nobody answered.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import strongroom
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

EXCHANGE = os.environ.get("EXCHANGE_URL", "")  # a path without a host goes to where the exchange is


class RefusedError(Exception):
    """An exchange said no, and why."""


def send(signed: strongroom.SignedRequest) -> Any:
    """Send a request as it was signed, and return the JSON of the answer."""
    request = Request(signed.url, signed.body.encode() or None, signed.headers, method=signed.method)
    try:
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        with error:
            return json.load(error)


def at_kraken(vault: strongroom.Vault) -> str:
    """Return the balances. Kraken wants a nonce in each request, larger than the one before; the signer sees to it."""
    answer = send(vault["kraken/main"].signer("kraken").sign("POST", f"{EXCHANGE}/0/private/Balance"))
    if answer["error"]:
        raise RefusedError(", ".join(answer["error"]))
    return listed(answer["result"])


def at_okx(vault: strongroom.Vault) -> str:
    """Return the balances. OKX wants the time, and the passphrase of the API key."""
    answer = send(vault["okx/main"].signer("okx").sign("GET", f"{EXCHANGE}/api/v5/account/balance"))
    if answer["code"] != "0":
        raise RefusedError(f"{answer['msg']} (code {answer['code']})")
    return listed({held["ccy"]: held["availBal"] for held in answer["data"][0]["details"]})


def at_okx_websocket(vault: strongroom.Vault) -> str:
    """Log in. What a bot subscribes to comes after this."""
    login = vault["okx/main"].signer("okx/websocket").login()
    url = EXCHANGE.replace("http", "ws", 1) + "/ws/v5/private" if EXCHANGE else login.url
    with connect(url, open_timeout=10, close_timeout=10) as socket:
        socket.send(login.body)
        answer = json.loads(socket.recv(timeout=10))
    if answer["event"] != "login":
        raise RefusedError(f"{answer['msg']} (code {answer['code']})")
    return "logged in"


def listed(balances: dict[str, str]) -> str:
    """Return one line of balances."""
    return ", ".join(f"{amount} {asset}" for asset, amount in balances.items())


def tell(name: str, ask: Callable[[strongroom.Vault], str], vault: strongroom.Vault) -> bool:
    """Print what an exchange answers or why it refuses, and return whether it answered."""
    try:
        print(f"{name}: {ask(vault)}", flush=True)
    except RefusedError as refused:
        print(f"{name} refused: {refused}", file=sys.stderr)
        return False
    except strongroom.StrongroomError:
        raise
    except (LookupError, TypeError, ValueError):  # a proxy's error page, say
        print(f"{name}: this is no answer of the exchange's", file=sys.stderr)
        return False
    return True


def main() -> int:
    """Open the vault, ask each exchange, and say what went wrong if something did."""
    try:
        with strongroom.open() as vault:
            print(f"opened the vault by {vault.opened_by.link}; I can see: {', '.join(vault)}", flush=True)
            went_well = [
                tell("Kraken", at_kraken, vault),
                tell("OKX", at_okx, vault),
                tell("OKX's WebSocket", at_okx_websocket, vault),
            ]
    except strongroom.StrongroomError as error:
        print(f"the vault refused ({error.code}): {error}", file=sys.stderr)
        return 2
    except (OSError, WebSocketException) as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 3
    return 0 if all(went_well) else 1


if __name__ == "__main__":
    sys.exit(main())
