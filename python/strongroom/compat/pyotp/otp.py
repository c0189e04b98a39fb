"""pyotp's `OTP`: what `HOTP` and `TOTP` have in common."""

import base64
import hashlib
from collections.abc import Callable
from typing import ClassVar, Literal, Protocol

from strongroom import Hotp, Secret
from strongroom.compat.pyotp import utils
from strongroom.errors import LimitError

__all__ = ["OTP", "Codes", "Digest"]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Digest = Callable[..., _Named]
"""A hash function as hashlib has it."""

_ALGORITHMS: dict[str, Literal["sha1", "sha256", "sha512"]] = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}


class Codes(Protocol):
    """What makes and verifies codes by their counter, as `Hotp` does."""

    def at(self, counter: int, /) -> str:
        """Return the code of a counter."""
        ...

    def verify(self, code: str, counter: int, /, *, look_ahead: int = 0) -> int | None:
        """Return the counter after the one that the code is of."""
        ...


class OTP:
    """Codes by their counter. A subclass may allow shorter secrets, or only longer ones."""

    min_secret_length_bits: ClassVar[int] = 112
    _look_ahead: ClassVar[int] = 100
    """How far `Codes.verify` looks in one call."""
    _made: Codes
    _made_with: tuple[object, ...] = ()

    def __init__(
        self,
        s: str | bytes,
        *,
        digits: int = 6,
        digest: Digest = hashlib.sha1,
        name: str | None = None,
        issuer: str | None = None,
    ) -> None:
        """Raise `ValueError` for a secret `s` that is not base32, too short or too long, and for other settings."""
        self.digits = digits
        self.digest = digest
        self.name = name or "Secret"
        self.issuer = issuer
        self.secret = s
        self._codes()

    @property
    def secret(self) -> str:
        """The secret in base32, spelled as it was given. Reading it puts it into memory that nobody can wipe."""
        return self._secret.reveal()

    @secret.setter
    def secret(self, s: str | bytes) -> None:
        text = s if isinstance(s, str) else s.decode("ascii", "replace")
        self._secret = Secret(text)
        self._bits = 5 * sum(map(str.isalnum, text)) // 8 * 8

    def generate_otp(self, input: int) -> str:  # noqa: A002 - pyotp's name
        """Return the code of a counter. Raises `ValueError` for a negative one."""
        if input < 0:
            raise ValueError("input must be positive integer")
        return self._codes().at(input)

    def byte_secret(self) -> bytes:
        """Return the bytes of the secret. Raises `ValueError` as the constructor does."""
        self._codes()
        text = Hotp(self._secret).secret.reveal()
        return base64.b32decode(text + "=" * (-len(text) % 8))

    @staticmethod
    def int_to_bytestring(i: int, *, padding: int = 8) -> bytes:
        """Write a counter as big-endian bytes, 8 or as many as it needs."""
        return i.to_bytes(max(padding, (i.bit_length() + 7) // 8), "big")

    def __getstate__(self) -> dict[str, object]:
        # For copy and deepcopy: what makes the codes is made anew.
        return {name: value for name, value in vars(self).items() if name not in {"_made", "_made_with"}}

    def _codes(self) -> Codes:
        """Return what makes the codes: made anew when an attribute has been set, as it can be in pyotp."""
        settings = (self._secret, self.digits, self.digest, self.min_secret_length_bits)
        if self._made_with != settings:
            self._made, self._made_with = self._make(), settings
        return self._made

    def _make(self) -> Codes:
        if not 6 <= self.digits <= 8:
            raise ValueError("digits must be between 6 and 8")
        name = self.digest().name
        if name in {"md5", "shake_128"}:
            raise ValueError("selected digest function must generate digest size greater than or equals to 18 bytes")
        algorithm = _ALGORITHMS.get(name)
        if algorithm is None:
            raise ValueError("expected the digest function sha1, sha256 or sha512")
        self._check_length()
        try:
            return Hotp(self._secret, algorithm=algorithm, digits=self.digits)
        except LimitError as error:
            raise ValueError(str(error)) from None

    def _check_length(self) -> None:
        if self._bits < self.min_secret_length_bits:
            raise ValueError(f"Secrets must be at least {self.min_secret_length_bits} bits after decoding")

    def _find(self, otp: object, first: int, last: int) -> int | None:
        """Return the first of these counters that the code is of."""
        if first < 0:
            raise ValueError("input must be positive integer")
        codes, code = self._codes(), utils.normalized(str(otp))
        if code is None:
            return None
        for counter in range(first, last + 1, self._look_ahead + 1):
            after = codes.verify(code, counter, look_ahead=min(last - counter, self._look_ahead))
            if after is not None:
                return after - 1
        return None
