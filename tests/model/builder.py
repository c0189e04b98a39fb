"""Builds a vault out of a description, right or wrong in any part of it.

Every field has its right value by default. What is given is taken as it is: a plaintext as bytes is sealed as those
bytes, a MAC that is given is not computed. So a description can say exactly one fault, with everything that covers the
fault made again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from model import cbor, crypto, layout
from model.crypto import ARGON2ID, NO_KDF, PBKDF2, Random, u16, u32, u64
from model.layout import BY_BOTH, BY_KEY, BY_PASSPHRASE, HOLDER, OWNER

Plain = cbor.Map | bytes  # a map is encoded and padded; bytes are taken as they are
FLOOR = (layout.MEMORY_FLOOR, 2, 1)


@dataclass
class RecordSpec:
    id: bytes
    meta: Plain
    secret: Plain
    meta_nonce: bytes | None = None
    secret_nonce: bytes | None = None
    meta_sealed: bytes | None = None
    secret_sealed: bytes | None = None
    meta_len: int | None = None
    secret_len: int | None = None
    raw: bytes | None = None


@dataclass
class CompartmentSpec:
    id: int
    name: str
    key: bytes
    records: list[RecordSpec] = field(default_factory=list[RecordSpec])
    epoch: int = 1
    revision: int = 1
    created: int = 0
    body: bytes | None = None  # instead of the records
    len: int | None = None
    mac: bytes | None = None
    raw: bytes | None = None
    line: bytes | None = None


@dataclass
class SlotSpec:
    id: bytes
    label: str
    salt: bytes
    scope: int = OWNER
    key: bytes | None = None
    passphrase: str | None = None
    kdf: int | None = None  # Argon2id where there is a passphrase
    costs: tuple[int, int, int] | None = None
    factors: int | None = None
    hint: bytes = b""
    hint_len: int | None = None
    compartments: list[int] = field(default_factory=list[int])  # of a holder
    created: int = 0
    payload: Plain | None = None
    payload_key: bytes | None = None
    payload_nonce: bytes | None = None
    slot_key: bytes | None = None
    commit: bytes | None = None
    sealed: bytes | None = None
    len: int | None = None
    raw: bytes | None = None
    head_bytes: bytes | None = None

    @property
    def head(self) -> bytes:
        if self.head_bytes is not None:
            return self.head_bytes
        factors = self.factors
        if factors is None:
            factors = BY_KEY if self.passphrase is None else BY_PASSPHRASE if self.key is None else BY_BOTH
        kdf = self.kdf
        if kdf is None:
            kdf = NO_KDF if self.passphrase is None else ARGON2ID
        costs = self.costs
        if costs is None:
            costs = {NO_KDF: (0, 0, 0), ARGON2ID: FLOOR, PBKDF2: (layout.ITERATIONS_FLOOR, 0, 0)}[kdf]
        a, b, c = costs
        hint_len = len(self.hint) if self.hint_len is None else self.hint_len
        fixed = self.id + bytes([self.scope, factors, kdf]) + u32(a) + u32(b) + bytes([c])
        return fixed + self.salt + u16(hint_len) + self.hint

    def keys(self, vault_id: bytes) -> tuple[bytes, bytes]:
        """slot_key and commit; given ones need no derivation."""
        if self.slot_key is not None and self.commit is not None:
            return self.slot_key, self.commit
        passphrase = None if self.passphrase is None else crypto.passphrase_bytes(self.passphrase)
        slot_key, commit = crypto.slot_keys(vault_id, self.head, passphrase, self.key)
        return self.slot_key or slot_key, self.commit or commit


@dataclass
class VaultSpec:
    vault_id: bytes
    root_key: bytes
    slots: list[SlotSpec]
    compartments: list[CompartmentSpec] = field(default_factory=list[CompartmentSpec])
    root_revision: int = 1
    magic: bytes = layout.MAGIC
    version: int = layout.VERSION
    slot_count: int | None = None
    comp_count: int | None = None
    keyring: Plain | None = None
    keyring_nonce: bytes | None = None
    keyring_sealed: bytes | None = None
    keyring_len: int | None = None
    root_mac: bytes | None = None
    trailer: bytes = b""


@dataclass
class Built:
    """The vault's bytes, and where its parts start and end."""

    data: bytes
    at: dict[str, tuple[int, int]]
    slot_keys: list[bytes]


class _Output:
    def __init__(self) -> None:
        self.data = bytearray()
        self.at: dict[str, tuple[int, int]] = {}

    def add(self, name: str, part: bytes) -> None:
        self.at[name] = (len(self.data), len(self.data) + len(part))
        self.data += part


def plain(content: Plain) -> bytes:
    return content if isinstance(content, bytes) else cbor.pad(cbor.encode(content))


def _seal(key: bytes, content: Plain, aad: bytes, nonce: bytes | None, random: Random) -> bytes:
    return crypto.seal(key, plain(content), aad, random if nonce is None else lambda _: nonce)


def payload_of(slot: SlotSpec, spec: VaultSpec) -> cbor.Map:
    """The right payload of a slot."""
    if slot.scope != HOLDER:
        return {"root_key": spec.root_key}
    return {
        "compartments": [
            {"id": one.id, "epoch": one.epoch, "key": one.key, "name": one.name}
            for one in spec.compartments
            if one.id in slot.compartments
        ]
    }


def keyring_of(spec: VaultSpec, slot_keys: list[bytes]) -> cbor.Map:
    """The right keyring."""
    return {
        "slots": [
            {"id": slot.id, "key": key, "label": slot.label, "created": slot.created}
            for slot, key in zip(spec.slots, slot_keys, strict=True)
        ],
        "compartments": [
            {"id": one.id, "key": one.key, "name": one.name, "created": one.created} for one in spec.compartments
        ],
    }


def build_record(spec: VaultSpec, part: CompartmentSpec, record: RecordSpec, random: Random = os.urandom) -> bytes:
    """The bytes of one RECORD."""
    if record.raw is not None:
        return record.raw
    enc, _ = crypto.compartment_keys(part.key, spec.vault_id, part.id, part.epoch)

    def sealed(name: str, content: Plain, nonce: bytes | None) -> bytes:
        return _seal(
            enc, content, crypto.record_aad(name, spec.vault_id, part.id, part.epoch, record.id), nonce, random
        )

    meta = record.meta_sealed or sealed("meta", record.meta, record.meta_nonce)
    secret = record.secret_sealed or sealed("secret", record.secret, record.secret_nonce)
    meta_len = len(meta) if record.meta_len is None else record.meta_len
    secret_len = len(secret) if record.secret_len is None else record.secret_len
    return record.id + u16(meta_len) + meta + u32(secret_len) + secret


def build_compartment(spec: VaultSpec, part: CompartmentSpec, random: Random = os.urandom) -> bytes:
    """The bytes of one COMPARTMENT."""
    if part.raw is not None:
        return part.raw
    body = part.body
    if body is None:
        body = b"".join(build_record(spec, part, record, random) for record in part.records)
    covered = u64(part.revision) + u32(len(body) if part.len is None else part.len) + body
    _, mac_key = crypto.compartment_keys(part.key, spec.vault_id, part.id, part.epoch)
    start = layout.MAGIC + bytes([layout.VERSION]) + spec.vault_id + u16(part.id) + u64(part.epoch)
    return covered + (part.mac or crypto.mac(mac_key, start + covered))


def build(spec: VaultSpec, random: Random = os.urandom) -> Built:
    """The vault that `spec` describes."""
    root_mac_key, keyring_key = crypto.expand(spec.root_key, "root-keys", spec.vault_id)
    keys = [slot.keys(spec.vault_id) for slot in spec.slots]
    slot_keys = [slot_key for slot_key, _ in keys]
    out = _Output()
    out.add("magic", spec.magic)
    out.add("version", bytes([spec.version]))
    out.add("vault_id", spec.vault_id)
    out.add("root_revision", u64(spec.root_revision))
    out.add("slot_count", u16(len(spec.slots) if spec.slot_count is None else spec.slot_count))
    out.add("comp_count", u16(len(spec.compartments) if spec.comp_count is None else spec.comp_count))

    keyring = spec.keyring_sealed
    if keyring is None:
        content = keyring_of(spec, slot_keys) if spec.keyring is None else spec.keyring
        aad = crypto.label("keyring") + spec.vault_id
        keyring = _seal(keyring_key, content, aad, spec.keyring_nonce, random)
    out.add("keyring_len", u32(len(keyring) if spec.keyring_len is None else spec.keyring_len))
    out.add("keyring", keyring)

    for number, (slot, (slot_key, commit)) in enumerate(zip(spec.slots, keys, strict=True)):
        name = f"slot{number}"
        if slot.raw is not None:
            out.add(name, slot.raw)
            continue
        start = len(out.data)
        sealed = slot.sealed
        if sealed is None:
            payload = payload_of(slot, spec) if slot.payload is None else slot.payload
            aad = crypto.label("slot") + spec.vault_id + slot.head
            sealed = _seal(slot.payload_key or slot_key, payload, aad, slot.payload_nonce, random)
        out.add(name + ".head", slot.head)
        out.add(name + ".commit", commit)
        out.add(name + ".len", u32(len(sealed) if slot.len is None else slot.len))
        out.add(name + ".sealed", sealed)
        out.at[name] = (start, len(out.data))

    start = len(out.data)
    for number, part in enumerate(spec.compartments):
        out.add(f"line{number}", part.line or u16(part.id) + u64(part.epoch))
    out.at["directory"] = (start, len(out.data))
    out.add("root_mac", spec.root_mac or crypto.mac(root_mac_key, bytes(out.data)))
    for number, part in enumerate(spec.compartments):
        out.add(f"compartment{number}", build_compartment(spec, part, random))
    out.add("trailer", spec.trailer)
    return Built(bytes(out.data), out.at, slot_keys)


__all__ = [
    "Built", "CompartmentSpec", "RecordSpec", "SlotSpec", "VaultSpec", "build", "build_compartment", "build_record",
    "keyring_of", "payload_of", "plain", "replace",
]  # fmt: skip
