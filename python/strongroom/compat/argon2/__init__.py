"""argon2-cffi's `PasswordHasher`: the same calls, exceptions and hashes.

>>> from strongroom.compat.argon2 import PasswordHasher
>>> hasher = PasswordHasher()
>>> hasher.verify(hasher.hash("correct horse"), "correct horse")
True

What differs: a stored hash is read strictly, and its cost is held against a ceiling before any work (1 GiB, 16 passes,
16 lanes, or this hasher's own parameters if they are higher). A password has at most 4,096 bytes.
"""

import os
from base64 import b64encode
from typing import Literal

import strongroom
from strongroom.compat.argon2 import exceptions, profiles
from strongroom.compat.argon2.parameters import Parameters, Type, extract_parameters
from strongroom.errors import StrongroomError

__all__ = [
    "DEFAULT_HASH_LENGTH",
    "DEFAULT_MEMORY_COST",
    "DEFAULT_PARALLELISM",
    "DEFAULT_RANDOM_SALT_LENGTH",
    "DEFAULT_TIME_COST",
    "Parameters",
    "PasswordHasher",
    "Type",
    "exceptions",
    "extract_parameters",
    "profiles",
]

_DEFAULT = profiles.get_default_parameters()

DEFAULT_TIME_COST = _DEFAULT.time_cost
DEFAULT_MEMORY_COST = _DEFAULT.memory_cost
DEFAULT_PARALLELISM = _DEFAULT.parallelism
DEFAULT_HASH_LENGTH = _DEFAULT.hash_len
DEFAULT_RANDOM_SALT_LENGTH = _DEFAULT.salt_len


class PasswordHasher:
    """Hashes and verifies with Argon2. `memory_cost` is in KiB, lengths are in bytes. Threads may share one."""

    def __init__(
        self,
        time_cost: int = DEFAULT_TIME_COST,
        memory_cost: int = DEFAULT_MEMORY_COST,
        parallelism: int = DEFAULT_PARALLELISM,
        hash_len: int = DEFAULT_HASH_LENGTH,
        salt_len: int = DEFAULT_RANDOM_SALT_LENGTH,
        encoding: str = "utf-8",
        type: Type = Type.ID,  # noqa: A002 - argon2-cffi's name
    ) -> None:
        """Raise `TypeError` for an argument of a wrong type; wrong numbers are a `HashingError` of `hash`."""
        numbers = {
            "time_cost": time_cost,
            "memory_cost": memory_cost,
            "parallelism": parallelism,
            "hash_len": hash_len,
            "salt_len": salt_len,
        }
        wrong = [problem for name, number in numbers.items() for problem in _wrong(name, number, int)]
        wrong += _wrong("encoding", encoding, str) + _wrong("type", type, Type)
        if wrong:
            raise TypeError(", ".join(wrong) + ".")
        self.encoding = encoding
        self._parameters = Parameters(type=type, version=19, **numbers)
        self._hasher = strongroom.PasswordHasher(
            max_memory_kib=max(memory_cost, 1_048_576), max_passes=max(time_cost, 16), max_lanes=max(parallelism, 16)
        )

    @classmethod
    def from_parameters(cls, params: Parameters) -> "PasswordHasher":
        """Make a hasher of these parameters."""
        return cls(
            time_cost=params.time_cost,
            memory_cost=params.memory_cost,
            parallelism=params.parallelism,
            hash_len=params.hash_len,
            salt_len=params.salt_len,
            type=params.type,
        )

    @property
    def time_cost(self) -> int:
        """Passes over the memory."""
        return self._parameters.time_cost

    @property
    def memory_cost(self) -> int:
        """Memory in KiB."""
        return self._parameters.memory_cost

    @property
    def parallelism(self) -> int:
        """Lanes."""
        return self._parameters.parallelism

    @property
    def hash_len(self) -> int:
        """Bytes of the hash."""
        return self._parameters.hash_len

    @property
    def salt_len(self) -> int:
        """Bytes of the salt."""
        return self._parameters.salt_len

    @property
    def type(self) -> Type:
        """The variant of Argon2."""
        return self._parameters.type

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """Hash a password with a fresh random salt, as a PHC string. Leave `salt` alone but in tests.

        Raises `HashingError` for parameters that Argon2 cannot take, and a password of more than 4,096 bytes.
        """
        made_with = self._parameters
        costs = f"m={made_with.memory_cost},t={made_with.time_cost},p={made_with.parallelism}"
        salt = salt or os.urandom(made_with.salt_len)
        # The core writes its digest over the zeros.
        like = f"$argon2{made_with.type.name.lower()}$v=19${costs}${_base64(salt)}${_base64(bytes(made_with.hash_len))}"
        try:
            return self._hasher.hash_like(self._bytes(password), like)
        except StrongroomError as error:
            raise exceptions.HashingError(str(error)) from None

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2-cffi's name
        """Return `True`, or raise.

        Raises `VerifyMismatchError` for a wrong password, `InvalidHashError` for what is no hash of Argon2, and
        `VerificationError` for a hash that is damaged or over the ceilings.
        """
        stored = hash.decode("ascii", "replace") if isinstance(hash, bytes) else hash
        if not stored.startswith(("$argon2id$", "$argon2i$", "$argon2d$")):
            raise exceptions.InvalidHashError("not a hash of Argon2")
        try:
            matches = self._hasher.verify(self._bytes(password), stored)
        except StrongroomError as error:
            raise exceptions.VerificationError(str(error)) from None
        if not matches:
            raise exceptions.VerifyMismatchError("the password does not match the hash")
        return True

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002 - argon2-cffi's name
        """Whether a hash was made with other parameters than these. Raises `InvalidHashError`."""
        stored = hash.decode("ascii", "replace") if isinstance(hash, bytes) else hash
        return self._parameters != extract_parameters(stored)

    def _bytes(self, password: str | bytes) -> str | bytes:
        return password.encode(self.encoding) if isinstance(password, str) else password


def _wrong(name: str, value: object, kind: type) -> list[str]:
    return [] if isinstance(value, kind) else [f"'{name}' must be a {kind.__name__} (got {value.__class__.__name__})"]


def _base64(value: bytes) -> str:
    return b64encode(value).decode().rstrip("=")
