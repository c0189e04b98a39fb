"""Every vector of FORMAT.md's Appendix B through the Python package; what it writes is read back by tests/model."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import model
import pytest
import strongroom
from model import kit, texts
from model.expected import check_after, vault_of
from strongroom.errors import StrongroomError

VECTORS: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in (kit.HERE / "vault").glob("*.json")}
# A passkey is a browser's, so the Python package has no way to give one.
PASSKEYS = {
    "change_passphrase_of_passkey_slot",
    "grant_passkey",
    "grant_passkey_in_use",
    "grant_passkey_without_id",
    "passkey_of_no_slot",
    "passkey_slot",
}
# Pins and keys as texts are read by `open` and `Key.parse`; files, groups and modes have tests of their own.
KINDS = ("open", "change", "text", "file")
NAMES = sorted(VECTORS.keys() - PASSKEYS)


def refused(call: Any) -> str:
    """The code that the call is refused with, or ok."""
    try:
        call()
    except StrongroomError as error:
        return error.code
    return "ok"


def opener_of(opener: Any) -> dict[str, Any]:
    given = {name: opener[name] for name in ("key", "passphrase", "pin", "allow_weak_kdf") if name in opener}
    if "passphrase_utf16" in opener:
        given["passphrase"] = bytes.fromhex(opener["passphrase_utf16"]).decode("utf-16-be", "surrogatepass")
    return given


def damage(vault: strongroom.Vault) -> list[Any]:
    found = [at for at in vault.damage if at.record is None or at.name is None]
    return sorted(({"name": at.compartment, "record": at.record, "code": at.code} for at in found), key=str)


def expected_damage(vector: Any) -> list[Any]:
    listed = vector.get("damage", [])
    return sorted(({"name": at["name"], "record": at["record"], "code": at["code"]} for at in listed), key=str)


def secrets_of(entry: strongroom.Entry) -> dict[str, bytes]:
    return {field: secret.reveal_bytes() for field, secret in entry.fields.items()}


def plain(secret: Any) -> dict[str, bytes]:
    return {name: value.encode() if isinstance(value, str) else value for name, value in values(secret).items()}


def check_sees(vault: strongroom.Vault, sees: Any) -> None:
    assert vault.opened_by.scope == sees["scope"]
    assert sorted(at.name for at in vault.compartments) == sorted(sees["compartments"])
    for name, versions in sees["entries"].items():
        found = list(reversed(vault.versions(name)))
        assert [(one.version, one.state) for one in found] == [(one["version"], one["state"]) for one in versions]
        for entry, expected in zip(found, versions, strict=True):
            meta = expected["meta"]
            assert (entry.kind, entry.created, entry.updated) == (meta["kind"], meta["created"], meta["updated"])
            assert (entry.expires_at, entry.rotate_after) == (meta.get("expires_at"), meta.get("rotate_after"))
            assert (list(entry.tags), entry.note, dict(entry.info)) == (
                meta.get("tags", []),
                meta.get("note"),
                meta.get("info", {}),
            )
            assert secrets_of(entry) == plain(expected["secret"])


def run_open(vector: Any, path: Path) -> None:
    path.write_bytes(vault_of(vector))
    given, expect, use = opener_of(vector["opener"]), vector["expect"], vector.get("use")
    if use is None and expect != "ok" and not expect.startswith("damaged: "):
        assert refused(lambda: strongroom.open(path, **given)) == expect
        return
    with strongroom.open(path, **given) as vault:
        assert damage(vault) == expected_damage(vector)
        if "sees" in vector:
            check_sees(vault, vector["sees"])
        if use is not None:
            assert refused(lambda: vault[use["name"]].fields) == expect
            if "good" in use:
                assert vault[use["good"]].fields is not None
        for at in vector.get("damage", []):
            if at["record"] is None:
                assert refused(partial(vault.__getitem__, f"{at['name']}/main")) == "damaged"
    for other in vector.get("also", []):
        if "credential_id" not in other["opener"]:
            run_open({"expect": "ok", **other, "vault": vector["vault"]}, path)


def play(vault: strongroom.Vault, op: Any) -> strongroom.Revoked | None:
    labels = {slot.id: slot.label for slot in vault.slots} if "slot" in op else {}
    given: dict[str, Any] = {}
    if "kdf" in op:
        kdf = strongroom.Kdf.argon2id if op["kdf"] == 1 else strongroom.Kdf.pbkdf2
        given["kdf"] = kdf(*(cost for cost in op["costs"] if cost))
    meta: dict[str, Any] = op.get("meta", {})
    match op["op"]:
        case "put":
            vault.put(op["name"], values(op["secret"]), **meta)
        case "update":
            vault.update(op["name"], values(op.get("secret", {})), **meta)
        case "remove_compartment":
            vault.remove_compartment(op["name"])
        case "revoke":
            return vault.revoke(labels[op["slot"]], drop_damaged=op.get("drop_damage", False))
        case "change_passphrase":
            vault.change_passphrase(labels[op["slot"]], op["passphrase"], **given)
        case "rekey":
            vault.rekey(*(strongroom.Key.parse(one["key"]) for one in op["presented"]))
        case "grant":
            if isinstance(op.get("key"), str):
                slot_id = next(slot.id for slot in vault.slots if slot.label != "owner")
                text = texts.write_key(bytes.fromhex(slot_id), bytes.fromhex(op["key"]))
                given["key"] = strongroom.Key.parse(text)
            if "passphrase" in op:
                given["passphrase"] = op["passphrase"]
            vault.grant(op["label"], op["compartments"], owner=op["compartments"] is None, **given)
        case other:
            raise AssertionError(other)
    return None


def values(secret: Any) -> dict[str, str | bytes]:
    return {name: value if isinstance(value, str) else bytes.fromhex(value["hex"]) for name, value in secret.items()}


def save(vector: Any, path: Path) -> list[strongroom.Damage]:
    """Change the vault, perhaps after someone else has stored another one; what was lost with it."""
    path.write_bytes(vault_of(vector))
    dropped: list[strongroom.Damage] = []
    with strongroom.open(path, **opener_of(vector["opener"])) as vault:
        if "stored" in vector:
            path.write_bytes(vault_of(vector, "stored"))
        # In one save, as the vector has it.
        with vault.edit() as edited:
            for op in vector["change"]:
                revoked = play(edited, op)
                dropped += revoked.dropped if revoked is not None else ()  # a list of names, which may be empty
    return dropped


def run_change(vector: Any, path: Path) -> None:
    if vector["expect"] != "ok":
        assert refused(lambda: save(vector, path)) == vector["expect"]
    else:
        dropped = save(vector, path)
        data = path.read_bytes()
        for then in vector.get("then", []):
            check_after(vector, data, then)
        if "dropped" in vector:
            lost = [{"name": at.compartment, "record": at.record, "code": at.code} for at in dropped]
            assert lost == expected_damage({"damage": vector["dropped"]})
        if "twice" in vector:
            save(vector, path)
            both = [model.open(made, **kit.arguments(vector["opener"])) for made in (data, path.read_bytes())]
            assert both[0].compartments["binance"].key != both[1].compartments["binance"].key
    for other in vector.get("also_changed", []):
        if not any("credential_id" in op for op in other.get("change", [])):
            run_change({**vector, "also_changed": [], "then": [], **other}, path)


def run_text(vector: Any, path: Path) -> None:
    for text in vector["texts"]:
        if vector["text"] == "key":
            assert refused(partial(strongroom.Key.parse, text)) == vector["expect"]
            if "holds" in vector:
                assert strongroom.Key.parse(text).slot_id == vector["holds"]["slot_id"]
        else:
            # A pin is only read to open with; that it is of another vault shows that it could be read.
            other = VECTORS["compartment_id_zero"]
            path.write_bytes(vault_of(other))
            given = {**opener_of(other["opener"]), "pin": text}
            expect = ("rollback", "ok") if vector["expect"] == "ok" else (vector["expect"],)
            assert refused(partial(strongroom.open, path, **given)) in expect


def run_file(vector: Any, folder: Path) -> None:
    match vector["file"]:
        case {"create": "over_another"}:
            path = folder / "there.vault"
            path.write_bytes(b"something else")
            key = strongroom.generate_key()
            assert refused(lambda: strongroom.create(path, key=key)) == vector["expect"]
            assert path.read_bytes() == b"something else"
        case {"key": text, "modes": modes}:
            own = folder / "own.key"
            strongroom.Key.parse(text).write(own)
            for mode in modes:
                own.chmod(int(mode, 8))
                assert refused(lambda: strongroom.Key.read(own)) == vector["expect"]
        case {"save": "group_refused"}:
            # Needs a system call that fails: tests/rust/file.rs makes it fail.
            assert vector["expect"] == "io"
        case other:
            raise AssertionError(other)


def kinds() -> Iterator[str]:
    for vector in VECTORS.values():
        yield next((kind for kind in ("change", "text", "file") if kind in vector), "open")


def test_all_kinds_are_there() -> None:
    counted = list(kinds())
    assert {kind: counted.count(kind) for kind in KINDS} == {"open": 270, "change": 54, "text": 14, "file": 3}
    assert VECTORS.keys() > PASSKEYS


@pytest.mark.parametrize("name", NAMES)
def test_vector(name: str, tmp_path: Path) -> None:
    vector, path = VECTORS[name], tmp_path / "a.vault"
    if "change" in vector:
        run_change(vector, path)
    elif "text" in vector:
        run_text(vector, path)
    elif "file" in vector:
        run_file(vector, tmp_path)
    else:
        run_open(vector, path)
