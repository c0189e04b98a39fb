"""`strongroom hash`, `verify` and `calibrate`, and what is said of a weak password wherever one is chosen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import strongroom
from command import Desk

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct horse battery staple"
WEAK = "passwordpassword"
BCRYPT = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of "correct horse"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {}, [PASSWORD, WEAK])


def test_hash_then_verify(desk: Desk) -> None:
    stored = desk.ok("hash", "--password-fd", "0", stdin=PASSWORD + "\n").text
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    (desk.folder / "stored").write_text(stored)
    desk.ok("verify", "stored", "--password-fd", "0", stdin=PASSWORD)
    wrong = desk.run("verify", "stored", "--password-fd", "0", stdin="another")
    assert wrong.code == 3
    assert "wrong" in wrong.err


@pytest.mark.parametrize("sha", ["sha256", "sha512"])
def test_pbkdf2_on_request(desk: Desk, sha: str) -> None:
    stored = desk.ok("hash", "--pbkdf2", sha, "--password-fd", "0", stdin=PASSWORD).text.strip()
    assert stored.startswith(f"$pbkdf2-{sha}$i=")
    assert strongroom.verify_password(PASSWORD, stored)


def test_an_old_hash_is_told(desk: Desk) -> None:
    (desk.folder / "stored").write_text(BCRYPT)
    done = desk.ok("verify", "stored", "--password-fd", "0", stdin="correct horse")
    assert "out of date: bcrypt rounds=4" in done.err


def test_check_says_what_is_in_a_table(desk: Desk) -> None:
    new = strongroom.hash_password(PASSWORD)
    werkzeug = "pbkdf2:sha256:1000$salt$" + "0" * 64
    lines = [BCRYPT, f"alice:{BCRYPT}", f"bob:{new}:19000:0:::", werkzeug, f"carol:{werkzeug}", "", "x:hunter2", "no"]
    (desk.folder / "users").write_text("\n".join(lines))
    done = desk.ok("hash", "--check", "users")
    assert done.text.splitlines() == [
        "bcrypt\trounds=4\t2\tneeded",
        "werkzeug_pbkdf2_sha256\ti=1000\t2\tneeded",
        "argon2id\tm=65536 t=3 p=4\t1\tno",
    ]
    assert "4 of 5 need an upgrade" in done.err
    assert "2 lines have no hash that can be read: 7, 8" in done.err
    assert "hunter2" not in done.err
    (desk.folder / "users.csv").write_text(f"name,hash\nalice,{BCRYPT}\n")
    report = json.loads(desk.ok("hash", "--check", "users.csv", "--column", "hash", "--json").text)
    assert report["needs_upgrade"] == 1
    assert report["formats"][0] == {"format": "bcrypt", "cost": "rounds=4", "count": 1, "needs_upgrade": True}


def test_verify_many(desk: Desk) -> None:
    (desk.folder / "moved").write_text(f"{BCRYPT}\tcorrect horse\n{BCRYPT}\tanother\n$1$a$b\tx\n")
    done = desk.run("verify", "--many", "moved")
    assert done.text == "1 right, 1 wrong, 1 that cannot be read\n"
    assert done.code == 3


def test_calibrate(desk: Desk) -> None:
    found = json.loads(desk.ok("calibrate", "--target-ms", "1", "--json").text)
    assert (found["memory_kib"], found["passes"], found["lanes"]) == (19456, 2, 1)
    assert desk.ok("calibrate", "--target-ms", "1").text.startswith("Kdf.argon2id(")


@pytest.mark.parametrize(("weak", "reason"), [("short", "characters"), (WEAK, "easy to guess")])
def test_a_weak_one_is_refused_with_the_reason(desk: Desk, weak: str, reason: str) -> None:
    for words in (["hash", "--password-fd", "0"], ["init", "--new-passphrase-fd", "0"]):
        refused = desk.run(*words, stdin=weak)
        assert refused.code == 1
        assert reason in refused.err
        assert weak not in refused.err
        assert "--allow-weak" in refused.err
    desk.ok("hash", "--password-fd", "0", "--allow-weak", stdin=weak)
    assert "taken all the same" in desk.ok("init", "--new-passphrase-fd", "0", "--allow-weak", stdin=weak).err


def test_passwd_and_grant_look_at_it_too(desk: Desk) -> None:
    desk.ok("init", "--new-passphrase-fd", "0", stdin=PASSWORD)
    opened = {"STRONGROOM_PASSPHRASE": PASSWORD}
    for words in (["passwd"], ["grant", "alice", "--owner"]):
        refused = desk.run(*words, "--new-passphrase-fd", "0", stdin=WEAK, env=opened)
        assert "easy to guess" in refused.err
    desk.ok("passwd", "--new-passphrase-fd", "0", "--allow-weak", stdin=WEAK, env=opened)


def test_a_table_that_is_no_text_is_read_as_far_as_it_goes(desk: Desk) -> None:
    done = desk.ok("hash", "--check", "-", stdin=b"\xff\xfe\n" + BCRYPT.encode() + b"\n")
    assert done.text == "bcrypt\trounds=4\t1\tneeded\n"
    assert "1 line has no hash that can be read: 1" in done.err
    (desk.folder / "big.csv").write_text("hash\n" + "x" * 200_000 + "\n")
    refused = desk.run("hash", "--check", "big.csv", "--column", "hash")
    assert refused.code == 2
    assert "is not CSV" in refused.err
