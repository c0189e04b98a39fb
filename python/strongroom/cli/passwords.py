"""`strongroom hash`, `verify` and `calibrate`: passwords of a dashboard's users."""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TextIO

import click

import strongroom
from strongroom import Kdf, PasswordHasher, Secret
from strongroom.cli import exit_codes
from strongroom.cli.commands import Command, as_json
from strongroom.cli.ending import CommandError, CommandLineError, tell
from strongroom.cli.given import hidden, new_passphrase, passphrase_from
from strongroom.cli.progress import Deriving
from strongroom.cli.strength import allow_weak, check_strength
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.errors import InvalidInputError, StrongroomError

_LONGEST_LINE = 8192
"""A stored hash has at most 2,048 bytes, and a password 4,096."""

_BATCH = 1000
"""Pairs that are verified at a time, so that memory does not grow with the file."""

_password_fd = click.option("--password-fd", metavar="N", help="Read the password from descriptor N; 0 is stdin.")


@click.command("hash", cls=Command)
@_password_fd
@click.option("--pbkdf2", type=click.Choice(["sha256", "sha512"]), help="PBKDF2 in place of Argon2id.")
@click.option("--check", metavar="FILE", type=click.Path(), help="Say what the hashes in FILE are; - is stdin.")
@click.option("--column", metavar="NAME", help="With --check: FILE is CSV with a header, and NAME has the hashes.")
@allow_weak
@as_json
def hash_(
    password_fd: str | None, pbkdf2: str | None, check: str | None, column: str | None, allow_weak: bool, as_json: bool
) -> None:
    """Hash a password, or say what is in a table of hashes.

    Prints the hash to store: Argon2id, unless --pbkdf2 asks for what FIPS 140 allows.

    With --check, FILE has a hash on each line, alone or behind a user name and a colon, as in htpasswd. You get the
    formats and costs in it, and how many hashes are not what `strongroom hash` would write today.

      strongroom hash
      strongroom hash --check users.txt
      strongroom hash --check users.csv --column password
    """
    if check is not None:
        _check(check, column, as_json)
        return
    if column is not None or as_json:
        raise CommandLineError("--column and --json go with --check FILE")
    password = new_passphrase("the password", password_fd, "--password-fd")
    check_strength(password, (), allow_weak)
    kdfs = {"sha256": Kdf.pbkdf2(), "sha512": Kdf.pbkdf2_sha512()}
    with Deriving():
        stored = PasswordHasher(kdfs[pbkdf2] if pbkdf2 else None).hash(password)
    click.echo(stored)


@click.command(cls=Command)
@click.argument("file", type=click.Path(allow_dash=True))
@_password_fd
@click.option("--many", is_flag=True, help="FILE has many lines: a hash, a tab, and the password to try.")
def verify(file: str, password_fd: str | None, many: bool) -> int:
    """Verify a password against the stored hash in FILE, of any known format; - is stdin.

    Exits with 0 if it is right, and with 3 if it is wrong. A hash that is out of date is told on stderr.

      strongroom verify stored.txt
      strongroom verify --many moved-users.tsv
    """
    if many:
        return _verify_many(file)
    with _opened(file) as lines:
        stored = lines.readline(_LONGEST_LINE).rstrip("\r\n")
    password = passphrase_from(password_fd, "--password-fd") if password_fd is not None else _asked()
    with Deriving():
        ok = strongroom.verify_password(password, stored)
    if not ok:
        raise CommandError("the password is wrong", code=exit_codes.DECRYPT)
    click.echo("the password is right", err=True)
    if strongroom.needs_rehash(stored):
        name, cost = strongroom.identify_hash(stored)
        tell(f"this hash is out of date: {name} {cost}", "make a new one: strongroom hash")
    return exit_codes.OK


@click.command(cls=Command)
@click.option(
    "--target-ms", type=click.IntRange(1, 60_000), default=250, show_default=True, help="The time of a login."
)
@as_json
def calibrate(target_ms: int, as_json: bool) -> None:
    """Measure what a password hash may cost on this host.

    Prints the highest cost of Argon2id that takes at most the given time, and never less than what is safe.

      strongroom calibrate --target-ms 100
    """
    kdf, took_ms = strongroom.calibrate(target_ms)
    if as_json:
        cost = {"memory_kib": kdf.memory_kib, "passes": kdf.passes, "lanes": kdf.lanes}
        print_json({"algorithm": "argon2id", **cost, "took_ms": round(took_ms, 1)})
        return
    click.echo(f"{kdf!r}")
    click.echo(f"takes {took_ms:.0f} ms here, the target is {target_ms} ms", err=True)


def _asked() -> Secret:
    return hidden("the password", "use --password-fd N to read it from descriptor N")


def _opened(path: str) -> TextIO:
    # What is no UTF-8 is a line that cannot be read, not the end of the command.
    file = 0 if path == "-" else path
    return open(file, encoding="utf-8", errors="surrogateescape", newline="", closefd=path != "-")


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Every line that is not empty, with its number; of one that is too long, the beginning."""
    number, fresh = 0, True
    while line := file.readline(_LONGEST_LINE):
        number += fresh
        text = line.rstrip("\r\n")
        if fresh and text:
            yield number, text
        fresh = line.endswith("\n")


def _column(file: TextIO, column: str) -> Iterator[tuple[int, str]]:
    rows = csv.DictReader(file)
    try:
        if column not in (rows.fieldnames or ()):
            raise CommandLineError("there is no column of that name in the first line")
        for row in rows:
            yield rows.line_num, row[column] or ""
    except csv.Error:  # a field that is larger than csv takes, or a NUL
        raise CommandLineError(f"line {rows.line_num + 1} is not CSV") from None


def _hash_of(line: str) -> str:
    """Return the hash of a line, behind a user name or not. Werkzeug's hashes have colons of their own."""
    if line.startswith(("scrypt:", "pbkdf2:")):
        return line
    user, colon, rest = line.partition(":")
    if not colon or "$" in user or user.startswith("{"):
        return line
    # As in /etc/shadow, more fields may follow.
    return rest if rest.startswith(("scrypt:", "pbkdf2:")) else rest.partition(":")[0]


def _check(path: str, column: str | None, as_json: bool) -> None:
    counts: Counter[tuple[str, str, bool]] = Counter()
    unread = 0
    first_unread: list[int] = []
    with _opened(path) as file:
        for number, line in _column(file, column) if column is not None else _lines(file):
            stored = line if column is not None else _hash_of(line)
            try:
                name, cost = strongroom.identify_hash(stored)
                counts[name, cost, strongroom.needs_rehash(stored)] += 1
            except InvalidInputError:
                unread += 1
                first_unread += [number] if len(first_unread) < 10 else []
    old = sum(count for (_, _, is_old), count in counts.items() if is_old)
    if as_json:
        formats = [
            {"format": name, "cost": cost, "count": count, "needs_upgrade": is_old}
            for (name, cost, is_old), count in counts.most_common()
        ]
        print_json({"formats": formats, "needs_upgrade": old, "unread": unread, "first_unread_lines": first_unread})
        return
    columns = [Column("format"), Column("cost"), Column("hashes", right=True), Column("upgrade")]
    rows = [
        (name, cost, str(count), "needed" if is_old else "no") for (name, cost, is_old), count in counts.most_common()
    ]
    print_table(columns, rows)
    click.echo(f"{old} of {counts.total()} need an upgrade: `verify_and_update` does it at the next login", err=True)
    if unread:
        numbers = ", ".join(map(str, first_unread)) + (", ..." if unread > len(first_unread) else "")
        tell(f"{unread} {'line has' if unread == 1 else 'lines have'} no hash that can be read: {numbers}")


def _pairs(file: TextIO) -> Iterator[tuple[str, str]]:
    for number, line in _lines(file):
        stored, tab, password = line.partition("\t")
        if not tab:
            raise CommandLineError(f"line {number}: expected a hash, a tab and a password")
        yield password, stored


def _batches(pairs: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    batch: list[tuple[str, str]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _verify_many(path: str) -> int:
    answers: Counter[str] = Counter()
    with _opened(path) as file, ExitStack() as ending:
        show = _progress(ending)
        for batch in _batches(_pairs(file)):
            before = answers.total()
            for answer in strongroom.verify_many(batch, progress=_from(before, show)):
                answers["unread" if isinstance(answer, StrongroomError) else "right" if answer else "wrong"] += 1
    click.echo(f"{answers['right']} right, {answers['wrong']} wrong, {answers['unread']} that cannot be read")
    return exit_codes.OK if answers.total() == answers["right"] else exit_codes.DECRYPT


def _from(before: int, show: Callable[[int], None]) -> Callable[[int], None]:
    return lambda done: show(before + done)


def _progress(ending: ExitStack) -> Callable[[int], None]:
    """Count on stderr while somebody looks, and clean up at the end."""
    if not sys.stderr.isatty():
        return lambda _: None
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed} verified"), TimeElapsedColumn())
    progress = ending.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("", total=None)
    return lambda done: progress.update(task, completed=done)
