"""Measure speed and size beside other libraries, and print one table. `make bench` runs it.

Jobs that are compared run alternately, so that whatever else the machine does slows both down; each figure is the
median of many runs. These are figures to read and not tests: nothing fails when one misses its target.
"""

import hashlib
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argon2.low_level as argon2
import strongroom

pykeepass: Any = importlib.import_module("pykeepass")  # it has no types
kdf_uuids: Any = importlib.import_module("pykeepass.kdbx_parsing.kdbx4").kdf_uuids

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PASSPHRASE = "correct horse battery staple"
ENTRIES = 1000
WANTED = f"account-{ENTRIES // 2:05}"
MIB = 1 << 20


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is ours over the peer's; `met` is `None` where no target was set."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


def main() -> None:
    """Measure everything and print the table."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}; load before the run: {load:.1f}")
    rows = in_rust()
    with tempfile.TemporaryDirectory() as folder:
        rows += [*key_derivation(Path(folder)), *vaults(Path(folder)), *processes(Path(folder)), wheel(Path(folder))]
    table = [("", "ours", "peer", "ours/peer", "target", "")]
    table += [(r.what, r.ours, r.peer, r.ratio, r.target, "MISSED" if r.met is False else "") for r in rows]
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    for what, *cells in table:
        print(what.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)))


# ---- measuring ----


def alternate(runs: int, *jobs: Callable[[], object]) -> list[float]:
    """Run the jobs in turn, and return each one's median in seconds. The first round is not counted."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs + 1):
        for job, measured in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            measured.append(time.perf_counter() - start)
    return [statistics.median(measured[1:]) for measured in times]


def shown(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def within(what: str, seconds: float, target: float) -> Row:
    """Build the row of a time that has a target of its own."""
    return Row(what, shown(seconds), target=f"<= {shown(target)}", met=seconds <= target)


def beside(what: str, times: Sequence[float], target: float | None = None) -> Row:
    """Build the row of our time and a peer's."""
    ours, peer = times
    ratio = ours / peer
    wanted, met = ("", None) if target is None else (f"<= {target:.2f}", ratio <= target)
    return Row(what, shown(ours), shown(peer), f"{ratio:.3f}", wanted, met)


def above(what: str, times: Sequence[float], target: float) -> Row:
    """Build the row of a time that may be so much longer than the part of it that is not ours to shorten."""
    whole, part = times
    return Row(what, shown(whole), shown(part), f"{whole / part:.3f}", f"+ {shown(target)}", whole - part <= target)


# ---- the rows ----


def in_rust() -> list[Row]:
    """Run core.rs, which measures what the crate costs without Python."""
    command = ["cargo", "bench", "--locked", "--quiet", "--package", "strongroom", "--bench", "core"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    opens = [line["figures"] for line in found if line["row"] == "open"]
    one = {line["row"]: line["figures"] for line in found}
    small, _, large = opens
    rows: list[Row] = []
    for figures in opens:
        what, targets = f"Rust: open {figures['entries']:,} entries with a key", {1_000: 3e-3, 65_535: 0.25}
        target = targets.get(figures["entries"])
        row = within(what, figures["seconds"], target) if target else Row(what, shown(figures["seconds"]))
        rows.append(row)
    per_entry = [figures["seconds"] / figures["entries"] for figures in (large, small)]
    rows.append(beside("Rust: time per entry, 65,535 entries to 1,000", per_entry))
    ratio = large["peak"] / large["file"]
    peak, file = (f"{large[part] / MIB:.1f} MiB" for part in ("peak", "file"))
    rows.append(
        Row("Rust: peak memory of opening 65,535, to its file", peak, file, f"{ratio:.2f}", "< 3.00", ratio < 3)
    )
    save = one["save"]
    rows.append(within("Rust: save one of 1,000, in memory", save["seconds"], 10e-3))
    rows.append(Row("Rust: save one of 1,000, to disk with every fsync", shown(save["with_disk"])))
    rows.append(within("Rust: find and reveal one of 1,000", one["reveal"]["seconds"], 10e-6))
    both = one["passphrase"]
    rows.append(above("Rust: open 1,000 with a passphrase, to its KDF", (both["seconds"], both["kdf"]), 5e-3))
    return rows


def key_derivation(folder: Path) -> list[Row]:
    """Compare KDFs. Ours is a wrong passphrase on an empty vault: the KDF, and a file of 400 bytes read."""
    rows: list[Row] = []
    for memory, passes, lanes, target in ((65_536, 3, 4, 0.8), (19_456, 2, 1, None)):
        ours = wrong_passphrase(folder / f"argon2-{memory}.vault", strongroom.Kdf.argon2id(memory, passes, lanes))
        what = f"Argon2id {memory >> 10} MiB, {passes} passes, lanes: {lanes}, to argon2-cffi"
        rows.append(beside(what, alternate(31, ours, argon2_of(memory, passes, lanes)), target))
    ours = wrong_passphrase(folder / "pbkdf2.vault", strongroom.Kdf.pbkdf2(600_000))
    times = alternate(11, ours, lambda: hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), bytes(32), 600_000))
    return [*rows, beside("PBKDF2-HMAC-SHA-256, 600,000 iterations, to hashlib", times)]


def wrong_passphrase(path: Path, kdf: strongroom.Kdf) -> Callable[[], object]:
    """Build a job that costs what the KDF costs."""
    strongroom.create(path, passphrase=PASSPHRASE, kdf=kdf)

    def job() -> None:
        try:
            strongroom.open(path, passphrase="wrong")
        except strongroom.errors.DecryptError:
            return
        raise AssertionError("a wrong passphrase opened the vault")

    return job


def argon2_of(memory: int, passes: int, lanes: int) -> Callable[[], object]:
    """Build a job that derives 32 bytes as pykeepass does."""
    secret, salt, kind = PASSPHRASE.encode(), bytes(32), argon2.Type.ID
    return lambda: argon2.hash_secret_raw(secret, salt, passes, memory, lanes, 32, kind)


def vaults(folder: Path) -> list[Row]:
    """Open 1,000 entries and find one, beside pykeepass at the same Argon2id cost."""
    path, locked = folder / "key.vault", folder / "passphrase.vault"
    key = strongroom.generate_key()
    for vault in (strongroom.create(path, key=key), strongroom.create(locked, passphrase=PASSPHRASE)):
        with vault, vault.edit() as changed:
            for number in range(ENTRIES):
                fields, info = {"secret": f"{number:064x}"}, {"api_key": f"{number:064X}"}
                changed.put(f"binance/account-{number:05}", fields, info=info)
    kdbx = str(folder / "peer.kdbx")
    transformed = keepass(kdbx)

    def ours(path: Path, **unlock: Any) -> None:
        with strongroom.open(path, **unlock) as vault:
            assert revealed(vault) == f"{ENTRIES // 2:064x}"

    def theirs(**unlock: Any) -> None:
        entry = pykeepass.PyKeePass(kdbx, **unlock).find_entries(title=WANTED, first=True)
        assert entry.password == f"{ENTRIES // 2:064x}"

    opened = strongroom.open(path, key=key)
    [alone] = alternate(101, lambda: strongroom.open(path, key=key))
    [found] = alternate(1001, lambda: revealed(opened))
    everything = alternate(15, lambda: ours(locked, passphrase=PASSPHRASE), lambda: theirs(password=PASSPHRASE))
    # Both sides without a KDF: ours by a key, theirs by what the KDF gave.
    no_kdf = alternate(15, lambda: ours(path, key=key), lambda: theirs(transformed_key=transformed))
    return [
        within("Python: open 1,000 entries with a key", alone, 5e-3),
        Row("Python: find and reveal one of 1,000", shown(found)),
        beside("open 1,000 and find one with a passphrase, to pykeepass", everything, 1 / 3),
        beside("the same without the KDF, to pykeepass", no_kdf, 1 / 50),
    ]


def revealed(vault: strongroom.Vault) -> str:
    """Find an entry and return its secret."""
    secret = vault[f"binance/{WANTED}"]["secret"]
    assert isinstance(secret, strongroom.Secret)
    return secret.reveal()


def keepass(path: str) -> bytes:
    """Make the peer's file, with our default KDF, and return what its KDF gives."""
    database = pykeepass.create_database(path, password=PASSPHRASE)
    kdf = database.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    kdf["$UUID"].value = kdf_uuids["argon2id"]
    kdf["M"].value, kdf["I"].value, kdf["P"].value = 65_536 * 1024, 3, 4
    for number in range(ENTRIES):
        title, user, password = f"account-{number:05}", f"{number:064X}", f"{number:064x}"
        database.add_entry(database.root_group, title, user, password)
    database.save()
    again = pykeepass.PyKeePass(path, password=PASSPHRASE)
    kdf = again.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    assert [kdf[name].value for name in "MIP"] == [65_536 * 1024, 3, 4]
    assert kdf["$UUID"].value == kdf_uuids["argon2id"]
    transformed: bytes = again.transformed_key
    return transformed


def processes(folder: Path) -> list[Row]:
    """Compare whole processes with the bare interpreter."""
    vault, key_file = folder / "run.vault", folder / "run.key"
    key = strongroom.generate_key()
    key.write(key_file)
    with strongroom.create(vault, key=key) as opened:
        opened.put("binance/main", {"secret": "0" * 64}, info={"api_key": "0" * 64})
    environment = os.environ | {"STRONGROOM_VAULT": str(vault), "STRONGROOM_KEY_FILE": str(key_file)}
    environment["API_SECRET"] = "strongroom://binance/main/secret"

    def run(*command: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)

    bare = run(sys.executable, "-c", "")
    imported = alternate(40, run(sys.executable, "-c", "import strongroom"), bare)
    started = alternate(40, run(BIN / "strongroom", "run", "--", "true"), bare)
    return [
        above("import strongroom, to the bare interpreter", imported, 15e-3),
        above("strongroom run -- true, to the bare interpreter", started, 60e-3),
    ]


def wheel(folder: Path) -> Row:
    """Build the wheel and weigh it."""
    command: list[str | Path] = [BIN / "maturin", "build", "--release", "--locked", "--quiet", "--out", folder]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    [built] = folder.glob("*.whl")
    size = built.stat().st_size
    return Row("wheel", f"{size / 1e6:.2f} MB", target="<= 1.50 MB", met=size <= 1.5e6)


if __name__ == "__main__":
    main()
