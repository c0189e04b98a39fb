"""The example that signs requests, over real HTTP: what it sends is what an exchange takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import strongroom

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def exchange(vault: strongroom.Vault) -> Iterator[str]:
    """The address of the exchange of the examples, which checks signatures by itself."""
    entry = vault["binance/main"]
    account = {"api_key": entry.info["api_key"], "secret": entry.fields["secret"].reveal()}
    accounts = [{**account, "balances": {"USDT": "1000", "BTC": "0"}}]
    command = [sys.executable, str(EXAMPLES / "exchange.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(json.dumps({"accounts": accounts}) + "\n")
        running.stdin.flush()
        yield running.stdout.readline().strip()
        running.stdin.close()


def run(vault: Path, key: Path, url: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "EXCHANGE_URL": url,
        "STRONGROOM_VAULT": str(vault),
        "STRONGROOM_KEY_FILE": str(key),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, str(EXAMPLES / "sign.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_requests_are_taken(vault: strongroom.Vault, path: Path, exchange: str) -> None:
    bot = path.parent / "bot.key"
    vault.grant("bot", ["binance"]).write(bot)
    done = run(path, bot, exchange)
    assert done.stderr == ""
    assert done.stdout == "I own 0 BTC\nI own 1000 USDT\norder 1 is in the book\n"
    # The first order has locked 300 USDT, and each further one does.
    assert run(path, bot, exchange).stdout.startswith("I own 0 BTC\nI own 700.000 USDT\n")


def test_a_wrong_secret_is_refused(vault: strongroom.Vault, path: Path, exchange: str) -> None:
    bot = path.parent / "bot.key"
    vault.update("binance/main", {"secret": "another"})
    vault.grant("bot", ["binance"]).write(bot)
    done = run(path, bot, exchange)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Signature for this request is not valid." in done.stderr
    assert "another" not in done.stderr
