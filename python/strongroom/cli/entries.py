"""`strongroom put`, `ls`, `rm` and `mv`."""

import json
import os
import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, TypedDict, cast

import click

from strongroom import Entry, Secret, Vault
from strongroom.cli import completion
from strongroom.cli.commands import Command, as_json, opens_a_vault, yes
from strongroom.cli.ending import CommandLineError
from strongroom.cli.get import described, kept_by_import
from strongroom.cli.given import confirmed, everything_from, hidden, text_or_bytes, without_line_end
from strongroom.cli.shown import when
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.cli.unlock import Opening
from strongroom.errors import ExistsError, NotFoundError

_ON_ARGV = (
    "a secret on the command line is seen by other users of this machine and kept in the shell's history\n"
    "name the field alone, and type the value when asked: strongroom put binance/main secret\n"
    "without a terminal: --stdin or --fd N; for what is not secret: --info api_key=..."
)


class _About(TypedDict):
    info: dict[str, str] | None
    kind: str | None
    tags: Sequence[str] | None
    note: str | None
    expires_at: int | None
    rotate_after: int | None


class Moment(click.ParamType[int]):
    """A date, a date and time in UTC, or so many days from now."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return Unix seconds."""
        if isinstance(value, int):
            return value
        if re.fullmatch(r"[0-9]{1,5}d", value):
            return int(time.time()) + int(value[:-1]) * 86_400
        if value == "never":
            return 0
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("expected a date like 2027-01-31, days from now like 90d, or never", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return int(moment.timestamp())


@click.command(cls=Command)
@click.argument("name", shell_complete=completion.entries)
@click.argument("fields", metavar="[FIELD]...", nargs=-1, shell_complete=completion.fields_of_entry)
@click.option(
    "--info", metavar="NAME=VALUE", multiple=True, help="What is not secret: an API key's id, a user name, a URL."
)
@click.option("--stdin", is_flag=True, help="Read from stdin: the value of the one FIELD, or a JSON object of fields.")
@click.option("--fd", metavar="N", help="The same from descriptor N.")
@click.option("--kind", help="What kind of entry this is, in your words.")
@click.option("--tag", "tags", multiple=True, help="A tag to find it by. May be given more than once.")
@click.option("--note", help="A note; not secret.")
@click.option("--expires", "expires_at", type=Moment(), help="When it stops working: 2027-01-31, 90d or never.")
@click.option("--rotate-after", type=Moment(), help="When it is due for rotation: 2027-01-31, 90d or never.")
@click.option("--replace", is_flag=True, help="Replace the whole of an entry that is there already.")
@click.option("--update", is_flag=True, help="Change only what is given, in an entry that is there already.")
@click.option("--if-version", type=int, metavar="N", help="With --update: only if this is its version.")
@opens_a_vault
def put(
    opening: Opening,
    name: str,
    fields: tuple[str, ...],
    info: tuple[str, ...],
    stdin: bool,
    fd: str | None,
    replace: bool,
    update: bool,
    if_version: int | None,
    kind: str | None,
    tags: tuple[str, ...],
    note: str | None,
    expires_at: int | None,
    rotate_after: int | None,
) -> None:
    """Put an entry into the vault, or change one.

    You are asked for each FIELD, and what you type is not shown. No secret is taken from the command line.

      strongroom put binance/main secret --info api_key=vmPUZE6mv9SD
      strongroom put kraken/main secret --stdin < key.txt
      strongroom put zerodha/login password totp --info username=AB1234
      strongroom put binance/main secret --update
      echo '{"token": "..."}' | strongroom put telegram/main --stdin
    """
    if replace and update:
        raise CommandLineError("--replace changes all of an entry and --update a part of it: give one of them")
    if if_version is not None and not update:
        raise CommandLineError("--if-version goes with --update")
    if fields and fields[-1] == "-":
        fields, stdin = fields[:-1], True
    if any("=" in field for field in fields):
        raise CommandLineError("no secret is taken from the command line", _ON_ARGV)
    if stdin and fd is not None:
        raise CommandLineError("--stdin and --fd are two places for one value: give one of them")
    about: _About = {
        "info": dict(map(_info, info)) or None,
        "kind": kind,
        "tags": tags or None,
        "note": note,
        "expires_at": expires_at,
        "rotate_after": rotate_after,
    }
    source = "0" if stdin else fd
    if source is not None and len(fields) > 1:
        raise CommandLineError(
            "one value cannot be that of several fields", "give a JSON object of all and name no FIELD"
        )
    if not (fields or source or any(value is not None for value in about.values())):
        raise CommandLineError("expected the names of the fields to ask for", "strongroom put binance/main secret")
    # Standard input is read first: the passphrase may be asked for at the same terminal otherwise.
    values = _values_from(source, fields, "--stdin" if stdin else "--fd") if source is not None else {}
    with opening.open() as vault:
        _check(vault, name, replace, update)  # before anything is asked for
        if source is None:
            values = {field: hidden(f"{field} of {name}", "use --stdin or --fd N") for field in fields}
        with vault.edit() as v:
            _check(v, name, replace, update)  # again, in what others may have saved meanwhile
            version = v.update(name, values, if_version=if_version, **about) if update else v.put(name, values, **about)
    click.echo(f"{name}, version {version}", err=True)


@click.command(cls=Command)
@click.option("--tag", help="Only entries with this tag.")
@click.option("--kind", help="Only entries of this kind.")
@click.option("--compartment", shell_complete=completion.compartments, help="Only entries in this compartment.")
@click.option("--due", is_flag=True, help="Only entries that have expired or are due for rotation.")
@as_json
@opens_a_vault
def ls(opening: Opening, as_json: bool, **conditions: Any) -> None:
    """List the entries that your key can see.

    Into a pipe or a file, each entry is one line with tabs between the columns.

      strongroom ls
      strongroom ls --due
      strongroom ls --compartment binance --json
      strongroom ls | cut -f1
    """
    with opening.open() as vault:
        found = [vault[name] for name in vault.find(**conditions)]
        if as_json:
            print_json([described(entry) for entry in found])
        elif found:
            print_table(_COLUMNS, [_row(entry) for entry in found])
        elif len(vault):
            click.echo("no entry fits these conditions", err=True)
        else:
            click.echo("no entries yet; add one: strongroom put binance/main secret", err=True)


@click.command(cls=Command)
@click.argument("name", shell_complete=completion.entries)
@click.argument("field", required=False, shell_complete=completion.fields_of_entry)
@yes
@opens_a_vault
def rm(opening: Opening, name: str, field: str | None, yes: bool) -> None:
    """Remove an entry, or one field of it.

    strongroom rm binance/old
    strongroom rm binance/main passphrase
    """
    with opening.open() as vault:
        entry = vault[name]
        if field is None:
            confirmed(f"remove {name}, with all its versions?", yes)
            vault.remove(name)
        else:
            entry[field]
            confirmed(f"remove {field} from {name}?", yes)
            vault.remove_field(name, field)


@click.command(cls=Command)
@click.argument("old", shell_complete=completion.entries)
@click.argument("new")
@click.option("--copy", is_flag=True, help="Leave the old one where it is.")
@opens_a_vault
def mv(opening: Opening, old: str, new: str, copy: bool) -> None:
    """Rename an entry, also into another compartment.

    strongroom mv binance/main binance/spot
    strongroom mv --copy binance/main scalper/binance
    """
    with opening.open() as vault:
        if copy:
            vault.copy(old, new)
        else:
            vault.rename(old, new)


def _info(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise CommandLineError("expected --info NAME=VALUE, as in --info api_key=vmPUZE6mv9SD")
    return name, value


def _values_from(descriptor: str, fields: tuple[str, ...], option: str) -> dict[str, Secret]:
    if descriptor == "0" and os.isatty(0):
        raise CommandLineError(
            "stdin is a terminal, which would show what you type", "name the field and leave out " + option
        )
    read = everything_from(descriptor, option)
    if fields:
        value = without_line_end(read)
        if not value:
            raise CommandLineError(f"nothing came for {fields[0]}")
        return {fields[0]: text_or_bytes(value)}
    wrong = CommandLineError('expected a JSON object of fields and their text, like {"secret": "..."}')
    try:
        found: object = json.loads(read)
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(found, dict):
        raise wrong
    values: dict[str, Secret] = {}
    for name, text in cast("dict[str, object]", found).items():
        if not isinstance(text, str):
            raise wrong
        values[name] = Secret(text)
    return values


def _check(vault: Vault, name: str, replace: bool, update: bool) -> None:
    """Refuse to replace an entry that is there, or to update one that is not."""
    try:
        version = vault[name].version
    except NotFoundError:
        if update:
            raise
        return
    if not (replace or update):
        raise ExistsError(
            f"{name} exists already, as version {version}; add --update to change only what is given, or --replace"
        )


_COLUMNS = (
    Column("name", whole=True),
    Column("kind", whole=True, spare=True),
    Column("version", whole=True, spare=True, right=True),
    Column("updated", whole=True, spare=True),
    Column("due", whole=True),
    Column("tags"),
    Column("fields"),
)


def _row(entry: Entry) -> list[str]:
    due = min((moment for moment in (entry.expires_at, entry.rotate_after) if moment is not None), default=None)
    late = " (due)" if due is not None and due <= time.time() else ""
    return [
        entry.name,
        entry.kind,
        str(entry.version),
        when(entry.updated)[:10],
        when(due)[:10] + late,
        ", ".join(entry.tags),
        ", ".join(field for field in entry if not kept_by_import(field)),
    ]
