"""What a vector expects of the bytes that a change leaves, read by the model; for the tests of both implementations."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from model import contents, kit, layout
from model.errors import ModelError
from model.reader import Opened
from model.reader import open as open_model


def refusal(call: Any) -> str:
    """The code that the model refuses the call with, or ok."""
    try:
        call()
    except ModelError as error:
        return error.code
    return "ok"


def vault_of(vector: Any, field: str = "vault") -> bytes:
    """The vector's bytes; the largest are made here and not stored."""
    made = vector.get("made", {})
    if "repeat" in made:
        return bytes.fromhex(made["repeat"]) * int(made["times"])
    data = base64.b64decode(vector[field])
    if "records" in made:
        key, content, secret = (bytes.fromhex(made[name]) for name in ("comp_key", "meta", "secret"))
        data = kit.with_records(data, key, content, secret, made["records"])
        assert hashlib.sha256(data).hexdigest() == made["sha256"]
    return data


def harm(opened: Opened) -> list[Any]:
    """What is damaged, as vectors list it."""
    ids = {one.name: one.id for one in opened.compartments.values()}
    return [
        {"compartment": ids[name], "name": name, "record": record_id and record_id.hex(), "code": code}
        for name, record_id, code in opened.damage
    ]


def check_after(vector: Any, data: bytes, then: Any) -> None:
    """Compare a vault after a change with what its vector says of it."""
    if "expect" in then:
        assert refusal(lambda: open_model(data, **kit.arguments(then["opener"]))) == then["expect"]
        return
    opened = open_model(data, **kit.arguments(then["opener"]))
    assert harm(opened) == then.get("damage", [])
    if "secrets" in then:
        current = {
            name: kit.plain_json(one["secret"])
            for name, versions in opened.entries.items()
            for one in versions
            if one["state"] == "current"
        }
        assert current == then["secrets"]
    if "part" in then:
        one = opened.compartments[then["part"]["name"]]
        assert one.part is not None
        assert (one.epoch, one.part.revision) == (then["part"]["epoch"], then["part"]["revision"])
    if "same_record" in then:
        name, record_id = then["same_record"]["compartment"], bytes.fromhex(then["same_record"]["record"])
        before = open_model(vault_of(vector), **kit.arguments(vector["opener"]))
        assert opened.compartments[name].records[record_id].raw == before.compartments[name].records[record_id].raw
    if "same_part" in then:
        part = opened.compartments[then["same_part"]].part
        stored = layout.parse(vault_of(vector, "stored"))
        assert part in stored.parts
    if "keeps_unknown_keys" in then:
        check_unknown_keys(opened)


def check_unknown_keys(opened: Opened) -> None:
    assert opened.keyring is not None
    assert opened.payload["x"] is True
    held = opened.payload_of(kit.HOLDER_ID)
    for content in (opened.keyring, held):
        assert content["x"] == ["kept"]
    items = contents.maps(opened.keyring, "slots") + contents.maps(opened.keyring, "compartments")
    assert len(items) == 5
    for item in [*items, *contents.maps(held, "compartments")]:
        assert item.get("x") == (None if item.get("label") == "new" else b"kept")
    assert opened.entries["binance/main"][0]["meta"]["x"] == {"later": [1]}
