"""What the user gives: secrets from a prompt, stdin or a descriptor, never from the command line; and answers."""

import os
import sys

from strongroom._strongroom import Key, Secret
from strongroom._unlock import ask, at_terminal
from strongroom.cli.ending import CommandError, CommandLineError

_MOST_BYTES = 1 << 20
"""More than an entry takes, and its limit is told by the core; a descriptor may be on something that never ends."""

_TERMINAL_LINE = 4095
"""The longest line that a terminal hands over, in bytes; Linux drops the rest without a word."""


def hidden(what: str, instead: str) -> Secret:
    """Ask for a secret that is not shown while it is typed; `instead` says how to give it without a terminal."""
    need_terminal(f"to ask for {what}", instead)
    typed = ask(f"{what}: ")
    if len(typed.encode("utf-8", "surrogateescape")) >= _TERMINAL_LINE:
        raise CommandLineError(f"a terminal does not pass on lines as long as {what}", instead)
    return Secret(typed)


def new_passphrase(what: str, descriptor: str | None, option: str) -> Secret:
    """Get a passphrase that is being chosen: from a descriptor, else asked for twice."""
    if descriptor is not None:
        return passphrase_from(descriptor, option)
    passphrase = hidden(what, f"use {option} N to read it from descriptor N")
    if passphrase != hidden("the same again", ""):
        raise CommandLineError("the two passphrases are not the same; nothing was changed")
    return passphrase


def need_terminal(why: str, instead: str) -> None:
    """Fail, rather than hang, where there is nobody to ask."""
    if not at_terminal():
        raise CommandError(f"there is no terminal {why}", instead)


def confirmed(question: str, yes: bool) -> None:
    """Go on only if the user says yes, now or with `--yes`."""
    if yes:
        return
    need_terminal("to confirm at", "add --yes if you are sure")
    if not says_yes(question):
        raise CommandError("nothing was changed")


def says_yes(question: str) -> bool:
    """Ask a question at the terminal; only yes is yes."""
    return answer(f"{question} [y/N]").lower() in ("y", "yes")


def answer(question: str) -> str:
    """Ask for one line, which is shown while it is typed."""
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        sys.stderr.write("\n")  # Ctrl-D leaves the cursor behind the question
    return line.strip()


def passphrase_from(descriptor: str, option: str) -> Secret:
    """Read a passphrase from a descriptor: all it gives, without the line end."""
    return _one_line(everything_from(descriptor, option), option)


def key_from(descriptor: str, option: str) -> Key:
    """Read a key from a descriptor."""
    return Key.parse(everything_from(descriptor, option))


def everything_from(descriptor: str, option: str) -> bytearray:
    """Read a descriptor to its end, and close it if it is not a standard one.

    `option` names the option in errors; what was typed after it is not repeated, since it may be a secret.
    """
    if not (descriptor.isascii() and descriptor.isdigit() and len(descriptor) <= 9):
        raise CommandLineError(f"expected {option} to be the number of an open descriptor, as in {option} 3 3< file")
    number = int(descriptor)
    read = bytearray()
    try:
        while chunk := os.read(number, 65536):
            read += chunk
            if len(read) > _MOST_BYTES:
                raise CommandLineError(f"more than {_MOST_BYTES} bytes came from descriptor {number}")
        if number > 2:
            os.close(number)
    except OSError as error:
        raise CommandError(f"cannot read descriptor {number} of {option}: {error.strerror}") from None
    return read


def without_line_end(read: bytearray) -> bytearray:
    """Remove the one line end that `echo` and editors add."""
    if read.endswith(b"\n"):
        del read[-1:]
        if read.endswith(b"\r"):
            del read[-1:]
    return read


def text_or_bytes(value: bytearray) -> Secret:
    """Return a value as text if it is UTF-8, else as bytes."""
    try:
        return Secret(value.decode())
    except UnicodeDecodeError:
        return Secret(value)


def _one_line(read: bytearray, option: str) -> Secret:
    text = without_line_end(read)
    if b"\n" in text or b"\r" in text:
        raise CommandLineError(f"expected one line for {option}, got several")
    try:
        return Secret(text.decode())
    except UnicodeDecodeError:
        raise CommandLineError(f"expected UTF-8 text for {option}") from None
