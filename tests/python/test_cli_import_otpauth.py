"""`strongroom import otpauth`."""

from __future__ import annotations

import base64
import io
import struct
import sys
import urllib.parse
import zlib
from typing import TYPE_CHECKING, Any

import pictures
import pytest
from command import Desk, owners_desk
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image, ImageChops
from strongroom.otp import Account, qr_svg

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.message import Message

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SHORT = "JBSWY3DPEHPK3PXP"
# An example that is all over the web: TOTP, secret SHORT, issuer Example, account Example:alice@google.com.
VECTOR = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
VECTOR_DATA = "CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
URI = f"otpauth://totp/Zerodha:AB1234?secret={SEED}&issuer=Zerodha"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return owners_desk(tmp_path, SHORT, VECTOR_DATA)


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["entry"], row["outcome"]) for row in rows]


def kept(desk: Desk, entry: str) -> str:
    with desk.open() as vault:
        value: str = vault[entry].fields["totp"].reveal()
        return value


# ---- Google Authenticator's export, as Google's own library for Protocol Buffers writes and reads it ----


def payload_class() -> type[Message]:
    """Build the export's message, as those who took the app apart have published it."""
    file = descriptor_pb2.FileDescriptorProto(name="migration.proto", package="migration", syntax="proto3")
    account = file.message_type.add(name="OtpParameters")
    payload = file.message_type.add(name="MigrationPayload")
    kinds = {"bytes": 12, "string": 9, "int32": 5, "int64": 3}
    fields = ("bytes secret", "string name", "string issuer", "int32 algorithm", "int32 digits", "int32 type")
    for number, field in enumerate((*fields, "int64 counter"), 1):
        kind, name = field.split()
        account.field.add(name=name, number=number, type=kinds[kind], label=1)
    payload.field.add(name="otp_parameters", number=1, type=11, label=3, type_name=".migration.OtpParameters")
    for number, name in enumerate(("version", "batch_size", "batch_index", "batch_id"), 2):
        payload.field.add(name=name, number=number, type=5, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("migration.MigrationPayload"))


Payload: Any = payload_class()


def uri_of(payload: Any) -> str:
    data = urllib.parse.quote(base64.b64encode(payload.SerializeToString()).decode(), safe="")
    return f"otpauth-migration://offline?data={data}"


def payload_of(uri: str) -> Any:
    data = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)["data"][0]
    return Payload.FromString(base64.b64decode(data))


def export(parts: list[list[dict[str, Any]]], batch_id: int = -1_234_567) -> list[str]:
    """Return one URI for each part."""
    return [
        uri_of(Payload(otp_parameters=accounts, version=1, batch_size=len(parts), batch_index=index, batch_id=batch_id))
        for index, accounts in enumerate(parts)
    ]


ACCOUNTS: list[dict[str, Any]] = [
    {"secret": bytes(range(20)), "name": "a@b.c", "issuer": "Börse", "algorithm": 1, "digits": 1, "type": 2},
    {"secret": bytes(range(32)), "name": "x", "issuer": "Zwei", "algorithm": 2, "digits": 2, "type": 2},
    {"secret": bytes(range(64)), "name": "Drei:y", "algorithm": 3, "digits": 1, "type": 2},
    {"secret": bytes(range(10)), "name": "z", "issuer": "Old", "algorithm": 1, "digits": 1, "type": 1, "counter": 7},
]


def test_the_known_export_comes_in_and_goes_out_again(desk: Desk) -> None:
    ended = desk.ok("import", "otpauth", "-", stdin=VECTOR)
    assert ended.text == "1\tExample\tExample:alice@google.com\texample/alice-google.com\tnew\n"
    assert "less than 128 bits" in ended.err
    assert kept(desk, "example/alice-google.com") == (
        f"otpauth://totp/Example:Example%3Aalice%40google.com?secret={SHORT}&issuer=Example"
    )
    svg = desk.ok("qr", "--migration", "example/alice-google.com", "--svg", "-").text
    (uri,) = pictures.read(pictures.of_svg(svg))
    back, there = payload_of(uri).otp_parameters[0], payload_of(VECTOR).otp_parameters[0]
    for field in ("secret", "name", "issuer", "type", "counter"):
        assert getattr(back, field) == getattr(there, field)
    assert (back.algorithm, back.digits) == (1, 1)  # which the example leaves to their defaults


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 0, 2)])
def test_exports_by_another_library_come_in_any_order_and_go_out_again(desk: Desk, order: tuple[int, ...]) -> None:
    uris = export([ACCOUNTS[:2], ACCOUNTS[2:3], ACCOUNTS[3:]])
    text = "\n".join(uris[place] for place in order)
    ended = desk.ok("import", "otpauth", "-", "--json", stdin=text)
    names = ["borse/a-b.c", "zwei/x", "drei/y", "old/z"]
    assert outcomes(ended.json) == [(name, "new") for name in names]
    assert [row["type"] for row in ended.json] == ["totp", "totp", "totp", "hotp"]
    assert [row["short_secret"] for row in ended.json] == [False, False, False, True]
    assert "codes by counter, which `strongroom totp` does not make: old/z" in ended.err
    svg = desk.ok("qr", "--migration", *names, "--svg", "-").text
    (uri,) = pictures.read(pictures.of_svg(svg))
    expected = [dict(account) for account in ACCOUNTS]
    expected[2] |= {"issuer": "Drei", "name": "y"}  # which stood in one
    back = payload_of(uri)
    assert list(back.otp_parameters) == list(Payload(otp_parameters=expected).otp_parameters)
    assert (back.version, back.batch_size, back.batch_index) == (1, 1, 0)


def test_what_is_missing_of_an_export_is_told(desk: Desk) -> None:
    uris = export([[account] for account in ACCOUNTS])
    ended = desk.run("import", "otpauth", "-", stdin=f"{uris[2]}\n{uris[0]}")
    assert ended.code == 1
    assert "these are missing: 2, 4" in ended.err
    ended = desk.ok("import", "otpauth", "-", "--json", stdin="\n".join(uris))
    assert [outcome for _, outcome in outcomes(ended.json)] == ["same", "new", "same", "new"]


def test_codes_of_different_exports_are_refused(desk: Desk) -> None:
    mixed = export([ACCOUNTS[:1], ACCOUNTS[1:]], 1)[:1] + export([ACCOUNTS[:1], ACCOUNTS[1:]], 2)[1:]
    ended = desk.run("import", "otpauth", "-", stdin="\n".join(mixed))
    assert ended.code == 2
    assert "different exports" in ended.err


# ---- where it goes ----


def test_a_uri_is_asked_for_and_not_shown(desk: Desk) -> None:
    desk.secret(SEED)
    code, seen = desk.asked("import", "otpauth", answers={"otpauth URI: ": URI})
    assert code == 0
    assert "zerodha/ab1234" in seen
    assert kept(desk, "zerodha/ab1234") == URI


def test_the_other_codes_of_an_export_are_asked_for(desk: Desk) -> None:
    uris = export([[account] for account in ACCOUNTS[:3]])
    answers = {"otpauth URI: ": uris[1], "QR code 1: ": uris[0], "QR code 3: ": uris[2]}
    code, seen = desk.asked("import", "otpauth", answers=answers)
    assert code == 0
    assert "borse/a-b.c" in seen


def test_nothing_is_asked_for_where_the_vault_cannot_be_opened(desk: Desk) -> None:
    with desk.terminal("import", "otpauth", "--key-file", "none.key") as terminal:
        assert terminal.end() == 4
        assert "otpauth URI" not in terminal.seen


def test_without_a_terminal_it_says_how(desk: Desk) -> None:
    ended = desk.run("import", "otpauth")
    assert ended.code == 1
    assert "- for stdin" in ended.err


@pytest.mark.parametrize("words", [[URI], ["--image", URI], ["--to", URI], [VECTOR], [URI.upper()]])
def test_no_uri_is_taken_from_the_command_line_nor_repeated(desk: Desk, words: list[str]) -> None:
    desk.secrets.clear()
    ended = desk.run("import", "otpauth", *words)
    assert ended.code == 2
    assert "history" in ended.err
    assert SEED not in ended.err
    assert VECTOR_DATA not in ended.err


@pytest.mark.parametrize(
    ("label", "entry"),
    [
        ("Zerodha:AB1234", "zerodha/ab1234"),
        ("Interactive%20Brokers%20(UK):me%2Fyou", "interactive-brokers-uk/me-you"),
        ("AB1234", "otp/ab1234"),
        ("Zerodha:", "zerodha/main"),
        ("", "otp/main"),
        ("..:..", "otp/main"),
        ("%E5%B8%81%E5%AE%89:%E5%90%8D", "otp/main"),
        ("Cr%C3%A9dit:Z%C3%BCrich", "credit/zurich"),
        ("%E2%80%AEevil:..%2F..%2Fetc", "evil/etc"),
        ("x" * 256 + ":" + "y" * 256, "x" * 64 + "/" + "y" * 64),
    ],
)
def test_the_name_of_the_entry(desk: Desk, label: str, entry: str) -> None:
    (row,) = desk.ok("import", "otpauth", "-", "--json", stdin=f"otpauth://totp/{label}?secret={SEED}").json
    assert row["entry"] == entry
    desk.ok("totp", entry)


def test_an_account_goes_where_it_is_told(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("zerodha/login", {"password": "p"}, info={"username": "AB1234"}, note="mine")
    ended = desk.ok("import", "otpauth", "-", "--to", "zerodha/login", "--json", stdin=URI)
    assert outcomes(ended.json) == [("zerodha/login", "added")]
    with desk.open() as vault:
        entry = vault["zerodha/login"]
        assert entry.keys() == ["password", "totp", "username"]
        assert entry.note == "mine"
    text = "\n".join(export([ACCOUNTS]))
    ended = desk.ok("import", "otpauth", "-", "--to", "3=c/d", "--to", "1=a/b", "--json", stdin=text)
    assert [entry for entry, _ in outcomes(ended.json)] == ["a/b", "zwei/x", "c/d", "old/z"]


@pytest.mark.parametrize(
    ("to", "says"),
    [
        (["a/b"], "there are 4 accounts"),
        (["0=a/b"], "from 1 to 4"),
        (["5=a/b"], "from 1 to 4"),
        (["hunter2=a/b"], "from 1 to 4"),
        (["1=a/b", "1=c/d"], "two entries"),
        (["1=a"], "did you mean a/main?"),
        (["1=a//b"], "expected a name"),
        (["1="], "expected a name"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["", "dry"])
def test_places_that_cannot_be(desk: Desk, to: list[str], says: str, more: list[str]) -> None:
    before = (desk.folder / "strongroom.vault").read_bytes()
    words = [word for place in to for word in ("--to", place)]
    ended = desk.run("import", "otpauth", "-", *words, *more, stdin=export([ACCOUNTS])[0])
    assert ended.code == 2
    assert says in ended.err
    assert "hunter2" not in ended.err
    assert (desk.folder / "strongroom.vault").read_bytes() == before


def test_accounts_of_one_name_are_told_and_none_is_lost(desk: Desk) -> None:
    other = URI.replace(SEED, "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK")
    text = f"{URI}\n{other}\n{URI}\n"
    ended = desk.run("import", "otpauth", "-", stdin=text)
    assert ended.code == 5
    assert "zerodha/ab1234 for accounts 1, 2;" in ended.err
    assert kept_names(desk) == []
    ended = desk.ok("import", "otpauth", "-", "--to", "2=zerodha/second", "--json", stdin=text)
    assert outcomes(ended.json) == [("zerodha/ab1234", "new"), ("zerodha/second", "new")]
    assert kept(desk, "zerodha/second") == other


def kept_names(desk: Desk) -> list[str]:
    with desk.open() as vault:
        return list(vault)


@pytest.mark.parametrize("there", [{"totp": SHORT}, {"totp": URI.replace("X", "Y")}, {"totp": b"\xff"}])
def test_another_seed_is_a_conflict_until_told(desk: Desk, there: dict[str, str | bytes]) -> None:
    with desk.open() as vault:
        vault.put("zerodha/ab1234", {"password": "p", **there})
    before = (desk.folder / "strongroom.vault").read_bytes()
    ended = desk.run("import", "otpauth", "-", stdin=URI)
    assert ended.code == 5
    assert "--on-conflict" in ended.err
    ended = desk.ok("import", "otpauth", "-", "--dry-run", "--json", stdin=URI)
    assert outcomes(ended.json) == [("zerodha/ab1234", "conflict")]
    ended = desk.ok("import", "otpauth", "-", "--on-conflict", "skip", "--json", stdin=URI)
    assert outcomes(ended.json) == [("zerodha/ab1234", "kept")]
    assert (desk.folder / "strongroom.vault").read_bytes() == before
    ended = desk.ok("import", "otpauth", "-", "--on-conflict", "replace", "--json", stdin=URI)
    assert outcomes(ended.json) == [("zerodha/ab1234", "replaced")]
    assert kept(desk, "zerodha/ab1234") == URI
    with desk.open() as vault:
        assert vault["zerodha/ab1234"]["password"] == "p"


def test_a_seed_that_was_info_becomes_secret(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("zerodha/ab1234", {"password": "p"}, info={"totp": URI})
    assert desk.run("import", "otpauth", "-", stdin=URI).code == 5
    desk.ok("import", "otpauth", "-", "--on-conflict", "replace", stdin=URI)
    with desk.open() as vault:
        assert vault["zerodha/ab1234"].info == {}
        assert list(vault["zerodha/ab1234"].fields) == ["password", "totp"]


def test_a_dry_run_changes_nothing_and_the_same_again_neither(desk: Desk) -> None:
    (desk.folder / "phone.txt").write_text(URI)
    before = (desk.folder / "strongroom.vault").read_bytes()
    ended = desk.ok("import", "otpauth", "phone.txt", "--dry-run")
    assert (desk.folder / "strongroom.vault").read_bytes() == before
    assert "dry run" in ended.err
    assert "delete phone.txt" in desk.ok("import", "otpauth", "phone.txt").err
    ended = desk.ok("import", "otpauth", "phone.txt", "--json")
    assert outcomes(ended.json) == [("zerodha/ab1234", "same")]
    with desk.open() as vault:
        assert vault["zerodha/ab1234"].version == 1


def test_it_is_all_or_nothing(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("borse/other", {"secret": "k"})
        vault.grant("bot", ["borse"]).write(desk.folder / "bot.key")
    before = (desk.folder / "strongroom.vault").read_bytes()
    assert desk.run("import", "otpauth", "-", "--key-file", "bot.key", stdin=export([ACCOUNTS])[0]).code == 6
    assert (desk.folder / "strongroom.vault").read_bytes() == before


# ---- bad input ----


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hunter2", "otpauth://"),
        ("https://example.com/?secret=hunter2", "otpauth://"),
        ("otpauth://totp/x", "no secret"),
        ("otpauth://totp/x?secret=hunter2!", "base32"),
        (f"otpauth://totp/x?secret={SEED}&secret={SEED}", "twice"),
        (f"otpauth://totp/%zz?secret={SEED}", "percent-encoding"),
        (f"otpauth://totp/x?secret={SEED}&period=0", "86,400"),
        (f"otpauth://totp/x%1b%5b2J?secret={SEED}", "control characters"),
        ("otpauth-migration://offline", "data="),
        ("otpauth-migration://offline?data=hunter2!", ""),
        (VECTOR[:-3], ""),
        (VECTOR[:80], ""),
        ("x" * (1 << 20), "4096"),
        ("\xff", "otpauth://"),
    ],
    ids=lambda text: text[:30],
)
def test_a_bad_line_is_told_and_the_others_come_in(desk: Desk, line: str, says: str) -> None:
    text = f"{URI}\n\n{line}\n"
    if len(text) > 1 << 20:
        ended = desk.run("import", "otpauth", "-", stdin=text)
        assert (ended.code, ended.out) == (2, b"")
        text = f"{URI}\n\n{line[: -len(URI) - 10]}\n"
    ended = desk.run("import", "otpauth", "-", "--json", stdin=text)
    assert ended.code == 1
    assert outcomes(ended.json) == [("zerodha/ab1234", "new")]
    assert "line 3 could not be read: " in ended.err
    assert says in ended.err
    assert "hunter2" not in ended.err
    assert "\x1b" not in ended.err
    assert len(ended.err) < 500


def test_an_account_that_cannot_be_written_is_left_out(desk: Desk) -> None:
    odd = {**ACCOUNTS[0], "issuer": "a:b"}
    ended = desk.run("import", "otpauth", "-", stdin=export([[odd, ACCOUNTS[1]]])[0])
    assert ended.code == 1
    assert "account 1 was left out: an issuer with a colon" in ended.err
    assert kept_names(desk) == ["zwei/x"]


def test_many_bad_lines_are_told_in_few_words(desk: Desk) -> None:
    ended = desk.run("import", "otpauth", "-", "--json", stdin="hunter2\n" * 1000 + URI)
    assert ended.code == 1
    assert outcomes(ended.json) == [("zerodha/ab1234", "new")]
    assert "line 10 could not be read" in ended.err
    assert "and so on: 1000 in all" in ended.err
    assert "line 11 " not in ended.err


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"\x00\xff" * 100_000, b"\xff\n" * 300_000, b"no\n" * 300_000, VECTOR[:70].encode()],
    ids=["empty", "lines", "binary", "bytes", "words", "cut"],
)
def test_what_has_no_account_is_refused_in_few_words(desk: Desk, data: bytes) -> None:
    ended = desk.run("import", "otpauth", "-", stdin=data)
    assert ended.code == 2
    assert "there is no account" in ended.err
    assert len(ended.err) < 500
    assert kept_names(desk) == []


def test_too_many_accounts_are_refused(desk: Desk) -> None:
    lines = "\n".join(f"otpauth://totp/a:{number}?secret={SEED}" for number in range(10_000))
    ended = desk.run("import", "otpauth", "-", stdin=lines)
    assert ended.code == 2
    assert "at most 1000 accounts" in ended.err
    ended = desk.run(
        "import", "otpauth", "-", stdin=export([[{"secret": b"x" * 20, "name": "n", "type": 2}] * 10_000])[0]
    )
    assert ended.code == 2
    assert len(ended.err) < 500
    assert kept_names(desk) == []
    lines = "\n".join(lines.splitlines()[:1000])
    assert len(desk.ok("import", "otpauth", "-", "--json", stdin=lines).json) == 1000


# ---- pictures ----


def save(desk: Desk, name: str, *texts: str) -> None:
    """Save QR codes beside each other as a screenshot."""
    codes = [pictures.of_svg(qr_svg(text).reveal()) for text in texts]
    screen = Image.new(
        "RGB", (sum(code.width for code in codes) + 200, max(code.height for code in codes) + 100), "grey"
    )
    left = 50
    for code in codes:
        screen.paste(code, (left, 50))
        left += code.width + 50
    screen.save(desk.folder / name)


@pytest.mark.parametrize("form", ["png", "jpg", "webp", "bmp", "gif"])
def test_qr_codes_are_read_from_screenshots(desk: Desk, form: str) -> None:
    first, second, third = export([[account] for account in ACCOUNTS[:3]])
    save(desk, f"one.{form}", third, first)
    save(desk, f"other.{form}", second)
    words = ["--image", f"one.{form}", "--image", f"other.{form}"]
    ended = desk.ok("import", "otpauth", *words, "--json")
    assert outcomes(ended.json) == [("borse/a-b.c", "new"), ("zwei/x", "new"), ("drei/y", "new")]
    assert f"delete one.{form}, other.{form} now" in ended.err


def test_a_picture_with_transparency_is_read(desk: Desk) -> None:
    black = pictures.of_svg(qr_svg(URI).reveal()).convert("L")
    clear = Image.new("RGBA", black.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=ImageChops.invert(black))
    clear.save(desk.folder / "clear.png")
    desk.ok("import", "otpauth", "--image", "clear.png")
    assert kept(desk, "zerodha/ab1234") == URI


@pytest.mark.parametrize("missing", ["PIL", "zxingcpp"])
def test_without_the_extra_it_says_so_and_the_rest_works(desk: Desk, missing: str) -> None:
    save(desk, "one.png", URI)
    hide = f"import sys; sys.modules[{missing!r}] = None; from strongroom.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", hide]
    ended = desk.run("import", "otpauth", "--image", "one.png", command=command)
    assert (ended.code, ended.out) == (1, b"")
    assert "pip install 'strongroom[qr]'" in ended.err
    assert "Traceback" not in ended.err
    desk.ok("import", "otpauth", "-", stdin=URI, command=command)


def bomb() -> bytes:
    """Make a PNG that claims 100,000 by 100,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = (header, b"IDAT" + zlib.compress(b"\0" * 1000), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def png(size: tuple[int, int], color: str = "white") -> bytes:
    data = io.BytesIO()
    Image.new("L", size, color).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "expected a picture"),
        (b"hunter2", "expected a picture"),
        (png((100, 100))[:60], "expected a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "expected a picture"),
        (bomb(), "million pixels"),
        (png((8_001, 8_000)), "million pixels"),
        (png((100, 100)), "no QR code could be read"),
    ],
    ids=["empty", "text", "cut", "postscript", "bomb", "large", "blank"],
)
def test_a_picture_that_cannot_be_read(desk: Desk, data: bytes, says: str) -> None:
    (desk.folder / "x.png").write_bytes(data)
    ended = desk.run("import", "otpauth", "--image", "x.png")
    assert (ended.code, ended.out) == (2, b"")
    assert says in ended.err
    assert ended.err.startswith("strongroom: ")
    assert len(ended.err.splitlines()) <= 2
    assert "hunter2" not in ended.err


def test_a_picture_of_something_else(desk: Desk) -> None:
    save(desk, "x.png", "https://example.com/?hunter2")
    ended = desk.run("import", "otpauth", "--image", "x.png")
    assert ended.code == 2
    assert "QR code 1 of x.png could not be read: expected a URI that starts with otpauth://" in ended.err
    assert "hunter2" not in ended.err
    assert desk.run("import", "otpauth", "--image", "none.png").code == 1
    assert desk.run("import", "otpauth", "--image", ".").code == 1
    assert desk.run("import", "otpauth", "--image", "x.png", "-").code == 2


def test_what_was_imported_makes_the_codes_of_what_was_given(desk: Desk) -> None:
    uris = export([ACCOUNTS[:3]])
    desk.ok("import", "otpauth", "-", stdin=uris[0])
    for name, given in (("borse/a-b.c", ACCOUNTS[0]), ("zwei/x", ACCOUNTS[1]), ("drei/y", ACCOUNTS[2])):
        totp = Account.from_uri(kept(desk, name)).totp
        assert totp is not None
        assert totp.secret == base64.b32encode(given["secret"]).decode().rstrip("=")
