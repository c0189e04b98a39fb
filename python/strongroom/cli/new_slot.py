"""What a new way into a vault asks for: a key in a new file, a passphrase, or both."""

import contextlib
import os
from collections.abc import Callable, Generator
from typing import Any

import click

from strongroom import Key, Secret, generate_key
from strongroom.cli.given import new_passphrase
from strongroom.cli.strength import allow_weak, check_strength


def makes_a_slot(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for it; the function gets `new_key`, `ask_new`, `new_passphrase_fd` and `allow_weak`."""
    for option in (
        allow_weak,
        click.option("--new-passphrase-fd", metavar="N", help="The same, but read it from descriptor N; 0 is stdin."),
        click.option("--new-passphrase", "ask_new", is_flag=True, help="Ask for a new passphrase, twice."),
        click.option("--new-key", metavar="FILE", type=click.Path(), help="Make a key, in a new file (0600)."),
    ):
        function = option(function)
    return function


def chosen_passphrase(label: str, ask_new: bool, new_passphrase_fd: str | None, allow_weak: bool) -> Secret | None:
    """Return the passphrase, if one is wanted."""
    if ask_new or new_passphrase_fd is not None:
        return strong_passphrase(label, new_passphrase_fd, allow_weak)
    return None


def strong_passphrase(label: str, new_passphrase_fd: str | None, allow_weak: bool) -> Secret:
    """Return a passphrase that was given or typed, and is strong enough."""
    passphrase = new_passphrase(f"new passphrase of {label}", new_passphrase_fd, "--new-passphrase-fd")
    check_strength(passphrase, [label], allow_weak)
    return passphrase


@contextlib.contextmanager
def key_in_new_file(path: str) -> Generator[Key]:
    """Make a key and write it first, so that no slot is ever saved whose key is lost; remove it again if that fails."""
    key = generate_key()
    key.write(path)
    try:
        yield key
    except BaseException:
        os.unlink(path)  # noqa: PTH108
        raise
