"""What can go wrong: one class for each code of the core.

Catch `StrongroomError` for all of them, or look at `code`, which never changes; the text is for people and may.
"""

__all__ = [
    "ConflictError",
    "DamagedError",
    "DecryptError",
    "ExistsError",
    "FormatError",
    "InvalidInputError",
    "IoError",
    "LimitError",
    "LockedError",
    "NoAccessError",
    "NotFoundError",
    "RandomError",
    "RollbackError",
    "StrongroomError",
    "UnsupportedVersionError",
    "WeakKdfError",
]


class StrongroomError(Exception):
    """Everything that this package raises, but for calls with arguments of a wrong type, which are a `TypeError`."""

    code: str = ""
    """The stable, machine-readable name of this kind of error."""

    def __str__(self) -> str:
        """Return the message, also where another base class would show its `repr` or a number."""
        return str(self.args[0]) if self.args else self.code


class DecryptError(StrongroomError):
    """A wrong passphrase or key, or altered data. These are not told apart, on purpose."""

    code = "decrypt"


class ExistsError(StrongroomError):
    """Something of this name is there already."""

    code = "exists"


class FormatError(StrongroomError):
    """The bytes are not what FORMAT.md says."""

    code = "format"


class UnsupportedVersionError(StrongroomError):
    """The vault is of a later version of the format: upgrade strongroom."""

    code = "unsupported_version"


class LimitError(StrongroomError):
    """A count, a size or a cost is over its ceiling."""

    code = "limit"


class WeakKdfError(StrongroomError):
    """A key derivation cost is under its floor."""

    code = "weak_kdf"


class NoAccessError(StrongroomError, KeyError):
    """The key that opened this vault gives no access to that part of it, so it is not in this mapping: a `KeyError`."""

    code = "no_access"


class NotFoundError(StrongroomError, KeyError):
    """There is no entry, field, slot, compartment or file of this name. A `KeyError` too."""

    code = "not_found"


class ConflictError(StrongroomError):
    """Someone else saved a change to the same thing first. Nothing was written."""

    code = "conflict"


class LockedError(StrongroomError):
    """The vault was locked, or belongs to the process that this one was forked from."""

    code = "locked"


class DamagedError(StrongroomError):
    """This part of the vault fails its checks and cannot be used; the rest can."""

    code = "damaged"


class InvalidInputError(StrongroomError, ValueError):
    """An argument is not of the form that is expected. A `ValueError` too."""

    code = "invalid_input"


class RollbackError(StrongroomError):
    """The vault is older than, or forked from, what this reader has already seen."""

    code = "rollback"


class IoError(StrongroomError, OSError):
    """The operating system refused. An `OSError` too."""

    code = "io"


class RandomError(StrongroomError):
    """The operating system gave no random bytes."""

    code = "random"


BY_CODE: dict[str, type[StrongroomError]] = {kind.code: kind for kind in StrongroomError.__subclasses__()}
"""The class of each code, from which the compiled half takes them."""
