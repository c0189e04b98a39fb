"""Random vaults, repeatable by their seeds, and what each implementation sees in them."""

import hmac
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model
import pytest
import strongroom
from model import crypto, layout
from model.cbor import Map
from strongroom.errors import DecryptError

CHEAP = (19_456, 2, 1)  # the cheapest Argon2id that may be written
Way = dict[str, Any]
View = dict[str, list[dict[str, Any]]]


class Dice:
    """Random content, repeatable by its seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def word(self, most: int = 12) -> str:
        letters = string.ascii_letters + string.digits + "_-"
        return "".join(self.random.choices(letters, k=self.random.randint(1, most)))

    def text(self, most: int = 40) -> str:
        some = "aZ09 ./'\"\\\n\t\0äß漢字🙂\u0301\u202e"
        return "".join(self.random.choices(some, k=self.random.randint(0, most)))

    def fields(self) -> dict[str, str | bytes]:
        return {
            f"f{number}-{self.word()}": self.text()
            if self.chance(70)
            else self.random.randbytes(self.random.randrange(90))
            for number in range(self.random.randint(0, 4))
        }

    def about(self) -> dict[str, Any]:
        """The metadata that a user may give."""
        given: dict[str, Any] = {}
        if self.chance(60):
            given["info"] = {f"i{number}-{self.word()}": self.text() for number in range(self.random.randint(0, 3))}
        if self.chance(40):
            given["tags"] = sorted({self.word() for _ in range(self.random.randint(0, 3))})
        if self.chance(40):
            given["note"] = self.text()
        if self.chance(40):
            given["kind"] = self.text(10)
        for when in ("expires_at", "rotate_after"):
            if self.chance(30):
                given[when] = self.random.randint(1, 2**53 - 1)
        return given

    def passphrase(self) -> str:
        return f"{self.word(20)} é漢 {self.random.random()}"


class Passkey:
    """A credential of an authenticator."""

    def __init__(self, dice: Dice) -> None:
        self.id = dice.random.randbytes(dice.random.choice([1, 16, 32, 64, 1023]))
        self.secret = dice.random.randbytes(32)

    def answer(self, first: bytes) -> bytes:
        """Give the output of its PRF for an input."""
        return hmac.digest(self.secret, first, "sha256")

    def opens(self, data: bytes) -> dict[str, Any]:
        """Ask with what a vault says of it."""
        frame = layout.parse(data)
        salt = next((slot.head[20:52] for slot in frame.slots if slot.hint == self.id), bytes(32))
        return {"passkey": (self.id, self.answer(crypto.label("prf") + frame.vault_id + salt))}


def from_rust(vault: strongroom.Vault) -> View:
    names = list(vault)
    return {name: [rust_version(entry) for entry in reversed(vault.versions(name))] for name in names}


def rust_version(entry: strongroom.Entry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "state": entry.state,
        "kind": entry.kind,
        "created": entry.created,
        "updated": entry.updated,
        "tags": list(entry.tags),
        "note": entry.note,
        "expires_at": entry.expires_at,
        "rotate_after": entry.rotate_after,
        "info": dict(entry.info),
        "secret": {field: secret.reveal_bytes() for field, secret in entry.fields.items()},
    }


def from_model(opened: model.Opened) -> View:
    assert not opened.damage
    return {
        name: [model_version(version) for version in versions]
        for name, versions in sorted(opened.entries.items())
        if any(version["state"] == "current" for version in versions)
    }


def model_version(version: model.Version) -> dict[str, Any]:
    meta, secret = version["meta"], version["secret"]
    assert secret is not None
    return {
        "version": version["version"],
        "state": version["state"],
        **{name: meta[name] for name in ("kind", "created", "updated")},
        "tags": meta.get("tags", []),
        **{name: meta.get(name) for name in ("note", "expires_at", "rotate_after")},
        "info": meta.get("info", {}),
        "secret": {field: value.encode() if isinstance(value, str) else value for field, value in secret.items()},
    }


def compare(path: Path, ways: list[Way]) -> None:
    """Open by every way that should and should not work, with both, and compare what is seen."""
    data = path.read_bytes()
    for way in ways:
        typed = typed_of(way)
        theirs = {**typed, "key": typed["key"].reveal()} if "key" in typed else typed
        if "passkey" in way:
            compare_passkey(data, way, from_rust_of(path, ways[0]))
            continue
        if way.get("gone"):
            with pytest.raises(model.ModelError) as by_model:
                model.open(data, **theirs)
            with pytest.raises(strongroom.StrongroomError) as by_rust:
                strongroom.open(path, **typed)
            assert by_rust.value.code == by_model.value.code
            continue
        opened = model.open(data, **theirs)
        with strongroom.open(path, **typed) as vault:
            assert vault.opened_by.scope == opened.scope
            assert from_rust(vault) == from_model(opened)
            assert vault.pin() == opened.pin()
            if opened.scope == "owner":
                seen = [(slot.label, slot.passkey or b"") for slot in vault.slots]
                assert seen == [(slot["label"], slot["hint"]) for slot in opened.slots]
    wrong = strongroom.generate_key()
    with pytest.raises(DecryptError):
        strongroom.open(path, key=wrong)


def typed_of(way: Way) -> Way:
    return {name: value for name, value in way.items() if name in ("passphrase", "key")}


def from_rust_of(path: Path, owner: Way) -> View:
    with strongroom.open(path, **typed_of(owner)) as vault:
        return from_rust(vault)


def compare_passkey(data: bytes, way: Way, all_entries: View) -> None:
    theirs = {**typed_of(way), **way["passkey"].opens(data)}
    if way.get("gone"):
        with pytest.raises(model.ModelError) as refused:
            model.open(data, **theirs)
        assert refused.value.code == "decrypt"
        return
    opened = model.open(data, **theirs)
    assert opened.scope == ("owner" if way["owner"] else "holder")
    own = {name: entry for name, entry in all_entries.items() if name.partition("/")[0] in opened.compartments}
    assert from_model(opened) == own


def rust_writes(dice: Dice, path: Path) -> list[Way]:
    kdf = strongroom.Kdf.argon2id(*CHEAP)
    owner: Way = {"label": "owner", "owner": True, "key": strongroom.generate_key()}
    if dice.chance(30):
        owner = {"label": "owner", "owner": True, "passphrase": dice.passphrase()}
    strongroom.create(path, **{k: v for k, v in owner.items() if k in ("key", "passphrase")}, kdf=kdf).lock()
    ways = [owner]
    vault = strongroom.open(path, **{k: v for k, v in owner.items() if k in ("key", "passphrase")})
    compartments = ["binance", "kraken", "env"][: dice.random.randint(1, 3)]
    for _ in range(dice.random.randint(1, 3)):
        with vault.edit() as edited:
            for name in compartments:
                edited.put(f"{name}/main", dice.fields(), **dice.about())
            for _ in range(dice.random.randint(0, 6)):
                name = f"{dice.random.choice(compartments)}/{dice.word()}"
                edited.put(name, dice.fields(), **dice.about())
                if dice.chance(30):
                    edited.update(name, {"more": dice.text()}, note=dice.text(), tags=["x", "y"])
                if dice.chance(40):
                    edited.stage(name, dice.fields(), **dice.about())
                    if dice.chance(70):
                        edited.promote(name)
                        if dice.chance(40):
                            edited.retire(name)
                if dice.chance(15):
                    edited.rename(name, f"{dice.random.choice(compartments)}/renamed-{dice.random.random()}")
                elif dice.chance(15):
                    edited.remove(name)
    for number in range(dice.random.randint(0, 4)):
        way: Way = {"label": f"bot {number}", "owner": dice.chance(20)}
        kind = dice.random.choice(["key", "key", "passphrase", "both"])
        if kind != "key":
            way["passphrase"] = dice.passphrase()
        if kind != "passphrase":
            way["key"] = strongroom.generate_key()
        given = {k: v for k, v in way.items() if k in ("key", "passphrase", "owner")}
        some = None if way["owner"] else dice.random.sample(compartments, dice.random.randint(1, len(compartments)))
        vault.grant(way["label"], some, **given, kdf=kdf)
        ways.append(way)
    holders = [way for way in ways if not way["owner"]]
    if holders and dice.chance(50):
        revoked = dice.random.choice(holders)
        vault.revoke(revoked["label"])
        revoked["gone"] = True
    with_passphrase = [way for way in ways if "passphrase" in way and "key" not in way and not way.get("gone")]
    if with_passphrase and dice.chance(40):
        way = dice.random.choice(with_passphrase)
        ways.append({"passphrase": way["passphrase"], "gone": True})
        way["passphrase"] = dice.passphrase()
        vault.change_passphrase(way["label"], way["passphrase"], kdf=kdf)
    if dice.chance(30):
        rust_rekeys(dice, vault, ways)
    vault.put(f"{compartments[0]}/last", dice.fields())
    vault.lock()
    return ways


def rust_rekeys(dice: Dice, vault: strongroom.Vault, ways: list[Way]) -> None:
    there = [way for way in ways if not way.get("gone")]
    kept = [there[0], *(way for way in there[1:] if dice.chance(50))]
    rekeyed = vault.rekey(*(proof(way) for way in kept))
    for way in there:
        if way not in kept:
            way["gone"] = True
        elif "key" in way:
            ways.append({**way, "gone": True})
            way["key"] = rekeyed.keys[way["label"]]


def proof(way: Way) -> Any:
    if "key" in way and "passphrase" in way:
        return (way["passphrase"], way["key"])
    return way.get("key", way.get("passphrase"))


def model_writes(dice: Dice, path: Path) -> list[Way]:
    costs: dict[str, Any] = {"kdf": 1, "costs": CHEAP}
    if dice.chance(20):
        costs = {"kdf": 2, "costs": (600_000, 0, 0)}
    names = ["binance", "kraken", "env"][: dice.random.randint(1, 3)]
    owner: Way = {"owner": True, "passphrase": dice.passphrase()} if dice.chance(30) else {"owner": True}
    asked = {**costs, "passphrase": owner["passphrase"]} if "passphrase" in owner else {"key": True}
    data, key = model.create("owner", names, random=dice.random.randbytes, now=7, **asked)
    if key is not None:
        owner["key"] = strongroom.Key.parse(key)
    ways = [owner]

    def edit(change: Callable[[model.Writer], None]) -> None:
        nonlocal data
        typed = {"key": owner["key"].reveal()} if "key" in owner else {"passphrase": owner["passphrase"]}
        now = dice.random.randint(8, 2**40)
        writer = model.Writer(model.open(data, **typed), random=dice.random.randbytes, now=now)
        change(writer)
        data = writer.save()

    def entries(writer: model.Writer) -> None:
        for name in names:
            writer.put(f"{name}/main", dice.fields(), meta_of(dice))
        for _ in range(dice.random.randint(0, 5)):
            name = f"{dice.random.choice(names)}/{dice.word()}"
            writer.put(name, dice.fields(), meta_of(dice))
            if dice.chance(40):
                writer.stage(name, dice.fields(), meta_of(dice))
                if dice.chance(60):
                    writer.promote(name)
                    if dice.chance(40):
                        writer.retire(name)
            elif dice.chance(20):
                writer.remove(name)

    def grants(writer: model.Writer) -> None:
        for number in range(dice.random.randint(0, 3)):
            way: Way = {"label": f"bot {number}", "owner": dice.chance(20)}
            asked: dict[str, Any] = {"key": True} if dice.chance(50) else {}
            if not asked and dice.chance(60):
                way["passkey"] = passkey = Passkey(dice)
                asked = {"credential_id": passkey.id, "prf": passkey.answer}
            if not asked or dice.chance(40):
                way["passphrase"] = dice.passphrase()
                asked.update(costs, passphrase=way["passphrase"])
            text = writer.grant(way["label"], None if way["owner"] else dice.random.sample(names, 1), **asked)
            if text is not None:
                way["key"] = strongroom.Key.parse(text)
            ways.append(way)

    def revoke(writer: model.Writer) -> None:
        for way in ways:
            if not way["owner"] and "key" in way and dice.chance(50):
                writer.revoke(bytes.fromhex(way["key"].slot_id))
                way["gone"] = True
                return

    def rekey(writer: model.Writer) -> None:
        if not dice.chance(30):
            return
        there = [way for way in ways if not way.get("gone")]
        kept = [there[0], *(way for way in there[1:] if dice.chance(50))]
        keys = writer.rekey([presented(way) for way in kept])
        for way in there:
            if way not in kept:
                way["gone"] = True
            elif "key" in way:
                way["key"] = strongroom.Key.parse(keys[way.get("label", "owner")])

    for change in (entries, entries, grants, revoke, rekey, entries):
        edit(change)
    path.write_bytes(data)
    path.chmod(0o600)
    return ways


def presented(way: Way) -> Any:
    shown: dict[str, Any] = {**typed_of(way), "key": way["key"].reveal()} if "key" in way else typed_of(way)
    if "passkey" in way:
        shown |= {"credential_id": way["passkey"].id, "prf": way["passkey"].answer}
    return shown


def rust_goes_on(dice: Dice, path: Path) -> list[Way]:
    """A vault that the model has written, and then Rust, which makes new payloads for the holders of a compartment."""
    ways = model_writes(dice, path)
    with strongroom.open(path, **typed_of(ways[0])) as vault:
        compartment = dice.random.choice(vault.compartments).name
        key = vault.grant("for a day", [compartment])
        vault.put(f"{compartment}/main", dice.fields(), **dice.about())
        vault.revoke("for a day")
    return [*ways, {"owner": False, "key": key, "gone": True}]


def meta_of(dice: Dice) -> Map:
    given = dice.about()
    if not given.get("info"):
        given.pop("info", None)
    if not given.get("tags"):
        given.pop("tags", None)
    return given
