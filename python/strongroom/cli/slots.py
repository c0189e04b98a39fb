"""`strongroom slots`, `grant`, `revoke` and `passwd`: who can open a vault."""

import base64
import re
from collections.abc import Iterable

import click

from strongroom import Kdf, Key, Secret, Slot, Vault
from strongroom.cli import completion
from strongroom.cli.commands import Command, as_json, opens_a_vault, yes
from strongroom.cli.ending import CommandError, CommandLineError, tell
from strongroom.cli.given import confirmed
from strongroom.cli.new_slot import chosen_passphrase, key_in_new_file, makes_a_slot, strong_passphrase
from strongroom.cli.progress import Deriving
from strongroom.cli.shown import shown, when
from strongroom.cli.strength import allow_weak
from strongroom.cli.tables import Column, print_json, print_table
from strongroom.cli.unlock import Opening
from strongroom.errors import NotFoundError


@click.command(cls=Command)
@as_json
@opens_a_vault
def slots(opening: Opening, as_json: bool) -> None:
    """List every way into the vault. For owners.

    strongroom slots
    """
    with opening.open() as vault:
        found = vault.slots
    if as_json:
        print_json([_described(slot) for slot in found])
        return
    columns = (
        Column("label", whole=True),
        Column("opens"),
        Column("asks for"),
        Column("kdf", spare=True),
        Column("since", whole=True, spare=True),
    )
    print_table(
        columns,
        [
            (
                slot.label,
                "everything" if slot.compartments is None else ", ".join(slot.compartments),
                " and ".join(asked_for(slot)),
                "" if slot.kdf is None else _cost(slot.kdf).partition("(")[0],
                when(slot.created)[:10],
            )
            for slot in found
        ],
    )


@click.command(cls=Command)
@click.argument("label")
@click.argument("compartments", nargs=-1, metavar="[COMPARTMENT]...", shell_complete=completion.compartments)
@click.option("--owner", is_flag=True, help="Let it do everything, this as well.")
@makes_a_slot
@as_json
@opens_a_vault
def grant(
    opening: Opening,
    label: str,
    compartments: tuple[str, ...],
    owner: bool,
    new_key: str | None,
    ask_new: bool,
    new_passphrase_fd: str | None,
    allow_weak: bool,
    as_json: bool,
) -> None:
    """Make a key that opens only some compartments, for one bot. For owners.

    A compartment is the first part of an entry's name: binance/main is in binance. The key goes to LABEL.key, if no
    option says otherwise. Whoever has it can read and write these compartments. --json prints a pin as well, with which
    strongroom.open(pin=...) refuses an older copy of the vault.

      strongroom grant scalper-1 binance
      strongroom grant reporter binance kraken --new-key /secure/reporter.key
      strongroom grant alice --owner --new-passphrase
    """
    if owner == bool(compartments):
        raise CommandLineError(
            "expected the compartments to grant, or --owner for everything", "strongroom grant bot binance"
        )
    if new_key is None and not ask_new and new_passphrase_fd is None:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", label):
            raise CommandLineError("this label makes no good name for a file", "say where the key goes: --new-key FILE")
        new_key = f"{label}.key"
    with opening.open() as vault:
        passphrase = chosen_passphrase(label, ask_new, new_passphrase_fd, allow_weak)
        if new_key is None:
            _grant(vault, label, compartments, owner, passphrase, None)
        else:
            with key_in_new_file(new_key) as key:
                _grant(vault, label, compartments, owner, passphrase, key)
        pin = vault.pin_for(label)
    if as_json:
        print_json({"label": label, "compartments": list(compartments) or None, "key_file": new_key, "pin": pin})
        return
    click.echo(f"{label} can read and write {'everything' if owner else ', '.join(compartments)}", err=True)
    if new_key is not None:
        place = "where only this owner can read it" if owner else "to the bot's machine"
        click.echo(f"its key is in {new_key}: move it {place}, and set STRONGROOM_KEY_FILE there", err=True)


@click.command(cls=Command)
@click.argument("label", shell_complete=completion.labels)
@click.option("--drop-damaged", is_flag=True, help="Go on where something damaged is lost by it.")
@yes
@as_json
@opens_a_vault
def revoke(opening: Opening, label: str, drop_damaged: bool, yes: bool, as_json: bool) -> None:
    """Take a key's access away, and list the entries to rotate. For owners.

    What the key could open gets new keys. Whoever had it may have copies of the entries that are listed: make new API
    keys for these at the exchange.

      strongroom revoke scalper-1
    """
    with opening.open() as vault:
        if _slot(vault, label).scope == "owner":
            raise CommandLineError(
                "an owner holds every key, so only new keys for the whole vault shut one out",
                "strongroom rekey asks whom to keep",
            )
        confirmed(f"revoke {label}?", yes)
        revoked = vault.revoke(label, drop_damaged=drop_damaged)
    if as_json:
        dropped = [damage.name or damage.compartment for damage in revoked.dropped]
        print_json({"rotate": list(revoked), "pins": dict(revoked.pins), "dropped": dropped})
        return
    click.echo(f"{label} opens nothing any more", err=True)
    tell_what_to_rotate(revoked)
    if revoked.pins:
        click.echo(
            "new pins for the holders that remain; with an older one they can be handed an older vault:", err=True
        )
    for holder, pin in revoked.pins.items():
        click.echo(f"  {shown(holder)}: {pin}", err=True)
    for damage in revoked.dropped:
        tell(f"{damage.name or damage.compartment} was damaged and is gone")


@click.command(cls=Command)
@click.argument("label", required=False, shell_complete=completion.labels)
@click.option("--slot-key", metavar="FILE", type=click.Path(), help="The slot's key, where it asks for a key as well.")
@click.option("--new-passphrase-fd", metavar="N", help="Read the new passphrase from descriptor N; 0 is stdin.")
@allow_weak
@opens_a_vault
def passwd(
    opening: Opening, label: str | None, slot_key: str | None, new_passphrase_fd: str | None, allow_weak: bool
) -> None:
    """Change a passphrase: yours, or that of the slot LABEL. For owners.

    An earlier copy of the file still opens with the old one. If somebody knows it, use `strongroom rekey`.

      strongroom passwd
      strongroom passwd alice
    """
    with opening.open() as vault:
        name = label if label is not None else vault.opened_by.slot_label
        if name is None:
            raise CommandError("only an owner can change a passphrase", "ask an owner: strongroom passwd LABEL")
        slot = _slot(vault, name)
        if slot.factors == "key":
            raise CommandLineError(
                f"{shown(name)} has no passphrase: it opens with a {asked_for(slot)[0]}",
                "name another: strongroom slots",
            )
        if slot.passkey is not None:
            raise CommandLineError(
                f"{shown(name)} asks for a passkey as well, which only a browser can ask", "change it there"
            )
        key = None
        if slot.factors == "passphrase+key":
            file = slot_key if slot_key is not None else opening.key_file
            if file is None:
                raise CommandLineError(f"{shown(name)} asks for a key as well", "say where it is: --slot-key FILE")
            key = Key.read(file)
        passphrase = strong_passphrase(name, new_passphrase_fd, allow_weak)
        with Deriving():
            vault.change_passphrase(name, passphrase, key=key)
    click.echo(f"the passphrase of {shown(name)} is changed", err=True)


def asked_for(slot: Slot) -> list[str]:
    """Return what a slot asks for, in the words that people know."""
    key = "key" if slot.passkey is None else "passkey"
    return [key if factor == "key" else factor for factor in slot.factors.split("+")]


def tell_what_to_rotate(names: Iterable[str]) -> None:
    """Print the names of the entries to rotate, one on a line, so that a script can go on with them."""
    listed = list(names)
    if listed:
        click.echo("make new API keys or passwords at the exchange for:", err=True)
    for name in listed:
        click.echo(name)


def _grant(
    vault: Vault, label: str, compartments: tuple[str, ...], owner: bool, passphrase: Secret | None, key: Key | None
) -> None:
    with Deriving(passphrase is not None):
        vault.grant(label, compartments, owner=owner, passphrase=passphrase, key=key)


def _slot(vault: Vault, label: str) -> Slot:
    for slot in vault.slots:
        if slot.label == label:
            return slot
    raise NotFoundError("there is no slot of this label; strongroom slots lists them")


def _cost(kdf: Kdf) -> str:
    return repr(kdf).removeprefix("Kdf.")


def _credential_id(passkey: bytes) -> str:
    """As a browser writes it: `PublicKeyCredential.id` is base64url without padding."""
    return base64.urlsafe_b64encode(passkey).decode().rstrip("=")


def _described(slot: Slot) -> dict[str, object]:
    return {
        "id": slot.id,
        "label": slot.label,
        "scope": slot.scope,
        "compartments": None if slot.compartments is None else list(slot.compartments),
        "factors": slot.factors.split("+"),
        "passkey": None if slot.passkey is None else _credential_id(slot.passkey),
        "kdf": None if slot.kdf is None else _cost(slot.kdf),
        "created": slot.created,
    }
