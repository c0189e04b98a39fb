"""The one-time codes of an entry: made of a seed that stays sealed, waited for, and handed out once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Secret, Totp, aio, errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strongroom import Key, Vault

RFC_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def put(vault: Vault, period: int = 30) -> strongroom.otp.SealedTotp:
    uri = f"otpauth://totp/Zerodha:AB1234?secret={RFC_SEED}&issuer=Zerodha&period={period}"
    vault.put("zerodha/login", {"password": "hunter2", "totp": uri}, info={"username": "AB1234"})
    return vault["zerodha/login"].totp


def test_an_entry_makes_codes(vault: Vault) -> None:
    totp, same = put(vault), Totp(RFC_SEED)
    assert totp.at(59) == "287082"
    assert totp.at(datetime.fromtimestamp(59, timezone.utc)) == "287082"
    assert (totp.step(at=59), totp.seconds_remaining(at=59)) == (1, 1)
    before = same.step()
    assert totp.now() in {same.at(step * 30) for step in range(before, same.step() + 1)}
    assert before <= totp.step() <= same.step()
    assert 1 <= totp.seconds_remaining() <= 30
    assert (totp.period, put(vault, period=60).period) == (30, 60)
    with pytest.raises(errors.InvalidInputError, match="1970"):
        totp.at(-1)
    with pytest.raises(errors.InvalidInputError, match="30"):
        totp.fresh(30)
    with pytest.raises(errors.InvalidInputError, match="30"):
        totp.wait_fresh(30)


def test_seeds_of_every_kind(vault: Vault) -> None:
    seeds: dict[str, str | bytes | Secret] = {
        "totp": RFC_SEED,
        "groups": "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "bytes": RFC_SEED.encode(),
        "secret": Secret(f"otpauth://totp/a?secret={RFC_SEED}"),
    }
    vault.put("broker/login", seeds, info={"public": RFC_SEED})
    entry = vault["broker/login"]
    for field in seeds:
        assert entry.totp_of(field).at(59) == "287082", field
    assert entry.totp.at(59) == "287082"
    with pytest.raises(errors.NotFoundError):
        entry.totp_of("password")
    with pytest.raises(errors.InvalidInputError):
        entry.totp_of("public")
    with pytest.raises(errors.NotFoundError):
        _ = vault["binance/main"].totp


def test_a_field_that_is_no_seed_is_told_without_it(vault: Vault) -> None:
    wrong: dict[str, str | bytes] = {
        "totp": "hunter2!",
        "hotp": "otpauth://hotp/hunter2?secret=JBSWY3DPEHPK3PXP&counter=1",
        "cut": "otpauth://totp/hunter2",
        "url": "https://hunter2.example",
        "empty": "",
        "raw": b"\xff\xfehunter2",
        "long": "hunter2" * 1000,
    }
    vault.put("broker/login", wrong)
    entry = vault["broker/login"]
    for field in wrong:
        with pytest.raises(errors.InvalidInputError, match=f"field {field} of broker/login") as raised:
            entry.totp_of(field)
        assert "hunter2" not in str(raised.value)
    with pytest.raises(errors.InvalidInputError, match="field totp of broker/login"):
        _ = entry.totp


def test_two_logins_get_two_codes(vault: Vault, path: Path, key: Key) -> None:
    totp, check = put(vault, period=2), Totp(RFC_SEED, period=2).with_window(10, 1)
    with ThreadPoolExecutor(3) as pool:
        logins = [pool.submit(vault["zerodha/login"].totp.wait_fresh, 0) for _ in range(3)]
        codes = [login.result() for login in logins]
    steps = sorted(step for code in codes if (step := check.verify(code)) is not None)
    assert len(steps) == 3
    assert all(one < other for one, other in pairwise(steps)), "no step was handed out twice"
    assert check.verify(totp.wait_fresh(0), after_step=steps[-1])
    # Another opening of the vault knows nothing of it.
    with strongroom.open(path, key=key) as other:
        assert other["zerodha/login"].totp.fresh(0)[0]


def test_waiting_in_the_event_loop(vault: Vault) -> None:
    put(vault, period=2)
    check = Totp(RFC_SEED, period=2).with_window(10, 1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def login() -> tuple[str, int]:
        before = ticks
        code = await aio.wait_fresh(vault["zerodha/login"].totp, 0)
        return code, ticks - before

    async def run() -> list[tuple[str, int]]:
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0)
        logins = await asyncio.gather(login(), login())
        ticking.cancel()
        return list(logins)

    logins = asyncio.run(run())
    steps = sorted(step for code, _ in logins if (step := check.verify(code)) is not None)
    assert len(set(steps)) == 2
    assert max(waited for _, waited in logins) > 1, "the loop went on while one of them waited"
    with pytest.raises(errors.InvalidInputError):
        asyncio.run(aio.wait_fresh(vault["zerodha/login"].totp, 2))


WAIT = """
import os, signal, sys, threading, time
import strongroom

vault = strongroom.open(sys.argv[1], key_file=sys.argv[2])
totp = vault["zerodha/login"].totp
totp.fresh(0)  # of today; the next one is tomorrow's
inside, over, sleep = threading.Event(), threading.Event(), time.sleep

def interrupt(number, frame):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt

def sleeping(seconds):
    inside.set()
    sleep(seconds)

def work():
    inside.wait()
    print(sum(range(100)), vault["zerodha/login"].totp.at(59))
    while not over.is_set():  # one that comes just before the system's sleep begins does not end it
        os.kill(os.getpid(), signal.SIGINT)
        over.wait(0.1)

signal.signal(signal.SIGINT, interrupt)
time.sleep = sleeping
other = threading.Thread(target=work)
other.start()
try:
    totp.wait_fresh(0)
except KeyboardInterrupt:
    print("interrupted")
over.set()
other.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_waiting_is_interrupted_and_leaves_other_threads_running(vault: Vault, path: Path, key: Key) -> None:
    put(vault, period=86_400)
    file = path.parent / "owner.key"
    key.write(file)
    command = [sys.executable, "-c", WAIT, str(path), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout == "4950 755224\ninterrupted\n"


def test_codes_of_a_locked_vault_are_refused(vault: Vault) -> None:
    totp, entry = put(vault), vault["zerodha/login"]
    vault.lock()
    calls: list[Callable[[], object]] = [
        totp.now,
        totp.step,
        totp.seconds_remaining,
        totp.fresh,
        totp.wait_fresh,
        lambda: totp.at(59),
        lambda: totp.period,
        lambda: entry.totp,
        lambda: entry.totp_of("totp"),
        lambda: asyncio.run(aio.wait_fresh(totp)),
    ]
    for call in calls:
        with pytest.raises(errors.LockedError):
            call()
    assert repr(totp) == "SealedTotp(***)"


def test_a_vault_that_is_locked_ends_the_wait(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    totp = put(vault, period=86_400)
    totp.fresh(0)

    def locking(_: float) -> None:
        vault.lock()

    monkeypatch.setattr("time.sleep", locking)
    with pytest.raises(errors.LockedError):
        totp.wait_fresh(0)
