"""pyotp's interface: the same calls, codes, URIs and exceptions.

>>> from strongroom.compat import pyotp
>>> totp = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", issuer="Example", name="alice")
>>> totp.at(59)
'287082'
>>> totp.verify("287082", for_time=65, valid_window=1)
True
>>> pyotp.parse_uri(totp.provisioning_uri()).name
'alice'

As in pyotp, `verify` takes a code as often as it comes. `strongroom.Totp.verify` takes the step of the last one, so
that each works once.

What differs from pyotp 2.12:

- The secret is kept in memory that is wiped, and taken from there for each use. **`.secret` and `byte_secret()` hand it
  out** as the `str` and `bytes` that they are in pyotp, which nobody can wipe. Objects that hold one cannot be pickled.
- Codes have 6 to 8 digits, not 9 or 10, and are made with SHA-1, SHA-256 or SHA-512. A secret has at most 256 bytes,
  and a counter to verify is at most 2^53-1.
- A secret may have spaces and hyphens, as people copy it.
- `parse_uri` passes over a parameter that the type has no use for, where pyotp ends in a `TypeError`: the period of an
  `HOTP`, the counter of a `TOTP`, the algorithm of `Steam`. It reads no URI of more than 4,096 characters.
- `Steam` says 5 in `digits`, and its URI says that it is Steam's: pyotp's says 10 digits, which nobody reads.
- A code with lone surrogates is wrong, without an exception.
"""

import hashlib
import secrets
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

from strongroom.compat.pyotp import contrib, exceptions, hotp, otp, totp, utils
from strongroom.compat.pyotp.exceptions import OTPVerificationError, PyOTPError
from strongroom.compat.pyotp.hotp import HOTP
from strongroom.compat.pyotp.otp import OTP
from strongroom.compat.pyotp.totp import TOTP

__all__ = [
    "HOTP",
    "OTP",
    "TOTP",
    "OTPVerificationError",
    "PyOTPError",
    "contrib",
    "exceptions",
    "hotp",
    "otp",
    "parse_uri",
    "random_base32",
    "random_hex",
    "totp",
    "utils",
]

_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
_MAX_URI = 4096
_ONCE = {"secret", "issuer", "algorithm", "encoder", "digits", "period", "counter"}


def random_base32(length: int = 32, chars: Sequence[str] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") -> str:
    """Return a new secret of so many characters. Raises `ValueError` for less than 32, which are 160 bits."""
    if length < 32:
        raise ValueError("Secrets should be at least 160 bits")
    return "".join(secrets.choice(chars) for _ in range(length))


def random_hex(length: int = 40, chars: Sequence[str] = "ABCDEF0123456789") -> str:
    """Return a new secret in hexadecimal. Raises `ValueError` for less than 40 characters, which are 160 bits."""
    if length < 40:
        raise ValueError("Secrets should be at least 160 bits")
    return random_base32(length, chars)


def parse_uri(uri: str) -> OTP:
    """Read an `otpauth://` URI as a `TOTP`, `HOTP` or `contrib.Steam`.

    Raises `ValueError` for another scheme or type, no secret, a parameter given twice, two different issuers, and what
    the class does not take.
    """
    if len(uri) > _MAX_URI:
        raise ValueError(f"expected a URI of at most {_MAX_URI} characters")
    parts = urlsplit(uri)
    if parts.scheme != "otpauth":
        raise ValueError("Not an otpauth URI")
    given = _parameters(parts.query)

    # A colon that is encoded is one of the name.
    before, colon, after = parts.path[1:].partition(":")
    issuer, name = (unquote(before), unquote(after)) if colon else (None, unquote(before))
    if issuer is not None and given.get("issuer", issuer) != issuer:
        raise ValueError("If issuer is specified in both label and parameters, it should be equal.")
    issuer = given.get("issuer", issuer)

    digest = _DIGESTS.get(given.get("algorithm", "SHA1"))
    if digest is None:
        raise ValueError("Invalid value for algorithm, must be SHA1, SHA256 or SHA512")
    digits = int(given.get("digits", "6"))
    is_steam = given.get("encoder") == "steam"
    if not is_steam and digits not in {6, 7, 8}:
        raise ValueError("Digits may only be 6, 7, or 8")
    secret = given.get("secret")
    if secret is None:
        raise ValueError("No secret found in URI")
    if is_steam:
        interval = int(given.get("period", "30"))
        return contrib.Steam(secret, name=name, issuer=issuer, interval=interval)
    if parts.netloc == "totp":
        interval = int(given.get("period", "30"))
        return TOTP(secret, digits=digits, digest=digest, name=name, issuer=issuer, interval=interval)
    if parts.netloc == "hotp":
        counter = int(given.get("counter", "0"))
        return HOTP(secret, digits=digits, digest=digest, name=name, issuer=issuer, initial_count=counter)
    raise ValueError("Not a supported OTP type")


def _parameters(query: str) -> dict[str, str]:
    """Those that are not empty. One that decides something may be there once."""
    seen, given = set[str](), dict[str, str]()
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in _ONCE and key in seen:
            raise ValueError(f"Duplicate {key} parameter")
        seen.add(key)
        if value:
            given[key] = value
    return given
