"""Numbers that are drawn from a state rise, whichever thread or process draws them and whatever the clocks do."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from strongroom import errors
from strongroom.state import MemoryState, SqliteState, State, raise_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_700_000_000
CLOCK = 1_700_000_000_000
THREADS = 8
DRAWS = 313  # of each thread, twice, in two processes: 10,016 in all


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "numbers.db"


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


class Counter(Dictionary):
    """One that draws by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, int] = {}

    def raise_to(self, key: str, at_least: int, unix_seconds: int, /) -> int:
        assert unix_seconds >= 0
        with self.lock:
            self.last[key] = max(self.last.get(key, -1) + 1, at_least)
            return self.last[key]


@pytest.fixture(params=["memory", "sqlite", "python", "python of its own"])
def state(request: pytest.FixtureRequest, file: Path) -> Iterator[State]:
    if request.param == "sqlite":
        with SqliteState(file) as state:
            yield state
    elif request.param == "memory":
        yield MemoryState()
    else:
        yield Counter() if request.param == "python of its own" else Dictionary()


def test_a_number_follows_the_clock_or_else_the_last_one(state: State) -> None:
    drawn = [raise_to(state, "a", clock, NOW) for clock in (0, 0, 100, 100, 50, 0, 104, 103)]
    assert drawn == [0, 1, 100, 101, 102, 103, 104, 105]
    assert raise_to(state, "b", CLOCK, NOW) == CLOCK
    assert [raise_to(state, "a", 0, at) for at in (0, NOW, 2**63 - 1, 2**63 - 1)] == [106, 107, 108, 109]


def test_the_states_of_this_package_draw_by_themselves(file: Path) -> None:
    memory = MemoryState()
    with SqliteState(file) as sqlite:
        for state in (memory, sqlite):
            assert [state.raise_to("a", clock, NOW) for clock in (7, 7, 3)] == [7, 8, 9]
            assert raise_to(state, "a", 0, NOW) == 10
        assert sqlite.load("a", NOW) is None


def test_without_a_raise_to_the_number_is_kept_as_eight_bytes() -> None:
    state = Dictionary()
    assert raise_to(state, "a", 258, NOW) == 258
    assert state.values == {"a": (bytes([0, 0, 0, 0, 0, 0, 1, 2]), 2**63 - 1)}


def test_of_many_threads_each_draws_rising_numbers_that_nobody_else_draws(state: State) -> None:
    start = threading.Barrier(THREADS)

    def draw(thread: int) -> list[int]:
        start.wait()
        # The clocks of some go backwards.
        clocks = range(500, 600) if thread % 2 else range(600, 500, -1)
        return [raise_to(state, "a", clock, NOW) for clock in clocks]

    with ThreadPoolExecutor(THREADS) as pool:
        check(list(pool.map(draw, range(THREADS))), THREADS * 100)


def check(drawn: list[list[int]], count: int) -> None:
    for numbers in drawn:
        assert all(one < following for one, following in pairwise(numbers))
    assert len({number for numbers in drawn for number in numbers}) == count


# Draws in threads, from a clock that stands still, and answers with a line for each thread.
DRAW = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import strongroom
file, clock, threads, draws = sys.argv[1], *map(int, sys.argv[2:])
state = strongroom.state.SqliteState(file)
start = Barrier(threads)
def draw(_):
    start.wait()
    return [strongroom.state.raise_to(state, "nonce", clock, 1_700_000_000) for _ in range(draws)]
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(threads) as pool:
    for numbers in pool.map(draw, range(threads)):
        print(*numbers)
"""


def draw_in_two_processes(file: Path, clocks: tuple[int, int]) -> list[list[int]]:
    """Return what each thread has drawn."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for clock in clocks:
            command = [sys.executable, "-c", DRAW, str(file), str(clock), str(THREADS), str(DRAWS)]
            processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        lines = [line for process in processes for line in process.communicate()[0].splitlines()]
        assert [process.returncode for process in processes] == [0, 0]
        return [[int(number) for number in line.split()] for line in lines]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_two_processes_draw_rising_numbers_across_a_restart_and_a_clock_that_is_set_back(file: Path) -> None:
    before = draw_in_two_processes(file, (CLOCK, CLOCK + 500))
    after = draw_in_two_processes(file, (CLOCK - 3_600_000, 0))
    check(before + after, 4 * THREADS * DRAWS)
    assert min(min(numbers) for numbers in before) >= CLOCK
    assert min(min(numbers) for numbers in after) > max(max(numbers) for numbers in before)


DRAW_AND_DIE = """
import os, signal, sys
import strongroom
state = strongroom.state.SqliteState(sys.argv[1])
print(strongroom.state.raise_to(state, "nonce", 100, 0), flush=True)
os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
"""


def test_a_number_is_gone_when_its_process_was_killed_right_after(file: Path) -> None:
    last = 0
    for _ in range(5):
        command = [sys.executable, "-c", DRAW_AND_DIE, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert int(done.stdout) > last, done.stderr
        last = int(done.stdout)
    with SqliteState(file) as state:
        assert raise_to(state, "nonce", 0, NOW) == last + 1


@pytest.mark.parametrize("state", ["memory", "sqlite", "python"], indirect=True)
def test_the_largest_number_is_the_last(state: State) -> None:
    for clock in (2**63, 2**64 - 1):
        with pytest.raises(errors.LimitError, match=f"number to draw: {clock} is over the limit of {2**63 - 1}"):
            raise_to(state, "a", clock, NOW)
    assert raise_to(state, "a", 2**63 - 2, NOW) == 2**63 - 2
    assert raise_to(state, "a", 0, NOW) == 2**63 - 1
    for _ in range(2):
        with pytest.raises(errors.LimitError, match=f"number to draw: {2**63} is over the limit of {2**63 - 1}"):
            raise_to(state, "a", 0, NOW)


def test_what_is_no_number_is_damaged_and_stays(file: Path) -> None:
    for stored in (b"", b"7 bytes", b"nine byte", b"\xff" * 8):
        for state in (MemoryState(), Dictionary()):
            assert state.compare_and_set("a", None, stored, 2**63 - 1, NOW)
            with pytest.raises(errors.DamagedError, match="the stored number of this key"):
                raise_to(state, "a", CLOCK, NOW)
            assert state.load("a", NOW) == stored
    with SqliteState(file) as sqlite:
        for number in ("many", 1.5, b"\x01", -1):
            connection = sqlite3.connect(file, isolation_level=None)
            connection.execute("INSERT OR REPLACE INTO strongroom_numbers VALUES ('a', ?)", (number,))
            connection.close()
            with pytest.raises(errors.DamagedError, match="the stored number of this key"):
                raise_to(sqlite, "a", CLOCK, NOW)
            assert raise_to(sqlite, "b", 0, NOW) >= 0, "no transaction is left open"


def test_bad_arguments_are_refused(state: State) -> None:
    for clock in (-1, 2**64, -(2**70)):
        with pytest.raises(errors.InvalidInputError):
            raise_to(state, "a", clock, NOW)
    with pytest.raises(errors.InvalidInputError):
        raise_to(state, "\ud800", 1, NOW)
    for wrong in (None, "1", 1.0, True):
        with pytest.raises(TypeError):
            raise_to(state, "a", wrong, NOW)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="expected a state, which has load"):
        raise_to({}, "a", 1, NOW)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_what_a_state_of_ones_own_draws_is_looked_at() -> None:
    class Odd(Dictionary):
        answer: object = None

        def raise_to(self, *_: object) -> object:
            return self.answer

    state = Odd()
    for state.answer in (None, "7", 7.5, True, -1, 2**64, 999):
        with pytest.raises(TypeError, match="expected int that is no less from raise_to"):
            raise_to(state, "a", 1000, NOW)
    state.answer = 1000
    assert raise_to(state, "a", 1000, NOW) == 1000


class BrokenError(Exception):
    pass


def test_what_a_state_raises_comes_out_as_it_is() -> None:
    class Broken(Dictionary):
        def load(self, *_: object) -> bytes | None:
            raise error

    class BrokenDraw(Dictionary):
        def raise_to(self, *_: object) -> int:
            raise error

    class BrokenLookUp(Dictionary):
        @property
        def raise_to(self) -> object:
            raise error

    error = BrokenError("no connection")
    for broken in (Broken(), BrokenDraw(), BrokenLookUp()):
        with pytest.raises(BrokenError) as raised:
            raise_to(broken, "a", 1, NOW)
        assert raised.value is error


def test_a_state_that_loses_every_race_ends_in_a_conflict() -> None:
    class Losing(Dictionary):
        def compare_and_set(self, *_: object) -> bool:
            return False

    with pytest.raises(errors.ConflictError):
        raise_to(Losing(), "a", 1, NOW)


def test_a_closed_state_draws_nothing(file: Path) -> None:
    state = SqliteState(file)
    state.close()
    with pytest.raises(errors.LockedError, match="was closed"):
        raise_to(state, "a", 1, NOW)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupt_comes_out() -> None:
    class Slow(Dictionary):
        def load(self, key: str, unix_seconds: int, /) -> bytes | None:
            signal.raise_signal(signal.SIGINT)
            return super().load(key, unix_seconds)

    with pytest.raises(KeyboardInterrupt):
        raise_to(Slow(), "a", 1, NOW)
