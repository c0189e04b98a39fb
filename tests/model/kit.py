"""Makes the test vectors of FORMAT.md's appendix B: `PYTHONPATH=tests python -m model.kit` writes tests/vectors/vault.

Each vector is one JSON file with the vault in base64 and what is expected. The same bytes come out at every run, as all
randomness is drawn from the vector's name; so a change of the files shows what changed in the format.

The keys of a vector, of which the first three are always there. Bytes are in hexadecimal where nothing else is said.

- `name`, `comment`; `expect` as in the table of FORMAT.md
- `vault`: base64
- `made`: how to make a large vault: bytes that repeat, or records to put into `vault` (see `with_records`)
- `opener`: `key` text, `passphrase` (or in UTF-16BE, `passphrase_utf16`), `credential_id` and `prf_output`, `pin`,
  `allow_weak_kdf`
- `sees`: what is then there; bytes inside are `{"hex": ..}`. `has`: a slot and its label
- `damage`: what the open reports. Without it, nothing
- `use`: after the open, the entry `name` is used, and `expect` is the result of that; `good` can be used
- `also`: the same vault with another opener
- `change`: what a writer does, who then saves; a passkey answers with `prf_output`, whatever it is asked. `stored`:
  base64 of what is stored at the save, if not `vault`
- `then`: what the bytes that were saved hold, for some openers: `expect`, `secrets` of the current versions, `damage`,
  `part` (epoch and revision of a compartment), `same_record` and `same_part` (bytes that have not changed)
- `dropped`: damage that the change lists as dropped
- `twice`: the change is made twice, each time from these bytes, and the two keys of binance differ
- `also_changed`: the same with another vault and change
- `text` and `texts`: key or pin texts to read. `holds`: what is in them
- `file`: what section 10.2 is asked to do
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from model import cbor, crypto, layout, texts
from model.builder import (
    CompartmentSpec,
    Plain,
    RecordSpec,
    SlotSpec,
    VaultSpec,
    build,
    build_compartment,
    build_record,
    keyring_of,
    payload_of,
)
from model.cbor import BIGGEST, MAP, Map, encode, head, pad
from model.crypto import ARGON2ID, PBKDF2, Random, label
from model.layout import HOLDER, OWNER
from model.reader import Opened
from model.reader import open as open_vault
from model.writer import Writer

HERE = Path(__file__).parent.parent / "vectors"
NOW = 1_700_000_000
Json = dict[str, Any]


def stream(seed: str) -> Random:
    """Bytes that look random and are the same for one seed at every run."""
    at = 0

    def random(size: int) -> bytes:
        nonlocal at
        at += 1
        return hashlib.shake_256(f"strongroom test vectors/{seed}/{at}".encode()).digest(size)

    return random


_fixed = stream("what all vectors share")
VAULT_ID, ROOT_KEY, OWNER_KEY, HOLDER_KEY, OTHER_KEY = _fixed(16), _fixed(32), _fixed(32), _fixed(32), _fixed(32)
SALTS = [_fixed(32) for _ in range(128)]
BINANCE_KEY, KRAKEN_KEY, OLD_KEY = _fixed(32), _fixed(32), _fixed(32)
OWNER_ID, HOLDER_ID, OTHER_ID = b"\x10" * 8, b"\x20" * 8, b"\x30" * 8
MAIN_ID, SPARE_ID, THIRD_ID, KRAKEN_ID = (bytes([number]) * 16 for number in (0x11, 0x22, 0x33, 0x55))
AS_OWNER: Json = {"key": texts.write_key(OWNER_ID, OWNER_KEY)}
AS_HOLDER: Json = {"key": texts.write_key(HOLDER_ID, HOLDER_KEY)}
AS_OTHER: Json = {"key": texts.write_key(OTHER_ID, OTHER_KEY)}
PASSPHRASE = "correct horse battery staple"
FLOOR = [19_456, 2, 1]


def meta(name: str = "main", **more: Any) -> Map:
    """Metadata with what must be there."""
    base: Map = {"name": name, "kind": "api_key", "created": NOW, "updated": NOW, "version": 1, "state": "current"}
    return {**base, **more}


def secret(**fields: cbor.Cbor) -> Map:
    return fields or {"key": "k-123", "secret": b"s-456"}


def record(record_id: bytes = MAIN_ID, name: str = "main", fields: Map | None = None, **more: Any) -> RecordSpec:
    return RecordSpec(record_id, meta(name, **more), secret() if fields is None else fields)


def owner_slot(**changes: Any) -> SlotSpec:
    return replace(SlotSpec(OWNER_ID, "owner", SALTS[0], key=OWNER_KEY, created=NOW), **changes)


def holder_slot(**changes: Any) -> SlotSpec:
    slot = SlotSpec(HOLDER_ID, "bot", SALTS[1], HOLDER, key=HOLDER_KEY, compartments=[1], created=NOW)
    return replace(slot, **changes)


def other_slot(**changes: Any) -> SlotSpec:
    """A third slot, as a rule one that is not tried."""
    return replace(SlotSpec(OTHER_ID, "other", SALTS[2], key=OTHER_KEY, created=NOW), **changes)


def untried(number: int, costs: tuple[int, int, int], kdf: int = ARGON2ID, **changes: Any) -> SlotSpec:
    """A passphrase slot that nothing is derived for."""
    made = stream(f"slot {number}")
    slot = SlotSpec(bytes([0x40 + number]) * 8, f"phrase {number}", SALTS[8 + number], created=NOW)
    slot = replace(slot, factors=1, kdf=kdf, costs=costs, slot_key=made(32), commit=made(32))
    return replace(slot, **changes)


def binance(*records: RecordSpec, **changes: Any) -> CompartmentSpec:
    part = CompartmentSpec(1, "binance", BINANCE_KEY, list(records) or [record()], 3, 7, NOW)
    return replace(part, **changes)


def kraken(**changes: Any) -> CompartmentSpec:
    records = [record(KRAKEN_ID, fields={"key": "k-789"})]
    return replace(CompartmentSpec(2, "kraken", KRAKEN_KEY, records, 1, 2, NOW), **changes)


def vault(*slots: SlotSpec, parts: list[CompartmentSpec] | None = None, **changes: Any) -> VaultSpec:
    """A good vault with an owner, a holder of binance, and two compartments."""
    chosen = list(slots) or [owner_slot(), holder_slot()]
    return replace(
        VaultSpec(VAULT_ID, ROOT_KEY, chosen, [binance(), kraken()] if parts is None else parts, 5), **changes
    )


def jumbled(content: Map) -> bytes:
    """The map with its keys in the wrong order, padded."""
    items = sorted((encode(key) + encode(value) for key, value in content.items()), reverse=True)
    return pad(head(MAP, len(items)) + b"".join(items))


def with_raw(raw: bytes, count: int = 1) -> bytes:
    """Metadata with `raw`, which is `count` encoded keys and values, in front: all known keys are longer than two."""
    whole = meta()
    return pad(head(MAP, len(whole) + count) + raw + encode(whole)[1:])


def under_x(raw: bytes) -> bytes:
    """Metadata with an unknown key `x` of this encoded value."""
    return with_raw(encode("x") + raw)


def sized(content: Map, key: str, size: int, unit: cbor.Cbor = "k") -> Map:
    """The map with as much under `key` that its encoding has `size` bytes."""
    for length in range(size, -1, -1):
        filled: Map = {**content, key: unit * length if isinstance(unit, (str, bytes)) else unit}
        if len(encode(filled)) == size:
            return filled
    raise AssertionError("no such size")


def keyring(spec: VaultSpec, change: Callable[[Any], None]) -> VaultSpec:
    """The vault with another keyring, everything else made again."""
    content: Any = keyring_of(spec, [slot.keys(spec.vault_id)[0] for slot in spec.slots])
    change(content)
    return replace(spec, keyring=content)


def payload(spec: VaultSpec, number: int, change: Callable[[Any], None]) -> VaultSpec:
    """The vault with another payload in one slot."""
    content: Any = payload_of(spec.slots[number], spec)
    change(content)
    slots = list(spec.slots)
    slots[number] = replace(slots[number], payload=content)
    return replace(spec, slots=slots)


def flip(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def put(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def plain_json(value: cbor.Cbor | None) -> Any:
    """A value of CBOR as JSON."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_json(item) for item in value]
    return value


def seen(spec: VaultSpec, scope: str = "owner", ids: list[int] | None = None, without: tuple[bytes, ...] = ()) -> Json:
    """What an opener sees of a vault as described, without damaged records."""
    entries: dict[str, list[Json]] = {}
    parts = [part for part in spec.compartments if ids is None or part.id in ids]
    for part in parts:
        for one in part.records:
            if isinstance(one.meta, dict) and one.id not in without:
                version: Json = {
                    "version": one.meta["version"],
                    "state": one.meta["state"],
                    "meta": plain_json(one.meta),
                }
                version["secret"] = plain_json(one.secret) if isinstance(one.secret, dict) else None
                entries.setdefault(f"{part.name}/{one.meta['name']!s}", []).append(version)
    for versions in entries.values():
        versions.sort(key=lambda version: int(version["version"]))
    return {"scope": scope, "compartments": [part.name for part in parts], "entries": entries}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Kit:
    """The vectors made so far."""

    def __init__(self) -> None:
        self.vectors: dict[str, Json] = {}

    def add(self, name: str, expect: str, comment: str, **more: Any) -> None:
        if name in self.vectors:
            raise AssertionError("a vector of this name is there")
        data = more.pop("vault", None)
        stored = more.pop("stored", None)
        vector: Json = {"name": name, "comment": comment, "expect": expect, **more}
        if data is not None:
            vector["vault"] = b64(data)
        if stored is not None:
            vector["stored"] = b64(stored)
        self.vectors[name] = vector

    def good(self, name: str, comment: str, spec: VaultSpec, opener: Json = AS_OWNER, **more: Any) -> None:
        sees = more.pop("sees", None) or seen(spec)
        self.add(name, "ok", comment, opener=opener, sees=sees, vault=build(spec, stream(name)).data, **more)

    def bad(self, name: str, code: str, comment: str, spec: VaultSpec, opener: Json = AS_OWNER, **more: Any) -> None:
        self.add(name, code, comment, opener=opener, vault=build(spec, stream(name)).data, **more)

    def raw(self, name: str, code: str, comment: str, data: bytes, opener: Json = AS_OWNER, **more: Any) -> None:
        self.add(name, code, comment, opener=opener, vault=data, **more)


# ---- B.1 ----

WAYS = ["owner", "owner by passphrase", "owner by both", "owner by passkey", "bot", "bot by passphrase", "bot by both"]


def full() -> tuple[VaultSpec, dict[str, Json]]:
    """A vault with everything, and what opens each of its slots."""
    made = stream("full, fixed")
    openers: dict[str, Json] = {}
    slots: list[SlotSpec] = []

    def slot(number: int, name: str, scope: int, **ways: Any) -> None:
        one = SlotSpec(bytes([number]) * 8, name, SALTS[16 + number], scope, created=NOW, **ways)
        slots.append(one)
        opener: Json = {}
        if one.passphrase is not None:
            opener["passphrase"] = one.passphrase
        if one.key is not None and one.hint:
            opener |= {"credential_id": one.hint.hex(), "prf_output": one.key.hex()}
        elif one.key is not None:
            opener["key"] = texts.write_key(one.id, one.key)
        openers[name] = opener

    slot(1, "owner", OWNER, key=made(32))
    slot(2, "owner by passphrase", OWNER, passphrase=PASSPHRASE)
    slot(3, "owner by PBKDF2", OWNER, passphrase=PASSPHRASE + " 2", kdf=PBKDF2)
    slot(4, "owner by both", OWNER, passphrase=PASSPHRASE, key=made(32))
    slot(5, "owner by passkey", OWNER, key=made(32), hint=made(16))
    slot(6, "owner by passkey and passphrase", OWNER, key=made(32), hint=made(32), passphrase=PASSPHRASE + " 3")
    slot(7, "bot", HOLDER, key=made(32), compartments=[1])
    slot(8, "bot by passphrase", HOLDER, passphrase=PASSPHRASE + " 4", compartments=[1])
    slot(9, "bot by both", HOLDER, passphrase=PASSPHRASE + " 5", key=made(32), compartments=[1])
    every: Json = {
        "expires_at": NOW + 86_400,
        "rotate_after": NOW + 43_200,
        "tags": ["aa", "live", "z"],
        "note": "for the market maker \u2014 read only",
        "info": {"account": "7", "user": "trader@example.com"},
        "policy": {"days": 90, "strict": True, "on": [1, "two", b"\3", False]},
    }
    records = [
        record(b"\1" * 16, version=2, **every),
        record(b"\2" * 16, version=1, state="previous", fields={"key": "old", "secret": b"\0\xff"}),
        record(b"\3" * 16, version=3, state="pending", fields={"key": "new", "secret": "text"}),
        record(b"\4" * 16, name="deep/er", kind="login", fields={}),
    ]
    return vault(*slots, parts=[binance(*records), kraken()]), openers


def good(kit: Kit) -> None:
    kit.good("smallest", "one key slot, no compartment", vault(owner_slot(), parts=[], root_revision=1))
    spec, openers = full()
    data = build(spec, stream("full")).data
    ways = [{"opener": opener, "sees": seen(spec)} for name, opener in openers.items() if name.startswith("owner")]
    kit.raw("full", "ok", "everything that a vault can hold", data, openers["owner"], sees=seen(spec), also=ways)
    bot = seen(spec, "holder", [1])
    ways = [{"opener": opener, "sees": bot} for name, opener in openers.items() if name.startswith("bot")]
    kit.raw("full_as_holder", "ok", "sees its compartment only", data, openers["bot"], sees=bot, also=ways)
    kit.good("no_compartment", "comp_count 0", vault(owner_slot(), other_slot(), parts=[]))
    kit.good("compartment_without_records", "len 0", vault(parts=[binance(records=[]), kraken()]))
    kit.good(
        "compartment_id_zero",
        "comp_id 0",
        vault(holder_slot(compartments=[0], id=b"\1" * 8), owner_slot(), parts=[binance(id=0), kraken()]),
    )
    slots = [owner_slot()]
    for number in range(63):
        ways_in: Json = {"scope": HOLDER, "compartments": [1]} if number % 2 else {}
        slot_id = bytes([0x20 + number]) * 8
        slots.append(
            SlotSpec(slot_id, f"slot {number}", SALTS[number], key=SALTS[127 - number], created=NOW, **ways_in)
        )
    kit.good("slots_64", "the most slots", vault(*slots))
    made = stream("compartments")
    many = [CompartmentSpec(number * 64, f"c{number}", made(32), epoch=2, created=NOW) for number in range(1024)]
    kit.good("compartments_1024", "the most compartments", vault(owner_slot(), parts=many))
    many_records(kit, "records_65535", "ok", "the most records", 65_535)
    kit.good("hint_1023_bytes", "the longest hint", vault(owner_slot(hint=bytes(1023 * [0x5A])), holder_slot()))
    passkey: Json = {"credential_id": "c0ffee" * 4, "prf_output": OWNER_KEY.hex()}
    hinted = owner_slot(hint=bytes.fromhex("c0ffee" * 4))
    kit.good("passkey_slot", "credential id and PRF output", vault(hinted, holder_slot()), passkey)
    eight = [untried(number, (262_144, 4, 4)) for number in range(8)]
    kit.good("argon2_sum_at_ceiling", "8 x 262,144 KiB x 4 passes", vault(owner_slot(), *eight))
    two = [untried(number, (10_000_000, 0, 0), PBKDF2) for number in range(2)]
    kit.good("pbkdf2_sum_at_ceiling", "2 x 10,000,000 iterations", vault(owner_slot(), *two))
    phrase: Json = {"passphrase": PASSPHRASE}
    slot = owner_slot(key=None, passphrase=PASSPHRASE, kdf=PBKDF2)
    kit.good("pbkdf2_slot", "kdf 2", vault(slot, holder_slot()), phrase)
    slot = owner_slot(passphrase=PASSPHRASE)
    kit.good("both_slot", "factors 3", vault(slot, holder_slot()), {**AS_OWNER, **phrase})
    slot, second = owner_slot(key=None, passphrase="another"), other_slot(key=None, passphrase=PASSPHRASE)
    kit.good("passphrase_of_second_slot", "tried in file order", vault(slot, second), phrase)
    slot = owner_slot(key=None, passphrase="Z\u00fcrich \u1e69")
    kit.good(
        "passphrase_in_nfd",
        "decomposed, with marks in another order",
        vault(slot),
        {"passphrase": "Zu\u0308rich s\u0307\u0323"},
    )
    longest = "\u00e4" * 512
    slot = owner_slot(key=None, passphrase=longest)
    kit.good("passphrase_1024_bytes", "512 letters of two bytes", vault(slot), {"passphrase": longest})
    slot = owner_slot(key=None, passphrase=PASSPHRASE, costs=(1024, 1, 1))
    also = [{"opener": phrase, "expect": "weak_kdf"}]
    kit.good("weak_kdf_allowed", "1,024 KiB, 1 pass", vault(slot), {**phrase, "allow_weak_kdf": True}, also=also)
    largest = RecordSpec(MAIN_ID, sized(meta(), "note", 4096), secret())
    kit.good("meta_4096_bytes", "the largest metadata", vault(parts=[binance(largest), kraken()]))
    largest = RecordSpec(MAIN_ID, meta(), sized({}, "blob", 65_536, b"\x5a"))
    kit.good(
        "secret_65536_bytes",
        "the largest secret part",
        vault(parts=[binance(largest), kraken()]),
        use={"name": "binance/main"},
    )
    most = record(fields={f"f{number}": "v" for number in range(64)}, info={f"i{number}": "v" for number in range(64)})
    kit.good(
        "fields_64",
        "the most fields of both sorts",
        vault(parts=[binance(most), kraken()]),
        use={"name": "binance/main"},
    )
    name = "n" * (255 - len("binance/"))
    kit.good("meta_name_255_bytes", "255 with `binance/`", vault(parts=[binance(record(name=name)), kraken()]))
    kit.good(
        "meta_unknown_kind", "kinds are open", vault(parts=[binance(record(kind="quantum \u2603 token")), kraken()])
    )
    deep = record(x=[[[7, "text", True]]])
    kit.good("cbor_depth_4", "the map is depth 1, the arrays are 2 to 4", vault(parts=[binance(deep), kraken()]))
    spec = unknown_keys()
    kit.good("unknown_keys_everywhere", "all must be kept", spec)
    exact = RecordSpec(MAIN_ID, sized({**meta(), "created": 1, "updated": 2, "kind": ""}, "kind", 64), secret())
    kit.good("padding_0", "64 bytes of CBOR", vault(parts=[binance(exact), kraken()]))


def unknown_keys() -> VaultSpec:
    """A vault with an unknown key `x` in every map whose keys are listed."""
    shared = other_slot(scope=HOLDER, compartments=[1])
    spec = vault(owner_slot(), holder_slot(), shared, parts=[binance(record(x={"later": [1]})), kraken()])

    def mark(content: Any) -> None:
        content["x"] = ["kept"]
        for items in content.values():
            for item in items:
                if isinstance(item, dict):
                    item["x"] = b"kept"

    def mark_root(content: Any) -> None:
        content["x"] = True

    return keyring(payload(payload(spec, 1, mark), 0, mark_root), mark)


def many_records(kit: Kit, name: str, expect: str, comment: str, count: int) -> None:
    """A vector that is made at the test: the vault without records, and how to make them."""
    spec = vault(parts=[binance(records=[]), kraken()])
    built = build(spec, stream(name))
    content = pad(encode(meta("r00000")))
    made = {
        "records": count,
        "compartment": 1,
        "comp_key": BINANCE_KEY.hex(),
        "meta": content.hex(),
        "digits_at": content.index(b"r00000") + 1,
        "secret": pad(encode({})).hex(),
        "sha256": hashlib.sha256(with_records(built.data, BINANCE_KEY, content, pad(encode({})), count)).hexdigest(),
    }
    damage = [{"compartment": 1, "name": "binance", "record": None, "code": "limit"}]
    more: Json = {"damage": damage, "sees": seen(spec, ids=[2])} if expect != "ok" else {}
    if more:
        more["sees"]["compartments"] = ["binance", "kraken"]
    kit.raw(name, expect, comment, built.data, made=made, **more)


def with_records(data: bytes, key: bytes, content: bytes, secret_part: bytes, count: int) -> bytes:
    """The vault with records in its first compartment, which has none.

    Record i, from 1, has i as its id and as the nonce of its metadata, and 2^128 + i as the nonce of its secret part;
    the five digits behind the first byte of its name are those of i.
    """
    frame = layout.parse(data)
    part = frame.parts[0]
    at = content.index(b"r00000") + 1
    enc, mac_key = crypto.compartment_keys(key, frame.vault_id, part.id, part.epoch)
    body = bytearray()
    for number in range(1, count + 1):
        record_id = number.to_bytes(16, "big")

        def sealed(name: str, nonce: int, plaintext: bytes, record_id: bytes = record_id) -> bytes:
            aad = crypto.record_aad(name, frame.vault_id, part.id, part.epoch, record_id)
            return crypto.seal(enc, plaintext, aad, lambda size: nonce.to_bytes(size, "big"))

        meta_part = sealed("meta", number, put(content, at, b"%05d" % number))
        other = sealed("secret", (1 << 128) + number, secret_part)
        body += record_id + crypto.u16(len(meta_part)) + meta_part + crypto.u32(len(other)) + other
    covered = crypto.u64(part.revision) + crypto.u32(len(body)) + bytes(body)
    line = crypto.u16(part.id) + crypto.u64(part.epoch)
    mac = crypto.mac(mac_key, layout.MAGIC + b"\1" + frame.vault_id + line + covered)
    return frame.root_part + covered + mac + b"".join(one.raw for one in frame.parts[1:])


# ---- B.2 ----


def truncated(kit: Kit) -> None:
    spec = vault(owner_slot(hint=b"credential"), holder_slot(), parts=[binance()])
    built = build(spec, stream("truncated"))
    start, end = 0, 1

    def cut(name: str, part: str, side: int, offset: int = 0, comment: str = "") -> None:
        kit.raw(f"truncated_{name}", "format", comment or "ends there", built.data[: built.at[part][side] + offset])

    cut("to_nothing", "magic", start, comment="0 bytes")
    cut("in_magic", "magic", end, -1, "14 bytes")
    cut("after_magic", "magic", end, comment="15 bytes, no version")
    cut("after_version", "version", end, comment="16 bytes")
    cut("after_vault_id", "vault_id", end, comment="32 bytes")
    cut("after_root_revision", "root_revision", end, comment="40 bytes")
    cut("after_slot_count", "slot_count", end, comment="42 bytes")
    cut("after_header", "comp_count", end, comment="44 bytes, no keyring len")
    cut("after_keyring_len", "keyring_len", end, comment="no keyring")
    cut("in_keyring", "keyring", end, -1, "a byte of the keyring is missing")
    cut("after_keyring", "keyring", end, comment="no slot")
    cut("in_slot_head", "slot0", start, 53, "53 bytes of a slot")
    cut("in_hint", "slot0.head", end, -1, "a byte of the hint is missing")
    cut("after_slot_head", "slot0.head", end, comment="no commit")
    cut("after_commit", "slot0.commit", end, comment="no payload len")
    cut("in_slot_payload", "slot1.sealed", end, -1, "a byte of the payload is missing")
    cut("after_slots", "slot1", end, comment="no directory")
    cut("in_directory", "line0", end, -1, "9 bytes of a line")
    cut("after_directory", "directory", end, comment="no root_mac")
    cut("in_root_mac", "root_mac", end, -1, "31 bytes")
    cut("after_root_mac", "root_mac", end, comment="comp_count says 1, no compartment")
    cut("after_compartment_revision", "compartment0", start, 8, "no len")
    cut("in_records", "compartment0", end, -33, "a byte of len is missing")
    cut("after_records", "compartment0", end, -32, "no comp_mac")
    data = build(vault(), stream("truncated_by_one_byte")).data
    kit.raw("truncated_by_one_byte", "format", "in a compartment that is not the holder's", data[:-1], AS_HOLDER)


def frame(kit: Kit) -> None:
    made: Json = {"repeat": "00", "times": layout.VAULT_BYTES + 1}
    kit.add("vault_over_64_mib", "limit", "checked before magic", opener=AS_OWNER, made=made)
    truncated(kit)
    kit.bad("magic_flipped", "format", "one bit", vault(magic=flip(layout.MAGIC, 3)))
    kit.bad("version_zero", "unsupported_version", "0 is no version", vault(version=0))
    later = layout.MAGIC + b"\2" + stream("version_two")(100)
    kit.raw("version_two", "unsupported_version", "a later version, whatever is behind", later)
    for name, value in (("zero", 0), ("2_53", BIGGEST + 1)):
        kit.bad(f"root_revision_{name}", "format", "no counter", vault(root_revision=value))
        parts = [binance(), kraken(epoch=value)]
        spec = vault(parts=parts, slots=[owner_slot()], root_revision=BIGGEST)
        kit.bad(f"directory_epoch_{name}", "format", "no counter", spec)
    kit.bad("slot_count_zero", "format", "nobody could open it", vault(owner_slot(), parts=[], slot_count=0, slots=[]))
    kit.bad("slots_65", "limit", "checked before the bytes are there", vault(slot_count=65))
    kit.bad("compartments_1025", "limit", "checked before the bytes are there", vault(comp_count=1025))

    def fill(size: int) -> Callable[[Any], None]:
        def change(content: Any) -> None:
            content["x"] = b""
            content["x"] = bytes(size - len(encode(content)) - 4)

        return change

    kit.bad("keyring_len_over_limit", "limit", "524,288 + 64 bytes of plaintext", keyring(vault(), fill(524_352)))
    kit.bad("keyring_len_all_ones", "limit", "over the limit before past the end", vault(keyring_len=0xFFFFFFFF))
    made_bytes = stream("sealed")
    kit.bad("keyring_len_not_padded", "format", "105", vault(keyring_sealed=made_bytes(105)))
    kit.bad("keyring_len_40", "format", "an empty plaintext", vault(keyring_sealed=made_bytes(40)))
    kit.bad("keyring_len_past_the_end", "format", "right shape, bytes missing", vault(keyring_len=40 + 64 * 4096))
    spec = payload(vault(), 0, fill(262_208))
    kit.bad("slot_payload_len_over_limit", "limit", "262,144 + 64 bytes of plaintext", spec)
    slot = owner_slot(sealed=made_bytes(105))
    kit.bad("slot_payload_len_not_padded", "format", "105", vault(slot, other_slot()), AS_OTHER)
    slot = holder_slot(len=40 + 64 * 2048)
    kit.bad("slot_payload_len_past_the_end", "format", "right shape, bytes missing", vault(owner_slot(), slot))
    for name, value in (("zero", 0), ("three", 3)):
        slot = other_slot(scope=value)
        kit.bad(f"slot_scope_{name}", "format", "no such scope", vault(owner_slot(), slot))
    for name, value in (("zero", 0), ("four", 4)):
        slot = untried(0, (19_456, 2, 1), factors=value)
        kit.bad(f"slot_factors_{name}", "format", "no such factors", vault(owner_slot(), slot))
    slot = untried(0, (600_000, 0, 0), 3)
    kit.bad("slot_kdf_three", "format", "no such KDF", vault(owner_slot(), slot))
    kit.bad("hint_1024_bytes", "limit", "one too long", vault(owner_slot(), other_slot(hint=bytes(1024 * [0x5A]))))
    slot = untried(0, (19_456, 2, 1), hint=b"credential")
    kit.bad("hint_on_passphrase_slot", "format", "no passkey without a key factor", vault(owner_slot(), slot))
    pair = owner_slot(hint=b"credential"), other_slot(hint=b"credential")
    kit.bad("hints_duplicate", "format", "a credential id names one slot", vault(*pair))
    kit.bad("slot_ids_unsorted", "format", "keyring in the same order", vault(other_slot(), owner_slot()))
    kit.bad("slot_ids_duplicate", "format", "two slots of one id", vault(owner_slot(), other_slot(id=OWNER_ID)))
    nine = [untried(number, (19_456, 2, 1), factors=3 if number == 8 else 1) for number in range(9)]
    kit.bad("passphrase_slots_9", "limit", "eight with factors 1, one with 3", vault(owner_slot(), *nine))
    kit.bad("no_root_slot", "format", "holders only", vault(holder_slot()), AS_HOLDER)
    kit.bad("directory_unsorted", "format", "2 before 1", vault(owner_slot(), parts=[kraken(), binance()]))
    twice = [binance(), kraken(id=1)]
    kit.bad("directory_duplicate", "format", "1 twice", vault(owner_slot(), parts=twice))
    for name, value in (("past_the_end", 1_000_000), ("all_ones", 0xFFFFFFFF)):
        part = kraken(len=value)
        kit.bad(f"compartment_len_{name}", "format", "must not overflow", vault(parts=[binance(), part]))
    kit.bad("trailing_byte", "format", "one 00 behind the end", vault(trailer=b"\0"))


# ---- B.3 ----


def costs(kit: Kit) -> None:
    def slot(
        name: str, code: str, comment: str, costs: tuple[int, int, int], weak: bool = False, **changes: Any
    ) -> None:
        """A slot that is not even tried, but whose costs are wrong."""
        opener = {**AS_OWNER, "allow_weak_kdf": True} if weak else AS_OWNER
        kit.bad(name, code, comment, vault(owner_slot(), untried(0, costs, **changes)), opener)

    slot("kdf_on_key_slot", "format", "factors 2, kdf 2", factors=2, kdf=PBKDF2, costs=(600_000, 0, 0))
    slot("kdf_none_on_passphrase_slot", "format", "factors 1, kdf 0", kdf=0, costs=(0, 0, 0))
    slot("key_slot_a_set", "format", "must be 0", factors=2, kdf=0, costs=(1, 0, 0))
    slot("key_slot_b_set", "format", "must be 0", factors=2, kdf=0, costs=(0, 1, 0))
    slot("key_slot_c_set", "format", "must be 0", factors=2, kdf=0, costs=(0, 0, 1))
    slot("pbkdf2_b_set", "format", "must be 0", kdf=PBKDF2, costs=(600_000, 1, 0))
    slot("pbkdf2_c_set", "format", "must be 0", kdf=PBKDF2, costs=(600_000, 0, 1))
    slot("argon2_passes_0", "format", "Argon2 can't take it, floor or not", costs=(65_536, 0, 1))
    slot("argon2_lanes_0", "format", "Argon2 can't take it", costs=(65_536, 2, 0))
    slot("argon2_memory_under_8_a_lane", "format", "31 KiB, 4 lanes", weak=True, costs=(31, 3, 4))
    slot("pbkdf2_iterations_0", "format", "PBKDF2 can't take it", weak=True, kdf=PBKDF2, costs=(0, 0, 0))
    slot("argon2_memory_over_ceiling", "limit", "262,145 KiB", costs=(262_145, 1, 1))
    slot("argon2_passes_17", "limit", "one too many", costs=(65_536, 17, 1))
    slot("argon2_lanes_5", "limit", "one too many", costs=(65_536, 3, 5))
    slot("pbkdf2_iterations_over_ceiling", "limit", "10,000,001", kdf=PBKDF2, costs=(10_000_001, 0, 0))
    slot("argon2_memory_under_floor", "weak_kdf", "19,455 KiB, 16 passes", costs=(19_455, 16, 1))
    slot("argon2_product_under_floor", "weak_kdf", "38,911 KiB, 1 pass", costs=(38_911, 1, 1))
    slot("pbkdf2_iterations_under_floor", "weak_kdf", "599,999", kdf=PBKDF2, costs=(599_999, 0, 0))
    eight = [untried(number, (262_144, 16, 4)) for number in range(8)]
    comment = "8 x 262,144 KiB x 16 passes; in 32 bits the sum of bytes overflows"
    kit.bad("argon2_sum_over_ceiling", "limit", comment, vault(owner_slot(), *eight))
    three = [untried(number, (value, 0, 0), PBKDF2) for number, value in enumerate((10_000_000, 9_999_999, 600_000))]
    kit.bad("pbkdf2_sum_over_ceiling", "limit", "20,599,999", vault(owner_slot(), *three))


def slots(kit: Kit) -> None:
    by_phrase = vault(owner_slot(key=None, passphrase=PASSPHRASE), holder_slot())
    kit.bad("passphrase_wrong", "decrypt", "another passphrase", by_phrase, {"passphrase": "wrong"})
    spaced: Json = {"passphrase": PASSPHRASE + " "}
    kit.bad("passphrase_with_a_space_behind", "decrypt", "not trimmed", by_phrase, spaced)
    kit.bad("passphrase_empty", "invalid_input", "0 bytes", by_phrase, {"passphrase": ""})
    kit.bad("passphrase_1025_bytes", "invalid_input", "one too long", by_phrase, {"passphrase": "p" * 1025})
    lone: Json = {"passphrase_utf16": "0061d8000062"}
    kit.bad("passphrase_lone_surrogate", "invalid_input", "in UTF-16, as JSON may not have it", by_phrase, lone)
    other: Json = {"key": texts.write_key(OWNER_ID, OTHER_KEY)}
    kit.bad("key_wrong", "decrypt", "right slot_id, other key, right checksum", vault(), other)
    nobody: Json = {"key": texts.write_key(b"\x77" * 8, OWNER_KEY)}
    kit.bad("key_of_no_slot", "decrypt", "no such slot_id", vault(), nobody)
    kit.bad("key_text_for_passphrase_slot", "decrypt", "that slot takes no key", by_phrase)
    both = {**AS_OWNER, "passphrase": PASSPHRASE}
    kit.bad("key_slot_with_passphrase", "invalid_input", "the slot takes no passphrase", vault(), both)
    by_both = vault(owner_slot(passphrase=PASSPHRASE), holder_slot())
    kit.bad("both_slot_without_passphrase", "invalid_input", "key text alone", by_both)
    kit.bad("both_slot_without_key", "decrypt", "only factors 1 is tried", by_both, {"passphrase": PASSPHRASE})
    kit.bad("both_slot_wrong_passphrase", "decrypt", "right key", by_both, {**AS_OWNER, "passphrase": "wrong"})
    passkey: Json = {"credential_id": "0badcafe", "prf_output": OWNER_KEY.hex()}
    hinted = vault(owner_slot(hint=b"credential"), holder_slot())
    kit.bad("passkey_of_no_slot", "decrypt", "another credential id", hinted, passkey)

    built = build(vault(), stream("slots"))
    commit, sealed = built.at["slot0.commit"][0], built.at["slot0.sealed"][1]
    start = built.at["slot0.head"][0]
    kit.raw("commit_flipped", "decrypt", "last bit", flip(built.data, commit + 31))
    kit.raw("slot_payload_flipped", "decrypt", "last bit of the tag", flip(built.data, sealed - 1))
    kit.raw("slot_salt_changed", "decrypt", "first bit", flip(built.data, start + 20, 0x80))
    kit.raw(
        "slot_id_changed",
        "decrypt",
        "to a lower id",
        put(built.data, start, b"\x0f" * 8),
        {"key": texts.write_key(b"\x0f" * 8, OWNER_KEY)},
    )
    kit.raw(
        "slot_scope_swapped",
        "decrypt",
        "2 changed to 1",
        put(built.data, built.at["slot1.head"][0] + 8, b"\1"),
        AS_HOLDER,
    )
    dear = build(vault(owner_slot(key=None, passphrase=PASSPHRASE, costs=(65_536, 2, 1))), stream("slot_cost_lowered"))
    lowered = put(dear.data, dear.at["slot0.head"][0] + 11, crypto.u32(32_768))
    kit.raw("slot_cost_lowered", "decrypt", "65,536 KiB changed to 32,768", lowered, {"passphrase": PASSPHRASE})
    built = build(hinted, stream("slot_hint_changed"))
    kit.raw("slot_hint_changed", "decrypt", "last bit", flip(built.data, built.at["slot0.head"][1] - 1))
    foreign = build(vault(vault_id=bytes(16), root_key=OTHER_KEY), stream("another vault"))
    begin, end = foreign.at["slot0"]
    spec = vault(owner_slot(raw=foreign.data[begin:end]), holder_slot())
    kit.bad("slot_from_another_vault", "decrypt", "the whole SLOT; same key, other vault_id", spec)

    spec, first, second = collision()
    kit.good("collision_committed_passphrase", "the payload opens under two slot keys", spec, {"passphrase": first})
    kit.bad("collision_other_passphrase", "decrypt", "must not reach the AEAD", spec, {"passphrase": second})

    def bad_payload(name: str, comment: str, content: Plain, number: int = 1, opener: Json = AS_HOLDER) -> None:
        chosen = [owner_slot(), holder_slot()]
        chosen[number] = replace(chosen[number], payload=content)
        kit.bad(name, "format", comment, vault(*chosen), opener)

    right: Any = payload_of(holder_slot(compartments=[1, 2]), vault())
    one, two = right["compartments"]
    bad_payload("slot_payload_of_other_scope", "scope 1, payload of scope 2", right, 0, AS_OWNER)
    bad_payload("slot_payload_empty", "no compartment", {"compartments": []})
    bad_payload("slot_payload_unsorted", "2 before 1", {"compartments": [two, one]})
    bad_payload("slot_payload_id_twice", "1 twice", {"compartments": [one, {**two, "id": 1}]})
    bad_payload("slot_payload_name_twice", "two binances", {"compartments": [one, {**two, "name": "binance"}]})
    bad_payload("slot_payload_id_65536", "no u16", {"compartments": [one, {**two, "id": 65_536}]})
    bad_payload("slot_payload_epoch_zero", "no counter", {"compartments": [one, {**two, "epoch": 0}]})
    ordered = {**right, "x": 1}
    bad_payload("slot_payload_cbor_not_deterministic", "`compartments` before `x`", jumbled(ordered))
    filled = sized({**payload_of(holder_slot(), vault()), "x": b""}, "x", 192, b"\0")
    bad_payload("slot_payload_padding_64", "64 zeros too many", pad(encode(filled)) + bytes(64))


# GHASH multiplies in GF(2^128), with the first bit of a block as the lowest power.
_REDUCTION = 0xE1 << 120


def _times(one: int, other: int) -> int:
    product = 0
    for bit in range(127, -1, -1):
        if other >> bit & 1:
            product ^= one
        one = one >> 1 ^ (_REDUCTION if one & 1 else 0)
    return product


def _power(value: int, exponent: int) -> int:
    product = 1 << 127
    while exponent:
        if exponent & 1:
            product = _times(product, value)
        value, exponent = _times(value, value), exponent >> 1
    return product


def collision() -> tuple[VaultSpec, str, str]:
    """A vault whose owner's payload opens under the slot keys of two passphrases.

    AES-GCM's tag is linear in each ciphertext block, so one free block suffices to make it valid under both keys. The
    free block is in an unknown key of the payload, where nobody looks.
    """
    first, second = PASSPHRASE, "incorrect horse battery staple"
    slot = owner_slot(key=None, passphrase=first)
    aad = label("slot") + VAULT_ID + slot.head
    nonce = stream("collision")(24)
    content: Map = {"free": bytes(24), "root_key": ROOT_KEY}  # the last 16 bytes of `free` are the block at 16
    plaintext = pad(encode(content))
    derived = [slot.keys(VAULT_ID)[0], replace(slot, passphrase=second).keys(VAULT_ID)[0]]

    def block(number: int, data: bytes) -> int:
        return int.from_bytes(data[16 * number : 16 * number + 16].ljust(16, b"\0"), "big")

    ciphertext = crypto.xaes_seal(derived[0], nonce, plaintext, aad)[:-16]
    count_aad, count = -(-len(aad) // 16), len(ciphertext) // 16
    weights: list[int] = []
    difference = 0
    for key in derived:
        inner = crypto.xaes_key(key, nonce)
        hash_key = int.from_bytes(crypto.aes_block(inner, bytes(16)), "big")
        mask = int.from_bytes(crypto.aes_block(inner, nonce[12:] + b"\0\0\0\1"), "big")
        total = 0
        lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
        blocks = [block(number, aad) for number in range(count_aad)]
        blocks += [0 if number == 1 else block(number, ciphertext) for number in range(count)]
        for value in [*blocks, int.from_bytes(lengths, "big")]:
            total = _times(total ^ value, hash_key)
        difference ^= total ^ mask
        weights.append(_power(hash_key, count))
    solved = _times(difference, _power(weights[0] ^ weights[1], 2**128 - 2)).to_bytes(16, "big")
    wanted = bytes(a ^ b for a, b in zip(solved, ciphertext[16:32], strict=True))
    plaintext = put(plaintext, 16, bytes(a ^ b for a, b in zip(wanted, plaintext[16:32], strict=True)))
    sealed = nonce + crypto.xaes_seal(derived[0], nonce, plaintext, aad)
    crypto.unseal(derived[1], sealed, aad)
    return vault(replace(slot, sealed=sealed), holder_slot()), first, second


# ---- B.4 ----


def root(kit: Kit) -> None:
    spec = vault(owner_slot(), holder_slot(), other_slot())
    built = build(spec, stream("root"))
    data, at = built.data, built.at
    kit.raw("root_mac_flipped", "decrypt", "last bit", flip(data, at["root_mac"][1] - 1))
    slot = owner_slot(payload={"root_key": OTHER_KEY})
    kit.bad("root_key_of_another_vault", "decrypt", "sealed rightly", vault(slot, holder_slot()))
    changed = put(data, at["root_revision"][0], crypto.u64(6))
    kit.raw("root_revision_changed", "decrypt", "5 changed to 6", changed)
    kit.raw("other_slot_flipped", "decrypt", "a bit of the holder's seal", flip(data, at["slot1.sealed"][1] - 1))
    kit.raw("directory_epoch_changed", "decrypt", "1 changed to 2", put(data, at["line1"][0] + 2, crypto.u64(2)))
    begin, end = at["slot2"]
    removed = put(data[:begin] + data[end:], at["slot_count"][0], crypto.u16(2))
    kit.raw("slot_removed", "decrypt", "the last one cut out", removed)
    broken = flip(data[slice(*at["keyring"])], 30)
    kit.bad("keyring_seal_broken", "decrypt", "under a valid root_mac", replace(spec, keyring_sealed=broken))

    base = vault()
    right: Any = keyring_of(base, [slot.keys(VAULT_ID)[0] for slot in base.slots])

    def bad(name: str, comment: str, content: Plain) -> None:
        kit.bad(f"keyring_{name}", "format", comment, vault(keyring=content))

    def items(key: str, change: Callable[[Any], Any]) -> Map:
        return {**right, key: change(copy.deepcopy(right[key]))}

    def changed_item(key: str, number: int, **values: Any) -> Map:
        return items(key, lambda found: [{**one, **values} if n == number else one for n, one in enumerate(found)])

    bad("cbor_not_deterministic", "`compartments` before `slots`", jumbled(right))
    bad("padding_not_zero", "last byte", flip(pad(encode(right)), len(pad(encode(right))) - 1))
    bad("key_missing", "no `compartments`", {"slots": right["slots"]})
    bad("slot_missing", "the holder's", items("slots", lambda found: found[:1]))
    extra = {**right["slots"][0], "id": OTHER_ID, "label": "extra"}
    bad("slot_too_many", "one that is not in the file", items("slots", lambda found: [*found, extra]))
    bad("slots_unsorted", "the last first", items("slots", lambda found: found[::-1]))
    bad("compartment_missing", "kraken", items("compartments", lambda found: found[:1]))
    more = {**right["compartments"][0], "id": 9, "name": "extra"}
    bad("compartment_too_many", "one that is not in the file", items("compartments", lambda found: [*found, more]))
    bad("compartments_unsorted", "the last first", items("compartments", lambda found: found[::-1]))
    bad("label_empty", "0 bytes", changed_item("slots", 1, label=""))
    bad("label_65_bytes", "one too long", changed_item("slots", 1, label="l" * 65))
    bad("label_control_character", "U+0085", changed_item("slots", 1, label="a\u0085b"))
    bad("label_twice", "two owners", changed_item("slots", 1, label="owner"))
    bad("name_65_bytes", "one too long", changed_item("compartments", 1, name="n" * 65))
    bad("name_twice", "two binances", changed_item("compartments", 1, name="binance"))
    late = vault(owner_slot(), parts=[binance(epoch=6), kraken()])
    kit.bad("epoch_over_root_revision", "format", "epoch 6, root_revision 5", late)
    lost = vault(owner_slot(), holder_slot(payload_key=OTHER_KEY))
    kit.good("other_slot_payload_unreadable", "sealed under another key", lost)

    held: Json = {"opener": AS_HOLDER, "sees": seen(spec, "holder", [1])}

    def unseen(name: str, comment: str, altered: bytes) -> None:
        kit.add(f"holder_{name}", "ok", comment, **held, vault=altered)

    unseen("root_revision_changed", "5 changed to 6", changed)
    unseen("keyring_flipped", "last bit of the tag", flip(data, at["keyring"][1] - 1))
    unseen("other_slot_flipped", "last bit of the owner's seal", flip(data, at["slot0.sealed"][1] - 1))
    unseen("other_directory_line_changed", "kraken's epoch", put(data, at["line1"][0] + 2, crypto.u64(2)))
    unseen("root_mac_flipped", "last bit", flip(data, at["root_mac"][1] - 1))
    unseen("other_compartment_flipped", "last bit of kraken's comp_mac", flip(data, at["compartment1"][1] - 1))


# ---- B.5 ----


def harm(comp_id: int, code: str, record_id: bytes | None = None) -> Json:
    name = {1: "binance", 2: "kraken"}[comp_id]
    return {"compartment": comp_id, "name": name, "record": record_id and record_id.hex(), "code": code}


def compartments(kit: Kit) -> None:
    both_held = holder_slot(compartments=[1, 2])
    only_kraken = seen(vault(), ids=[2])
    only_kraken["compartments"] = ["binance", "kraken"]

    def damaged(name: str, code: str, comment: str, data: bytes, opener: Json = AS_OWNER) -> None:
        sees = {**only_kraken, "scope": "holder" if opener is AS_HOLDER else "owner"}
        kit.raw(name, f"damaged: {code} (compartment)", comment, data, opener, damage=[harm(1, code)], sees=sees)

    def part(name: str, code: str, comment: str, one: CompartmentSpec) -> None:
        damaged(name, code, comment, build(vault(parts=[one, kraken()]), stream(name)).data)

    built = build(vault(owner_slot(), both_held), stream("compartments"))
    data, at = built.data, built.at
    slot = replace(both_held, raw=data[slice(*at["slot1"])])
    spec = vault(owner_slot(), slot, parts=[kraken()], root_revision=6)
    damaged(
        "holder_compartment_missing", "decrypt", "not in the directory", build(spec, stream("gone")).data, AS_HOLDER
    )
    changed = put(data, at["line0"][0] + 2, crypto.u64(4))
    damaged("holder_epoch_differs", "decrypt", "3 changed to 4", changed, AS_HOLDER)
    again = binance(key=OLD_KEY, epoch=6, revision=1)
    spec = vault(owner_slot(), slot, parts=[again, kraken()], root_revision=6)
    name = "id_used_again_after_delete"
    damaged(name, "decrypt", "the old slot put back", build(spec, stream(name)).data, AS_HOLDER)
    held = build(vault(), stream("holder_asks_for_another")).data
    use: Json = {"name": "kraken/main"}
    kit.raw("holder_asks_for_another", "no_access", "not its compartment", held, AS_HOLDER, use=use)
    use = {"name": "nowhere/main"}
    kit.raw("owner_asks_for_no_compartment", "not_found", "no such compartment", held, use=use)
    flipped = flip(data, at["compartment0"][1] - 1)
    damaged("compartment_mac_flipped", "decrypt", "last bit", flipped)
    damaged("compartment_mac_flipped_as_holder", "decrypt", "the same file", flipped, AS_HOLDER)
    start, end = at["compartment0"]
    damaged("compartment_revision_changed", "decrypt", "7 changed to 8", put(data, start, crypto.u64(8)))
    two = build(vault(parts=[binance(record(), record(THIRD_ID, "third")), kraken()]), stream("two"))
    size = len(build_record(vault(), binance(), record(THIRD_ID, "third"), stream("size")))
    start, end = two.at["compartment0"]
    shorter = put(two.data[: end - 32 - size] + two.data[end - 32 :], start + 8, crypto.u32(end - start - 44 - size))
    damaged("compartment_record_removed", "decrypt", "the last one cut out, len lowered", shorter)
    older = build_compartment(vault(), binance(key=OLD_KEY, epoch=2), stream("older"))
    name = "compartment_of_older_epoch"
    part(name, "decrypt", "from before a revocation", binance(raw=older))
    one, other = (data[slice(*at[f"compartment{number}"])] for number in (0, 1))
    swapped = data[: at["compartment0"][0]] + other + one
    harms = [harm(1, "decrypt"), harm(2, "decrypt")]
    nothing: Json = {"scope": "owner", "compartments": ["binance", "kraken"], "entries": {}}
    expect = "damaged: decrypt (both compartments)"
    kit.raw("compartments_swapped", expect, "they change places", swapped, damage=harms, sees=nothing)
    part("compartment_revision_zero", "format", "no counter", binance(revision=0))
    part("compartment_revision_2_53", "format", "no counter", binance(revision=BIGGEST + 1))
    many_records(kit, "records_65536", "damaged: limit (compartment)", "one too many", 65_536)
    long = RecordSpec(MAIN_ID, sized(meta(), "note", 4096 + 64), secret())
    part("meta_len_over_limit", "limit", "4,096 + 64 bytes of plaintext", binance(long))
    long = RecordSpec(MAIN_ID, meta(), sized({}, "blob", 65_536 + 64, b"\0"))
    part("secret_len_over_limit", "limit", "65,536 + 64 bytes of plaintext", binance(long))
    junk = stream("not padded")
    part("meta_len_not_padded", "format", "105", binance(replace(record(), meta_sealed=junk(105))))
    part("secret_len_not_padded", "format", "105", binance(replace(record(), secret_sealed=junk(105))))
    whole = build_record(vault(), binance(), record(), stream("cut"))
    meta_at, secret_at = 18, 18 + len(whole[18:]) - 104 - 4
    past = whole[: meta_at - 2] + crypto.u16(40 + 64 * 20) + whole[meta_at:]
    part("meta_len_past_compartment", "format", "bytes are in the file, but behind len", binance(body=past))
    past = whole[:secret_at] + crypto.u32(40 + 64 * 2) + whole[secret_at + 4 :]
    part("secret_len_past_compartment", "format", "bytes are in the file, but behind len", binance(body=past))
    part("record_cut_short", "format", "8 bytes of a record_id", binance(body=whole + bytes([0x44] * 8)))
    part("record_ids_unsorted", "format", "33 before 11", binance(record(THIRD_ID, "third"), record()))
    part("record_ids_duplicate", "format", "11 twice", binance(record(), record(name="third")))


def records(kit: Kit) -> None:
    def damaged(name: str, code: str, comment: str, bad: RecordSpec) -> None:
        spec = vault(parts=[binance(bad, record(THIRD_ID, "third")), kraken()])
        harms = [harm(1, code, bad.id)]
        sees = seen(spec, without=(bad.id,))
        data = build(spec, stream(name)).data
        kit.raw(name, f"damaged: {code} (record)", comment, data, damage=harms, sees=sees)

    def plain(name: str, comment: str, content: Plain, code: str = "format") -> None:
        damaged(name, code, comment, RecordSpec(MAIN_ID, content, secret()))

    def sealed(part: CompartmentSpec, spec: VaultSpec, one: RecordSpec) -> bytes:
        return build_record(spec, part, one, stream("elsewhere"))

    whole = sealed(binance(), vault(), record())
    size = int.from_bytes(whole[16:18], "big")
    meta_part, secret_part = whole[18 : 18 + size], whole[22 + size :]
    broken = replace(record(), meta_sealed=flip(meta_part, size - 1))
    damaged("meta_seal_broken", "decrypt", "last bit, under a valid comp_mac", broken)
    moved = replace(record(SPARE_ID), raw=SPARE_ID + whole[16:])
    damaged("record_id_changed", "decrypt", "11 changed to 22", moved)
    for name, part, spec in (
        ("another_compartment", kraken(), vault()),
        ("another_vault", binance(), vault(vault_id=bytes(16))),
        ("older_epoch", binance(key=OLD_KEY, epoch=2), vault()),
    ):
        foreign = replace(record(), raw=sealed(part, spec, record()))
        damaged(f"record_from_{name}", "decrypt", "under a valid comp_mac", foreign)
    swapped = replace(record(), meta_sealed=secret_part, secret_sealed=meta_part)
    damaged("meta_and_secret_swapped", "decrypt", "the labels differ", swapped)

    right = pad(encode(meta()))
    plain("padding_not_zero", "last byte", flip(right, len(right) - 1))
    exact = encode(sized(meta(), "kind", 128))
    plain("padding_64", "128 bytes of CBOR, 64 zeros", exact + bytes(64))
    plain("padding_128", "128 bytes of CBOR, 128 zeros", exact + bytes(128))
    plain("second_cbor_item", "A0 behind the map", pad(encode(meta()) + b"\xa0"))
    plain("cbor_not_a_map", "an array with the map", pad(b"\x81" + encode(meta())))
    plain("cbor_cut_short", "a string longer than the plaintext", under_x(b"\x59\xff\xff"))
    plain("cbor_integer_2_53", "one too big", under_x(bytes.fromhex("1b0020000000000000")))
    plain("cbor_negative", "-1", under_x(b"\x20"))
    plain("cbor_float", "1.0 in half precision", under_x(bytes.fromhex("f93c00")))
    plain("cbor_tag", "a bignum", under_x(bytes.fromhex("c24101")))
    plain("cbor_null", "F6", under_x(b"\xf6"))
    plain("cbor_undefined", "F7", under_x(b"\xf7"))
    plain("cbor_integer_not_shortest", "18 01", under_x(bytes.fromhex("1801")))
    plain("cbor_length_not_shortest", "78 01 61", under_x(bytes.fromhex("780161")))
    plain("cbor_indefinite", "9F FF", under_x(bytes.fromhex("9fff")))
    plain("cbor_key_not_text", "the key 0", with_raw(bytes.fromhex("0000")))
    plain("cbor_keys_misordered", "`b` before `a`", with_raw(encode("b") + b"\0" + encode("a") + b"\0", 2))
    plain("cbor_keys_sorted_as_strings", "`aa` before `z`", with_raw(encode("aa") + b"\0" + encode("z") + b"\0", 2))
    plain("cbor_duplicate_key", "`x` twice", with_raw((encode("x") + b"\0") * 2, 2))
    plain("cbor_text_not_utf8", "62 C3 28", under_x(bytes.fromhex("62c328")))
    plain("cbor_depth_5", "an empty array at depth 5", under_x(bytes.fromhex("81818180")))
    plain("meta_key_missing", "no `kind`", {key: value for key, value in meta().items() if key != "kind"})
    plain("meta_wrong_type", "`created` as text", meta(created="2023"))
    plain("meta_name_dot", "`.`", meta("."))
    plain("meta_name_dot_dot", "`../main`", meta("../main"))
    plain("meta_name_empty", "0 bytes", meta(""))
    plain("meta_name_empty_segment", "`a//b`", meta("a//b"))
    plain("meta_name_bad_character", "a line feed at the end", meta("main\n"))
    plain("meta_name_256_bytes", "`binance/` and 248 bytes", meta("n" * 248))
    plain("meta_version_zero", "no counter", meta(version=0))
    plain("meta_unknown_state", "`future`", meta(state="future"))
    plain("meta_tags_unsorted", "`z` before `aa`", meta(tags=["z", "aa"]))
    plain("meta_tag_twice", "`a` twice", meta(tags=["a", "a"]))
    plain("meta_info_bad_name", "`a/b`", meta(info={"a/b": "v"}))
    plain("meta_info_65_fields", "one too many", meta(info={f"i{n}": "v" for n in range(65)}), "limit")


def uses(kit: Kit) -> None:
    def used(name: str, code: str, comment: str, *found: RecordSpec, **more: Any) -> None:
        third = record(THIRD_ID, "third")
        spec = vault(parts=[binance(*found, third), kraken()])
        kit.bad(name, code, comment, spec, use={"name": "binance/main", "good": "binance/third"}, **more)

    flipped = build(vault(), stream("use_of_damaged_compartment"))
    data = flip(flipped.data, flipped.at["compartment0"][1] - 1)
    harms = [harm(1, "decrypt")]
    use = {"name": "binance/main", "good": "kraken/main"}
    kit.raw("use_of_damaged_compartment", "damaged", "comp_mac flipped", data, use=use, damage=harms)
    pair = record(version=4), record(SPARE_ID, version=4, state="previous")
    used("name_version_twice", "format", "two records of version 4", *pair)
    used("name_two_current", "format", "versions 1 and 2", record(), record(SPARE_ID, version=2))
    pending = [record(bytes([0x12 + n]) * 16, version=2 + n, state="pending") for n in range(2)]
    used("name_two_pending", "format", "beside a good current one", record(), *pending)
    rest = record(state="previous"), record(SPARE_ID, version=2, state="pending")
    used("name_without_current", "not_found", "only previous and pending", *rest)

    whole = build_record(vault(), binance(), record(), stream("secret"))
    size = int.from_bytes(whole[16:18], "big")
    sealed = whole[22 + size :]
    broken = replace(record(), secret_sealed=flip(sealed, len(sealed) - 1))
    used("secret_seal_broken", "decrypt", "last bit, under a valid comp_mac", broken)
    foreign = replace(record(SPARE_ID), secret_sealed=sealed)
    used("secret_from_another_record", "decrypt", "of the record 11", foreign)

    def content(name: str, comment: str, fields: Plain, code: str = "format", **more: Any) -> None:
        used(f"secret_{name}", code, comment, RecordSpec(MAIN_ID, meta(**more), fields))

    content("cbor_not_deterministic", "keys misordered", jumbled({"a": "1", "b": "2"}))
    content("padding_not_zero", "last byte", flip(pad(encode(secret())), 63))
    content("bad_field_name", "`a/b`", {"a/b": "v"})
    content("wrong_type", "an unsigned integer", {"key": 1})
    content("field_also_in_info", "`user`", {"user": "a"}, info={"user": "b"})
    content("65_fields", "one too many", {f"f{n}": "v" for n in range(65)}, "limit")
    shadow = vault(parts=[binance(record(name="kraken/main", fields={"key": "forged"})), kraken()])
    kit.good("holder_shadows_another_compartment", "seen as `binance/kraken/main`", shadow)


# ---- B.6 and B.7 ----


def key_texts(kit: Kit) -> None:
    right = AS_OWNER["key"]
    body = right[len(texts.KEY_PREFIX) :]

    def key(name: str, code: str, comment: str, *found: str, **more: Any) -> None:
        kit.add(f"key_text_{name}", code, comment, text="key", texts=list(found), **more)

    holds = {"slot_id": OWNER_ID.hex(), "key": OWNER_KEY.hex()}
    key("good", "ok", "as it is written", right, holds=holds)
    key("with_line_end", "ok", "white space at both ends", f" \t{right}\r\n", right + "\n", f"\n{right}", holds=holds)
    lower = [right.lower(), texts.KEY_PREFIX + body.lower(), right[:-1] + right[-1].lower()]
    key("lower_case", "invalid_input", "all, the body, one letter", *[one for one in lower if one != right])
    key("too_short", "invalid_input", "88 characters", right[:-1])
    key("too_long", "invalid_input", "90 characters", right + "A")
    key("other_prefix", "invalid_input", "a later version", "STRONGROOM-KEY-2-" + body)
    key("bad_character", "invalid_input", "0, 1, 8, =", *(right[:-1] + bad for bad in "018="))
    key("space_inside", "invalid_input", "in the middle", right[:50] + " " + right[51:], right[:50] + " " + right[50:])
    other = "B" if right[30] == "A" else "A"
    key("typo", "invalid_input", "the checksum tells", right[:30] + other + right[31:])


def pin_of(
    root_seen: tuple[int, bytes] | None, seen_parts: dict[int, tuple[int, int, bytes]], vault_id: bytes = VAULT_ID
) -> str:
    return texts.write_pin(texts.Pin(vault_id, root_seen, seen_parts))


def pins(kit: Kit) -> None:
    mac = stream("pins")
    right = pin_of((5, mac(32)), {1: (3, 7, mac(32)), 2: (1, 2, mac(32))})
    body = right[len(texts.PIN_PREFIX) :]

    def text(name: str, code: str, comment: str, *found: str) -> None:
        kit.add(f"pin_text_{name}", code, comment, text="pin", texts=list(found))

    def coded(content: bytes) -> str:
        return texts.PIN_PREFIX + base64.urlsafe_b64encode(content).decode().rstrip("=")

    text("good", "ok", "with and without `root`", right, pin_of(None, {}))
    text("other_prefix", "invalid_input", "a later version", "strongroom-pin-2:" + body)
    text("cut_short", "invalid_input", "four characters, one, all", right[:-4], right[:-1], texts.PIN_PREFIX)
    item: Map = {"id": 2, "epoch": 1, "revision": 1, "mac": mac(32)}
    unknown: list[Map] = [
        {"vault_id": VAULT_ID, "compartments": [], "x": 1},
        {"vault_id": VAULT_ID, "compartments": [{**item, "x": 1}]},
        {"vault_id": VAULT_ID, "compartments": [], "root": {"revision": 1, "mac": mac(32), "x": 1}},
    ]
    text("unknown_key", "invalid_input", "in each map", *(coded(encode(content)) for content in unknown))
    unsorted: Map = {"vault_id": VAULT_ID, "compartments": [item, {**item, "id": 1}]}
    text("unsorted", "invalid_input", "2 before 1", coded(encode(unsorted)))

    built = build(vault(), stream("pinned"))
    found = layout.parse(built.data)
    top = (found.root_revision, found.root_mac)
    parts = {part.id: (part.epoch, part.revision, part.mac) for part in found.parts}

    def pin(name: str, code: str, comment: str, text: str, opener: Json = AS_OWNER, data: bytes = built.data) -> None:
        more: Json = {}
        if code == "ok":
            more["sees"] = seen(vault()) if opener is AS_OWNER else seen(vault(), "holder", [1])
        kit.raw(f"pin_{name}", code, comment, data, {**opener, "pin": text}, **more)

    pin("equal", "ok", "the pin of this very vault", pin_of(top, parts))
    old = {1: (3, 6, mac(32)), 2: (1, 1, mac(32))}
    pin("newer", "ok", "root 4, revisions one lower", pin_of((4, mac(32)), old))
    moved = build(vault(parts=[binance(epoch=4, revision=1), kraken()]), stream("moved")).data
    seen_before = pin_of((4, mac(32)), {1: (3, 9, mac(32))})
    pin("epoch_newer_revision_lower", "ok", "(4, 1) after (3, 9)", seen_before, data=moved)
    pin("compartment_gone", "ok", "a compartment 9", pin_of((4, mac(32)), {**parts, 9: (1, 9, mac(32))}))
    flipped = flip(built.data, built.at["compartment0"][1] - 1)
    harmed = pin_of(top, {**parts, 1: (3, 9, mac(32))})
    sees = {**seen(vault(), ids=[2]), "compartments": ["binance", "kraken"]}
    kit.raw(
        "pin_compartment_damaged",
        "damaged: decrypt (compartment)",
        "not judged",
        flipped,
        {**AS_OWNER, "pin": harmed},
        damage=[harm(1, "decrypt")],
        sees=sees,
    )
    pin("of_another_vault", "rollback", "another vault_id", pin_of(top, parts, bytes(16)))
    pin("root_older", "rollback", "6 was seen", pin_of((6, mac(32)), parts))
    pin("root_forked", "rollback", "5 with another root_mac was seen", pin_of((5, mac(32)), parts))
    pin("root_ignored_by_holder", "ok", "an owner's pin, 9", pin_of((9, mac(32)), parts), AS_HOLDER)
    mine = parts[1]
    pin("revision_older", "rollback", "8 was seen", pin_of(None, {1: (3, 8, mac(32))}), AS_HOLDER)
    pin("epoch_older", "rollback", "epoch 4 was seen", pin_of(None, {1: (4, 1, mac(32))}), AS_HOLDER)
    pin("revision_forked", "rollback", "another comp_mac was seen", pin_of(None, {1: (*mine[:2], mac(32))}), AS_HOLDER)
    stale(kit)


def stale(kit: Kit) -> None:
    """What a revoked holder can do to one that remains: the honest limit of section 11."""
    before = vault(owner_slot(), holder_slot(), other_slot(scope=HOLDER, compartments=[1]))
    old = build(before, stream("before the revocation"))
    writer = Writer(open_vault(old.data, **AS_OWNER), random=stream("revocation"), now=NOW)
    writer.revoke(OTHER_ID)
    after = writer.save()
    fresh = open_vault(after, **AS_HOLDER).pin()
    forged = vault(parts=[binance(record(fields={"key": "forged"}), revision=99), kraken()])
    part = build_compartment(forged, forged.compartments[0], stream("forged"))
    new = layout.parse(after)
    slot = layout.parse(old.data).slot(HOLDER_ID)
    if slot is None:
        raise AssertionError("the victim's slot is there")
    data = after.replace(new.slots[1].raw, slot.raw)
    data = data.replace(crypto.u16(1) + crypto.u64(6) + crypto.u16(2), crypto.u16(1) + crypto.u64(3) + crypto.u16(2))
    data = data.replace(new.parts[0].raw, part)
    sees = seen(forged, "holder", [1])
    kit.raw("stale_payload_forged_without_pin", "ok", "only (id, epoch) would tell", data, AS_HOLDER, sees=sees)
    pinned = {**AS_HOLDER, "pin": fresh}
    kit.raw("stale_payload_forged_with_pin", "rollback", "a pin from after the revocation", data, pinned)
    kit.raw("stale_payload_forged_owner", "decrypt", "root_mac tells", data)


# ---- B.8 ----


def change(kit: Kit) -> None:
    data = build(vault(), stream("a vault to change")).data

    def write(
        name: str, code: str, comment: str, *ops: Json, opener: Json = AS_OWNER, vault: bytes = data, **more: Any
    ) -> None:
        kit.add(name, code, comment, opener=opener, vault=vault, change=list(ops), **more)

    def made(name: str, spec: VaultSpec) -> bytes:
        return build(spec, stream(name)).data

    edit: Json = {"op": "put", "name": "binance/main", "secret": {"key": "new"}}
    by_phrase: Json = {"passphrase": "a new one", "kdf": 1, "costs": FLOOR}
    grant: Json = {"op": "grant", "label": "new", "compartments": ["binance"], "key": True}
    revoke: Json = {"op": "revoke", "slot": HOLDER_ID.hex()}

    unknown = made("unknown_key_kept_through_edit", unknown_keys())
    update: Json = {"op": "update", "name": "binance/main", "meta": {"note": "edited"}}
    keeps = [{"opener": AS_OWNER, "keeps_unknown_keys": True}]
    away: Json = {"op": "revoke", "slot": OTHER_ID.hex()}  # so that the other holder's payload is written again
    name = "unknown_key_kept_through_edit"
    write(name, "ok", "in every map that is written again", update, grant, away, vault=unknown, then=keeps)
    broken = vault(parts=[binance(record(), replace(record(SPARE_ID), meta=meta(".."))), kraken()])
    spoiled = made("damaged_record_kept_through_edit", broken)
    kept = {
        "opener": AS_OWNER,
        "damage": [harm(1, "format", SPARE_ID)],
        "same_record": {"compartment": "binance", "record": SPARE_ID.hex()},
    }
    write("damaged_record_kept_through_edit", "ok", "its bytes stay", edit, vault=spoiled, then=[kept])
    write(
        "restored_backup_then_revoke", "ok", "done twice from these bytes: the new comp_keys differ", revoke, twice=True
    )
    phrase = {"op": "grant", "label": "new", "compartments": None, **by_phrase, "passphrase": "a\u0378b"}
    write("passphrase_unassigned_code_point", "invalid_input", "U+0378", phrase)
    weak = {"op": "grant", "label": "new", "compartments": None, **by_phrase, "costs": [19_455, 4, 1]}
    write("write_weak_kdf", "weak_kdf", "never made", weak, opener={**AS_OWNER, "allow_weak_kdf": True})
    write("write_name_one_segment", "invalid_input", "`telegram`", {**edit, "name": "telegram"})
    write("write_name_dot_dot", "invalid_input", "`a/..`", {**edit, "name": "a/.."})
    write("write_name_256_bytes", "invalid_input", "one too long", {**edit, "name": "binance/" + "n" * 248})
    write("write_field_name_with_slash", "invalid_input", "`a/b`", {**edit, "secret": {"a/b": "v"}})
    write("write_field_also_in_info", "invalid_input", "`key`", {**edit, "meta": {"info": {"key": "v"}}})
    write("write_label_control_character", "invalid_input", "U+007F", {**grant, "label": "a\u007f"})
    write("write_label_taken", "exists", "`bot`", {**grant, "label": "bot"})
    last = vault(parts=[binance(record(version=BIGGEST)), kraken()])
    write("write_version_past_the_end", "limit", "2^53-1 is there", edit, vault=made("last version", last))
    last = vault(root_revision=BIGGEST)
    write("write_root_revision_past_the_end", "limit", "root_revision 2^53-1", grant, vault=made("last root", last))
    last_part = vault(parts=[binance(revision=BIGGEST), kraken()])
    end = made("last revision", last_part)
    write("holder_write_past_the_end", "limit", "revision 2^53-1", edit, opener=AS_HOLDER, vault=end)
    after = {"binance/main": {"key": "new"}}
    then = [
        {
            "opener": AS_OWNER,
            "secrets": {**after, "kraken/main": {"key": "k-789"}},
            "part": {"name": "binance", "epoch": 6, "revision": 1},
        },
        {"opener": AS_HOLDER, "secrets": after},
    ]
    write("owner_write_past_the_end", "ok", "new key and epoch", edit, vault=end, then=then)
    write("holder_grants", "no_access", "owners only", grant, opener=AS_HOLDER)
    write("holder_writes_another_compartment", "no_access", "kraken", {**edit, "name": "kraken/main"}, opener=AS_HOLDER)
    write("grant_key_in_use", "exists", "the holder's key", {**grant, "key": HOLDER_KEY.hex()})
    by_passphrase = made("by passphrase", vault(owner_slot(), other_slot(key=None, passphrase=PASSPHRASE)))
    taken = {"op": "grant", "label": "new", "compartments": ["binance"], **by_phrase, "passphrase": PASSPHRASE}
    write("grant_passphrase_in_use", "exists", "another slot's", taken, vault=by_passphrase)
    with_passkey(kit, made)
    write("grant_of_nothing", "invalid_input", "no compartment", {**grant, "compartments": []})
    write("grant_of_unknown_compartment", "not_found", "`nowhere`", {**grant, "compartments": ["nowhere"]})
    limits(kit)
    revocations(kit, made, revoke)
    rekeys(kit, data)
    passphrases(kit, made)


def with_passkey(kit: Kit, made: Callable[[str, VaultSpec], bytes]) -> None:
    answer = {"credential_id": "c0ffee" * 4, "prf_output": OTHER_KEY.hex()}
    grant: Json = {"op": "grant", "label": "phone", "compartments": ["binance"], **answer}
    phrase: Json = {"passphrase": "a new one", "kdf": 1, "costs": FLOOR}
    opens: Json = {"opener": answer, "secrets": {"binance/main": plain_json(secret())}}
    wrong: Json = {"opener": {**answer, "prf_output": OWNER_KEY.hex()}, "expect": "decrypt"}
    both: Json = {**opens, "opener": {**answer, "passphrase": phrase["passphrase"]}}
    alone: Json = {"opener": answer, "expect": "invalid_input"}
    data = made("grant_passkey", vault())

    def write(name: str, code: str, comment: str, op: Json, vault: bytes = data, **more: Any) -> None:
        kit.add(name, code, comment, opener=AS_OWNER, vault=vault, change=[op], **more)

    also = [{"comment": "and with a passphrase", "change": [{**grant, **phrase}], "then": [both, alone]}]
    write("grant_passkey", "ok", "opened by the same answer", grant, then=[opens, wrong], also_changed=also)
    hint = bytes.fromhex(answer["credential_id"])
    there = made("grant_passkey_in_use", vault(owner_slot(), holder_slot(hint=hint)))
    write("grant_passkey_in_use", "exists", "another slot's", grant, there)
    write("grant_passkey_without_id", "invalid_input", "an empty credential id", {**grant, "credential_id": ""})
    held = holder_slot(key=OTHER_KEY, passphrase=PASSPHRASE, hint=hint)
    change = {"op": "change_passphrase", "slot": HOLDER_ID.hex(), **answer, **phrase}
    old: Json = {"opener": {**answer, "passphrase": PASSPHRASE}, "expect": "decrypt"}
    before = made("change_passphrase_of_passkey_slot", vault(owner_slot(), held))
    write(
        "change_passphrase_of_passkey_slot", "ok", "with the answer for the new salt", change, before, then=[both, old]
    )


def limits(kit: Kit) -> None:
    """One vector of four vaults."""
    grant: Json = {"op": "grant", "label": "new", "compartments": ["binance"]}
    phrase: Json = {**grant, "passphrase": "a new one", "kdf": 1, "costs": FLOOR}
    eight = [untried(number, (19_456, 2, 1)) for number in range(8)]
    most = [SlotSpec(bytes([0x20 + n]) * 8, f"s{n}", SALTS[n], key=SALTS[127 - n]) for n in range(63)]
    dear = [untried(number, (262_144, 4, 4)) for number in range(7)]
    long = {"credential_id": "ff" * 1024}
    cases = [
        (vault(owner_slot(), *eight), phrase, "a ninth passphrase slot"),
        (vault(owner_slot(), *most), {**grant, "key": True}, "a 65th slot"),
        (vault(owner_slot(), *dear), {**phrase, "costs": [262_144, 5, 4]}, "a cost over the sum"),
        (vault(), {**grant, **long, "prf_output": OTHER_KEY.hex()}, "a credential id of 1,024 bytes"),
    ]
    also = [
        {"vault": b64(build(spec, stream(why)).data), "change": [op], "comment": why} for spec, op, why in cases[1:]
    ]
    spec, op, why = cases[0]
    data = build(spec, stream(why)).data
    kit.add("grant_over_the_limits", "limit", why, opener=AS_OWNER, vault=data, change=[op], also_changed=also)


def revocations(kit: Kit, made: Callable[[str, VaultSpec], bytes], revoke: Json) -> None:
    def write(
        name: str, code: str, comment: str, op: Json, spec: VaultSpec, opener: Json = AS_OWNER, **more: Any
    ) -> None:
        kit.add(name, code, comment, opener=opener, vault=made(name, spec), change=[op], **more)

    two = vault(owner_slot(), holder_slot(), other_slot(scope=HOLDER, compartments=[1, 2]))
    held = {"binance/main": plain_json(secret()), "kraken/main": {"key": "k-789"}}
    part = {"name": "binance", "epoch": 6, "revision": 1}
    then: list[Json] = [{"opener": AS_OTHER, "secrets": held, "part": part}, {"opener": AS_HOLDER, "expect": "decrypt"}]
    write("revoke_keeps_other_holders", "ok", "with its old key", revoke, two, then=then)
    writer = Writer(open_vault(made("revoke_keeps_other_holders", two), **AS_OWNER), random=stream("revoked_key"))
    writer.revoke(HOLDER_ID)
    kit.raw("revoked_key", "decrypt", "after the revocation", writer.save(), AS_HOLDER)
    broken = replace(record(), meta=meta(".."))
    spec = vault(parts=[binance(broken, record(THIRD_ID, "third")), kraken()])
    write("revoke_with_damage", "damaged", "a broken record under a valid comp_mac", revoke, spec)
    drop = {**revoke, "drop_damage": True}
    name = "revoke_drops_damage"
    long = RecordSpec(MAIN_ID, sized(meta(), "note", 4096 + 64), secret())
    cases: list[tuple[str, CompartmentSpec, list[Json], Json]] = [
        ("over-limit record", binance(long), [harm(1, "limit")], {}),
        ("revision 2^53", binance(revision=BIGGEST + 1), [harm(1, "format")], {}),
    ]
    also: list[Json] = [
        {
            "comment": why,
            "vault": b64(made(why, vault(parts=[one, kraken()]))),
            "change": [drop],
            "dropped": dropped,
            "then": [{"opener": AS_OWNER, "damage": [], "secrets": {**secrets, "kraken/main": {"key": "k-789"}}}],
        }
        for why, one, dropped, secrets in cases
    ]
    kept = {"binance/third": plain_json(secret()), "kraken/main": {"key": "k-789"}}
    after: list[Json] = [
        {"opener": AS_OWNER, "damage": [], "secrets": kept, "part": part},
        {"opener": AS_HOLDER, "expect": "decrypt"},
    ]
    dropped = [harm(1, "format", MAIN_ID)]
    write(name, "ok", "broken record", drop, spec, dropped=dropped, then=after, also_changed=also)
    lost = vault(owner_slot(), holder_slot(payload_key=OTHER_KEY))
    name = "revoke_slot_with_unreadable_payload"
    parts = [{"opener": AS_OWNER, "secrets": held, "part": one} for one in (part, {**part, "name": "kraken"})]
    write(name, "ok", "every compartment gets a new key", revoke, lost, then=parts)
    owners = vault(owner_slot(), other_slot())
    write("revoke_owner_slot", "invalid_input", "only re-key can", {**revoke, "slot": OTHER_ID.hex()}, owners)
    remove: Json = {"op": "remove_compartment", "name": "binance"}
    left = {"kraken/main": {"key": "k-789"}}
    then = [
        {"opener": AS_OTHER, "secrets": left},
        {"opener": AS_OWNER, "secrets": left},
        {"opener": AS_HOLDER, "expect": "decrypt"},
    ]
    write(
        "remove_compartment_removes_empty_slot", "ok", "a slot with another compartment stays", remove, two, then=then
    )


def rekeys(kit: Kit, data: bytes) -> None:
    two = build(vault(owner_slot(), holder_slot(), other_slot()), stream("re-key")).data
    rekey: Json = {"op": "rekey", "presented": [AS_HOLDER]}
    kit.add("rekey_without_owner", "invalid_input", "a holder's key alone", opener=AS_OWNER, vault=data, change=[rekey])
    opened = open_vault(two, **AS_OWNER)
    writer = Writer(opened, random=stream("re-keyed"), now=NOW)
    writer.rekey([{"key": AS_OWNER["key"]}])
    after = writer.save()
    kit.raw("rekey_ex_owner_key", "decrypt", "it was not presented", after, AS_OTHER)
    kit.raw("rekey_holder_not_presented", "decrypt", "it was not presented", after, AS_HOLDER)
    old = layout.parse(two).slot(OTHER_ID)
    new = layout.parse(after)
    if old is None:
        raise AssertionError("the slot is there")
    begin = 44 + 4 + len(new.keyring)
    ordered = sorted([new.slots[0], old], key=lambda slot: slot.id)
    rest = after[begin + len(new.slots[0].raw) :]
    put_back = put(after[:begin], 40, crypto.u16(2)) + b"".join(slot.raw for slot in ordered) + rest
    kit.raw("rekey_ex_owner_slot_put_back", "decrypt", "the vault_id is another", put_back, AS_OTHER)
    # The new owner's key is random: made here, it can be known.
    writer = Writer(open_vault(two, **AS_OWNER), random=stream("re-keyed"), now=NOW)
    key = writer.rekey([{"key": AS_OWNER["key"]}])["owner"]
    kit.raw("rekey_old_pin", "rollback", "the vault_id is another", after, {"key": key, "pin": opened.pin()})


def passphrases(kit: Kit, made: Callable[[str, VaultSpec], bytes]) -> None:
    spec = vault(owner_slot(key=None, passphrase=PASSPHRASE), holder_slot())
    before = made("change_passphrase", spec)
    writer = Writer(open_vault(before, passphrase=PASSPHRASE), random=stream("changed"), now=NOW)
    writer.change_passphrase(OWNER_ID, "a new one", kdf=ARGON2ID, costs=(19_456, 2, 1))
    after = writer.save()
    same: Json = {"slot": OWNER_ID.hex(), "label": "owner"}
    kit.raw(
        "change_passphrase_new",
        "ok",
        "same slot_id and label",
        after,
        {"passphrase": "a new one"},
        sees=seen(spec),
        has=same,
    )
    kit.raw("change_passphrase_old", "decrypt", "no longer", after, {"passphrase": PASSPHRASE})
    op: Json = {"op": "change_passphrase", "slot": HOLDER_ID.hex(), "passphrase": "a new one", "kdf": 1, "costs": FLOOR}
    kit.add(
        "change_passphrase_of_key_slot",
        "invalid_input",
        "it has none",
        opener={"passphrase": PASSPHRASE},
        vault=before,
        change=[op],
    )


# ---- B.9 ----


def splice(kit: Kit) -> None:
    held = holder_slot(compartments=[1, 2])
    spec = vault(owner_slot(), held, other_slot(), parts=[binance(record(), record(THIRD_ID, "third")), kraken()])
    base = build(spec, stream("splice")).data

    def saved(seed: str, *steps: Callable[[Writer], object], data: bytes = base, opener: Json = AS_OWNER) -> bytes:
        writer = Writer(open_vault(data, **opener), random=stream(f"splice {seed}"), now=NOW)
        for step in steps:
            step(writer)
        return writer.save()

    def edit(name: str, value: str = "theirs") -> Callable[[Writer], object]:
        return lambda writer: writer.put(name, {"key": value})

    def case(
        name: str,
        code: str,
        comment: str,
        stored: bytes,
        *ops: Json,
        opened: bytes = base,
        opener: Json = AS_OWNER,
        **more: Any,
    ) -> None:
        kit.add(f"splice_{name}", code, comment, opener=opener, vault=opened, stored=stored, change=list(ops), **more)

    def ours(name: str) -> Json:
        return {"op": "put", "name": name, "secret": {"key": "ours"}}

    right = plain_json(secret())
    start = {"binance/main": right, "binance/third": right, "kraken/main": {"key": "k-789"}}
    mine, theirs = {"key": "ours"}, {"key": "theirs"}
    their_kraken = saved("kraken", edit("kraken/main"))
    their_main = saved("main", edit("binance/main"))
    their_third = saved("third", edit("binance/third"))

    def then(**changes: Any) -> list[Json]:
        return [{"opener": AS_OWNER, "secrets": {**start, **{k.replace("__", "/"): v for k, v in changes.items()}}}]

    case(
        "other_compartments",
        "ok",
        "both changes are there",
        their_kraken,
        ours("binance/main"),
        then=then(binance__main=mine, kraken__main=theirs),
    )
    case(
        "other_records",
        "ok",
        "both changes are there",
        their_third,
        ours("binance/main"),
        then=then(binance__main=mine, binance__third=theirs),
    )
    more = saved("slot", edit("kraken/main"), lambda writer: writer.grant("guest", ["kraken"], key=SALTS[99]))
    guest = {
        "key": texts.write_key(
            next(slot.id for slot in layout.parse(more).slots if slot.id not in (OWNER_ID, HOLDER_ID, OTHER_ID)),
            SALTS[99],
        )
    }
    both = then(binance__main=mine, kraken__main=theirs)
    both.append({"opener": guest, "secrets": {"kraken/main": theirs}})
    case("unchanged_taken", "ok", "a newer kraken and a new slot", more, ours("binance/main"), then=both)
    spoiled = base[:-1] + bytes([base[-1] ^ 1])
    kept = [
        {
            "opener": AS_OWNER,
            "damage": [harm(2, "decrypt")],
            "secrets": {"binance/main": mine, "binance/third": right},
            "same_part": "kraken",
        }
    ]
    case("unchanged_damaged", "ok", "stays as it is stored", spoiled, ours("binance/main"), then=kept)
    case("same_record", "conflict", "both wrote binance/main", their_main, ours("binance/main"))
    removed = saved("removed", lambda writer: writer.remove("binance/main"))
    case("record_removed_meanwhile", "conflict", "binance/main is gone", removed, ours("binance/main"))
    case(
        "same_name_put_by_both",
        "conflict",
        "two new records, one name",
        saved("new", edit("binance/new")),
        ours("binance/new"),
    )
    gone = saved("gone", lambda writer: writer.remove_compartment("binance"))
    case("compartment_gone", "conflict", "binance was removed", gone, ours("binance/main"))
    holders = build(vault(owner_slot(), held, other_slot(scope=HOLDER, compartments=[1])), stream("holders")).data
    rekeyed = saved("revoked", lambda writer: writer.revoke(OTHER_ID), data=holders)
    case(
        "compartment_rekeyed_meanwhile",
        "conflict",
        "another holder was revoked",
        rekeyed,
        ours("binance/main"),
        opened=holders,
        opener=AS_HOLDER,
    )
    drop: Json = {"op": "remove_compartment", "name": "binance"}
    case("removed_but_changed", "conflict", "binance was changed meanwhile", their_main, drop)
    granted = saved("granted", lambda writer: writer.grant("one", ["binance"], key=True))
    grant: Json = {"op": "grant", "label": "two", "compartments": ["binance"], "key": True}
    case("root_changed_by_both", "conflict", "two grants", granted, grant)
    out = saved("out", lambda writer: writer.revoke(HOLDER_ID), data=holders)
    case(
        "holder_revoked_meanwhile",
        "conflict",
        "its slot is gone",
        out,
        ours("binance/main"),
        opened=holders,
        opener=AS_HOLDER,
    )
    other = saved("re-keyed", lambda writer: writer.rekey([{"key": AS_OWNER["key"]}]))
    case("vault_rekeyed", "conflict", "another vault_id", other, ours("binance/main"))
    case("root_older", "rollback", "5 after 6", base, ours("binance/main"), opened=granted)
    forked = saved("forked", lambda writer: writer.grant("fork", ["binance"], key=True))
    case(
        "root_forked", "rollback", "equal root_revision, another root_mac", forked, ours("binance/main"), opened=granted
    )
    case("compartment_older", "rollback", "7 after 8", base, ours("binance/third"), opened=their_main)
    fork = saved("fork", edit("binance/third", "other"))
    case("compartment_forked", "rollback", "equal revision, other bytes", fork, ours("binance/new"), opened=their_main)
    case("unchanged_older", "rollback", "kraken at 2 after 3", base, ours("binance/main"), opened=their_kraken)
    parsed = layout.parse(their_main)
    at = len(parsed.root_part) + len(parsed.parts[0].raw) - 1
    case(
        "stored_compartment_damaged",
        "damaged",
        "binance's comp_mac is wrong",
        flip(their_main, at),
        ours("binance/third"),
    )


def files(kit: Kit) -> None:
    kit.add(
        "file_group_not_kept",
        "io",
        "the old file's group cannot be given to the new one",
        file={"save": "group_refused"},
    )
    kit.add("file_create_over_another", "exists", "nothing is written", file={"create": "over_another"})
    kit.add(
        "key_file_readable_by_others",
        "invalid_input",
        "group or others may read",
        file={"key": AS_OWNER["key"], "modes": ["0640", "0604"]},
    )


# ---- frozen ----


def frozen() -> dict[str, tuple[bytes, Json]]:
    """Good vaults of version 1, which every later program must open, and what each way in sees."""
    spec, openers = full()
    found: dict[str, tuple[bytes, Json]] = {}

    def ways(data: bytes, names: dict[str, Json], comment: str) -> tuple[bytes, Json]:
        sees: list[Json] = []
        for name, opener in names.items():
            opened = open_vault(data, **arguments(opener))
            sees.append({"slot": name, "opener": {**opener, "pin": opened.pin()}, "sees": look(opened)})
        return data, {"comment": comment, "opens": sees}

    first = build(spec, stream("frozen")).data
    found["v1-slots"] = ways(first, openers, "every kind of slot, every kind of metadata, three states")
    writer = Writer(open_vault(first, **openers["owner"]), random=stream("frozen, revoked"), now=NOW)
    writer.revoke(b"\7" * 8)
    second = writer.save()
    rest = {name: opener for name, opener in openers.items() if name != "bot"}
    found["v1-after-revoke"] = ways(second, rest, "`bot` was revoked, the other holders opened nothing")
    writer = Writer(open_vault(second, **openers["owner"]), random=stream("frozen, re-keyed"), now=NOW)
    phrase = openers["owner by passphrase"]["passphrase"]
    bot = openers["bot by passphrase"]["passphrase"]
    new = writer.rekey([{"key": openers["owner"]["key"]}, {"passphrase": phrase}, {"passphrase": bot}])
    third = writer.save()
    rest = {name: openers[name] for name in ("owner by passphrase", "bot by passphrase")}
    found["v1-after-rekey"] = ways(third, {"owner": {"key": new["owner"]}, **rest}, "three of the slots were presented")
    return found


def arguments(opener: Json) -> Json:
    """What an opener of a vector is for `model.open`."""
    found: Json = {key: opener[key] for key in ("key", "passphrase", "pin", "allow_weak_kdf") if key in opener}
    if "passphrase_utf16" in opener:
        found["passphrase"] = bytes.fromhex(opener["passphrase_utf16"]).decode("utf-16-be", "surrogatepass")
    if "credential_id" in opener:
        found["passkey"] = bytes.fromhex(opener["credential_id"]), bytes.fromhex(opener["prf_output"])
    return found


def look(opened: Opened) -> Json:
    """What an open vault shows, as in `sees`."""
    entries = {
        name: [
            {
                "version": one["version"],
                "state": one["state"],
                "meta": plain_json(one["meta"]),
                "secret": plain_json(one["secret"]),
            }
            for one in versions
        ]
        for name, versions in opened.entries.items()
    }
    return {"scope": opened.scope, "compartments": list(opened.compartments), "entries": entries}


def generate() -> dict[str, bytes]:
    """Every file of the kit, by its path under tests/vectors."""
    kit = Kit()
    for section in (
        good, frame, costs, slots, root, compartments, records, uses, key_texts, pins, change, splice, files,
    ):  # fmt: skip
        section(kit)
    return {f"vault/{name}.json": _json(vector) for name, vector in kit.vectors.items()}


def _json(content: Json) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


def main() -> None:
    """Write the kit, and those frozen vaults that are not there yet: a frozen vault is never made again."""
    made = generate()
    for path, content in made.items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_bytes(content)
    for old in (HERE / "vault").glob("*.json"):
        if f"vault/{old.name}" not in made:
            old.unlink()
    (HERE / "frozen").mkdir(exist_ok=True)
    for name, (data, opens) in frozen().items():
        if not (HERE / f"frozen/{name}.vault").exists():
            (HERE / f"frozen/{name}.vault").write_bytes(data)
            (HERE / f"frozen/{name}.json").write_bytes(_json(opens))


if __name__ == "__main__":
    main()
