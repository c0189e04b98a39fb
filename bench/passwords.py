"""What hashing a password costs, beside other libraries and on several threads. For Argon2id, see argon2.md."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import argon2
import bcrypt
import strongroom

from bench.measure import Row, alternate, beside

PASSWORD = "correct horse battery staple"
SALT = bytes(16)


def passwords() -> list[Row]:
    """Measure every function that the core hashes new passwords with, and bcrypt, of which most old hashes are made."""
    default, least = strongroom.Kdf.argon2id(65_536, 3, 4), strongroom.Kdf.argon2id(19_456, 2, 1)
    hashing, kept = strongroom.PasswordHasher, strongroom.PasswordHasher(least, kept_memory=4)
    return [
        argon2id("Argon2id 64 MiB, 3 passes, 4 lanes", hashing(default), argon2.PasswordHasher(3, 65_536, 4), 0.78),
        argon2id("Argon2id 19 MiB, 2 passes, 1 lane", hashing(least), argon2.PasswordHasher(2, 19_456, 1), 0.85),
        argon2id("the same with kept memory", kept, argon2.PasswordHasher(2, 19_456, 1)),
        pbkdf2("sha256", strongroom.Kdf.pbkdf2(600_000), 0.55),
        pbkdf2("sha512", strongroom.Kdf.pbkdf2_sha512(220_000), 1.0),
        verify_bcrypt(12, 1.1),
        four_threads("Argon2id 64 MiB, 3 passes, 4 lanes", hashing(default), 8, 1.3),
        four_threads("Argon2id 19 MiB, 2 passes, 1 lane", hashing(least), 24, 1.3),
        four_threads("the same with kept memory", kept, 24, 1.7),
    ]


def argon2id(
    what: str, ours: strongroom.PasswordHasher, peer: argon2.PasswordHasher, target: float | None = None
) -> Row:
    """Compare a hash to store."""
    return beside(
        f"{what}, to argon2-cffi", alternate(31, lambda: ours.hash(PASSWORD), lambda: peer.hash(PASSWORD)), target
    )


def pbkdf2(name: str, kdf: strongroom.Kdf, target: float) -> Row:
    """Compare a hash to store, of as many bytes as the hash function gives."""
    ours, iterations = strongroom.PasswordHasher(kdf), kdf.iterations
    assert iterations is not None
    times = alternate(
        15, lambda: ours.hash(PASSWORD), lambda: hashlib.pbkdf2_hmac(name, PASSWORD.encode(), SALT, iterations)
    )
    return beside(f"PBKDF2 with {name}, {iterations:,} iterations, to hashlib", times, target)


def verify_bcrypt(cost: int, target: float) -> Row:
    """Compare verifying, since we make no bcrypt."""
    password = PASSWORD.encode()
    stored = bcrypt.hashpw(password, bcrypt.gensalt(cost))
    times = alternate(7, lambda: strongroom.verify_password(password, stored), lambda: bcrypt.checkpw(password, stored))
    return beside(f"bcrypt, cost {cost}, to verify, to bcrypt", times, target)


def four_threads(what: str, hasher: strongroom.PasswordHasher, hashes: int, target: float) -> Row:
    """Compare the hashes per second of four threads at once with those of one."""
    many = [PASSWORD] * hashes
    with ThreadPoolExecutor(4) as pool:
        times = alternate(9, lambda: list(pool.map(hasher.hash, many)), lambda: [hasher.hash(one) for one in many])
    four, one = (hashes / seconds for seconds in times)
    ratio = four / one
    return Row(
        f"{what}: 4 threads, to 1", f"{four:.3g}/s", f"{one:.3g}/s", f"{ratio:.3f}", f">= {target:.2f}", ratio >= target
    )
