"""What the npm package costs, in Node and in Chromium, beside other libraries, and what a page fetches for it."""

import json
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import strongroom

from bench.measure import Row, beside, shown, within

FOLDER = Path(__file__).parent / "javascript"
NODE = Path(__file__).parent.parent / ".cache" / "tools" / "bin" / "node"
PASSPHRASE = "correct horse battery staple"
MIB = 1 << 20

Figures = dict[str, Any]


def javascript(folder: Path) -> list[Row]:
    """Measure both with a vault of 1,000 entries, which opens by a key and by a passphrase at the default cost."""
    path, key = folder / "javascript.vault", strongroom.generate_key()
    vault = strongroom.create(path, key=key)
    with vault, vault.edit() as changed:
        for number in range(1000):
            fields, info = {"secret": f"{number:064x}"}, {"api_key": f"{number:064X}"}
            changed.put(f"binance/account-{number:05}", fields, info=info)
        changed.grant("passphrase", owner=True, passphrase=PASSPHRASE)
    secrets = key.reveal()
    in_node = figures("node.js", path, stdin=secrets)
    in_page = figures("chromium.js", path, stdin=f"{secrets}\n{PASSPHRASE}")
    rows = [*compared("Node", in_node), *compared("Chromium", in_page), *page(in_page)]
    return [*rows, first_paint(path), *sizes(figures("sizes.js"))]


def first_paint(vault: Path) -> Row:
    """Measure how soon the dashboard is seen, as `strongroom dashboard` serves it."""
    strongroom_command = Path(sysconfig.get_path("scripts")) / "strongroom"
    command: list[str | Path] = [strongroom_command, "dashboard", "--no-open", "--vault", vault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            found = figures("paint.js", stdin=server.stdout.readline())
        finally:
            server.terminate()
    return within("Chromium: first paint of the dashboard", found["firstPaint"], 1.0)


def figures(script: str, *arguments: Path, stdin: str = "") -> Figures:
    """Run a script that prints figures."""
    command = [NODE, FOLDER / script, *arguments]
    output = subprocess.run(command, check=True, input=stdin, stdout=subprocess.PIPE, text=True).stdout
    read: Figures = json.loads(output)
    return read


def compared(engine: str, found: Figures) -> list[Row]:
    """Build the rows of one engine. All of it runs on one thread, without our worker."""
    ours, hash_wasm, sodium = found["argon2"]
    argon2 = "Argon2id 19 MiB, 2 passes, 1 lane"
    rows = [
        beside(f"{engine}: {argon2}, to hash-wasm", (ours, hash_wasm), 0.55),
        beside(f"{engine}: the same, to libsodium-wrappers-sumo", (ours, sodium), 1.0),
        beside(f"{engine}: PBKDF2-SHA-256, 600,000 iterations, to WebCrypto", found["pbkdf2"], 4.0),
    ]
    codes = [
        beside(f"{engine}: verify a {code}, one step each side, to otplib", found[code], 0.2)
        for code in ("present code", "wrong code")
    ]
    # A request of an exchange is on its way for 10 ms and more.
    limits = {"ed25519": 1e-3, "es256": 2e-3, "secp256k1": 2e-3, "rsa-sha256": 30e-3}
    signed = [
        within(f"{engine}: sign a request, {algorithm}", found["signatures"][algorithm], most)
        for algorithm, most in limits.items()
    ]
    opened = within(f"{engine}: open 1,000 entries with a key", found["open"][0], 15e-3)
    return [*rows, *codes, *signed, opened]


def page(found: Figures) -> list[Row]:
    """Build the rows of a page that opens the vault by its passphrase, in a worker. Tasks under 50 ms are not told."""
    task: float = found["longestTask"]
    before, opened, locked = found["memory"]
    ratio = locked / before
    longest = shown(task) if task else "none over 50 ms"
    what = "Chromium: the renderer's memory (PSS)"
    return [
        Row("Chromium: longest task of the page during an unlock", longest, target="<= 50 ms", met=task <= 50e-3),
        Row(f"{what}, vault open, to before", mib(opened), mib(before), f"{opened / before:.3f}"),
        Row(f"{what}, 3 s after lock, to before", mib(locked), mib(before), f"{ratio:.3f}", "<= 1.10", ratio <= 1.1),
    ]


def mib(size: float) -> str:
    """Show a size in memory."""
    return f"{size / MIB:.1f} MiB"


def sizes(found: Figures) -> list[Row]:
    """Build the rows of what a page fetches: the WebAssembly by what the page does, and what comes with it."""
    rows: list[Row] = []
    for part, what, most in [
        ("open", "WebAssembly of a page that opens and reads a vault", None),
        ("change", "of one that changes it too", 240),
        ("hmac", "of one that reads it and signs with HMAC", 240),
        ("keys", "of one that reads it and signs with a private key", None),
        ("all", "all of the WebAssembly", None),
        ("own", "our own code in all of it, compressed by itself", 60),
        ("loader", "client, worker and glue", 10),
    ]:
        size = found[part] / 1000
        limit = "" if most is None else f"<= {most} kB"
        met = None if most is None else size <= most
        rows.append(Row(f"npm package: {what}, gzip", f"{size:.1f} kB", target=limit, met=met))
    return rows
