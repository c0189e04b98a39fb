"""A forked child finds its parent's vaults locked, takes no lock to find out, and opens its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Kdf, Key, Vault

if TYPE_CHECKING:
    from pathlib import Path

# The child dies by its alarm if it hangs, and the parent waits for it: no way round a result.
FORK = """
import os, signal, sys, threading, warnings
import strongroom
from strongroom import errors

warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what this is about
path = sys.argv[1]
vault = strongroom.open(path, passphrase="correct horse")
entry = vault["binance/main"]
secret = entry["secret"]
totp = entry.totp
signer = entry.signer("binance")
counting = entry.signer("binance", state=strongroom.state.MemoryState())
edit = vault.edit()
{before}
child = os.fork()
if child == 0:
    signal.alarm(60)
    uses = [
        lambda: vault["binance/main"], lambda: list(vault), lambda: len(vault), lambda: "a/b" in vault,
        lambda: vault.put("a/b", {{"f": "1"}}), lambda: vault.update("binance/main", note="x"), lambda: vault.reload(),
        lambda: vault.opened_by, lambda: vault.compartments, lambda: vault.slots, lambda: vault.pin(),
        lambda: vault.find(), lambda: vault.edit().__enter__(), lambda: edit.__enter__(),
        lambda: entry["secret"], lambda: entry.fields, lambda: entry.hmac("secret", "x"),
        lambda: secret.reveal(), lambda: bool(secret), lambda: secret == "x",
        lambda: entry.totp, lambda: totp.now(), lambda: totp.at(59), lambda: totp.step(),
        lambda: totp.seconds_remaining(), lambda: totp.period, lambda: totp.fresh(), lambda: totp.wait_fresh(),
        lambda: entry.signer("binance"), lambda: signer.sign("GET", "/"), lambda: counting.sign("GET", "/"),
        lambda: signer.login(),
    ]
    for number, use in enumerate(uses):
        try:
            use()
        except errors.LockedError as error:
            assert "open after fork" in str(error), error
        else:
            os._exit(100 + number)
    assert vault.locked
    assert entry.info["api_key"]
    with vault:
        pass
    del vault, entry, secret, totp, signer, counting, edit
    with strongroom.open(path, passphrase="correct horse") as own:
        own.update("binance/main", note="from the child")
    os._exit(0)
_, status = os.waitpid(child, 0)
{after}
print(os.waitstatus_to_exitcode(status))
vault.reload()
print(vault["binance/main"].note, secret.reveal() == vault["binance/main"]["secret"])
"""


def run(vault: Vault, path: Path, before: str = "", after: str = "") -> str:
    vault.grant("desk", owner=True, passphrase="correct horse", kdf=Kdf.argon2id())
    vault.update("binance/main", {"totp": "JBSWY3DPEHPK3PXP"})
    script = FORK.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, timeout=300, check=False)
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout.decode()


def test_open_fork_open(vault: Vault, path: Path) -> None:
    assert run(vault, path) == "0\nfrom the child True\n"


def test_fork_while_threads_open_and_save(vault: Vault, path: Path) -> None:
    """Key derivations run and the vault is held in other threads at the moment of the fork."""
    before = """
stop = threading.Event()
started = [threading.Event() for _ in range(3)]
def opening(number):
    while not stop.is_set():
        started[number].set()
        strongroom.open(path, passphrase="correct horse").lock()
def saving():
    count = 0
    while not stop.is_set():
        count += 1
        vault.put("a/busy", {"f": str(count)})
        started[2].set()
threads = [threading.Thread(target=opening, args=(0,)), threading.Thread(target=opening, args=(1,)),
           threading.Thread(target=saving)]
for thread in threads:
    thread.start()
for event in started:
    event.wait()
"""
    after = "stop.set()\nfor thread in threads:\n    thread.join()"
    assert run(vault, path, before, after) == "0\nfrom the child True\n"


def test_fork_while_a_thread_makes_and_drops_signers(vault: Vault, path: Path) -> None:
    """The lock that this takes is held at the moment of some of the forks, and no child takes it."""
    before = """
stop, started = threading.Event(), threading.Event()
def making():
    while not stop.is_set():
        entry.signer("binance")
        started.set()
threads = [threading.Thread(target=making) for _ in range(2)]
for thread in threads:
    thread.start()
started.wait()
for _ in range(100):
    if os.fork() == 0:
        signal.alarm(60)
        del signer, counting
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
"""
    after = "stop.set()\nfor thread in threads:\n    thread.join()"
    assert run(vault, path, before, after) == "0\nfrom the child True\n"


def test_fork_inside_an_edit(vault: Vault, path: Path) -> None:
    """The block of the parent goes on; the child's copy of it saves nothing."""
    script = """
import os, signal, sys
import strongroom
vault = strongroom.open(sys.argv[1], key_file=sys.argv[2])
try:
    with vault.edit() as v:
        v.put("binance/new", {"f": "1"})
        child = os.fork()
        if child == 0:
            signal.alarm(60)
        else:
            status = os.waitpid(child, 0)[1]
            print(os.waitstatus_to_exitcode(status))
except strongroom.errors.LockedError:
    os._exit(7)
if child == 0:
    os._exit(1)
"""
    file = path.parent / "bot.key"
    vault.grant("bot", ["binance"]).write(file)
    command = [sys.executable, "-c", script, str(path), str(file)]
    done = subprocess.run(command, capture_output=True, timeout=300, check=True, text=True)
    assert done.stdout == "7\n"
    vault.reload()
    assert list(vault) == ["binance/main", "binance/new"]


@pytest.mark.usefixtures("vault")
def test_multiprocessing_workers_open_their_own(path: Path, key: Key) -> None:
    file = path.parent / "owner.key"
    key.write(file)
    script = """
import multiprocessing, sys, warnings
import strongroom
warnings.simplefilter("ignore", DeprecationWarning)
def work(number):
    with strongroom.open(sys.argv[1], key_file=sys.argv[2]) as vault:
        vault.put(f"binance/worker-{number}", {"f": str(number)})
    return number
if __name__ == "__main__":
    vault = strongroom.open(sys.argv[1], key_file=sys.argv[2])
    with multiprocessing.get_context("fork").Pool(4) as pool:
        print(sum(pool.map(work, range(20))))
    vault.reload()
    print(len(vault))
"""
    command = [sys.executable, "-c", script, str(path), str(file)]
    done = subprocess.run(command, capture_output=True, timeout=300, check=True, text=True)
    assert done.stdout == "190\n21\n"


def test_a_vault_of_this_process_is_not_locked_by_that(vault: Vault) -> None:
    assert strongroom.Secret("x").reveal() == "x"
    assert not vault.locked
