"""What a vault in a file does for its owner and for its holders."""

from __future__ import annotations

import collections.abc
import gc
import hashlib
import hmac
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import strongroom
from strongroom import Entry, Kdf, Key, Revoked, Secret, Vault, errors

CHEAP = Kdf.argon2id(memory_kib=19_456, passes=2, lanes=1)


def test_it_is_a_mapping_of_what_the_key_sees(vault: Vault) -> None:
    assert isinstance(vault, collections.abc.Mapping)
    vault.put("kraken/main", {"secret": "k"})
    assert list(vault) == list(vault.keys()) == ["binance/main", "kraken/main"]
    assert len(vault) == 2
    assert [name for name, entry in vault.items() if entry.name == name] == list(vault)
    assert [entry.name for entry in vault.values()] == list(dict(vault)) == list(vault)
    assert "kraken/main" in vault
    for absent in ("kraken/other", "bybit/main", "", "kraken", "a//b", "\ud800", 5, None):
        assert absent not in vault
    assert vault.get("kraken/other") is None
    assert vault.get("bybit/main", 5) == 5


def test_what_is_absent_is_a_key_error_that_reads_well(vault: Vault) -> None:
    with pytest.raises(KeyError) as raised:
        vault["binance/other"]
    assert isinstance(raised.value, errors.NotFoundError)
    assert raised.value.code == "not_found"
    assert str(raised.value) == "entry binance/other not found"


@pytest.mark.parametrize(
    "name", ["telegram", "", "/a", "a/", "a//b", "a/../b", "a/b\n", "ä/b", "a/" + "x" * 10_000, "\ud800"]
)
def test_what_cannot_be_a_name_is_refused(vault: Vault, name: str) -> None:
    for call in (vault.__getitem__, vault.put, vault.update, vault.remove, vault.stage, vault.versions):
        with pytest.raises(errors.InvalidInputError) as raised:
            call(name)
        assert len(str(raised.value)) < 300


def test_a_single_word_is_told_what_is_missing(vault: Vault) -> None:
    with pytest.raises(errors.InvalidInputError, match="did you mean telegram/main"):
        vault.put("telegram", {"token": "1"})


def test_an_entry_is_info_and_secrets(vault: Vault) -> None:
    vault.put(
        "kraken/main",
        {"secret": "text", "raw": b"\xff\x00", "copied": Secret("s"), "array": bytearray(b"b")},
        info={"api_key": "id"},
        kind="exchange",
        tags=["spot", "eu"],
        note="from the office",
        expires_at=2_000_000_000,
        rotate_after=datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    )
    entry = vault["kraken/main"]
    assert (entry.name, entry.version, entry.state, entry.kind) == ("kraken/main", 1, "current", "exchange")
    assert (entry.tags, entry.note, entry.expires_at) == (("eu", "spot"), "from the office", 2_000_000_000)
    assert entry.rotate_after == 1893452400
    assert entry.created == entry.updated > 1_700_000_000
    assert entry["api_key"] == entry.info["api_key"] == "id"
    assert isinstance(entry["secret"], Secret)
    assert {name: secret.reveal_bytes() for name, secret in entry.fields.items()} == {
        "array": b"b",
        "copied": b"s",
        "raw": b"\xff\x00",
        "secret": b"text",
    }
    assert list(entry) == entry.keys() == ["api_key", "array", "copied", "raw", "secret"]
    assert len(entry) == 5
    assert "raw" in entry
    assert "other" not in entry
    assert 5 not in entry
    assert repr(entry) == "Entry('kraken/main', version 1, current)"
    with pytest.raises(TypeError):
        entry.info["api_key"] = "other"  # type: ignore[index] # pyright: ignore[reportIndexIssue]
    with pytest.raises(KeyError) as raised:
        entry["passphrase"]
    assert str(raised.value) == "field passphrase of kraken/main not found"


@pytest.mark.parametrize("value", [None, 5, 1.5, ["a"], {"a": "b"}, object()])
def test_a_value_that_is_no_text_is_refused_by_its_field(vault: Vault, value: Any) -> None:
    for call in (vault.put, vault.update, vault.stage):
        with pytest.raises(
            errors.InvalidInputError, match=f"secret as str, bytes or Secret, got {type(value).__name__}"
        ):
            call("binance/main", {"secret": value})
        with pytest.raises(errors.InvalidInputError, match="info account as str"):
            call("binance/main", {}, info={"account": value})
    assert vault["binance/main"].version == 1


def test_other_arguments_are_checked(vault: Vault, path: Path) -> None:
    before = path.read_bytes()
    wrong: list[tuple[type[Exception], dict[str, Any]]] = [
        (errors.InvalidInputError, {"tags": "spot"}),
        (errors.InvalidInputError, {"tags": ["spot", 5]}),
        (TypeError, {"tags": 5}),
        (TypeError, {"info": 5}),
        (errors.InvalidInputError, {"info": {5: "a"}}),
        (errors.InvalidInputError, {"info": {"secret": "the same name as the field"}}),
        (errors.InvalidInputError, {"info": {"a/b": "c"}}),
        (TypeError, {"note": 5}),
        (errors.InvalidInputError, {"note": "\ud800"}),
        (errors.InvalidInputError, {"expires_at": -1}),
        (errors.InvalidInputError, {"expires_at": 2**53}),
        (errors.InvalidInputError, {"expires_at": 2**64}),
        (errors.InvalidInputError, {"expires_at": datetime(2030, 1, 1)}),  # noqa: DTZ001 - the point
        (errors.InvalidInputError, {"expires_at": datetime(1950, 1, 1, tzinfo=timezone.utc)}),
        (TypeError, {"expires_at": True}),
        (TypeError, {"expires_at": 1.5}),
        (TypeError, {"expires_at": "2030"}),
        (errors.LimitError, {"note": "x" * 5000}),
    ]
    for kind, arguments in wrong:
        with pytest.raises(kind) as raised:
            vault.put("binance/main", {"secret": "never shown"}, **arguments)
        assert "never shown" not in str(raised.value)
    with pytest.raises(errors.LimitError):
        vault.put("binance/main", {"secret": "x" * 70_000})
    assert path.read_bytes() == before


def test_put_replaces_and_update_merges(vault: Vault) -> None:
    assert vault.put("a/b", {"x": "1", "y": "1"}, info={"i": "1"}, note="n", tags=["t"], expires_at=5) == 1
    assert vault.update("a/b", {"y": "2"}, info={"j": "2"}) == 2
    entry = vault["a/b"]
    assert ({name: value.reveal() for name, value in entry.fields.items()}, dict(entry.info)) == (
        {"x": "1", "y": "2"},
        {"i": "1", "j": "2"},
    )
    assert (entry.note, entry.tags, entry.expires_at) == ("n", ("t",), 5)
    assert vault.update("a/b", note="", tags=[], expires_at=0) == 3
    assert (vault["a/b"].note, vault["a/b"].tags, vault["a/b"].expires_at) == (None, (), None)
    assert vault.put("a/b", {"z": "3"}) == 4
    assert vault["a/b"].keys() == ["z"]
    assert entry["y"] == "2", "a snapshot stays as it was"


def test_update_can_ask_for_a_version(vault: Vault) -> None:
    assert vault.update("binance/main", note="a", if_version=1) == 2
    with pytest.raises(errors.ConflictError):
        vault.update("binance/main", note="b", if_version=1)
    assert vault["binance/main"].note == "a"
    with pytest.raises(errors.NotFoundError):
        vault.update("binance/other", note="b")
    with pytest.raises(errors.InvalidInputError):
        vault.update("binance/main", note="b", if_version=-1)


def test_remove_rename_copy(vault: Vault) -> None:
    vault.copy("binance/main", "scalper/binance")
    vault.rename("binance/main", "binance/spot")
    assert list(vault) == ["binance/spot", "scalper/binance"]
    assert vault["scalper/binance"]["secret"] == vault["binance/spot"]["secret"]
    with pytest.raises(errors.ExistsError):
        vault.rename("binance/spot", "scalper/binance")
    with pytest.raises(errors.ExistsError):
        vault.copy("binance/spot", "scalper/binance")
    vault.remove_field("binance/spot", "secret")
    vault.remove_field("binance/spot", "api_key")
    assert vault["binance/spot"].keys() == []
    vault.remove("binance/spot")
    for call in (vault.remove, vault.promote, vault.retire, vault.versions):
        with pytest.raises(errors.NotFoundError):
            call("binance/spot")
    with pytest.raises(errors.NotFoundError):
        vault.remove_field("scalper/binance", "other")
    vault.remove_compartment("scalper")
    assert list(vault) == []


def test_find(vault: Vault) -> None:
    vault.put("binance/old", {}, tags=["spot"], expires_at=1)
    vault.put("kraken/main", {}, tags=["spot"], kind="exchange", rotate_after=1)
    assert vault.find() == ["binance/main", "binance/old", "kraken/main"]
    assert vault.find(tag="spot") == vault.find(due=True) == ["binance/old", "kraken/main"]
    assert vault.find(tag="spot", compartment="binance") == ["binance/old"]
    assert vault.find(kind="exchange") == ["kraken/main"]
    with pytest.raises(errors.NotFoundError):
        vault.find(compartment="bybit")


def test_rotation(vault: Vault) -> None:
    assert vault.stage("binance/main", {"secret": "new"}) == 2
    assert vault["binance/main"].version == 1
    assert [(entry.version, entry.state) for entry in vault.versions("binance/main")] == [
        (2, "pending"),
        (1, "current"),
    ]
    assert vault.promote("binance/main") == 2
    assert vault["binance/main"]["secret"] == "new"
    assert [entry.state for entry in vault.versions("binance/main")] == ["current", "previous"]
    vault.retire("binance/main")
    assert [entry.state for entry in vault.versions("binance/main")] == ["current"]


def test_hmac_is_that_of_the_standard_library(vault: Vault) -> None:
    entry = vault["binance/main"]
    key = entry.fields["secret"].reveal_bytes()
    assert entry.hmac("secret", "ä") == hmac.new(key, "ä".encode(), hashlib.sha256).digest()
    assert entry.hmac("secret", b"\xff", "sha384") == hmac.new(key, b"\xff", hashlib.sha384).digest()
    assert entry.hmac("secret", bytearray(b"x"), algorithm="sha512") == hmac.digest(key, b"x", "sha512")
    with pytest.raises(errors.NotFoundError):
        entry.hmac("other", "x")
    with pytest.raises(errors.InvalidInputError):
        entry.hmac("api_key", "x")
    with pytest.raises(errors.InvalidInputError):
        entry.hmac("secret", "x", "md5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        entry.hmac("secret", 5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_every_change_is_on_disk_when_the_call_returns(vault: Vault, path: Path, key: Key) -> None:
    changes: list[tuple[Any, ...]] = [
        (vault.put, "a/b", {"f": "1"}),
        (vault.update, "a/b", {"f": "2"}),
        (vault.stage, "a/b", {"f": "3"}),
        (vault.promote, "a/b"),
        (vault.retire, "a/b"),
        (vault.copy, "a/b", "a/c"),
        (vault.rename, "a/c", "a/d"),
        (vault.remove_field, "a/d", "f"),
        (vault.remove, "a/d"),
        (vault.grant, "bot", ["a"]),
        (vault.revoke, "bot"),
        (vault.remove_compartment, "a"),
    ]
    before = path.read_bytes()
    for call, *arguments in changes:
        call(*arguments)
        assert path.read_bytes() != before, call
        before = path.read_bytes()
        with strongroom.open(path, key=key) as again:
            assert list(again) == list(vault)
            assert [slot.label for slot in again.slots] == [slot.label for slot in vault.slots]


def test_two_that_have_it_open(vault: Vault, path: Path, key: Key) -> None:
    with strongroom.open(path, key=key) as other:
        other.put("binance/second", {"f": "1"})
        vault.put("binance/third", {"f": "1"})
        assert list(vault) == ["binance/main", "binance/second", "binance/third"], "a change reads what is there now"
        assert "binance/third" not in other
        assert other.reload() is True
        assert other.reload() is False
        assert list(other) == list(vault)
        before = path.read_bytes()
        other.update("binance/main", note="theirs")
        with pytest.raises(errors.ConflictError, match="binance/main"):
            vault.update("binance/main", note="mine")
        assert path.read_bytes() != before
        vault.reload()
        assert vault["binance/main"].note == "theirs"
        vault.update("binance/main", note="mine")


def test_damage_to_the_file_is_never_taken_over(vault: Vault, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(errors.FormatError):
        vault.reload()
    with pytest.raises(errors.FormatError):
        vault.put("a/b", {"f": "1"})
    assert path.read_bytes() == whole[:-1]
    assert list(vault) == ["binance/main"]
    path.write_bytes(whole)
    vault.put("a/b", {"f": "1"})


def test_damage_stays_in_its_compartment(vault: Vault, path: Path, key: Key) -> None:
    vault.put("kraken/main", {"f": "1"})
    vault.grant("bot", ["kraken"])
    assert vault.damage == []
    bytes_of_it = bytearray(path.read_bytes())
    bytes_of_it[-1] ^= 1  # the last compartment's MAC
    path.write_bytes(bytes_of_it)
    with strongroom.open(path, key=key) as again:
        [damage] = again.damage
        assert damage.code == "decrypt"
        assert (damage.record, damage.name) == (None, None)
        broken = damage.compartment
        assert {at.name: at.damaged for at in again.compartments} == {"binance": None, "kraken": None} | {
            broken: "decrypt"
        }
        assert broken not in {name.split("/")[0] for name in again}
        with pytest.raises(errors.DamagedError):
            again[f"{broken}/main"]
        if broken == "kraken":
            with pytest.raises(errors.DamagedError):
                again.revoke("bot")
            revoked = again.revoke("bot", drop_damaged=True)
            assert [lost.compartment for lost in revoked.dropped] == ["kraken"]
            assert again.damage == []


def test_grant_and_revoke(vault: Vault, path: Path) -> None:
    vault.put("kraken/main", {"f": "1"})
    key = vault.grant("scalper-1", ["binance"])
    other = vault.grant("scalper-2", ["binance", "kraken"])
    assert isinstance(key, Key)
    with strongroom.open(path, key=key) as bot:
        assert (bot.opened_by.scope, bot.opened_by.slot_label, bot.opened_by.slot_id) == ("holder", None, key.slot_id)
        assert list(bot) == ["binance/main"]
        assert [at.name for at in bot.compartments] == ["binance"]
        with pytest.raises(errors.NoAccessError):
            bot["kraken/main"]
        assert bot.get("kraken/main") is None
        assert "kraken/main" not in bot
        for call in (lambda: bot.slots, lambda: bot.grant("x", ["binance"]), lambda: bot.put("kraken/new", {})):
            with pytest.raises(errors.NoAccessError):
                call()
        bot.update("binance/main", {"token": "refreshed"})
        vault.reload()
        assert vault["binance/main"]["token"] == "refreshed"

        revoked = vault.revoke("scalper-1")
        assert isinstance(revoked, Revoked)
        assert isinstance(revoked, collections.abc.Sequence)
        assert list(revoked) == ["binance/main"]
        assert (revoked[0], revoked[-1], revoked[:1], len(revoked)) == (
            "binance/main",
            "binance/main",
            ("binance/main",),
            1,
        )
        assert "binance/main" in revoked
        assert (revoked.index("binance/main"), revoked.count("x")) == (0, 0)
        assert repr(revoked) == "Revoked(('binance/main',))"
        assert revoked.dropped == ()
        assert dict(revoked.pins) == {"scalper-2": vault.pin_for("scalper-2")}
        with pytest.raises(errors.StrongroomError):
            bot.reload()
    with pytest.raises(errors.DecryptError):
        strongroom.open(path, key=key)
    with strongroom.open(path, key=other, pin=revoked.pins["scalper-2"]) as bot:
        assert list(bot) == ["binance/main", "kraken/main"]
    assert list(vault.revoke("scalper-2", ["kraken"])) == ["kraken/main"]
    assert [slot.compartments for slot in vault.slots if slot.scope == "holder"] == [("binance",)]
    with pytest.raises(errors.NotFoundError):
        vault.revoke("scalper-1")
    with pytest.raises(errors.InvalidInputError):
        vault.revoke("owner")


def test_ways_in(vault: Vault, path: Path) -> None:
    assert vault.grant("desk", ["binance"], passphrase="correct horse", kdf=CHEAP) is None
    both = vault.grant("both", ["binance"], passphrase=Secret("battery"), key=strongroom.generate_key(), kdf=CHEAP)
    boss = vault.grant("boss", owner=True)
    slots = {slot.label: slot for slot in vault.slots}
    assert {label: slot.factors for label, slot in slots.items()} == {
        "owner": "key",
        "desk": "passphrase",
        "both": "passphrase+key",
        "boss": "key",
    }
    assert slots["desk"].kdf == CHEAP
    assert slots["boss"].kdf is None
    assert (slots["boss"].scope, slots["boss"].compartments) == ("owner", None)
    assert (slots["both"].id, slots["both"].compartments) == (both.slot_id, ("binance",)) if both else False
    assert slots["desk"].created > 1_700_000_000
    assert strongroom.open(path, passphrase="correct horse").opened_by.scope == "holder"
    assert strongroom.open(path, passphrase="battery", key=both).opened_by.scope == "holder"
    assert strongroom.open(path, key=boss.reveal()).opened_by.slot_label == "boss"
    with pytest.raises(errors.InvalidInputError):
        strongroom.open(path, key=both)
    wrong: list[tuple[type[Exception], tuple[Any, ...], dict[str, Any]]] = [
        (errors.InvalidInputError, ("x",), {}),
        (errors.InvalidInputError, ("x", []), {}),
        (errors.InvalidInputError, ("x", "binance"), {}),
        (errors.InvalidInputError, ("x", ["binance"]), {"owner": True}),
        (errors.InvalidInputError, ("x", ["binance"]), {"passphrase": ""}),
        (errors.InvalidInputError, ("x", ["binance"]), {"passphrase": "\udcff"}),
        (errors.InvalidInputError, ("", ["binance"]), {}),
        (errors.NotFoundError, ("x", ["bybit"]), {}),
        (errors.ExistsError, ("boss", ["binance"]), {}),
        (errors.ExistsError, ("x", ["binance"]), {"key": boss}),
        (TypeError, ("x", ["binance"]), {"passphrase": b"bytes"}),
        (TypeError, ("x", ["binance"]), {"key": boss.reveal()}),
    ]
    before = path.read_bytes()
    for kind, arguments, keywords in wrong:
        with pytest.raises(kind):
            vault.grant(*arguments, **keywords)
    assert path.read_bytes() == before


def test_passphrases_change_and_get_stronger(path: Path) -> None:
    with strongroom.create(path, passphrase="old", kdf=CHEAP) as vault:
        vault.change_passphrase("owner", "new", kdf=CHEAP)
        with pytest.raises(errors.DecryptError):
            vault.strengthen("owner", "old")
        stronger = Kdf.argon2id(memory_kib=19_456, passes=3, lanes=1)
        vault.strengthen("owner", "new", kdf=stronger)
        assert [slot.kdf for slot in vault.slots] == [stronger]
    with pytest.raises(errors.DecryptError):
        strongroom.open(path, passphrase="old")
    assert strongroom.open(path, passphrase=Secret("new")).opened_by.slot_label == "owner"


def test_the_same_text_in_another_unicode_form_is_the_same_passphrase(path: Path) -> None:
    strongroom.create(path, passphrase="\u00e4", kdf=CHEAP)
    assert strongroom.open(path, passphrase="a\u0308").opened_by.scope == "owner"


def test_rekey(vault: Vault, path: Path, key: Key) -> None:
    vault.grant("bot", ["binance"])
    vault.grant("desk", owner=True, passphrase="desk", kdf=CHEAP)
    pin = vault.pin()
    secret = vault["binance/main"]["secret"]
    assert isinstance(secret, Secret)
    rekeyed = vault.rekey(key, "desk")
    assert list(rekeyed.keys) == ["owner"]
    assert rekeyed.removed == ("bot",)
    assert rekeyed.rotate == ("binance/main",)
    assert rekeyed.dropped == ()
    assert sorted(slot.label for slot in vault.slots) == ["desk", "owner"]
    with pytest.raises(errors.LockedError):
        secret.reveal()
    with pytest.raises(errors.DecryptError):
        strongroom.open(path, key=key)
    with pytest.raises(errors.RollbackError):
        strongroom.open(path, key=rekeyed.keys["owner"], pin=pin)
    assert list(strongroom.open(path, key=rekeyed.keys["owner"])) == ["binance/main"]
    assert list(strongroom.open(path, passphrase="desk")) == ["binance/main"]
    vault.put("a/b", {"f": "1"})
    with pytest.raises(errors.InvalidInputError):
        vault.rekey()
    with pytest.raises(errors.DecryptError):
        vault.rekey("not a passphrase of it")
    with pytest.raises(TypeError):
        vault.rekey(("desk", "not a key"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_pin_refuses_what_is_older(vault: Vault, path: Path, key: Key) -> None:
    older = path.read_bytes()
    vault.put("a/b", {"f": "1"})
    pin = vault.pin()
    with strongroom.open(path, key=key, pin=pin) as again:
        assert again.pin() == pin
    path.write_bytes(older)
    with pytest.raises(errors.RollbackError):
        strongroom.open(path, key=key, pin=pin)
    with pytest.raises(errors.RollbackError):
        vault.reload()
    with pytest.raises(errors.InvalidInputError):
        strongroom.open(path, key=key, pin="strongroom-pin-1:nonsense")


def test_an_edit_is_one_save(vault: Vault, path: Path, key: Key) -> None:
    with strongroom.open(path, key=key) as other:
        before = path.read_bytes()
        with vault.edit() as v:
            assert isinstance(v, Vault)
            assert v.put("a/b", {"f": "1"}) == 1
            assert v.put("a/c", {"f": "1"}) == 1
            bot = v.grant("bot", ["a"])
            assert list(v) == ["a/b", "a/c", "binance/main"]
            assert path.read_bytes() == before
        assert other.reload()
        assert list(other) == list(vault) == ["a/b", "a/c", "binance/main"]
        assert list(strongroom.open(path, key=bot)) == ["a/b", "a/c"]


def test_an_exception_discards_an_edit(vault: Vault, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="mine"), vault.edit() as v:  # noqa: PT012 - what is inside counts
        v.put("a/b", {"f": "1"})
        v.remove("binance/main")
        raise RuntimeError("mine")
    assert path.read_bytes() == before
    assert list(vault) == ["binance/main"]
    vault.put("a/c", {"f": "1"})
    assert list(vault) == ["a/c", "binance/main"]


def test_a_refused_change_leaves_the_edit_as_it_was(vault: Vault) -> None:
    with vault.edit() as v:
        v.put("a/b", {"f": "1"})
        with pytest.raises(errors.NotFoundError):
            v.remove("a/c")
        with pytest.raises(errors.InvalidInputError):
            v.put("a/d", {"f": None})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    assert list(vault) == ["a/b", "binance/main"]


def test_a_conflict_discards_the_whole_edit(vault: Vault, path: Path, key: Key) -> None:
    with strongroom.open(path, key=key) as other:
        with pytest.raises(errors.ConflictError, match="binance/main"), vault.edit() as v:  # noqa: PT012 - as above
            v.put("a/b", {"f": "1"})
            v.update("binance/main", note="mine")
            other.update("binance/main", note="theirs")
        vault.reload()
        assert list(vault) == ["binance/main"]
        assert vault["binance/main"].note == "theirs"


def test_an_edit_is_used_as_it_should_be(vault: Vault) -> None:
    edit = vault.edit()
    with edit as v:
        with pytest.raises(errors.InvalidInputError, match="through the object"):
            vault.put("a/b", {"f": "1"})
        with pytest.raises(errors.InvalidInputError, match="through the object"), vault.edit():
            pass
        with pytest.raises(errors.InvalidInputError):
            v.edit()
        v.grant("bot", ["binance"])
        assert v.revoke("bot").pins == {}, "nothing is saved that a pin could speak of"
    with pytest.raises(errors.InvalidInputError, match="ended"):
        v.put("a/b", {"f": "1"})
    with pytest.raises(errors.InvalidInputError), edit:
        pass
    with pytest.raises(errors.InvalidInputError):
        vault.edit().__exit__(None, None, None)
    vault.put("a/b", {"f": "1"})


def test_after_locking_everything_is_locked(vault: Vault, path: Path) -> None:
    entry = vault["binance/main"]
    secret = entry.fields["secret"]
    pairs = vault.items()
    before = path.read_bytes()
    with vault as same:
        assert same is vault
    uses: list[Any] = [
        lambda: vault["binance/main"],
        lambda: list(vault),
        lambda: len(vault),
        lambda: "binance/main" in vault,
        lambda: list(pairs),
        lambda: vault.get("binance/main"),
        lambda: vault.put("a/b", {"f": "1"}),
        lambda: vault.edit().__enter__(),
        lambda: vault.reload(),
        lambda: vault.opened_by,
        lambda: vault.compartments,
        lambda: vault.slots,
        lambda: vault.damage,
        lambda: vault.pin(),
        lambda: entry["secret"],
        lambda: entry.fields,
        lambda: entry.hmac("secret", "x"),
        lambda: secret.reveal(),
        lambda: secret.reveal_bytes(),
        lambda: bool(secret),
        lambda: secret == "x",
        lambda: Secret(secret),
    ]
    for use in uses:
        with pytest.raises(errors.LockedError):
            use()
    assert entry["api_key"] == entry.info["api_key"], "what is no secret was copied"
    assert path.read_bytes() == before
    assert vault.path == str(path)
    assert vault.locked
    vault.lock()


def test_locking_inside_an_edit_writes_nothing(vault: Vault, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(errors.LockedError), vault.edit() as v:  # noqa: PT012 - as above
        v.put("a/b", {"f": "1"})
        vault.lock()
    assert path.read_bytes() == before


def test_secrets_end_with_a_vault_that_nobody_holds(path: Path, key: Key) -> None:
    with strongroom.create(path, key=key) as vault:
        vault.put("a/b", {"f": "1"})
    entry: Entry = strongroom.open(path, key=key)["a/b"]
    gc.collect()
    with pytest.raises(errors.LockedError):
        entry.fields["f"].reveal()


def test_paths_may_be_paths(tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert strongroom.create(Path("a.vault"), key=key).path == str(tmp_path / "a.vault")
    assert strongroom.open("a.vault", key=key).path == str(tmp_path / "a.vault")
    assert repr(strongroom.open("a.vault", key=key)) == f"Vault('{tmp_path / 'a.vault'}')"
    with pytest.raises(errors.ExistsError, match=str(tmp_path)):
        strongroom.create("a.vault", key=key)


def test_what_is_no_vault(path: Path, key: Key) -> None:
    for content, kind in [(b"", errors.FormatError), (b"hunter2" * 100, errors.FormatError)]:
        path.write_bytes(content)
        with pytest.raises(kind, match=str(path)) as raised:
            strongroom.open(path, key=key)
        assert "hunter2" not in str(raised.value)
    path.unlink()
    with pytest.raises(errors.NotFoundError, match=str(path)):
        strongroom.open(path, key=key)
    path.mkdir()
    with pytest.raises(errors.IoError, match=str(path)):
        strongroom.open(path, key=key)


def test_a_future_version_is_told(path: Path, key: Key) -> None:
    strongroom.create(path, key=key).lock()
    future = bytearray(path.read_bytes())
    future[15] = 2
    path.write_bytes(future)
    with pytest.raises(errors.UnsupportedVersionError, match="upgrade strongroom"):
        strongroom.open(path, key=key)


def test_what_a_bot_saved_meanwhile_is_to_be_rotated_too(vault: strongroom.Vault) -> None:
    key = vault.grant("scalper-1", ["binance"])
    with strongroom.open(vault.path, key=key) as bot:
        bot.put("binance/oauth", {"token": "fresh"})
    assert "binance/oauth" in vault.revoke("scalper-1")
