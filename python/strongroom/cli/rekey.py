"""`strongroom rekey`."""

import os

import click

from strongroom import Key, Rekeyed, Secret, Slot, Vault
from strongroom.cli.commands import Command, as_json, opens_a_vault, yes
from strongroom.cli.ending import CommandLineError, tell
from strongroom.cli.given import answer, confirmed, hidden, need_terminal, passphrase_from, says_yes
from strongroom.cli.progress import Deriving
from strongroom.cli.shown import shown
from strongroom.cli.slots import asked_for, tell_what_to_rotate
from strongroom.cli.tables import print_json
from strongroom.cli.unlock import Opening
from strongroom.errors import ExistsError


class _Kept:
    """A slot to keep: what proves that it is ours, and the file that its new key goes to."""

    def __init__(self, proof: Secret | Key | tuple[Secret, Key], slot: Slot | None = None, key_file: str = "") -> None:
        self.proof = proof
        self.label = slot.label if slot is not None else ""
        self.new_file = f"{key_file}.new" if key_file else ""


@click.command(cls=Command)
@click.option("--keep-key", "key_files", metavar="FILE", multiple=True, help="Keep the slot of the key in FILE.")
@click.option(
    "--keep-passphrase-fd", "passphrase_fds", metavar="N", multiple=True, help="Keep the slot of the passphrase from N."
)
@click.option("--drop-damaged", is_flag=True, help="Go on where something damaged is lost by it.")
@yes
@as_json
@opens_a_vault
def rekey(
    opening: Opening,
    key_files: tuple[str, ...],
    passphrase_fds: tuple[str, ...],
    drop_damaged: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Give the whole vault new keys. For owners.

    This is for when somebody may have got at an owner's key or passphrase, and it is the one way to remove an owner.
    Every slot goes but those that you keep, and each of these has to be proven with its passphrase or key. Without
    --keep options you are asked about one slot after another. For a key in FILE a new one is made, in FILE.new: the old
    one only opens older copies of the vault. Grant the others again, and enrol passkeys again: none can be kept.

      strongroom rekey
      strongroom rekey --keep-key owner.key
    """
    with opening.open() as vault:
        slots = vault.slots
        kept = [_Kept(passphrase_from(number, "--keep-passphrase-fd")) for number in passphrase_fds]
        kept += [_of_key(slots, file) for file in key_files]
        if not kept:
            need_terminal("to ask which slots to keep at", "name them: --keep-key FILE, --keep-passphrase-fd N")
            kept = [each for slot in slots if (each := _asked(slot)) is not None]
            if not kept:
                raise CommandLineError("nothing was changed: at least one owner's slot has to be kept")
        for each in kept:
            if each.new_file and os.path.lexists(each.new_file):
                raise ExistsError(f"{each.new_file} exists already; the new key would go there")
        confirmed(f"give the vault new keys, and remove {len(slots) - len(kept)} of {len(slots)} slots?", yes)
        rekeyed, new_files = _rekey(vault, kept, drop_damaged)
    if as_json:
        dropped = [damage.name or damage.compartment for damage in rekeyed.dropped]
        removed, rotate = list(rekeyed.removed), list(rekeyed.rotate)
        print_json({"key_files": new_files, "removed": removed, "rotate": rotate, "dropped": dropped})
        return
    for label, file in new_files.items():
        click.echo(f"the new key of {shown(label)} is in {shown(file)}", err=True)
    for label in rekeyed.removed:
        click.echo(f"{shown(label)} opens nothing any more; grant it again if it should", err=True)
    tell_what_to_rotate(rekeyed.rotate)
    for damage in rekeyed.dropped:
        tell(f"{damage.name or damage.compartment} was damaged and is gone")


def _of_key(slots: list[Slot], file: str) -> _Kept:
    """Find the slot of a key; where that asks for a passphrase too, ask."""
    key = Key.read(file)
    slot = next((slot for slot in slots if slot.id == key.slot_id), None)
    if slot is None:
        raise CommandLineError(
            f"the key in {file} does not open this slot" if len(slots) == 1 else f"the key in {file} opens no slot"
        )
    if slot.factors == "key":
        return _Kept(key, slot, file)
    passphrase = hidden(
        f"passphrase of {shown(slot.label)}", "a slot that asks for both can only be kept at a terminal"
    )
    return _Kept((passphrase, key), slot, file)


def _asked(slot: Slot) -> _Kept | None:
    if slot.passkey is not None:
        tell(f"{shown(slot.label)} goes, as it opens with a passkey: enrol that again afterwards")
        return None
    scope = "everything" if slot.compartments is None else ", ".join(slot.compartments)
    factors = " and a ".join(asked_for(slot))
    if not says_yes(f"keep {shown(slot.label)}, which opens {shown(scope)} with a {factors}?"):
        return None
    if slot.factors == "passphrase":
        return _Kept(hidden(f"passphrase of {shown(slot.label)}", ""), slot)
    return _of_key([slot], answer(f"file of the key of {shown(slot.label)}:"))


def _rekey(vault: Vault, kept: list[_Kept], drop_damaged: bool) -> tuple[Rekeyed, dict[str, str]]:
    """Re-key, with the new keys on disk before the vault is saved: else a crash would leave it without any."""
    new_files: dict[str, str] = {}
    saving = False
    try:
        with vault.edit() as v:
            with Deriving(any(not isinstance(each.proof, Key) for each in kept)):
                rekeyed = v.rekey(*(each.proof for each in kept), drop_damaged=drop_damaged)
            for each in kept:
                if each.new_file:
                    rekeyed.keys[each.label].write(each.new_file)
                    new_files[each.label] = each.new_file
            saving = True
    except BaseException:
        for file in new_files.values():
            if saving:
                # Not removed: nobody can tell whether a save that failed late has reached the disk.
                tell(f"{file} was made; try which key opens the vault, this or the old one, before you remove it")
            else:
                os.unlink(file)  # noqa: PTH108
        raise
    return rekeyed, new_files
