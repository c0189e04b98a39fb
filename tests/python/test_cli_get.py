"""`strongroom get`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import Desk, owners_desk

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, SECRET)
    with desk.open() as vault:
        vault.put("binance/main", {"secret": SECRET}, info={"api_key": "vmPU"}, tags=["spot"], note="office only")
    return desk


def test_it_gives_a_value_as_it_is(desk: Desk) -> None:
    assert desk.ok("get", "binance/main", "secret", reveals=True).out == SECRET.encode()
    assert desk.ok("get", "binance/main", "api_key").out == b"vmPU"
    with desk.open() as vault:
        vault.put("a/b", {"bytes": b"\x00\xff\x1b"})
    assert desk.ok("get", "a/b", "bytes").out == b"\x00\xff\x1b"


def test_it_ends_the_line_on_a_terminal(desk: Desk) -> None:
    with desk.terminal("get", "binance/main", "secret") as terminal:
        terminal.reveals = True
        assert terminal.end() == 0
        assert terminal.seen == SECRET + "\n"


@pytest.mark.parametrize("data", [b"\x1b[2Jhello", b"\xff", "a\u202eb".encode(), b"a\rb"])
def test_it_does_not_upset_a_terminal_with_a_value(desk: Desk, data: bytes) -> None:
    with desk.open() as vault:
        vault.put("a/b", {"c": data})
    with desk.terminal("get", "a/b", "c") as terminal:
        assert terminal.end() == 1
        assert terminal.seen.startswith("strongroom: c is not plain text")
        assert not {"\x1b", "\u202e", "\r"} & set(terminal.seen)
    assert desk.ok("get", "a/b", "c").out == data


@pytest.mark.parametrize("words", [["get", "a/b"], ["ls"]])
def test_what_is_shown_does_not_upset_a_terminal(desk: Desk, words: list[str]) -> None:
    with desk.open() as vault:
        vault.put("a/b", {}, info={"url": "a\x1b[2Jb"}, kind="\x9b2J", note="\x1b]0;title\x07", tags=["\u202e"])
    with desk.terminal(*words) as terminal:
        assert terminal.end() == 0
        assert not any(bad in terminal.seen for bad in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e"))
        assert "\\u202e" in terminal.seen


def test_it_shows_an_entry_without_its_secrets(desk: Desk) -> None:
    text = desk.ok("get", "binance/main").text
    for part in ("binance/main", "api_key", "vmPU", "***", "spot", "office only"):
        assert part in text
    entry = desk.ok("get", "binance/main", "--json").json
    assert entry.pop("created") == entry.pop("updated")
    assert entry == {
        "name": "binance/main",
        "kind": "credentials",
        "version": 1,
        "state": "current",
        "expires_at": None,
        "rotate_after": None,
        "tags": ["spot"],
        "note": "office only",
        "info": {"api_key": "vmPU"},
        "fields": ["secret"],
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["binance/other"], 4),
        (["binance/main", "nothing"], 4),
        (["kraken/main"], 4),
        (["binance"], 2),
        ([], 2),
        (["binance/main", "secret", "more"], 2),
        (["binance/main", "secret", "--json"], 2),
        (["binance/main", "--nothing=hunter2"], 2),
        (["binance/main", "--json=hunter2"], 2),
        (["binance/main", "--vault"], 2),
        (["binance/main", "--vault", "none.vault"], 4),
        (["binance/main", "--key-file", "none.key"], 4),
        (["binance/main", "--key-file", "owner.key", "--key-fd", "3"], 2),
        (["binance/main", "--key-fd", "hunter2"], 2),
        (["binance/main", "--passphrase"], 1),
        (["binance/main", "--passphrase", "--passphrase-fd", "3"], 2),
    ],
)
def test_it_refuses_what_cannot_be(desk: Desk, words: list[str], code: int) -> None:
    ended = desk.run("get", *words)
    assert (ended.code, ended.out) == (code, b""), ended.err
    assert ended.err.startswith("strongroom: ")
    assert "hunter2" not in ended.err


@pytest.mark.parametrize("place", [0, 1, 2])
def test_options_may_stand_anywhere(desk: Desk, place: int) -> None:
    words = ["binance/main", "api_key"]
    words[place:place] = ["--vault", "strongroom.vault"]
    assert desk.ok("get", *words).out == b"vmPU"


def test_help_teaches(desk: Desk) -> None:
    for command in ("get", "run"):
        text = desk.ok(command, "--help").text
        assert f"  strongroom {command} " in text
        assert max(len(line) for line in text.splitlines()) <= 90
