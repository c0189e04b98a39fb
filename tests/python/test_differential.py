"""Random vaults, written by the Rust library and read by the model of FORMAT.md, and the other way round.

150 vaults in `make test`, 1,500 in `make soak`: a third of them each way, and a third that the model has written and
Rust goes on with. Every slot of each is opened, and both must see the same: names, versions, states, metadata and
secrets, and who gets in at all. Slots of passkeys are made and opened by the model alone, as Python has no way to ask
for one.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model
import pytest
import strongroom
from random_vaults import (
    CHEAP,
    Dice,
    Passkey,
    Way,
    compare,
    compare_passkey,
    model_writes,
    rust_goes_on,
    rust_writes,
    typed_of,
)

ROUNDS = 5 if not os.environ.get("STRONGROOM_SOAK") else 50
BATCH = 10


@pytest.mark.parametrize("batch", [f"batch {number}" for number in range(ROUNDS)])
@pytest.mark.parametrize("writes", [rust_writes, model_writes, rust_goes_on])
def test_both_see_the_same(writes: Callable[[Dice, Path], list[Way]], batch: str, tmp_path: Path) -> None:
    for number in range(BATCH):
        path = tmp_path / f"{number}.vault"
        dice = Dice(f"{writes.__name__} {batch} {number}")
        compare(path, writes(dice, path))


def test_passkeys_of_every_kind_open_what_rust_has_gone_on_with(tmp_path: Path) -> None:
    path, dice = tmp_path / "a.vault", Dice("passkeys")
    data, key = model.create("owner", ["binance", "kraken"], key=True)
    assert key is not None
    ways: list[Way] = [{"owner": True, "key": strongroom.Key.parse(key)}]
    writer = model.Writer(model.open(data, key=key))
    for number, (owner, both) in enumerate([(False, False), (False, True), (True, False), (True, True)]):
        way: Way = {"owner": owner, "passkey": Passkey(dice)}
        asked: dict[str, Any] = {"credential_id": way["passkey"].id, "prf": way["passkey"].answer}
        if both:
            way["passphrase"] = dice.passphrase()
            asked.update(kdf=1, costs=CHEAP, passphrase=way["passphrase"])
        writer.grant(f"{number}", None if owner else ["binance"], **asked)
        ways.append(way)
    path.write_bytes(writer.save())
    path.chmod(0o600)
    with strongroom.open(path, **typed_of(ways[0])) as vault:
        vault.put("binance/main", {"secret": "b"})
        vault.put("kraken/main", {"secret": "k"})
        vault.grant("for a day", ["binance", "kraken"])
        vault.revoke("for a day")
    compare(path, ways)
    with strongroom.open(path, **typed_of(ways[0])) as vault:
        vault.revoke("0")
        vault.rekey(ways[0]["key"])
    for way in ways[1:]:
        compare_passkey(path.read_bytes(), {**way, "gone": True}, {})
