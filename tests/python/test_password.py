"""Passwords from Python: the shared vectors, and what only this face has."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import strongroom
from strongroom import Kdf, PasswordHasher, Secret, aio, errors

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors/password.json").read_text(encoding="utf-8")
)["cases"]
BCRYPT = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
CHEAP = Kdf.argon2id(memory_kib=19_456, passes=2, lanes=1)


def text(value: Any) -> str:
    return value if isinstance(value, str) else str(value["repeat"]) * int(value["times"])


def outcome(password: str, stored: str) -> str:
    try:
        return "right" if strongroom.verify_password(password, stored) else "wrong"
    except strongroom.StrongroomError as error:
        return error.code


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector(case: dict[str, Any]) -> None:
    stored = text(case["stored"])
    assert outcome(text(case["password"]), stored) == case["expect"]
    if "format" in case:
        assert strongroom.identify_hash(stored) == (case["format"], case["cost"])


@pytest.mark.parametrize(
    "given", ["correct horse", b"correct horse", bytearray(b"correct horse"), Secret("correct horse")]
)
def test_a_password_may_be_text_bytes_or_a_secret(given: str | bytes | bytearray | Secret) -> None:
    assert strongroom.verify_password(given, BCRYPT)
    assert strongroom.verify_password(given, BCRYPT.encode())


@pytest.mark.parametrize("wrong", [None, 5, ["correct horse"]])
def test_another_type_is_a_type_error(wrong: Any) -> None:
    for call in (lambda: strongroom.hash_password(wrong), lambda: strongroom.verify_password(wrong, BCRYPT)):
        with pytest.raises(TypeError, match="expected a password as str, bytes or Secret"):
            call()
    with pytest.raises(TypeError, match="expected a stored hash as str or bytes"):
        strongroom.verify_password("correct horse", wrong)


def test_hash_and_renew() -> None:
    stored = strongroom.hash_password("correct horse")
    assert strongroom.verify_and_update("correct horse", stored) == (True, None)
    assert not strongroom.needs_rehash(stored)
    hasher = PasswordHasher(CHEAP, kept_memory=1)
    ok, new = hasher.verify_and_update("correct horse", stored)
    assert ok
    assert new is not None
    assert hasher.verify("correct horse", new)
    assert not hasher.needs_rehash(new)
    assert strongroom.verify_dummy("correct horse") is False


def test_peppers() -> None:
    old, new = ("2025", "the pepper of last year"), ("2026", Secret("the pepper of this year"))
    stored = PasswordHasher(CHEAP, pepper=dict([old])).hash("correct horse")
    hasher = PasswordHasher(CHEAP, pepper=dict([new, old]))
    ok, renewed = hasher.verify_and_update("correct horse", stored)
    assert ok
    assert renewed is not None
    assert ",keyid=2026$" in renewed
    with pytest.raises(errors.NotFoundError, match="2025"):
        strongroom.verify_password("correct horse", stored)
    assert "pepper" not in repr(hasher)
    with pytest.raises(TypeError):
        PasswordHasher(pepper="the pepper of this year")  # type: ignore[arg-type]


def test_ceilings() -> None:
    for hasher in (PasswordHasher(max_memory_kib=63), PasswordHasher(max_passes=1), PasswordHasher(max_lanes=0)):
        with pytest.raises(errors.LimitError):
            hasher.verify(
                "x", "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$nIfAaJi8GFFmabVKi5XTbmIpRklNelXCbzkaBAYGjBk"
            )
    with pytest.raises(errors.LimitError):
        PasswordHasher(max_bcrypt_cost=3).verify("x", BCRYPT)


def test_verify_many_keeps_the_order_and_the_errors() -> None:
    pairs = [("correct horse", BCRYPT), ("wrong", BCRYPT), ("x", "$1$no$format"), ("correct horse", BCRYPT)] * 5
    seen: list[int] = []
    answers = strongroom.verify_many(pairs, progress=seen.append)
    assert [answer if isinstance(answer, bool) else answer.code for answer in answers] == [
        True,
        False,
        "invalid_input",
        True,
    ] * 5
    assert seen == list(range(1, 21))


def test_awaitable_twins() -> None:
    async def run() -> None:
        hasher = PasswordHasher(CHEAP)
        stored = await aio.hash_password("correct horse", hasher=hasher)
        assert await aio.verify_password("correct horse", stored)
        assert not await aio.verify_password("wrong", stored, hasher=hasher)
        ok, new = await aio.verify_and_update("correct horse", stored)
        assert ok
        assert new is not None
        assert not await aio.verify_dummy("correct horse", hasher=hasher)

    asyncio.run(run())


def test_calibrate() -> None:
    kdf, took_ms = strongroom.calibrate(target_ms=1)
    assert kdf == CHEAP  # nothing is under the floor
    assert took_ms > 0


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_hashes_with_what_its_parent_kept() -> None:
    hasher = PasswordHasher(CHEAP, kept_memory=2)
    stored = hasher.hash("correct horse")
    child = os.fork()
    if not child:
        signal.alarm(60)  # it dies if it hangs
        try:
            os._exit(0 if hasher.verify("correct horse", stored) and hasher.verify("x", hasher.hash("x")) else 1)
        finally:
            os._exit(2)  # no way back into the parent's tests
    assert os.waitpid(child, 0)[1] == 0
