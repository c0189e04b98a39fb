"""Keys and pins as text (FORMAT.md, sections 5 and 7)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise

from model import cbor, crypto
from model.contents import counter, maps, table, take, uint
from model.errors import ModelError

KEY_PREFIX = "STRONGROOM-KEY-1-"
PIN_PREFIX = "strongroom-pin-1:"
PIN_BYTES = 262_144


def checksum(slot_id: bytes, key: bytes) -> bytes:
    return hashlib.sha256(crypto.label("key") + slot_id + key).digest()[:5]


def write_key(slot_id: bytes, key: bytes) -> str:
    """The text that a key is carried as."""
    return KEY_PREFIX + base64.b32encode(slot_id + key + checksum(slot_id, key)).decode()


def read_key(text: str) -> tuple[bytes, bytes]:
    """slot_id and key of a key text."""
    text = text.strip(" \t\r\n")
    if not re.fullmatch(KEY_PREFIX + "[A-Z2-7]{72}", text):
        raise ModelError("invalid_input")
    found = base64.b32decode(text[len(KEY_PREFIX) :])
    slot_id, key, check = found[:8], found[8:40], found[40:]
    if not crypto.same(check, checksum(slot_id, key)):
        raise ModelError("invalid_input")
    return slot_id, key


@dataclass(frozen=True)
class Pin:
    """What one reader has seen."""

    vault_id: bytes
    root: tuple[int, bytes] | None
    compartments: dict[int, tuple[int, int, bytes]]  # comp_id to epoch, revision, comp_mac


def write_pin(pin: Pin) -> str:
    compartments: list[cbor.Cbor] = [
        {"id": comp_id, "epoch": epoch, "revision": revision, "mac": mac}
        for comp_id, (epoch, revision, mac) in sorted(pin.compartments.items())
    ]
    content: cbor.Map = {"vault_id": pin.vault_id, "compartments": compartments}
    if pin.root is not None:
        content["root"] = {"revision": pin.root[0], "mac": pin.root[1]}
    return PIN_PREFIX + base64.urlsafe_b64encode(cbor.encode(content)).decode().rstrip("=")


def read_pin(text: str) -> Pin:
    """A pin; whatever is wrong with it is `invalid_input`."""
    body = text[len(PIN_PREFIX) :]
    if len(text) > PIN_BYTES or not text.startswith(PIN_PREFIX) or not re.fullmatch("[A-Za-z0-9_-]+", body):
        raise ModelError("invalid_input")
    try:
        pin = _pin(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, ModelError):
        raise ModelError("invalid_input") from None
    if write_pin(pin) != text:  # also: unused bits that are not zero, keys that no pin has
        raise ModelError("invalid_input")
    return pin


def _pin(data: bytes) -> Pin:
    content, end = cbor.decode(data)
    if end != len(data):
        raise ModelError("format")
    items = maps(content, "compartments")
    ids = [uint(item, "id", 65535) for item in items]
    if any(one >= other for one, other in pairwise(ids)):
        raise ModelError("format")
    root = table(content, "root") if "root" in content else None
    return Pin(
        take(content, "vault_id", 16),
        None if root is None else (counter(root, "revision"), take(root, "mac", 32)),
        {
            comp_id: (counter(item, "epoch"), counter(item, "revision"), take(item, "mac", 32))
            for comp_id, item in zip(ids, items, strict=True)
        },
    )
