"""`strongroom totp`: the one-time code of an entry."""

import sys
import time
from typing import NoReturn

import click

from strongroom.cli import completion
from strongroom.cli.commands import Command, as_json, opens_a_vault
from strongroom.cli.ending import CommandError, CommandLineError
from strongroom.cli.tables import print_json
from strongroom.cli.unlock import Opening
from strongroom.otp import SealedTotp

totp_field = click.option(
    "--field",
    default="totp",
    show_default=True,
    shell_complete=completion.fields_of_entry,
    help="The field with the otpauth URI, or the secret in base32.",
)


@click.command(cls=Command)
@click.argument("name", shell_complete=completion.entries)
@totp_field
@click.option("--watch", is_flag=True, help="Show the code, and each that follows, until Ctrl-C.")
@click.option(
    "--min-seconds",
    type=click.IntRange(0),
    metavar="N",
    default=0,
    help="Wait, where the code of now does not live for N seconds more, for the next one.",
)
@as_json
@opens_a_vault
def totp(opening: Opening, name: str, field: str, watch: bool, min_seconds: int, as_json: bool) -> None:
    """Print the one-time code of an entry.

    It is the code of now, alone on stdout; for how long it lives is told on stderr, if that is a terminal. Before it is
    sent by a program it should have some seconds left: --min-seconds. Two calls within the time of a code print the
    same one, and most services take each once. A bot that logs in more often uses entry.totp.wait_fresh().

      strongroom totp zerodha/login
      strongroom totp zerodha/login --watch
      strongroom totp zerodha/login --min-seconds 5 | python login.py
    """
    if watch and (as_json or min_seconds):
        raise CommandLineError("--watch shows one code after the other; leave out --json and --min-seconds")
    if watch and not sys.stdout.isatty():
        raise CommandError("there is no terminal to show the codes on", "without --watch it prints one")
    with opening.open() as vault:
        codes = vault[name].totp_of(field)
        if watch:
            _watch(codes)
        code, seconds = codes.fresh(min_seconds)
        while code is None:
            if sys.stderr.isatty():
                click.echo(f"the next code in {seconds} s", err=True)
            _sleep_until_second(seconds)
            code, seconds = codes.fresh(min_seconds)
    if as_json:
        print_json({"name": name, "field": field, "code": code, "seconds_remaining": seconds})
        return
    click.echo(code)
    if sys.stderr.isatty():
        click.echo(f"{seconds} s left", err=True)


def _watch(codes: SealedTotp) -> NoReturn:
    while True:
        now = int(time.time())
        # One line that is written over, and what a longer one left behind it is erased.
        click.echo(f"\r{codes.at(now)}  {codes.seconds_remaining(at=now):>2} s\x1b[K", nl=False)
        _sleep_until_second(1)


def _sleep_until_second(seconds: int) -> None:
    """Sleep until the beginning of the second that is `seconds` after the present one."""
    time.sleep(seconds - time.time() % 1)
