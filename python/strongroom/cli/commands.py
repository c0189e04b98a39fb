"""What the commands that stand on click have in common: how they parse, and the options that open a vault."""

import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import click

from strongroom.cli.unlock import OPTIONS, Opening


class Command(click.Command):
    """A command that never repeats a word which it did not expect: that may be a secret, typed in the wrong place."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.allow_extra_args = True
        self.help = with_examples_kept(self.help)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse what is left over without showing it."""
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise click.UsageError("there are more arguments than this command takes", ctx)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of every command that opens a vault apart from its own."""
        own: list[tuple[str, str]] = []
        opening: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)) is not None:
                (opening if parameter.opts[0] in OPENING else own).append(record)
        for title, records in (("Options", own), ("Opening the vault", opening)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Commands(click.Group):
    """A group that lists its commands in the order in which they were added."""

    command_class = Command

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help = with_examples_kept(self.help)
        self.epilog = with_examples_kept(self.epilog)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, unsorted."""
        return list(self.commands)


def with_examples_kept(text: str | None) -> str | None:
    """Mark the paragraphs of a help text that are examples or lists, so that click does not fill their lines."""
    if text is None:
        return None
    return "\n\n".join(_kept(paragraph.strip("\n")) for paragraph in inspect.cleandoc(text).split("\n\n"))


def _kept(paragraph: str) -> str:
    if paragraph.startswith("strongroom "):  # the formatter takes the indent of a docstring's only paragraph away
        paragraph = textwrap.indent(paragraph, "  ")
    return f"\b\n{paragraph}" if paragraph.startswith("  ") else paragraph


OPENING = tuple(name for name, _, _ in OPTIONS)


def opens_a_vault(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Add the options that open a vault; the function gets an `Opening` as its first argument."""
    names = [name[2:].replace("-", "_") for name in OPENING]

    @functools.wraps(function)
    def with_opening(**values: Any) -> int | None:
        return function(Opening(**{name: values.pop(name) for name in names}), **values)

    for name, takes, text in reversed(OPTIONS):
        decorate = (
            click.option(name, metavar=takes, help=text) if takes else click.option(name, is_flag=True, help=text)
        )
        with_opening = decorate(with_opening)
    return with_opening


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
yes = click.option("--yes", is_flag=True, help="Do not ask whether to go on.")
