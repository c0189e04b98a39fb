"""What the maps inside sealed parts must hold (FORMAT.md, sections 4.2 to 4.6)."""

from __future__ import annotations

import re
from itertools import pairwise

from model.cbor import BIGGEST, Map
from model.errors import ModelError
from model.layout import OWNER, Frame

FIELDS = 64
FIELD_NAME_BYTES = 64
LABEL_BYTES = 64
NAME_BYTES = 255
STATES = ("current", "pending", "previous")
SEGMENT = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9._-]+\Z")


def is_segment(text: str, limit: int = NAME_BYTES) -> bool:
    return SEGMENT.match(text) is not None and len(text) <= limit


def is_path(text: str) -> bool:
    """Whether `text` is one or more segments joined by `/`."""
    return all(is_segment(segment) for segment in text.split("/"))


def is_label(text: str) -> bool:
    return 1 <= len(text.encode()) <= LABEL_BYTES and not re.search("[\0-\x1f\x7f-\x9f]", text)


def uint(content: Map, key: str, most: int = BIGGEST) -> int:
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value > most:
        raise ModelError("format")
    return value


def counter(content: Map, key: str) -> int:
    value = uint(content, key)
    if value == 0:
        raise ModelError("format")
    return value


def take(content: Map, key: str, size: int) -> bytes:
    """A byte string of this size."""
    value = content.get(key)
    if not isinstance(value, bytes) or len(value) != size:
        raise ModelError("format")
    return value


def text(content: Map, key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise ModelError("format")
    return value


def label(content: Map, key: str) -> str:
    value = text(content, key)
    if not is_label(value):
        raise ModelError("format")
    return value


def table(content: Map, key: str) -> Map:
    value = content.get(key)
    if not isinstance(value, dict):
        raise ModelError("format")
    return value


def maps(content: Map, key: str) -> list[Map]:
    """An array of maps."""
    value = content.get(key)
    if not isinstance(value, list):
        raise ModelError("format")
    found: list[Map] = []
    for item in value:
        if not isinstance(item, dict):
            raise ModelError("format")
        found.append(item)
    return found


def _unique(values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise ModelError("format")


def check_keyring(keyring: Map, frame: Frame) -> None:
    slots = maps(keyring, "slots")
    compartments = maps(keyring, "compartments")
    if [take(item, "id", 8) for item in slots] != [slot.id for slot in frame.slots]:
        raise ModelError("format")
    if [uint(item, "id", 65535) for item in compartments] != [part.id for part in frame.parts]:
        raise ModelError("format")
    for item in [*slots, *compartments]:
        take(item, "key", 32)
        uint(item, "created")
    _unique([label(item, "label") for item in slots])
    _unique([label(item, "name") for item in compartments])


def check_payload(payload: Map, scope: int) -> None:
    if scope == OWNER:
        take(payload, "root_key", 32)
        return
    items = maps(payload, "compartments")
    ids = [uint(item, "id", 65535) for item in items]
    if not ids or any(one >= other for one, other in pairwise(ids)):
        raise ModelError("format")
    for item in items:
        counter(item, "epoch")
        take(item, "key", 32)
    _unique([label(item, "name") for item in items])


def check_meta(meta: Map, compartment: str) -> None:
    name = text(meta, "name")
    if not is_path(name) or len(compartment.encode()) + 1 + len(name) > NAME_BYTES:
        raise ModelError("format")
    text(meta, "kind")
    uint(meta, "created")
    uint(meta, "updated")
    counter(meta, "version")
    if text(meta, "state") not in STATES:
        raise ModelError("format")
    for key in ("expires_at", "rotate_after"):
        if key in meta:
            uint(meta, key)
    if "note" in meta:
        text(meta, "note")
    if "tags" in meta:
        tags = meta["tags"]
        if not isinstance(tags, list):
            raise ModelError("format")
        before: bytes | None = None
        for tag in tags:
            if not isinstance(tag, str) or (before is not None and tag.encode() <= before):
                raise ModelError("format")
            before = tag.encode()
    if "info" in meta:
        info = table(meta, "info")
        if len(info) > FIELDS:
            raise ModelError("limit")
        for key in info:
            text(info, key)
            if not is_segment(key, FIELD_NAME_BYTES):
                raise ModelError("format")


def check_secret(secret: Map, meta: Map) -> None:
    info = table(meta, "info") if "info" in meta else {}
    if len(secret) > FIELDS:
        raise ModelError("limit")
    for key, value in secret.items():
        if not isinstance(value, (str, bytes)) or not is_segment(key, FIELD_NAME_BYTES) or key in info:
            raise ModelError("format")
