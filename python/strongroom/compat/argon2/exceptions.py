"""The exceptions of argon2-cffi, by its names."""

__all__ = [
    "Argon2Error",
    "HashingError",
    "InvalidHash",
    "InvalidHashError",
    "UnsupportedParametersError",
    "VerificationError",
    "VerifyMismatchError",
]


class Argon2Error(Exception):
    """What the others of this module have in common."""


class VerificationError(Argon2Error):
    """The hash could not be verified: it is damaged, or costs more than is allowed. The message says which."""


class VerifyMismatchError(VerificationError):
    """The password is wrong."""


class HashingError(Argon2Error):
    """These parameters, or this password, cannot be hashed. The message says why."""


class InvalidHashError(ValueError):
    """This is no hash of Argon2."""


class UnsupportedParametersError(ValueError):
    """Never raised: argon2-cffi has it for platforms without threads. It is here for code that catches it."""


InvalidHash = InvalidHashError
