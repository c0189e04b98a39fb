"""One-time codes through the Python package: the shared vectors, those of the RFCs, and what is Python's alone."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from strongroom import Hotp, Secret, Totp, errors, otp

if TYPE_CHECKING:
    from collections.abc import Callable

    from strongroom import Vault

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/otp.json").read_text(encoding="utf-8"))
CODES: set[str] = {getattr(errors, name).code for name in errors.__all__} - {""}
RFC_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
rfc_files: Any = import_module("cryptography_vectors")


def cases(section: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", VECTORS[section], ids=lambda case: case["name"])


def text(value: Any) -> str:
    """A text, one that is repeated, or several joined."""
    if isinstance(value, str):
        return value
    return value["repeat"] * value["times"] if "repeat" in value else "".join(map(text, value))


def repeated(value: Any, what: str) -> list[Any]:
    """A list, or one thing that is there many times."""
    return [value[what]] * value["times"] if what in value else list(value)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or the code of its error."""
    try:
        return call()
    except errors.StrongroomError as error:
        return error.code


def totp_of(case: Any) -> Totp:
    settings = {name: case[name] for name in ("period", "steam", "digits") if name in case}
    settings["algorithm"] = case.get("algorithm", "SHA1")
    totp = Totp(bytes.fromhex(text(case["secret"])), **settings)
    return totp.with_window(*case.get("window", (1, 0))).with_drift(case.get("drift", 0))


def hotp_of(case: Any) -> Hotp:
    settings = {"algorithm": case.get("algorithm", "SHA1"), "digits": case.get("digits", 6)}
    return Hotp(bytes.fromhex(text(case["secret"])), **settings)


def account_of(case: Any) -> otp.Account:
    codes = totp_of(case) if case["type"] == "totp" else hotp_of(case)
    return otp.Account(codes, text(case["account"]), case["issuer"], counter=case.get("counter", 0))


# ---- the shared vectors ----


@cases("hotp")
def test_counter_based_codes(case: Any) -> None:
    hotp = hotp_of(case)
    assert hotp.at(case["counter"]) == case["code"]
    assert hotp.verify(case["code"], case["counter"]) == case["counter"] + 1


@cases("totp")
def test_time_based_codes(case: Any) -> None:
    totp, at = totp_of(case), case["unix_seconds"]
    assert outcome(lambda: totp.at(at)) == case.get("code", case.get("expect"))
    if "code" in case:
        assert totp.verify(case["code"], at=at) == totp.step(at=at) == at // totp.period
        assert totp.seconds_remaining(at=at) == totp.period - at % totp.period


@cases("settings")
def test_settings_have_bounds(case: Any) -> None:
    def make() -> str:
        if "digits" in case:
            Hotp.generate(digits=case["digits"])
            Totp.generate(digits=case["digits"])
        elif "period" in case:
            Totp.generate(period=case["period"])
        elif "drift" in case:
            Totp.generate().with_drift(case["drift"])
        elif "window" in case:
            Totp.generate().with_window(*case["window"])
        else:
            secret = bytes.fromhex(text(case["secret"]))
            assert outcome(lambda: type(Hotp(secret))) == (Hotp if case["expect"] == "ok" else case["expect"])
            Totp(secret)
        return "ok"

    assert outcome(make) == case["expect"]


def base32_of(secret: str | Secret) -> str:
    return Totp(secret).secret.reveal()


@cases("base32")
def test_base32(case: Any) -> None:
    given = text(case["text"])
    for value in (given, Secret(given)):
        read = outcome(partial(base32_of, value))
        if read in CODES:
            assert read == case["expect"]
        else:
            assert base64.b32decode(read + "=" * (-len(read) % 8)).hex() == case["expect"]
            assert read == case.get("written", read)
            assert Hotp(value).secret == read


@cases("uri")
def test_uris(case: Any) -> None:
    uri = text(case["uri"])
    if case["expect"] != "ok":
        for read in (otp.Account.from_uri, Totp.from_uri):
            with pytest.raises(errors.StrongroomError) as raised:
                read(uri)
            assert raised.value.code == case["expect"]
            assert "JBSW" not in str(raised.value)
        return
    account = otp.Account.from_uri(Secret(uri))
    assert account == account_of(case)
    assert (account.name, account.issuer) == (text(case["account"]), case["issuer"])
    assert (account.totp is None, account.hotp is None) == (case["type"] == "hotp", case["type"] == "totp")
    assert account.counter == case.get("counter")
    assert account.to_uri() == text(case["written"])
    if account.totp:
        assert Totp.from_uri(uri).uri(account.name, account.issuer) == text(case["written"])
        told = (account.totp.algorithm, account.totp.digits, account.totp.period, account.totp.is_steam)
        assert told == (case["algorithm"].lower(), case["digits"], case["period"], case.get("steam", False))
    else:
        assert account.hotp
        assert (account.hotp.algorithm, account.hotp.digits) == (case["algorithm"].lower(), case["digits"])
        assert account.hotp.uri(account.name, account.issuer, case["counter"]) == text(case["written"])
        with pytest.raises(errors.InvalidInputError, match="time-based"):
            Totp.from_uri(uri)


@cases("not_written")
def test_what_a_uri_cannot_say(case: Any) -> None:
    for call in (Totp.generate().uri, Hotp.generate().uri):
        with pytest.raises(errors.InvalidInputError):
            call(case["account"], case["issuer"])


@cases("migration")
def test_exports(case: Any) -> None:
    uris = [text(uri) for uri in repeated(case["uris"], "uri")]
    if case["expect"] != "ok":
        with pytest.raises(errors.StrongroomError) as raised:
            otp.read_migration(uris)
        assert raised.value.code == case["expect"]
        assert "alice" not in str(raised.value)
        return
    accounts, missing = otp.read_migration(map(Secret, uris))
    assert accounts == tuple(map(account_of, repeated(case["accounts"], "account")))
    assert missing == tuple(case["missing"])
    if accounts and case["name"] != "digits_as_numbers":
        assert otp.read_migration(otp.write_migration(accounts)) == (accounts, ())


@cases("verify")
def test_verifying(case: Any) -> None:
    named = {"at": case["unix_seconds"], "after_step": case.get("after_step")}
    for code in (text(case["code"]), Secret(text(case["code"]))):
        assert outcome(partial(totp_of(case).verify, code, **named)) == case["expect"]


@cases("resync")
def test_resynchronising(case: Any) -> None:
    named = {"at": case["unix_seconds"], "steps": case["steps"], "after_step": case.get("after_step")}
    found = outcome(lambda: totp_of(case).resync(text(case["first"]), text(case["second"]), **named))
    expect = case["expect"]
    assert found == ((expect["drift"], expect["step"]) if isinstance(expect, dict) else expect)


@cases("hotp_verify")
def test_verifying_by_counter(case: Any) -> None:
    call = hotp_of(case).verify
    assert outcome(lambda: call(case["code"], case["counter"], look_ahead=case["look_ahead"])) == case["expect"]


@cases("hotp_resync")
def test_resynchronising_by_counter(case: Any) -> None:
    call, codes = hotp_of(case).resync, (case["first"], case["second"])
    assert outcome(lambda: call(*codes, case["counter"], look_ahead=case["look_ahead"])) == case["expect"]


# But for the one of a last step that no login can have been given.
@pytest.mark.parametrize(
    "case", [case for case in VECTORS["fresh"] if case.get("after_step", 0) < 2**63], ids=lambda case: case["name"]
)
def test_fresh_codes(case: Any, vault: Vault) -> None:
    seed = base64.b32encode(bytes.fromhex(case["secret"])).decode()
    vault.put("broker/login", {"totp": f"otpauth://totp/Broker?secret={seed}&period={case['period']}"})
    totp = vault["broker/login"].totp
    if "after_step" in case:  # the login before
        assert totp.fresh(0, at=case["after_step"] * case["period"])[0]
    fresh = outcome(lambda: totp.fresh(case["min_seconds"], at=case["unix_seconds"]))
    expect = case["expect"]
    if not isinstance(expect, dict):
        assert fresh == expect
    elif "wait" in expect:
        assert fresh == (None, expect["wait"])
    else:
        assert fresh == (expect["code"], expect["seconds_remaining"])
        assert totp.step(at=case["unix_seconds"]) == expect["step"]
        assert totp.fresh(0, at=case["unix_seconds"]) == (None, expect["seconds_remaining"])


# ---- the vectors of pyca/cryptography ----


def rfc(file: str) -> list[dict[str, str]]:
    with rfc_files.open_vector_file(f"twofactor/{file}", "r") as lines:
        blocks = lines.read().split("COUNT = ")[1:]
    return [dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line) for block in blocks]


def test_the_codes_of_the_rfcs() -> None:
    by_counter, by_time = rfc("rfc-4226.txt"), rfc("rfc-6238.txt")
    assert (len(by_counter), len(by_time)) == (10, 18)
    for vector in by_counter:
        hotp, counter = Hotp(vector["SECRET"].encode()), int(vector["COUNTER"])
        assert hotp.at(counter) == vector["HOTP"]
        assert hotp.verify(vector["HOTP"], counter) == counter + 1
    for vector in by_time:
        totp, at = Totp(vector["SECRET"].encode(), algorithm=vector["MODE"], digits=8), int(vector["TIME"])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        assert totp.at(at) == vector["TOTP"]
        assert totp.verify(vector["TOTP"], at=at) == at // 30


# ---- types, times, and what is shown ----


def test_secrets_of_every_type() -> None:
    raw = base64.b32decode(RFC_SEED)
    for secret in (
        RFC_SEED,
        raw,
        bytearray(raw),
        Secret(RFC_SEED),
        Secret(raw),
        f"{RFC_SEED[:8].lower()} {RFC_SEED[8:]}",
    ):
        assert Totp(secret, digits=8).at(59) == "94287082"
        assert Hotp(secret).at(1) == "287082"
        assert Totp(secret).secret == RFC_SEED


def test_wrong_types_are_a_type_error() -> None:
    totp: Any = Totp(RFC_SEED)
    hotp: Any = Hotp(RFC_SEED)
    a: Any = otp
    calls: list[Callable[[], object]] = [
        lambda: a.Totp(None),
        lambda: a.Totp(5),
        lambda: a.Totp(),
        lambda: a.Totp(RFC_SEED, algorithm=1),
        lambda: a.Totp(RFC_SEED, digits=6.0),
        lambda: a.Totp(RFC_SEED, period=True),
        lambda: a.Totp.from_uri(b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP"),
        lambda: a.Account.from_uri(None),
        lambda: a.Account(RFC_SEED, "alice"),
        lambda: totp.uri(None),
        lambda: totp.uri("alice", 5),
        lambda: totp.verify(287082),
        lambda: totp.verify(b"287082"),
        lambda: totp.verify("287082", at="59"),
        lambda: totp.verify("287082", at=59.0),
        lambda: totp.verify("287082", at=True),
        lambda: totp.verify("287082", at=59, after_step=False),
        lambda: totp.at(None),
        lambda: totp.with_drift(1.0),
        lambda: totp.with_drift(True),
        lambda: totp.with_window("1"),
        lambda: totp.resync("1", 2),
        lambda: hotp.at("1"),
        lambda: hotp.verify("287082", True),
        lambda: a.read_migration(5),
        lambda: a.read_migration([b"otpauth-migration://offline?data="]),
        lambda: a.write_migration([totp]),
        lambda: a.qr_svg(b"x"),
        lambda: a.qr_terminal(5),
        lambda: a.verify_recovery_code(5, []),
        lambda: a.generate_recovery_codes("2"),
        lambda: a.DeliveredCodes(5),
        lambda: a.DeliveredCodes(b"k" * 16).issue(5),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(TypeError):
            raise AssertionError(f"{number} returned {call()!r}")


def test_numbers_that_have_no_room_are_wrong_numbers() -> None:
    totp, hotp = Totp(RFC_SEED), Hotp(RFC_SEED)
    calls: list[Callable[[], object]] = [
        lambda: Totp(RFC_SEED, digits=-1),
        lambda: Totp(RFC_SEED, digits=1 << 70),
        lambda: Totp(RFC_SEED, digits=6, steam=True),
        lambda: Totp(RFC_SEED, period=1 << 70),
        lambda: totp.with_drift(1 << 70),
        lambda: totp.with_drift(-(1 << 40)),
        lambda: totp.with_window(ahead=1 << 70),
        lambda: totp.verify("287082", after_step=-1),
        lambda: totp.resync("1", "2", steps=1 << 70),
        lambda: hotp.at(-1),
        lambda: hotp.at(1 << 64),
        lambda: hotp.uri("alice", counter=1 << 53),
        lambda: otp.generate_recovery_codes(0),
        lambda: otp.generate_recovery_codes(101),
        lambda: otp.DeliveredCodes(b"k" * 16, attempts=0),
        lambda: otp.DeliveredCodes(b"k" * 16, digits=5),
        lambda: otp.DeliveredCodes(b"k" * 16, lifetime_seconds=86_401),
        lambda: otp.DeliveredCodes(b"k" * 15),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(errors.InvalidInputError):
            raise AssertionError(f"{number} returned {call()!r}")
    assert Totp(RFC_SEED, digits=5, steam=True).digits == 5
    assert hotp.at((1 << 64) - 1)


def test_texts_that_are_none_and_names_that_do_not_exist() -> None:
    surrogate: Any = "\udc80"
    calls: list[Callable[[], object]] = [
        lambda: Totp(surrogate),
        lambda: Totp(RFC_SEED, algorithm=surrogate),
        lambda: Totp(RFC_SEED, algorithm="md5"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        lambda: Totp.from_uri(surrogate),
        lambda: Totp(RFC_SEED).uri(surrogate),
        lambda: Totp(RFC_SEED).uri("alice", surrogate),
        lambda: Hotp(RFC_SEED).uri("alice", surrogate),
        lambda: Hotp(RFC_SEED).uri("a\nb"),
        lambda: otp.Account(Totp(RFC_SEED), surrogate),
        lambda: otp.Account(Totp(RFC_SEED), "alice", surrogate),
        lambda: otp.read_migration("otpauth-migration://offline?data="),
        lambda: otp.read_migration([surrogate]),
        lambda: otp.qr_svg(surrogate),
        lambda: otp.qr_terminal("x", background="blue"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        lambda: otp.DeliveredCodes(b"k" * 16).issue(surrogate),
        lambda: otp.DeliveredCodes(b"k" * 16).issue(""),
        lambda: otp.DeliveredCodes(b"k" * 16).verify(surrogate, "alice", "1"),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(errors.InvalidInputError):
            raise AssertionError(f"{number} returned {call()!r}")


def test_times() -> None:
    totp = Totp(RFC_SEED, digits=8)
    for at in (59, datetime.fromtimestamp(59, timezone.utc), datetime.fromisoformat("1970-01-01T05:30:59.9+05:30")):
        assert totp.at(at) == "94287082"
        assert totp.verify("94287082", at=at) == totp.step(at=at) == 1
        assert totp.seconds_remaining(at=at) == 1
    # The clock is read between these two.
    before = totp.step()
    assert totp.now() in {totp.at(step * 30) for step in range(before, totp.step() + 1)}
    assert 1 <= totp.seconds_remaining() <= 30
    assert totp.verify(totp.now())
    naive = datetime.fromtimestamp(59, timezone.utc).replace(tzinfo=None)
    for at in (naive, -1, -(1 << 70), 1 << 70, 253_402_300_800, datetime.fromtimestamp(-0.5, timezone.utc)):
        with pytest.raises(errors.InvalidInputError, match="time"):
            totp.at(at)
        with pytest.raises(errors.InvalidInputError, match="time"):
            totp.verify("94287082", at=at)
        with pytest.raises(errors.InvalidInputError, match="time"):
            totp.step(at=at)


def test_a_code_is_exactly_its_characters() -> None:
    totp, hotp, steam = Totp(RFC_SEED), Hotp(RFC_SEED), Totp(RFC_SEED, steam=True)
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in "287082")
    for code in (
        "",
        "287 082",
        " 287082",
        "287082\n",
        "28708",
        "2870820",
        full_width,
        "२८७०८२",
        "28708a",
        "28708\udc82",
    ):
        assert totp.verify(code, at=59) is None
        assert hotp.verify(code, 1) is None
        assert totp.resync(code, "359152", at=59) is None
        assert totp.resync("287082", code, at=59) is None
        assert otp.verify_recovery_code(code, []) is None
    assert totp.verify(Secret("287082"), at=59) == totp.verify(Secret(b"287082"), at=59) == 1
    assert totp.verify(Secret(b"\xff\xfe"), at=59) is None
    assert steam.verify(steam.at(59), at=59) == 1
    assert steam.verify(steam.at(59).lower(), at=59) is None


def test_a_code_works_once() -> None:
    totp = Totp(RFC_SEED)
    step = totp.verify(totp.at(90), at=100)
    assert step == 3
    assert totp.verify(totp.at(90), at=100, after_step=step) is None
    assert totp.verify(totp.at(60), at=100, after_step=step) is None
    assert totp.verify(totp.at(120), at=125, after_step=step) == 4


def test_nothing_shows_a_secret(vault: Vault) -> None:
    vault.put("broker/login", {"totp": RFC_SEED})
    totp = Totp(RFC_SEED)
    shown: list[tuple[object, str]] = [
        (totp, "Totp(sha1, 6 digits, 30 seconds)"),
        (Totp(RFC_SEED, steam=True), "Totp(sha1, 5 digits, 30 seconds)"),
        (Hotp(RFC_SEED, algorithm="sha512", digits=8), "Hotp(sha512, 8 digits)"),
        (vault["broker/login"].totp, "SealedTotp(***)"),
        (otp.Account(totp, "alice", "Example"), 'Account(totp, "alice", "Example")'),
        (otp.Account(Hotp(RFC_SEED), "alice"), 'Account(hotp, "alice", "")'),
        (otp.DeliveredCodes(b"k" * 16), "DeliveredCodes(***)"),
        (totp.secret, "Secret(***)"),
        (totp.uri("alice"), "Secret(***)"),
        (otp.write_migration([otp.Account(totp, "alice")]), "[Secret(***)]"),
    ]
    for value, expected in shown:
        assert repr(value) == expected
        assert RFC_SEED not in repr(value)


def test_a_new_secret_has_160_bits_and_a_short_one_is_told() -> None:
    for kind in (Totp, Hotp):
        one, other = kind.generate(), kind.generate()
        assert one.secret != other.secret.reveal()
        assert len(base64.b32decode(one.secret.reveal())) == 20
        assert not one.is_short
        assert kind(b"x" * 15).is_short


# ---- what stands around codes ----


def test_accounts() -> None:
    totp = Totp(RFC_SEED)
    account = otp.Account(totp, " alice ", " ")
    assert (account.name, account.issuer, account.counter, account.hotp) == ("alice", None, None, None)
    assert account == otp.Account(Totp(RFC_SEED), "alice")
    assert account != otp.Account(totp, "bob")
    assert account != otp.Account(Hotp(RFC_SEED), "alice")
    assert account != "alice"
    with pytest.raises(TypeError, match="hash"):
        hash(account)
    with pytest.raises(errors.LimitError):
        otp.Account(totp, "n" * 257)
    with pytest.raises(errors.InvalidInputError, match=r"^account 2: "):
        otp.write_migration([account, otp.Account(Totp(RFC_SEED, period=60), "bob")])
    with pytest.raises(errors.InvalidInputError):
        otp.write_migration([])
    assert len(otp.write_migration([account] * 11)) == 2


def test_qr_codes() -> None:
    for given in (Secret("x" * 2953), "x" * 2953, "", Totp(RFC_SEED).uri("alice")):
        assert otp.qr_svg(given).reveal().startswith("<svg")
        dark, light = otp.qr_terminal(given).reveal(), otp.qr_terminal(given, background="light").reveal()
        assert set(dark) == set(light) == set("█▀▄ \n")
        swap = str.maketrans("█▀▄ ", " ▄▀█")
        # An odd number of rows: the last line has nothing below, for either background.
        assert dark.splitlines()[:-1] == light.translate(swap).splitlines()[:-1]
    for call in (otp.qr_svg, otp.qr_terminal):
        with pytest.raises(errors.LimitError, match="2954"):
            call("x" * 2954)


def test_recovery_codes() -> None:
    codes = otp.generate_recovery_codes()
    assert len(codes) == len({code.reveal() for code, _ in codes}) == 10
    stored = [kept for _, kept in codes]
    for place, (code, kept) in enumerate(codes):
        shown = code.reveal()
        assert shown.replace("-", "") not in kept
        for typed in (code, shown, shown.lower(), shown.replace("-", ""), shown.replace("-", " "), f" {shown} "):
            assert otp.verify_recovery_code(typed, stored) == place
        assert otp.verify_recovery_code(code, [*stored[:place], *stored[place + 1 :]]) is None, "each works once"
        assert otp.verify_recovery_code(shown[:-1], stored) is None
        assert otp.verify_recovery_code(f"{shown}A", stored) is None
    assert otp.verify_recovery_code("", stored) is None
    assert otp.verify_recovery_code("\udc80", stored) is None
    for wrong in (["x"], [*stored, ""], stored[0], [5]):
        with pytest.raises(errors.InvalidInputError):
            otp.verify_recovery_code(codes[0][0], wrong)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(errors.LimitError):
        otp.verify_recovery_code("x", [stored[0]] * 101)


def test_delivered_codes() -> None:
    sender = otp.DeliveredCodes(Secret("a secret of the server"), digits=8, lifetime_seconds=60, attempts=3)
    code, record = sender.issue("alice", at=1000)
    assert len(code.reveal()) == 8
    assert code.reveal() not in record
    assert sender.verify(record, "alice", code, at=1000) == ("accepted", None)
    assert sender.verify(record, "alice", code.reveal(), at=datetime.fromtimestamp(1059, timezone.utc))[0] == "accepted"
    assert sender.verify(record, "alice", code, at=1060) == ("expired", None)
    # Wrong codes, as often as allowed; the record counts them.
    last = record
    for typed in ("", "१२३४५६७८", "\udc80"):
        outcome, kept = sender.verify(last, "alice", typed, at=1000)
        if kept is None:
            assert outcome == "exhausted"
            break
        assert outcome == "wrong"
        assert kept != last
        last = kept
    else:
        assert sender.verify(last, "alice", code, at=1000) == ("exhausted", None)
    # For another account, or under another key, it is a wrong one.
    assert sender.verify(record, "bob", code, at=1000)[0] == "wrong"
    other = otp.DeliveredCodes(b"another secret of a server")
    assert other.verify(record, "alice", code, at=1000)[0] == "wrong"
    for wrong in ("", "x", f"{record}x", record[:-1]):
        with pytest.raises(errors.InvalidInputError):
            sender.verify(wrong, "alice", code, at=1000)
    with pytest.raises(TypeError):
        sender.verify(record, "alice", 12345678, at=1000)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert sender.verify(sender.issue("alice")[1], "alice", "wrong")[0] == "wrong"


def test_threads_share_codes() -> None:
    totp = Totp(RFC_SEED)
    barrier = threading.Barrier(8)

    def use(_: int) -> set[str]:
        barrier.wait()
        return {totp.at(59) for _ in range(200)}

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [{"287082"}] * 8
