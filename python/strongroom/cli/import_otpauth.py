"""`strongroom import otpauth`: the accounts of an authenticator become fields of entries."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import click

from strongroom import Secret, Vault
from strongroom.cli import completion, exit_codes
from strongroom.cli.commands import Command, as_json, opens_a_vault
from strongroom.cli.ending import CommandLineError, tell
from strongroom.cli.given import hidden
from strongroom.cli.import_env import contents
from strongroom.cli.pictures import texts_of_qr_codes
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.cli.unlock import Opening
from strongroom.errors import ConflictError, InvalidInputError, NotFoundError, StrongroomError
from strongroom.otp import Account, read_migration

_FIELD = "totp"

_MOST_ACCOUNTS = 1000
"""As many as an export may have, and far more than a person has."""

_MOST_TOLD = 10
"""Of what could not be read or stored, so much is told one by one."""

_ON_ARGV = (
    "the command line is seen by other users of this machine and kept in the shell's history\n"
    "give no URI, and type it when asked: strongroom import otpauth\n"
    "without a terminal: a FILE with the URIs, one on a line, or - for stdin"
)


class _Uri(NamedTuple):
    """A URI that was given, and where it stood."""

    where: str
    text: Secret


class _Planned(NamedTuple):
    """An account and its place. `number` counts all that were read, from 1, as `--to` does."""

    number: int
    account: Account
    uri: Secret
    entry: str


@click.command(name="otpauth", cls=Command)
@click.argument("file", required=False, type=click.Path(allow_dash=True))
@click.option("--image", "pictures", metavar="PICTURE", multiple=True, type=click.Path(), help="Read its QR codes.")
@click.option(
    "--to",
    metavar="[N=]NAME",
    multiple=True,
    shell_complete=completion.entries,
    help="The entry for the account, or for account number N of several.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option(
    "--on-conflict",
    type=click.Choice(["skip", "replace"]),
    help="What to do where the vault has another seed. [default: change nothing and say where]",
)
@as_json
@opens_a_vault
def otpauth(
    opening: Opening,
    file: str | None,
    pictures: tuple[str, ...],
    to: tuple[str, ...],
    dry_run: bool,
    on_conflict: str | None,
    as_json: bool,
) -> int:
    """Put the accounts of an authenticator into the vault.

    FILE has otpauth:// URIs, or Google Authenticator's export of any number of QR codes, one on a line; - is stdin, and
    without one you are asked. --image, which may be given more than once, reads the QR codes of a screenshot instead.

    Each account becomes the field totp of an entry named after issuer and account, as in zerodha/ab1234. An entry that
    is there keeps its other fields. Accounts with codes by counter (HOTP) are kept too, but only `strongroom qr` has a
    use for them.

      strongroom import otpauth
      strongroom import otpauth --to zerodha/login
      strongroom import otpauth --image export-1.png --image export-2.png --dry-run
      strongroom import otpauth phone.txt --to 3=zerodha/login
    """
    if any("://" in word for word in (file or "", *pictures, *to)):
        raise CommandLineError("no secret is taken from the command line", _ON_ARGV)
    if file is not None and pictures:
        raise CommandLineError("FILE and --image are two places for the accounts: give one of them")
    unread: list[tuple[str, str]] = []
    given = _of_pictures(pictures) if pictures else _lines_of(file, unread) if file is not None else None
    with opening.open() as vault:  # before anything is asked for
        accounts, missing = _accounts(given if given is not None else _typed(), unread)
        planned, left_out = _plan(accounts, to)
        if dry_run:
            states = _states(vault, planned)
        else:
            with vault.edit() as v:
                states = _states(v, planned)
                _save(v, planned, states, on_conflict)
    outcomes = [_outcome(state, on_conflict) for state in states]
    _show(planned, outcomes, as_json)
    _tell_what_is_special(planned)
    troubles = [f"{where} could not be read: {why}" for where, why in unread]
    troubles += [f"account {number} was left out: {why}" for number, why in left_out]
    for trouble in troubles[:_MOST_TOLD]:
        tell(trouble)
    if len(troubles) > _MOST_TOLD:
        tell(f"and so on: {len(troubles)} in all")
    if missing:
        numbers = ", ".join(map(str, missing))
        tell(f"of the export's QR codes these are missing: {numbers}", "import them as well, in the same way")
    partly = bool(troubles or missing)
    if dry_run:
        click.echo("dry run: nothing was changed", err=True)
    elif partly:
        click.echo("not everything is in the vault: keep the accounts where they are until it is", err=True)
    elif "kept" in outcomes:
        click.echo("what was given still has the seeds that the vault does not", err=True)
    elif planned and (places := [place for place in (file or "-", *pictures) if place != "-"]):
        click.echo(f"all of it is in the vault: delete {', '.join(places)} now, and every copy", err=True)
    return exit_codes.FAILED if partly else exit_codes.OK


# ---- what was given ----


def _lines_of(file: str, unread: list[tuple[str, str]]) -> list[_Uri]:
    uris: list[_Uri] = []
    for number, line in enumerate(contents(file).splitlines(), 1):
        try:
            text = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            unread.append((f"line {number}", "expected UTF-8 text"))
            continue
        if text:
            uris.append(_Uri(f"line {number}", Secret(text)))
    return uris


def _of_pictures(pictures: tuple[str, ...]) -> list[_Uri]:
    return [
        _Uri(f"QR code {number} of {picture}", text)
        for picture in pictures
        for number, text in enumerate(texts_of_qr_codes(picture), 1)
    ]


def _typed() -> list[_Uri]:
    """Ask for a URI, and where it is a part of an export for the others."""
    instead = "give a FILE with the URIs, one on a line, or - for stdin"
    typed = [hidden("otpauth URI", instead)]
    while _is_migration(typed[0]) and (missing := read_migration(typed)[1]):
        typed.append(hidden(f"URI of the export's QR code {missing[0]}", instead))
    return [_Uri("what was typed", text) for text in typed]


def _is_migration(uri: Secret) -> bool:
    return uri.reveal().lower().startswith("otpauth-migration:")


def _accounts(uris: list[_Uri], unread: list[tuple[str, str]]) -> tuple[list[Account], tuple[int, ...]]:
    """Return the accounts, and which QR codes of an export are missing; add to `unread` what could not be read."""
    accounts: list[Account] = []
    parts: list[Secret] = []
    for where, uri in uris:
        is_part = _is_migration(uri)
        try:  # a part alone too, to tell which of them is damaged
            found = read_migration([uri])[0] if is_part else (Account.from_uri(uri),)
        except StrongroomError as error:
            unread.append((where, str(error)))
            continue
        if is_part:
            parts.append(uri)
        else:
            accounts += found
    exported, missing = read_migration(parts) if parts else ((), ())
    accounts += exported
    if not accounts:
        reason = f": {unread[0][0]} could not be read: {unread[0][1]}" if unread else ""
        raise InvalidInputError(f"there is no account in what was given{reason}")
    if len(accounts) > _MOST_ACCOUNTS:
        raise CommandLineError(f"expected at most {_MOST_ACCOUNTS} accounts at once, got {len(accounts)}")
    return accounts, missing


# ---- where it goes ----


def _plan(accounts: list[Account], to: tuple[str, ...]) -> tuple[list[_Planned], list[tuple[int, str]]]:
    """Return each account with its place, and those that cannot be stored with the reason."""
    chosen = _chosen(to, len(accounts))
    planned: dict[str, list[_Planned]] = defaultdict(list)
    left_out: list[tuple[int, str]] = []
    for number, account in enumerate(accounts, 1):
        entry = chosen[number] if number in chosen else _entry_of(account)
        if any(other.account == account for other in planned[entry]):
            continue  # the same twice
        try:
            planned[entry].append(_Planned(number, account, account.to_uri(), entry))
        except InvalidInputError as error:
            left_out.append((number, str(error)))
    same = [
        f"{entry} for accounts {', '.join(str(one.number) for one in several)}"
        for entry, several in planned.items()
        if len(several) > 1
    ]
    if same:
        raise ConflictError(
            f"several accounts would be one entry: {'; '.join(same)}; nothing was changed; "
            "name others with --to N=NAME, as in --to 2=google/second"
        )
    return sorted(one for several in planned.values() for one in several), left_out


def _chosen(to: tuple[str, ...], count: int) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for word in to:
        number, equals, name = word.rpartition("=")
        if not equals:
            if count != 1:
                raise CommandLineError(
                    f"there are {count} accounts: say which one this entry is for",
                    "--to N=NAME; --dry-run shows their numbers",
                )
            number = "1"
        if not re.fullmatch(r"[0-9]{1,4}", number) or not 1 <= int(number) <= count:
            raise CommandLineError(f"expected --to N=NAME with a number from 1 to {count}")
        if int(number) in chosen:
            raise CommandLineError(f"account {int(number)} was given two entries: give it one")
        chosen[int(number)] = name
    return chosen


def _entry_of(account: Account) -> str:
    issuer, name = account.issuer or "", account.name
    prefix, colon, rest = name.partition(":")
    if colon and prefix.strip().casefold() == issuer.casefold():
        name = rest  # the export has the issuer there as well
    return f"{_segment(issuer, 'otp')}/{_segment(name, 'main')}"


def _segment(text: str, otherwise: str) -> str:
    """Return a text as a part of an entry's name, which has letters of ASCII, and room for 64 as a compartment."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", plain)[:64].strip("-.") or otherwise


def _states(vault: Vault, planned: list[_Planned]) -> list[str]:
    """Return what the vault has at each place: `new`, `added` to an entry that is there, `same` or `other`."""
    states: list[str] = []
    for one in planned:
        try:
            entry = vault[one.entry]
        except NotFoundError:
            states.append("new")
            continue
        if _FIELD not in entry:
            states.append("added")
        else:
            states.append("same" if _FIELD in entry.fields and _is(one.account, entry.fields[_FIELD]) else "other")
    return states


def _is(account: Account, there: Secret) -> bool:
    try:
        return Account.from_uri(there) == account
    except StrongroomError:
        return False


def _save(vault: Vault, planned: list[_Planned], states: list[str], on_conflict: str | None) -> None:
    if on_conflict is None and "other" in states:
        places = [one.entry for one, state in zip(planned, states, strict=True) if state == "other"]
        raise ConflictError(
            f"the vault has another {_FIELD} for {', '.join(places)}; nothing was changed; "
            "add --on-conflict skip to keep those, --on-conflict replace, or name other entries with --to"
        )
    for one, state in zip(planned, states, strict=True):
        if state == "new":
            vault.put(one.entry, {_FIELD: one.uri})
        elif state == "added" or (state == "other" and on_conflict == "replace"):
            if _FIELD in vault[one.entry].info:
                vault.remove_field(one.entry, _FIELD)  # it was info, and is secret now
            vault.update(one.entry, {_FIELD: one.uri})


def _outcome(state: str, on_conflict: str | None) -> str:
    return {"skip": "kept", "replace": "replaced", None: "conflict"}[on_conflict] if state == "other" else state


# ---- what is told ----


def _show(planned: list[_Planned], outcomes: list[str], as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "number": one.number,
                    "issuer": one.account.issuer,
                    "account": one.account.name,
                    "type": _type(one.account),
                    "short_secret": _is_short(one.account),
                    "entry": one.entry,
                    "field": _FIELD,
                    "outcome": outcome,
                }
                for one, outcome in zip(planned, outcomes, strict=True)
            ]
        )
        return
    columns = (
        Column("no.", whole=True, right=True),
        Column("issuer", spare=True),
        Column("account"),
        Column("entry"),
        Column("result", whole=True),
    )
    rows = [
        (str(one.number), one.account.issuer or "", one.account.name, one.entry, outcome)
        for one, outcome in zip(planned, outcomes, strict=True)
    ]
    print_table(columns, rows)


def _tell_what_is_special(planned: list[_Planned]) -> None:
    if short := _entries(one for one in planned if _is_short(one.account)):
        tell(f"a secret of less than 128 bits, as its issuer chose it: {short}", "it works, and is easier to guess")
    if hotp := _entries(one for one in planned if one.account.hotp is not None):
        tell(
            f"codes by counter, which `strongroom totp` does not make: {hotp}",
            "kept with the counter that was given; `strongroom qr` takes it back to a phone",
        )


def _entries(planned: Iterable[_Planned]) -> str:
    return ", ".join(one.entry for one in planned)


def _type(account: Account) -> str:
    return "hotp" if account.hotp is not None else "totp"


def _is_short(account: Account) -> bool:
    codes = account.totp or account.hotp
    return codes is not None and codes.is_short
