"""Changing a vault and saving it (FORMAT.md, sections 4.6, 4.7, 9 and 10.1)."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from typing import TypedDict

from model import cbor, contents, crypto, layout, texts
from model.builder import CompartmentSpec, SlotSpec, VaultSpec, build
from model.cbor import BIGGEST, Cbor, Map
from model.contents import maps
from model.crypto import Random
from model.errors import ModelError
from model.layout import BY_KEY, BY_PASSPHRASE, HOLDER, OWNER, Frame, Slot
from model.reader import Compartment, Opened, Record, check_versions, find_slot
from model.root import Prf, Root, Ways, fresh, new_slot, ways_of
from model.splice import Change, Splice

Fields = Mapping[str, "str | bytes"]
Secret = Mapping[str, "str | bytes | None"]  # in an update, None takes a field out


class Presented(TypedDict, total=False):
    """A secret presented to a re-key."""

    passphrase: str
    key: str
    credential_id: bytes
    prf: Prf


class Writer:
    """Collects changes to an open vault; `save` gives the new bytes, after which the vault is to be opened again."""

    def __init__(self, opened: Opened, *, random: Random = os.urandom, now: int = 0) -> None:
        self.opened = opened
        self.random = random
        self.now = now
        self.work = copy.deepcopy(opened.compartments)
        self.changes: dict[int, Change] = {}
        self.root: Root | None = None
        if opened.root_key is not None and opened.keyring is not None:
            self.root = Root.of(opened.frame, opened.root_key, opened.keyring)
        self.root_touched = False
        self.to_rotate: list[str] = []  # entries that a revoked holder has seen
        self.dropped: list[tuple[str, bytes | None, str]] = []  # damage that was told to be dropped

    # ---- entries ----

    def _entry(self, name: str) -> tuple[Compartment, str, list[tuple[Record, Map]]]:
        first, _, rest = name.partition("/")
        if not contents.is_segment(first) or not contents.is_path(rest) or len(name) > contents.NAME_BYTES:
            raise ModelError("invalid_input")
        found = self._compartment(first)
        return found, rest, found.names().get(rest, [])

    def _compartment(self, name: str) -> Compartment:
        found = self.work.get(name)
        if found is None:
            raise ModelError("no_access" if self.root is None else "not_found")
        if found.damage is not None:
            raise ModelError("damaged")
        return found

    def _change(self, compartment: Compartment) -> Change:
        return self.changes.setdefault(compartment.id, Change())

    def _seal(self, compartment: Compartment, record_id: bytes, meta: Map, secret: Fields | bytes) -> None:
        """Put a record into the compartment. A secret part as bytes is one that stays sealed as it is."""
        try:
            contents.check_meta(meta, compartment.name)
            if not isinstance(secret, bytes):
                contents.check_secret(dict(secret), meta)
        except ModelError as error:
            raise ModelError("limit" if error.code == "limit" else "invalid_input") from None
        enc = compartment.keys[0]
        plaintext = cbor.pad(cbor.encode(meta))
        if len(plaintext) > layout.META_BYTES:
            raise ModelError("limit")
        meta_sealed = crypto.seal(enc, plaintext, compartment.aad("meta", record_id), self.random)
        if not isinstance(secret, bytes):
            plaintext = cbor.pad(cbor.encode(dict(secret)))
            if len(plaintext) > layout.SECRET_BYTES:
                raise ModelError("limit")
            secret = crypto.seal(enc, plaintext, compartment.aad("secret", record_id), self.random)
        raw = record_id + crypto.u16(len(meta_sealed)) + meta_sealed + crypto.u32(len(secret)) + secret
        record = Record(record_id, raw, meta_sealed, secret, meta)
        if record_id not in compartment.records and len(compartment.records) >= layout.RECORDS:
            raise ModelError("limit")
        compartment.records[record_id] = record
        change = self._change(compartment)
        change.records[record_id] = record
        change.names.add(contents.text(meta, "name"))

    def _drop(self, compartment: Compartment, record: Record) -> None:
        del compartment.records[record.id]
        change = self._change(compartment)
        change.records[record.id] = None
        if record.meta is not None:
            change.names.add(contents.text(record.meta, "name"))

    def _usable(self, name: str) -> tuple[Compartment, str, list[tuple[Record, Map]]]:
        compartment, rest, versions = self._entry(name)
        check_versions([meta for _, meta in versions])
        return compartment, rest, versions

    def _next_version(self, versions: list[tuple[Record, Map]]) -> int:
        number = max((contents.counter(meta, "version") for _, meta in versions), default=0)
        if number == BIGGEST:
            raise ModelError("limit")
        return number + 1

    def _meta(self, base: Map, name: str, version: int, state: str, given: Map | None) -> Map:
        meta: Map = {"kind": "other", "created": self.now, **base, **(given or {})}
        meta |= {"name": name, "version": version, "state": state, "updated": self.now}
        for key in ("tags", "info"):
            if key in meta and not meta[key]:
                del meta[key]
        return meta

    @staticmethod
    def _in_state(versions: list[tuple[Record, Map]], state: str) -> tuple[Record, Map] | None:
        return next((pair for pair in versions if pair[1]["state"] == state), None)

    def put(self, name: str, secret: Fields, meta: Map | None = None) -> None:
        """Write an entry, over its current version if there is one."""
        compartment, rest, versions = self._usable(name)
        version = self._next_version(versions)
        current = self._in_state(versions, "current")
        if current is None:
            record_id = fresh(16, compartment.records, self.random)
            self._seal(compartment, record_id, self._meta({}, rest, version, "current", meta), secret)
        else:
            known = {
                "name",
                "kind",
                "updated",
                "version",
                "state",
                "expires_at",
                "rotate_after",
                "tags",
                "note",
                "info",
            }
            base: Map = {key: value for key, value in current[1].items() if key not in known or key == "created"}
            if "policy" in (meta or {}):
                base.pop("policy", None)
            self._seal(compartment, current[0].id, self._meta(base, rest, version, "current", meta), secret)

    def update(self, name: str, secret: Secret | None = None, meta: Map | None = None) -> None:
        """Change some fields of the current version."""
        compartment, rest, versions = self._usable(name)
        current = self._in_state(versions, "current")
        if current is None:
            raise ModelError("not_found")
        record, old = current
        merged: Fields | bytes = record.secret_sealed
        if secret is not None:
            old_fields = compartment.secret(record).items()
            fields: dict[str, str | bytes | None] = {k: v for k, v in old_fields if isinstance(v, (str, bytes))}
            fields.update(secret)
            merged = {key: value for key, value in fields.items() if value is not None}
        elif meta is not None and "info" in meta:
            contents.check_secret(compartment.secret(record), {})
            if isinstance(meta["info"], dict) and meta["info"].keys() & compartment.secret(record).keys():
                raise ModelError("invalid_input")
        new = self._meta(old, rest, self._next_version(versions), "current", meta)
        self._seal(compartment, record.id, new, merged)

    def remove(self, name: str) -> None:
        """Remove all versions of an entry, also of one whose versions contradict each other."""
        compartment, _, versions = self._entry(name)
        if not versions:
            raise ModelError("not_found")
        for record, _ in versions:
            self._drop(compartment, record)

    def stage(self, name: str, secret: Fields, meta: Map | None = None) -> None:
        """Make a pending version, in place of the pending one if there is one."""
        compartment, rest, versions = self._usable(name)
        version = self._next_version(versions)
        pending = self._in_state(versions, "pending")
        record_id = fresh(16, compartment.records, self.random)
        self._seal(compartment, record_id, self._meta({}, rest, version, "pending", meta), secret)
        if pending is not None:
            self._drop(compartment, pending[0])

    def promote(self, name: str) -> None:
        """Make the pending version the current one."""
        compartment, _, versions = self._usable(name)
        pending = self._in_state(versions, "pending")
        if pending is None:
            raise ModelError("not_found")
        current = self._in_state(versions, "current")
        if current is not None:
            self._seal(compartment, current[0].id, {**current[1], "state": "previous"}, current[0].secret_sealed)
        self._seal(compartment, pending[0].id, {**pending[1], "state": "current"}, pending[0].secret_sealed)

    def retire(self, name: str) -> None:
        """Remove the previous versions."""
        compartment, _, versions = self._usable(name)
        if not versions:
            raise ModelError("not_found")
        for record, meta in versions:
            if meta["state"] == "previous":
                self._drop(compartment, record)

    # ---- the root part ----

    def _owner(self) -> Root:
        if self.root is None:
            raise ModelError("no_access")
        return self.root

    def _touch(self, root: Root) -> None:
        _ = root.next
        self.root_touched = True

    def add_compartment(self, name: str) -> None:
        root = self._owner()
        if not contents.is_segment(name, contents.LABEL_BYTES):
            raise ModelError("invalid_input")
        if any(item["name"] == name for item in maps(root.keyring, "compartments")):
            raise ModelError("exists")
        if len(root.epochs) >= layout.COMPARTMENTS:
            raise ModelError("limit")
        self._touch(root)
        comp_id = next(number for number in range(1, 65536) if number not in root.epochs and number not in self.changes)
        root.epochs[comp_id] = root.next
        items = root.items("compartments")
        items.append({"id": comp_id, "key": self.random(32), "name": name, "created": self.now})
        items.sort(key=lambda item: item["id"] if isinstance(item, dict) and isinstance(item["id"], int) else 0)
        self.work[name] = root.compartment(comp_id)
        self.changes[comp_id] = Change(created=True)

    def remove_compartment(self, name: str) -> None:
        root = self._owner()
        found = self.work.get(name)
        if found is None:
            raise ModelError("not_found")
        self._touch(root)
        for slot_id in list(root.slots):
            root.take_out(slot_id, found.id)
        root.items("compartments").remove(root.compartment_item(found.id))
        del root.epochs[found.id], self.work[name]
        self.changes[found.id] = Change(removed=True)

    def grant(self, label: str, compartments: Iterable[str] | None, **ways: object) -> str | None:
        """A new slot: a holder's of these compartments, an owner's for None. The key text, if it has one."""
        return self.grant_by(label, compartments, ways_of(ways))

    def grant_by(self, label: str, compartments: Iterable[str] | None, ways: Ways) -> str | None:
        root = self._owner()
        payload: Map = {"root_key": root.root_key}
        if compartments is not None:
            names = set(compartments)
            if not names:
                raise ModelError("invalid_input")
            ids = {contents.text(item, "name"): item["id"] for item in maps(root.keyring, "compartments")}
            if not names <= ids.keys():
                raise ModelError("not_found")
            payload = root.grant_items(comp_id for name in names if isinstance(comp_id := ids[name], int))
        root.check_label(label)
        self._touch(root)
        slot_id = fresh(8, root.slots, self.random)
        scope = OWNER if compartments is None else HOLDER
        slot, slot_key, key = new_slot(
            root.vault_id, slot_id, scope, label, ways, list(root.slots.values()), self.random
        )
        root.add_slot(slot, slot_key, label, self.now, payload)
        return None if key is None else texts.write_key(slot_id, key)

    def _give_new_keys(self, comp_ids: Iterable[int], *, drop_damage: bool) -> None:
        """Section 9.2, step 3; the sealing itself is done by the save."""
        root = self._owner()
        comp_ids = sorted(comp_ids)
        by_id = {one.id: one for one in self.work.values()}
        found = [damage for comp_id in comp_ids for damage in self._unsealable(by_id[comp_id])]
        if found and not drop_damage:
            raise ModelError("damaged")
        self.dropped += found
        for comp_id in comp_ids:
            root.new_key(comp_id, self.random)
            change = self._change(by_id[comp_id])
            change.new_key, change.drop_damage = True, drop_damage
            self.to_rotate += [f"{by_id[comp_id].name}/{name}" for name in by_id[comp_id].names()]

    @staticmethod
    def _unsealable(compartment: Compartment) -> list[tuple[str, bytes | None, str]]:
        if compartment.damage is not None:
            return [(compartment.name, None, compartment.damage)]
        found: list[tuple[str, bytes | None, str]] = []
        for record in compartment.records.values():
            try:
                if record.damage is None:
                    compartment.secret(record)
            except ModelError as error:  # noqa: PERF203
                found.append((compartment.name, record.id, error.code))
            else:
                found += [(compartment.name, record.id, record.damage)] if record.damage else []
        return found

    def revoke(self, slot_id: bytes, compartment: str | None = None, *, drop_damage: bool = False) -> None:
        """Revoke a holder, or take one compartment from it."""
        root = self._owner()
        if slot_id not in root.slots:
            raise ModelError("not_found")
        if root.slots[slot_id].scope == OWNER:
            raise ModelError("invalid_input")
        lost = root.listing(slot_id)
        if compartment is not None and root.payloads[slot_id] is not None:
            lost = [comp_id for comp_id in lost if root.compartment_item(comp_id)["name"] == compartment]
            if not lost:
                raise ModelError("not_found")
        self._touch(root)
        self._give_new_keys(lost, drop_damage=drop_damage)
        if compartment is None or root.payloads[slot_id] is None:
            root.drop_slot(slot_id)
        else:
            root.take_out(slot_id, lost[0])

    def change_passphrase(self, slot_id: bytes, passphrase: str, **ways: object) -> None:
        """Section 9.5. A slot with both factors also takes `key` (its key's 32 bytes) or `prf`."""
        root = self._owner()
        old = root.slots.get(slot_id)
        if old is None:
            raise ModelError("not_found")
        if old.factors == BY_KEY:
            raise ModelError("invalid_input")
        new = ways_of({**ways, "passphrase": passphrase})
        if (old.factors == BY_PASSPHRASE) != ("key" not in new and "prf" not in new):
            raise ModelError("invalid_input")
        if old.hint:
            new["credential_id"] = old.hint
        item = root.slot_item(slot_id)
        label = contents.text(item, "label")
        others = [slot for slot in root.slots.values() if slot.id != slot_id]
        if root.payloads[slot_id] is None:
            raise ModelError("damaged")
        self._touch(root)
        slot, slot_key, _ = new_slot(root.vault_id, slot_id, old.scope, label, new, others, self.random)
        item["key"] = slot_key
        root.slots[slot_id] = slot
        root.dirty.add(slot_id)

    def rekey(self, presented: Iterable[Presented], *, drop_damage: bool = False) -> dict[str, str]:
        """Section 9.4. The new key texts, by label."""
        root = self._owner()
        frame = self.opened.frame
        self._touch(root)
        if any(change.created or change.removed for change in self.changes.values()):
            raise ModelError("invalid_input")
        kept: list[tuple[Slot, Presented]] = []
        for secret in presented:
            slot = self._presented(frame, secret)
            if any(slot.id == other.id for other, _ in kept):
                raise ModelError("invalid_input")
            kept.append((slot, secret))
        if all(slot.scope != OWNER for slot, _ in kept):
            raise ModelError("invalid_input")
        old_items, old_payloads = {slot.id: root.slot_item(slot.id) for slot, _ in kept}, dict(root.payloads)
        self._give_new_keys(root.epochs, drop_damage=drop_damage)
        for slot_id in list(root.slots):
            root.drop_slot(slot_id)
        root.vault_id, root.root_key = self.random(16), self.random(32)
        self.to_rotate = []
        found: dict[str, str] = {}
        for slot, secret in kept:
            ways: Ways = {}
            if "passphrase" in secret:
                ways["passphrase"] = secret["passphrase"]
                ways["kdf"], ways["costs"] = slot.kdf, slot.costs
            if "key" in secret:
                ways["key"] = True
            if "prf" in secret:
                ways["prf"] = secret["prf"]
            if slot.hint and "prf" in secret:
                ways["credential_id"] = slot.hint
            item, payload = old_items[slot.id], old_payloads[slot.id] or {}
            slot_id = fresh(8, [*root.slots, *(one.id for one in frame.slots)], self.random)
            label = contents.text(item, "label")
            new, slot_key, key = new_slot(
                root.vault_id, slot_id, slot.scope, label, ways, list(root.slots.values()), self.random
            )
            payload = copy.deepcopy(payload)
            if slot.scope == OWNER:
                payload["root_key"] = root.root_key
            else:
                rest: list[Cbor] = []
                for one in maps(payload, "compartments"):
                    comp_id = one["id"]
                    if isinstance(comp_id, int) and comp_id in root.epochs:
                        key_now = root.compartment_item(comp_id)["key"]
                        rest.append({**one, "epoch": root.epochs[comp_id], "key": key_now})
                if not rest:
                    continue
                payload["compartments"] = rest
            root.add_slot(new, slot_key, label, self.now, payload)
            root.slot_item(slot_id).update({name: value for name, value in item.items() if name not in ("id", "key")})
            if key is not None:
                found[label] = texts.write_key(slot_id, key)
        return found

    @staticmethod
    def _presented(frame: Frame, secret: Presented) -> Slot:
        typed = crypto.passphrase_bytes(secret["passphrase"]) if "passphrase" in secret else None
        key = texts.read_key(secret["key"]) if "key" in secret else None
        passkey: tuple[bytes, bytes] | None = None
        if "prf" in secret:
            slot = next((one for one in frame.slots if one.hint and one.hint == secret.get("credential_id")), None)
            if slot is None:
                raise ModelError("decrypt")
            passkey = slot.hint, secret["prf"](crypto.label("prf") + frame.vault_id + slot.head[20:52])
        return find_slot(frame, typed, key, passkey)[0]

    # ---- saving ----

    def save(self, stored: bytes | None = None) -> bytes:
        """The vault with these changes put into what is stored now: the function `splice` of section 10.1."""
        if stored is None:
            frame = self.opened.frame
            stored = frame.root_part + b"".join(part.raw for part in frame.parts)
        made = {one.id: one for one in self.work.values()}
        root = self.root if self.root_touched else None
        return Splice(self.opened, stored, self.changes, root, made, self.random).result()


def create(
    label: str, compartments: Iterable[str] = (), *, random: Random = os.urandom, now: int = 0, **ways: object
) -> tuple[bytes, str | None]:
    """A new vault with one owner's slot and these compartments, and the key text if the slot has one."""
    names = list(compartments)
    if not contents.is_label(label) or not all(contents.is_segment(name, contents.LABEL_BYTES) for name in names):
        raise ModelError("invalid_input")
    if len(set(names)) != len(names):
        raise ModelError("exists")
    if len(names) > layout.COMPARTMENTS:
        raise ModelError("limit")
    vault_id, slot_id = random(16), random(8)
    slot, slot_key, key = new_slot(vault_id, slot_id, OWNER, label, ways_of(ways), [], random)
    spec = SlotSpec(slot_id, label, b"", created=now, slot_key=slot_key, commit=slot.commit, head_bytes=slot.head)
    parts = [CompartmentSpec(number, name, random(32), created=now) for number, name in enumerate(names, 1)]
    built = build(VaultSpec(vault_id, random(32), [spec], parts), random)
    return built.data, None if key is None else texts.write_key(slot_id, key)
