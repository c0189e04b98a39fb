"""pyotp's `TOTP`: time-based codes (RFC 6238)."""

import hashlib
import time
from datetime import datetime
from typing import Any

from strongroom.compat.pyotp import utils
from strongroom.compat.pyotp.exceptions import OTPVerificationError
from strongroom.compat.pyotp.otp import OTP, Digest

__all__ = ["TOTP"]

_END = 253_402_300_800
"""The first second of the year 10000."""


class TOTP(OTP):
    """Time-based codes.

    Times are Unix seconds, whose fraction does not count, or a `datetime`; one without a time zone is local time. They
    raise `ValueError` before 1970 and after the year 9999.
    """

    def __init__(
        self,
        s: str | bytes,
        *,
        digits: int = 6,
        digest: Digest | None = None,
        name: str | None = None,
        issuer: str | None = None,
        interval: int = 30,
    ) -> None:
        """Raise `ValueError` as `OTP` does, and for an interval other than 1 to 120 seconds."""
        if not 0 < interval <= 120:
            raise ValueError("interval must be positive and at most 120 seconds")
        self.interval = interval
        super().__init__(s, digits=digits, digest=digest or hashlib.sha1, name=name, issuer=issuer)

    def at(self, for_time: float | datetime, *, counter_offset: int = 0) -> str:
        """Return the code of a point in time, or of so many steps later."""
        return self.generate_otp(self.timecode(for_time) + counter_offset)

    def now(self) -> str:
        """Return the code of now."""
        return self.generate_otp(self.timecode(time.time()))

    def verify(self, otp: str, *, for_time: float | datetime | None = None, valid_window: int = 0) -> bool:
        """Whether the code is that of the time, or of up to `valid_window` steps before or after it."""
        return self._matching(otp, for_time, valid_window) is not None

    def verify_and_get_timecode(
        self, otp: str, *, for_time: float | datetime | None = None, valid_window: int = 0
    ) -> int:
        """Return the step that the code is of. Raises `OTPVerificationError` for a wrong code."""
        if valid_window < 0:
            raise ValueError("valid_window cannot be negative")
        timecode = self._matching(otp, for_time, valid_window)
        if timecode is None:
            raise OTPVerificationError("OTP verification failed")
        return timecode

    def provisioning_uri(self, *, name: str | None = None, issuer_name: str | None = None, **kwargs: Any) -> str:
        """Write the `otpauth://` URI, secret and all, for a QR code. Raises as `utils.build_uri`."""
        return utils.build_uri(
            self.secret,
            name or self.name,
            issuer=issuer_name or self.issuer,
            algorithm=self.digest().name,
            digits=self.digits,
            period=self.interval,
            **kwargs,
        )

    def timecode(self, for_time: float | datetime) -> int:
        """Return the step that a point in time is in."""
        wrong = "for_time must be at or after the Unix epoch and before year 10000 UTC"
        if isinstance(for_time, datetime):
            try:
                for_time = for_time.replace(microsecond=0).timestamp()
            except (OverflowError, OSError, ValueError):
                raise ValueError(wrong) from None
        if not 0 <= for_time < _END:
            raise ValueError(wrong)
        return int(int(for_time) // self.interval)

    def _matching(self, otp: str, for_time: float | datetime | None, valid_window: int) -> int | None:
        timecode = self.timecode(time.time() if for_time is None else for_time)
        return self._find(otp, timecode - valid_window, timecode + valid_window)
