"""`strongroom qr`: the seed of an entry's one-time codes as a QR code, to take it over to a phone."""

import os
import sys
from typing import Literal

import click

from strongroom import Entry, Secret, Totp
from strongroom.cli import completion
from strongroom.cli.commands import Command, opens_a_vault, yes
from strongroom.cli.ending import CommandError, CommandLineError, tell
from strongroom.cli.export import write_new
from strongroom.cli.given import answer, confirmed
from strongroom.cli.totp import totp_field
from strongroom.cli.unlock import Opening
from strongroom.errors import InvalidInputError
from strongroom.otp import Account, qr_svg, qr_terminal, write_migration


@click.command(cls=Command)
@click.argument("name", shell_complete=completion.entries)
@click.argument("more", metavar="[NAME]...", nargs=-1, shell_complete=completion.entries)
@totp_field
@click.option("--svg", metavar="FILE", type=click.Path(), help="A picture in a new file (0600) instead; - is stdout.")
@click.option(
    "--background",
    type=click.Choice(["dark", "light"]),
    default="dark",
    show_default=True,
    help="What the terminal shows text on. Most phones read only dark on light.",
)
@click.option("--migration", is_flag=True, help="All these entries as Google Authenticator exports its accounts.")
@yes
@opens_a_vault
def qr(
    opening: Opening,
    name: str,
    more: tuple[str, ...],
    field: str,
    svg: str | None,
    background: Literal["dark", "light"],
    migration: bool,
    yes: bool,
) -> None:
    """Show the seed of one-time codes as a QR code, for an authenticator on a phone.

    This reveals the seed: whoever sees the QR code can make all the codes from then on. So you are asked first, and
    where there is no terminal it goes only where --svg says.

      strongroom qr zerodha/login
      strongroom qr zerodha/login --background light
      strongroom qr zerodha/login --svg zerodha.svg
      strongroom qr --migration zerodha/login binance/login
    """
    if more and not migration:
        raise CommandLineError("one QR code holds one entry", "add --migration for a phone's export of several")
    if svg == "-" and sys.stdout.isatty():
        raise CommandLineError("this would show the seed's picture as text", "leave out --svg, or give it a FILE")
    if svg is None and not sys.stdout.isatty():
        raise CommandError(
            "there is no terminal to show the QR code on, and it holds the seed",
            "--svg FILE writes a picture that only you can read, --svg - to stdout",
        )
    names = (name, *more)
    with opening.open() as vault:
        accounts = [_account(vault[name], field) for name in names]
    uris = write_migration(accounts) if migration else [account.to_uri() for account in accounts]
    if svg is None:
        _show(uris, ", ".join(names), background, yes)
    elif len(uris) > 1:
        raise CommandLineError(f"these are {len(uris)} QR codes, and --svg writes one", "name at most ten entries")
    elif svg == "-":
        sys.stdout.buffer.write(qr_svg(uris[0]).reveal_bytes())
    else:
        write_new(svg, qr_svg(uris[0]).reveal_bytes())
        click.echo(f"the QR code is in {svg} with the seed; delete it when it has served", err=True)


def _account(entry: Entry, field: str) -> Account:
    seed: str | Secret = entry[field]
    if isinstance(seed, str):
        raise InvalidInputError(f"{field} of {entry.name} is info, which is no secret")
    try:
        if b":" in seed.reveal_bytes():  # base32 has none
            return Account.from_uri(seed)
        return Account(Totp(seed), entry.name)
    except InvalidInputError as error:
        raise InvalidInputError(f"field {field} of {entry.name} holds no one-time codes: {error}") from None


def _show(uris: list[Secret], names: str, background: Literal["dark", "light"], yes: bool) -> None:
    drawings = [qr_terminal(uri, background=background).reveal() for uri in uris]
    width = max(len(drawing.split("\n", 1)[0]) for drawing in drawings)
    height = max(drawing.count("\n") for drawing in drawings)
    room = os.get_terminal_size(sys.stdout.fileno())
    # 0 where the terminal does not know: there is nothing to go by.
    if 0 < room.columns < width:
        raise CommandError(
            f"the QR code takes {width} columns and the terminal has {room.columns}",
            "make the window wider or the letters smaller, or give it a file: --svg FILE",
        )
    confirmed(f"this shows the seed of {names} to whoever sees the screen; show it?", yes)
    for number, drawing in enumerate(drawings, 1):
        click.echo(drawing, nl=False)
        if 0 < room.lines < height:
            tell(f"the QR code takes {height} lines and the terminal has {room.lines}: make the window higher")
        if len(drawings) > 1:
            counted = f"QR code {number} of {len(drawings)}"
            if number < len(drawings) and not yes:
                answer(f"{counted}; Enter for the next")
            else:
                click.echo(counted, err=True)
    click.echo("when it is scanned, clear the screen: what is on it is the seed", err=True)
