"""The second implementation of the format, in tests/model, against the vectors of FORMAT.md and against itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model import cbor, crypto, kit, layout, texts
from model.expected import check_after, harm, refusal, vault_of

if sys.platform != "win32":  # what section 10.2 says of modes and groups is POSIX
    from model import file

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "FORMAT.md").read_text(encoding="utf-8")
APPENDIX = DOCUMENT[DOCUMENT.index("## Appendix B") :]
TABLE = {row[0]: row[1].strip() for row in re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", APPENDIX, re.MULTILINE)}
VECTORS: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in (kit.HERE / "vault").glob("*.json")}
FROZEN = sorted(path.stem for path in (kit.HERE / "frozen").glob("*.vault"))
NONCE = b"ABCDEFGHIJKLMNOPQRSTUVWX"
CHEAP = (19_456, 2, 1)


# ---- the document and its vectors ----


def test_every_row_of_the_document_has_a_vector_that_expects_the_same() -> None:
    assert len(TABLE) > 300
    assert {name: vector["expect"] for name, vector in VECTORS.items()} == TABLE


def test_every_vector_that_the_text_names_is_in_the_table() -> None:
    prose = DOCUMENT[: DOCUMENT.index("## Appendix B")]
    named = {name for group in re.findall(r"\(vectors?:([^)]*)\)", prose) for name in re.findall(r"`(\w+)`", group)} - {
        "name",
        "truncated_",
    }
    assert len(named) > 200
    assert named <= TABLE.keys()


def test_the_kit_comes_out_the_same_again() -> None:
    made = kit.generate()
    there = {f"vault/{path.name}": path.read_bytes() for path in (kit.HERE / "vault").iterdir()}
    assert made.keys() == there.keys()
    assert [name for name in made if made[name] != there[name]] == []


def check_opened(opened: model.Opened, vector: Any) -> None:
    assert harm(opened) == vector.get("damage", [])
    if "sees" in vector:
        assert kit.look(opened) == vector["sees"]
    if "has" in vector:
        assert vector["has"]["label"] in [slot["label"] for slot in opened.slots if slot["id"] == vector["has"]["slot"]]


def run_open(vector: Any) -> None:
    data, opener = vault_of(vector), kit.arguments(vector["opener"])
    expect, use = vector["expect"], vector.get("use")
    if use is None and expect != "ok" and not expect.startswith("damaged: "):
        assert refusal(lambda: model.open(data, **opener)) == expect
        return
    opened = model.open(data, **opener)
    if use is None or expect == "ok":
        check_opened(opened, vector)
    if use is not None:
        assert harm(opened) == vector.get("damage", [])
        assert refusal(lambda: opened.use(use["name"])) == expect
        if "good" in use:
            opened.use(use["good"])
    for name, versions in opened.entries.items():
        if use is None and any(one["state"] == "current" for one in versions):
            opened.use(name)
    for damage in vector.get("damage", []):
        if damage["record"] is not None:
            record_id = bytes.fromhex(damage["record"])
            assert refusal(lambda name=damage["name"], one=record_id: opened.use_record(name, one)) == "damaged"
        else:
            assert refusal(lambda name=damage["name"]: opened.use(f"{name}/main")) == "damaged"
    for other in vector.get("also", []):
        run_open({"expect": "ok", **other, "vault": vector["vault"]})


def test_sixty_five_thousand_records_are_all_seen() -> None:
    vector = VECTORS["records_65535"]
    opened = model.open(vault_of(vector), **kit.arguments(vector["opener"]))
    assert opened.damage == []
    names = opened.compartments["binance"].names()
    assert len(names) == 65_535
    assert opened.use("binance/r65535") == (names["r65535"][0][1], {})


# ---- changes ----


def always(output: bytes) -> Callable[[bytes], bytes]:
    """A passkey that answers the same whatever it is asked."""

    def answer(_: bytes) -> bytes:
        return output

    return answer


def play(writer: model.Writer, op: Any) -> str | None:
    """One operation of a vector; the key text that it gives out."""
    asked = {name: value for name, value in op.items() if name not in ("op", "label", "compartments", "slot", "name")}
    if isinstance(asked.get("costs"), list):
        asked["costs"] = tuple(asked["costs"])
    if "prf_output" in asked:
        output = bytes.fromhex(asked.pop("prf_output"))
        asked.update(credential_id=bytes.fromhex(asked["credential_id"]), prf=always(output))
    match op["op"]:
        case "put":
            writer.put(op["name"], op["secret"], op.get("meta"))
        case "update":
            writer.update(op["name"], op.get("secret"), op.get("meta"))
        case "remove_compartment":
            writer.remove_compartment(op["name"])
        case "grant":
            if isinstance(asked.get("key"), str):
                asked["key"] = bytes.fromhex(asked["key"])
            return writer.grant(op["label"], op["compartments"], **asked)
        case "revoke":
            writer.revoke(bytes.fromhex(op["slot"]), drop_damage=op.get("drop_damage", False))
        case "change_passphrase":
            writer.change_passphrase(bytes.fromhex(op["slot"]), **asked)
        case "rekey":
            writer.rekey(op["presented"])
        case other:
            raise AssertionError(other)
    return None


def save(vector: Any) -> tuple[bytes, model.Writer]:
    writer = model.Writer(model.open(base64.b64decode(vector["vault"]), **kit.arguments(vector["opener"])), now=9)
    for op in vector["change"]:
        play(writer, op)
    return writer.save(base64.b64decode(vector["stored"]) if "stored" in vector else None), writer


def run_change(vector: Any) -> None:
    if vector["expect"] != "ok":
        assert refusal(lambda: save(vector)) == vector["expect"]
    else:
        data, writer = save(vector)
        for then in vector.get("then", []):
            check_after(vector, data, then)
        if "dropped" in vector:
            names = {damage["name"]: damage["compartment"] for damage in vector["dropped"]}
            assert vector["dropped"] == [
                {"compartment": names[name], "name": name, "record": record and record.hex(), "code": code}
                for name, record, code in writer.dropped
            ]
        if "twice" in vector:
            one, other = (model.open(made, **kit.arguments(vector["opener"])) for made in (data, save(vector)[0]))
            assert one.compartments["binance"].key != other.compartments["binance"].key
    for other in vector.get("also_changed", []):
        run_change({**vector, "also_changed": [], "then": [], **other})


def run_text(vector: Any) -> None:
    for text in vector["texts"]:
        if vector["expect"] != "ok":
            assert (
                refusal(lambda one=text: (texts.read_key if vector["text"] == "key" else texts.read_pin)(one))
                == (vector["expect"])
            )
        elif vector["text"] == "key":
            slot_id, key = texts.read_key(text)
            assert {"slot_id": slot_id.hex(), "key": key.hex()} == vector["holds"]
            assert texts.write_key(slot_id, key) == text.strip()
        else:
            assert texts.write_pin(texts.read_pin(text)) == text


def run_file(vector: Any, folder: Path) -> None:
    path = folder / "a.vault"
    data, key = model.create("me", ["binance"], key=True)
    file.create(path, data)
    writer = model.Writer(model.open(data, key=key))
    writer.put("binance/main", {"key": "v"})

    def refuse(*_: int) -> None:
        raise PermissionError

    match vector["file"]:
        case {"save": "group_refused"}:
            assert refusal(lambda: file.save(path, writer, refuse)) == vector["expect"]
            assert path.read_bytes() == data
            file.save(path, writer)
            assert model.open(path.read_bytes(), key=key).use("binance/main")[1] == {"key": "v"}
        case {"create": "over_another"}:
            assert refusal(lambda: file.create(path, b"")) == vector["expect"]
            assert path.read_bytes() == data
        case {"key": text, "modes": modes}:
            own = folder / "own.key"
            own.write_text(text + "\n")
            own.chmod(0o600)
            assert file.read_key(own) == text + "\n"
            for mode in modes:
                own.chmod(int(mode, 8))
                assert refusal(lambda: file.read_key(own)) == vector["expect"]
        case other:
            raise AssertionError(other)
    assert sorted(one.name for one in folder.iterdir() if one.suffix != ".key") == ["a.vault", "a.vault.lock"]


HERE_TOO = [
    name
    for name, vector in sorted(VECTORS.items())
    if name != "records_65535"  # that one has a test of its own
    and ("file" not in vector or sys.platform != "win32")
]


@pytest.mark.parametrize("name", HERE_TOO)
def test_vector(name: str, tmp_path: Path) -> None:
    vector = VECTORS[name]
    if "change" in vector:
        run_change(vector)
    elif "text" in vector:
        run_text(vector)
    elif "file" in vector:
        run_file(vector, tmp_path)
    else:
        run_open(vector)


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_vaults_open_for_ever(name: str) -> None:
    data = (kit.HERE / f"frozen/{name}.vault").read_bytes()
    content = json.loads((kit.HERE / f"frozen/{name}.json").read_text())
    for way in content["opens"]:
        opened = model.open(data, **kit.arguments(way["opener"]))
        assert opened.damage == []
        assert kit.look(opened) == way["sees"]


def test_three_vaults_are_frozen() -> None:
    assert FROZEN == ["v1-after-rekey", "v1-after-revoke", "v1-slots"]


# ---- no altered bit passes ----


@pytest.mark.parametrize("name", ["smallest", "compartment_id_zero", "unknown_keys_everywhere"])
def test_an_owner_meets_every_flipped_bit(name: str) -> None:
    data, opener = vault_of(VECTORS[name]), kit.arguments(VECTORS[name]["opener"])
    frame = layout.parse(data)
    for at in range(len(data)):
        bits = range(8) if len(data) < 1000 else [at % 8]
        for bit in bits:
            try:
                opened = model.open(kit.flip(data, at, 1 << bit), **opener)
            except model.ModelError:
                continue
            start = len(frame.root_part)
            hit: list[tuple[str, None]] = []
            for part, one in zip(frame.parts, opened.compartments.values(), strict=True):
                if start <= at < start + len(part.raw):
                    hit.append((one.name, None))
                start += len(part.raw)
            assert len(hit) == 1
            assert [(name, record) for name, record, _ in opened.damage] == hit


@pytest.mark.parametrize("name", ["smallest", "full", "unknown_keys_everywhere"])
def test_no_shorter_vault_opens(name: str) -> None:
    data, opener = vault_of(VECTORS[name]), kit.arguments(VECTORS[name]["opener"])
    for size in range(len(data)):
        assert refusal(lambda end=size: model.open(data[:end], **opener)) == "format"


# ---- primitives ----


@pytest.mark.parametrize(
    ("key", "aad", "sealed"),
    [
        (1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (3, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ],
)
def test_xaes_gives_the_vectors_of_its_specification(key: int, aad: bytes, sealed: str) -> None:
    assert crypto.xaes_seal(bytes([key]) * 32, NONCE, b"XAES-256-GCM", aad).hex() == sealed
    assert crypto.unseal(bytes([key]) * 32, NONCE + bytes.fromhex(sealed), aad) == b"XAES-256-GCM"


def test_the_documents_ciphertext_opens_under_three_keys() -> None:
    # The first such line: the others are of the vault in Appendix A.
    found = re.search(r"^[0-9a-f]{96}$", DOCUMENT, re.MULTILINE)
    assert found is not None
    sealed = bytes.fromhex(found[0])
    opened = {
        crypto.unseal(hashlib.sha256(word).digest(), NONCE + sealed, b"strongroom")
        for word in (b"password1", b"hunter2", b"letmein")
    }
    assert len(opened) == 3


VALUES = st.recursive(
    st.booleans() | st.integers(0, cbor.BIGGEST) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def depth(value: cbor.Cbor) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=30), VALUES, max_size=4))
def test_cbor_comes_back(content: Any) -> None:
    encoded = cbor.encode(content)
    if depth(content) > cbor.DEEPEST:
        assert refusal(lambda: cbor.decode(encoded)) == "format"
    else:
        assert cbor.decode(encoded) == (content, len(encoded))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_cbor_that_is_read_is_the_only_encoding(data: bytes) -> None:
    if refusal(lambda: cbor.decode(data)) != "format":
        content, end = cbor.decode(data)
        assert cbor.encode(content) == data[:end]


# ---- round trips ----


NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}(/[a-z.]{0,5}[a-z]){0,2}", fullmatch=True)
FIELDS = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True), st.text(max_size=80) | st.binary(max_size=80), max_size=5
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, FIELDS, max_size=5), st.binary(max_size=16))
def test_what_is_put_comes_out(entries: dict[str, Any], seed: bytes) -> None:
    random = kit.stream(seed.hex())
    data, key = model.create("me", ["binance"], random=random, key=True)
    writer = model.Writer(model.open(data, key=key), random=random)
    for name, fields in entries.items():
        writer.put(f"binance/{name}", fields)
    opened = model.open(writer.save(), key=key)
    assert opened.damage == []
    assert {name: one[0]["secret"] for name, one in opened.entries.items()} == {
        f"binance/{name}": fields for name, fields in entries.items()
    }


def test_versions_of_an_entry() -> None:
    data, key = model.create("me", ["binance"], key=True)

    def after(*steps: Callable[[model.Writer], None]) -> Any:
        nonlocal data
        writer = model.Writer(model.open(data, key=key))
        for step in steps:
            step(writer)
        data = writer.save()
        return [
            (one["version"], one["state"], one["secret"])
            for one in model.open(data, key=key).entries.get("binance/main", [])
        ]

    name = "binance/main"
    assert after(lambda w: w.put(name, {"k": "1"})) == [(1, "current", {"k": "1"})]
    assert after(lambda w: w.update(name, {"j": "2"})) == [(2, "current", {"k": "1", "j": "2"})]
    assert after(lambda w: w.stage(name, {"k": "3"}), lambda w: w.stage(name, {"k": "4"})) == [
        (2, "current", {"k": "1", "j": "2"}),
        (4, "pending", {"k": "4"}),
    ]
    assert after(lambda w: w.promote(name)) == [
        (2, "previous", {"k": "1", "j": "2"}),
        (4, "current", {"k": "4"}),
    ]
    assert after(lambda w: w.retire(name)) == [(4, "current", {"k": "4"})]
    assert after(lambda w: w.remove(name)) == []
    assert layout.parse(data).parts[0].revision == 7


def test_slots_come_and_go() -> None:
    data, key = model.create("me", ["binance", "kraken"], key=True)
    credential = b"credential"
    seeds: dict[bytes, bytes] = {}

    def prf(first: bytes) -> bytes:
        return seeds.setdefault(first, os.urandom(32))

    writer = model.Writer(model.open(data, key=key))
    bot = writer.grant("bot", ["binance"], key=True)
    writer.grant("phone", None, credential_id=credential, prf=prf)
    writer.grant("both", ["binance", "kraken"], passphrase="one", kdf=1, costs=CHEAP, key=bytes(32))
    data = writer.save()
    opened = model.open(data, key=key)
    by_label = {slot["label"]: bytes.fromhex(slot["id"]) for slot in opened.slots}
    salt = next(slot.head[20:52] for slot in opened.frame.slots if slot.id == by_label["phone"])
    output = seeds[crypto.label("prf") + opened.frame.vault_id + salt]
    assert model.open(data, passkey=(credential, output)).scope == "owner"
    assert list(model.open(data, key=bot).compartments) == ["binance"]

    writer = model.Writer(opened)
    writer.change_passphrase(by_label["both"], "two", kdf=1, costs=CHEAP, key=bytes(32))
    writer.revoke(by_label["bot"])
    data = writer.save()
    assert refusal(lambda: model.open(data, key=bot)) == "decrypt"
    both = texts.write_key(by_label["both"], bytes(32))
    assert model.open(data, key=both, passphrase="two").damage == []

    writer = model.Writer(model.open(data, key=key))
    presented: Any = [{"credential_id": credential, "prf": prf}, {"key": both, "passphrase": "two"}]
    keys = writer.rekey(presented)
    data = writer.save()
    assert refusal(lambda: model.open(data, key=key)) == "decrypt"
    after = model.open(data, key=keys["both"], passphrase="two")
    assert list(after.compartments) == ["binance", "kraken"]
    assert after.damage == []
    assert {slot.id for slot in after.frame.slots}.isdisjoint(by_label.values())
