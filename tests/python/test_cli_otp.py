"""`strongroom totp`."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest
from command import Desk, owners_desk
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

if TYPE_CHECKING:
    from pathlib import Path

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Zerodha:AB1234?secret={SEED}&issuer=Zerodha"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, SEED)
    with desk.open() as vault:
        vault.put("zerodha/login", {"password": "p", "totp": URI})
        vault.put("base32/main", {"totp": "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp", "second": URI})
        vault.put("quick/main", {"totp": f"{URI}&period=1"})
        vault.put("counter/main", {"totp": f"otpauth://hotp/Old:me?secret={SEED}&issuer=Old&counter=5"})
        vault.put("wrong/main", {"totp": "hunter2!", "bytes": b"\xff:"}, info={"info": SEED})
    return desk


def codes(since: float, period: int = 30) -> list[str]:
    """Return the codes from then on until now, as another implementation makes them."""
    peer = TOTP(base64.b32decode(SEED), 6, SHA1(), period, enforce_key_length=False)
    return [
        peer.generate(step * period).decode() for step in range(int(since) // period, int(time.time()) // period + 1)
    ]


@pytest.mark.parametrize("words", [["zerodha/login"], ["base32/main"], ["base32/main", "--field", "second"]])
def test_totp_prints_the_code_alone(desk: Desk, words: list[str]) -> None:
    before = time.time()
    ended = desk.ok("totp", *words)
    assert ended.text.removesuffix("\n") in codes(before)
    assert ended.text.endswith("\n")
    assert ended.err == ""


def test_totp_as_json(desk: Desk) -> None:
    before = time.time()
    found = desk.ok("totp", "zerodha/login", "--json").json
    assert found.pop("code") in codes(before)
    assert 1 <= found.pop("seconds_remaining") <= 30
    assert found == {"name": "zerodha/login", "field": "totp"}


def test_totp_tells_at_a_terminal_how_long_the_code_lives(desk: Desk) -> None:
    before = time.time()
    with desk.terminal("totp", "zerodha/login") as terminal:
        assert terminal.end() == 0
        code, left = terminal.seen.splitlines()
        assert code in codes(before)
        assert left.endswith(" s left")


@pytest.mark.parametrize("least", [2, 4])
def test_totp_waits_for_a_code_that_lives_as_long_as_is_wanted(desk: Desk, least: int) -> None:
    with desk.open() as vault:
        vault.put("five/main", {"totp": f"{URI}&period=5"})
    before = time.time()
    found = desk.ok("totp", "five/main", "--json", "--min-seconds", str(least)).json
    assert found["seconds_remaining"] >= least
    assert found["code"] in codes(before, 5)


def test_totp_tells_at_a_terminal_that_it_waits(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("day/main", {"totp": f"{URI}&period=86400"})
    with desk.terminal("totp", "day/main", "--min-seconds", "86399") as terminal:
        terminal.expect("the next code in ")
        terminal.type("\x03")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen


def test_watch_writes_one_line_over_until_ctrl_c(desk: Desk) -> None:
    before = time.time()
    with desk.terminal("totp", "quick/main", "--watch") as terminal:
        for _ in range(3):
            terminal.expect(" 1 s\x1b[K")
        terminal.type("\x03")
        assert terminal.end() == 130
        line, end = terminal.seen.split("^C")
        assert end == "\n"
        shown = [part.partition(" ")[0] for part in line.split("\r")[1:]]
        assert "\n" not in line
        assert len(shown) >= 3
        expected = codes(before, 1)
        assert all(code in expected for code in shown)
        assert shown[0] != shown[-1]


@pytest.mark.parametrize(
    ("code", "words", "says"),
    [
        (1, ["zerodha/login", "--watch"], "no terminal"),
        (2, ["zerodha/login", "--watch", "--json"], "leave out --json"),
        (2, ["zerodha/login", "--watch", "--min-seconds", "5"], "leave out --json"),
        (2, ["zerodha/login", "--min-seconds", "30"], "fewer seconds than the 30"),
        (2, ["zerodha/login", "--min-seconds", "-1"], "x>=0"),
        (2, ["counter/main"], "holds no time-based codes"),
        (2, ["wrong/main"], "holds no time-based codes"),
        (2, ["wrong/main", "--field", "info"], "which is no secret"),
        (4, ["zerodha/login", "--field", "none"], "not found"),
        (4, ["zerodha/none"], "not found"),
    ],
)
def test_totp_refuses(desk: Desk, code: int, words: list[str], says: str) -> None:
    ended = desk.run("totp", *words)
    assert (ended.code, ended.out) == (code, b"")
    assert says in ended.err
    assert "hunter2" not in ended.err
