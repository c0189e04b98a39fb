"""Send signed requests to an exchange with `requests`. The API secret never leaves the vault.

    pip install strongroom requests
    STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key python sign.py

For another exchange than Binance, change the name: `strongroom.exchanges()` has them all. Any HTTP client will do that
sends what it is given.
"""

import os
import time
from typing import Any
from urllib.parse import urlencode

import requests
import strongroom

# Without the variable: Binance's test network, where no real money is.
EXCHANGE = os.environ.get("EXCHANGE_URL", "https://testnet.binance.vision")


def send(session: requests.Session, signed: strongroom.SignedRequest) -> Any:
    """Send a request as it was signed, and nowhere else: a redirect would take the API key along."""
    answer = session.request(
        signed.method,
        signed.url,
        headers=signed.headers,
        data=signed.body.encode(),
        timeout=10,
        allow_redirects=False,
    )
    if answer.status_code != 200:
        raise SystemExit(f"the exchange refused: {answer.text}")
    return answer.json()


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def main() -> None:
    """Read the balance, and place an order."""
    with strongroom.open() as vault, requests.Session() as session:
        signer = vault["binance/main"].signer("binance")

        # Exchanges refuse requests of a clock that is off by a few seconds.
        sent_ms = now_ms()
        server_ms = session.get(f"{EXCHANGE}/api/v3/time", timeout=10).json()["serverTime"]
        signer.learn_clock(server_ms, sent_ms, now_ms())

        account = send(session, signer.sign("GET", f"{EXCHANGE}/api/v3/account"))
        for balance in account["balances"]:
            print(f"I own {balance['free']} {balance['asset']}")

        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        body = urlencode({**order, "quantity": "0.005", "price": "60000"})
        placed = send(session, signer.sign("POST", f"{EXCHANGE}/api/v3/order", body=body))
        print(f"order {placed['orderId']} is in the book")


if __name__ == "__main__":
    main()
