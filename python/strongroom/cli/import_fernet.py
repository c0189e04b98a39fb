"""`strongroom import fernet`: what Fernet tokens hold becomes fields of entries."""

import functools
from typing import NamedTuple

import click

from strongroom import Secret, Vault
from strongroom._strongroom import Fernet
from strongroom.cli.commands import Command, as_json, opens_a_vault
from strongroom.cli.ending import CommandLineError
from strongroom.cli.given import everything_from, hidden, text_or_bytes
from strongroom.cli.import_env import contents
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.cli.unlock import Opening
from strongroom.errors import ConflictError, DecryptError, InvalidInputError, NotFoundError

_PLACE = "expected {where} to be an entry and a field, as in binance/main/secret"


class _Token(NamedTuple):
    """A token, where it stood, and where it goes."""

    where: str
    entry: str
    field: str
    text: bytes


class _Value(NamedTuple):
    """What a token holds, and whether the vault has it: `new`, `same` or `other`."""

    entry: str
    field: str
    value: Secret
    state: str


@click.command(name="fernet", cls=Command)
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--to", metavar="NAME/FIELD", help="Where the one token of FILE goes, as in binance/main/secret.")
@click.option("--fernet-key", "key_files", metavar="KEY", multiple=True, type=click.Path(), help="Read its key there.")
@click.option("--fernet-key-fd", "key_fds", metavar="N", multiple=True, help="The same from descriptor N.")
@click.option(
    "--on-conflict",
    type=click.Choice(["skip", "replace"]),
    help="What to do with a field that has another value in the vault. [default: change nothing and say which]",
)
@as_json
@opens_a_vault
def fernet(
    opening: Opening,
    file: str,
    to: str | None,
    key_files: tuple[str, ...],
    key_fds: tuple[str, ...],
    on_conflict: str | None,
    as_json: bool,
) -> None:
    """Put what Fernet tokens hold into the vault.

    FILE has one token, and --to says where what it holds goes; or a line for each, as binance/main/secret=gAAAAA... It
    may be - for stdin. The Fernet key is asked for, or read from a file or a descriptor; tokens under several keys take
    several of these. If one token cannot be read, nothing is changed.

      strongroom import fernet secret.token --to binance/main/secret
      strongroom import fernet tokens.txt --fernet-key fernet.key
    """
    tokens = _of_lines(file) if to is None else [_one(file, to)]
    with opening.open() as vault:  # before anything is asked for
        keys = _keys(key_files, key_fds)
        values = [(token, _decrypted(keys, token)) for token in tokens]
        with vault.edit() as v:
            planned = [_Value(t.entry, t.field, value, _state(v, t, value)) for t, value in values]
            _save(v, planned, on_conflict)
    outcomes = [_outcome(one.state, on_conflict) for one in planned]
    if as_json:
        shown = zip(planned, outcomes, strict=True)
        print_json([{"entry": one.entry, "field": one.field, "outcome": outcome} for one, outcome in shown])
    else:
        columns = (Column("entry"), Column("field", whole=True), Column("result", whole=True))
        print_table(columns, [(one.entry, one.field, outcome) for one, outcome in zip(planned, outcomes, strict=True)])
    if "kept" in outcomes:
        click.echo(f"{file} still has the values that the vault does not", err=True)
    elif file != "-":
        click.echo(f"all of it is in the vault: delete {file} now, and its copies in backups and git", err=True)


# ---- what was given ----


def _one(file: str, to: str) -> _Token:
    if "=" in to:
        raise CommandLineError("no token is taken from the command line", "give a FILE, or - for stdin")
    entry, field = _place(to, "--to")
    return _Token(file, entry, field, bytes(contents(file)))


def _of_lines(file: str) -> list[_Token]:
    tokens: list[_Token] = []
    for number, line in enumerate(contents(file).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            continue
        where = f"line {number} of {file}"
        place, sign, token = text.partition(b"=")
        if not sign or b"/" not in place:
            raise InvalidInputError(f"expected {where} to be NAME/FIELD=token; for a file of one token, add --to")
        tokens.append(_Token(where, *_place(place.decode(errors="replace").strip(), where), bytes(token)))
    if not tokens:
        raise InvalidInputError(f"there is no token in {file}")
    seen: set[tuple[str, str]] = set()
    for one in tokens:
        if (one.entry, one.field) in seen:
            raise InvalidInputError(f"{one.where} has the same entry and field as a line before")
        seen.add((one.entry, one.field))
    return tokens


def _place(text: str, where: str) -> tuple[str, str]:
    entry, _, field = text.rpartition("/")
    if "/" not in entry or not field:
        raise InvalidInputError(_PLACE.format(where=where))
    return entry, field


def _keys(files: tuple[str, ...], descriptors: tuple[str, ...]) -> Fernet:
    keys = [Fernet(contents(file)) for file in files]
    keys += [Fernet(everything_from(number, "--fernet-key-fd")) for number in descriptors]
    if not keys:
        keys = [Fernet(hidden("Fernet key", "use --fernet-key FILE or --fernet-key-fd N"))]
    return functools.reduce(Fernet.with_older, keys)


def _decrypted(keys: Fernet, token: _Token) -> Secret:
    try:
        return text_or_bytes(bytearray(keys.decrypt(token.text)))
    except DecryptError:
        raise DecryptError(
            f"{token.where} has no token of this Fernet key, or it was altered; nothing was changed"
        ) from None


# ---- the vault ----


def _state(vault: Vault, token: _Token, value: Secret) -> str:
    try:
        there = vault[token.entry][token.field]
    except NotFoundError:
        return "new"
    return "same" if isinstance(there, Secret) and there == value else "other"


def _save(vault: Vault, planned: list[_Value], on_conflict: str | None) -> None:
    if on_conflict is None and (places := [f"{one.entry} {one.field}" for one in planned if one.state == "other"]):
        raise ConflictError(
            f"the vault has other values for {', '.join(places)}; nothing was changed; "
            "add --on-conflict skip to keep those, or --on-conflict replace"
        )
    wanted = [one for one in planned if one.state == "new" or (one.state == "other" and on_conflict == "replace")]
    for name in dict.fromkeys(one.entry for one in wanted):
        fields = {one.field: one.value for one in wanted if one.entry == name}
        if name not in vault:
            vault.put(name, fields)
            continue
        for field in fields.keys() & vault[name].info.keys():
            vault.remove_field(name, field)  # it was info and is secret now
        vault.update(name, fields)


def _outcome(state: str, on_conflict: str | None) -> str:
    return "kept" if state == "other" and on_conflict == "skip" else "replaced" if state == "other" else state
