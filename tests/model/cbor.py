"""The deterministic CBOR that stands inside sealed parts, and its padding (FORMAT.md, section 4.1)."""

from __future__ import annotations

from typing import TypeAlias

from model.errors import ModelError

Cbor: TypeAlias = bool | int | bytes | str | list["Cbor"] | dict[str, "Cbor"]
Map = dict[str, Cbor]

BIGGEST = 2**53 - 1
DEEPEST = 4
BLOCK = 64

UINT, BYTES, TEXT, ARRAY, MAP = 0, 2, 3, 4, 5


def head(major: int, value: int) -> bytes:
    """The shortest head that says `value`."""
    if value < 24:
        return bytes([major << 5 | value])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | extra]) + value.to_bytes(size, "big")
    raise ModelError("limit")


def encode(value: Cbor) -> bytes:
    """The only encoding of `value`."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        if not 0 <= value <= BIGGEST:
            raise ModelError("invalid_input")
        return head(UINT, value)
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, str):
        try:
            text = value.encode()
        except UnicodeEncodeError:
            raise ModelError("invalid_input") from None
        return head(TEXT, len(text)) + text
    if isinstance(value, list):
        return head(ARRAY, len(value)) + b"".join(map(encode, value))
    items = sorted((encode(key), encode(item)) for key, item in value.items())
    return head(MAP, len(items)) + b"".join(key + item for key, item in items)


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise ModelError("format")
        self.at += size
        return self.data[self.at - size : self.at]

    def head(self) -> tuple[int, int]:
        first = self.take(1)[0]
        major, value = first >> 5, first & 31
        if value >= 24:
            if value > 27 or major == 7:  # 28 to 31 are reserved or indefinite
                raise ModelError("format")
            size = 1 << value - 24
            value = int.from_bytes(self.take(size), "big")
            if head(major, value)[1:] != self.data[self.at - size : self.at]:
                raise ModelError("format")
        return major, value

    def item(self, depth: int) -> Cbor:
        major, value = self.head()
        if major == UINT:
            if value > BIGGEST:
                raise ModelError("format")
            return value
        if major == BYTES:
            return self.take(value)
        if major == TEXT:
            try:
                return self.take(value).decode()
            except UnicodeDecodeError:
                raise ModelError("format") from None
        if major == 7 and value in (20, 21):
            return value == 21
        if major not in (ARRAY, MAP) or depth > DEEPEST:
            raise ModelError("format")
        if major == ARRAY:
            items: list[Cbor] = []
            for _ in range(value):  # the length is not trusted: the first item that is missing ends this
                items.append(self.item(depth + 1))  # noqa: PERF401
            return items
        found: Map = {}
        before = b""
        for _ in range(value):
            start = self.at
            key = self.item(depth + 1) if self.data[start : start + 1] else None
            encoded = self.data[start : self.at]
            if not isinstance(key, str) or encoded <= before:
                raise ModelError("format")
            before = encoded
            found[key] = self.item(depth + 1)
        return found


def decode(data: bytes) -> tuple[Map, int]:
    """The map that `data` starts with, and where it ends."""
    decoder = _Decoder(data)
    value = decoder.item(1)
    if not isinstance(value, dict):
        raise ModelError("format")
    return value, decoder.at


def pad(item: bytes) -> bytes:
    """`item` with the zeros that make it a whole number of blocks."""
    return item + bytes(-len(item) % BLOCK)


def unpad(plaintext: bytes) -> Map:
    """The map in the plaintext of a SEALED."""
    value, end = decode(plaintext)
    if len(plaintext) - end >= BLOCK or any(plaintext[end:]):
        raise ModelError("format")
    return value
