"""Password hashes of the libraries that people have, made by these with random passwords, salts and costs."""

import os
import random
import string
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import argon2
import bcrypt
import pytest
import strongroom
from argon2.low_level import Type, hash_secret
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from werkzeug.security import generate_password_hash

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # passlib is as old as it is
    passlib: Any = import_module("passlib.hash")

# passlib looks up argon2's version in a way that argon2-cffi warns of.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROUNDS = 1000 if os.environ.get("STRONGROOM_SOAK") else 20
ALPHABET = string.printable + "äöüß€你好\U0001f511\u0301"
# Neither has types.
django: Any = import_module("django.contrib.auth.hashers")
settings: Any = import_module("django.conf").settings
if not settings.configured:  # by passlib's tests, which another file of ours runs
    settings.configure()


def password(random: random.Random, most: int, nul: bool = True) -> str:
    """Mostly short, sometimes empty or as long as it gets, of any characters."""
    length = random.choice([0, 1, 8, random.randint(1, 40), most])
    letters = ALPHABET + ("\0" if nul else "")
    text = ""
    while len(text.encode()) < length:
        text += random.choice(letters)
    while len(text.encode()) > most:
        text = text[:-1]
    return text


Make = Callable[[str, random.Random], str | bytes]


def argon2_cffi(text: str, random: random.Random) -> bytes:
    lanes = random.randint(1, 4)
    return hash_secret(
        text.encode(),
        random.randbytes(random.randint(8, 64)),
        random.randint(1, 4),
        random.randint(8 * lanes, 512),
        lanes,
        random.randint(4, 128),
        random.choice([Type.D, Type.I, Type.ID]),
        version=random.choice([16, 19]),
    )


def passlib_with(name: str, rounds: tuple[int, int], **fixed: Any) -> Make:
    def make(text: str, random: random.Random) -> str:
        handler = getattr(passlib, name).using(rounds=random.randint(*rounds), **fixed)
        return str(handler.hash(text))

    return make


def salted(name: str) -> Make:
    return lambda text, random: str(
        getattr(passlib, name).using(salt=random.randbytes(random.randint(4, 16))).hash(text)
    )


def salt(random: random.Random) -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=random.randint(8, 22)))


def django_pbkdf2(text: str, random: random.Random) -> str:
    hasher = random.choice([django.PBKDF2PasswordHasher, django.PBKDF2SHA1PasswordHasher])()
    return str(hasher.encode(text, salt(random), random.randint(1, 2000)))


def django_scrypt(text: str, random: random.Random) -> str:
    return str(django.ScryptPasswordHasher().encode(text, salt(random), n=2 ** random.randint(5, 10), r=8, p=1))


def django_argon2(text: str, random: random.Random) -> str:
    hasher = django.Argon2PasswordHasher()
    hasher.memory_cost, hasher.time_cost, hasher.parallelism = random.randint(64, 512), random.randint(1, 4), 8
    return str(hasher.encode(text, salt(random)))


def django_bcrypt(kind: Any) -> Make:
    return lambda text, _: str(kind().encode(text, bcrypt.gensalt(4)))


def werkzeug(text: str, random: random.Random) -> str:
    sha = random.choice(["sha1", "sha256", "sha512"])
    method = random.choice([f"scrypt:{2 ** random.randint(9, 12)}:8:1", f"pbkdf2:{sha}:{random.randint(1, 2000)}"])
    return generate_password_hash(text, method, random.randint(1, 20))


# The most bytes of a password that the library takes, and whether it takes a NUL.
FAMILIES: dict[str, tuple[Make, int, bool]] = {
    "argon2-cffi": (argon2_cffi, 4096, True),
    "bcrypt": (lambda text, _: bcrypt.hashpw(text.encode(), bcrypt.gensalt(4)), 72, False),
    "passlib argon2": (passlib_with("argon2", (1, 4), memory_cost=64, parallelism=2), 4096, True),
    "passlib pbkdf2_sha1": (passlib_with("pbkdf2_sha1", (1, 2000)), 4096, True),
    "passlib pbkdf2_sha256": (passlib_with("pbkdf2_sha256", (1, 2000)), 4096, True),
    "passlib pbkdf2_sha512": (passlib_with("pbkdf2_sha512", (1, 2000)), 4096, True),
    "passlib scrypt": (passlib_with("scrypt", (4, 8)), 4096, True),
    "passlib bcrypt": (passlib_with("bcrypt", (4, 4)), 72, False),
    "passlib bcrypt_sha256": (passlib_with("bcrypt_sha256", (4, 4)), 4096, False),
    "passlib sha256_crypt": (passlib_with("sha256_crypt", (1000, 2000)), 256, False),
    "passlib sha512_crypt": (passlib_with("sha512_crypt", (1000, 2000)), 256, False),
    "passlib ldap_salted_sha1": (salted("ldap_salted_sha1"), 4096, True),
    "passlib ldap_salted_sha256": (salted("ldap_salted_sha256"), 4096, True),
    "passlib ldap_salted_sha512": (salted("ldap_salted_sha512"), 4096, True),
    "passlib ldap_pbkdf2_sha256": (passlib_with("ldap_pbkdf2_sha256", (1, 2000)), 4096, True),
    "Django pbkdf2": (django_pbkdf2, 4096, True),
    "Django scrypt": (django_scrypt, 4096, True),
    "Django argon2": (django_argon2, 4096, True),
    "Django bcrypt": (django_bcrypt(django.BCryptPasswordHasher), 72, False),
    "Django bcrypt_sha256": (django_bcrypt(django.BCryptSHA256PasswordHasher), 4096, True),
    "Werkzeug": (werkzeug, 4096, True),
    "pwdlib argon2": (lambda text, _: Argon2Hasher(time_cost=1, memory_cost=64).hash(text), 4096, True),
    "pwdlib bcrypt": (lambda text, _: BcryptHasher(rounds=4).hash(text), 72, False),
}


def changed(stored: str, random: random.Random) -> str:
    """One character of the salt or the digest, in the alphabet that they are in, is another."""
    start = stored.rindex("$") + 1 if "$" in stored else stored.index("}") + 1
    at = random.randrange(start, len(stored.rstrip("=")))
    letters = "0123456789abcdef" if stored.startswith(("scrypt:", "pbkdf2:")) else string.ascii_letters + string.digits
    return stored[:at] + random.choice([letter for letter in letters if letter != stored[at]]) + stored[at + 1 :]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_others_made_verifies_and_nothing_near_it(family: str) -> None:
    make, most, nul = FAMILIES[family]
    rng = random.Random(family)
    refused = 0
    for _ in range(ROUNDS):
        text = password(rng, most, nul)
        made = make(text, rng)
        stored = made if isinstance(made, str) else made.decode()
        assert strongroom.verify_password(text, stored), stored
        other = text[:-1] + ("y" if text.endswith("x") else "x")
        assert not strongroom.verify_password(other, stored), stored
        try:
            assert not strongroom.verify_password(text, changed(stored, rng)), stored
        except strongroom.errors.InvalidInputError:
            refused += 1  # spare bits, which no encoder sets
    print(f"{family}: {ROUNDS} verified; of {ROUNDS} altered ones {refused} were refused, the others wrong")
    assert refused < ROUNDS


@pytest.mark.parametrize("text", ["correct horse", "pässwörd \U0001f511", "a\0b", "k" * 4095])
def test_what_we_write_verifies_elsewhere(text: str) -> None:
    ours = strongroom.hash_password(text)
    assert argon2.PasswordHasher().verify(ours, text)
    assert Argon2Hasher().verify(text, ours)
    assert passlib.argon2.verify(text, ours)
    assert django.Argon2PasswordHasher().verify(text, "argon2" + ours)
    assert not passlib.argon2.verify(text[:-1], ours)
