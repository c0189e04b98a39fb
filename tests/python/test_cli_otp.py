"""`strongroom totp` and `strongroom qr`."""

from __future__ import annotations

import base64
import stat
import time
from typing import TYPE_CHECKING, Literal

import pictures
import pytest
from command import Desk, owners_desk
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from strongroom.otp import Account, read_migration

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


# ---- totp ----


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


# ---- qr ----


def drawn(seen: str) -> str:
    """Return the lines of blocks of what was seen at a terminal."""
    return "\n".join(line for line in seen.splitlines() if line and not set(line) - set(" ▀▄█"))


@pytest.mark.parametrize("background", ["dark", "light"])
def test_qr_is_read_from_the_terminal(desk: Desk, background: Literal["dark", "light"]) -> None:
    words = ["qr", "zerodha/login", "--background", background]
    code, seen = desk.asked(
        *words, answers={"the seed of zerodha/login to whoever sees the screen; show it? [y/N]": "y"}
    )
    assert code == 0
    assert pictures.read(pictures.of_terminal(drawn(seen), background)) == [URI]


def test_qr_asks_first(desk: Desk) -> None:
    code, seen = desk.asked("qr", "zerodha/login", answers={"show it? [y/N]": "n"})
    assert code == 1
    assert "█" not in seen
    with desk.terminal("qr", "zerodha/login", "--yes") as terminal:
        assert terminal.end() == 0
        assert pictures.read(pictures.of_terminal(drawn(terminal.seen), "dark")) == [URI]


def test_qr_is_a_picture_that_only_its_user_can_read(desk: Desk) -> None:
    ended = desk.ok("qr", "zerodha/login", "--svg", "z.svg")
    assert ended.out == b""
    assert "delete it" in ended.err
    file = desk.folder / "z.svg"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert pictures.read(pictures.of_svg(file.read_text())) == [URI]
    assert desk.run("qr", "base32/main", "--svg", "z.svg").code == 5
    assert desk.ok("qr", "zerodha/login", "--svg", "-").out == file.read_bytes()


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("base32/main", f"otpauth://totp/base32%2Fmain?secret={SEED}"),
        ("quick/main", f"{URI}&period=1"),
        ("counter/main", f"otpauth://hotp/Old:me?secret={SEED}&issuer=Old&counter=5"),
    ],
)
def test_qr_of_whatever_holds_a_seed(desk: Desk, name: str, uri: str) -> None:
    assert pictures.read(pictures.of_svg(desk.ok("qr", name, "--svg", "-").text)) == [uri]


@pytest.mark.parametrize(
    ("code", "words", "says"),
    [
        (1, ["zerodha/login"], "--svg FILE"),
        (1, ["zerodha/login", "--yes"], "--svg FILE"),
        (2, ["zerodha/login", "base32/main", "--svg", "-"], "--migration"),
        (2, ["wrong/main", "--svg", "-"], "field totp of wrong/main holds no one-time codes"),
        (2, ["wrong/main", "--svg", "-", "--field", "bytes"], "holds no one-time codes"),
        (2, ["quick/main", "--svg", "-", "--migration"], "30 seconds"),
        (2, ["wrong/main", "--svg", "-", "--field", "info"], "which is no secret"),
        (4, ["wrong/main", "--svg", "-", "--field", "none"], "not found"),
        (4, ["zerodha/none", "--svg", "-"], "not found"),
    ],
)
def test_qr_refuses(desk: Desk, code: int, words: list[str], says: str) -> None:
    ended = desk.run("qr", *words)
    assert (ended.code, ended.out) == (code, b"")
    assert says in ended.err
    assert "hunter2" not in ended.err


def test_qr_does_not_show_what_a_terminal_would_break(desk: Desk) -> None:
    with desk.terminal("qr", "zerodha/login", "--yes", columns=40) as terminal:
        assert terminal.end() == 1
        assert "takes 45 columns and the terminal has 40" in terminal.seen
        assert "█" not in terminal.seen
    with desk.terminal("qr", "zerodha/login", "--svg", "-") as terminal:
        assert terminal.end() == 2
        assert "<svg" not in terminal.seen


def test_qr_as_a_phones_export(desk: Desk) -> None:
    svg = desk.ok("qr", "--migration", "zerodha/login", "counter/main", "base32/main", "--svg", "-").text
    accounts, missing = read_migration(pictures.read(pictures.of_svg(svg)))
    assert missing == ()
    assert [(account.issuer, account.name, account.counter) for account in accounts] == [
        ("Zerodha", "AB1234", None),
        ("Old", "me", 5),
        (None, "base32/main", None),
    ]
    assert accounts[0] == Account.from_uri(URI)


def test_qr_shows_an_export_one_code_after_the_other(desk: Desk) -> None:
    names = [f"many/account-of-a-broker-{number}" for number in range(12)]
    with desk.open() as vault, vault.edit() as v:
        for name in names:
            v.put(name, {"totp": SEED})
    ended = desk.run("qr", "--migration", *names, "--svg", "-")
    assert ended.code == 2
    assert "2 QR codes" in ended.err
    with desk.terminal("qr", "--migration", *names, columns=200) as terminal:
        terminal.expect("show it? [y/N]")
        terminal.type("y\n")
        terminal.expect("QR code 1 of 2; Enter for the next")
        first = drawn(terminal.seen)
        terminal.type("\n")
        assert terminal.end() == 0
        assert "\nQR code 2 of 2\n" in terminal.seen
        second = drawn(terminal.seen).removeprefix(first)
        assert "make the window higher" in terminal.seen  # 50 lines
    texts = [text for part in (first, second) for text in pictures.read(pictures.of_terminal(part.strip("\n"), "dark"))]
    accounts, missing = read_migration(reversed(texts))
    assert missing == ()
    assert [account.name for account in accounts] == names
