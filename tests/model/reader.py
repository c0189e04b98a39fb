"""Opening a vault and using what is in it (FORMAT.md, sections 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypedDict

from model import contents, crypto, layout, texts
from model.cbor import BIGGEST, Map, unpad
from model.errors import ModelError
from model.layout import BY_BOTH, BY_PASSPHRASE, OWNER, Cursor, Frame, Part, Slot


class Version(TypedDict):
    """One record as its entry's user sees it. `secret` is None if it does not open; `error` then says why."""

    version: int
    state: str
    meta: Map
    secret: Map | None
    error: str | None


class SlotInfo(TypedDict):
    """What an opener knows of a slot. Only owners know labels."""

    id: str
    scope: int
    factors: int
    kdf: int
    costs: tuple[int, int, int]
    hint: bytes
    label: str | None


@dataclass(frozen=True)
class Record:
    """One RECORD: its bytes, and what of them has been opened."""

    id: bytes
    raw: bytes
    meta_sealed: bytes
    secret_sealed: bytes
    meta: Map | None = None
    damage: str | None = None


@dataclass
class Compartment:
    """One compartment that the opener has a key for."""

    id: int
    name: str
    key: bytes
    epoch: int
    vault_id: bytes
    part: Part | None
    damage: str | None = None
    records: dict[bytes, Record] = field(default_factory=dict[bytes, Record])

    @cached_property
    def keys(self) -> tuple[bytes, bytes]:
        return crypto.compartment_keys(self.key, self.vault_id, self.id, self.epoch)

    def aad(self, part: str, record_id: bytes) -> bytes:
        return crypto.record_aad(part, self.vault_id, self.id, self.epoch, record_id)

    def covered(self, part: Part) -> bytes:
        """What comp_mac is computed over."""
        line = crypto.u16(self.id) + crypto.u64(self.epoch)
        return layout.MAGIC + bytes([layout.VERSION]) + self.vault_id + line + part.covered

    def mac_is_valid(self, part: Part) -> bool:
        return crypto.same(part.mac, crypto.mac(self.keys[1], self.covered(part)))

    def open(self) -> None:
        """Section 6.5; a fault is noted as damage."""
        if self.part is None or self.part.epoch != self.epoch or not self.mac_is_valid(self.part):
            self.damage = "decrypt"
            return
        if not 1 <= self.part.revision <= BIGGEST:
            self.damage = "format"
            return
        try:
            records = split(self.part.records)
        except ModelError as error:
            self.damage = error.code
            return
        self.records = {record.id: self.read(record) for record in records}

    def read(self, record: Record) -> Record:
        """The record with its metadata, or with what is wrong with it."""
        try:
            meta = unpad(crypto.unseal(self.keys[0], record.meta_sealed, self.aad("meta", record.id)))
            contents.check_meta(meta, self.name)
        except ModelError as error:
            return Record(record.id, record.raw, record.meta_sealed, record.secret_sealed, None, error.code)
        return Record(record.id, record.raw, record.meta_sealed, record.secret_sealed, meta)

    def secret(self, record: Record) -> Map:
        if record.meta is None:
            raise ModelError("damaged")
        found = unpad(crypto.unseal(self.keys[0], record.secret_sealed, self.aad("secret", record.id)))
        contents.check_secret(found, record.meta)
        return found

    def names(self) -> dict[str, list[tuple[Record, Map]]]:
        """The records of each name, as section 4.4 has it, in order of their versions."""
        found: dict[str, list[tuple[Record, Map]]] = {}
        for record in self.records.values():
            if record.meta is not None:
                found.setdefault(contents.text(record.meta, "name"), []).append((record, record.meta))
        for versions in found.values():
            versions.sort(key=lambda pair: contents.counter(pair[1], "version"))
        return found


def split(data: bytes) -> list[Record]:
    """Step 3 of section 6.5."""
    at = Cursor(data)
    records: list[Record] = []
    while at.at < len(data):
        if len(records) == layout.RECORDS:
            raise ModelError("limit")
        start = at.at
        record_id = at.take(16)
        meta = at.sealed(2, layout.META_BYTES)
        secret = at.sealed(4, layout.SECRET_BYTES)
        if records and record_id <= records[-1].id:
            raise ModelError("format")
        records.append(Record(record_id, data[start : at.at], meta, secret))
    return records


def check_versions(versions: list[Map]) -> None:
    """Section 4.7, for the versions of one name."""
    numbers = [contents.counter(meta, "version") for meta in versions]
    states = [meta["state"] for meta in versions]
    if len(set(numbers)) != len(numbers) or states.count("current") > 1 or states.count("pending") > 1:
        raise ModelError("format")


@dataclass
class Opened:
    """An open vault."""

    frame: Frame
    slot: Slot
    slot_key: bytes
    payload: Map
    root_key: bytes | None
    keyring: Map | None
    compartments: dict[str, Compartment]

    @property
    def scope(self) -> str:
        return "owner" if self.keyring is not None else "holder"

    @property
    def slots(self) -> list[SlotInfo]:
        labels: dict[bytes, str] = {}
        if self.keyring is not None:
            for item in contents.maps(self.keyring, "slots"):
                labels[contents.take(item, "id", 8)] = contents.text(item, "label")
        return [
            {
                "id": slot.id.hex(),
                "scope": slot.scope,
                "factors": slot.factors,
                "kdf": slot.kdf,
                "costs": slot.costs,
                "hint": slot.hint,
                "label": labels.get(slot.id),
            }
            for slot in self.frame.slots
        ]

    @property
    def damage(self) -> list[tuple[str, bytes | None, str]]:
        found: list[tuple[str, bytes | None, str]] = []
        for one in self.compartments.values():
            if one.damage is not None:
                found.append((one.name, None, one.damage))
            found.extend((one.name, record.id, record.damage) for record in one.records.values() if record.damage)
        return found

    @cached_property
    def entries(self) -> dict[str, list[Version]]:
        """Every version of every entry, with all secret parts opened."""
        found: dict[str, list[Version]] = {}
        for one in self.compartments.values():
            for name, records in one.names().items():
                versions = found.setdefault(f"{one.name}/{name}", [])
                for record, meta in records:
                    secret, error = None, None
                    try:
                        secret = one.secret(record)
                    except ModelError as refused:
                        error = refused.code
                    versions.append(
                        {
                            "version": contents.counter(meta, "version"),
                            "state": contents.text(meta, "state"),
                            "meta": meta,
                            "secret": secret,
                            "error": error,
                        }
                    )
        return found

    def compartment(self, name: str) -> Compartment:
        """The compartment of this name, undamaged."""
        found = self.compartments.get(name)
        if found is None:
            raise ModelError("not_found" if self.scope == "owner" else "no_access")
        if found.damage is not None:
            raise ModelError("damaged")
        return found

    def use(self, name: str, version: int | None = None) -> tuple[Map, Map]:
        """Metadata and secret fields of an entry: of its current version, or of the one with this number."""
        first, slash, rest = name.partition("/")
        compartment = self.compartment(first)
        versions = compartment.names().get(rest, [])
        if not slash or not versions:
            raise ModelError("not_found")
        check_versions([meta for _, meta in versions])
        for record, meta in versions:
            if (meta["state"] == "current") if version is None else (meta["version"] == version):
                return meta, compartment.secret(record)
        raise ModelError("not_found")

    def use_record(self, compartment: str, record_id: bytes) -> tuple[Map, Map]:
        """The same for a record that is asked for by its id."""
        found = self.compartment(compartment)
        record = found.records.get(record_id)
        if record is None:
            raise ModelError("not_found")
        secret = found.secret(record)
        return record.meta or {}, secret

    def pin(self, slot_id: bytes | None = None) -> str:
        """What this opener has seen, or as much of it as the holder of another slot could have."""
        names = set(self.compartments)
        if slot_id is not None and slot_id != self.slot.id:
            names = {contents.text(item, "name") for item in contents.maps(self.payload_of(slot_id), "compartments")}
        seen = {
            one.id: (one.epoch, one.part.revision, one.part.mac)
            for one in self.compartments.values()
            if one.name in names and one.damage is None and one.part is not None
        }
        owner = self.scope == "owner" and (slot_id is None or slot_id == self.slot.id)
        root = (self.frame.root_revision, self.frame.root_mac) if owner else None
        return texts.write_pin(texts.Pin(self.frame.vault_id, root, seen))

    def payload_of(self, slot_id: bytes) -> Map:
        """For an owner: what another slot holds."""
        slot = self.frame.slot(slot_id)
        if self.keyring is None:
            raise ModelError("no_access")
        for item in contents.maps(self.keyring, "slots"):
            if slot is not None and item["id"] == slot_id:
                return open_payload(self.frame.vault_id, slot, contents.take(item, "key", 32))
        raise ModelError("not_found")


def open_payload(vault_id: bytes, slot: Slot, slot_key: bytes) -> Map:
    payload = unpad(crypto.unseal(slot_key, slot.sealed, crypto.label("slot") + vault_id + slot.head))
    contents.check_payload(payload, slot.scope)
    return payload


def find_slot(
    frame: Frame, passphrase: bytes | None, key: tuple[bytes, bytes] | None, passkey: tuple[bytes, bytes] | None
) -> tuple[Slot, bytes]:
    """Section 6.3: the slot that the secret opens, and its key."""
    slots: list[Slot] = []
    raw: bytes | None = None
    if key is not None or passkey is not None:
        if key is not None:
            slots, raw = [slot for slot in frame.slots if slot.id == key[0]], key[1]
        elif passkey is not None:
            slots, raw = [slot for slot in frame.slots if slot.hint and slot.hint == passkey[0]], passkey[1]
        if not slots or slots[0].factors == BY_PASSPHRASE:
            raise ModelError("decrypt")
        if (slots[0].factors == BY_BOTH) != (passphrase is not None):
            raise ModelError("invalid_input")
    else:
        slots = [slot for slot in frame.slots if slot.factors == BY_PASSPHRASE]
    for slot in slots:
        slot_key, commit = crypto.slot_keys(frame.vault_id, slot.head, passphrase, raw)
        if crypto.same(commit, slot.commit):
            return slot, slot_key
    raise ModelError("decrypt")


def read_root(frame: Frame, root_key: bytes) -> Map:
    """The keyring, after root_mac and with all of section 6.4 checked."""
    mac_key, keyring_key = crypto.expand(root_key, "root-keys", frame.vault_id)
    if not crypto.same(frame.root_mac, crypto.mac(mac_key, frame.root_part[:-32])):
        raise ModelError("decrypt")
    keyring = unpad(crypto.unseal(keyring_key, frame.keyring, crypto.label("keyring") + frame.vault_id))
    contents.check_keyring(keyring, frame)
    if any(part.epoch > frame.root_revision for part in frame.parts):
        raise ModelError("format")
    return keyring


def compartments_of(frame: Frame, payload: Map, keyring: Map | None) -> dict[str, Compartment]:
    """The compartments that these keys are for, not opened yet."""
    found: dict[str, Compartment] = {}
    for item in contents.maps(payload if keyring is None else keyring, "compartments"):
        comp_id = contents.uint(item, "id")
        part = frame.part(comp_id)
        epoch = contents.counter(item, "epoch") if keyring is None or part is None else part.epoch
        name = contents.text(item, "name")
        found[name] = Compartment(comp_id, name, contents.take(item, "key", 32), epoch, frame.vault_id, part)
    return found


def check_pin(opened: Opened, pin: texts.Pin) -> None:
    """Section 7."""
    frame = opened.frame
    if pin.vault_id != frame.vault_id:
        raise ModelError("rollback")

    def older(now: tuple[int, ...], now_mac: bytes, seen: tuple[int, ...], seen_mac: bytes) -> bool:
        return now < seen or (now == seen and not crypto.same(now_mac, seen_mac))

    if (
        pin.root is not None
        and opened.scope == "owner"
        and older((frame.root_revision,), frame.root_mac, (pin.root[0],), pin.root[1])
    ):
        raise ModelError("rollback")
    for one in opened.compartments.values():
        if one.damage is None and one.part is not None and one.id in pin.compartments:
            epoch, revision, mac = pin.compartments[one.id]
            if older((one.epoch, one.part.revision), one.part.mac, (epoch, revision), mac):
                raise ModelError("rollback")


def open(  # noqa: A001 - callers write model.open
    data: bytes,
    *,
    passphrase: str | None = None,
    key: str | None = None,
    passkey: tuple[bytes, bytes] | None = None,
    pin: str | None = None,
    allow_weak_kdf: bool = False,
    memory_ceiling: int = layout.MEMORY_CEILING,
) -> Opened:
    """Open a vault with a passphrase, a key text, a passkey's credential id and PRF output, or two of them."""
    if (key is not None and passkey is not None) or (passphrase is None and key is None and passkey is None):
        raise ModelError("invalid_input")
    if passkey is not None and (not passkey[0] or len(passkey[1]) != 32):
        raise ModelError("invalid_input")
    secret = None if passphrase is None else crypto.passphrase_bytes(passphrase)
    named = None if key is None else texts.read_key(key)
    seen = None if pin is None else texts.read_pin(pin)
    frame = layout.parse(data)
    for slot in frame.slots:
        layout.check_cost(slot, allow_weak_kdf=allow_weak_kdf, memory_ceiling=memory_ceiling)
    layout.check_sums(frame.slots)

    slot, slot_key = find_slot(frame, secret, named, passkey)
    payload = open_payload(frame.vault_id, slot, slot_key)
    root_key: bytes | None = None
    keyring: Map | None = None
    if slot.scope == OWNER:
        root_key = contents.take(payload, "root_key", 32)
        keyring = read_root(frame, root_key)
    opened = Opened(frame, slot, slot_key, payload, root_key, keyring, compartments_of(frame, payload, keyring))
    for one in opened.compartments.values():
        one.open()
    if seen is not None:
        check_pin(opened, seen)
    return opened
