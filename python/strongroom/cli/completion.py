"""Names for the shell to complete: only where they can be had without asking and without deriving a key."""

import os
from pathlib import Path

import click

import strongroom
from strongroom.errors import StrongroomError


def entries(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of an entry."""
    with_names = _vault(ctx)
    return [name for name in with_names or () if name.startswith(incomplete)]


def entry_then_field(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the words of `get NAME FIELD`."""
    words = ctx.params.get(str(param.name)) or ()
    return fields(ctx, words[0], incomplete) if words else entries(ctx, param, incomplete)


def fields_of_entry(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a field, after the entry's."""
    # Where it is the value of an option, click has not gone on to the arguments yet.
    return fields(ctx, ctx.params.get("name") or next(iter(ctx.args), ""), incomplete)


def fields(ctx: click.Context, entry: str, incomplete: str) -> list[str]:
    """Return the fields of an entry that begin with what was typed."""
    vault = _vault(ctx)
    try:
        return [field for field in vault[entry].keys() if field.startswith(incomplete)] if vault else []  # noqa: SIM118
    except StrongroomError:
        return []


def compartments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a compartment."""
    vault = _vault(ctx)
    return [part.name for part in vault.compartments if part.name.startswith(incomplete)] if vault else []


def labels(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the label of a slot."""
    vault = _vault(ctx)
    try:
        return [slot.label for slot in vault.slots if slot.label.startswith(incomplete)] if vault else []
    except StrongroomError:
        return []


def _vault(ctx: click.Context) -> strongroom.Vault | None:
    key_file = ctx.params.get("key_file")
    if not key_file and not _key_decides():
        return None
    try:
        return strongroom.open(ctx.params.get("vault"), key_file=key_file)
    except StrongroomError:
        return None


def _key_decides() -> bool:
    """Whether a key that can be read again and again comes first in the unlock chain."""
    environ = os.environ
    if "STRONGROOM_KEY_FD" in environ:
        return False
    folder = environ.get("CREDENTIALS_DIRECTORY")
    in_folder = folder is not None and Path(folder, "strongroom.key").exists()
    return in_folder or "STRONGROOM_KEY_FILE" in environ or "STRONGROOM_KEY" in environ
