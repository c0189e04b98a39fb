"""What a vault costs in Python, beside KeePass files at the same Argon2id cost."""

import importlib
from pathlib import Path
from typing import Any

import strongroom

from bench.measure import Row, alternate, beside, shown, within

pykeepass: Any = importlib.import_module("pykeepass")  # it has no types
kdf_uuids: Any = importlib.import_module("pykeepass.kdbx_parsing.kdbx4").kdf_uuids

PASSPHRASE = "correct horse battery staple"
ENTRIES = 1000
WANTED = f"account-{ENTRIES // 2:05}"


def vaults(folder: Path) -> list[Row]:
    """Open 1,000 entries and find one, beside pykeepass at the same Argon2id cost."""
    path, locked = folder / "key.vault", folder / "passphrase.vault"
    key = strongroom.generate_key()
    for vault in (strongroom.create(path, key=key), strongroom.create(locked, passphrase=PASSPHRASE)):
        with vault, vault.edit() as changed:
            for number in range(ENTRIES):
                fields, info = {"secret": f"{number:064x}"}, {"api_key": f"{number:064X}"}
                changed.put(f"binance/account-{number:05}", fields, info=info)
    kdbx = str(folder / "peer.kdbx")
    transformed = keepass(kdbx)

    def ours(path: Path, **unlock: Any) -> None:
        with strongroom.open(path, **unlock) as vault:
            assert revealed(vault) == f"{ENTRIES // 2:064x}"

    def theirs(**unlock: Any) -> None:
        entry = pykeepass.PyKeePass(kdbx, **unlock).find_entries(title=WANTED, first=True)
        assert entry.password == f"{ENTRIES // 2:064x}"

    opened = strongroom.open(path, key=key)
    [alone] = alternate(101, lambda: strongroom.open(path, key=key))
    [found] = alternate(1001, lambda: revealed(opened))
    everything = alternate(15, lambda: ours(locked, passphrase=PASSPHRASE), lambda: theirs(password=PASSPHRASE))
    # Both sides without a KDF: ours by a key, theirs by what the KDF gave.
    no_kdf = alternate(15, lambda: ours(path, key=key), lambda: theirs(transformed_key=transformed))
    return [
        within("Python: open 1,000 entries with a key", alone, 5e-3),
        Row("Python: find and reveal one of 1,000", shown(found)),
        beside("open 1,000 and find one with a passphrase, to pykeepass", everything, 1 / 3),
        beside("the same without the KDF, to pykeepass", no_kdf, 1 / 50),
    ]


def revealed(vault: strongroom.Vault) -> str:
    """Find an entry and return its secret."""
    secret = vault[f"binance/{WANTED}"]["secret"]
    assert isinstance(secret, strongroom.Secret)
    return secret.reveal()


def keepass(path: str) -> bytes:
    """Make the peer's file, with our default KDF, and return what its KDF gives."""
    database = pykeepass.create_database(path, password=PASSPHRASE)
    kdf = database.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    kdf["$UUID"].value = kdf_uuids["argon2id"]
    kdf["M"].value, kdf["I"].value, kdf["P"].value = 65_536 * 1024, 3, 4
    for number in range(ENTRIES):
        title, user, password = f"account-{number:05}", f"{number:064X}", f"{number:064x}"
        database.add_entry(database.root_group, title, user, password)
    database.save()
    again = pykeepass.PyKeePass(path, password=PASSPHRASE)
    kdf = again.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    assert [kdf[name].value for name in "MIP"] == [65_536 * 1024, 3, 4]
    assert kdf["$UUID"].value == kdf_uuids["argon2id"]
    transformed: bytes = again.transformed_key
    return transformed
