"""What sealing bytes and Fernet tokens cost, beside cryptography. For large ones, see aes_gcm.md."""

import os
from collections.abc import Callable
from functools import partial

import strongroom
from cryptography.fernet import Fernet as TheirFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from strongroom.compat.fernet import Fernet

from bench.measure import Row, alternate, beside

SIZES = {"64 B": 64, "1 MiB": 1 << 20}
CALLS = {"64 B": 2_000, "1 MiB": 3}
"""In one measurement: a call is too short to be measured by itself."""


def tokens() -> list[Row]:
    """Measure Fernet beside Fernet, and our seals beside what people use in their place: Fernet, and AES-256-GCM."""
    text, key, raw, nonce = Fernet.generate_key(), strongroom.generate_key(), os.urandom(32), os.urandom(12)
    ours, peer, gcm = Fernet(text), TheirFernet(text), AESGCM(raw)
    rows: list[Row] = []
    for name, size in SIZES.items():
        data = os.urandom(size)
        token, sealed, encrypted = peer.encrypt(data), strongroom.seal(key, data), gcm.encrypt(nonce, data, None)
        target = 0.2 if size == 64 else 1.0
        seal, unseal = partial(strongroom.seal, key, data), partial(strongroom.unseal, key, sealed)
        fernet = partial(peer.encrypt, data)
        rows += [
            compare(f"Fernet, encrypt {name}, to cryptography", name, partial(ours.encrypt, data), fernet, target),
            compare(
                f"Fernet, decrypt {name}, to cryptography",
                name,
                partial(ours.decrypt, token),
                partial(peer.decrypt, token),
                target,
            ),
            compare(f"seal {name}, to cryptography's Fernet", name, seal, fernet, 0.2),
            compare(f"seal {name}, to cryptography's AES-256-GCM", name, seal, partial(gcm.encrypt, nonce, data, None)),
            compare(
                f"unseal {name}, to cryptography's AES-256-GCM",
                name,
                unseal,
                partial(gcm.decrypt, nonce, encrypted, None),
            ),
        ]
    return rows


def compare(
    what: str, size: str, ours: Callable[[], object], peer: Callable[[], object], target: float | None = None
) -> Row:
    """Compare the time of one call."""
    calls = CALLS[size]
    times = alternate(31, lambda: repeat(calls, ours), lambda: repeat(calls, peer))
    return beside(what, [seconds / calls for seconds in times], target)


def repeat(calls: int, job: Callable[[], object]) -> None:
    """Do it many times."""
    for _ in range(calls):
        job()
