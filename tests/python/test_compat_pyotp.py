"""`strongroom.compat.pyotp`, beside pyotp and under pyotp's own tests."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import strongroom
from strongroom.compat import pyotp as ours

theirs: Any = import_module("pyotp")  # whose types do not say all that it takes
ROOT = Path(__file__).parents[2]
SUITE = ROOT / ".cache/suites/pyotp-2.12.1/test.py"
COMPARISONS = 10_000 if os.environ.get("STRONGROOM_SOAK") else 2_000

# By name: why a test cannot pass. It must fail, so that this list stays true.
DIFFERENT = {
    "OTPConfigurationTest.test_digit_range": "codes have 6 to 8 digits, not 9 or 10",
    "OTPInputSizeTest.test_fullwidth_otp": "asks for a code of 10 digits at its end",
}

# Runs in a process of its own, in which `import pyotp` finds ours.
RUN = """
import json, sys, unittest
from importlib import import_module, util

def take_over(name):
    sys.modules[f"pyotp{name}"] = import_module(f"strongroom.compat.pyotp{name}")

for name in ("", ".contrib", ".exceptions", ".hotp", ".otp", ".totp", ".utils"):
    take_over(name)
spec = util.spec_from_file_location("test", sys.argv[1])
tests = util.module_from_spec(spec)
spec.loader.exec_module(tests)
assert tests.pyotp.__name__ == "strongroom.compat.pyotp"

seen = {}
for test in [test for case in unittest.defaultTestLoader.loadTestsFromModule(tests) for test in case]:
    result = unittest.TestResult()
    test.run(result)
    bad = result.failures + result.errors
    outcome = "failed" if bad else "skipped" if result.skipped else "passed"
    seen[test.id().removeprefix("test.")] = outcome, "\\n".join(text for _, text in bad)[-500:]
with open(sys.argv[2], "w") as file:
    json.dump(seen, file)
"""


def test_their_own_tests(tmp_path: Path) -> None:
    assert SUITE.is_file(), "run: make .cache/suites"
    outcomes = tmp_path / "outcomes.json"
    run: list[str | Path] = [sys.executable, "-c", RUN, SUITE, outcomes]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcomes.exists(), done.stdout + done.stderr
    seen: dict[str, tuple[str, str]] = json.loads(outcomes.read_text())
    assert DIFFERENT.keys() <= seen.keys()
    for test, (outcome, why) in seen.items():
        assert outcome == ("failed" if test in DIFFERENT else "passed"), f"{test}: {outcome}\n{why}"
    print(f"pyotp's tests: {len(seen) - len(DIFFERENT)} of {len(seen)} passed")
    print("".join(f"different: {test}: {reason}\n" for test, reason in DIFFERENT.items()))
    assert len(seen) > 50


# What labels and parameters are made of, and may break them.
TEXTS = [
    "alice",
    "alice@example.com",
    "Börse",
    "口座",
    "a b",
    "100%",
    "%41",
    "a:b",
    "a&b=c",
    "a+b",
    "a/b?c#d",
    "🔑",
    "",
]
FULL_WIDTH = {0x30 + digit: 0xFF10 + digit for digit in range(10)}
DIGESTS = [hashlib.sha1, hashlib.sha256, hashlib.sha512]


def outcome(call: Any, *args: Any, **named: Any) -> Any:
    """What a call returns, or the kind of its error."""
    try:
        return call(*args, **named)
    except ValueError:
        return ValueError
    except (ours.OTPVerificationError, theirs.OTPVerificationError):
        return ours.OTPVerificationError


def attributes(otp: Any) -> dict[str, Any]:
    names = ["secret", "digits", "digest", "name", "issuer", "interval", "initial_count"]
    return {"type": type(otp).__name__, **{name: getattr(otp, name) for name in names if hasattr(otp, name)}}


def random_pair(rng: random.Random) -> tuple[Any, Any]:
    """The same object of theirs and of ours."""
    secret = base64.b32encode(rng.randbytes(rng.choice([14, 20, 32, rng.randint(14, 256)]))).decode()
    secret = rng.choice([secret, secret.lower(), secret.rstrip("=")])
    settings: dict[str, Any] = {
        "name": rng.choice([None, *TEXTS]) or "".join(rng.choices(TEXTS, k=3)),
        "issuer": rng.choice([None, *TEXTS]),
    }
    kind = rng.choice(["TOTP", "HOTP", "Steam"])
    if kind == "Steam":
        return theirs.contrib.Steam(secret, **settings), ours.contrib.Steam(secret, **settings)
    settings |= {"digits": rng.randint(6, 8), "digest": rng.choice([None, *DIGESTS])}
    settings |= {"interval": rng.randint(1, 120)} if kind == "TOTP" else {"initial_count": rng.randint(0, 1 << 40)}
    return getattr(theirs, kind)(secret, **settings), getattr(ours, kind)(secret, **settings)


def random_time(rng: random.Random) -> float | datetime:
    seconds = rng.choice([rng.randint(0, 300), rng.randint(0, 2**32), rng.randint(0, 253_402_300_799)])
    zone = timezone(timedelta(minutes=rng.randint(-720, 720)))
    when = datetime(1970, 1, 2, tzinfo=zone) + timedelta(seconds=seconds % 2**37, microseconds=rng.randint(0, 999_999))
    times: list[float | datetime] = [seconds, seconds + rng.random(), when, when.replace(tzinfo=None)]
    return rng.choice(times)


def compare_codes(rng: random.Random, them: Any, us: Any) -> None:
    if isinstance(them, theirs.HOTP):
        counter = rng.randint(0, 1 << 40)
        code = them.at(counter)
        assert us.at(counter) == code
        for typed in (
            code,
            int(code),
            code.translate({0x30 + digit: 0xFF10 + digit for digit in range(10)}),
            f"{code} ",
        ):
            assert us.verify(typed, counter) is them.verify(typed, counter)
        assert us.verify(code, counter + 1) is them.verify(code, counter + 1)
        return
    at, window = random_time(rng), rng.randint(0, 15)
    assert us.timecode(at) == them.timecode(at)
    assert us.at(at) == them.at(at)
    offset = rng.randint(-window - 1, window + 1)
    code = outcome(them.at, at, counter_offset=offset)
    assert outcome(us.at, at, counter_offset=offset) == code
    typed = code if code is not ValueError else "000000"
    for call in ("verify", "verify_and_get_timecode"):
        expected = outcome(getattr(them, call), typed, for_time=at, valid_window=window)
        assert outcome(getattr(us, call), typed, for_time=at, valid_window=window) == expected


def compare_uris(rng: random.Random, them: Any, us: Any) -> None:
    if isinstance(them, theirs.contrib.Steam):
        # Theirs says 10 digits, and no authenticator that it is Steam's.
        read: Any = theirs.parse_uri(us.provisioning_uri())
        back: Any = ours.parse_uri(us.provisioning_uri())
        assert attributes(back) == attributes(us)
        assert attributes(read) == {**attributes(us), "digits": 10}
        assert read.at(59) == back.at(59)
        return
    named: dict[str, Any] = {"name": rng.choice([None, "bob"]), "issuer_name": rng.choice([None, "Other: Co"])}
    named |= rng.choice([{}, {"image": "https://example.com/a b.png"}, {"x": "ä+&"}])
    uri = them.provisioning_uri(**named)
    assert us.provisioning_uri(**named) == uri
    assert attributes(theirs.parse_uri(uri)) == attributes(ours.parse_uri(uri))
    # As an authenticator reads it, and as we write it. Its names have no spaces around them, and an issuer no colon.
    if ":" in (them.issuer or "") + them.name:
        return
    account = strongroom.otp.Account.from_uri(them.provisioning_uri())
    assert (account.name, account.issuer) == (them.name.strip(), (them.issuer or "").strip() or None)
    codes = account.totp or account.hotp
    assert codes is not None
    counter = them.initial_count + 7 if account.hotp else 7
    assert codes.at(counter) == them.at(7)
    written = theirs.parse_uri(account.to_uri().reveal())
    assert attributes(written) == {
        **attributes(them),
        "secret": them.secret.upper().rstrip("="),
        "name": account.name,
        "issuer": account.issuer,
        "digest": them.digest or hashlib.sha1,
    }


def test_the_same_answers_as_pyotp() -> None:
    rng = random.Random(30)
    kinds: Counter[str] = Counter()
    for _ in range(COMPARISONS):
        them, us = random_pair(rng)
        assert attributes(us) == attributes(them) | ({"digits": 5} if isinstance(us, ours.contrib.Steam) else {})
        assert us.byte_secret() == them.byte_secret()
        compare_codes(rng, them, us)
        compare_uris(rng, them, us)
        kinds[type(us).__name__] += 1
    print(f"{COMPARISONS} comparisons: {dict(kinds)}")
    assert min(kinds.values()) > COMPARISONS / 4


SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
URI = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "otpauth:totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "OTPAUTH://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://TOTP/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://user@totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://[totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        f"{URI}&secret=",
        f"{URI}&issuer=Other",
        f"{URI}&issuer=",
        f"{URI}&issuer=Example&x=1&x=2",
        f"{URI}&algorithm=sha1",
        f"{URI}&algorithm=SHA224",
        f"{URI}&algorithm=",
        f"{URI}&digits=5",
        f"{URI}&digits=9",
        f"{URI}&digits=six",
        f"{URI}&digits=%EF%BC%98",
        f"{URI}&period=0",
        f"{URI}&period=121",
        f"{URI}&period=1.5",
        f"{URI}&encoder=steam",
        f"{URI}&encoder=STEAM",
        f"{URI}&encoder=steam&period=15&digits=7",
        f"{URI}#fragment",
        f"{URI}%",
        f"{URI}%ff",
        "otpauth://totp/%zz:%ff?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/a:b:c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/a%3Ab?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp//a/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=-1",
        "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=x",
        "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQ",
    ],
)
def test_uris_are_read_and_refused_alike(uri: str) -> None:
    read, expected = outcome(ours.parse_uri, uri), outcome(theirs.parse_uri, uri)
    if expected is ValueError:
        assert read is ValueError
    else:
        digits = {"digits": 5} if isinstance(read, ours.contrib.Steam) else {}
        assert attributes(read) == attributes(expected) | digits


def test_a_parameter_of_another_type_is_passed_over() -> None:
    for uri in (f"{URI}&counter=5", f"{URI.replace('totp', 'hotp')}&period=60", f"{URI}&encoder=steam&algorithm=SHA1"):
        assert ours.parse_uri(uri).name == "alice"
        with pytest.raises(TypeError):
            theirs.parse_uri(uri)
    with pytest.raises(ValueError, match="4096"):
        ours.parse_uri(f"{URI}&x={'y' * 4096}")


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"digits": 9}, "between 6 and 8"),
        ({"digits": 10}, "between 6 and 8"),
        ({"digits": 11}, "between 6 and 8"),
        ({"digest": hashlib.md5}, "18 bytes"),
        ({"digest": hashlib.sha224}, "sha256"),
        ({"digest": hashlib.sha3_256}, "sha256"),
        ({"s": ""}, "112 bits"),
        ({"s": b"GEZDGNBVGY3TQOJQ"}, "112 bits"),
        ({"s": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"}, "base32"),
        ({"s": "A" * 416}, "256"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], match: str) -> None:
    kinds: list[Any] = [ours.OTP, ours.HOTP, ours.TOTP]
    for make in kinds:
        with pytest.raises(ValueError, match=match) as raised:
            make(**{"s": SECRET, **settings})
        assert SECRET[:5] not in str(raised.value)
    if "s" in settings:
        with pytest.raises(ValueError, match=match):
            ours.contrib.Steam(**settings)


def test_attributes_can_be_set_as_in_pyotp() -> None:
    us, them = ours.TOTP(SECRET), theirs.TOTP(SECRET)
    for name, value in (
        ("secret", "N3OVNIBRERIO5OHGVCMDGS4V4RJ3AUZOUN34J6FRM4P6JIFCG3ZA"),
        ("digits", 8),
        ("digest", hashlib.sha512),
        ("interval", 60),
    ):
        setattr(us, name, value)
        setattr(them, name, value)
        assert us.at(1_700_000_000) == them.at(1_700_000_000), name
    us.digits = 9
    with pytest.raises(ValueError, match="digits"):
        us.now()


def test_the_secret_is_shown_only_where_it_is_asked_for() -> None:
    us = ours.TOTP(SECRET, name="alice")
    assert "GEZD" not in repr(us) + repr(vars(us))
    assert us.secret == SECRET
    with pytest.raises(TypeError):
        pickle.dumps(us)
    for copied in (copy.copy(us), copy.deepcopy(us)):
        assert copied.at(59) == us.at(59)
        assert attributes(copied) == attributes(us)


def test_codes_that_cannot_be_any() -> None:
    us: Any = ours.TOTP(SECRET)
    for code in ("", "28708", "2870822", "287 082", "28708\udc82", "x" * 1025, "२८७०८२", None):
        assert us.verify(code, for_time=59) is False
    assert us.verify("287082", for_time=59, valid_window=-1) is False
    assert us.verify("287082", for_time=90_000, valid_window=3_000) is True
    with pytest.raises(ValueError, match="large"):
        us.generate_otp(1 << 64)
    with pytest.raises(ValueError, match="counter"):
        ours.HOTP(SECRET).verify("287082", 1 << 53)
