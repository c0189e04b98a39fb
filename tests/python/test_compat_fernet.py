"""`strongroom.compat.fernet`: the shared vectors, beside cryptography, and under cryptography's own tests."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import os
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import strongroom
from cryptography import fernet as theirs
from strongroom import Secret, errors
from strongroom.compat.fernet import Fernet, InvalidToken, MultiFernet

ROOT = Path(__file__).parents[2]
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/fernet.json").read_text(encoding="utf-8"))["cases"]
ROUNDS = 500_000 if os.environ.get("STRONGROOM_SOAK") == "1" else 10_000
KEY, OTHER = base64.urlsafe_b64encode(bytes(range(32))), base64.urlsafe_b64encode(bytes(range(32, 64)))
NOW = 1_700_000_000


def text(value: Any) -> str:
    return value if isinstance(value, str) else str(value["repeat"]) * int(value["times"])


def read(case: dict[str, Any], token: str | bytes) -> tuple[str, int | None]:
    """The plaintext and the timestamp, or the code of the error."""
    try:
        fernet = MultiFernet([Fernet(key) for key in case["keys"]])
        if "ttl_seconds" in case:
            data = fernet.decrypt_at_time(token, case["ttl_seconds"], case["unix_seconds"])
        else:
            data = fernet.decrypt(token)
        return data.hex(), fernet.extract_timestamp(token)
    except errors.StrongroomError as error:
        return error.code, None
    except InvalidToken:
        return "decrypt", None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector(case: dict[str, Any]) -> None:
    token = text(case["token"])
    expected = (case.get("plaintext", case["expect"]), case.get("timestamp"))
    assert read(case, token) == expected
    assert read(case, token.encode()) == expected


def read_at(fernet: Fernet | theirs.Fernet, token: str | bytes, ttl: int, now: int) -> bytes | None:
    try:
        return fernet.decrypt_at_time(token, ttl, now)
    except (InvalidToken, theirs.InvalidToken):
        return None


def test_random_tokens_go_both_ways() -> None:
    chance = random.Random(1)
    in_time = 0
    for _ in range(ROUNDS):
        key = base64.urlsafe_b64encode(chance.randbytes(32))
        ours, peer = Fernet(key), theirs.Fernet(key)
        data, at = chance.randbytes(chance.randrange(200)), chance.randrange(100, 1 << 33)
        made, given = ours.encrypt_at_time(data, at), peer.encrypt_at_time(data, at)
        assert len(made) == len(given)
        assert peer.decrypt(made) == data == ours.decrypt(given)
        assert peer.extract_timestamp(made) == at == ours.extract_timestamp(given)
        ttl, now = chance.randrange(100), at + chance.randrange(-100, 200)
        expected = read_at(peer, made, ttl, now)
        assert expected == read_at(ours, made, ttl, now) == read_at(ours, given.decode(), ttl, now)
        in_time += expected is not None
    print(f"{ROUNDS} random tokens each way, {in_time} of them read in time")
    assert ROUNDS / 4 < in_time < ROUNDS / 2


def test_rotated_tokens_go_both_ways() -> None:
    ours, peer = (
        MultiFernet([Fernet(KEY), Fernet(OTHER)]),
        theirs.MultiFernet([theirs.Fernet(KEY), theirs.Fernet(OTHER)]),
    )
    for key in (KEY, OTHER):
        rotated = ours.rotate(theirs.Fernet(key).encrypt_at_time(b"hello", NOW))
        assert theirs.Fernet(KEY).decrypt(rotated) == b"hello"
        assert theirs.Fernet(KEY).extract_timestamp(rotated) == NOW
        assert Fernet(KEY).decrypt(peer.rotate(Fernet(key).encrypt(b"hello"))) == b"hello"


@pytest.mark.parametrize("size", [0, 65_535, 65_536, 3_000_000])
def test_every_size_goes_both_ways(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert theirs.Fernet(KEY).decrypt(Fernet(KEY).encrypt(data)) == data
    assert Fernet(KEY).decrypt(theirs.Fernet(KEY).encrypt(data)) == data


def test_a_generated_key_is_a_key_for_both() -> None:
    keys = {Fernet.generate_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert theirs.Fernet(key).decrypt(Fernet(key).encrypt(b"x")) == b"x"


def test_the_longest_token_there_is() -> None:
    fernet = Fernet(KEY)
    data = bytes(50_331_583)
    token = fernet.encrypt(data)
    assert len(token) == 67_108_856
    assert fernet.decrypt(token) == data
    with pytest.raises(errors.LimitError, match="67108876 is over the limit of 67108864"):
        fernet.encrypt(data + b"x")
    # Whoever looks for the one or for the other finds it.
    too_long = "A" * 67_108_868
    for kind in (InvalidToken, errors.LimitError):
        with pytest.raises(kind, match="67108868 is over the limit of 67108864"):
            fernet.decrypt(too_long)
    with pytest.raises(InvalidToken):
        MultiFernet([fernet]).rotate(too_long)


def test_a_ttl_may_be_of_a_timedelta() -> None:
    token = Fernet(KEY).encrypt_at_time(b"x", NOW)
    for ttl in (60, 60.0, 60.9, dt.timedelta(minutes=1).total_seconds(), True * 60, float("inf"), 10**30):
        given: Any = ttl
        peer: Any = theirs.Fernet(KEY).decrypt_at_time
        assert Fernet(KEY).decrypt_at_time(token, given, NOW + 60) == b"x" == peer(token, given, NOW + 60)
    for ttl in (59, 59.9, 0, -1, -0.5):
        given = ttl
        with pytest.raises(InvalidToken):
            Fernet(KEY).decrypt_at_time(token, given, NOW + 60)
    with pytest.raises(ValueError, match="NaN"):
        Fernet(KEY).decrypt_at_time(token, float("nan"), NOW)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_the_clock_is_that_of_the_time_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 0.5)
    for fernet in (Fernet(KEY), MultiFernet([Fernet(KEY)])):
        token = fernet.encrypt(b"x")
        assert fernet.extract_timestamp(token) == NOW
        monkeypatch.setattr(time, "time", lambda: NOW + 5.5)
        assert fernet.decrypt(token, ttl=5) == b"x"
        with pytest.raises(InvalidToken):
            fernet.decrypt(token, ttl=4)
        monkeypatch.setattr(time, "time", lambda: NOW + 0.5)


def test_a_key_may_be_a_secret_of_a_vault(vault: strongroom.Vault) -> None:
    vault.put("fernet/main", {"key": KEY.decode()})
    secret = vault["fernet/main"]["key"]
    assert isinstance(secret, Secret)
    fernet = Fernet(secret)
    vault.lock()
    assert fernet.decrypt(theirs.Fernet(KEY).encrypt(b"x")) == b"x"  # it holds the key itself


def test_wrong_types_and_values() -> None:
    wrong: Any
    for wrong in (None, 5, [KEY]):
        with pytest.raises(TypeError):
            Fernet(wrong)
    for wrong in (b"", KEY[:43], b"\xff" * 44, "\ud800" * 44):
        with pytest.raises(ValueError, match="expected"):
            Fernet(wrong)
    fernet = Fernet(KEY)
    for wrong in ("x", None, bytearray(b"x"), memoryview(b"x")):
        with pytest.raises(TypeError):
            fernet.encrypt(wrong)
    for wrong in (None, 12345, bytearray(b"x")):
        with pytest.raises(TypeError):
            fernet.decrypt(wrong)
    for wrong in (-1, 1 << 64):
        with pytest.raises(ValueError, match="expected a number"):
            fernet.encrypt_at_time(b"x", wrong)
    with pytest.raises(InvalidToken):
        fernet.decrypt("\ud800")
    with pytest.raises(AttributeError):
        MultiFernet([KEY])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]


def test_no_key_is_shown_or_pickled() -> None:
    fernet = Fernet(KEY)
    assert KEY.decode() not in repr(vars(fernet))
    for holder in (fernet, MultiFernet([fernet])):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(holder)
    assert copy.copy(fernet).decrypt(fernet.encrypt(b"x")) == b"x"


SUITE = ROOT / ".cache/suites/cryptography-50.0.2/tests/test_fernet.py"
# By name: why a test cannot pass. It must fail, so that this list stays true.
DIFFERENT = {
    "test_generate": "chooses an IV, through a private method; the vector is in core/src/fernet.rs",
    "test_rotate_preserves_timestamp": "calls a private method; test_rotated_tokens_go_both_ways has it",
}

# Runs in a process of its own, in which `from cryptography.fernet import ..` finds ours.
RUN = """
import json, sys, types
import pytest
from strongroom.compat import fernet

sys.modules["cryptography.fernet"] = fernet

def raiser(error):
    def fail():
        raise error
    return fail

sys.modules["pretend"] = types.SimpleNamespace(raiser=raiser)

class Outcomes:
    seen = {}
    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.failed or report.skipped:
            self.seen[report.nodeid] = (report.outcome, report.longreprtext[-500:])

options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--noconftest"]
pytest.main([*options, *sys.argv[2:]], plugins=[Outcomes()])
with open(sys.argv[1], "w") as file:
    json.dump(Outcomes.seen, file)
"""


def test_their_own_tests(tmp_path: Path) -> None:
    assert SUITE.is_file(), "run: make .cache/suites"
    outcomes = tmp_path / "outcomes.json"
    run: list[str | Path] = [sys.executable, "-c", RUN, outcomes, SUITE]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcomes.exists(), done.stdout + done.stderr
    seen: dict[str, tuple[str, str]] = json.loads(outcomes.read_text())
    passed = 0
    for test, (outcome, why) in seen.items():
        reasons = [reason for name, reason in DIFFERENT.items() if name in test]
        assert outcome == ("failed" if reasons else "passed"), f"{test}: {outcome}\n{why}"
        passed += not reasons
    print(f"cryptography's own tests of Fernet: {passed} passed, {len(seen) - passed} look at what is private there")
    assert passed > 30
