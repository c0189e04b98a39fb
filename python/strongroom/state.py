"""Where a `strongroom.Guard` remembers which codes were used and how many were wrong, and where nonces come from.

`SqliteState` is a file for several processes of one machine. `MemoryState` is for one process, and empty after a
restart. What a store of another kind has to do is `State`.

>>> with strongroom.state.SqliteState("login.db") as state:
...     guard = strongroom.Guard(state)
...     totp = strongroom.Totp("JBSWY3DPEHPK3PXP")
...     guard.verify("user-17", totp, "996554", at=59), guard.verify("user-17", totp, "996554", at=59)
(Verdict(outcome='accepted', step=1), Verdict(outcome='used'))

`raise_to` draws numbers that rise over all who share the state, whatever their clocks do, as exchanges ask of a nonce.

>>> with strongroom.state.SqliteState("login.db") as state:
...     [state.raise_to("nonce/kraken", 1_700_000_000_000, 1_700_000_000) for _ in range(2)]
[1700000000000, 1700000000001]
"""

import os
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol
from weakref import WeakSet

from strongroom._strongroom import MemoryState, raise_to
from strongroom.errors import DamagedError, InvalidInputError, IoError, LimitError, LockedError

__all__ = ["MemoryState", "SqliteState", "State", "raise_to"]

BUSY_SECONDS = 10.0
"""For how long a call waits for other processes."""

SETS_PER_SWEEP = 256
"""How many values are stored between two looks at what has expired."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS strongroom_state (
    key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS strongroom_state_expiry ON strongroom_state (expires_at);
CREATE TABLE IF NOT EXISTS strongroom_numbers (key TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""
LOAD = "SELECT value FROM strongroom_state WHERE key = ? AND expires_at > ?"
SWEEP = "DELETE FROM strongroom_state WHERE expires_at <= ?"
# One statement each, so that nobody comes between comparing and setting.
SET_FIRST = """
INSERT INTO strongroom_state (key, value, expires_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at WHERE expires_at <= ?
"""
SET_NEXT = "UPDATE strongroom_state SET value = ?, expires_at = ? WHERE key = ? AND value = ? AND expires_at > ?"
# In one transaction with RAISED, and not with RETURNING, which an SQLite before 3.35 (2021) does not know. At 2^63 - 1
# SQLite would go on with floating point.
RAISE = """
INSERT INTO strongroom_numbers (key, number) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET number = max(number + 1, excluded.number)
WHERE typeof(number) = 'integer' AND number >= 0 AND number < 9223372036854775807
"""
RAISED = "SELECT number FROM strongroom_numbers WHERE key = ?"
MAX_NUMBER = 2**63 - 1


class State(Protocol):
    """A store of small values under short keys, each with a time at which it is forgotten.

    Times are in Unix seconds, and come from the caller. A value whose time has come is absent, whether or not the store
    has dropped it. What these calls raise comes out of `Guard.verify`, which then has accepted nothing.

    A store may also have `raise_to(key, at_least, unix_seconds)`, as `SqliteState` has, if it can do it in one step.
    Without it, `strongroom.state.raise_to` does the same with these two calls.
    """

    def load(self, key: str, unix_seconds: int, /) -> bytes | None:
        """Return the value under `key`, or `None` if there is none that lasts longer than `unix_seconds`."""
        ...

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, expires_at: int, unix_seconds: int, /
    ) -> bool:
        """If `expected` is there, `None` being nothing, store `value` until `expires_at`, and return whether it was.

        This is one step: of several callers that expect the same, whichever threads or processes they are in, at most
        one is told `True`. From then on everyone loads the new value, also after a crash.
        """
        ...


class SqliteState:
    """A state in an SQLite file, which threads and processes of one machine share. It is made with mode 0600.

    What was stored is on the disk when the call returns (WAL, `synchronous=FULL`). A file on a network drive will not
    do. Beside the file are `-wal` and `-shm`, which belong to it.

    A fork closes the connection, and parent and child each open one of their own when they next need it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, and make it if it is not there; its folder must be.

        Raises `IoError` if that fails and if the file is something else, as every other call does.
        """
        self._file = _File(Path(path).absolute())
        self._sets = 0
        self._file.create()
        with self._file.use():
            pass

    def load(self, key: str, unix_seconds: int, /) -> bytes | None:
        """Return the value under `key`, or `None` if there is none that lasts longer than `unix_seconds`."""
        with self._file.use() as connection:
            rows: list[tuple[bytes]] = connection.execute(LOAD, (key, unix_seconds)).fetchall()
        return rows[0][0] if rows else None

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, expires_at: int, unix_seconds: int, /
    ) -> bool:
        """If `expected` is there, `None` being nothing, store `value` until `expires_at`, and return whether it was."""
        with self._file.use() as connection:
            if self._sets % SETS_PER_SWEEP == 0:
                connection.execute(SWEEP, (unix_seconds,))
            self._sets += 1
            if expected is None:
                done = connection.execute(SET_FIRST, (key, value, expires_at, unix_seconds))
            else:
                done = connection.execute(SET_NEXT, (value, expires_at, key, expected, unix_seconds))
            return done.rowcount == 1

    def raise_to(self, key: str, at_least: int, unix_seconds: int, /) -> int:  # noqa: ARG002
        """Draw a number: one more than the last one of `key`, or `at_least` if that is more. It is never forgotten.

        Numbers rise strictly over all threads and processes that share the file, also after a crash and when a clock is
        set back. They have a table of their own: `load` does not see them.

        Raises `LimitError` over 2^63 - 1, `DamagedError` if what is stored is no number; no number was drawn then.
        """
        if not 0 <= at_least <= MAX_NUMBER:
            if at_least > 0:
                raise LimitError(f"number to draw: {at_least} is over the limit of {MAX_NUMBER}")
            raise InvalidInputError("expected a number from 0")
        with self._file.use() as connection, connection:  # which ends the transaction, whatever happens in it
            connection.execute("BEGIN IMMEDIATE")
            done = connection.execute(RAISE, (key, at_least))
            rows: list[tuple[object]] = connection.execute(RAISED, (key,)).fetchall()
        number = rows[0][0]
        if not isinstance(number, int) or number < 0:
            raise DamagedError("the stored number of this key is damaged")
        if done.rowcount != 1:
            raise LimitError(f"number to draw: {number + 1} is over the limit of {MAX_NUMBER}")
        return number

    def close(self) -> None:
        """Close the file. Every later call raises `LockedError`."""
        self._file.close()

    def __enter__(self) -> "SqliteState":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _File:
    """One connection, which threads use in turn. It may be gone after a fork, and is then opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None
        self.process = os.getpid()
        self.closed = False
        with _forking:
            _files.add(self)

    def create(self) -> None:
        """Others cannot read the file for a moment either, and SQLite gives -wal and -shm the same mode."""
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise IoError(f"cannot create {self.path}: {error.strerror}") from error

    @contextmanager
    def use(self) -> Generator[sqlite3.Connection]:
        if self.connection is not None and self.process != os.getpid():
            raise LockedError(f"{self.path} was opened before a fork that Python was not told of; open after fork")
        with self.lock:
            if self.closed:
                raise LockedError(f"{self.path} was closed")
            try:
                if self.connection is None:
                    connection = _connect(self.path)
                    self.process = os.getpid()  # before the connection, since others ask without the lock
                    self.connection = connection
                yield self.connection
            except sqlite3.Error as error:
                raise IoError(f"cannot keep the state in {self.path}: {error}") from error

    def disconnect(self) -> None:
        if self.connection is not None:
            with suppress(sqlite3.Error):
                self.connection.close()
            self.connection = None

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.disconnect()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True
    )
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # on macOS, what fsync is elsewhere
        connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log. SQLite itself does not wait here for others that do the same."""
    deadline = time.monotonic() + BUSY_SECONDS
    while (mode := _journal_mode(connection)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if mode is None:
        raise sqlite3.OperationalError("database is locked")
    if mode != "wal":
        raise sqlite3.OperationalError("there is no write-ahead log here; expected a file on a local disk")


def _journal_mode(connection: sqlite3.Connection) -> str | None:
    try:
        rows: list[tuple[str]] = connection.execute("PRAGMA journal_mode = WAL").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return None
        raise
    return rows[0][0]


# A connection must not get into a forked child, not even to be closed there: SQLite knows of its locks by process
# (https://sqlite.org/howtocorrupt.html, section 2.6). So a fork waits until none is in use, and closes them.
_files: "WeakSet[_File]" = WeakSet()
_forking = threading.RLock()
_held: list[_File] = []


def _before_fork() -> None:
    _forking.acquire()
    for file in list(_files):
        file.lock.acquire()
        file.disconnect()
        _held.append(file)


def _after_fork() -> None:
    while _held:
        _held.pop().lock.release()
    with suppress(RuntimeError):  # after a fork that Python was told of only now
        _forking.release()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
