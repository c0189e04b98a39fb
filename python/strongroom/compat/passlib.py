"""passlib's `CryptContext`: one object that knows which hashes a program takes, and which one it writes.

>>> from strongroom.compat.passlib import CryptContext
>>> context = CryptContext(["argon2", "bcrypt"], deprecated="auto")
>>> old = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
>>> ok, new = context.verify_and_update("correct horse", old)
>>> ok, context.identify(new)
(True, 'argon2')

What differs from passlib 1.7:

- Defaults are of today: Argon2id of 64 MiB, 600,000 iterations of PBKDF2-HMAC-SHA-256.
- A stored hash is read strictly (no repair of a wrong padding), and its cost is held against a ceiling before any work.
- Schemes are those of `SCHEMES`. There are no categories, no INI files and no handler objects.
- A password with a NUL does not match a hash of bcrypt, instead of an exception.
"""

import secrets
import string
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from warnings import warn

import strongroom
from strongroom._strongroom import Secret
from strongroom.errors import InvalidInputError, StrongroomError

__all__ = ["SCHEMES", "CryptContext", "MalformedHashError", "PasswordValueError", "UnknownHashError"]


class UnknownHashError(ValueError):
    """No scheme of the context takes this hash."""


class MalformedHashError(ValueError):
    """The hash cannot be verified: it costs more than the ceilings allow. The message says so."""


class PasswordValueError(ValueError):
    """The scheme cannot take this password: the message says why."""


_Setting = int | str | bool | float
_Settings = dict[str, _Setting]
_Password = str | bytes | bytearray | Secret

_STANDARD = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_TO_AB64 = str.maketrans("+", ".")
_TO_BCRYPT = str.maketrans(_STANDARD, "./" + string.ascii_uppercase + string.ascii_lowercase + string.digits)


@dataclass(frozen=True)
class _Scheme:
    """How a scheme is written: the template of a hash, whose digest is zeros until the core fills it in."""

    template: str
    rounds: int
    digest: int
    """Bytes."""
    salt: str = "base64"
    """Its spelling."""
    others: tuple[tuple[str, _Setting], ...] = ()
    """What can be set besides the rounds, and its default."""


def _argon2(template: str) -> _Scheme:
    return _Scheme(
        template, 3, 32, others=(("type", "id"), ("memory_cost", 65_536), ("parallelism", 4), ("salt_size", 16))
    )


def _bcrypt(template: str, ident: str = "2b") -> _Scheme:
    return _Scheme(template, 12, 23, "bcrypt", (("ident", ident), ("truncate_error", False)))


def _pbkdf2(template: str, rounds: int, digest: int, salt: str = "ab64") -> _Scheme:
    return _Scheme(template, rounds, digest, salt, (("salt_size", 22 if salt == "letters" else 16),))


_ARGON2 = "$argon2{type}$v=19$m={memory_cost},t={rounds},p={parallelism}${salt}${digest}"
_BCRYPT = "${ident}${rounds:02}${salt}{digest}"
_TEMPLATES: dict[str, _Scheme | None] = {
    "argon2": _argon2(_ARGON2),
    "bcrypt": _bcrypt(_BCRYPT),
    "bcrypt_sha256": _Scheme("$bcrypt-sha256$v=2,t=2b,r={rounds}${salt}${digest}", 12, 23, "bcrypt"),
    "django_argon2": _argon2(f"argon2{_ARGON2}"),
    "django_bcrypt": _bcrypt(f"bcrypt${_BCRYPT}"),
    "django_bcrypt_sha256": _bcrypt(f"bcrypt_sha256${_BCRYPT}"),
    "django_pbkdf2_sha1": _pbkdf2("pbkdf2_sha1${rounds}${salt}${padded}", 1_300_000, 20, "letters"),
    "django_pbkdf2_sha256": _pbkdf2("pbkdf2_sha256${rounds}${salt}${padded}", 1_000_000, 32, "letters"),
    "ldap_pbkdf2_sha1": _pbkdf2("{{PBKDF2}}{rounds}${salt}${digest}", 1_300_000, 20),
    "ldap_pbkdf2_sha256": _pbkdf2("{{PBKDF2-SHA256}}{rounds}${salt}${digest}", 600_000, 32),
    "ldap_pbkdf2_sha512": _pbkdf2("{{PBKDF2-SHA512}}{rounds}${salt}${digest}", 220_000, 64),
    "ldap_salted_sha1": None,  # too fast to write: it is verified only
    "ldap_salted_sha256": None,
    "ldap_salted_sha512": None,
    "pbkdf2_sha1": _pbkdf2("$pbkdf2${rounds}${salt}${digest}", 1_300_000, 20),
    "pbkdf2_sha256": _pbkdf2("$pbkdf2-sha256${rounds}${salt}${digest}", 600_000, 32),
    "pbkdf2_sha512": _pbkdf2("$pbkdf2-sha512${rounds}${salt}${digest}", 220_000, 64),
    "scrypt": _Scheme(
        "$scrypt$ln={rounds},r={block_size},p={parallelism}${salt}${digest}",
        16,
        32,
        others=(("block_size", 8), ("parallelism", 1), ("salt_size", 16)),
    ),
    "sha256_crypt": _Scheme("$5$rounds={rounds}${salt}${dots}", 535_000, 32, "crypt"),
    "sha512_crypt": _Scheme("$6$rounds={rounds}${salt}${dots}", 656_000, 64, "crypt"),
}

SCHEMES = tuple(_TEMPLATES)
"""The schemes that a context can have, by passlib's names. `ldap_salted_*` are verified only."""

_ROUNDS = ("rounds", "default_rounds", "min_rounds", "max_rounds")
_ARGON2_DIGEST = 43
"""Characters of the 32 bytes that are written."""
_ARGON2_TYPES = {"argon2id": "id", "argon2i": "i", "argon2d": "d"}


class CryptContext:
    """Hashes with the default scheme, and verifies and replaces those of the others. Threads may share one."""

    def __init__(
        self,
        schemes: Iterable[str] | str | None = None,
        *,
        default: str | None = None,
        deprecated: Iterable[str] | str = (),
        **settings: _Setting,
    ) -> None:
        """`schemes` are names of `SCHEMES`, the first of which is written unless `default` says another.

        `deprecated` names the schemes that are to be replaced; `"auto"` is all but the default. Settings are
        `SCHEME__NAME=VALUE`, such as `bcrypt__rounds=13`, `argon2__memory_cost=19456` or
        `sha512_crypt__min_rounds=500000`: `rounds` (default, lowest and highest at once), `default_rounds`,
        `min_rounds`, `max_rounds`, `salt_size`, and those of the algorithm: `type`, `memory_cost`, `parallelism`,
        `block_size`, `ident`, `truncate_error`. A `salt_size` is 8 to 64 bytes.

        Raises `KeyError` for a scheme that is not of `SCHEMES` or not of this context, and `ValueError` or `TypeError`
        for settings that it has not.
        """
        self._schemes = tuple(_name(scheme) for scheme in _list(schemes or ()))
        for scheme in self._schemes:
            if scheme not in _TEMPLATES:
                raise KeyError(f"no such scheme: {scheme}; there are {', '.join(SCHEMES)}")
        if len(set(self._schemes)) < len(self._schemes):
            raise KeyError("a scheme is given twice")
        self._default = self._schemes[0] if default is None and self._schemes else None
        if default is not None:
            self._default = self._own(_name(default))
        auto = deprecated == "auto"
        named = self._schemes if auto else tuple(self._own(_name(name)) for name in _list(deprecated))
        self._deprecated = frozenset(named) - ({self._default} if auto else set())
        if self._default in self._deprecated:
            raise ValueError(f"the default scheme {self._default} is deprecated: give another as `default`")
        self._arguments: dict[str, object] = {
            "schemes": self._schemes,
            "default": default,
            "deprecated": "auto" if auto else tuple(sorted(self._deprecated)),
            **settings,
        }
        self._settings = {scheme: self._settings_of(scheme, settings) for scheme in self._schemes}
        self._refuse_unknown(settings)
        # What the context writes, it takes: its own settings raise the ceilings.
        most = {"argon2": 16, "bcrypt": 16, "iterations": 10_000_000, "memory": 1_048_576, "lanes": 16}
        for scheme, own in self._settings.items():
            family = next((family for family in ("argon2", "bcrypt") if family in scheme), "iterations")
            most[family] = max(most[family], int(own.get("default_rounds", 0)))
            if family == "argon2":
                most["memory"] = max(most["memory"], int(own["memory_cost"]))
                most["lanes"] = max(most["lanes"], int(own["parallelism"]))

        def hasher(*, truncate: bool) -> strongroom.PasswordHasher:
            return strongroom.PasswordHasher(
                truncate_bcrypt=truncate,
                max_memory_kib=most["memory"],
                max_passes=most["argon2"],
                max_lanes=most["lanes"],
                max_iterations=most["iterations"],
                max_bcrypt_cost=most["bcrypt"],
            )

        # Long passwords were shortened when the hashes were made. New ones are too, unless `truncate_error` is set.
        self._hasher, self._exact = hasher(truncate=True), hasher(truncate=False)

    def hash(self, secret: _Password, scheme: str | None = None) -> str:
        """Hash a password with the default scheme, or another of the context, and a fresh salt.

        Raises `PasswordValueError` for a password that the scheme cannot take.
        """
        scheme = self._written(scheme)
        hasher = self._exact if self._settings[scheme].get("truncate_error") else self._hasher
        return self._derived(hasher, secret, self._like(scheme))

    def verify(self, secret: _Password, hash: str | bytes | None, scheme: str | None = None) -> bool:  # noqa: A002
        """Whether the hash was made from this password. `None` takes as long as a hash of the default scheme.

        Raises `UnknownHashError` for a hash that no scheme of the context takes, or not the one that is named, and
        `MalformedHashError` for one that costs more than the ceilings allow. Both are a `ValueError`.
        """
        if hash is None:
            self._written(scheme)
            self.dummy_verify(secret)
            return False
        self._identified(hash, scheme)
        try:
            return self._hasher.verify(secret, hash)
        except StrongroomError as error:
            raise MalformedHashError(str(error)) from None

    def verify_and_update(
        self,
        secret: _Password,
        hash: str | bytes | None,  # noqa: A002
        scheme: str | None = None,
    ) -> tuple[bool, str | None]:
        """Verify, and if the password is right and `needs_update` says so, also return a new hash to store."""
        if not self.verify(secret, hash, scheme) or hash is None:
            return False, None
        return True, self.hash(secret) if self.needs_update(hash, scheme) else None

    def needs_update(self, hash: str | bytes, scheme: str | None = None) -> bool:  # noqa: A002
        """Whether a hash is of a deprecated scheme, outside the limits of its rounds, or made with other settings."""
        found, cost = self._identified(hash, scheme)
        settings = self._settings[found]
        if found in self._deprecated:
            return True
        rounds = next(cost[key] for key in ("t", "i", "ln", "rounds") if key in cost)
        if not int(settings.get("min_rounds", 0)) <= rounds <= int(settings.get("max_rounds", rounds)):
            return True
        text = hash if isinstance(hash, str) else hash.decode()
        if found in ("argon2", "django_argon2"):
            wanted = f"$argon2{settings['type']}$v=19$m={settings['memory_cost']},"
            same = text.removeprefix("argon2").startswith(wanted) and cost["p"] == settings["parallelism"]
            return not same or len(text.rpartition("$")[2]) != _ARGON2_DIGEST
        if found == "scrypt":
            return (cost["r"], cost["p"]) != (settings["block_size"], settings["parallelism"])
        # The first version took a bare SHA-256 of the password: those that other sites lost can be tried on it.
        return found == "bcrypt_sha256" and not text.startswith("$bcrypt-sha256$v=2,")

    def identify(self, hash: str | bytes, *, required: bool = False) -> str | None:  # noqa: A002
        """Name the scheme of a hash, or `None`. `required` raises `UnknownHashError` instead."""
        found = self._identify(hash)
        if found is None and required:
            raise self._unknown()
        return found and found[0]

    def dummy_verify(self, secret: _Password = "") -> bool:
        """Take as long as `verify` of what `hash` writes, and return `False`: for a user that does not exist."""
        self._derived(self._hasher, secret, self._like(self._written(None)))
        return False

    def schemes(self) -> tuple[str, ...]:
        """Return the schemes of the context."""
        return self._schemes

    def default_scheme(self) -> str:
        """Return the scheme that `hash` writes."""
        return self._own(None)

    def copy(self, **changes: object) -> "CryptContext":
        """Make a context like this one but for these arguments."""
        return type(self)(**{**self._arguments, **changes})  # type: ignore[arg-type] # they are this class's own

    def __repr__(self) -> str:
        return f"CryptContext({list(self._schemes)!r}, default={self._default!r})"

    def _own(self, scheme: str | None) -> str:
        """Return a scheme of this context, the default one if none is named."""
        if not self._schemes:
            raise KeyError("this context has no schemes")
        if scheme is None:
            scheme = self._default
        if not isinstance(scheme, str):
            raise TypeError(f"expected the name of a scheme as str, got {type(scheme).__name__}")
        if scheme not in self._schemes:
            raise KeyError(f"this context has not the scheme {scheme}; it has {', '.join(self._schemes)}")
        return scheme

    def _written(self, scheme: str | None) -> str:
        scheme = self._own(scheme)
        if _TEMPLATES[scheme] is None:
            raise ValueError(f"{scheme} is too weak to be written: put another scheme first, or give it as `default`")
        return scheme

    def _identify(self, hash: str | bytes) -> tuple[str, dict[str, int]] | None:  # noqa: A002
        try:
            name, cost = strongroom.identify_hash(hash)
        except InvalidInputError:
            return None
        name = "argon2" if name in _ARGON2_TYPES else name
        if name not in self._schemes:
            return None
        return name, {key: int(number) for key, number in (part.split("=") for part in cost.split())}

    def _identified(self, hash: str | bytes, scheme: str | None) -> tuple[str, dict[str, int]]:  # noqa: A002
        wanted = self._own(scheme)
        found = self._identify(hash)
        if found is None or (scheme is not None and found[0] != wanted):
            raise self._unknown()
        return found

    def _unknown(self) -> Exception:
        if not self._schemes:
            return KeyError("this context has no schemes")
        return UnknownHashError("no scheme of this context takes the hash, or it is damaged")

    def _derived(self, hasher: strongroom.PasswordHasher, secret: _Password, like: str) -> str:
        try:
            return hasher.hash_like(secret, like)
        except StrongroomError as error:
            raise PasswordValueError(str(error)) from None

    def _like(self, scheme: str) -> str:
        """Return a hash with a fresh salt, and zeros in the place of the digest."""
        how, settings = _TEMPLATES[scheme], self._settings[scheme]
        if how is None:
            raise KeyError(scheme)
        padded = b64encode(bytes(how.digest)).decode()
        digest = padded.rstrip("=")
        return how.template.format(
            **settings,
            rounds=settings["default_rounds"],
            salt=_salt(how.salt, int(settings.get("salt_size", 16))),
            padded=padded,
            digest=digest.translate(_TO_BCRYPT) if how.salt == "bcrypt" else digest,
            dots="." * len(digest),
        )

    def _settings_of(self, scheme: str, settings: Mapping[str, _Setting]) -> _Settings:
        how = _TEMPLATES[scheme]
        if how is None:
            return {}
        known: _Settings = dict(how.others)
        given: _Settings = {}
        for prefix in ("all", scheme):  # what is said of one scheme goes first
            for key, value in settings.items():
                owner, _, option = key.partition("__")
                if owner == prefix and (option in known or option in _ROUNDS):
                    given[option] = value
        numbers = {key for key, value in known.items() if type(value) is int} | set(_ROUNDS)
        for key, value in given.items():
            if key in numbers:
                known[key] = int(value)
            elif key == "truncate_error":
                known[key] = value in (True, "true", "True", "1")
            else:
                known[key] = str(value).lower().strip("$")
        if known.get("type", "id") not in _ARGON2_TYPES.values() or known.get("ident", "2b") not in ("2a", "2b", "2y"):
            raise ValueError(f"{scheme} has not this type or ident")
        if not 8 <= int(known.get("salt_size", 16)) <= 64:
            raise ValueError(f"{scheme}: expected a salt_size of 8 to 64 bytes")
        if "rounds" in known:
            for key in _ROUNDS[1:]:
                known.setdefault(key, known["rounds"])
            del known["rounds"]
        least, most = int(known.get("min_rounds", 0)), int(known.get("max_rounds", 2**32 - 1))
        default = int(known.setdefault("default_rounds", min(max(how.rounds, least), most)))
        if not least <= default <= most:
            raise ValueError(f"the default rounds of {scheme} are not between its lowest and its highest")
        return known

    def _refuse_unknown(self, settings: Mapping[str, _Setting]) -> None:
        for key in settings:
            owner, _, option = key.partition("__")
            if option == "vary_rounds":
                warn("vary_rounds has no effect: it never made a hash stronger", UserWarning, stacklevel=3)
            elif not option or "__" in option:
                raise TypeError(f"unknown setting {key}: expected SCHEME__NAME; there are no categories")
            elif owner == "all":
                if not any(option in own for own in self._settings.values()) and option not in _ROUNDS:
                    raise KeyError(f"no scheme of this context has the setting {option}")
            else:
                own = self._settings[self._own(owner)]
                if option not in own and option not in _ROUNDS:
                    raise KeyError(f"{owner} has no setting {option}")


def _list(names: Iterable[str] | str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)


def _name(scheme: object) -> str:
    """Return the name of a scheme, also of a handler of `passlib.hash`, which code that moves over may still give."""
    name = getattr(scheme, "name", scheme)
    if not isinstance(name, str):
        raise TypeError(f"expected the name of a scheme as str, got {type(scheme).__name__}")
    return name


def _salt(spelling: str, size: int) -> str:
    if spelling in ("letters", "crypt"):
        letters = string.ascii_letters + string.digits
        return "".join(secrets.choice(letters) for _ in range(size))
    text = b64encode(secrets.token_bytes(size)).decode().rstrip("=")
    if spelling == "bcrypt":
        return text.translate(_TO_BCRYPT)
    return text.translate(_TO_AB64) if spelling == "ab64" else text
