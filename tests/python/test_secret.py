"""Secrets and keys are not shown, kept or compared by accident."""

from __future__ import annotations

import copy
import json
import pickle
import stat
from typing import TYPE_CHECKING, Any

import pytest
import strongroom
from strongroom import Key, Secret, errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "canary-5c1b"


@pytest.fixture(params=["given", "from a vault", "key"])
def hidden(request: pytest.FixtureRequest, vault: strongroom.Vault) -> Secret | Key:
    if request.param == "key":
        return strongroom.generate_key()
    if request.param == "given":
        return Secret(CANARY)
    vault.put("a/b", {"f": CANARY})
    secret = vault["a/b"]["f"]
    assert isinstance(secret, Secret)
    return secret


SHOWING: list[Callable[[Any], object]] = [
    str,
    format,
    lambda hidden: f"{hidden}",
    lambda hidden: f"{hidden:>10}",
    lambda hidden: "%s" % hidden,  # noqa: UP031 - one of the ways
    lambda hidden: "{}".format(hidden),  # noqa: UP032 - one of the ways
    lambda hidden: "&signature=" + hidden,
    bytes,
    json.dumps,
    pickle.dumps,
    lambda hidden: hidden.__reduce_ex__(4),
    hash,
    iter,
    len,
    vars,
]


@pytest.mark.parametrize("show", SHOWING)
def test_is_never_shown(hidden: Secret | Key, show: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as raised:
        show(hidden)
    assert hidden.reveal() not in str(raised.value)


def test_says_how_to_reveal_it(hidden: Secret | Key) -> None:
    with pytest.raises(TypeError, match=r"call \.reveal\(\)"):
        str(hidden)


def test_repr_holds_nothing_of_it(hidden: Secret | Key) -> None:
    for shown in (repr(hidden), f"{hidden!r}", repr([hidden]), repr({"f": hidden})):
        assert "***" in shown
        assert hidden.reveal()[-20:] not in shown


def test_a_copy_is_itself(hidden: Secret | Key) -> None:
    assert copy.copy(hidden) is hidden
    assert copy.deepcopy(hidden) is hidden
    assert copy.deepcopy({"a": [hidden]})["a"][0] is hidden


def test_cannot_be_changed(hidden: Secret | Key) -> None:
    with pytest.raises(AttributeError):
        hidden.other = 1  # type: ignore[union-attr] # pyright: ignore[reportAttributeAccessIssue]


def test_cannot_be_subclassed() -> None:
    for base in (Secret, Key):
        with pytest.raises(TypeError):
            type("Loud", (base,), {})


def test_equals_by_content(hidden: Secret | Key) -> None:
    text = hidden.reveal()
    assert hidden == text
    assert hidden == text.encode()
    assert hidden == Secret(text)
    assert not hidden != text  # noqa: SIM202 - another method than the one above
    for other in (text + "x", text[:-1], "", text.encode()[:-1], Secret(""), None, 5, object(), "\ud800"):
        assert hidden != other


def test_keys_are_equal_to_keys() -> None:
    key = strongroom.generate_key()
    assert key == Key.parse(key.reveal())
    assert key != strongroom.generate_key()


def test_emptiness_is_known() -> None:
    assert Secret("x")
    assert not Secret("")
    assert not Secret(b"")


def test_bytes_that_are_no_text() -> None:
    secret = Secret(b"\xff\x00")
    assert secret.reveal_bytes() == b"\xff\x00"
    with pytest.raises(errors.InvalidInputError, match="reveal it as bytes"):
        secret.reveal()


def test_text_is_revealed_as_utf8_too() -> None:
    assert Secret("ä€𝄞").reveal() == "ä€𝄞"
    assert Secret("ä€𝄞").reveal_bytes() == "ä€𝄞".encode()
    assert Secret(Secret("a")) == Secret(bytearray(b"a"))


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(errors.InvalidInputError):
        Secret("\ud800")


@pytest.mark.parametrize("value", [None, 5, ["a"], 1.5])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        Secret(value)


def test_a_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "bot.key"
    key = strongroom.generate_key()
    key.write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == key.reveal() + "\n"
    assert Key.read(file) == Key.read(str(file)) == key
    with pytest.raises(errors.ExistsError):
        strongroom.generate_key().write(file)
    assert Key.read(file) == key


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bot.key"
    strongroom.generate_key().write(file)
    file.chmod(0o644)
    with pytest.raises(errors.InvalidInputError, match="chmod 600"):
        Key.read(file)


def test_a_typo_in_a_key_is_told() -> None:
    text = strongroom.generate_key().reveal()
    typo = text[:-1] + ("A" if text[-1] != "A" else "B")
    with pytest.raises(errors.InvalidInputError, match="typo") as raised:
        Key.parse(typo)
    assert text[20:60] not in str(raised.value)
    for wrong in ("", text.lower(), text[:-1], "\ud800", b"\xff"):
        with pytest.raises(errors.InvalidInputError):
            Key.parse(wrong)
    assert Key.parse(f" {text}\r\n").slot_id == Key.parse(text.encode()).slot_id
    assert len(Key.parse(text).slot_id) == 16


def test_costs_are_checked() -> None:
    assert repr(strongroom.Kdf.argon2id()) == "Kdf.argon2id(memory_kib=65536, passes=3, lanes=4)"
    assert strongroom.Kdf.argon2id(lanes=1) == strongroom.Kdf.argon2id(65536, 3, 1)
    assert len({strongroom.Kdf.pbkdf2(), strongroom.Kdf.pbkdf2(600_000), strongroom.Kdf.pbkdf2(700_000)}) == 2
    assert strongroom.Kdf.pbkdf2().iterations == 600_000
    with pytest.raises(errors.WeakKdfError, match="19456"):
        strongroom.Kdf.argon2id(memory_kib=1024)
    with pytest.raises(errors.LimitError, match="16"):
        strongroom.Kdf.argon2id(passes=17)
    for number in (-1, 2**32, 10**30):
        with pytest.raises(errors.InvalidInputError):
            strongroom.Kdf.pbkdf2(number)
    with pytest.raises(TypeError):
        strongroom.Kdf.pbkdf2(True)
