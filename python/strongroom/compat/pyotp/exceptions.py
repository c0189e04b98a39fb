"""pyotp's exceptions."""

__all__ = ["OTPVerificationError", "PyOTPError"]


class PyOTPError(Exception):
    """The base class of pyotp's own exceptions. Wrong arguments are a `ValueError`."""


class OTPVerificationError(PyOTPError):
    """The code is of none of the steps that were allowed."""
