"""The root part as its owner changes it, and the making of slots (FORMAT.md, sections 3.3, 6.2, 8 and 9)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from model import cbor, contents, crypto, layout
from model.builder import SlotSpec
from model.cbor import BIGGEST, Cbor, Map
from model.contents import maps, take
from model.crypto import Random
from model.errors import ModelError
from model.layout import BY_KEY, BY_PASSPHRASE, HOLDER, OWNER, Frame, Slot
from model.reader import Compartment, open_payload

Prf = Callable[[bytes], bytes]  # a passkey: `eval.first` to the output `first`


class Ways(TypedDict, total=False):
    """What opens a slot that is made, and at which cost."""

    passphrase: str
    key: bytes | bool  # a key text is handed out: for this key, or for a new random one
    credential_id: bytes
    prf: Prf
    kdf: int
    costs: tuple[int, int, int]


def fresh(size: int, taken: Iterable[bytes], random: Random) -> bytes:
    while (found := random(size)) in taken:
        pass
    return found


def new_slot(
    vault_id: bytes, slot_id: bytes, scope: int, label: str, ways: Ways, others: list[Slot], random: Random
) -> tuple[Slot, bytes, bytes | None]:
    """A slot without its payload, its slot_key, and the key that a key text is to carry."""
    passphrase = ways.get("passphrase")
    if passphrase is not None:
        crypto.passphrase_bytes(passphrase, new=True)
    salt = random(32)
    hint = ways.get("credential_id", b"")
    given = ways.get("key", False)
    key = given if isinstance(given, bytes) else random(32) if given else None
    text_key = key
    if "prf" in ways:
        if key is not None or not hint:
            raise ModelError("invalid_input")
        key = ways["prf"](crypto.label("prf") + vault_id + salt)
    if passphrase is None and key is None:
        raise ModelError("invalid_input")
    kdf = ways.get("kdf", None if passphrase is None else crypto.ARGON2ID)
    costs = ways.get("costs", (65_536, 3, 4) if kdf == crypto.ARGON2ID else None)
    spec = SlotSpec(slot_id, label, salt, scope, key, passphrase, kdf, costs, hint=hint)
    if len(hint) > layout.HINT_BYTES:
        raise ModelError("limit")
    if hint and any(hint == other.hint for other in others):
        raise ModelError("exists")
    draft = Slot(spec.head, b"", b"")
    layout.check_cost(draft, allow_weak_kdf=False)
    layout.check_sums([*others, draft])
    if len(others) >= layout.SLOTS:
        raise ModelError("limit")
    if sum(slot.factors != BY_KEY for slot in [*others, draft]) > layout.PASSPHRASE_SLOTS:
        raise ModelError("limit")
    for other in others:  # in use is what opens another slot by itself
        if other.factors == draft.factors and draft.factors in (BY_PASSPHRASE, BY_KEY):
            typed = None if passphrase is None else crypto.passphrase_bytes(passphrase)
            if crypto.same(crypto.slot_keys(vault_id, other.head, typed, key)[1], other.commit):
                raise ModelError("exists")
    slot_key, commit = spec.keys(vault_id)
    return Slot(spec.head, commit, b""), slot_key, text_key


def ways_of(given: Mapping[str, object]) -> Ways:
    known: Ways = {}
    unknown = given.keys() - Ways.__annotations__.keys()
    if unknown:
        raise TypeError("no such way into a slot")
    known.update(given)  # type: ignore[typeddict-item]
    return known


@dataclass
class Root:
    """The root part as its owner changes it."""

    vault_id: bytes
    revision: int  # of the root part as stored; a save writes one more
    root_key: bytes
    keyring: Map
    slots: dict[bytes, Slot]
    payloads: dict[bytes, Map | None]  # None is one that does not open
    epochs: dict[int, int]
    dirty: set[bytes] = field(default_factory=set[bytes])

    @classmethod
    def of(cls, frame: Frame, root_key: bytes, keyring: Map) -> Root:
        payloads: dict[bytes, Map | None] = {}
        for slot, item in zip(frame.slots, maps(keyring, "slots"), strict=True):
            try:
                payloads[slot.id] = open_payload(frame.vault_id, slot, take(item, "key", 32))
            except ModelError:  # noqa: PERF203
                payloads[slot.id] = None
        return cls(
            frame.vault_id,
            frame.root_revision,
            root_key,
            copy.deepcopy(keyring),
            {slot.id: slot for slot in frame.slots},
            payloads,
            {part.id: part.epoch for part in frame.parts},
        )

    @property
    def next(self) -> int:
        if self.revision == BIGGEST:
            raise ModelError("limit")
        return self.revision + 1

    def items(self, key: str) -> list[Cbor]:
        """The keyring's own list, to be changed in place."""
        found = self.keyring[key]
        if not isinstance(found, list):
            raise ModelError("format")
        return found

    def slot_item(self, slot_id: bytes) -> Map:
        return next(item for item in maps(self.keyring, "slots") if item["id"] == slot_id)

    def compartment_item(self, comp_id: int) -> Map:
        return next(item for item in maps(self.keyring, "compartments") if item["id"] == comp_id)

    def compartment(self, comp_id: int) -> Compartment:
        """A compartment with the key and epoch of now."""
        item = self.compartment_item(comp_id)
        name, key = contents.text(item, "name"), take(item, "key", 32)
        return Compartment(comp_id, name, key, self.epochs[comp_id], self.vault_id, None)

    def check_label(self, label: str) -> None:
        if not contents.is_label(label):
            raise ModelError("invalid_input")
        if any(item["label"] == label for item in maps(self.keyring, "slots")):
            raise ModelError("exists")

    def listing(self, slot_id: bytes) -> list[int]:
        """The compartments that a slot has keys of; all, if its payload does not open."""
        payload = self.payloads[slot_id]
        if self.slots[slot_id].scope == OWNER:
            return []
        if payload is None:
            return list(self.epochs)
        return [contents.uint(item, "id") for item in maps(payload, "compartments") if item["id"] in self.epochs]

    def grant_items(self, comp_ids: Iterable[int]) -> Map:
        """The payload of a holder of these compartments."""
        found: list[Cbor] = []
        for comp_id in sorted(comp_ids):
            item = self.compartment_item(comp_id)
            found.append({"id": comp_id, "epoch": self.epochs[comp_id], "key": item["key"], "name": item["name"]})
        return {"compartments": found}

    def add_slot(self, slot: Slot, slot_key: bytes, label: str, created: int, payload: Map) -> None:
        self.slots[slot.id] = slot
        self.payloads[slot.id] = payload
        self.dirty.add(slot.id)
        items = self.items("slots")
        items.append({"id": slot.id, "key": slot_key, "label": label, "created": created})
        items.sort(key=lambda item: item["id"] if isinstance(item, dict) and isinstance(item["id"], bytes) else b"")

    def drop_slot(self, slot_id: bytes) -> None:
        del self.slots[slot_id], self.payloads[slot_id]
        self.dirty.discard(slot_id)
        self.items("slots").remove(self.slot_item(slot_id))

    def take_out(self, slot_id: bytes, comp_id: int) -> None:
        """A compartment goes out of a slot's payload, and with the last one the slot."""
        payload = self.payloads[slot_id]
        if payload is None or self.slots[slot_id].scope != HOLDER:
            return
        rest: list[Cbor] = [item for item in maps(payload, "compartments") if item["id"] != comp_id]
        if not rest:
            self.drop_slot(slot_id)
        elif len(rest) < len(maps(payload, "compartments")):
            payload["compartments"] = rest
            self.dirty.add(slot_id)

    def new_key(self, comp_id: int, random: Random) -> None:
        """A new random key and epoch, handed to every slot that lists the compartment."""
        key = random(32)
        self.compartment_item(comp_id)["key"] = key
        self.epochs[comp_id] = self.next
        for slot_id, payload in self.payloads.items():
            if payload is not None and self.slots[slot_id].scope == HOLDER:
                for item in maps(payload, "compartments"):
                    if item["id"] == comp_id:
                        item["key"], item["epoch"] = key, self.next
                        self.dirty.add(slot_id)

    def write(self, random: Random) -> bytes:
        """The root part's bytes at the next revision."""
        for slot_id in sorted(self.dirty):
            slot, payload = self.slots[slot_id], self.payloads[slot_id]
            if payload is not None:
                plaintext = cbor.pad(cbor.encode(payload))
                if len(plaintext) > layout.PAYLOAD_BYTES:
                    raise ModelError("limit")
                aad = crypto.label("slot") + self.vault_id + slot.head
                sealed = crypto.seal(take(self.slot_item(slot_id), "key", 32), plaintext, aad, random)
                self.slots[slot_id] = Slot(slot.head, slot.commit, sealed)
        mac_key, keyring_key = crypto.expand(self.root_key, "root-keys", self.vault_id)
        plaintext = cbor.pad(cbor.encode(self.keyring))
        if len(plaintext) > layout.KEYRING_BYTES:
            raise ModelError("limit")
        keyring = crypto.seal(keyring_key, plaintext, crypto.label("keyring") + self.vault_id, random)
        counts = crypto.u16(len(self.slots)) + crypto.u16(len(self.epochs))
        covered = layout.MAGIC + bytes([layout.VERSION]) + self.vault_id + crypto.u64(self.next) + counts
        covered += crypto.u32(len(keyring)) + keyring
        covered += b"".join(self.slots[slot_id].raw for slot_id in sorted(self.slots))
        covered += b"".join(crypto.u16(comp_id) + crypto.u64(epoch) for comp_id, epoch in sorted(self.epochs.items()))
        return covered + crypto.mac(mac_key, covered)
