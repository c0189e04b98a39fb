"""The whole public API, used as its types say. mypy and pyright check this file; it is never run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import strongroom
from strongroom import (
    Compartment,
    Damage,
    Edit,
    Entry,
    Guard,
    Kdf,
    Key,
    OpenedBy,
    Recipe,
    Rekeyed,
    Revoked,
    Secret,
    SignedRequest,
    Signer,
    Slot,
    StrongroomError,
    Totp,
    Vault,
    Verdict,
    aio,
    errors,
    otp,
)
from strongroom.compat import pyotp
from strongroom.compat.argon2 import PasswordHasher, extract_parameters, profiles
from strongroom.compat.argon2.exceptions import InvalidHashError, VerifyMismatchError
from strongroom.compat.fernet import Fernet, InvalidToken, MultiFernet
from strongroom.compat.passlib import CryptContext
from strongroom.state import MemoryState, SqliteState, State
from typing_extensions import assert_type


def secrets() -> None:
    secret = Secret("text")
    assert_type(Secret(b"bytes"), Secret)
    assert_type(secret.reveal(), str)
    assert_type(secret.reveal_bytes(), bytes)
    assert_type(secret == "text", bool)
    assert_type(bool(secret), bool)
    # No key of a dict: an error for pyright, not only at run time.
    {secret: 1}  # pyright: ignore[reportUnhashable, reportUnusedExpression] # noqa: B018
    {strongroom.generate_key(): 1}  # pyright: ignore[reportUnhashable, reportUnusedExpression]


def keys(path: Path) -> Key:
    key = strongroom.generate_key()
    key.write(path)
    key.write(str(path))
    assert_type(Key.read(path), Key)
    assert_type(Key.parse(key.reveal()), Key)
    assert_type(Key.parse(Secret(b"text")), Key)
    assert_type(key.slot_id, str)
    sealed = strongroom.seal(key, Secret("text"), associated_data="user 17")
    assert_type(sealed, bytes)
    assert_type(strongroom.unseal(key, sealed, associated_data=b"user 17"), bytes)
    return key


def costs() -> Kdf:
    assert_type(Kdf.pbkdf2(iterations=600_000).iterations, int | None)
    kdf = Kdf.argon2id(memory_kib=65_536, passes=3, lanes=4)
    assert_type((kdf.memory_kib, kdf.passes, kdf.lanes), tuple[int | None, int | None, int | None])
    return kdf


def opening(path: Path, key: Key, kdf: Kdf) -> Vault:
    strongroom.create()
    strongroom.create(path, passphrase="text", kdf=kdf)
    strongroom.create(str(path), key=key)
    strongroom.open()
    strongroom.open(path, passphrase=Secret("text"), key=key, pin="text", allow_weak_kdf=True, max_memory_kib=524_288)
    strongroom.open(path, key_file=path)
    strongroom.open(path, key="text")
    with strongroom.open(path) as vault:
        assert_type(vault, Vault)
    by: OpenedBy = vault.opened_by
    assert_type(by.scope, Literal["owner", "holder"])
    assert_type(by.slot_label, str | None)
    assert_type(by.slot_id, str)
    if by.link == "STRONGROOM_KEY_FILE":
        assert_type(vault.path, str)
    assert_type(vault.locked, bool)
    return vault


def reading(vault: Vault) -> None:
    as_mapping: Mapping[str, Entry] = vault
    assert_type(list(as_mapping), list[str])
    for name, entry in vault.items():
        assert_type((name, entry), tuple[str, Entry])
    assert_type(vault.get("a/b"), Entry | None)
    assert_type(vault.get("a/b", 5), Entry | int)
    assert_type("a/b" in vault, bool)
    assert_type(len(vault), int)
    entry = vault["a/b"]
    assert_type(entry["f"], Any)
    assert_type((entry["secret"].reveal(), entry["api_key"]), tuple[Any, Any])
    assert_type(entry.info["api_key"], str)
    assert_type(entry.fields["secret"], Secret)
    assert_type(entry.keys(), list[str])
    assert_type((entry.name, entry.kind, entry.note), tuple[str, str, str | None])
    assert_type(entry.state, Literal["current", "pending", "previous"])
    assert_type(entry.tags, tuple[str, ...])
    assert_type((entry.version, entry.created, entry.updated), tuple[int, int, int])
    assert_type((entry.expires_at, entry.rotate_after), tuple[int | None, int | None])
    assert_type(entry.hmac("secret", "message"), bytes)
    assert_type(entry.hmac("secret", b"message", "sha512"), bytes)
    entry.hmac("secret", b"message", algorithm="md5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert_type(vault.find(tag="a", kind="b", compartment="c", due=True), list[str])
    assert_type(vault.versions("a/b"), list[Entry])


def changing(vault: Vault) -> None:
    assert_type(
        vault.put(
            "a/b",
            {"text": "1", "bytes": b"2", "secret": Secret("3")},
            info={"api_key": "4"},
            kind="exchange",
            tags={"spot"},
            note="5",
            expires_at=6,
            rotate_after=datetime(2030, 1, 1, tzinfo=timezone.utc),
        ),
        int,
    )
    only_text: dict[str, str] = {"f": "1"}
    vault.put("a/b", only_text)
    vault.put("a/b", {"f": None})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    vault.put(name="a/b")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    assert_type(vault.update("a/b", info={"i": "1"}, if_version=1), int)
    assert_type(vault.remove_field("a/b", "f"), int)
    assert_type(vault.stage("a/b", {"f": "1"}), int)
    assert_type(vault.promote("a/b"), int)
    vault.retire("a/b")
    vault.rename("a/b", "a/c")
    vault.copy("a/b", "a/c")
    vault.remove("a/b")
    edit: Edit = vault.edit()
    with edit as v:
        assert_type(v, Vault)
        assert_type(v.put("a/b"), int)
    assert_type(vault.reload(), bool)
    assert_type(vault.pin(), str)
    assert_type(vault.pin_for("bot"), str)
    vault.lock()


def sharing(vault: Vault, kdf: Kdf) -> None:
    assert_type(vault.grant("bot", ["a"]), Key)
    assert_type(vault.grant("boss", owner=True), Key)
    assert_type(vault.grant("bot", ("a", "b"), key=strongroom.generate_key()), Key)
    vault.grant("desk", ["a"], passphrase="text", kdf=kdf)
    assert_type(vault.grant("both", ["a"], passphrase="text", key=strongroom.generate_key()), Key | None)
    revoked: Revoked = vault.revoke("bot", drop_damaged=True)
    as_sequence: Sequence[str] = vault.revoke("bot", ["a"])
    assert_type(as_sequence[0], str)
    assert_type(revoked[:2], tuple[str, ...])
    assert_type(revoked.pins["other"], str)
    assert_type(revoked.dropped, tuple[Damage, ...])
    rekeyed: Rekeyed = vault.rekey("text", Secret("text"), strongroom.generate_key(), ("text", Key.parse("text")))
    assert_type(rekeyed.keys["owner"], Key)
    assert_type((rekeyed.removed, rekeyed.rotate), tuple[tuple[str, ...], tuple[str, ...]])
    vault.change_passphrase("owner", "text", key=strongroom.generate_key(), kdf=kdf)
    vault.strengthen("owner", Secret("text"), kdf=kdf)
    vault.remove_compartment("a")
    for compartment in vault.compartments:
        assert_type(compartment, Compartment)
        assert_type((compartment.name, compartment.entries, compartment.damaged), tuple[str, int, str | None])
    for slot in vault.slots:
        assert_type(slot, Slot)
        assert_type(slot.factors, Literal["passphrase", "key", "passphrase+key"])
        assert_type((slot.id, slot.label, slot.kdf, slot.created), tuple[str, str, Kdf | None, int])
        assert_type((slot.passkey, slot.compartments), tuple[bytes | None, tuple[str, ...] | None])
    for damage in vault.damage:
        assert_type((damage.compartment, damage.record, damage.name), tuple[str, str | None, str | None])


def failing(vault: Vault) -> str:
    try:
        vault.remove("a/b")
    except (errors.NotFoundError, errors.ConflictError) as error:
        assert_type(error.code, str)
    except StrongroomError as error:
        return error.code
    return strongroom.__version__


async def awaiting(path: Path, key: Key) -> None:
    assert_type(await aio.create(path, key=key), Vault)
    vault = await strongroom.aio.open(path, key_file=path)
    async with aio.edit(vault) as v:
        assert_type(v, Vault)


def loading(vault: Vault) -> None:
    assert_type(strongroom.load_env(), bool)
    strongroom.load_env(vault, entries=["a/b"], override=True)
    strongroom.load_env("bots.vault", key_file="bot.key")


def passwords(stored: str, kdf: Kdf) -> None:
    assert_type(strongroom.hash_password("text"), str)
    assert_type(strongroom.verify_password(Secret("text"), stored.encode()), bool)
    assert_type(strongroom.verify_and_update(b"bytes", stored), tuple[bool, str | None])
    assert_type(strongroom.needs_rehash(stored), bool)
    assert_type(strongroom.verify_dummy("text"), bool)
    assert_type(strongroom.identify_hash(stored), tuple[str, str])
    assert_type(strongroom.calibrate(target_ms=250), tuple[Kdf, float])
    assert_type(strongroom.verify_many([("text", stored)]), list[bool | StrongroomError])
    hasher = strongroom.PasswordHasher(kdf, pepper={"2026": Secret("text")}, kept_memory=2, max_memory_kib=65_536)
    assert_type(hasher.hash("text"), str)
    assert_type(hasher.verify("text", stored), bool)
    assert_type(hasher.verify_and_update("text", stored), tuple[bool, str | None])
    assert_type(hasher.hash_like("text", stored), str)


def one_time_codes(uri: str) -> None:
    totp = strongroom.Totp(Secret("JBSWY3DPEHPK3PXP"), algorithm="sha256", digits=8, period=60, steam=False)
    totp = strongroom.Totp.from_uri(uri).with_window(back=1, ahead=1).with_drift(-2)
    assert_type(strongroom.Totp.generate(steam=True), strongroom.Totp)
    strongroom.Totp(b"bytes", algorithm="md5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert_type((totp.now(), totp.at(59), totp.at(datetime.now(timezone.utc))), tuple[str, str, str])
    assert_type((totp.step(at=59), totp.seconds_remaining()), tuple[int, int])
    assert_type(totp.verify("123456", at=59, after_step=1), int | None)
    assert_type(totp.resync("123456", "654321", steps=20, after_step=None), tuple[int, int] | None)
    assert_type((totp.secret, totp.uri("alice", issuer="Example")), tuple[Secret, Secret])
    assert_type(totp.algorithm, Literal["sha1", "sha256", "sha512"])
    assert_type((totp.digits, totp.period, totp.is_steam, totp.is_short), tuple[int, int, bool, bool])
    hotp = strongroom.Hotp("JBSWY3DPEHPK3PXP", digits=7)
    assert_type((hotp.at(0), hotp.uri("alice", counter=5)), tuple[str, Secret])
    assert_type(hotp.verify("123456", 0, look_ahead=5), int | None)
    assert_type(hotp.resync("123456", "654321", 0), int | None)


async def codes_of_an_entry(vault: Vault) -> None:
    totp = vault["a/b"].totp
    assert_type(vault["a/b"].totp_of("seed"), otp.SealedTotp)
    assert_type((totp.now(), totp.at(59), totp.wait_fresh(min_seconds=5)), tuple[str, str, str])
    assert_type(totp.fresh(5, at=59), tuple[str | None, int])
    assert_type((totp.step(), totp.seconds_remaining(), totp.period), tuple[int, int, int])
    assert_type(await aio.wait_fresh(totp, 5), str)


def signed_requests(vault: Vault, path: Path) -> SignedRequest:
    assert_type(strongroom.exchanges(), tuple[str, ...])
    recipe = Recipe.of("kraken")
    assert_type((recipe.exchange, recipe.host, recipe.source, recipe.is_login), tuple[str, str, str, bool])
    assert_type(recipe.fields, tuple[str, ...])
    entry = vault["a/b"]
    signer: Signer = entry.signer("kraken", state=SqliteState(path))
    assert_type(entry.signer(Recipe.from_json("{}")), Signer)
    entry.signer({"exchange": "x"})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    signer.learn_clock(server_ms=1, sent_ms=2, received_ms=3)
    signer.clock_offset_ms = signer.clock_offset_ms + 1
    assert_type((signer.recipe, signer.algorithm), tuple[Recipe, str | None])
    login = signer.login(timestamp_ms=1, nonce="2", values={"challenge": "3"})
    assert_type((login.method, login.url, login.headers, login.body), tuple[str, str, dict[str, str], str])
    signer.sign("POST", "/", body={"a": 1})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    text: dict[str, str] = {"a": "b"}
    signer.sign("POST", "/", body="{}", values=text)
    return signer.sign("POST", "/", body=b"{}", headers=text, timestamp_ms=1, nonce=2, values={"a": "b", "c": 3})


def around_codes(uri: str, account: otp.Account) -> None:
    assert_type(otp.Account.from_uri(uri), otp.Account)
    otp.Account(strongroom.Hotp.generate(), "alice", "Example", counter=1)
    assert_type((account.name, account.issuer, account.counter), tuple[str, str | None, int | None])
    assert_type((account.totp, account.hotp), tuple[strongroom.Totp | None, strongroom.Hotp | None])
    assert_type(otp.read_migration([uri, Secret(uri)]), tuple[tuple[otp.Account, ...], tuple[int, ...]])
    assert_type(otp.write_migration((account,)), list[Secret])
    {account: 1}  # pyright: ignore[reportUnhashable, reportUnusedExpression] # noqa: B018
    assert_type((otp.qr_svg(uri), otp.qr_terminal(account.to_uri(), background="light")), tuple[Secret, Secret])
    assert_type(otp.generate_recovery_codes(10), list[tuple[Secret, str]])
    assert_type(otp.verify_recovery_code("text", ["stored"]), int | None)
    sender = otp.DeliveredCodes(b"key", digits=8, lifetime_seconds=300, attempts=3)
    code, record = sender.issue("alice")
    outcome, kept = sender.verify(record, "alice", code, at=59)
    assert_type(outcome, Literal["accepted", "wrong", "expired", "exhausted"])
    assert_type(kept, str | None)


def moving_over(stored: str) -> None:
    context = CryptContext(["argon2", "bcrypt"], deprecated="auto", bcrypt__rounds=13)
    assert_type(context.hash("text", scheme="bcrypt"), str)
    assert_type(context.verify("text", stored), bool)
    assert_type(context.verify_and_update("text", stored), tuple[bool, str | None])
    assert_type(context.needs_update(stored), bool)
    assert_type(context.identify(stored), str | None)
    assert_type(context.dummy_verify(), bool)
    hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
    try:
        assert_type(hasher.verify(stored, "text"), Literal[True])
    except (VerifyMismatchError, InvalidHashError):
        assert_type(hasher.check_needs_rehash(stored), bool)
    assert_type(extract_parameters(stored).memory_cost, int)
    fernet = Fernet(Fernet.generate_key())
    both = MultiFernet([fernet, Fernet(Secret("key"))])
    try:
        assert_type(both.rotate(fernet.encrypt(b"text")), bytes)
        assert_type(fernet.decrypt_at_time("token", ttl=60, current_time=0), bytes)
    except InvalidToken:
        assert_type(both.extract_timestamp("token") + fernet.extract_timestamp(b"token"), int)
    totp = pyotp.TOTP(
        pyotp.random_base32(), digits=8, digest=hashlib.sha256, name="alice", issuer="Example", interval=60
    )
    assert_type(
        (totp.now(), totp.at(59.5), totp.at(datetime.now(timezone.utc), counter_offset=1)), tuple[str, str, str]
    )
    assert_type(totp.verify("123456", for_time=59, valid_window=1), bool)
    try:
        assert_type(totp.verify_and_get_timecode("123456"), int)
    except pyotp.OTPVerificationError:
        assert_type(totp.provisioning_uri(issuer_name="Example", image="https://example.com/a.png"), str)
    assert_type(pyotp.HOTP(pyotp.random_hex(), initial_count=1).verify("123456", 0), bool)
    assert_type(pyotp.parse_uri("otpauth://totp/a"), pyotp.OTP)
    assert_type((pyotp.contrib.Steam(stored).secret, totp.byte_secret()), tuple[str, bytes])


class OwnState:
    def load(self, key: str, unix_seconds: int, /) -> bytes | None:
        return f"{key} {unix_seconds}".encode()

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, expires_at: int, unix_seconds: int, /
    ) -> bool:
        return bool(key) and (expected, expires_at) == (value, unix_seconds)


async def guarding(path: Path, totp: Totp) -> None:
    states: list[State] = [MemoryState(), OwnState(), strongroom.state.SqliteState(str(path))]
    with SqliteState(path) as state:
        guard = Guard(state, free_attempts=3, delay_seconds=10, max_delay_seconds=600, max_attempts=50)
        assert_type(state.raise_to("nonce", 1, 2), int)
    assert_type([strongroom.state.raise_to(state, "nonce", 1, 2) for state in states], list[int])
    Guard(object())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    verdict = guard.verify("user-17", totp, "123456")
    assert_type(verdict, Verdict)
    assert_type(verdict.outcome, Literal["accepted", "used", "wrong", "throttled", "locked"])
    assert_type((verdict.step, verdict.retry_after, bool(verdict)), tuple[int | None, int | None, bool])
    guard.verify("user-17", totp, Secret("123456"), at=datetime(2030, 1, 1, tzinfo=timezone.utc))
    guard.reset("user-17", at=1_700_000_000)
    assert_type(await aio.verify_code(Guard(states[0]), "user-17", totp, "123456", at=59), Verdict)
