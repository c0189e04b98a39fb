"""`strongroom run`: start a program with the secrets that it needs in its environment."""

import os
import sys

from strongroom.cli import exit_codes
from strongroom.cli.arguments import Arguments, opening_of
from strongroom.cli.ending import CommandError, CommandLineError
from strongroom.env import variables_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from strongroom import Vault

SUMMARY = "Run a program with secrets in its environment."
USAGE = "strongroom run [OPTIONS] -- COMMAND [ARGUMENT]..."
DESCRIPTION = f"""{SUMMARY}

The program gets the environment of this command, and in it
  - the variables that `strongroom import env` put into the vault, unless they
    are set already;
  - for each value like strongroom://binance/main/secret, what that field holds;
  - the variables named with --env.
It does not get what opens the vault: STRONGROOM_KEY, STRONGROOM_KEY_FD and
STRONGROOM_PASSPHRASE are removed. The program takes the place of this command,
so its exit code is the program's.

  strongroom run -- python bot.py
  strongroom run --env API_SECRET=binance/main/secret -- node bot.js
  API_SECRET=strongroom://binance/main/secret strongroom run -- ./bot"""
ENV_HELP = "Set NAME to a field of an entry. May be given more than once."
NO_IMPORTED_HELP = "Leave out the variables that `import env` put into the vault."

SCHEME = "strongroom://"
_NOT_FOR_THE_CHILD = ("STRONGROOM_KEY", "STRONGROOM_KEY_FD", "STRONGROOM_PASSPHRASE")


def run(words: list[str]) -> int:
    """Run `strongroom run`. On success it does not return, but on Windows, which cannot replace a process."""
    at = words.index("--") if "--" in words else len(words)
    own, command = words[:at], words[at + 1 :]
    arguments = Arguments("run", USAGE, DESCRIPTION)
    arguments.add_argument("--env", metavar="NAME=ENTRY/FIELD", action="append", default=[], help=ENV_HELP)
    arguments.add_argument("--no-imported", action="store_true", help=NO_IMPORTED_HELP)
    arguments.add_opening()
    if not command and not {"-h", "--help"} & set(own):
        raise CommandLineError("expected the program to run after --, as in: strongroom run -- python bot.py")
    found = arguments.parse(own)
    wanted = dict(_assignment(word) for word in found.env)
    with opening_of(found).open() as vault:
        environment = _environment(vault, wanted, not found.no_imported)
    _become(command, environment)


def _assignment(word: str) -> tuple[str, str]:
    """Read NAME=ENTRY/FIELD, with or without the scheme."""
    name, equals, reference = word.partition("=")
    if not name or not equals or "\0" in word:
        raise CommandLineError("expected --env NAME=ENTRY/FIELD, as in --env API_SECRET=binance/main/secret")
    return name, reference.removeprefix(SCHEME)


def _environment(vault: "Vault", wanted: dict[str, str], imported: bool) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_THE_CHILD}
    references = {name: value[len(SCHEME) :] for name, value in environment.items() if value.startswith(SCHEME)}
    references.update(wanted)
    if imported:
        for name, (entry, field) in variables_in(vault).items():
            if name not in environment and name not in references:
                environment[name] = _value(vault, name, entry, field)
    for name, reference in references.items():
        entry, slash, field = reference.rpartition("/")
        if "/" not in entry or not field or not slash:
            raise CommandLineError(f"{name}: expected an entry and a field, as in {SCHEME}binance/main/secret")
        environment[name] = _value(vault, name, entry, field)
    return environment


def _value(vault: "Vault", name: str, entry: str, field: str) -> str:
    from strongroom.errors import StrongroomError

    try:
        value = vault[entry][field]
        data = value.encode() if isinstance(value, str) else value.reveal_bytes()
    except StrongroomError as error:
        code = exit_codes.OF_ERROR.get(error.code, exit_codes.FAILED)
        raise CommandError(f"{name} refers to {entry}/{field}: {error}", code=code) from None
    if b"\0" in data:
        raise CommandLineError(f"{name} refers to {entry}/{field}, which holds a NUL byte that no variable can")
    return os.fsdecode(data)


def _become(command: list[str], environment: dict[str, str]) -> "NoReturn":
    try:
        if os.name == "nt":
            # Both get Ctrl-C from the console; the program decides what it means.
            import signal
            import subprocess

            signal.signal(signal.SIGINT, signal.SIG_IGN)
            sys.exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603
        import signal

        # Python ignores these two, which would outlive the exec: `yes | head` would not end.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execvpe(command[0], command, environment)  # noqa: S606
    except FileNotFoundError:
        raise CommandError(f"{command[0]}: no such command", code=exit_codes.NO_COMMAND) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "NUL byte"
        raise CommandError(f"{command[0]}: cannot be executed: {why}", code=exit_codes.CANNOT_EXECUTE) from None
