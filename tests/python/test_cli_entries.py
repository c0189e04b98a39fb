"""`strongroom put`, `ls`, `rm` and `mv`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from command import Desk, owners_desk

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return owners_desk(tmp_path, SECRET)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """The same, with one entry."""
    with desk.open() as vault:
        vault.put("binance/main", {"secret": SECRET}, info={"api_key": "vmPU"}, tags=["spot"], note="office only")
    return desk


def value(desk: Desk, name: str = "binance/main", field: str = "secret") -> bytes:
    with desk.open() as vault:
        found = vault[name][field]
        return found.encode() if isinstance(found, str) else found.reveal_bytes()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_put_takes_a_secret_from_stdin(desk: Desk, end: str) -> None:
    ended = desk.ok("put", "binance/main", "secret", "--stdin", "--info", "api_key=vmPU", stdin=SECRET + end)
    assert ended.out == b""
    assert ended.err == "binance/main, version 1\n"
    assert value(desk) == SECRET.encode()
    assert value(desk, field="api_key") == b"vmPU"


def test_put_takes_one_line_end_away_and_no_more(desk: Desk) -> None:
    desk.ok("put", "kraken/main", "pem", "-", stdin="-----BEGIN\nabc\n\n")
    assert value(desk, "kraken/main", "pem") == b"-----BEGIN\nabc\n"


def test_put_takes_a_secret_from_a_descriptor_and_bytes_too(desk: Desk) -> None:
    desk.ok("put", "binance/main", "secret", "--fd", "FD", pipes={"FD": b"\x00\xff\n\xfe"})
    assert value(desk) == b"\x00\xff\n\xfe"


def test_put_takes_several_secrets_as_json(desk: Desk) -> None:
    totp = desk.secret("JBSWY3DPEHPK3PXP")
    desk.ok("put", "zerodha/login", "--stdin", stdin=json.dumps({"password": SECRET, "totp": totp}))
    assert value(desk, "zerodha/login", "password") == SECRET.encode()
    assert value(desk, "zerodha/login", "totp") == totp.encode()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"secret": 5}', '{"secret": {"a": "b"}}', "[" * 100_000])
def test_put_refuses_other_json(desk: Desk, text: str) -> None:
    ended = desk.run("put", "zerodha/login", "--stdin", stdin=text)
    assert ended.code == 2
    assert "expected a JSON object" in ended.err
    assert "Traceback" not in ended.err


def test_put_asks_at_a_terminal_and_shows_nothing(desk: Desk) -> None:
    code, seen = desk.asked("put", "binance/main", "secret", answers={"secret of binance/main: ": SECRET})
    assert code == 0
    assert "binance/main, version 1" in seen
    assert value(desk) == SECRET.encode()


def test_put_refuses_what_a_terminal_cuts_off(desk: Desk) -> None:
    code, seen = desk.asked("put", "binance/main", "secret", answers={"secret of binance/main: ": "x" * 4095})
    assert code == 2
    assert "--stdin" in seen


def test_put_refuses_an_empty_answer(desk: Desk) -> None:
    code, seen = desk.asked("put", "binance/main", "secret", answers={"secret of binance/main: ": ""})
    assert code == 2
    assert "nothing was typed" in seen


def test_put_without_a_terminal_says_how(desk: Desk) -> None:
    ended = desk.run("put", "binance/main", "secret")
    assert ended.code == 1
    assert "no terminal" in ended.err
    assert "--stdin" in ended.err


@pytest.mark.parametrize("word", ["secret=hunter2", "--secret=hunter2", "-Xhunter2", "--stdin=hunter2"])
def test_no_secret_is_taken_from_the_command_line_nor_repeated(desk: Desk, word: str) -> None:
    ended = desk.run("put", "binance/main", word)
    assert ended.code == 2
    assert "hunter2" not in ended.err
    with desk.open() as vault:
        assert len(vault) == 0


def test_a_value_as_an_argument_is_explained(desk: Desk) -> None:
    ended = desk.run("put", "binance/main", "secret=hunter2")
    assert "history" in ended.err
    assert "--stdin" in ended.err
    assert "--info api_key=" in ended.err


@pytest.mark.parametrize("command", [["ls"], ["rm", "a/b", "c"], ["mv", "a/b", "a/c"], ["slots"], ["passwd", "a"]])
def test_an_argument_too_many_is_not_repeated(filled: Desk, command: list[str]) -> None:
    ended = filled.run(*command, "hunter2")
    assert ended.code == 2
    assert "hunter2" not in ended.err


def test_put_replaces_only_when_told(filled: Desk) -> None:
    ended = filled.run("put", "binance/main", "secret", "--stdin", stdin="new")
    assert ended.code == 5
    assert "--update" in ended.err
    assert "--replace" in ended.err
    assert value(filled) == SECRET.encode()

    filled.ok("put", "binance/main", "secret", "--stdin", "--update", stdin="newer")
    assert value(filled) == b"newer"
    assert value(filled, field="api_key") == b"vmPU"

    filled.ok("put", "binance/main", "other", "--stdin", "--replace", stdin="newest")
    with filled.open() as vault:
        assert vault["binance/main"].keys() == ["other"]


def test_put_says_so_before_it_asks(filled: Desk) -> None:
    with filled.terminal("put", "binance/main", "secret") as terminal:
        assert terminal.end() == 5
    with filled.terminal("put", "binance/other", "secret", "--update") as terminal:
        assert terminal.end() == 4


def test_put_updates_only_the_version_that_is_meant(filled: Desk) -> None:
    filled.ok("put", "binance/main", "--update", "--if-version", "1", "--tag", "paper")
    ended = filled.run("put", "binance/main", "--update", "--if-version", "1", "--tag", "live")
    assert ended.code == 5
    with filled.open() as vault:
        assert vault["binance/main"].tags == ("paper",)


def test_put_keeps_what_is_said_about_an_entry(desk: Desk) -> None:
    desk.ok(
        *("put", "binance/main", "--info", "api_key=a=b", "--kind", "api key", "--tag", "spot", "--tag", "eu"),
        *("--note", "office only", "--expires", "2030-01-31", "--rotate-after", "2029-06-01T12:30+02:00"),
    )
    with desk.open() as vault:
        entry = vault["binance/main"]
        assert dict(entry.info) == {"api_key": "a=b"}
        assert (entry.kind, entry.tags, entry.note) == ("api key", ("eu", "spot"), "office only")
        # $ date -u -d 2030-01-31 +%s; date -d 2029-06-01T12:30+02:00 +%s
        assert (entry.expires_at, entry.rotate_after) == (1_896_048_000, 1_875_004_200)
    before = int(time.time())
    desk.ok("put", "binance/main", "--update", "--expires", "30d", "--rotate-after", "never")
    with desk.open() as vault:
        entry = vault["binance/main"]
        assert entry.expires_at is not None
        assert before + 30 * 86_400 <= entry.expires_at <= int(time.time()) + 30 * 86_400
        assert entry.rotate_after is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["telegram", "token"], "did you mean telegram/main?"),
        (["", "token"], "expected a name"),
        (["a//b", "token"], "expected a name"),
        (["a/b\x1b[2J", "token"], "expected a name"),
        (["a/" + "b" * 10_000, "token"], "at most 255 bytes"),
        (["a/b", "to ken"], "expected a field name"),
        (["a/b", "c", "d"], "several fields"),
        (["a/b", "c", "--fd", "4"], "two places"),
        (["a/b", "c", "--info", "x"], "expected --info NAME=VALUE"),
        (["a/b", "c", "--expires", "soon"], "expected a date"),
        (["a/b", "c", "--replace", "--update"], "one of them"),
        (["a/b", "c", "--if-version", "1"], "goes with --update"),
    ],
)
def test_put_refuses_what_cannot_be(desk: Desk, words: list[str], says: str) -> None:
    ended = desk.run("put", *words, "--stdin", stdin=SECRET)
    assert ended.code == 2
    assert says in ended.err
    assert "\x1b" not in ended.err
    assert len(ended.err) < 1000
    with desk.open() as vault:
        assert len(vault) == 0


def test_put_refuses_nothing_too_much_and_a_closed_descriptor(desk: Desk) -> None:
    assert desk.run("put", "a/b").code == 2
    assert desk.run("put", "a/b", "c", "--stdin", stdin="\n").code == 2
    assert desk.run("put", "a/b", "c", "--stdin", stdin="x" * 70_000).code == 2
    assert desk.run("put", "a/b", "c", "--stdin", stdin="x" * 2_000_000).code == 2
    assert desk.run("put", "a/b", "c", "--fd", "77").code == 1
    ended = desk.run("put", "a/b", "c", "--fd", "hunter2")
    assert ended.code == 2
    assert "hunter2" not in ended.err


def test_ls_is_lines_and_tabs_where_there_is_no_terminal(filled: Desk) -> None:
    with filled.open() as vault:
        vault.put("kraken/main", {"secret": SECRET}, kind="api key", expires_at=1_000_000_000)
        updated = [time.strftime("%Y-%m-%d", time.gmtime(entry.updated)) for entry in vault.values()]
    rows = [line.split("\t") for line in filled.ok("ls").text.splitlines()]
    assert rows == [
        ["binance/main", "credentials", "1", updated[0], "", "spot", "api_key, secret"],
        ["kraken/main", "api key", "1", updated[1], "2001-09-09 (due)", "", "secret"],
    ]


def test_ls_filters(filled: Desk) -> None:
    with filled.open() as vault:
        vault.put("kraken/main", {"secret": SECRET}, kind="api key", expires_at=1_000_000_000)
    for words, names in (
        ([], ["binance/main", "kraken/main"]),
        (["--due"], ["kraken/main"]),
        (["--tag", "spot"], ["binance/main"]),
        (["--kind", "api key"], ["kraken/main"]),
        (["--compartment", "kraken"], ["kraken/main"]),
        (["--compartment", "kraken", "--tag", "spot"], []),
    ):
        assert [entry["name"] for entry in filled.ok("ls", "--json", *words).json] == names
    assert filled.run("ls", "--compartment", "nothing").code == 4


def test_ls_of_nothing_says_so(desk: Desk) -> None:
    ended = desk.ok("ls")
    assert ended.out == b""
    assert "no entries yet" in ended.err
    assert desk.ok("ls", "--json").json == []


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_tables_fit_the_terminal(filled: Desk, columns: int) -> None:
    with filled.open() as vault:
        vault.put("kraken/" + "long-" * 20, {f"field{n}": "x" for n in range(30)}, tags=["a", "b"], expires_at=1)
    for words, name in ((["ls"], "binance/main"), (["slots"], "owner")):
        with filled.terminal(*words, columns=columns) as terminal:
            assert terminal.end() == 0
            lines = terminal.seen.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
            table = [line for line in lines if not line.startswith("no room for")]
            assert max(len(line) for line in table) <= columns
            assert any(line.startswith(name) for line in table)


def test_rm_asks_first(filled: Desk) -> None:
    ended = filled.run("rm", "binance/main")
    assert ended.code == 1
    assert "--yes" in ended.err
    code, seen = filled.asked("rm", "binance/main", answers={"[y/N]": "n"})
    assert code == 1
    assert "nothing was changed" in seen
    assert value(filled) == SECRET.encode()
    code, _ = filled.asked("rm", "binance/main", answers={"remove binance/main": "y"})
    assert code == 0
    assert filled.run("rm", "binance/main", "--yes").code == 4


def test_rm_removes_a_field(filled: Desk) -> None:
    filled.ok("rm", "binance/main", "api_key", "--yes")
    assert filled.run("rm", "binance/main", "api_key", "--yes").code == 4
    with filled.open() as vault:
        assert vault["binance/main"].keys() == ["secret"]


def test_mv_renames_and_copies_across_compartments(filled: Desk) -> None:
    filled.ok("mv", "binance/main", "scalper/binance", "--copy")
    filled.ok("mv", "binance/main", "binance/spot")
    with filled.open() as vault:
        assert list(vault) == ["binance/spot", "scalper/binance"]
    assert value(filled, "scalper/binance") == value(filled, "binance/spot") == SECRET.encode()
    assert filled.run("mv", "binance/spot", "scalper/binance").code == 5
    assert filled.run("mv", "binance/none", "binance/new").code == 4
    assert filled.run("mv", "binance/spot", "spot").code == 2
