"""How every command ends: an exit code, and on a failure one line on stderr, never a traceback."""

import os
import sys

from strongroom.cli import exit_codes
from strongroom.cli.shown import shown
from strongroom.errors import StrongroomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class CommandError(Exception):
    """Something to tell the user, with the exit code to end with. The hint, if any, says what to do next."""

    def __init__(self, message: str, hint: str = "", code: int = exit_codes.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class CommandLineError(CommandError):
    """The command line is not what is expected."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, exit_codes.USAGE)


def ending(command: "Callable[[list[str]], int]", words: "list[str]") -> int:
    """Run `command` and turn whatever it raises into a message and an exit code."""
    _open_standard_streams()
    try:
        code = command(words)
        sys.stdout.flush()  # here, where a full disk can still be told
    except CommandError as error:
        tell(error.message, error.hint)
        return error.code
    except StrongroomError as error:
        tell(str(error), _HINTS.get(error.code, ""))
        return exit_codes.OF_ERROR.get(error.code, exit_codes.FAILED)
    except KeyboardInterrupt:
        print(file=sys.stderr)  # noqa: T201
        return exit_codes.INTERRUPTED
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # whoever read our output has gone, as `head` does
            where = f" {error.filename}" if isinstance(error.filename, str) else ""
            tell(f"cannot read or write{where}: {error.strerror or type(error).__name__}")
        _give_up_stdout()
        return exit_codes.FAILED
    return code


def _open_standard_streams() -> None:
    """Open what the caller closed on nothing; else the vault's file would get its number, and our messages."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    # None where they were closed, whatever their type says.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123


def _give_up_stdout() -> None:
    """Let what is still buffered go nowhere if it cannot be written; else Python tries again at exit, and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str, hint: str = "") -> None:
    """Write one message to stderr, and under it what to do next."""
    first, *rest = message.split("\n")
    lines = [f"strongroom: {shown(first)}"]
    lines += [f"  {shown(line.strip())}" for line in [*rest, *hint.split("\n")] if line]
    print("\n".join(lines), file=sys.stderr)  # noqa: T201


_HINTS = {
    "decrypt": "check which passphrase or key is used; --key-file FILE or --passphrase overrides the environment",
    "damaged": "the rest of the vault can still be read; a backup may hold this part",
    "rollback": "someone put an older copy in its place, or the pin is another vault's",
    "no_access": "an owner of the vault can grant it, or do it for you",
}
