"""A one-time code is accepted once, whichever thread or process it comes to, and wrong ones make the account wait."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Guard, Totp, aio, errors
from strongroom.state import SETS_PER_SWEEP, MemoryState, SqliteState, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_700_000_010
STEP = NOW // 30
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
TOTP = Totp(SEED)
ROUNDS = 500 if os.environ.get("STRONGROOM_SOAK") else 100


def wrong(at: int = NOW) -> str:
    """Return a code of no step near this time."""
    near = {TOTP.at(at + 30 * steps) for steps in range(-40, 41)}
    return next(code for code in map("{:06}".format, itertools.count()) if code not in near)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "login.db"


@pytest.fixture(params=["memory", "sqlite", "python"])
def state(request: pytest.FixtureRequest, file: Path) -> Iterator[State]:
    if request.param == "memory":
        yield MemoryState()
    elif request.param == "python":
        yield Dictionary()
    else:
        with SqliteState(file) as state:
            yield state


class Dictionary:
    """A state of the user's own."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes, int]] = {}
        self.lock = threading.Lock()

    def load(self, key: str, unix_seconds: int, /) -> bytes | None:
        value, expires_at = self.values.get(key, (None, 0))
        return value if expires_at > unix_seconds else None

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, expires_at: int, unix_seconds: int, /
    ) -> bool:
        with self.lock:
            if self.load(key, unix_seconds) != expected:
                return False
            self.values[key] = value, expires_at
            return True


def test_each_code_is_accepted_once(state: State) -> None:
    guard = Guard(state)
    first = guard.verify("alice", TOTP, TOTP.at(NOW), at=NOW)
    assert (first.outcome, first.step, first.retry_after, bool(first)) == ("accepted", STEP, None, True)
    again = guard.verify("alice", TOTP, TOTP.at(NOW), at=NOW)
    assert (again.outcome, again.step, again.retry_after, bool(again)) == ("used", None, None, False)
    assert guard.verify("alice", TOTP, TOTP.at(NOW - 30), at=NOW).outcome == "used"
    assert guard.verify("bob", TOTP, TOTP.at(NOW), at=NOW)
    assert guard.verify("alice", TOTP, TOTP.at(NOW + 30), at=NOW + 30)


def test_after_ten_wrong_codes_the_right_one_is_refused_until_the_delay_has_passed(state: State) -> None:
    guard, now, waits = Guard(state), NOW, list[int | None]()
    for _ in range(10):
        assert guard.verify("alice", TOTP, wrong(now), at=now).outcome == "wrong"
        if len(waits) < 4:
            waits.append(None)
            continue
        refused = guard.verify("alice", TOTP, TOTP.at(now), at=now)
        assert (refused.outcome, bool(refused)) == ("throttled", False)
        waits.append(refused.retry_after)
        now += refused.retry_after or 0
    assert waits == [None, None, None, None, 30, 60, 120, 240, 480, 960]
    assert guard.verify("alice", TOTP, TOTP.at(now - 1), at=now - 1).retry_after == 1
    assert guard.verify("alice", TOTP, TOTP.at(now), at=now)


def test_an_account_is_locked_until_it_is_reset(state: State) -> None:
    guard, now = Guard(state, free_attempts=1, delay_seconds=1, max_delay_seconds=2, max_attempts=10), NOW
    for _ in range(10):
        assert guard.verify("alice", TOTP, wrong(now), at=now).outcome == "wrong"
        now += 2
    for later in (now, now + 10 * 366 * 86_400):
        verdict = guard.verify("alice", TOTP, TOTP.at(later), at=later)
        assert (verdict.outcome, verdict.retry_after, bool(verdict)) == ("locked", None, False)
    guard.reset("alice", at=now)
    assert guard.verify("alice", TOTP, TOTP.at(now), at=now)
    guard.reset("alice", at=now)
    assert guard.verify("alice", TOTP, TOTP.at(now), at=now).outcome == "used"


def test_without_a_time_it_is_now(state: State) -> None:
    assert Guard(state).verify("alice", TOTP, strongroom.Secret(TOTP.now()))


def test_there_is_an_awaitable_twin(state: State) -> None:
    async def main() -> list[str]:
        guard = Guard(state)
        twins = (aio.verify_code(guard, "alice", TOTP, TOTP.at(NOW), at=NOW) for _ in range(8))
        return sorted(verdict.outcome for verdict in await asyncio.gather(*twins))

    assert asyncio.run(main()) == ["accepted", *["used"] * 7]


def test_of_many_threads_with_one_code_exactly_one_is_let_in(state: State) -> None:
    guard = Guard(state)
    with ThreadPoolExecutor(16) as pool:
        start = threading.Barrier(16)

        def submit(at: int) -> str:
            start.wait()
            return guard.verify("alice", TOTP, TOTP.at(at), at=at).outcome

        for number in range(ROUNDS):
            outcomes = list(pool.map(submit, [NOW + 30 * number] * 16))
            assert sorted(outcomes) == ["accepted", *["used"] * 15]


# Reads a time from its input and answers with what became of its code, in each of its four threads.
SUBMIT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import strongroom
guard, totp = strongroom.Guard(strongroom.state.SqliteState(sys.argv[1])), strongroom.Totp(sys.argv[2])
threads = int(sys.argv[3])
start = Barrier(threads)
def submit(at):
    start.wait()
    return guard.verify("alice", totp, totp.at(at), at=at).outcome
with ThreadPoolExecutor(threads) as pool:
    print("ready", flush=True)
    for line in sys.stdin:
        print(*pool.map(submit, [int(line)] * threads), flush=True)
"""


def submitting(file: Path, threads: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUBMIT, str(file), SEED, str(threads)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def say(process: subprocess.Popen[str], at: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{at}\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_of_four_processes_with_sixteen_threads_each_exactly_one_is_let_in(file: Path) -> None:
    """They also make the file at the same time."""
    processes = [submitting(file, 16) for _ in range(4)]
    try:
        for process in processes:
            assert heard(process) == ["ready"]
        for number in range(ROUNDS):
            for process in processes:
                say(process, NOW + 30 * number)
            outcomes = [outcome for process in processes for outcome in heard(process)]
            assert sorted(outcomes) == ["accepted", *["used"] * 63], f"round {number}"
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_code_is_used_when_its_process_was_killed_right_after(file: Path) -> None:
    for number in range(5):
        killed = submitting(file, 1)
        assert heard(killed) == ["ready"]
        say(killed, NOW + 30 * number)
        assert heard(killed) == ["accepted"]
        killed.kill()
        killed.communicate()
        with SqliteState(file) as state:
            assert (
                Guard(state).verify("alice", TOTP, TOTP.at(NOW + 30 * number), at=NOW + 30 * number).outcome == "used"
            )


def test_killed_at_any_moment_the_file_is_whole(file: Path) -> None:
    """Every code that a process has reported as accepted is used, wherever in its work it was killed."""
    for number in range(5):
        killed = submitting(file, 4)
        assert heard(killed) == ["ready"]
        begin = NOW + 30_000 * number
        for at in range(begin, begin + 30 * 50, 30):
            say(killed, at)
        for _ in range(10 * number):
            assert "accepted" in heard(killed)
        killed.kill()
        reported = 10 * number + sum("accepted" in line for line in killed.communicate()[0].splitlines())
        with SqliteState(file) as state:
            guard = Guard(state)
            for at in range(begin, begin + 30 * reported, 30):
                assert guard.verify("alice", TOTP, TOTP.at(at), at=at).outcome == "used"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_nobody_else_may_read_the_files(file: Path) -> None:
    umask = os.umask(0)
    try:
        with SqliteState(file) as state:
            Guard(state).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {"login.db": 0o600, "login.db-wal": 0o600, "login.db-shm": 0o600}


def test_what_is_stored_is_on_the_disk(file: Path) -> None:
    with SqliteState(file) as state, state._file.use() as connection:  # pyright: ignore[reportPrivateUsage]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)], "2 is FULL"


# A fork while threads use the state, in a thread that does not; the child and the parent both go on.
FORK = """
import os, signal, sys, threading, warnings
import strongroom
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what this is about
state, totp, now = strongroom.state.SqliteState(sys.argv[1]), strongroom.Totp(sys.argv[2]), int(sys.argv[3])
guard, memory = strongroom.Guard(state), strongroom.Guard(strongroom.state.MemoryState())
stop, started = threading.Event(), threading.Barrier(3)
def busy(account):
    at = now
    started.wait()
    while not stop.is_set():
        at += 30
        assert guard.verify(account, totp, totp.at(at), at=at)
threads = [threading.Thread(target=busy, args=(account,)) for account in ("one", "two")]
for thread in threads:
    thread.start()
started.wait()
children = []
for number in range(10):
    at = now + 60 * number
    before, after = totp.at(at), totp.at(at + 30)
    assert guard.verify("alice", totp, before, at=at)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        assert state._file.connection is None
        assert guard.verify("alice", totp, before, at=at).outcome == "used"
        assert guard.verify("alice", totp, after, at=at + 30)
        try:
            memory.verify("alice", totp, before, at=at)
        except strongroom.errors.LockedError:
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    assert guard.verify("alice", totp, after, at=at + 30).outcome == "used"
stop.set()
for thread in threads:
    thread.join()
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only Unix forks")
def test_a_fork_takes_no_connection_along(file: Path) -> None:
    command = [sys.executable, "-c", FORK, str(file), SEED, str(NOW)]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, text=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# As a server in C forks that has Python inside.
UNTOLD = """
import ctypes, os, signal, sys
import strongroom
state = strongroom.state.SqliteState(sys.argv[1])
child = ctypes.CDLL(None).fork()
if child == 0:
    signal.alarm(60)
    try:
        state.load("a", 0)
    except strongroom.errors.LockedError as error:
        os._exit(0 if "open after fork" in str(error) else 1)
    os._exit(2)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), state.load("a", 0))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only Unix forks")
def test_a_fork_that_python_is_not_told_of_locks_the_state_in_the_child(file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", UNTOLD, str(file)], capture_output=True, check=False, text=True)
    assert (done.stdout, done.stderr) == ("0 None\n", "")


def test_files_have_nothing_to_do_with_each_other_and_one_may_be_opened_twice(tmp_path: Path) -> None:
    with SqliteState(tmp_path / "a ?#%.db") as first, SqliteState(str(tmp_path / "b.db")) as other:
        assert Guard(first).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
        assert Guard(other).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
        with SqliteState(tmp_path / "a ?#%.db") as again:
            assert Guard(again).verify("alice", TOTP, TOTP.at(NOW), at=NOW).outcome == "used"
        assert Guard(first).verify("alice", TOTP, TOTP.at(NOW), at=NOW).outcome == "used"
    assert (tmp_path / "a ?#%.db").exists()


def test_the_file_stays_the_same_when_the_folder_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with SqliteState(":memory:") as state:
        assert Guard(state).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
    with SqliteState(tmp_path / ":memory:") as state:
        assert Guard(state).verify("alice", TOTP, TOTP.at(NOW), at=NOW).outcome == "used"


def test_what_has_expired_is_absent_and_dropped(file: Path, state: State) -> None:
    assert state.load("a", 10) is None
    assert not state.compare_and_set("a", b"x", b"y", 20, 10)
    assert state.compare_and_set("a", None, b"x", 20, 10)
    assert not state.compare_and_set("a", None, b"y", 20, 10)
    assert state.load("a", 19) == b"x"
    assert state.load("a", 20) is None
    assert not state.compare_and_set("a", b"x", b"y", 30, 20)
    assert state.compare_and_set("a", None, b"y", 30, 20)
    assert state.compare_and_set("a", b"y", b"z", 30, 20)
    assert state.load("a", 29) == b"z"
    if isinstance(state, SqliteState):
        for number in range(SETS_PER_SWEEP):
            assert state.compare_and_set(f"b{number}", None, b"", 2**63 - 1, 30)
        rows = sqlite3.connect(file).execute("SELECT count(*), min(key) FROM strongroom_state").fetchall()
        assert rows == [(SETS_PER_SWEEP, "b0")]


def test_what_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database at all\n" * 100)
    with pytest.raises(errors.IoError, match=r"cannot keep the state in .*notes\.txt: file is not a database"):
        SqliteState(text)
    assert text.read_text() == "no database at all\n" * 100
    with pytest.raises(errors.IoError, match=r"cannot create .*missing.login\.db: No such file or directory"):
        SqliteState(tmp_path / "missing" / "login.db")
    with pytest.raises(errors.IoError, match="unable to open database file"):
        SqliteState(tmp_path)


def test_what_happens_to_the_file_later_is_an_error_too(file: Path) -> None:
    with SqliteState(file) as state:
        guard = Guard(state)
        assert guard.verify("alice", TOTP, TOTP.at(NOW), at=NOW)
        sqlite3.connect(file).execute("DROP TABLE strongroom_state")
        with pytest.raises(errors.IoError, match="no such table"):
            guard.verify("alice", TOTP, TOTP.at(NOW), at=NOW)


def test_a_closed_state_accepts_nothing(file: Path) -> None:
    state = SqliteState(file)
    guard = Guard(state)
    state.close()
    state.close()
    with pytest.raises(errors.LockedError, match="was closed"):
        guard.verify("alice", TOTP, TOTP.at(NOW), at=NOW)


def test_a_damaged_record_accepts_nothing(state: State) -> None:
    assert state.compare_and_set("otp/alice", None, b"1 0 0", NOW + 1000, NOW)
    for ask in (
        lambda: Guard(state).verify("alice", TOTP, TOTP.at(NOW), at=NOW),
        lambda: Guard(state).reset("alice", at=NOW),
    ):
        with pytest.raises(errors.DamagedError):
            ask()


class BrokenError(Exception):
    pass


def test_what_a_state_raises_comes_out_as_it_is() -> None:
    class Loading(Dictionary):
        def load(self, *_: object) -> bytes | None:
            raise error

    class Setting(Dictionary):
        def compare_and_set(self, *_: object) -> bool:
            raise error

    error = BrokenError("no connection")
    for broken in (Loading(), Setting()):
        with pytest.raises(BrokenError) as raised:
            Guard(broken).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
        assert raised.value is error


def test_what_is_no_state_is_a_type_error() -> None:
    class Text(Dictionary):
        def load(self, *_: object) -> bytes | None:
            return "1 0 0 0"  # type: ignore[return-value] # pyright: ignore[reportReturnType]

    class Nothing(Dictionary):
        def compare_and_set(self, *_: object) -> bool:
            return None  # type: ignore[return-value] # pyright: ignore[reportReturnType]

    with pytest.raises(TypeError, match="expected a state, which has load"):
        Guard({})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="expected bytes or None from load"):
        Guard(Text()).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
    with pytest.raises(TypeError, match="expected bool from compare_and_set"):
        Guard(Nothing()).verify("alice", TOTP, TOTP.at(NOW), at=NOW)


def test_a_state_that_loses_every_race_ends_in_a_conflict() -> None:
    class Losing(Dictionary):
        def compare_and_set(self, *_: object) -> bool:
            return False

    with pytest.raises(errors.ConflictError):
        Guard(Losing()).verify("alice", TOTP, TOTP.at(NOW), at=NOW)


def test_bad_arguments_are_refused(state: State) -> None:
    guard = Guard(state)
    for account in ("", "a\0b", "a" * 513, "\ud800"):
        with pytest.raises(errors.InvalidInputError):
            guard.verify(account, TOTP, "123456", at=NOW)
    for at in (-1, 253_402_300_800, 2**63, 2**70):
        with pytest.raises(errors.InvalidInputError):
            guard.verify("alice", TOTP, "123456", at=at)
    for settings in (
        {"free_attempts": 0},
        {"free_attempts": 2**40},
        {"delay_seconds": 0},
        {"delay_seconds": 60, "max_delay_seconds": 30},
        {"max_attempts": 101},
    ):
        with pytest.raises(errors.InvalidInputError):
            Guard(state, **settings)
    for code in ("", "\uff11\uff12\uff13\uff14\uff15\uff16", "\ud800", "1" * 1_000_000):
        assert guard.verify("bob", TOTP, code, at=NOW).outcome == "wrong"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupt_comes_out_of_verify() -> None:
    class Slow(Dictionary):
        def load(self, key: str, unix_seconds: int, /) -> bytes | None:
            signal.raise_signal(signal.SIGINT)
            return super().load(key, unix_seconds)

    with pytest.raises(KeyboardInterrupt):
        Guard(Slow()).verify("alice", TOTP, TOTP.at(NOW), at=NOW)
