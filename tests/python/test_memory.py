"""What is left in the memory of a process that has used a secret without revealing it, and then locked the vault."""

from __future__ import annotations

import hmac
import json
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    import strongroom

# Another process makes the entry: in the one under test, no Python object has ever held the secret.
MAKER = """
import sys, strongroom
with strongroom.open(sys.argv[1], key_file=sys.argv[2]) as vault:
    vault.put("binance/canary", {"secret": sys.stdin.read()}, info={"api_key": "k"})
"""

# What is searched for is known only with 1 added to each byte, and so is the memory when it is compared: the search
# does not put into memory what it looks for.
USER = """
import json, os, sys, strongroom

disguised = bytes.fromhex(sys.argv[3])
disguise = bytes((byte + 1) % 256 for byte in range(256))

def is_in_memory():
    with open("/proc/self/maps") as maps:
        regions = [line.split(maxsplit=5) for line in maps]
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    found = searched = 0
    for span, access, *rest in regions:
        # The kernel's own pages cannot be read.
        if not access.startswith("r") or rest[-1].startswith(("[vvar", "[vsyscall")):
            continue
        at, end = (int(part, 16) for part in span.split("-"))
        while at < end:
            try:
                piece = os.pread(memory, min(end - at, 1 << 20), at)
            except OSError:
                break  # unmapped since, or behind the end of a mapped file
            searched += len(piece)
            found += piece.translate(disguise).count(disguised)
            if len(piece) <= len(disguised):
                break
            # The next piece begins with the end of this one.
            at += len(piece) - (len(disguised) - 1) if at + len(piece) < end else len(piece)
    os.close(memory)
    assert searched > 1 << 20
    return found > 0

def use():
    vault = strongroom.open(sys.argv[1], key_file=sys.argv[2])
    names = list(vault)
    signature = vault["binance/canary"].hmac("secret", b"message").hex()
    vault.put("binance/other", {"secret": "x"})
    vault.update("binance/canary", note="its compartment is sealed anew")
    return vault, names, signature

vault, names, signature = use()
vault.lock()
after_lock = is_in_memory()
vault, _, _ = use()
revealed = vault["binance/canary"]["secret"].reveal()
print(json.dumps([names, signature, after_lock, is_in_memory()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc, which is Linux's")
@pytest.mark.usefixtures("vault")
def test_no_secret_is_left_behind(path: Path, key: strongroom.Key) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    canary = secrets.token_hex(32)
    disguised = bytes(byte + 1 for byte in canary.encode()).hex()
    where = [str(path), str(file)]
    subprocess.run([sys.executable, "-c", MAKER, *where], input=canary, text=True, check=True)
    done = subprocess.run([sys.executable, "-c", USER, *where, disguised], stdout=subprocess.PIPE, check=True)
    names, signature, after_lock, after_reveal = json.loads(done.stdout)
    assert names == ["binance/canary", "binance/main"]
    assert signature == hmac.digest(canary.encode(), b"message", "sha256").hex(), "the secret was used"
    assert not after_lock
    assert after_reveal, "the search finds what is there"
