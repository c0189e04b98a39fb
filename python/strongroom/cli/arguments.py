"""Command lines of the commands that do without click."""

import argparse

from strongroom.cli.ending import CommandLineError
from strongroom.cli.unlock import OPTIONS, Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        # With a width, argparse does not load shutil at every start to ask the terminal for help that is rarely shown.
        super().__init__(prog, width=80)


class Arguments(argparse.ArgumentParser):
    """A parser whose errors end as all others do, and do not repeat what was typed: it may be a secret."""

    def __init__(self, command: str, usage: str, description: str) -> None:
        super().__init__(
            prog=f"strongroom {command}",
            usage=usage,
            description=description,
            formatter_class=_Help,
            allow_abbrev=False,
        )
        self._hint = f"strongroom {command} --help shows how it is used"

    def add_opening(self) -> None:
        """Add the options that open a vault."""
        group = self.add_argument_group("opening the vault")
        for name, takes, text in OPTIONS:
            if takes:
                group.add_argument(name, metavar=takes, help=text)
            else:
                group.add_argument(name, action="store_true", help=text)

    def parse(self, words: "list[str]") -> argparse.Namespace:
        """Parse, and refuse what is too much."""
        found, rest = self.parse_known_intermixed_args(words)
        if rest:
            option = next((word.partition("=")[0] for word in rest if word.startswith("--")), "")
            raise CommandLineError(f"there is no option {option}" if option else "too many arguments", self._hint)
        return found

    def error(self, message: str) -> "NoReturn":
        """Raise instead of exiting. Messages name options and positions, but for the one that is replaced here."""
        if "explicit argument" in message:
            message = "an option that takes no value was given one"
        raise CommandLineError(message, self._hint)


def opening_of(found: argparse.Namespace) -> Opening:
    """Return how to open the vault."""
    return Opening(**{name: getattr(found, name) for name in _NAMES})


_NAMES = tuple(name[2:].replace("-", "_") for name, _, _ in OPTIONS)
