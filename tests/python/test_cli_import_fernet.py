"""`strongroom import fernet`."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Desk, owners_desk
from cryptography.fernet import Fernet

KEY, OTHER = Fernet.generate_key(), Fernet.generate_key()
SECRETS = ["NhqPtmdSJYdKjVHjA7PZj4", "krakensecret$%'\"\\"]


def token(value: str | bytes, key: bytes = KEY) -> str:
    return Fernet(key).encrypt(value.encode() if isinstance(value, str) else value).decode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, *SECRETS, KEY.decode(), OTHER.decode())
    (tmp_path / "fernet.key").write_bytes(KEY + b"\n")
    lines = [
        "# my bots",
        "",
        f"binance/main/secret={token(SECRETS[0])}",
        f" kraken/main/secret = {token(SECRETS[1])}\r",
    ]
    (tmp_path / "tokens.txt").write_text("\n".join(lines))
    return desk


def test_a_line_for_each_token(desk: Desk) -> None:
    ended = desk.ok("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key")
    rows = [line.split("\t") for line in ended.text.splitlines()]
    assert rows == [["binance/main", "secret", "new"], ["kraken/main", "secret", "new"]]
    assert "delete tokens.txt now" in ended.err
    with desk.open() as vault:
        assert [vault[name]["secret"] for name in ("binance/main", "kraken/main")] == SECRETS
    again = desk.ok("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key", "--json")
    assert [row["outcome"] for row in again.json] == ["same", "same"]


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_a_file_of_one_token(desk: Desk, way: str) -> None:
    (desk.folder / "one").write_text(token(SECRETS[0]) + "\n")
    stdin = b"" if way == "file" else (desk.folder / "one").read_bytes()
    words = [
        "import",
        "fernet",
        "one" if way == "file" else "-",
        "--to",
        "binance/main/secret",
        "--fernet-key-fd",
        "{}",
    ]
    ended = desk.ok(*words, stdin=stdin, pipes={"{}": KEY + b"\n"})
    assert ("delete one now" in ended.err) is (way == "file")
    with desk.open() as vault:
        assert vault["binance/main"]["secret"] == SECRETS[0]


def test_bytes_stay_bytes(desk: Desk) -> None:
    (desk.folder / "one").write_text(token(b"\xff\x00\xfe"))
    desk.ok("import", "fernet", "one", "--to", "a/b/seed", "--fernet-key", "fernet.key")
    with desk.open() as vault:
        assert vault["a/b"]["seed"] == b"\xff\x00\xfe"


def test_tokens_under_several_keys(desk: Desk) -> None:
    (desk.folder / "other.key").write_bytes(OTHER)
    (desk.folder / "tokens.txt").write_text(f"a/b/c={token('1')}\na/b/d={token('2', OTHER)}\n")
    desk.ok("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key", "--fernet-key", "other.key")
    with desk.open() as vault:
        assert (vault["a/b"]["c"], vault["a/b"]["d"]) == ("1", "2")


def test_an_entry_keeps_its_other_fields(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("binance/main", {"password": "p"}, info={"secret": "in the wrong place", "api_key": "k"})
    ended = desk.run("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key")
    assert ended.code == 5
    assert "binance/main secret" in ended.err
    ended = desk.ok("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key", "--on-conflict", "skip", "--json")
    assert [row["outcome"] for row in ended.json] == ["kept", "new"]
    assert "tokens.txt still has" in ended.err
    ended = desk.ok(
        "import", "fernet", "tokens.txt", "--fernet-key", "fernet.key", "--on-conflict", "replace", "--json"
    )
    assert [row["outcome"] for row in ended.json] == ["replaced", "same"]
    with desk.open() as vault:
        entry = vault["binance/main"]
        assert (entry["secret"], entry["password"], dict(entry.info)) == (SECRETS[0], "p", {"api_key": "k"})


def test_if_one_cannot_be_read_nothing_is_changed(desk: Desk) -> None:
    before = (desk.folder / "strongroom.vault").read_bytes()
    with (desk.folder / "tokens.txt").open("a") as file:
        file.write(f"\na/b/c={token('1', OTHER)}\n")
    ended = desk.run("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key")
    assert ended.code == 3
    assert "line 5 of tokens.txt has no token of this Fernet key" in ended.err
    assert (desk.folder / "strongroom.vault").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gAAAAA==", "expected line 1 of tokens.txt to be NAME/FIELD=token; for a file of one token, add --to"),
        ("secret=gAAAAA", "expected line 1 of tokens.txt to be NAME/FIELD=token"),
        ("main/secret=gAAAAA", "expected line 1 of tokens.txt to be an entry and a field"),
        ("a/b/c=gAAAAA\na/b/c=gAAAAA", "line 2 of tokens.txt has the same entry and field"),
        ("# nothing\n", "there is no token in tokens.txt"),
    ],
)
def test_a_file_of_another_form(desk: Desk, text: str, told: str) -> None:
    (desk.folder / "tokens.txt").write_text(text)
    ended = desk.run("import", "fernet", "tokens.txt", "--fernet-key", "fernet.key")
    assert ended.code == 2
    assert told in ended.err
    assert "gAAAAA" not in ended.err


def test_what_is_wrong_with_the_command_line(desk: Desk) -> None:
    one = token("1")
    ended = desk.run("import", "fernet", "tokens.txt", "--to", f"a/b/c={one}", "--fernet-key", "fernet.key")
    assert ended.code == 2
    assert one not in ended.err
    assert "no token is taken from the command line" in ended.err
    assert desk.run("import", "fernet", "tokens.txt", "--to", "secret", "--fernet-key", "fernet.key").code == 2
    assert desk.run("import", "fernet", "missing", "--fernet-key", "fernet.key").code == 4
    assert desk.run("import", "fernet", "tokens.txt", "--fernet-key", "missing").code == 4
    assert desk.run("import", "fernet", "tokens.txt", "--fernet-key", "owner.key").code == 2
    ended = desk.run("import", "fernet", "tokens.txt")
    assert ended.code == 1
    assert "there is no terminal to ask for Fernet key" in ended.err
    assert "--fernet-key FILE" in ended.err
