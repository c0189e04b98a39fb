"""Threads and tasks share a vault: no change is lost, none is in another's edit, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Kdf, Key, Vault, aio, errors
from strongroom._strongroom import open_vault

if TYPE_CHECKING:
    from pathlib import Path

CHEAP = Kdf.argon2id(memory_kib=19_456, passes=2, lanes=1)


def test_changes_from_many_threads_are_all_there(vault: Vault, path: Path, key: Key) -> None:
    def change(number: int) -> None:
        name = f"t{number % 4}/e{number}"
        assert vault.put(name, {"f": str(number)}) == 1
        assert vault[name]["f"] == str(number)
        assert vault.update(name, {"g": "1"}) == 2
        assert name in vault
        assert name in list(vault)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(64)))
    with strongroom.open(path, key=key) as again:
        assert len(again) == 65
        assert {entry.version for entry in again.values() if entry.name != "binance/main"} == {2}


def test_a_change_waits_for_another_threads_edit(vault: Vault) -> None:
    inside, leave, order = threading.Event(), threading.Event(), list[str]()

    def editing() -> None:
        with vault.edit() as v:
            v.put("a/b", {"f": "1"})
            inside.set()
            leave.wait()
            order.append("edit")

    def putting() -> None:
        vault.put("a/c", {"f": "1"})
        order.append("put")

    with ThreadPoolExecutor(2) as pool:
        edit = pool.submit(editing)
        inside.wait()
        put = pool.submit(putting)
        assert vault["binance/main"].version == 1, "reading does not wait"
        assert not put.done()
        leave.set()
        edit.result()
        put.result()
    assert order == ["edit", "put"]
    assert list(vault) == ["a/b", "a/c", "binance/main"]


def test_a_discarded_edit_takes_no_other_threads_change_with_it(vault: Vault) -> None:
    def edit_and_fail(number: int) -> None:
        with pytest.raises(RuntimeError), vault.edit() as v:  # noqa: PT012 - what is inside counts
            v.put(f"a/discarded-{number}", {"f": "1"})
            raise RuntimeError

    with ThreadPoolExecutor(4) as pool:
        discarded = [pool.submit(edit_and_fail, number) for number in range(20)]
        kept = [pool.submit(vault.put, f"a/kept-{number}", {"f": "1"}) for number in range(20)]
        assert [future.result() for future in discarded] == [None] * 20
        assert [future.result() for future in kept] == [1] * 20
    assert len(vault) == 21
    assert not [name for name in vault if "discarded" in name]


def test_locking_while_others_read_and_write(vault: Vault) -> None:
    def use() -> int:
        for count in range(10_000):
            try:
                vault.put("a/b", {"f": "1"})
                assert vault["a/b"]["f"] == "1"
            except errors.LockedError:  # noqa: PERF203 - what is waited for
                return count
        return -1

    with ThreadPoolExecutor(4) as pool:
        uses = [pool.submit(use) for _ in range(4)]
        vault.lock()
        assert all(future.result() >= 0 for future in uses)


def test_other_threads_run_while_a_key_is_derived(path: Path) -> None:
    """Nothing takes the interpreter from this thread but what it lets go itself."""
    strongroom.create(path, passphrase="x").lock()
    go, ran = threading.Lock(), list[bool]()
    go.acquire()

    def other() -> None:
        go.acquire()
        ran.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        go.release()
        assert not ran
        for _ in range(20):  # each is long enough for the other thread to wake up, but on a machine that is very busy
            open_vault(str(path), link="argument", passphrase="x")
            if ran:
                break
        assert ran
    finally:
        sys.setswitchinterval(interval)
        thread.join()


@pytest.mark.usefixtures("vault")
def test_ctrl_c_ends_waiting_for_an_edit(path: Path, key: Key) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    script = """
import signal, sys, threading
import strongroom
vault = strongroom.open(sys.argv[1], key_file=sys.argv[2])
inside, leave = threading.Event(), threading.Event()
def editing():
    with vault.edit():
        inside.set()
        leave.wait()
thread = threading.Thread(target=editing)
thread.start()
inside.wait()
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    vault.put("a/b", {"f": "1"})
except KeyboardInterrupt:
    print("interrupted")
leave.set()
thread.join()
print(vault.put("a/b", {"f": "1"}))
"""
    command = [sys.executable, "-c", script, str(path), str(file)]
    assert subprocess.run(command, capture_output=True, timeout=120, check=True, text=True).stdout == "interrupted\n1\n"


# ---- asyncio ----


def test_twins(path: Path, key: Key) -> None:
    async def main() -> list[str]:
        await aio.create(path, key=key)
        vault = await aio.open(path, key=key)
        async with aio.edit(vault) as v:
            v.put("a/b", {"f": "1"})
            v.put("a/c", {"f": "1"})
        with pytest.raises(RuntimeError):  # noqa: PT012 - what is inside counts
            async with aio.edit(vault) as v:
                v.put("a/d", {"f": "1"})
                raise RuntimeError
        with pytest.raises(errors.DecryptError):
            await aio.open(path, passphrase="wrong")
        return list(vault)

    assert asyncio.run(main()) == ["a/b", "a/c"]
    assert list(strongroom.open(path, key=key)) == ["a/b", "a/c"]


def test_tasks_take_turns(vault: Vault) -> None:
    async def edit(number: int) -> None:
        async with aio.edit(vault) as v:
            v.put(f"a/first-{number}", {"f": "1"})
            await asyncio.sleep(0)
            v.put(f"a/second-{number}", {"f": "1"})

    async def main() -> None:
        # More of both kinds than the loop has threads: those that wait must not keep the one that saves from its own.
        edits = [edit(number) for number in range(50)]
        puts = [asyncio.to_thread(vault.put, f"a/put-{number}", {"f": "1"}) for number in range(50)]
        await asyncio.gather(*edits, *puts)

    asyncio.run(main())
    assert len(vault) == 151


def test_a_change_past_an_asynchronous_edit_is_refused_and_does_not_hang(vault: Vault) -> None:
    async def main() -> None:
        async with aio.edit(vault) as v:
            v.put("a/b", {"f": "1"})
            with pytest.raises(errors.InvalidInputError, match="through the object"):
                vault.put("a/c", {"f": "1"})

    asyncio.run(main())
    assert list(vault) == ["a/b", "binance/main"]


def test_a_cancelled_task_lets_go_of_the_vault(vault: Vault) -> None:
    async def waiting() -> None:
        async with aio.edit(vault):
            raise AssertionError("it was cancelled before")

    async def main() -> None:
        async with aio.edit(vault) as v:
            task = asyncio.create_task(waiting())
            while not task.done():
                await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            v.put("a/b", {"f": "1"})
        async with aio.edit(vault) as v:
            v.put("a/c", {"f": "1"})

    asyncio.run(main())
    assert list(vault) == ["a/b", "a/c", "binance/main"]


def test_the_loop_goes_on_while_a_vault_is_opened(path: Path) -> None:
    strongroom.create(path, passphrase="x", kdf=CHEAP).lock()

    async def main() -> int:
        opening = asyncio.create_task(aio.open(path, passphrase="x"))
        turns = 0
        while not opening.done():
            turns += 1
            await asyncio.sleep(0)
        (await opening).lock()
        return turns

    assert asyncio.run(main()) > 10
