"""`strongroom.compat.argon2`, beside argon2-cffi and under argon2-cffi's own tests."""

import json
import random
import subprocess
import sys
from pathlib import Path

import argon2
import pytest
from strongroom.compat.argon2 import PasswordHasher, Type, exceptions, extract_parameters, profiles

ROOT = Path(__file__).parents[2]
SUITE = ROOT / ".cache/suites/argon2_cffi-25.1.0/tests"

# Which of their files are run, and why the others are not.
FILES = {
    "__init__.py": None,
    "test_password_hasher.py": None,
    "test_utils.py": None,
    "test_low_level.py": "argon2.low_level is not taken over: its callers choose salts and parameters themselves",
    "test_legacy.py": "argon2.hash_password and its like are deprecated there",
    "test_packaging.py": "tells of the version of another package",
}
# By name: why a test cannot pass. It must fail, so that this list stays true.
PRIVATE = "calls a private function of theirs"
DIFFERENT = {
    "TestEnsureBytes": PRIVATE,
    "TestCheckTypes": PRIVATE,
    "test_decoded_str_len": PRIVATE,
    "test_params_on_wasm": "no platform refuses lanes here: without threads they run one after the other",
}

# Runs in a process of its own, in which `import argon2` finds ours.
RUN = """
import json, sys, types
import pytest
from strongroom.compat import argon2 as ours
from strongroom.compat.argon2 import exceptions, parameters, profiles

def private(*_, **__):
    raise NotImplementedError("private")

def module(name, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    sys.modules[name] = made

sys.modules["argon2"] = ours
sys.modules["argon2.exceptions"] = exceptions
sys.modules["argon2.profiles"] = profiles
module("argon2._password_hasher", _ensure_bytes=private)
module("argon2._utils", Parameters=ours.Parameters, NoneType=type(None), _check_types=private, _decoded_str_len=private)

class Outcomes:
    seen = {}
    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.failed or report.skipped:
            self.seen[report.nodeid] = (report.outcome, report.longreprtext[-500:])

status = pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", *sys.argv[2:]], plugins=[Outcomes()])
with open(sys.argv[1], "w") as file:
    json.dump(Outcomes.seen, file)
"""


def test_their_own_tests(tmp_path: Path) -> None:
    assert SUITE.is_dir(), "run: make .cache/suites"
    assert {file.name for file in SUITE.glob("*.py")} == set(FILES)
    outcomes = tmp_path / "outcomes.json"
    files = [SUITE / name for name, left_out in FILES.items() if left_out is None]
    run: list[str | Path] = [sys.executable, "-c", RUN, outcomes, *files]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcomes.exists(), done.stdout + done.stderr
    seen: dict[str, tuple[str, str]] = json.loads(outcomes.read_text())
    passed = 0
    for test, (outcome, why) in seen.items():
        reasons = [reason for name, reason in DIFFERENT.items() if name in test]
        assert outcome == ("failed" if reasons else "passed"), f"{test}: {outcome}\n{why}"
        passed += not reasons
        if reasons:
            print(f"different: {test.rpartition('/')[2]}: {reasons[0]}")
    print(f"argon2-cffi's tests: {passed} of {len(seen)} passed")
    assert passed > 20


def test_the_same_hashes() -> None:
    rng = random.Random(25)
    for _ in range(40):
        lanes = rng.randint(1, 4)
        numbers = (rng.randint(1, 3), rng.randint(8 * lanes, 256), lanes, rng.randint(4, 64), rng.randint(8, 32))
        name = rng.choice(["D", "I", "ID"])
        ours = PasswordHasher(*numbers, type=Type[name])
        theirs = argon2.PasswordHasher(*numbers, type=argon2.Type[name])
        salt, password = rng.randbytes(ours.salt_len), rng.choice(["", "correct horse", "pässwörd\0", "k" * 4096])
        stored = ours.hash(password, salt=salt)
        assert stored == theirs.hash(password, salt=salt)
        assert ours.verify(stored, password)
        assert ours.verify(stored.encode(), password.encode())
        assert theirs.verify(ours.hash(password), password)
        assert not ours.check_needs_rehash(stored)
        assert vars(extract_parameters(stored)) == {
            **{key: getattr(argon2.extract_parameters(stored), key) for key in argon2.Parameters.__slots__},
            "type": Type[name],
        }
        with pytest.raises(exceptions.VerifyMismatchError):
            ours.verify(stored, password + "x")


@pytest.mark.parametrize("name", ["RFC_9106_HIGH_MEMORY", "RFC_9106_LOW_MEMORY", "PRE_21_2", "CHEAPEST"])
def test_the_same_profiles(name: str) -> None:
    ours, theirs = getattr(profiles, name), getattr(argon2.profiles, name)
    assert ours.type.name == theirs.type.name
    for key in ("version", "salt_len", "hash_len", "time_cost", "memory_cost", "parallelism"):
        assert getattr(ours, key) == getattr(theirs, key)


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        ("tiger", exceptions.InvalidHashError),
        ("$argon2x$v=19$m=8,t=1,p=1$c29tZXNhbHQ$VKz5CHavCtFOL1N5TIXWSA", exceptions.InvalidHashError),
        ("$argon2id$\N{SNOWMAN}", exceptions.VerificationError),
        ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$", exceptions.VerificationError),
        ("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$VKz5CHavCtFOL1N5TIXWSA", exceptions.VerificationError),
    ],
)
def test_a_hash_that_cannot_be_verified(stored: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        PasswordHasher().verify(stored, "x")
    assert stored not in str(raised.value)


def test_what_argon2_cannot_take() -> None:
    for hasher in (PasswordHasher(time_cost=0), PasswordHasher(memory_cost=7), PasswordHasher(salt_len=4)):
        with pytest.raises(exceptions.HashingError):
            hasher.hash("x")
    with pytest.raises(exceptions.HashingError, match="4097"):
        PasswordHasher.from_parameters(profiles.CHEAPEST).hash("x" * 4097)
