"""The frame of a vault and the cost of its slots (FORMAT.md, sections 2, 6.1 and 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.cbor import BIGGEST
from model.crypto import ARGON2ID, NO_KDF, PBKDF2
from model.errors import ModelError

MAGIC = bytes.fromhex("89") + b"STRONGROOM\r\n\x1a\n"
VERSION = 1
OWNER, HOLDER = 1, 2
BY_PASSPHRASE, BY_KEY, BY_BOTH = 1, 2, 3

VAULT_BYTES = 64 << 20
SLOTS = 64
PASSPHRASE_SLOTS = 8
COMPARTMENTS = 1024
RECORDS = 65535
KEYRING_BYTES = 512 << 10
PAYLOAD_BYTES = 256 << 10
META_BYTES = 4 << 10
SECRET_BYTES = 64 << 10
HINT_BYTES = 1023
AROUND = 40  # nonce and tag

MEMORY_CEILING, PASSES_CEILING, LANES_CEILING, ITERATIONS_CEILING = 262_144, 16, 4, 10_000_000
MEMORY_FLOOR, PRODUCT_FLOOR, ITERATIONS_FLOOR = 19_456, 38_912, 600_000
PRODUCT_SUM, ITERATIONS_SUM = 8_388_608, 20_000_000


@dataclass(frozen=True)
class Slot:
    """One SLOT as it stands in the file."""

    head: bytes
    commit: bytes
    sealed: bytes

    @property
    def id(self) -> bytes:
        return self.head[:8]

    @property
    def scope(self) -> int:
        return self.head[8]

    @property
    def factors(self) -> int:
        return self.head[9]

    @property
    def kdf(self) -> int:
        return self.head[10]

    @property
    def costs(self) -> tuple[int, int, int]:
        return int.from_bytes(self.head[11:15], "big"), int.from_bytes(self.head[15:19], "big"), self.head[19]

    @property
    def hint(self) -> bytes:
        return self.head[54:]

    @property
    def raw(self) -> bytes:
        return self.head + self.commit + len(self.sealed).to_bytes(4, "big") + self.sealed


@dataclass(frozen=True)
class Part:
    """One COMPARTMENT as it stands in the file, with its directory line."""

    id: int
    epoch: int
    revision: int
    records: bytes
    mac: bytes

    @property
    def raw(self) -> bytes:
        return self.covered + self.mac

    @property
    def covered(self) -> bytes:
        """The bytes of the COMPARTMENT that comp_mac covers."""
        return self.revision.to_bytes(8, "big") + len(self.records).to_bytes(4, "big") + self.records


@dataclass(frozen=True)
class Frame:
    """A vault taken apart, with nothing decrypted."""

    vault_id: bytes
    root_revision: int
    keyring: bytes
    slots: list[Slot]
    parts: list[Part]
    root_part: bytes

    @property
    def root_mac(self) -> bytes:
        return self.root_part[-32:]

    def part(self, comp_id: int) -> Part | None:
        return next((part for part in self.parts if part.id == comp_id), None)

    def slot(self, slot_id: bytes) -> Slot | None:
        return next((slot for slot in self.slots if slot.id == slot_id), None)


class Cursor:
    """Reads fields one after the other; what is missing is `format`."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise ModelError("format")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def counter(self) -> int:
        value = self.number(8)
        if not 1 <= value <= BIGGEST:
            raise ModelError("format")
        return value

    def sealed(self, size: int, limit: int) -> bytes:
        """A length of `size` bytes, and the SEALED that it counts."""
        length = self.number(size)
        if length > limit + AROUND:
            raise ModelError("limit")
        if length < 64 + AROUND or (length - AROUND) % 64:
            raise ModelError("format")
        return self.take(length)


def _slot(at: Cursor) -> Slot:
    start = at.at
    at.take(8)
    scope = at.number(1)
    if scope not in (OWNER, HOLDER):
        raise ModelError("format")
    factors = at.number(1)
    if factors not in (BY_PASSPHRASE, BY_KEY, BY_BOTH):
        raise ModelError("format")
    if at.number(1) > PBKDF2:
        raise ModelError("format")
    at.take(4 + 4 + 1)
    at.take(32)
    hint = at.number(2)
    if hint > HINT_BYTES:
        raise ModelError("limit")
    if hint and factors == BY_PASSPHRASE:
        raise ModelError("format")
    at.take(hint)
    head = at.data[start : at.at]
    return Slot(head, at.take(32), at.sealed(4, PAYLOAD_BYTES))


def parse(data: bytes) -> Frame:
    """Section 6.1."""
    if len(data) > VAULT_BYTES:
        raise ModelError("limit")
    if data[:15] != MAGIC:
        raise ModelError("format")
    at = Cursor(data, 15)
    if at.number(1) != VERSION:
        raise ModelError("unsupported_version")
    vault_id = at.take(16)
    root_revision = at.counter()
    slot_count = at.number(2)
    if slot_count > SLOTS:
        raise ModelError("limit")
    if slot_count == 0:
        raise ModelError("format")
    comp_count = at.number(2)
    if comp_count > COMPARTMENTS:
        raise ModelError("limit")
    keyring = at.sealed(4, KEYRING_BYTES)
    slots: list[Slot] = []
    for _ in range(slot_count):
        slot = _slot(at)
        if slots and slot.id <= slots[-1].id:
            raise ModelError("format")
        if sum(one.factors != BY_KEY for one in [*slots, slot]) > PASSPHRASE_SLOTS:
            raise ModelError("limit")
        if slot.hint and any(slot.hint == one.hint for one in slots):
            raise ModelError("format")
        slots.append(slot)
    if all(slot.scope != OWNER for slot in slots):
        raise ModelError("format")
    lines: list[tuple[int, int]] = []
    for _ in range(comp_count):
        comp_id = at.number(2)
        if lines and comp_id <= lines[-1][0]:
            raise ModelError("format")
        lines.append((comp_id, at.counter()))
    at.take(32)
    root_part = data[: at.at]
    parts: list[Part] = []
    for comp_id, epoch in lines:
        revision = at.number(8)
        records = at.take(at.number(4))
        parts.append(Part(comp_id, epoch, revision, records, at.take(32)))
    if at.at != len(data):
        raise ModelError("format")
    return Frame(vault_id, root_revision, keyring, slots, parts, root_part)


def check_cost(slot: Slot, *, allow_weak_kdf: bool, memory_ceiling: int = MEMORY_CEILING) -> None:
    """Steps 1 to 3 of section 6.2."""
    a, b, c = slot.costs
    if (slot.factors == BY_KEY) != (slot.kdf == NO_KDF):
        raise ModelError("format")
    if slot.kdf == NO_KDF:
        if a or b or c:
            raise ModelError("format")
    elif slot.kdf == ARGON2ID:
        if b == 0 or c == 0 or a < 8 * c:
            raise ModelError("format")
        if a > memory_ceiling or b > PASSES_CEILING or c > LANES_CEILING:
            raise ModelError("limit")
        if not allow_weak_kdf and (a < MEMORY_FLOOR or a * b < PRODUCT_FLOOR):
            raise ModelError("weak_kdf")
    else:
        if b or c or a == 0:
            raise ModelError("format")
        if a > ITERATIONS_CEILING:
            raise ModelError("limit")
        if not allow_weak_kdf and a < ITERATIONS_FLOOR:
            raise ModelError("weak_kdf")


def check_sums(slots: Sequence[Slot]) -> None:
    """The end of section 6.2: what all slots cost together."""
    if sum(slot.costs[0] * slot.costs[1] for slot in slots if slot.kdf == ARGON2ID) > PRODUCT_SUM:
        raise ModelError("limit")
    if sum(slot.costs[0] for slot in slots if slot.kdf == PBKDF2) > ITERATIONS_SUM:
        raise ModelError("limit")
