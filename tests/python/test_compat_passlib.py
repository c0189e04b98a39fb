"""`strongroom.compat.passlib`, beside passlib itself: the same contexts, the same hashes, the same answers."""

import os
import random
import warnings
from importlib import import_module
from typing import Any

import pytest
import strongroom
from strongroom.compat.passlib import SCHEMES, CryptContext, MalformedHashError, PasswordValueError, UnknownHashError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # passlib is as old as it is
    passlib: Any = import_module("passlib.hash")
    Theirs: Any = import_module("passlib.context").CryptContext

# passlib looks up argon2's version in a way that argon2-cffi warns of.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CONTEXTS = 3000 if os.environ.get("STRONGROOM_SOAK") else 150
BCRYPT = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
SSHA = "{SSHA}" + "0pZPfVJ1vbvQ1R8fFTvFzBuMOLS+lDCJ3DOxOA=="

# The range of each setting, from the cheapest on. The others of passlib's schemes have none, and cannot be written.
RANGES: dict[str, dict[str, tuple[int, int]]] = {
    "argon2": {"rounds": (1, 4), "memory_cost": (64, 80), "parallelism": (1, 2), "salt_size": (8, 20)},
    "bcrypt": {"rounds": (4, 5)},
    "bcrypt_sha256": {"rounds": (4, 5)},
    "django_bcrypt": {"rounds": (4, 5)},
    "django_bcrypt_sha256": {"rounds": (4, 5)},
    "django_pbkdf2_sha1": {"rounds": (1, 30), "salt_size": (8, 20)},
    "django_pbkdf2_sha256": {"rounds": (1, 30), "salt_size": (8, 20)},
    "ldap_pbkdf2_sha1": {"rounds": (1, 30), "salt_size": (8, 20)},
    "ldap_pbkdf2_sha256": {"rounds": (1, 30), "salt_size": (8, 20)},
    "ldap_pbkdf2_sha512": {"rounds": (1, 30), "salt_size": (8, 20)},
    "pbkdf2_sha1": {"rounds": (1, 30), "salt_size": (8, 20)},
    "pbkdf2_sha256": {"rounds": (1, 30), "salt_size": (8, 20)},
    "pbkdf2_sha512": {"rounds": (1, 30), "salt_size": (8, 20)},
    "scrypt": {"rounds": (4, 6), "block_size": (7, 8), "salt_size": (8, 20)},
    "sha256_crypt": {"rounds": (1000, 1010)},
    "sha512_crypt": {"rounds": (1000, 1010)},
}
VARIANTS: dict[str, dict[str, list[object]]] = {
    "argon2": {"type": ["i", "d", "id"]},
    "bcrypt": {"ident": ["2a", "2b", "2y"]},
    "bcrypt_sha256": {"version": [1, 2]},
}


def random_context(rng: random.Random) -> tuple[list[str], dict[str, Any]]:
    names = rng.sample(sorted(RANGES), rng.randint(1, 4))
    settings: dict[str, Any] = {"deprecated": rng.choice(["auto", [], names[1:], names[-1:] if names[1:] else []])}
    for name in names:
        for setting, (least, most) in RANGES[name].items():
            if setting == "rounds":
                low, high = sorted(rng.randint(least, most) for _ in range(2))
                settings[f"{name}__default_rounds"] = rng.randint(low, high)
                settings |= rng.choice([{}, {f"{name}__min_rounds": low}, {f"{name}__max_rounds": high}])
            else:  # always given: our defaults are of today
                settings[f"{name}__{setting}"] = rng.randint(least, most)
    return names, settings


def test_the_same_answers_as_passlib() -> None:
    rng = random.Random(20)
    compared = 0
    for _ in range(CONTEXTS):
        names, settings = random_context(rng)
        theirs, ours = Theirs(names, **settings), CryptContext(names, **settings)
        assert ours.default_scheme() == theirs.default_scheme()
        assert ours.schemes() == theirs.schemes()
        for name in names:
            made_with: dict[str, Any] = {key: rng.randint(*limits) for key, limits in RANGES[name].items()}
            made_with |= {key: rng.choice(values) for key, values in VARIANTS.get(name, {}).items()}
            stored = getattr(passlib, name).using(**made_with).hash("pässword")
            where = f"{stored} in {names} with {settings}"
            assert ours.identify(stored) == theirs.identify(stored) == name, where
            assert ours.needs_update(stored) == theirs.needs_update(stored), where
            assert ours.verify("password", stored) is theirs.verify("password", stored) is False, where
            (ok, new), (their_ok, theirs_new) = (
                context.verify_and_update("pässword", stored) for context in (ours, theirs)
            )
            assert (ok, new is None) == (their_ok, theirs_new is None), where
            for renewed in (new, theirs_new):  # each is up to date for the other
                if renewed:
                    assert theirs.verify("pässword", renewed), where
                    assert ours.verify("pässword", renewed), where
                    assert not theirs.needs_update(renewed), where
                    assert not ours.needs_update(renewed), where
            other = ours.hash(b"\xff", scheme=name)
            assert theirs.identify(other) == name
            assert theirs.verify(b"\xff", other), where
            compared += 1
    print(f"{CONTEXTS} contexts, {compared} hashes compared")


def test_moving_over_is_one_line() -> None:
    context = CryptContext(schemes=["argon2", "bcrypt"], deprecated="auto")
    ok, new = context.verify_and_update("correct horse", BCRYPT)
    assert ok
    assert new is not None
    assert new.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert context.verify_and_update("correct horse", new) == (True, None)
    assert context.verify_and_update("wrong", BCRYPT) == (False, None)


def test_only_the_schemes_of_a_context_verify() -> None:
    context = CryptContext(["bcrypt"], bcrypt__rounds=4)
    foreign = "pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY="
    for stored in (foreign, "$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6o.", "", "$2b$04$short", "\N{SNOWMAN}", b"\xff"):
        assert context.identify(stored) is None
        with pytest.raises(UnknownHashError):
            context.verify("correct horse", stored)
        with pytest.raises(UnknownHashError):
            context.needs_update(stored)
        with pytest.raises(UnknownHashError):
            context.identify(stored, required=True)
    with pytest.raises(KeyError):
        context.verify("correct horse", BCRYPT, scheme="argon2")


def test_a_hash_over_the_ceilings_is_refused_before_any_work() -> None:
    context = CryptContext(["argon2", "bcrypt"])
    for stored in (
        "$argon2id$v=19$m=4194304,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$nIfAaJi8GFFmabVKi5XTbmIpRklNelXCbzkaBAYGjBk",
        BCRYPT.replace("$04$", "$31$"),
    ):
        with pytest.raises(MalformedHashError, match="limit"):
            context.verify("correct horse", stored)
    # A context that writes more than the ceilings takes what it writes.
    costly = CryptContext(["argon2"], argon2__rounds=17, argon2__memory_cost=64, argon2__parallelism=1)
    assert costly.verify("x", costly.hash("x"))


def test_a_user_that_does_not_exist() -> None:
    context = CryptContext(["bcrypt"], bcrypt__rounds=4)
    assert context.verify("correct horse", None) is False
    assert context.verify_and_update("correct horse", None) == (False, None)
    assert context.dummy_verify() is False


def test_passwords_that_bcrypt_cannot_take() -> None:
    context = CryptContext(["bcrypt"], bcrypt__rounds=4)
    stored = context.hash("x" * 80)
    assert context.verify("x" * 72, stored)  # as passlib and bcrypt have it, unless told otherwise
    with pytest.raises(PasswordValueError, match="72"):
        context.copy(bcrypt__truncate_error=True).hash("x" * 80)
    with pytest.raises(PasswordValueError, match="NUL"):
        context.hash("a\0b")
    assert context.verify("a\0b", stored) is False


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (KeyError, "md5_crypt", {"schemes": ["md5_crypt"]}),
        (KeyError, "twice", {"schemes": ["bcrypt", "bcrypt"]}),
        (KeyError, "has not the scheme", {"schemes": ["bcrypt"], "default": "argon2"}),
        (ValueError, "deprecated", {"schemes": ["bcrypt"], "deprecated": ["bcrypt"]}),
        (KeyError, "no setting memory_cost", {"schemes": ["bcrypt"], "bcrypt__memory_cost": 5}),
        (KeyError, "has not the scheme", {"schemes": ["bcrypt"], "argon2__rounds": 5}),
        (KeyError, "no scheme", {"schemes": ["bcrypt"], "all__memory_cost": 5}),
        (TypeError, "categories", {"schemes": ["bcrypt"], "admin__bcrypt__rounds": 5}),
        (TypeError, "expected SCHEME__NAME", {"schemes": ["bcrypt"], "rounds": 5}),
        (ValueError, "salt_size", {"schemes": ["pbkdf2_sha256"], "pbkdf2_sha256__salt_size": 0}),
        (ValueError, "rounds", {"schemes": ["bcrypt"], "bcrypt__min_rounds": 9, "bcrypt__max_rounds": 8}),
        (ValueError, "ident", {"schemes": ["bcrypt"], "bcrypt__ident": "2x"}),
        (ValueError, "type", {"schemes": ["argon2"], "argon2__type": "x"}),
        (TypeError, "expected the name of a scheme", {"schemes": [5]}),
    ],
)
def test_wrong_settings(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(error, match=match):
        CryptContext(**arguments)


def test_what_is_too_weak_to_be_written_verifies() -> None:
    stored = passlib.ldap_salted_sha256.hash("correct horse")
    context = CryptContext(["bcrypt", "ldap_salted_sha256"], deprecated="auto", bcrypt__rounds=4)
    ok, new = context.verify_and_update("correct horse", stored)
    assert ok
    assert context.identify(new or "") == "bcrypt"
    with pytest.raises(ValueError, match="too weak"):
        context.hash("correct horse", scheme="ldap_salted_sha256")


def test_settings_that_passlib_takes_as_text_and_handlers() -> None:
    context = CryptContext(f"{passlib.bcrypt.name}, pbkdf2_sha256", bcrypt__rounds="4")
    assert context.schemes() == ("bcrypt", "pbkdf2_sha256")
    assert CryptContext([passlib.bcrypt]).schemes() == ("bcrypt",)
    assert repr(context) == "CryptContext(['bcrypt', 'pbkdf2_sha256'], default='bcrypt')"
    with pytest.warns(UserWarning, match="vary_rounds"):
        CryptContext(["bcrypt"], all__vary_rounds=0.1)


def test_a_context_without_schemes() -> None:
    context = CryptContext()
    for call in (lambda: context.hash("x"), lambda: context.verify("x", BCRYPT), context.default_scheme):
        with pytest.raises(KeyError, match="no schemes"):
            call()


def test_every_scheme_that_can_be_written_is() -> None:
    cheap: dict[str, Any] = {
        f"{name}__{key}": least for name, ranges in RANGES.items() for key, (least, _) in ranges.items()
    }
    written = [name for name in SCHEMES if not name.startswith("ldap_salted")]
    context = CryptContext(written, **cheap)
    for name in written:
        stored = context.hash("correct horse", scheme=name)
        assert context.identify(stored) == name
        assert context.verify(strongroom.Secret("correct horse"), stored.encode())
        assert not context.verify("x", stored)
