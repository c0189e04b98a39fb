"""cryptography's `Fernet` and `MultiFernet`: the same calls, exceptions and tokens, both ways.

>>> from strongroom.compat.fernet import Fernet
>>> fernet = Fernet(Fernet.generate_key())
>>> token = fernet.encrypt(b"an OAuth token")
>>> fernet.decrypt(token, ttl=3600)
b'an OAuth token'

What differs from cryptography 50:

- The key is kept in memory that is wiped, and may also be a `strongroom.Secret`. No object that holds one is pickled.
- A token is read strictly: white space at its ends is passed over, and any other character that is not base64url, or
  that stands behind the padding, is `InvalidToken`. cryptography leaves such characters out and decrypts the rest.
- A token has at most 64 MiB. A longer one is an `InvalidToken` that is also a `strongroom.errors.LimitError`, and a
  plaintext that would make one is a `LimitError`.
- Time is looked at once the token is known to be authentic. A negative `ttl` fits no token.
- Times outside of 64 bits are a `ValueError`.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from strongroom._strongroom import Fernet as _Core
from strongroom._strongroom import Secret
from strongroom.errors import DecryptError, LimitError

__all__ = ["Fernet", "InvalidToken", "MultiFernet"]

_T = TypeVar("_T")

_FOREVER = 1 << 63


class InvalidToken(Exception):  # noqa: N818 - cryptography's name
    """No token, an altered one, one under another key, or one that is too old or from the future. It says no more."""


class _TooLongToken(InvalidToken, LimitError):  # noqa: N818 - an `InvalidToken`
    """A token of more than 64 MiB, which nobody has looked at."""


class Fernet:
    """Makes and reads tokens under one key: 32 bytes in base64url. Threads may share one."""

    def __init__(self, key: bytes | str | Secret, backend: object = None) -> None:
        """Raise `ValueError` for anything that is no key. `backend` is there for code that still passes it."""
        del backend
        self._core = _Core(key)

    @classmethod
    def generate_key(cls) -> bytes:
        """Make a new random key."""
        return _Core.generate_key()

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt. Everyone can read the time in the token."""
        return _encrypt(self._core, data, int(time.time()))

    def encrypt_at_time(self, data: bytes, current_time: int) -> bytes:
        """Encrypt as of a time, in Unix seconds."""
        return _encrypt(self._core, data, current_time)

    def decrypt(self, token: bytes | str, ttl: int | None = None) -> bytes:
        """Decrypt, with a `ttl` only if the token is at most so many seconds old. Raises `InvalidToken`."""
        return _decrypt(self._core, token, ttl, None)

    def decrypt_at_time(self, token: bytes | str, ttl: int, current_time: int) -> bytes:
        """Decrypt if the token is at most `ttl` seconds old at `current_time`. Raises `InvalidToken`."""
        return _decrypt(self._core, token, _required(ttl), current_time)

    def extract_timestamp(self, token: bytes | str) -> int:
        """When the token was made, in Unix seconds. Raises `InvalidToken` for one that is not authentic."""
        return _read(self._core.timestamp, token)


class MultiFernet:
    """Makes tokens under the first of several keys, and reads those under any."""

    def __init__(self, fernets: Iterable[Fernet]) -> None:
        """Raise `ValueError` if there is none."""
        cores = [fernet._core for fernet in fernets]  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
        if not cores:
            raise ValueError("MultiFernet requires at least one Fernet instance")
        self._core, *older = cores
        for core in older:
            self._core = self._core.with_older(core)

    def encrypt(self, msg: bytes) -> bytes:
        """Encrypt under the first key."""
        return _encrypt(self._core, msg, int(time.time()))

    def encrypt_at_time(self, msg: bytes, current_time: int) -> bytes:
        """Encrypt under the first key as of a time, in Unix seconds."""
        return _encrypt(self._core, msg, current_time)

    def rotate(self, msg: bytes | str) -> bytes:
        """Encrypt under the first key what was under any, with the time that it had. Raises `InvalidToken`."""
        return _read(self._core.rotate, msg)

    def decrypt(self, msg: bytes | str, ttl: int | None = None) -> bytes:
        """Decrypt, with a `ttl` only if the token is at most so many seconds old. Raises `InvalidToken`."""
        return _decrypt(self._core, msg, ttl, None)

    def decrypt_at_time(self, msg: bytes | str, ttl: int, current_time: int) -> bytes:
        """Decrypt if the token is at most `ttl` seconds old at `current_time`. Raises `InvalidToken`."""
        return _decrypt(self._core, msg, _required(ttl), current_time)

    def extract_timestamp(self, msg: bytes | str) -> int:
        """When the token was made, in Unix seconds. Raises `InvalidToken` for one that is not authentic."""
        return _read(self._core.timestamp, msg)


def _encrypt(core: _Core, data: object, now: int) -> bytes:
    if not isinstance(data, bytes):
        raise TypeError("data must be bytes")
    return core.encrypt(data, now)


def _required(ttl: int | None) -> int:
    if ttl is None:
        raise ValueError("decrypt_at_time() can only be used with a non-None ttl")
    return ttl


def _decrypt(core: _Core, token: object, ttl: int | None, now: int | None) -> bytes:
    if ttl is None:
        return _read(core.decrypt, token)
    if ttl < 0:
        raise InvalidToken
    # `timedelta.total_seconds()` is a float: of whole seconds, none lies between it and the number below it.
    whole, at = math.floor(min(ttl, _FOREVER)), math.floor(time.time() if now is None else now)
    return _read(lambda given: core.decrypt_within(given, whole, at), token)


def _read(call: Callable[[bytes | str], _T], token: object) -> _T:
    if not isinstance(token, (bytes, str)):
        raise TypeError("token must be bytes or str")
    try:
        return call(token)
    except DecryptError:
        raise InvalidToken from None
    except LimitError as error:
        raise _TooLongToken(str(error)) from None
