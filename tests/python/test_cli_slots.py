"""`strongroom init`, `slots`, `grant`, `revoke`, `passwd` and `rekey`: who can open a vault."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import model
import pytest
import strongroom
from command import Desk, owners_desk

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "correct horse battery staple"
OTHER = "tr0ub4dor and 3"


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """A folder without a vault."""
    return Desk(tmp_path, {}, [PASSPHRASE, OTHER])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, PASSPHRASE, OTHER)
    with desk.open() as vault:
        for name in ("binance/main", "kraken/main"):
            vault.put(name, {"secret": "s"})
    return desk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opens(desk: Desk, *words: str, **how: Any) -> list[str]:
    """Return the names that are seen with these options."""
    return [line.split("\t")[0] for line in desk.ok("ls", *words, **how).text.splitlines()]


def enrol_passkeys(desk: Desk) -> None:
    """Do what a browser does: `phone` opens binance, `laptop` everything, and with a passphrase beside it."""
    file = desk.folder / "strongroom.vault"
    opened = model.open(file.read_bytes(), key=(desk.folder / "owner.key").read_text().strip())
    writer = model.Writer(opened)

    def answer(_: bytes) -> bytes:
        return bytes(32)

    writer.grant("phone", ["binance"], credential_id=b"\xfb\xffphone", prf=answer)
    beside: dict[str, Any] = {"passphrase": PASSPHRASE, "kdf": 1, "costs": (19_456, 2, 1)}
    writer.grant("laptop", None, credential_id=b"laptop", prf=answer, **beside)
    file.write_bytes(writer.save())


# ---- init ----


def test_init_asks_for_a_passphrase_twice(empty: Desk) -> None:
    code, seen = empty.asked("init", answers={"new passphrase": PASSPHRASE, "the same again": PASSPHRASE})
    assert code == 0
    assert str(empty.folder / "strongroom.vault") in seen
    assert "deriving the key" in seen
    code, seen = empty.asked("ls", answers={"passphrase for": PASSPHRASE})
    assert code == 0
    assert "no entries yet" in seen
    assert empty.run("ls", env={"STRONGROOM_PASSPHRASE": PASSPHRASE}).code == 0
    assert empty.run("ls", "--passphrase-fd", "0", stdin=PASSPHRASE + "\n").code == 0
    assert empty.run("ls", "--passphrase-fd", "FD", pipes={"FD": OTHER.encode()}).code == 3


def test_init_with_two_different_passphrases_makes_nothing(empty: Desk) -> None:
    code, _ = empty.asked("init", answers={"new passphrase": PASSPHRASE, "the same again": OTHER})
    assert code == 2
    assert list(empty.folder.iterdir()) == []


def test_init_makes_a_key_file(empty: Desk) -> None:
    ended = empty.ok("init", "bots.vault", "--new-key", "owner.key")
    assert "owner.key" in ended.err
    assert mode(empty.folder / "owner.key") == 0o600
    key = empty.secret((empty.folder / "owner.key").read_text().strip())
    assert key.startswith("STRONGROOM-KEY-1-")
    assert key not in ended.err
    assert opens(empty, "--vault", "bots.vault", "--key-file", "owner.key") == []


def test_init_with_both_asks_for_both(empty: Desk) -> None:
    words = ["--new-key", "owner.key", "--new-passphrase-fd", "0"]
    empty.ok("init", *words, stdin=PASSPHRASE)
    ended = empty.run("ls", "--key-file", "owner.key")
    assert ended.code == 2
    assert "passphrase as well" in ended.err
    assert empty.run("ls", "--passphrase-fd", "0", stdin=PASSPHRASE).code != 0
    assert empty.run("ls", "--key-file", "owner.key", "--passphrase-fd", "0", stdin=PASSPHRASE).code == 0
    code, _ = empty.asked("ls", "--key-file", "owner.key", "--passphrase", answers={"passphrase": PASSPHRASE})
    assert code == 0


@pytest.mark.parametrize("taken", ["strongroom.vault", "owner.key"])
def test_init_overwrites_nothing_and_leaves_nothing_behind(empty: Desk, taken: str) -> None:
    (empty.folder / taken).write_text("precious")
    ended = empty.run("init", "--new-key", "owner.key")
    assert ended.code == 5
    assert [(path.name, path.read_text()) for path in empty.folder.iterdir()] == [(taken, "precious")]


def test_init_removes_its_key_where_no_vault_can_be_made(empty: Desk) -> None:
    assert empty.run("init", "no/such/folder/x.vault", "--new-key", "owner.key").code == 1
    assert list(empty.folder.iterdir()) == []


def test_init_without_a_terminal_does_not_hang(empty: Desk) -> None:
    ended = empty.run("init", stdin=PASSPHRASE)
    assert ended.code == 1
    assert "--new-passphrase-fd" in ended.err
    assert list(empty.folder.iterdir()) == []


def test_init_takes_the_path_from_where_the_others_do(empty: Desk) -> None:
    empty.ok("init", "--new-key", "a.key", env={"STRONGROOM_VAULT": "a.vault"})
    empty.ok("init", "--new-key", "b.key", "--vault", "b.vault")
    assert {path.name for path in empty.folder.glob("*.vault")} == {"a.vault", "b.vault"}
    assert empty.run("init", "c.vault", "--vault", "d.vault").code == 2
    assert empty.run("init", "c.vault", "--new-passphrase-fd", "0", stdin="").code == 2


# ---- grant ----


def test_a_granted_key_opens_its_compartments_and_no_others(desk: Desk) -> None:
    ended = desk.ok("grant", "scalper-1", "binance")
    assert ended.out == b""
    assert mode(desk.folder / "scalper-1.key") == 0o600
    desk.secret((desk.folder / "scalper-1.key").read_text().strip())
    assert opens(desk, "--key-file", "scalper-1.key") == ["binance/main"]
    assert desk.run("get", "kraken/main", "--key-file", "scalper-1.key").code == 6
    assert desk.run("slots", "--key-file", "scalper-1.key").code == 6
    assert desk.run("grant", "more", "kraken", "--key-file", "scalper-1.key").code == 6
    assert not (desk.folder / "more.key").exists()


def test_a_key_can_come_by_a_descriptor(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance", "--new-key", "elsewhere.key")
    key = (desk.folder / "elsewhere.key").read_bytes()
    assert opens(desk, "--key-fd", "FD", pipes={"FD": key}) == ["binance/main"]
    mistyped = key.strip()[:-1] + (b"C" if key.strip().endswith(b"A") else b"A")
    ended = desk.run("ls", "--key-fd", "FD", pipes={"FD": mistyped})
    assert ended.code == 2
    assert key.decode().strip()[20:] not in ended.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["bot"], 2),
        (["bot", "binance", "--owner"], 2),
        (["bot", "nothing"], 4),
        (["owner", "binance"], 5),
        (["../bot", "binance"], 2),
        (["a b", "binance"], 2),
        (["", "binance"], 2),
        (["x" * 65, "binance"], 2),
        (["bot\n", "binance"], 2),
    ],
)
def test_no_key_is_left_of_a_grant_that_failed(desk: Desk, words: list[str], code: int) -> None:
    before = (desk.folder / "strongroom.vault").read_bytes()
    files = {path.name for path in desk.folder.iterdir()}
    assert desk.run("grant", *words).code == code
    assert {path.name for path in desk.folder.iterdir()} - files <= {"strongroom.vault.lock"}
    assert (desk.folder / "strongroom.vault").read_bytes() == before


def test_no_grant_is_made_whose_key_cannot_be_written(desk: Desk) -> None:
    (desk.folder / "bot.key").write_text("precious")
    assert desk.run("grant", "bot", "binance").code == 5
    assert desk.run("grant", "bot", "binance", "--new-key", "no/folder/bot.key").code == 1
    assert (desk.folder / "bot.key").read_text() == "precious"
    with desk.open() as vault:
        assert [slot.label for slot in vault.slots] == ["owner"]


def test_a_label_may_be_anything_with_a_file_name_of_its_own(desk: Desk) -> None:
    desk.ok("grant", "mein bot ü", "binance", "--new-key", "bot.key")
    assert opens(desk, "--key-file", "bot.key") == ["binance/main"]


def test_an_owner_with_a_passphrase(desk: Desk) -> None:
    answers = {"new passphrase of alice": PASSPHRASE, "the same again": PASSPHRASE}
    code, seen = desk.asked("grant", "alice", "--owner", "--new-passphrase", answers=answers)
    assert code == 0
    assert "everything" in seen
    assert not (desk.folder / "alice.key").exists()
    assert opens(desk, "--passphrase-fd", "0", stdin=PASSPHRASE.encode()) == ["binance/main", "kraken/main"]


def test_slots_and_grants_as_json(desk: Desk) -> None:
    granted = desk.ok("grant", "bot", "kraken", "binance", "--json").json
    assert granted.keys() == {"label", "compartments", "key_file", "pin"}
    assert (granted["label"], granted["compartments"], granted["key_file"]) == ("bot", ["kraken", "binance"], "bot.key")
    with desk.open("bot.key") as vault:
        vault.lock()
    assert desk.ok("ls", "--key-file", "bot.key", "--pin", granted["pin"]).code == 0
    slots = {slot["label"]: slot for slot in desk.ok("slots", "--json").json}
    assert slots["owner"]["compartments"] is None
    assert set(slots["bot"]["compartments"]) == {"binance", "kraken"}
    assert slots["bot"].keys() == {"id", "label", "scope", "compartments", "factors", "passkey", "kdf", "created"}
    assert slots["bot"]["id"] == strongroom.Key.read(desk.folder / "bot.key").slot_id
    assert slots["bot"]["passkey"] is None


def test_slots_that_open_with_a_passkey(desk: Desk) -> None:
    enrol_passkeys(desk)
    with desk.open() as vault:
        found = {slot.label: (slot.factors, slot.passkey) for slot in vault.slots}
    assert found["owner"] == ("key", None)
    assert found["phone"] == ("key", b"\xfb\xffphone")
    assert found["laptop"] == ("passphrase+key", b"laptop")
    slots = {slot["label"]: slot for slot in desk.ok("slots", "--json").json}
    assert (slots["phone"]["factors"], slots["phone"]["passkey"]) == (["key"], "-_9waG9uZQ")
    assert (slots["laptop"]["factors"], slots["laptop"]["passkey"]) == (["passphrase", "key"], "bGFwdG9w")
    rows = {row.split("\t")[0]: row.split("\t")[1:3] for row in desk.ok("slots").text.splitlines()}
    assert rows == {
        "owner": ["everything", "key"],
        "phone": ["binance", "passkey"],
        "laptop": ["everything", "passphrase and passkey"],
    }
    assert desk.ok("revoke", "phone", "--yes").text == "binance/main\n"
    assert {slot["label"] for slot in desk.ok("slots", "--json").json} == {"owner", "laptop"}


# ---- revoke ----


def test_revoke_lists_what_to_rotate(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance")
    desk.ok("grant", "other", "binance", "kraken")
    assert desk.run("revoke", "bot").code == 1
    assert opens(desk, "--key-file", "bot.key") == ["binance/main"]
    ended = desk.ok("revoke", "bot", "--yes")
    assert ended.text == "binance/main\n"
    assert "strongroom-pin-1:" in ended.err
    assert desk.run("ls", "--key-file", "bot.key").code == 3
    assert opens(desk, "--key-file", "other.key") == ["binance/main", "kraken/main"]
    assert desk.run("revoke", "bot", "--yes").code == 4


def test_revoke_as_json_and_at_a_terminal(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance")
    desk.ok("grant", "other", "kraken")
    revoked = desk.ok("revoke", "bot", "--yes", "--json").json
    assert revoked["rotate"] == ["binance/main"]
    assert revoked["dropped"] == []
    code, _ = desk.asked("revoke", "other", answers={"revoke other?": "n"})
    assert code == 1
    code, seen = desk.asked("revoke", "other", answers={"revoke other?": "yes"})
    assert code == 0
    assert "kraken/main" in seen


def test_an_owner_is_not_revoked(desk: Desk) -> None:
    ended = desk.run("revoke", "owner", "--yes")
    assert ended.code == 2
    assert "strongroom rekey" in ended.err
    with desk.terminal("revoke", "owner") as terminal:  # told before it is asked for
        assert terminal.end() == 2
        assert "[y/N]" not in terminal.seen


# ---- passwd ----


def test_passwd_changes_the_owners_own(empty: Desk) -> None:
    empty.ok("init", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    answers = {"passphrase for": PASSPHRASE, "new passphrase of owner": OTHER, "the same again": OTHER}
    code, _ = empty.asked("passwd", answers=answers)
    assert code == 0
    assert empty.run("ls", "--passphrase-fd", "0", stdin=PASSPHRASE).code == 3
    assert empty.run("ls", "--passphrase-fd", "0", stdin=OTHER).code == 0


def test_passwd_changes_that_of_a_slot(desk: Desk) -> None:
    desk.ok("grant", "alice", "binance", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    desk.ok("grant", "both", "binance", "--new-key", "both.key", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    desk.ok("passwd", "alice", "--new-passphrase-fd", "0", stdin=OTHER)
    assert opens(desk, "--passphrase-fd", "0", stdin=OTHER.encode()) == ["binance/main"]
    assert desk.run("passwd", "both", "--new-passphrase-fd", "0", stdin=OTHER).code == 2
    desk.ok("passwd", "both", "--slot-key", "both.key", "--new-passphrase-fd", "0", stdin=OTHER)
    assert opens(desk, "--key-file", "both.key", "--passphrase-fd", "0", stdin=OTHER.encode()) == ["binance/main"]


def test_passwd_refuses_what_cannot_be(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance")
    assert desk.run("passwd").code == 2  # the owner's slot opens with a key
    assert desk.run("passwd", "bot", "--new-passphrase-fd", "0", stdin=OTHER).code == 2
    assert desk.run("passwd", "nobody", "--new-passphrase-fd", "0", stdin=OTHER).code == 4
    assert desk.run("passwd", "--key-file", "bot.key", "--new-passphrase-fd", "0", stdin=OTHER).code == 1
    desk.ok("grant", "alice", "binance", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    for wrong in (b"", b"\n", b"two\nlines", b"\xff"):
        assert desk.run("passwd", "alice", "--new-passphrase-fd", "0", stdin=wrong).code == 2
    assert opens(desk, "--passphrase-fd", "0", stdin=PASSPHRASE.encode()) == ["binance/main"]


def test_passwd_leaves_a_passkey_to_the_browser(desk: Desk) -> None:
    enrol_passkeys(desk)
    before = (desk.folder / "strongroom.vault").read_bytes()
    ended = desk.run("passwd", "laptop", "--new-passphrase-fd", "0", stdin=OTHER)
    assert ended.code == 2
    assert "only a browser can ask" in ended.err
    ended = desk.run("passwd", "phone", "--new-passphrase-fd", "0", stdin=OTHER)
    assert ended.code == 2
    assert "opens with a passkey" in ended.err
    assert (desk.folder / "strongroom.vault").read_bytes() == before


# ---- rekey ----


def test_rekey_keeps_whose_key_is_given(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance")
    desk.ok("grant", "other", "kraken")
    assert desk.run("rekey", "--keep-key", "owner.key").code == 1
    ended = desk.ok("rekey", "--keep-key", "owner.key", "--keep-key", "bot.key", "--yes")
    assert ended.text.splitlines() == ["binance/main", "kraken/main"]
    assert "other opens nothing any more" in ended.err
    assert mode(desk.folder / "owner.key.new") == 0o600
    for old in ("owner.key", "bot.key", "other.key"):
        assert desk.run("ls", "--key-file", old).code == 3
    assert opens(desk, "--key-file", "owner.key.new") == ["binance/main", "kraken/main"]
    assert opens(desk, "--key-file", "bot.key.new") == ["binance/main"]


def test_rekey_as_json_with_a_passphrase(desk: Desk) -> None:
    desk.ok("grant", "alice", "--owner", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    told = desk.ok("rekey", "--keep-passphrase-fd", "0", "--yes", "--json", stdin=PASSPHRASE).json
    rotate = ["binance/main", "kraken/main"]
    assert told == {"key_files": {}, "removed": ["owner"], "rotate": rotate, "dropped": []}
    assert opens(desk, "--passphrase-fd", "0", stdin=PASSPHRASE.encode()) == rotate


def test_rekey_wants_an_owner_to_be_kept(desk: Desk) -> None:
    code, seen = desk.asked("rekey", answers={"keep owner": "n"})
    assert code == 2
    assert "has to be kept" in seen
    assert opens(desk, "--key-file", "owner.key") == ["binance/main", "kraken/main"]


def test_rekey_asks_about_each_slot(desk: Desk) -> None:
    desk.ok("grant", "alice", "kraken", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    desk.ok("grant", "bot", "binance")
    desk.ok("grant", "both", "binance", "--new-key", "both.key", "--new-passphrase-fd", "0", stdin=OTHER)
    with desk.terminal("rekey") as terminal:
        for slot in desk.ok("slots", "--json").json:
            label = slot["label"]
            terminal.expect(f"keep {label}, ")
            terminal.type("n\n" if label == "bot" else "y\n")
            if label in ("owner", "both"):
                terminal.expect("file of the key")
                terminal.type(f"{label}.key\n")
            if label in ("alice", "both"):
                terminal.expect(f"passphrase of {label}: ")
                terminal.type(f"{PASSPHRASE if label == 'alice' else OTHER}\n")
        terminal.expect("remove 1 of 4 slots?")
        terminal.type("y\n")
        assert terminal.end() == 0, terminal.seen
        assert "bot opens nothing any more" in terminal.seen
    assert opens(desk, "--key-file", "owner.key.new") == ["binance/main", "kraken/main"]
    assert opens(desk, "--passphrase-fd", "0", stdin=PASSPHRASE.encode()) == ["kraken/main"]
    assert opens(desk, "--key-file", "both.key.new", "--passphrase-fd", "0", stdin=OTHER.encode()) == ["binance/main"]


def test_rekey_does_not_ask_about_passkeys(desk: Desk) -> None:
    enrol_passkeys(desk)
    with desk.terminal("rekey") as terminal:
        terminal.expect("keep owner, ")
        terminal.type("y\n")
        terminal.expect("file of the key")
        terminal.type("owner.key\n")
        terminal.expect("remove 2 of 3 slots?")
        terminal.type("y\n")
        assert terminal.end() == 0, terminal.seen
        assert "keep laptop" not in terminal.seen
        for label in ("laptop", "phone"):
            assert f"{label} goes, as it opens with a passkey" in terminal.seen
    slots = desk.ok("slots", "--json", "--key-file", "owner.key.new").json
    assert [slot["label"] for slot in slots] == ["owner"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 1),
        (["--keep-key", "bot.key"], 2),
        (["--keep-key", "foreign.key"], 2),
        (["--keep-key", "none.key"], 4),
        (["--keep-key", "owner.key", "--keep-key", "owner.key"], 2),
        (["--keep-key", "owner.key", "--keep-passphrase-fd", "0"], 3),
        (["--keep-key", "taken.key"], 5),
    ],
)
def test_a_rekey_that_fails_changes_nothing(desk: Desk, words: list[str], code: int) -> None:
    desk.ok("grant", "bot", "binance")
    strongroom.generate_key().write(desk.folder / "foreign.key")
    (desk.folder / "taken.key").write_bytes((desk.folder / "owner.key").read_bytes())
    (desk.folder / "taken.key").chmod(0o600)
    (desk.folder / "taken.key.new").write_text("precious")
    before = {path.name: path.read_bytes() for path in desk.folder.iterdir()}
    ended = desk.run("rekey", *words, "--yes", stdin=OTHER)
    assert ended.code == code, ended.err
    assert {path.name: path.read_bytes() for path in desk.folder.iterdir()} == before
