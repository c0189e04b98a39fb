"""pyotp's helpers, for code that calls them: URIs, and the comparison of texts."""

import unicodedata
from hmac import compare_digest
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["build_uri", "strings_equal"]

_MAX_LEN = 1024


def build_uri(
    secret: str,
    name: str,
    initial_count: int | None = None,
    issuer: str | None = None,
    algorithm: str | None = None,
    digits: int | None = None,
    period: int | None = None,
    **kwargs: str,
) -> str:
    """Write an `otpauth://` URI, of the type hotp if there is an `initial_count`. It holds the secret.

    Other keyword arguments become parameters. Raises `TypeError` for one that is no `str`, and `ValueError` for an
    `image` that is no HTTPS URL.
    """
    parameters: dict[str, str | int] = {"secret": secret}
    label = quote(name)
    if issuer is not None:
        label = f"{quote(issuer)}:{label}"
        parameters["issuer"] = issuer
    if initial_count is not None:
        parameters["counter"] = initial_count
    if algorithm not in {None, "sha1"}:
        parameters["algorithm"] = str(algorithm).upper()
    if digits not in {None, 6}:
        parameters["digits"] = str(digits)
    if period not in {None, 30}:
        parameters["period"] = str(period)
    for key, value in kwargs.items():
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] # callers without types
            raise TypeError("All otpauth uri parameters must be strings")
        if key == "image":
            image = urlsplit(value)
            if image.scheme != "https" or not image.netloc or not image.path:
                raise ValueError("expected an image as an https URL with a path")
        parameters[key] = value
    kind = "totp" if initial_count is None else "hotp"
    return f"otpauth://{kind}/{label}?{urlencode(parameters, quote_via=quote, safe='')}"


def strings_equal(s1: str, s2: str) -> bool:
    """Compare two texts as `normalized` has them, in constant time for texts of a length."""
    one, other = normalized(s1), normalized(s2)
    return one is not None and other is not None and compare_digest(one.encode(), other.encode())


def normalized(text: str) -> str | None:
    """Return a text with full-width digits as plain ones (NFKC), or `None` for more than 1,024 characters."""
    if len(text) > _MAX_LEN:
        return None
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
