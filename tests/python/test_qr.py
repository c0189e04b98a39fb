"""What `qr_svg` and `qr_terminal` draw is read back by an independent reader, from pixels."""

from __future__ import annotations

from typing import Literal

import pictures
import pytest
import strongroom
from strongroom.errors import LimitError
from strongroom.otp import Account, qr_svg, qr_terminal

# The bytes that fit versions 1 to 40 at level L: ISO/IEC 18004, table 7.
CAPACITIES = (
    *(17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858),
    *(929, 1003, 1091, 1171, 1273, 1367, 1465, 1528, 1628, 1732, 1840, 1952, 2068, 2188, 2303, 2431, 2563, 2699, 2809),
    2953,
)
Background = Literal["dark", "light"]


def text_of(length: int) -> str:
    """Return a URI of this many bytes, or its beginning."""
    return ("otpauth://totp/Zerodha:AB1234?secret=" + "JBSWY3DPEHPK3PXP" * 200)[:length]


@pytest.mark.parametrize("version", range(1, 41))
def test_every_version_is_read_back(version: int) -> None:
    text = text_of(CAPACITIES[version - 1])
    svg = qr_svg(text).reveal()
    side = 17 + 4 * version + 2 * 4  # modules, and the margin
    assert f'viewBox="0 0 {side} {side}"' in svg
    assert pictures.read(pictures.of_svg(svg)) == [text]
    for background in ("dark", "light"):
        drawn = qr_terminal(text, background=background).reveal()
        assert {len(line) for line in drawn.splitlines()} == {side}
        assert pictures.read(pictures.of_terminal(drawn, background)) == [text]


def test_one_byte_more_takes_the_next_version_and_none_is_behind_the_last() -> None:
    for capacity in CAPACITIES[:-1]:
        assert len(qr_terminal(text_of(capacity)).reveal()) < len(qr_terminal(text_of(capacity + 1)).reveal())
    for draw in (qr_svg, qr_terminal):
        with pytest.raises(LimitError, match="2954"):
            draw(text_of(2954))


@pytest.mark.parametrize(
    ("issuer", "name"),
    [(None, "a"), ("Zerodha", "AB1234"), ("Börse & Söhne", "jörg+x@example.com"), ("取引所" * 28, "名" * 85)],
)
def test_an_account_is_read_back(issuer: str | None, name: str) -> None:
    account = Account(strongroom.Totp.generate(algorithm="sha512", digits=8, period=60), name, issuer)
    uri = account.to_uri()
    texts = pictures.read(pictures.of_svg(qr_svg(uri).reveal()))
    texts += pictures.read(pictures.of_terminal(qr_terminal(uri).reveal(), "dark"))
    assert texts == [uri.reveal()] * 2
    assert Account.from_uri(texts[0]) == account


@pytest.mark.parametrize(("drawn_for", "shown_on"), [("dark", "light"), ("light", "dark")])
def test_the_wrong_background_is_light_on_dark_which_most_readers_refuse(
    drawn_for: Background, shown_on: Background
) -> None:
    drawn = qr_terminal(text_of(80), background=drawn_for).reveal()
    assert pictures.read(pictures.of_terminal(drawn, shown_on)) == []
