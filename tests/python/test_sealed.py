"""`strongroom.seal` and `unseal`: the shared vectors, the second implementation, and what only this face has."""

from __future__ import annotations

import json
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest
import strongroom
from model import crypto, texts
from model.errors import ModelError
from strongroom import Key, Secret, errors, seal, unseal

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors/sealed.json").read_text(encoding="utf-8")
)["cases"]
ROUNDS = 20_000 if os.environ.get("STRONGROOM_SOAK") == "1" else 1_000


def outcome(case: dict[str, Any]) -> str:
    key, (sealed, associated) = Key.parse(case["key"]), (bytes.fromhex(case[n]) for n in ("sealed", "associated_data"))
    try:
        return unseal(key, sealed, associated_data=associated).hex()
    except strongroom.StrongroomError as error:
        return error.code


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector(case: dict[str, Any]) -> None:
    assert outcome(case) == case.get("plaintext", case["expect"])
    _, key = texts.read_key(case["key"])
    try:
        opened = crypto.unseal(key, bytes.fromhex(case["sealed"]), bytes.fromhex(case["associated_data"])).hex()
    except (ModelError, ValueError):  # ValueError: cryptography, for a nonce that is cut off
        opened = "decrypt"
    assert opened == case.get("plaintext", case["expect"])


def test_the_second_implementation_opens_what_is_sealed_and_the_other_way_round(key: Key) -> None:
    _, raw = texts.read_key(key.reveal())
    chance = random.Random(1)
    for _ in range(ROUNDS):
        data, associated = (chance.randbytes(chance.randrange(300)) for _ in range(2))
        assert crypto.unseal(raw, seal(key, data, associated_data=associated), associated) == data
        assert unseal(key, crypto.seal(raw, data, associated, os.urandom), associated_data=associated) == data


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 3_000_000])
def test_every_size_comes_back(key: Key, size: int) -> None:
    data = random.Random(size).randbytes(size)
    sealed = seal(key, data)
    assert len(sealed) == size + 40
    assert unseal(key, sealed) == data


@pytest.mark.parametrize("data", ["key", b"key", bytearray(b"key"), Secret("key")])
def test_data_may_be_text_bytes_or_a_secret(key: Key, data: str | bytes | bytearray | Secret) -> None:
    assert unseal(key, bytearray(seal(key, data))) == b"key"
    assert unseal(key, seal(key, b"x", associated_data=data), associated_data=data) == b"x"


def test_another_type_is_a_type_error(key: Key) -> None:
    wrong: Any
    for wrong in (None, 5, [b"x"], memoryview(b"x")):
        with pytest.raises(TypeError, match="expected data as str, bytes or Secret, got"):
            seal(key, wrong)
    for wrong in (5, [b"x"]):
        with pytest.raises(TypeError, match="expected associated data as str, bytes or Secret, got"):
            seal(key, b"x", associated_data=wrong)
    for wrong in (key.reveal(), b"x" * 32):
        with pytest.raises(TypeError):
            seal(wrong, b"x")
    with pytest.raises(errors.InvalidInputError, match="lone surrogates"):
        seal(key, "\ud800")


def test_a_secret_of_a_vault_is_sealed_until_the_vault_is_locked(vault: strongroom.Vault, key: Key) -> None:
    secret = vault["binance/main"]["secret"]
    assert isinstance(secret, Secret)
    assert unseal(key, seal(key, secret)).decode() == secret.reveal()
    vault.lock()
    with pytest.raises(errors.LockedError):
        seal(key, secret)


def test_threads_share_a_key(key: Key) -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        data = bytes([number]) * 100_000  # without the interpreter lock
        wrong.extend(number for _ in range(20) if unseal(key, seal(key, data)) != data)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
