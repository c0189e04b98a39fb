"""pyotp's `HOTP`: counter-based codes (RFC 4226)."""

import hashlib
from typing import Any

from strongroom.compat.pyotp import utils
from strongroom.compat.pyotp.otp import OTP, Digest

__all__ = ["HOTP"]


class HOTP(OTP):
    """Counter-based codes. Counters are counted from `initial_count`."""

    def __init__(
        self,
        s: str | bytes,
        *,
        digits: int = 6,
        digest: Digest | None = None,
        name: str | None = None,
        issuer: str | None = None,
        initial_count: int = 0,
    ) -> None:
        """Raise `ValueError` as `OTP` does. Without a `digest` it is SHA-1."""
        self.initial_count = initial_count
        super().__init__(s, digits=digits, digest=digest or hashlib.sha1, name=name, issuer=issuer)

    def at(self, count: int) -> str:
        """Return the code of a counter."""
        return self.generate_otp(self.initial_count + count)

    def verify(self, otp: str, counter: int) -> bool:
        """Whether the code is that of the counter."""
        at = self.initial_count + counter
        return self._find(otp, at, at) is not None

    def provisioning_uri(
        self,
        *,
        name: str | None = None,
        initial_count: int | None = None,
        issuer_name: str | None = None,
        **kwargs: Any,
    ) -> str:
        """Write the `otpauth://` URI, secret and all, for a QR code. Raises as `utils.build_uri`."""
        return utils.build_uri(
            self.secret,
            name or self.name,
            initial_count=self.initial_count if initial_count is None else initial_count,
            issuer=issuer_name or self.issuer,
            algorithm=self.digest().name,
            digits=self.digits,
            **kwargs,
        )
