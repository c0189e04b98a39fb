"""`strongroom import env`: a `.env` file becomes entries of the vault."""

import os
from typing import TYPE_CHECKING

import click

from strongroom import Vault
from strongroom._strongroom import plan_env
from strongroom.cli import exit_codes
from strongroom.cli.commands import Command, Commands, as_json, opens_a_vault
from strongroom.cli.ending import CommandError, tell
from strongroom.cli.given import everything_from
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.cli.unlock import Opening
from strongroom.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from strongroom._strongroom import EnvVariable


@click.group(name="import", cls=Commands)
def import_() -> None:
    """Take over credentials from another place.

    strongroom import env .env
    strongroom import fernet tokens.txt
    strongroom import otpauth phone.txt
    """


@import_.command(name="env", cls=Command)
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option(
    "--on-conflict",
    type=click.Choice(["skip", "replace"]),
    help="What to do with a field that has another value in the vault. [default: change nothing and say which]",
)
@as_json
@opens_a_vault
def env(opening: Opening, file: str, dry_run: bool, on_conflict: str | None, as_json: bool) -> int:
    """Put the variables of a .env file into the vault.

    Keys of known exchanges go to entries of their own: BINANCE_API_KEY is api_key of binance/main. All others go to
    env/main under their own names. Which went where is shown, never a value, and kept in the entries, so that
    `strongroom run` and `strongroom.load_env()` give the variables back as they were. FILE may be - for stdin.

      strongroom import env .env --dry-run
      strongroom import env .env
      strongroom run -- python bot.py
    """
    plan = plan_env(_with_unix_line_ends(contents(file)), os.environ)
    with opening.open() as vault:
        if dry_run:
            state = _states(vault, plan.mapped)
        else:
            with vault.edit() as v:
                state = _states(v, plan.mapped)
                _save(v, plan.mapped, state, on_conflict)
        _show(plan.mapped, state, on_conflict, as_json)
    for line in plan.skipped_lines:
        tell(f"line {line} of {file} could not be read: expected NAME=value")
    for line, why in plan.left_out:
        tell(f"line {line} of {file} was left out: {why}")
    partly = bool(plan.skipped_lines or plan.left_out)
    if dry_run:
        click.echo("dry run: nothing was changed", err=True)
    elif partly:
        click.echo(f"not everything is in the vault: keep {file} until it is", err=True)
    elif "kept" in _outcomes(state, on_conflict):
        click.echo(f"{file} still has the values that the vault does not", err=True)
    elif plan.mapped and file != "-":
        click.echo(f"all of it is in the vault: delete {file} now, and its copies in backups and git", err=True)
    return exit_codes.FAILED if partly else exit_codes.OK


def contents(file: str) -> bytearray:
    """Read a file to its end; - is stdin."""
    if file == "-":
        return everything_from("0", "FILE")
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - FILE may be a descriptor's path
            return everything_from(str(os.dup(opened.fileno())), "FILE")
    except FileNotFoundError:
        raise NotFoundError(f"{file} not found") from None
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from None


def _with_unix_line_ends(data: bytearray) -> bytearray:
    """Return what python-dotenv sees of a file, which Python's text mode has read: inside of quotes it matters."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _states(vault: Vault, mapped: "list[EnvVariable]") -> list[str]:
    """Return for each variable what the vault has at its place: `new`, `same` or `other`."""
    states: list[str] = []
    for variable in mapped:
        try:
            there = vault[variable.entry][variable.field]
        except NotFoundError:
            states.append("new")
            continue
        kind, value = variable.mapping
        same = isinstance(there, str) is not variable.secret and variable.value == there
        states.append("same" if same and vault[variable.entry].info.get(kind) == value else "other")
    return states


def _save(vault: Vault, mapped: "list[EnvVariable]", states: list[str], on_conflict: str | None) -> None:
    if on_conflict is None and "other" in states:
        places = [f"{v.entry} {v.field}" for v, state in zip(mapped, states, strict=True) if state == "other"]
        raise ConflictError(
            f"the vault has other values for {', '.join(places)}; nothing was changed; "
            "add --on-conflict skip to keep those, or --on-conflict replace"
        )
    wanted = [
        v
        for v, state in zip(mapped, states, strict=True)
        if state == "new" or (state == "other" and on_conflict == "replace")
    ]
    for name in dict.fromkeys(variable.entry for variable in wanted):
        ours = [variable for variable in wanted if variable.entry == name]
        info = dict(variable.mapping for variable in ours)
        info.update({variable.field: variable.value.reveal() for variable in ours if not variable.secret})
        fields = {variable.field: variable.value for variable in ours if variable.secret}
        if name in vault:
            entry = vault[name]
            for variable in ours:
                if variable.field in (entry.info if variable.secret else entry.fields):
                    vault.remove_field(name, variable.field)  # it was info and is secret now, or the other way round
            vault.update(name, fields, info=info)
        else:
            vault.put(name, fields, info=info)


def _outcomes(states: list[str], on_conflict: str | None) -> list[str]:
    of_other = {"skip": "kept", "replace": "replaced", None: "conflict"}[on_conflict]
    return [{"new": "new", "same": "same", "other": of_other}[state] for state in states]


def _show(mapped: "list[EnvVariable]", states: list[str], on_conflict: str | None, as_json: bool) -> None:
    outcomes = _outcomes(states, on_conflict)
    if as_json:
        print_json(
            [
                {"variable": v.variable, "entry": v.entry, "field": v.field, "secret": v.secret, "outcome": outcome}
                for v, outcome in zip(mapped, outcomes, strict=True)
            ]
        )
    elif mapped:
        columns = (
            Column("variable", whole=True),
            Column("entry"),
            Column("field", whole=True),
            Column("kept as"),
            Column("result", whole=True),
        )
        print_table(
            columns,
            [
                (v.variable, v.entry, v.field, "secret" if v.secret else "info", outcome)
                for v, outcome in zip(mapped, outcomes, strict=True)
            ],
        )
    else:
        click.echo("there is no variable in it", err=True)
