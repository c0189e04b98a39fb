"""The example with Kraken, OKX and a WebSocket: what it signs is what the exchanges take, and a refusal is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import strongroom

EXAMPLES = Path(__file__).parents[2] / "examples"

KRAKEN_SECRET, OKX_SECRET, PASSPHRASE = "a3Jha2VuIHNlY3JldA==", "okx secret", "okx passphrase"
ACCOUNTS = [
    {"exchange": "kraken", "api_key": "of kraken", "secret": KRAKEN_SECRET, "balances": {"ZEUR": "2500"}},
    {
        "exchange": "okx",
        "api_key": "of okx",
        "secret": OKX_SECRET,
        "password": PASSPHRASE,
        "balances": {"USDT": "800", "BTC": "2"},
    },
]


class Bot:
    """A vault, the exchanges in a process of their own, and the program before them."""

    def __init__(self, folder: Path) -> None:
        self.vault = strongroom.create(folder / "bots.vault", key=strongroom.generate_key())
        self.vault.put("kraken/main", {"secret": KRAKEN_SECRET}, info={"api_key": "of kraken"})
        self.vault.put("okx/main", {"secret": OKX_SECRET, "password": PASSPHRASE}, info={"api_key": "of okx"})
        self.key = folder / "portfolio-1.key"
        self.vault.grant("portfolio-1", ["kraken", "okx"]).write(self.key)

    def run(self) -> tuple[int, list[str], list[str]]:
        """Start the exchanges and then the program, and return its exit code and the lines that it printed."""
        command = [sys.executable, str(EXAMPLES / "exchange.py")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as exchange:
            assert exchange.stdin
            assert exchange.stdout
            exchange.stdin.write(json.dumps({"accounts": ACCOUNTS}) + "\n")
            exchange.stdin.flush()
            done = self.run_at(exchange.stdout.readline().strip())
            exchange.kill()
        return done

    def run_at(self, url: str) -> tuple[int, list[str], list[str]]:
        environment = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
        environment |= {"STRONGROOM_VAULT": self.vault.path, "STRONGROOM_KEY_FILE": str(self.key), "EXCHANGE_URL": url}
        command = [sys.executable, str(EXAMPLES / "portfolio.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        for secret in (KRAKEN_SECRET, OKX_SECRET, PASSPHRASE):
            assert secret not in done.stdout + done.stderr
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    return Bot(tmp_path)


def test_each_exchange_answers(bot: Bot) -> None:
    status, output, errors = bot.run()
    assert (status, errors) == (0, [])
    assert output[0].endswith("I can see: kraken/main, okx/main")
    assert output[1:] == ["Kraken: 2500 ZEUR", "OKX: 800 USDT, 2 BTC", "OKX's WebSocket: logged in"]


def test_wrong_secrets_are_refused_one_by_one(bot: Bot) -> None:
    bot.vault.update("okx/main", {"secret": OKX_SECRET[::-1]})
    status, output, errors = bot.run()
    assert (status, output[1:]) == (1, ["Kraken: 2500 ZEUR"])
    assert errors == [
        "OKX refused: Invalid Sign (code 50113)",
        "OKX's WebSocket refused: Invalid sign (code 60007)",
    ]

    bot.vault.update("kraken/main", {"secret": "d3Jvbmc="})
    bot.vault.update("okx/main", {"secret": OKX_SECRET, "password": "another"})
    status, output, errors = bot.run()
    assert (status, output[1:]) == (1, [])
    assert errors == [
        "Kraken refused: EAPI:Invalid signature",
        'OKX refused: Request header "OK-ACCESS-PASSPHRASE" incorrect (code 50105)',
        "OKX's WebSocket refused: Wrong passphrase (code 60024)",
    ]


def test_what_is_no_answer_of_an_exchange_is_told(bot: Bot) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def do_POST(self) -> None:
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        status, output, errors = bot.run_at(f"http://127.0.0.1:{proxy.server_port}")
        proxy.shutdown()
    assert (status, len(output)) == (3, 1)  # the last of them was no WebSocket
    assert errors[:2] == [f"{name}: this is no answer of the exchange's" for name in ("Kraken", "OKX")]
    assert errors[2].startswith("no answer: ")


def test_the_vaults_refusal_and_silence_are_told_apart(bot: Bot) -> None:
    status, output, [error] = bot.run_at("http://127.0.0.1:1")  # where nobody listens
    assert (status, len(output)) == (3, 1)
    assert error.startswith("no answer: ")
    bot.vault.revoke("portfolio-1")
    status, output, [error] = bot.run_at("http://127.0.0.1:1")
    assert (status, output) == (2, [])
    assert error.startswith("the vault refused (decrypt): ")
