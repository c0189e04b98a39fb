"""How a vault is found and opened: the path, and the chain of places that a key or passphrase may come from."""

import os
import sys

from strongroom._strongroom import Kdf, Key, Secret, Vault, create_vault, open_vault
from strongroom.errors import ExistsError, InvalidInputError, IoError, LimitError, NotFoundError, StrongroomError

TYPE_CHECKING = False  # `typing` is slow to load, and type checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypedDict

    class _Credentials(TypedDict, total=False):
        passphrase: str | Secret | None
        key: Key | None


_MOST_BYTES = 4096
"""More than any key has; a descriptor may be on something that never ends."""

_PATIENCE_MS = 10_000
"""How long a descriptor may keep a program waiting that has nobody at a terminal to see it hang."""

_KEY_FD = "STRONGROOM_KEY_FD"
_KEY_FILE = "STRONGROOM_KEY_FILE"
_KEY = "STRONGROOM_KEY"
_PASSPHRASE = "STRONGROOM_PASSPHRASE"  # noqa: S105 - the name of a variable
_CREDENTIALS = "CREDENTIALS_DIRECTORY"


class _Silence:
    def __init__(self, slow: bool) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


while_deriving: "Callable[[bool], AbstractContextManager[None]]" = _Silence
"""What shows that it takes a while, called with whether it does. A library is silent; the command puts its own here."""

_spent_descriptors: dict[int, object] = {}


def open(  # noqa: A001 - `strongroom.open` is named after what it does
    path: "str | os.PathLike[str] | None" = None,
    *,
    passphrase: "str | Secret | None" = None,
    key: "Key | str | Secret | None" = None,
    key_file: "str | os.PathLike[str] | None" = None,
    pin: str | None = None,
    allow_weak_kdf: bool = False,
    max_memory_kib: int | None = None,
) -> Vault:
    """Open a vault file: `path`, else `STRONGROOM_VAULT`, else `strongroom.vault` in the current folder.

    What opens it is the first of these that is there, and that one decides: if it fails, that is the error, and nothing
    else is tried. A bad bot key beside a stray passphrase must not open the vault as its owner.

    1. `passphrase`, `key`, or both for a slot that asks for both; `key_file` is the path of a file of mode 0600.
    2. `STRONGROOM_KEY_FD`: the number of a descriptor that the key is read from, once.
    3. `strongroom.key` in `CREDENTIALS_DIRECTORY`, which systemd sets for `LoadCredential=strongroom.key:...`.
    4. `STRONGROOM_KEY_FILE`: the path of a file of mode 0600.
    5. `STRONGROOM_KEY`: the key itself.
    6. `STRONGROOM_PASSPHRASE`.
    7. A prompt, only where standard input and standard error are both terminals.

    `pin`, from `Vault.pin`, refuses an older vault. `allow_weak_kdf` opens files whose passphrase costs less than this
    release would make, and `max_memory_kib` raises the Argon2id memory that a file may ask for, from 262,144 KiB.

    Raises `NotFoundError`, `DecryptError` for a wrong passphrase or key or altered data, `InvalidInputError` where
    nothing in the list is there or a key is not a key, `FormatError`, `UnsupportedVersionError`, `LimitError`,
    `WeakKdfError`, `RollbackError`, `IoError`.

    >>> with strongroom.open("bots.vault", key_file="owner.key") as vault:
    ...     vault.opened_by.link
    'argument'
    """
    path = found_vault(path)
    given = passphrase is not None or key is not None or key_file is not None
    links = [link for link in _CHAIN if link[1]()]
    if given:
        link, rest = "argument", links
    elif links:
        link, rest = links[0][0], links[1:]
    else:
        raise InvalidInputError(f"nothing was given to open vault {path} with; use one of these:{_every_link()}")
    try:
        credentials = _explicit(passphrase, key, key_file) if given else links[0][2](path)
        with while_deriving(credentials.get("passphrase") is not None):
            return open_vault(
                path, link=link, pin=pin, allow_weak_kdf=allow_weak_kdf, max_memory_kib=max_memory_kib, **credentials
            )
    except StrongroomError as error:
        raise _told(error, path, link, [name for name, *_ in rest]) from None


def create(
    path: "str | os.PathLike[str] | None" = None,
    *,
    passphrase: "str | Secret | None" = None,
    key: "Key | str | Secret | None" = None,
    kdf: Kdf | None = None,
) -> Vault:
    """Make a new vault file with one slot, labelled `owner`; the path is found as in `open`.

    It opens with what is given: a passphrase, a key, or both. With neither, a passphrase is asked for twice, on a
    terminal. `kdf` is the cost of the passphrase. The environment is not looked at: who owns a vault should be said.

    Raises `ExistsError` if there is something already, `InvalidInputError`, `IoError`.

    >>> key = strongroom.generate_key()
    >>> key.write("my-owner.key")
    >>> vault = strongroom.create("my.vault", key=key)
    >>> vault.opened_by.scope
    'owner'
    """
    path = vault_path(path)
    if os.path.lexists(path):
        raise ExistsError(f"{path} exists already")
    link = "argument"
    if passphrase is None and key is None:
        if not at_terminal():
            raise InvalidInputError(
                f"nothing was given to make vault {path} with; give passphrase=... or key=strongroom.generate_key(), "
                "or run this where standard input and standard error are terminals"
            )
        link, passphrase = "prompt", ask(f"new passphrase for {path}: ")
        if passphrase != ask("the same again: "):
            raise InvalidInputError("the two passphrases are not the same; nothing was made")
    return create_vault(path, link=link, kdf=kdf, **_explicit(passphrase, key, None))


def vault_path(path: "str | os.PathLike[str] | None" = None) -> str:
    """Return the absolute path of the vault: the argument, else `STRONGROOM_VAULT`, else `strongroom.vault` here."""
    if path is None:
        path = os.environ.get("STRONGROOM_VAULT", "strongroom.vault")
        if not path:
            raise InvalidInputError("STRONGROOM_VAULT is set but empty; expected the path of a vault")
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib is slow to load


def found_vault(path: "str | os.PathLike[str] | None" = None) -> str:
    """Return the same of a vault that is there; `NotFoundError` says how to get one."""
    path = vault_path(path)
    if not os.path.lexists(path):
        raise NotFoundError(
            f"vault {path} not found; say where it is, as with STRONGROOM_VAULT, or make it: `strongroom init`, "
            "strongroom.create()"
        )
    return path


def _explicit(
    passphrase: "str | Secret | None", key: "Key | str | Secret | None", key_file: "str | os.PathLike[str] | None"
) -> "_Credentials":
    if key_file is not None:
        if key is not None:
            raise InvalidInputError("expected key or key_file, got both")
        key = Key.read(key_file)
    elif key is not None and not isinstance(key, Key):
        key = Key.parse(key)
    return {"passphrase": passphrase, "key": key}


def _told(error: StrongroomError, path: str, link: str, not_tried: list[str]) -> StrongroomError:
    """Say with an error what was opened, through which link, and which other links are there but do not count."""
    text = str(error)
    if path not in text:
        text = f"vault {path}: {text}"
    text += f" (tried {link if link.isupper() else f'the {link}'}"  # in capitals, it is the name of a variable
    if not_tried:
        text += f", which decides; not tried: {', '.join(not_tried)}"
    return type(error)(f"{text})")


def _every_link() -> str:
    hows = [("argument", _ARGUMENT), *((name, how) for name, _, _, how in _CHAIN)]
    return "".join(f"\n  {name}: {how}" for name, how in hows)


def _variable(name: str) -> str:
    text = os.environ[name]
    if not text:
        # Not taken as absent: the next link could then open the vault as someone else.
        raise InvalidInputError(f"{name} is set but empty; set or unset it")
    return text


def _from_descriptor(_path: str) -> "_Credentials":
    import contextlib

    text = _variable(_KEY_FD)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 2):
        raise InvalidInputError(f"expected {_KEY_FD} to be the number, from 3, of a descriptor to read the key from")
    number, mine = int(text), object()
    if _spent_descriptors.setdefault(number, mine) is not mine:
        raise InvalidInputError(
            f"descriptor {number} of {_KEY_FD} was read and closed by an earlier open; keep that vault, or pass key=..."
        )
    try:
        if os.isatty(number):
            raise InvalidInputError(f"expected {_KEY_FD} to be a pipe or a file, got a terminal")
        return {"key": _read_key(number, f"descriptor {number}")}
    finally:
        with contextlib.suppress(OSError):  # if it was not open, that is the error on its way
            os.close(number)


def _systemd_path() -> str:
    return os.path.join(os.environ.get(_CREDENTIALS, ""), "strongroom.key")  # noqa: PTH118 - pathlib is slow to load


def _read_key(number: int, what: str) -> Key:
    """Read one line, into memory that is wiped."""
    line, filled = bytearray(_MOST_BYTES + 1), 0
    try:
        while filled <= _MOST_BYTES and line.find(b"\n", 0, filled) < 0:
            count = _read_into(number, line, filled, what)
            if count == 0:
                break
            filled += count
        if filled > _MOST_BYTES:
            raise LimitError(f"key size in bytes: more than the limit of {_MOST_BYTES} came from {what}")
        del line[filled:]
        return Key.parse(line)
    except OSError as error:
        if isinstance(error, StrongroomError):
            raise
        raise IoError(f"cannot read {what}: {error.strerror}") from None
    finally:
        line[:] = bytes(len(line))


def _read_into(number: int, buffer: bytearray, start: int, what: str) -> int:
    if hasattr(os, "readv"):
        import select

        poll = select.poll()
        poll.register(number, select.POLLIN)
        if not poll.poll(_PATIENCE_MS):
            raise IoError(f"no key came from {what} within {_PATIENCE_MS // 1000} seconds")
        with memoryview(buffer) as view, view[start:] as rest:
            return os.readv(number, [rest])
    chunk = os.read(number, len(buffer) - start)
    buffer[start : start + len(chunk)] = chunk
    return len(chunk)


def at_terminal() -> bool:
    """Whether there is somebody to ask: standard input and standard error are both terminals."""
    try:
        return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())
    except ValueError:  # closed
        return False


def ask(prompt: str) -> str:
    """Ask for something that is not shown while it is typed."""
    import getpass
    import warnings

    with warnings.catch_warnings():
        # A terminal that cannot hide what is typed must not show it instead.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            typed = getpass.getpass(prompt, sys.stderr)
        except EOFError:
            typed = ""
            sys.stderr.write("\n")  # Ctrl-D leaves the cursor behind the question
        except getpass.GetPassWarning:
            raise InvalidInputError("this terminal cannot hide what is typed") from None
    if not typed:
        raise InvalidInputError("nothing was typed")
    return typed


_ARGUMENT = "passphrase=..., key=... or key_file=...; of the command --key-file, --key-fd, --passphrase-fd"

_CHAIN: "tuple[tuple[str, Callable[[], bool], Callable[[str], _Credentials], str], ...]" = (
    (_KEY_FD, lambda: _KEY_FD in os.environ, _from_descriptor, "the number of a descriptor to read the key from, once"),
    (
        _CREDENTIALS,
        lambda: _CREDENTIALS in os.environ and os.path.lexists(_systemd_path()),
        lambda _path: {"key": Key.read(_systemd_path())},
        "LoadCredential=strongroom.key:/path/of/key in the systemd unit",
    ),
    (
        _KEY_FILE,
        lambda: _KEY_FILE in os.environ,
        lambda _path: {"key": Key.read(_variable(_KEY_FILE))},
        "the path of a key file of mode 0600",
    ),
    (_KEY, lambda: _KEY in os.environ, lambda _path: {"key": Key.parse(_variable(_KEY))}, "the key itself"),
    (
        _PASSPHRASE,
        lambda: _PASSPHRASE in os.environ,
        lambda _path: {"passphrase": _variable(_PASSPHRASE)},
        "the passphrase itself",
    ),
    (
        "prompt",
        at_terminal,
        lambda path: {"passphrase": ask(f"passphrase for {path}: ")},
        "only where standard input and standard error are both terminals",
    ),
)
"""Each link: its name, whether it is configured, what it gives, and how to use it. The first configured one decides."""
