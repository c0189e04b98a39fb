"""Environment variables from a vault, for programs that read theirs from a `.env` file today."""

import os

from strongroom._strongroom import Key, Secret, Vault, variables_of
from strongroom._unlock import open as open_vault
from strongroom.errors import InvalidInputError

TYPE_CHECKING = False  # `typing` is slow to load, and type checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterable


def load_env(
    path: "str | os.PathLike[str] | Vault | None" = None,
    *,
    entries: "Iterable[str] | None" = None,
    override: bool = False,
    passphrase: "str | Secret | None" = None,
    key: "Key | str | Secret | None" = None,
    key_file: "str | os.PathLike[str] | None" = None,
    pin: str | None = None,
) -> bool:
    """Put the variables that `strongroom import env` took from a `.env` file into `os.environ`, in plaintext.

    In the shape of python-dotenv's `load_dotenv`: a variable that is set already stays as it is, unless `override`; the
    answer is whether any was there to set. `entries` are the names of the entries to take, else all that the key sees.
    The vault is found and opened as by `strongroom.open`, and locked again; a `Vault` that is open already stays open.

    Every child process inherits `os.environ`; a program that can be changed should use `vault[...]` instead.

    Raises as `strongroom.open`, and `NotFoundError` for one of `entries` that is not there.

    >>> strongroom.load_env("bots.vault", key_file="owner.key")
    False
    """
    if isinstance(path, Vault):
        return _load(path, entries, override)
    with open_vault(path, passphrase=passphrase, key=key, key_file=key_file, pin=pin) as vault:
        return _load(vault, entries, override)


def variables_in(vault: Vault, entries: "Iterable[str] | None" = None) -> dict[str, tuple[str, str]]:
    """Return each variable with the entry and field it comes from. If two entries give the same, the first one is."""
    variables: dict[str, tuple[str, str]] = {}
    for name in vault if entries is None else entries:
        for variable, field in variables_of(vault[name]):
            variables.setdefault(variable, (name, field))
    return variables


def _load(vault: Vault, entries: "Iterable[str] | None", override: bool) -> bool:
    variables = variables_in(vault, entries)
    for variable, (name, field) in variables.items():
        if override or variable not in os.environ:
            value = vault[name][field]
            text = value if isinstance(value, str) else value.reveal()
            if "\0" in text:
                raise InvalidInputError(f"{name} {field} holds a NUL, which no environment variable can")
            os.environ[variable] = text
    return bool(variables)
