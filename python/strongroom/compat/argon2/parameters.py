"""What a hash of Argon2 is made with."""

from dataclasses import dataclass
from enum import Enum

from strongroom import StrongroomError, identify_hash
from strongroom.compat.argon2.exceptions import InvalidHashError


class Type(Enum):
    """The variants of Argon2 (RFC 9106, section 1)."""

    D = 0
    I = 1  # noqa: E741 - its name in the RFC
    ID = 2


@dataclass
class Parameters:
    """The parameters of a hash: lengths in bytes, memory in KiB."""

    type: Type
    version: int
    salt_len: int
    hash_len: int
    time_cost: int
    memory_cost: int
    parallelism: int


def extract_parameters(hash: str) -> Parameters:  # noqa: A002 - argon2-cffi's name
    """Read the parameters of a hash. The version of one that does not say is 18, as in argon2-cffi.

    Raises `InvalidHashError` for a string that is not exactly a hash of Argon2.
    """
    try:
        variant, cost = identify_hash(hash)
    except StrongroomError:
        raise InvalidHashError("not a hash of Argon2") from None
    if not hash.startswith("$argon2"):
        raise InvalidHashError("not a hash of Argon2")
    *parts, salt, digest = hash.split("$")
    costs = {name: int(number) for name, number in (part.split("=") for part in cost.split())}
    return Parameters(
        type=Type[variant.removeprefix("argon2").upper()],
        version=int(parts[2].removeprefix("v=")) if parts[2].startswith("v=") else 18,
        salt_len=len(salt) * 3 // 4,
        hash_len=len(digest) * 3 // 4,
        time_cost=costs["t"],
        memory_cost=costs["m"],
        parallelism=costs["p"],
    )
