"""Awaitable twins of what is slow: opening, creating and editing a vault, passwords, and one-time codes.

The work is done in a thread, so the event loop goes on.

>>> async def main():
...     vault = await strongroom.aio.open("bots.vault", key_file="owner.key")
...     async with strongroom.aio.edit(vault) as v:
...         v.put("kraken/main", {"secret": "..."})
...     return list(vault)
>>> asyncio.run(main())
['binance/main', 'kraken/main']
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from os import PathLike
from threading import Lock
from types import TracebackType

import strongroom
from strongroom import Edit, Guard, Kdf, Key, PasswordHasher, Secret, Totp, Vault, Verdict
from strongroom.otp import SealedTotp

__all__ = [
    "create",
    "edit",
    "hash_password",
    "open",
    "verify_and_update",
    "verify_code",
    "verify_dummy",
    "verify_password",
    "wait_fresh",
]


async def open(  # noqa: A001 - named as its twin
    path: str | PathLike[str] | None = None,
    *,
    passphrase: str | Secret | None = None,
    key: Key | str | Secret | None = None,
    key_file: str | PathLike[str] | None = None,
    pin: str | None = None,
    allow_weak_kdf: bool = False,
    max_memory_kib: int | None = None,
) -> Vault:
    """Open a vault file, as `strongroom.open` does."""
    return await asyncio.to_thread(
        strongroom.open,
        path,
        passphrase=passphrase,
        key=key,
        key_file=key_file,
        pin=pin,
        allow_weak_kdf=allow_weak_kdf,
        max_memory_kib=max_memory_kib,
    )


async def create(
    path: str | PathLike[str] | None = None,
    *,
    passphrase: str | Secret | None = None,
    key: Key | str | Secret | None = None,
    kdf: Kdf | None = None,
) -> Vault:
    """Make a new vault file, as `strongroom.create` does."""
    return await asyncio.to_thread(strongroom.create, path, passphrase=passphrase, key=key, kdf=kdf)


async def hash_password(password: str | bytes | Secret, /, *, hasher: PasswordHasher | None = None) -> str:
    """Hash a password, as `strongroom.hash_password` or `hasher.hash` does."""
    return await asyncio.to_thread(hasher.hash if hasher else strongroom.hash_password, password)


async def verify_password(
    password: str | bytes | Secret, stored: str | bytes, /, *, hasher: PasswordHasher | None = None
) -> bool:
    """Verify a password, as `strongroom.verify_password` or `hasher.verify` does."""
    return await asyncio.to_thread(hasher.verify if hasher else strongroom.verify_password, password, stored)


async def verify_and_update(
    password: str | bytes | Secret, stored: str | bytes, /, *, hasher: PasswordHasher | None = None
) -> tuple[bool, str | None]:
    """Verify, and renew an old hash, as `strongroom.verify_and_update` or `hasher.verify_and_update` does."""
    work = hasher.verify_and_update if hasher else strongroom.verify_and_update
    return await asyncio.to_thread(work, password, stored)


async def verify_dummy(password: str | bytes | Secret, /, *, hasher: PasswordHasher | None = None) -> bool:
    """Take as long as verifying does, as `strongroom.verify_dummy` or `hasher.verify_dummy` does."""
    return await asyncio.to_thread(hasher.verify_dummy if hasher else strongroom.verify_dummy, password)


async def verify_code(
    guard: Guard, account: str, totp: Totp, code: str | Secret, /, *, at: int | datetime | None = None
) -> Verdict:
    """Verify a one-time code, as `guard.verify` does: its state may have to wait for a disk, or for other processes."""
    return await asyncio.to_thread(guard.verify, account, totp, code, at=at)


async def wait_fresh(totp: SealedTotp, min_seconds: int = 5) -> str:
    """Wait for a code that was not handed out before, as `SealedTotp.wait_fresh` does."""
    while True:
        code, seconds = totp.fresh(min_seconds)
        if code is not None:
            return code
        await asyncio.sleep(seconds - time.time() % 1)  # until the second begins in which the code does


def edit(vault: Vault) -> "AsyncEdit":
    """Group several changes into one save, as `Vault.edit` does, with `async with`.

    Waiting for another edit and saving happen in a thread. What is done inside the block happens in memory;
    only what has to do with a passphrase is slow there.
    """
    return AsyncEdit(vault.edit())


class AsyncEdit:
    """What `edit` returns. Use it with `async with`."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        # A thread of its own: were it one of the loop's, those that wait for this edit to end could fill them all.
        self._thread = ThreadPoolExecutor(1, "strongroom-edit")
        self._lock = Lock()
        self._entered = self._abandoned = False

    async def __aenter__(self) -> Vault:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._enter)
        except BaseException:
            self._thread.shutdown(wait=False)
            with self._lock:
                self._abandoned = True
                entered = self._entered
            if entered:
                self._give_back()
            raise

    def _enter(self) -> Vault:
        vault = self._edit.__enter__()
        with self._lock:
            self._entered = True
            abandoned = self._abandoned
        if abandoned:  # the task was cancelled while this thread was waiting for its turn
            self._give_back()
        return vault

    def _give_back(self) -> None:
        """Discard: if the turn were kept, nobody could change the vault again."""
        error = asyncio.CancelledError()
        self._edit.__exit__(type(error), error, None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        leaving = asyncio.get_running_loop().run_in_executor(self._thread, self._edit.__exit__, kind, error, traceback)
        self._thread.shutdown(wait=False)
        # Shielded: a save that has begun is finished, also when nobody waits for it any more.
        await asyncio.shield(leaving)
