"""Text from a vault, as it may go to a terminal."""


def shown(text: str) -> str:
    """Return `text` with everything that does not print as an escape.

    A note or a label was written by whoever could write to the vault; it must not move the cursor, recolour the screen
    or turn the direction of the text.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def when(unix_seconds: "int | None") -> str:
    """Return a time as people read it, in UTC, or nothing."""
    import time

    if unix_seconds is None:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(unix_seconds))
    except (OverflowError, OSError, ValueError):  # past the year that this platform can tell
        return str(unix_seconds)
