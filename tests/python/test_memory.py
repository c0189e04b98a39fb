"""What is left in the memory of a process that has used a secret without revealing it, and then locked the vault.

The same for the seed of one-time codes, for keys that have signed requests, and for a password that was verified and
then overwritten.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import argon2
import bcrypt
import pytest
import strongroom
from ccxt_oracle import pem
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from pyotp.totp import TOTP

if TYPE_CHECKING:
    from pathlib import Path

# Another process makes the entry: in the one under test, no Python object has ever held the secret.
MAKER = """
import sys, strongroom
with strongroom.open(sys.argv[1], key_file=sys.argv[2]) as vault:
    vault.put("binance/canary", {"secret": sys.stdin.read()}, info={"api_key": "k"})
"""

# What is searched for is known only with 1 added to each byte, and so is the memory when it is compared: the search
# does not put into memory what it looks for.
SEARCH = """
import json, os, sys, strongroom

disguised = bytes.fromhex(sys.argv[1])
disguise = bytes((byte + 1) % 256 for byte in range(256))

def times_in_memory(disguised):
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
    return found

def is_in_memory():
    return times_in_memory(disguised) > 0
"""

USER = (
    SEARCH
    + """
def use():
    vault = strongroom.open(sys.argv[2], key_file=sys.argv[3])
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
)

SEED_MAKER = """
import sys, strongroom
with strongroom.open(sys.argv[1], key_file=sys.argv[2]) as vault:
    vault.put("zerodha/login", {"totp": f"otpauth://totp/Zerodha?secret={sys.stdin.read()}"})
"""

CODES = (
    SEARCH
    + """
vault = strongroom.open(sys.argv[2], key_file=sys.argv[3])
totp = vault["zerodha/login"].totp
codes = [totp.at(59), len(totp.now()), len(totp.wait_fresh(0))]
vault.lock()
after_lock = is_in_memory()
vault = strongroom.open(sys.argv[2], key_file=sys.argv[3])
uri = vault["zerodha/login"]["totp"].reveal()
held = strongroom.Totp.from_uri(uri)
print(json.dumps([codes, after_lock, is_in_memory(), held.at(59)]))
"""
)

KEY_MAKER = """
import json, sys, strongroom
with strongroom.open(sys.argv[1], key_file=sys.argv[2]) as vault:
    vault.put("exchange/canary", json.load(sys.stdin), info={"api_key": "k"})
"""

SIGNATURES = (
    SEARCH
    + """
import base64

def search():
    return [times_in_memory(bytes.fromhex(form)) for form in forms]

forms, exchange, given = json.loads(sys.argv[4])
vault = strongroom.open(sys.argv[2], key_file=sys.argv[3])
signer = vault["exchange/canary"].signer(exchange)
signed = [signer.sign("POST", "/exchange", **given) for _ in range(1000)]
same = {(each.url, each.body) for each in signed}
found = [search()]
vault.lock()
found.append(search())
vault = strongroom.open(sys.argv[2], key_file=sys.argv[3])
[text] = [secret.reveal() for secret in vault["exchange/canary"].fields.values()]
is_pem, is_hex = text.startswith("-----BEGIN"), text.startswith("0x")
number = base64.b64decode("".join(text.split("\\n")[1:-2])) if is_pem else bytes.fromhex(text[2:]) if is_hex else b""
backwards = number[::-1]
found.append(search())
print(json.dumps([*same, *found]))
"""
)

# The password is a bytearray that never grew, so that it has no copy but those that strongroom makes.
PASSWORDS = (
    SEARCH
    + """
password = bytearray(len(disguised))
for at, byte in enumerate(disguised):
    password[at] = byte - 1

def use():
    secret = strongroom.Secret(password)
    verified = [strongroom.verify_password(given, stored) for given in (password, secret) for stored in sys.argv[2:]]
    cheap = strongroom.Kdf.argon2id(19_456, 2, 1), strongroom.Kdf.pbkdf2(600_000)
    hashers = [strongroom.PasswordHasher(kdf, pepper={"k": password}) for kdf in cheap]
    for hasher in hashers:
        ok, new = hasher.verify_and_update(secret, sys.argv[2])
        verified += [ok, hasher.verify(password, new)]
    return verified

def deep(calls):
    # Down the stack of C, where the search does not come by and write over what was left.
    return next(map(deep, [calls - 1])) if calls else use()

verified = deep(100)
held = is_in_memory()
password[:] = bytes(len(password))
print(json.dumps([verified, held, is_in_memory()]))
"""
)


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc, which is Linux's")
@pytest.mark.usefixtures("vault")
def test_no_secret_is_left_behind(path: Path, key: strongroom.Key) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    canary = secrets.token_hex(32)
    disguised = bytes(byte + 1 for byte in canary.encode()).hex()
    where = [str(path), str(file)]
    subprocess.run([sys.executable, "-c", MAKER, *where], input=canary, text=True, check=True)
    done = subprocess.run([sys.executable, "-c", USER, disguised, *where], stdout=subprocess.PIPE, check=True)
    names, signature, after_lock, after_reveal = json.loads(done.stdout)
    assert names == ["binance/canary", "binance/main"]
    assert signature == hmac.digest(canary.encode(), b"message", "sha256").hex(), "the secret was used"
    assert not after_lock
    assert after_reveal, "the search finds what is there"


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc, which is Linux's")
@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("form", ["bytes", "base32"])
def test_no_seed_is_left_behind(path: Path, key: strongroom.Key, form: str) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    where = [str(path), str(file)]
    seed = secrets.token_bytes(20)
    text = base64.b32encode(seed)
    subprocess.run([sys.executable, "-c", SEED_MAKER, *where], input=text, check=True)
    disguised = bytes((byte + 1) % 256 for byte in (seed if form == "bytes" else text)).hex()
    done = subprocess.run([sys.executable, "-c", CODES, disguised, *where], stdout=subprocess.PIPE, check=True)
    [first, *codes], after_lock, after_reveal, held = json.loads(done.stdout)
    assert first == held == TOTP(text.decode()).at(59), "the seed was used"
    assert codes == [6, 6]
    assert not after_lock
    assert after_reveal, "the search finds what is there"


def canary(kind: str) -> tuple[str, str, list[bytes], list[bytes]]:
    """Make a new key: the exchange that it is for, the field, how it is written there, and which bytes are the key."""
    if kind == "hmac":
        secret = secrets.token_hex(32)
        return "binance", secret, [secret.encode()], []
    if kind == "secp256k1":
        number = secrets.token_bytes(31)  # below the order of the curve
        text = f"0x00{number.hex()}"
        return "hyperliquid", text, [text.encode(), number.hex().encode()], [number, number[::-1]]
    if kind == "ed25519":
        seed = secrets.token_bytes(32)
        text = pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed))
        return "binance", text, [text.encode()[-68:-28]], [seed]
    key = rsa.generate_private_key(65_537, 2048)
    text, numbers = pem(key), key.private_numbers()
    exponent = numbers.d.to_bytes(256, "big")  # SECURITY.md says why not the primes
    return "binance", text, [line.encode() for line in text.split()[8:12]], [exponent, exponent[::-1]]


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc, which is Linux's")
@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("kind", ["hmac", "ed25519", "rsa", "secp256k1"])
def test_no_signing_key_is_left_behind(path: Path, key: strongroom.Key, kind: str) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    where = [str(path), str(file)]
    exchange, text, written, parsed = canary(kind)
    field = "private_key" if kind == "secp256k1" else "secret"
    subprocess.run([sys.executable, "-c", KEY_MAKER, *where], input=json.dumps({field: text}), text=True, check=True)
    given: dict[str, object] = {"body": "a=1", "timestamp_ms": 1_700_000_000_000}
    if kind == "secp256k1":
        given |= {"body": '{"type":"noop"}', "nonce": 1}
    forms = [bytes((byte + 1) % 256 for byte in form).hex() for form in (*written, *parsed)]
    command = [sys.executable, "-c", SIGNATURES, "", *where, json.dumps([forms, exchange, given])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    signed, while_open, after_lock, after_reveal = json.loads(done.stdout)
    with strongroom.open(path, key=key) as vault:
        again = vault["exchange/canary"].signer(exchange).sign("POST", "/exchange", **given)  # type: ignore[arg-type]
    assert signed == [again.url, again.body], "the key was used, and all 1,000 signatures were one"
    assert not any(while_open[: len(written)]), "what is kept is the key, and not how it is written"
    assert not any(after_lock)
    assert all(after_reveal), "the search finds what is there"


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc, which is Linux's")
def test_no_password_is_left_behind() -> None:
    password, salt = secrets.token_hex(16).encode(), b"saltsalt"
    salted = base64.b64encode(hashlib.sha1(password + salt).digest() + salt).decode()
    derived = base64.b64encode(hashlib.pbkdf2_hmac("sha256", password, salt, 1000)).decode()
    stored = [
        f"{{SSHA}}{salted}",
        f"pbkdf2_sha256$1000$saltsalt${derived}",
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password),
        bcrypt.hashpw(password, bcrypt.gensalt(4)).decode(),
    ]
    disguised = bytes(byte + 1 for byte in password).hex()
    done = subprocess.run([sys.executable, "-c", PASSWORDS, disguised, *stored], stdout=subprocess.PIPE, check=True)
    verified, held, after = json.loads(done.stdout)
    assert verified == [True] * 12
    assert held, "the search finds what is there"
    assert not after
