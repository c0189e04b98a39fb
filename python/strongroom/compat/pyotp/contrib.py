"""pyotp's `contrib`: codes as Steam has them."""

from typing import Any

from strongroom import Secret, Totp
from strongroom.compat.pyotp import utils
from strongroom.compat.pyotp.otp import Codes
from strongroom.compat.pyotp.totp import TOTP
from strongroom.errors import LimitError

__all__ = ["Steam"]


class Steam(TOTP):
    """Steam's codes: five characters of its own alphabet, and a new one every 30 seconds."""

    _look_ahead = 10

    def __init__(
        self,
        s: str | bytes,
        *,
        name: str | None = None,
        issuer: str | None = None,
        interval: int = 30,
        digits: int = 5,  # noqa: ARG002 - pyotp passes over it too
    ) -> None:
        """Raise `ValueError` as `TOTP` does. The interval is checked, and stays 30 seconds as in pyotp."""
        if not 0 < interval <= 120:
            raise ValueError("interval must be positive and at most 120 seconds")
        super().__init__(s, name=name, issuer=issuer)
        self.digits = 5

    def provisioning_uri(self, *, name: str | None = None, issuer_name: str | None = None, **kwargs: Any) -> str:
        """Write the `otpauth://` URI, secret and all, for a QR code. Raises as `utils.build_uri`."""
        parameters: dict[str, Any] = {"encoder": "steam", **kwargs}
        return utils.build_uri(self.secret, name or self.name, issuer=issuer_name or self.issuer, **parameters)

    def _make(self) -> Codes:
        self._check_length()
        try:
            return _BySecond(self._secret)
        except LimitError as error:
            raise ValueError(str(error)) from None


class _BySecond:
    """Steam's codes by their counter: as if there were a new one every second, and the counter were the time."""

    def __init__(self, secret: Secret) -> None:
        self._totp = Totp(secret, period=1, steam=True)

    def at(self, counter: int, /) -> str:
        return self._totp.at(counter)

    def verify(self, code: str, counter: int, /, *, look_ahead: int = 0) -> int | None:
        step = self._totp.with_window(look_ahead).verify(code, at=counter + look_ahead)
        return None if step is None else step + 1
