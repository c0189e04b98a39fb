"""Measure speed and size beside other libraries, and print one table. `make bench` runs it.

These are figures to read and not tests: nothing fails when one misses its target.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import strongroom

from bench.codes import codes
from bench.guard import guard
from bench.javascript import javascript
from bench.measure import Row, above, alternate, beside, shown, within
from bench.passwords import passwords
from bench.signing import signing
from bench.tokens import tokens
from bench.vaults import vaults

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
MIB = 1 << 20


def main() -> None:
    """Measure everything and print the table."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}; load before the run: {load:.1f}")
    rows = [*in_rust(), *passwords(), *codes(), *tokens()]
    with tempfile.TemporaryDirectory() as folder:
        rows += [
            *signing(Path(folder)),
            guard(Path(folder)),
            *vaults(Path(folder)),
            *processes(Path(folder)),
            wheel(Path(folder)),
        ]
        rows += javascript(Path(folder))
    table = [("", "ours", "peer", "ours/peer", "target", "")]
    table += [(r.what, r.ours, r.peer, r.ratio, r.target, "MISSED" if r.met is False else "") for r in rows]
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    for what, *cells in table:
        print(what.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)))


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
