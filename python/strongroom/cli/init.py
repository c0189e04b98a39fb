"""`strongroom init`."""

import contextlib
import os

import click

import strongroom
from strongroom._unlock import vault_path
from strongroom.cli.commands import Command
from strongroom.cli.ending import CommandLineError
from strongroom.cli.new_slot import chosen_passphrase, key_in_new_file, makes_a_slot
from strongroom.cli.progress import Deriving
from strongroom.errors import ExistsError


@click.command(cls=Command)
@click.argument("path", required=False, type=click.Path())
@click.option("--vault", metavar="PATH", help="The same as PATH.", hidden=True)
@makes_a_slot
def init(
    path: str | None,
    vault: str | None,
    new_key: str | None,
    ask_new: bool,
    new_passphrase_fd: str | None,
    allow_weak: bool,
) -> None:
    """Make a new vault, with you as its owner.

    PATH is the new file: else $STRONGROOM_VAULT, else strongroom.vault in this folder. It opens with a passphrase, for
    which you are asked, unless --new-key makes a key file instead. With --new-key and --new-passphrase, it takes
    both. There is no way in without them: keep a copy of the key, or the passphrase, in another place.

      strongroom init
      strongroom init bots.vault --new-key owner.key
    """
    if path is not None and vault is not None:
        raise CommandLineError("PATH and --vault are the same: give one of them")
    place = vault_path(path or vault)
    if os.path.lexists(place):
        raise ExistsError(f"{place} exists already")
    if new_key is not None and os.path.lexists(new_key):
        raise ExistsError(f"{new_key} exists already")
    ask_new = ask_new or (new_key is None and new_passphrase_fd is None)
    passphrase = chosen_passphrase("the vault", ask_new, new_passphrase_fd, allow_weak)
    new_file = key_in_new_file(new_key) if new_key is not None else contextlib.nullcontext()
    with new_file as key, Deriving(passphrase is not None):
        strongroom.create(place, passphrase=passphrase, key=key).lock()
    click.echo(f"made {place}", err=True)
    if new_key is not None:
        click.echo(f"its key is in {new_key}: keep a copy in a safe place, for nothing else opens the vault", err=True)
    click.echo("next: strongroom import env .env, or strongroom put binance/main secret", err=True)
