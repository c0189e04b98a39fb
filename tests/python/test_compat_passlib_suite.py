"""passlib's own test cases for the schemes that `strongroom.compat.passlib` takes over, run against it.

passlib tests a scheme through a handful of methods, `do_verify` and its like. Here these call a `CryptContext` of ours.
A case that calls none of them looks at passlib's own classes, and proves nothing about us: it counts as `UNTOUCHED`.
What cannot pass is in `DIFFERENT` with its reason, and must fail: a case that begins to pass has to leave the list.
"""

import re
import unittest
import warnings
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
import strongroom
from strongroom.compat.passlib import SCHEMES, CryptContext

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # passlib is as old as it is
    argon2, bcrypt, django, pbkdf2, scrypt, others, contexts = (
        import_module(f"passlib.tests.test_{name}")
        for name in (
            "handlers_argon2",
            "handlers_bcrypt",
            "handlers_django",
            "handlers_pbkdf2",
            "handlers_scrypt",
            "handlers",
            "context",
        )
    )

pytestmark = pytest.mark.filterwarnings("ignore")

THEIRS: list[Any] = [
    argon2._base_argon2_test,
    bcrypt._bcrypt_test,
    bcrypt._bcrypt_sha256_test,
    django.django_argon2_test,
    django.django_bcrypt_test,
    django.django_bcrypt_sha256_test,
    django.django_pbkdf2_sha1_test,
    django.django_pbkdf2_sha256_test,
    others.ldap_salted_sha1_test,
    others.ldap_salted_sha256_test,
    others.ldap_salted_sha512_test,
    others._sha256_crypt_test,
    others._sha512_crypt_test,
    pbkdf2.pbkdf2_sha1_test,
    pbkdf2.pbkdf2_sha256_test,
    pbkdf2.pbkdf2_sha512_test,
    scrypt._scrypt_test,
]


class Ours:
    """What takes the place of the methods through which passlib's cases reach a scheme."""

    handler: Any
    touched = False
    max_fuzz_time = 0  # seconds; passlib's random inputs are in test_compat_passlib.py, without a clock

    def context(self, handler: Any = None, **settings: Any) -> CryptContext:
        self.touched = True
        name = self.handler.name
        if handler is not None and "truncate_error" in handler.setting_kwds:
            settings["truncate_error"] = handler.truncate_error
        return CryptContext([name], **{f"{name}__{key}": value for key, value in settings.items()})

    def populate_settings(self, settings: dict[str, Any]) -> None:
        cheap = {"argon2": {"rounds": 1, "memory_cost": 64}, "scrypt": {"rounds": 4}, "bcrypt": {"rounds": 4}}
        for family, costs in cheap.items():
            if family in self.handler.name:
                settings.update(costs | settings)
        super().populate_settings(settings)  # type: ignore[misc] # passlib's

    def do_encrypt(
        self,
        secret: Any,
        use_encrypt: bool = False,  # noqa: ARG002 - these names are passlib's
        handler: Any = None,
        context: Any = None,  # noqa: ARG002
        **settings: Any,
    ) -> str:
        self.populate_settings(settings)
        return self.context(handler, **settings).hash(secret)

    def do_stub_encrypt(self, handler: Any = None, **settings: Any) -> str:
        """A hash whose digest nobody looks at."""
        settings.pop("context", None)
        context: Any = self.context(handler, **settings)
        return str(context._like(self.handler.name))

    def do_verify(self, secret: Any, hash: Any, handler: Any = None, **_: Any) -> bool:  # noqa: A002
        return self.context(handler).verify(secret, hash)

    def do_identify(self, hash: Any) -> bool:  # noqa: A002
        return self.context().identify(hash) is not None

    def do_genhash(self, secret: Any, config: Any, **_: Any) -> str:
        self.context().identify(config, required=True)
        return strongroom.PasswordHasher(truncate_bcrypt=True).hash_like(secret, config)


# By scheme and name of the case, both as patterns: why it cannot pass.
DIFFERENT = {
    "ldap_salted_.* (test_03.*|test_04.*|test_11.*|test_61.*|test_62.*|test_70_parsehash|.*wo_truncate.*)": (
        "salted SHA is too weak to be written: it is verified only"
    ),
    ".* test_1[345]_.*salt.*": "a caller gives no salt: it is always fresh",
    "(?!argon2|django_argon2).* test_12_min_salt_size": (
        "no salt of less than 8 bytes is made, and no salt_size is taken where the format fixes it"
    ),
    ".* test_using_salt_size": "a salt has 8 to 64 bytes",
    ".* test_63_large_secret": "a password of more than 4,096 bytes is wrong, without an exception of passlib's",
    ".* test_72_configs": "a hash without its digest is nothing that a user table holds",
    "(argon2|bcrypt|bcrypt_sha256|pbkdf2_sha1|scrypt|sha.*_crypt) test_74_malformed": "a damaged hash is of no scheme",
    "ldap_salted_.* test_74_malformed": "LDAP servers take salts of less than 4 bytes",
    ".* test_76_hash_border": "verify takes None, for a user that does not exist, as passlib's own context does",
    "(django_)?bcrypt test_secret_w_truncate_size": "the exception at its end is passlib's own class",
    "django_argon2 test_has_rounds_using_and_needs_update": "it asks passlib's handler, of another default memory",
}
UNTOUCHED = "looks at passlib's own classes only"


def run(case: Any) -> tuple[str, str]:
    result = unittest.TestResult()
    case.run(result)
    bad = [*result.failures, *result.errors]
    return ("different", bad[0][1]) if bad else ("left out", result.skipped[0][1]) if result.skipped else ("passed", "")


def reason(scheme: str, name: str) -> str | None:
    reasons = [why for pattern, why in DIFFERENT.items() if re.fullmatch(pattern, f"{scheme} {name}")]
    assert len(reasons) <= 1, f"two reasons for {scheme} {name}"
    return next(iter(reasons), None)


@pytest.mark.parametrize("theirs", THEIRS, ids=[theirs.handler.name for theirs in THEIRS])
def test_handler_cases(theirs: Any) -> None:
    scheme = theirs.handler.name
    assert scheme in SCHEMES
    case = type(scheme, (Ours, theirs), {"_HandlerCase__unittest_skip": False})
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for name in unittest.defaultTestLoader.getTestCaseNames(case):
        run_of = case(name)
        outcome, why = run(run_of)
        if not run_of.touched:
            counts[UNTOUCHED] += 1
            continue
        counts[reason(scheme, name) or outcome] += 1
        if outcome != ("different" if reason(scheme, name) else "passed"):
            wrong.append(f"{name}: {outcome} {why.strip().splitlines()[-1:]}")
    assert not wrong
    print(f"passlib's cases of {scheme}: {counts.pop('passed')} passed")
    print("".join(f"  {count} {why}\n" for why, count in counts.most_common()))


# passlib's cases of CryptContext itself: why each of them cannot pass.
FOREIGN = "its samples are made of des_crypt, md5_crypt and the like, which are too weak to be taken over"
CONTEXT = {
    "test_01_constructor": "asks for to_dict",
    "test_02_from_string": "there are no INI files",
    "test_03_from_path": "there are no INI files",
    "test_10_load": "there are no INI files",
    "test_20_options": "a setting of a scheme that the context has not is refused",
    "test_22_deprecated": "there are no categories",
    "test_23_default": "there are no categories",
    "test_24_vary_rounds": "asks for to_dict",
    "test_30_schemes": "there are no handler objects",
    "test_32_handler": "there are no handler objects",
    "test_50_rounds_limits": "there are no handler objects",
    "test_51_linear_vary_rounds": "vary_rounds has no effect, here as in passlib 2",
    "test_52_log2_vary_rounds": "vary_rounds has no effect, here as in passlib 2",
    "test_dummy_verify": "measures time, with a scheme made for it",
    "test_harden_verify_parsing": "asks for harden_verify, which has no effect in passlib either",
}


def test_context_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "CryptContext", CryptContext)
    counts: Counter[str] = Counter()
    for name in unittest.defaultTestLoader.getTestCaseNames(contexts.CryptContextTest):
        outcome, why = run(contexts.CryptContextTest(name))
        expected = CONTEXT.get(name, FOREIGN)
        if expected == FOREIGN:
            assert "no such scheme" in why, f"{name}: {why}"
        counts[expected if outcome == "different" else outcome] += 1
        assert outcome == "different", name
    print(f"passlib's cases of CryptContext: {counts['passed']} passed")
    print("".join(f"  {count} {why}\n" for why, count in counts.most_common()))
