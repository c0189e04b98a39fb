"""`strongroom export`: everything in plaintext, for those who want to leave or to move."""

import base64
import json
import os
import re
import sys
from collections.abc import Mapping

import click

from strongroom import Entry, Secret
from strongroom._strongroom import variables_of
from strongroom.cli import completion
from strongroom.cli.commands import Command, opens_a_vault
from strongroom.cli.ending import CommandError, CommandLineError
from strongroom.cli.get import described
from strongroom.cli.unlock import Opening
from strongroom.errors import ExistsError, NotFoundError


@click.command(cls=Command)
@click.argument("compartment", required=False, shell_complete=completion.compartments)
@click.option("--plaintext", is_flag=True, help="Yes, write the secrets as anyone can read them.")
@click.option("--format", "form", type=click.Choice(["json", "env"]), default="json", show_default=True)
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(), help="Write a new file that only you can read (0600)."
)
@click.option("--force", is_flag=True, help="Write to a terminal all the same.")
@opens_a_vault
def export(
    opening: Opening, compartment: str | None, plaintext: bool, form: str, output: str | None, force: bool
) -> None:
    """Write entries in plaintext.

    That is all that your key can see, or one COMPARTMENT's entries.

    strongroom export --plaintext -o everything.json
    strongroom export binance --plaintext --format env -o binance.env
    strongroom export --plaintext | age -p > everything.json.age
    """
    if not plaintext:
        raise CommandLineError("this writes every secret in plaintext", "add --plaintext if that is what you want")
    if output is None and sys.stdout.isatty() and not force:
        raise CommandLineError("this would show every secret on the terminal", "add -o FILE, or --force to see them")
    with opening.open() as vault:
        if compartment is not None and compartment not in {part.name for part in vault.compartments}:
            raise NotFoundError(f"compartment {compartment} not found")
        entries = [vault[name] for name in vault.find(compartment=compartment)]
        data = _json(entries) if form == "json" else _env(entries)
        incomplete = bool(vault.damage)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        write_new(output, data)
        click.echo(f"{len(entries)} entries are in {output} in plaintext; delete it when it has served", err=True)
    if incomplete:
        raise CommandError("what is damaged is not in the export")


def _json(entries: list[Entry]) -> bytes:
    """Bytes that are not text are an object with the one key base64."""
    plain = [
        {**described(entry), "fields": {name: _plain(secret) for name, secret in entry.fields.items()}}
        for entry in entries
    ]
    return (json.dumps({"strongroom_export": 1, "entries": plain}, indent=2) + "\n").encode()


def _plain(secret: Secret) -> str | Mapping[str, str]:
    data = secret.reveal_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _env(entries: list[Entry]) -> bytes:
    """Write each field as a variable: the one it was imported as, else one that `import env` brings back here."""
    origin: dict[str, str] = {}
    lines: list[str] = []
    for entry in entries:
        named = {field: variable for variable, field in variables_of(entry)}
        mapping = {"env", *(f"env.{field}" for field in entry)}
        for field in entry:
            if field in mapping:
                continue
            where = f"{entry.name} {field}"
            variable = named.get(field) or _variable(entry.name, field)
            if variable in origin:
                raise CommandError(
                    f"{where} and {origin[variable]} would both be {variable}", "--format json tells them apart"
                )
            origin[variable] = where
            value = entry[field]
            lines.append(f"{variable}={_quoted(value if isinstance(value, str) else _text(value, where))}\n")
    return "".join(lines).encode()


def _variable(name: str, field: str) -> str:
    segments = name.split("/")
    if segments[1:] == ["main"]:
        segments = segments[:1]
    return re.sub(r"[^A-Z0-9]", "_", "_".join([*segments, field]).upper())


def _text(secret: Secret, where: str) -> str:
    try:
        text = secret.reveal_bytes().decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CommandError(f"{where} is not text, which a .env file cannot hold", "use --format json")
    return text


def _quoted(text: str) -> str:
    """Quote a value for python-dotenv and its like.

    They put variables in place of ${...} even between single quotes, so a ${ of the value becomes a variable without a
    name whose default is $, and a brace. Whoever reads a file as text loses its carriage returns, so they are escaped,
    as only double quotes allow.
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "${:-$}{")
    if "\r" in text:
        escaped = escaped.replace('"', '\\"').replace("\r", "\\r")
        return f'"{escaped}"'
    return f"'{escaped}'"


def write_new(path: str, data: bytes) -> None:
    """Write a file that was not there, for its owner alone; all of it or nothing."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise ExistsError(f"{path} exists already") from None
    try:
        with open(number, "wb") as file:  # noqa: PTH123
            file.write(data)
            file.flush()
            os.fsync(number)
    except BaseException:
        os.unlink(path)  # noqa: PTH108
        raise
