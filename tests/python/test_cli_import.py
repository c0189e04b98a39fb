"""`strongroom import env` and `strongroom export`."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import dotenv
import pytest
import strongroom
from command import Desk, owners_desk

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----"
SECRETS = ["NhqPtmdSJYdKjVHjA7PZj4", "krakensecret$%'\"\\", "hunter2 # no comment", PEM, "MIIEvQIBADAN"]
ENV = f"""\
# my bots
export BINANCE_API_KEY=vmPUZE6mv9SD5VNHk4HlWFsO
BINANCE_SECRET=NhqPtmdSJYdKjVHjA7PZj4
KRAKEN_API_KEY="kk"
KRAKEN_SECRET='krakensecret$%\\'"\\\\'
ZERODHA_PASSWORD="hunter2 # no comment"
PEM="{PEM}"
EMPTY=
URL=https://${{NO_SUCH_HOST:-api.example}}/v1
BINANCE_API_KEY=vmPUZE6mv9SD5VNHk4HlWFsO
"""
TELL = "import json, os; print(json.dumps(dict(os.environ)))"


def values_of(text: str) -> dict[str, str]:
    """Return what python-dotenv reads."""
    return {name: value or "" for name, value in dotenv.dotenv_values(stream=io.StringIO(text)).items()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, *SECRETS)
    (tmp_path / ".env").write_text(ENV)
    return desk


def test_the_variables_come_back_as_they_were(desk: Desk) -> None:
    desk.ok("import", "env", ".env")
    (desk.folder / ".env").unlink()
    found = json.loads(desk.ok("run", "--", sys.executable, "-c", TELL, reveals=True).out)
    expected = values_of(ENV)
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_line_ends_of_windows_are_read_as_python_dotenv_reads_them(desk: Desk, way: str) -> None:
    data = ENV.replace("\n", "\r\n").encode() + b"A='1\r2\r\n3'\r\nB=\"\\r\\n\"\rC=4"
    file = desk.folder / ".env"
    file.write_bytes(data)
    desk.ok("import", "env", *([".env"] if way == "file" else ["-"]), stdin=data)
    found = json.loads(desk.ok("run", "--", sys.executable, "-c", TELL, reveals=True).out)
    expected = dotenv.dotenv_values(file)
    assert (expected["PEM"], expected["A"], expected["B"], expected["C"]) == (PEM, "1\n2\n3", "\r\n", "4")
    assert {name: found.get(name) for name in expected} == expected


def test_the_mapping_is_shown_and_no_value(desk: Desk) -> None:
    ended = desk.ok("import", "env", ".env")
    rows = [line.split("\t") for line in ended.text.splitlines()]
    assert rows[:3] == [
        ["BINANCE_API_KEY", "binance/main", "api_key", "info", "new"],
        ["BINANCE_SECRET", "binance/main", "secret", "secret", "new"],
        ["KRAKEN_API_KEY", "kraken/main", "api_key", "info", "new"],
    ]
    assert "delete .env now" in ended.err
    assert "vmPUZE" not in ended.text
    with desk.open() as vault:
        assert vault["binance/main"]["api_key"] == "vmPUZE6mv9SD5VNHk4HlWFsO"
        assert vault["binance/main"]["secret"] == SECRETS[0]


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    before = (desk.folder / "strongroom.vault").read_bytes()
    ended = desk.ok("import", "env", ".env", "--dry-run", "--json")
    assert (desk.folder / "strongroom.vault").read_bytes() == before
    assert ended.json[1] == {
        "variable": "BINANCE_SECRET",
        "entry": "binance/main",
        "field": "secret",
        "secret": True,
        "outcome": "new",
    }
    assert "delete" not in ended.err


def test_it_is_all_or_nothing(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("kraken/other", {"secret": "k"})
        vault.grant("bot", ["kraken"]).write(desk.folder / "bot.key")
    (desk.folder / ".env").write_text(f"KRAKEN_SECRET=new\nBINANCE_SECRET={SECRETS[0]}\n")
    before = (desk.folder / "strongroom.vault").read_bytes()
    assert desk.run("import", "env", ".env", "--key-file", "bot.key").code == 6
    assert (desk.folder / "strongroom.vault").read_bytes() == before


def test_a_variable_that_fits_nowhere_is_told(desk: Desk) -> None:
    (desk.folder / ".env").write_text(f"BINANCE_SECRET={SECRETS[0]}\nTOO_LONG={'x' * 70_000}\n")
    ended = desk.run("import", "env", ".env")
    assert ended.code == 1
    assert "line 2 of .env was left out" in ended.err
    assert "keep .env" in ended.err


def test_importing_the_same_again_changes_nothing(desk: Desk) -> None:
    desk.ok("import", "env", ".env")
    again = desk.ok("import", "env", ".env", "--json")
    assert {row["outcome"] for row in again.json} == {"same"}
    with desk.open() as vault:
        assert {entry.version for entry in vault.values()} == {1}


def test_another_value_is_a_conflict_until_told(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("binance/main", {"secret": "the older", "passphrase": "p"}, note="mine")
    before = (desk.folder / "strongroom.vault").read_bytes()
    ended = desk.run("import", "env", ".env")
    assert ended.code == 5
    assert "binance/main secret" in ended.err
    assert (desk.folder / "strongroom.vault").read_bytes() == before

    kept = desk.ok("import", "env", ".env", "--on-conflict", "skip", "--json")
    assert {row["outcome"] for row in kept.json if row["variable"] == "BINANCE_SECRET"} == {"kept"}
    assert "delete" not in kept.err
    with desk.open() as vault:
        assert vault["binance/main"]["secret"] == "the older"
        assert vault["binance/main"]["api_key"] == "vmPUZE6mv9SD5VNHk4HlWFsO"

    desk.ok("import", "env", ".env", "--on-conflict", "replace")
    with desk.open() as vault:
        entry = vault["binance/main"]
        assert entry["secret"] == SECRETS[0]
        assert (entry["passphrase"], entry.note) == ("p", "mine")


def test_what_was_info_becomes_secret(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("binance/main", {"api_key": "x"}, info={"secret": "y"})
    desk.ok("import", "env", ".env", "--on-conflict", "replace")
    with desk.open() as vault:
        entry = vault["binance/main"]
        assert list(entry.fields) == ["secret"]
        assert entry.info["api_key"] == "vmPUZE6mv9SD5VNHk4HlWFsO"


def test_what_cannot_be_read_is_told_and_the_file_is_to_be_kept(desk: Desk) -> None:
    (desk.folder / ".env").write_text(f"A=1\n'hunter2\nBINANCE_SECRET={SECRETS[0]}\n")
    desk.secret("hunter2")
    ended = desk.run("import", "env", ".env")
    assert ended.code == 1
    assert "line 2 of .env could not be read" in ended.err
    assert "keep .env" in ended.err
    with desk.open() as vault:
        assert vault["binance/main"]["secret"] == SECRETS[0]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"A=\x00", 2), (b"A=\xff", 2), (b"#" * (1 << 20) + b"\n", 2), (b"A=1\n" * 600_000, 2), (b"", 0), (b"# A=1", 0)],
)
def test_a_file_that_is_not_one(desk: Desk, data: bytes, code: int) -> None:
    (desk.folder / ".env").write_bytes(data)
    ended = desk.run("import", "env", ".env")
    assert (ended.code, ended.out) == (code, b"")
    with desk.open() as vault:
        assert len(vault) == 0


def test_a_file_that_is_not_there(desk: Desk) -> None:
    assert desk.run("import", "env", "none.env").code == 4
    assert desk.run("import", "env", str(desk.folder)).code == 1
    assert desk.run("import", "env").code == 2
    assert desk.run("import", "nothing").code == 2


def test_export_wants_to_be_asked_plainly(desk: Desk) -> None:
    desk.ok("import", "env", ".env")
    ended = desk.run("export")
    assert (ended.code, ended.out) == (2, b"")
    assert "--plaintext" in ended.err
    with desk.terminal("export", "--plaintext") as terminal:
        assert terminal.end() == 2
        assert "--force" in terminal.seen
    with desk.terminal("export", "--plaintext", "--force") as terminal:
        terminal.reveals = True
        assert terminal.end() == 0
        assert SECRETS[0] in terminal.seen


def test_export_writes_a_new_file_for_its_owner_alone(desk: Desk) -> None:
    desk.ok("import", "env", ".env")
    umask = os.umask(0)
    try:
        desk.ok("export", "--plaintext", "-o", "all.json")
    finally:
        os.umask(umask)
    file = desk.folder / "all.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRETS[0] in file.read_text()
    assert desk.run("export", "--plaintext", "-o", "all.json").code == 5
    (desk.folder / "link").symlink_to("elsewhere")
    assert desk.run("export", "--plaintext", "-o", "link").code == 5
    assert not (desk.folder / "elsewhere").exists()


def test_exported_json_has_everything(desk: Desk) -> None:
    with desk.open() as vault:
        fields: dict[str, str | bytes] = {"secret": "s", "bytes": b"\xff\x00"}
        info = {"api_key": "k"}
        vault.put("kraken/main", fields, info=info, tags=["t"], note="n", kind="x", expires_at=5, rotate_after=6)
        vault.put("other/main", {"secret": "o"})
    found = desk.ok("export", "kraken", "--plaintext").json
    assert found["strongroom_export"] == 1
    (entry,) = found["entries"]
    del entry["created"], entry["updated"]
    assert entry == {
        "name": "kraken/main",
        "kind": "x",
        "version": 1,
        "state": "current",
        "expires_at": 5,
        "rotate_after": 6,
        "tags": ["t"],
        "note": "n",
        "info": {"api_key": "k"},
        "fields": {"secret": "s", "bytes": {"base64": "/wA="}},
    }
    assert len(desk.ok("export", "--plaintext").json["entries"]) == 2
    assert desk.run("export", "nothing", "--plaintext").code == 4


def test_an_exported_env_is_read_by_python_dotenv(desk: Desk) -> None:
    desk.ok("import", "env", ".env")
    odd = {
        "A": "${HOME}",
        "B": "a\\'b'c",
        "C": "${X:-y}${",
        "D": "$",
        "E": "x\r\n\"y'\\r\r${",
        "F": "#",
        "G": "ü€",
        "H": "\\${A}",
    }
    with desk.open() as vault:
        vault.put("odd/main", odd)
    text = desk.ok("export", "--plaintext", "--format", "env", reveals=True).text
    (desk.folder / "exported.env").write_bytes(text.encode())
    assert values_of(text) == dotenv.dotenv_values(desk.folder / "exported.env")
    assert values_of(text) == {**values_of(ENV), **{f"ODD_{name}": value for name, value in odd.items()}}


def test_an_exported_env_makes_the_same_vault(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    desk.ok("import", "env", ".env")
    with desk.open() as vault:
        vault.put("kraken/main", {"secret": SECRETS[1]}, info={"api_key": "kk"})  # put by hand, so without a mapping
        vault.update("env/main", {"PEM": PEM.replace("\n", "\r\n")})
    text = desk.ok("export", "--plaintext", "--format", "env", reveals=True).out
    other = owners_desk(tmp_path_factory.mktemp("other"), *SECRETS)
    other.ok("import", "env", "-", stdin=text)
    with desk.open() as ours, other.open() as theirs:
        assert plain(ours) == plain(theirs)


def plain(vault: strongroom.Vault) -> dict[str, dict[str, str]]:
    """Return all but the mapping."""
    return {
        name: {
            field: entry.info[field] if field in entry.info else entry.fields[field].reveal()
            for field in entry
            if not field.startswith("env")
        }
        for name, entry in vault.items()
    }


def test_env_cannot_hold_everything(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("a/b", {"c": b"\xff"})
    assert desk.run("export", "--plaintext", "--format", "env").code == 1
    with desk.open() as vault:
        vault.put("a/b", {"c": "1"})
        vault.put("a/b-c", {"d": "1"})
        vault.put("a/b/c", {"d": "1"})
    ended = desk.run("export", "--plaintext", "--format", "env")
    assert ended.code == 1
    assert "A_B_C_D" in ended.err
    assert ended.out == b""
