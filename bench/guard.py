"""How many one-time codes a second a login verifies that remembers them in SQLite, beside bare commits on that disk."""

import sqlite3
from itertools import count
from pathlib import Path

import strongroom

from bench.measure import Row, alternate

CODES = 100
"""How many codes one run has. Each is accepted, and so waits for the disk."""


def guard(folder: Path) -> Row:
    """Verify with WAL and synchronous=FULL, from one thread."""
    totp, times = strongroom.Totp.generate(), count(1_700_000_000, 30)
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER)")
    with strongroom.state.SqliteState(folder / "guard.db") as state:
        guard = strongroom.Guard(state)

        def verify() -> None:
            for at in (next(times) for _ in range(CODES)):
                assert guard.verify("user-17", totp, totp.at(at), at=at)

        def commit() -> None:
            for number in range(CODES):
                bare.execute("INSERT INTO t VALUES (?)", (number,))

        verified, committed = (CODES / seconds for seconds in alternate(31, verify, commit))
    bare.close()
    return Row(
        "guarded verify of a code, in SQLite, to a bare commit",
        f"{verified:,.0f}/s",
        f"{committed:,.0f}/s",
        f"{verified / committed:.3f}",
        ">= 2,000/s",
        verified >= 2000,
    )
