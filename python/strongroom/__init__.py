"""Credentials for trading bots in one encrypted file that Python, Rust and browsers open.

>>> vault.put("binance/main", {"secret": "..."}, info={"api_key": "..."})
2
>>> vault["binance/main"]["api_key"]
'...'
>>> vault["binance/main"]["secret"].reveal()
'...'
"""

import os as _os

from strongroom import errors, otp
from strongroom._strongroom import (
    Compartment,
    Damage,
    Edit,
    Entry,
    Guard,
    Hotp,
    Kdf,
    Key,
    OpenedBy,
    PasswordHasher,
    Recipe,
    Rekeyed,
    Revoked,
    Secret,
    SignedRequest,
    Signer,
    Slot,
    Totp,
    Vault,
    Verdict,
    __version__,
    calibrate,
    exchanges,
    generate_key,
    hash_password,
    identify_hash,
    needs_rehash,
    seal,
    unseal,
    verify_and_update,
    verify_dummy,
    verify_password,
)
from strongroom._strongroom import after_fork_in_child as _after_fork_in_child
from strongroom._unlock import create, open  # noqa: A004 - named after what it does
from strongroom.env import load_env
from strongroom.errors import StrongroomError
from strongroom.passwords import verify_many

TYPE_CHECKING = False  # `typing` is slow to load, and type checkers know this name
if TYPE_CHECKING:
    from strongroom import aio as aio
    from strongroom import cli as cli
    from strongroom import compat as compat
    from strongroom import state as state

__all__ = [
    "Compartment",
    "Damage",
    "Edit",
    "Entry",
    "Guard",
    "Hotp",
    "Kdf",
    "Key",
    "OpenedBy",
    "PasswordHasher",
    "Recipe",
    "Rekeyed",
    "Revoked",
    "Secret",
    "SignedRequest",
    "Signer",
    "Slot",
    "StrongroomError",
    "Totp",
    "Vault",
    "Verdict",
    "__version__",
    "calibrate",
    "create",
    "errors",
    "exchanges",
    "generate_key",
    "hash_password",
    "identify_hash",
    "load_env",
    "needs_rehash",
    "open",
    "otp",
    "seal",
    "unseal",
    "verify_and_update",
    "verify_dummy",
    "verify_many",
    "verify_password",
]

if hasattr(_os, "register_at_fork"):  # not on Windows
    _os.register_at_fork(after_in_child=_after_fork_in_child)


if not TYPE_CHECKING:  # to a type checker, every name would seem to be there

    def __getattr__(name):
        """Load `strongroom.aio`, `cli`, `compat` and `state` when they are first used: each brings much along."""
        if name in ("aio", "cli", "compat", "state"):
            import importlib

            return importlib.import_module(f"strongroom.{name}")
        raise AttributeError(f"module 'strongroom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
