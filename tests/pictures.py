"""QR codes as pictures, as a browser and a terminal show them, and an independent reader (ZXing) to read them back."""

from __future__ import annotations

import io
from typing import Literal

import resvg_py
import zxingcpp
from PIL import Image

_CELL = (8, 16)
"""The pixels of a terminal's character."""

_COLOURS = {"dark": (0x1E1E1E, 0xD0D0D0), "light": (0xFAFAFA, 0x202020)}
"""Background and text, by kind of terminal; none of them is pure on purpose."""

_MARGIN = 20
"""What is around the text in a terminal's window, in pixels."""


def of_svg(svg: str, zoom: int = 4) -> Image.Image:
    """Render a picture as browsers do; `zoom` is the pixels of a module."""
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom))))


def of_terminal(lines: str, background: Literal["dark", "light"]) -> Image.Image:
    """Draw text of blocks and half blocks as a terminal does, each in a cell of its own."""
    rows = lines.splitlines()
    behind, ink = (colour.to_bytes(3, "big") for colour in _COLOURS[background])
    width, height = _CELL
    size = (width * max(map(len, rows)) + 2 * _MARGIN, height * len(rows) + 2 * _MARGIN)
    screen = Image.new("RGB", size, tuple(behind))
    span = {" ": (0, 0), "▀": (0, height // 2), "▄": (height // 2, height), "█": (0, height)}
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            left, cell_top = _MARGIN + x * width, _MARGIN + y * height
            top, bottom = span[character]
            screen.paste(tuple(ink), (left, cell_top + top, left + width, cell_top + bottom))
    return screen


def read(picture: Image.Image) -> list[str]:
    """Read QR codes that are dark on light, as most phones do."""
    found = zxingcpp.read_barcodes(
        picture.convert("L"),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
        try_invert=False,
    )
    return [code.text for code in found]
