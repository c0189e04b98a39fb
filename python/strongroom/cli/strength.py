"""Whether a password that is being chosen can be guessed.

NIST SP 800-63B-4, section 3.1.1: its length counts, and what others take; which kinds of characters it has does not.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import click

from strongroom import Secret
from strongroom.cli.ending import CommandError, tell

_LEAST_CHARACTERS = 15
"""Where it is the only thing asked for, as here."""

_LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4: some 10^8 guesses and more."""

_READ_CHARACTERS = 72
"""zxcvbn refuses more; what these make strong stays strong."""

allow_weak: Callable[[Any], Any] = click.option(
    "--allow-weak", is_flag=True, help="Take a passphrase or password that is easy to guess."
)


def check_strength(password: Secret, words: Iterable[str], allow_weak: bool) -> None:
    """Refuse what is easy to guess, with the reason; `words` are names that an attacker would try first."""
    if not password:
        return  # refused by the core, for every caller
    reason = _weakness(password.reveal(), words)
    if reason is None:
        return
    if not allow_weak:
        raise CommandError(
            f"this one is easy to guess: {reason}",
            "take four or more words that do not belong together, or go on with --allow-weak",
        )
    tell(f"this one is easy to guess: {reason}; taken all the same")


def _weakness(password: str, words: Iterable[str]) -> str | None:
    if len(password) < _LEAST_CHARACTERS:
        return f"it has {len(password)} characters, and {_LEAST_CHARACTERS} are the least"
    zxcvbn: Any = import_module("zxcvbn").zxcvbn  # here, as its word lists are slow to load
    found = zxcvbn(password[:_READ_CHARACTERS], user_inputs=[word for word in words if word])
    if found["score"] >= _LEAST_SCORE:
        return None
    warning = str(found["feedback"]["warning"]).rstrip(".")
    return warning[:1].lower() + warning[1:] if warning else "it is close to what many others take"
