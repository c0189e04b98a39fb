"""Ciphers, keys and labels (FORMAT.md, section 3)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from model.errors import ModelError

Random = Callable[[int], bytes]  # os.urandom, or for a generator something that gives the same bytes each time

NO_KDF, ARGON2ID, PBKDF2 = 0, 1, 2
PASSPHRASE_BYTES = 1024


def label(name: str) -> bytes:
    """What stands before every context."""
    return b"strongroom/v1/" + name.encode() + b"\0"


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def aes_block(key: bytes, block: bytes) -> bytes:
    """AES-256 on one block."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def xaes_key(key: bytes, nonce: bytes) -> bytes:
    """The AES-256-GCM key that XAES-256-GCM derives from its key and the first half of its nonce."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    doubled = int.from_bytes(aes.update(bytes(16)), "big") << 1
    if doubled >> 128:
        doubled = doubled & (1 << 128) - 1 ^ 0x87

    def block(counter: int) -> bytes:
        message = int.from_bytes(bytes([0, counter, 0x58, 0]) + nonce[:12], "big")
        return aes.update((message ^ doubled).to_bytes(16, "big"))

    return block(1) + block(2)


def xaes_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return AESGCM(xaes_key(key, nonce)).encrypt(nonce[12:], plaintext, aad)


def seal(key: bytes, plaintext: bytes, aad: bytes, random: Random) -> bytes:
    """A SEALED with a fresh nonce."""
    nonce = random(24)
    return nonce + xaes_seal(key, nonce, plaintext, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext of a SEALED."""
    nonce = sealed[:24]
    try:
        return AESGCM(xaes_key(key, nonce)).decrypt(nonce[12:], sealed[24:], aad)
    except InvalidTag:
        raise ModelError("decrypt") from None


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Whether two MACs or commitments are equal, in constant time."""
    return hmac.compare_digest(one, other)


def expand(key: bytes, name: str, context: bytes) -> tuple[bytes, bytes]:
    """E of section 3.2 with 64 bytes, which always are two keys."""
    both = HKDFExpand(SHA256(), 64, label(name) + context).derive(key)
    return both[:32], both[32:]


def compartment_keys(key: bytes, vault_id: bytes, comp_id: int, epoch: int) -> tuple[bytes, bytes]:
    """The key of a compartment's seals, and of its MAC."""
    return expand(key, "compartment-keys", vault_id + u16(comp_id) + u64(epoch))


def record_aad(part: str, vault_id: bytes, comp_id: int, epoch: int, record_id: bytes) -> bytes:
    """What a seal of `meta` or `secret` is bound to."""
    return label(part) + vault_id + u16(comp_id) + u64(epoch) + record_id


def passphrase_bytes(passphrase: str, *, new: bool = False) -> bytes:
    """The bytes that a KDF gets; a new passphrase may hold assigned code points only."""
    normal = unicodedata.normalize("NFC", passphrase)
    try:
        found = normal.encode()
    except UnicodeEncodeError:
        raise ModelError("invalid_input") from None
    if not 1 <= len(found) <= PASSPHRASE_BYTES:
        raise ModelError("invalid_input")
    if new and any(unicodedata.category(point) == "Cn" for point in passphrase):
        raise ModelError("invalid_input")
    return found


def stretch(kdf: int, a: int, b: int, c: int, salt: bytes, passphrase: bytes) -> bytes:
    """`pw` of section 3.3."""
    if kdf == ARGON2ID:
        return hash_secret_raw(passphrase, salt, b, a, c, 32, Type.ID, 0x13)
    return hashlib.pbkdf2_hmac("sha256", passphrase, salt, a, 32)


def slot_keys(vault_id: bytes, head: bytes, passphrase: bytes | None, key: bytes | None) -> tuple[bytes, bytes]:
    """slot_key and commit of the slot with this SLOT_HEAD."""
    salt = head[20:52]
    ikm = b""
    if passphrase is not None:
        a, b, c = int.from_bytes(head[11:15], "big"), int.from_bytes(head[15:19], "big"), head[19]
        ikm = stretch(head[10], a, b, c, salt, passphrase)
    return expand(mac(salt, ikm + (key or b"")), "slot", vault_id + head)
