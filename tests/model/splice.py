"""Putting changes into what is stored now (FORMAT.md, section 10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model import crypto, layout
from model.cbor import BIGGEST
from model.crypto import Random
from model.errors import ModelError
from model.reader import Compartment, Opened, Record, check_versions, compartments_of, open_payload, read_root
from model.root import Root


@dataclass
class Change:
    """What a writer does to one compartment."""

    records: dict[bytes, Record | None] = field(default_factory=dict[bytes, "Record | None"])
    names: set[str] = field(default_factory=set[str])
    new_key: bool = False
    drop_damage: bool = False
    created: bool = False
    removed: bool = False


class Splice:
    """One save: `opened` is O of section 10.1, `stored` is S, and `root` the changed root part if that is touched."""

    def __init__(
        self,
        opened: Opened,
        stored: bytes,
        changes: dict[int, Change],
        root: Root | None,
        made: dict[int, Compartment],
        random: Random,
    ) -> None:
        self.before = opened.frame
        self.ours = {one.id: one for one in opened.compartments.values()}
        self.changes = changes
        self.made = made
        self.random = random
        self.root_changes = root is not None
        self.now = layout.parse(stored)
        if self.now.vault_id != self.before.vault_id:
            raise ModelError("conflict")
        payload, keyring = opened.payload, opened.keyring
        if self.now.root_part != self.before.root_part:
            if opened.root_key is not None:
                keyring = read_root(self.now, opened.root_key)
                if self.now.root_revision <= self.before.root_revision:
                    raise ModelError("rollback")
                if root is not None:
                    raise ModelError("conflict")
            else:
                slot = self.now.slot(opened.slot.id)
                if slot is None:
                    raise ModelError("conflict")
                try:
                    payload = open_payload(self.now.vault_id, slot, opened.slot_key)
                except ModelError:
                    raise ModelError("conflict") from None
        if root is None and opened.root_key is not None and keyring is not None:
            root = Root.of(self.now, opened.root_key, keyring)
        self.root = root
        self.theirs = {one.id: one for one in compartments_of(self.now, payload, keyring).values()}

    def result(self) -> bytes:
        found: dict[int, bytes] = {}
        for comp_id, change in sorted(self.changes.items()):
            if change.created:
                found[comp_id] = self.written(self.made[comp_id], self.made[comp_id].records, 1)
            elif change.removed:
                self.check_removed(comp_id)
            else:
                found[comp_id] = self.changed(comp_id, change)
        for part in self.now.parts:
            if part.id not in self.changes:
                self.check_unchanged(part.id)
                found[part.id] = part.raw
        data = self.root.write(self.random) if self.root is not None and self.root_changes else self.now.root_part
        data += b"".join(raw for _, raw in sorted(found.items()))
        if len(data) > layout.VAULT_BYTES:
            raise ModelError("limit")
        return data

    def check_removed(self, comp_id: int) -> None:
        before, now = self.before.part(comp_id), self.now.part(comp_id)
        if now is not None and (before is None or before.raw != now.raw):
            raise ModelError("conflict")

    def check_unchanged(self, comp_id: int) -> None:
        before, now = self.before.part(comp_id), self.now.part(comp_id)
        if before is None or now is None:
            return
        if now.epoch < before.epoch:
            raise ModelError("rollback")
        ours, theirs = self.ours.get(comp_id), self.theirs.get(comp_id)
        if (
            ours is not None
            and theirs is not None
            and (now.epoch, theirs.key) == (before.epoch, ours.key)
            and now.raw != before.raw
            and theirs.mac_is_valid(now)
            and now.revision <= before.revision
        ):
            raise ModelError("rollback")

    def changed(self, comp_id: int, change: Change) -> bytes:
        before, now = self.before.part(comp_id), self.now.part(comp_id)
        ours, theirs = self.ours[comp_id], self.theirs.get(comp_id)
        if before is None or now is None or theirs is None or (now.epoch, theirs.key) != (before.epoch, ours.key):
            raise ModelError("conflict")
        merged = now.raw != before.raw
        theirs.open()
        if merged:
            if theirs.damage is not None:
                raise ModelError("damaged")
            if now.revision <= before.revision:
                raise ModelError("rollback")
            for record_id in change.records:
                one, other = ours.records.get(record_id), theirs.records.get(record_id)
                if (one and one.raw) != (other and other.raw):
                    raise ModelError("conflict")
        records = theirs.records
        for record_id, record in change.records.items():
            if record is None:
                records.pop(record_id, None)
            else:
                records[record_id] = record
        if merged:
            self.check_names(theirs, change)
        if len(records) > layout.RECORDS:
            raise ModelError("limit")
        if change.new_key or now.revision >= BIGGEST:
            if self.root is None:
                raise ModelError("limit")
            if not change.new_key:
                self.root_changes = True
                self.root.new_key(comp_id, self.random)
            return self.sealed_anew(theirs, self.root.compartment(comp_id), drop_damage=change.drop_damage)
        return self.written(theirs, records, now.revision + 1)

    @staticmethod
    def check_names(compartment: Compartment, change: Change) -> None:
        names = compartment.names()
        for name in change.names:
            try:
                check_versions([meta for _, meta in names.get(name, [])])
            except ModelError:  # noqa: PERF203
                raise ModelError("conflict") from None

    def sealed_anew(self, old: Compartment, new: Compartment, *, drop_damage: bool) -> bytes:
        """Every record under the new key, with its plaintexts byte for byte as they were."""
        if old.damage is not None and not drop_damage:
            raise ModelError("damaged")
        records: dict[bytes, Record] = {}
        for record in old.records.values():
            try:
                if record.damage is not None:
                    raise ModelError("damaged")
                old.secret(record)
            except ModelError:
                if drop_damage:
                    continue
                raise ModelError("damaged") from None
            parts: list[bytes] = []
            for part, sealed in (("meta", record.meta_sealed), ("secret", record.secret_sealed)):
                plaintext = crypto.unseal(old.keys[0], sealed, old.aad(part, record.id))
                parts.append(crypto.seal(new.keys[0], plaintext, new.aad(part, record.id), self.random))
            meta, secret = parts
            raw = record.id + crypto.u16(len(meta)) + meta + crypto.u32(len(secret)) + secret
            records[record.id] = Record(record.id, raw, meta, secret)
        return self.written(new, records, 1)

    @staticmethod
    def written(compartment: Compartment, records: Mapping[bytes, Record], revision: int) -> bytes:
        body = b"".join(record.raw for _, record in sorted(records.items()))
        part = layout.Part(compartment.id, compartment.epoch, revision, body, b"")
        return part.covered + crypto.mac(compartment.keys[1], compartment.covered(part))
