"""The compiled half of the package. Import its names from `strongroom`, which re-exports the public ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, Final, Literal, NoReturn, SupportsIndex, TypeAlias, TypeVar, final, overload

from strongroom.state import State

_T = TypeVar("_T")
_Path: TypeAlias = str | PathLike[str]
_Text: TypeAlias = str | Secret
_Value: TypeAlias = str | bytes | bytearray | Secret
_Time: TypeAlias = int | datetime

__version__: Final[str]
ERROR_CODES: Final[tuple[str, ...]]
"""Every code that the core can answer with. `strongroom.errors` has one class for each."""

@final
class Secret:
    """Text or bytes that are not shown by accident.

    `repr` is `Secret(***)`; `str()`, `format()` and f-strings raise `TypeError`, since a `***` would be sent on.
    `==` against `Secret`, `str` and `bytes` takes the same time wherever the first difference is, and `bool` is whether
    it is non-empty; it has no hash, cannot be pickled, and a copy is itself. A secret that was read from a vault stays
    sealed until it is used, and is `locked` once the vault is.

    >>> secret = strongroom.Secret("hunter2")
    >>> secret
    Secret(***)
    >>> secret == "hunter2"
    True
    >>> secret.reveal()
    'hunter2'
    """

    def __new__(cls, value: str | bytes | bytearray | Secret, /) -> Secret:
        """Copy a value into memory that is wiped when the object goes. The original can't be wiped.

        Raises `InvalidInputError` for text with lone surrogates, which no UTF-8 exists for.
        """

    def reveal(self) -> str:
        """Return the plaintext. With `reveal_bytes` this is the one way to it, so that it can be searched for.

        Raises `InvalidInputError` if it is not UTF-8 text, `LockedError` once its vault is locked.
        """

    def reveal_bytes(self) -> bytes:
        """Return the plaintext as bytes; text as UTF-8.

        Raises `LockedError` once its vault is locked.
        """

    def __bool__(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    def __str__(self) -> NoReturn: ...
    def __format__(self, spec: str, /) -> NoReturn: ...
    def __copy__(self) -> Secret: ...
    def __deepcopy__(self, memo: object, /) -> Secret: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Key:
    """A key that opens one slot of a vault: one line of text, `STRONGROOM-KEY-1-` and 72 characters of base32.

    It is guarded as `Secret` is: only `reveal()` and `write()` hand out the text.

    >>> key = strongroom.generate_key()
    >>> strongroom.Key.parse(key.reveal()) == key
    True
    """

    @staticmethod
    def parse(text: str | bytes | bytearray | Secret, /) -> Key:
        """Read a key from its text. Space, tab, CR and LF at the ends are ignored.

        Raises `InvalidInputError` for anything that is not a whole key; a wrong checksum is told as a typo.
        """

    @staticmethod
    def read(path: _Path, /) -> Key:
        """Read a key file, which nobody but its user may have access to (mode 0600 or 0400), as `ssh` demands.

        Raises `NotFoundError`, `IoError`, and `InvalidInputError` for a file that others can read or that holds no key.
        """

    def write(self, path: _Path, /) -> None:
        """Write a new key file of mode 0600: the line of text. It is on disk when this returns.

        Raises `ExistsError` if there is something already, `IoError`.
        """

    def reveal(self) -> str:
        """Return the line of text, for a secret store."""

    @property
    def slot_id(self) -> str:
        """The id of the slot that this key opens, 16 hex digits. It is no secret."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    def __str__(self) -> NoReturn: ...
    def __format__(self, spec: str, /) -> NoReturn: ...
    def __copy__(self) -> Key: ...
    def __deepcopy__(self, memo: object, /) -> Key: ...
    def __reduce__(self) -> NoReturn: ...

def generate_key() -> Key:
    """Make a new random key, for a slot that does not exist yet: `create(path, key=generate_key())`.

    Raises `RandomError` if the operating system gives no random bytes.

    >>> strongroom.generate_key() == strongroom.generate_key()
    False
    """

def seal(key: Key, data: _Value, /, *, associated_data: _Value = b"") -> bytes:
    """Seal any bytes under a key: 24 bytes of nonce, fresh at each call, the ciphertext, and 16 bytes of tag.

    It is C2SP XAES-256-GCM under the key's 32 bytes and nothing else, so that any implementation of that opens it
    (FORMAT.md, section 12). Text is sealed as UTF-8. The associated data is not in the result: whoever opens it has to
    know it, so that what was sealed for one use or user is no good for another. Take a key for this alone. The
    interpreter lock is free meanwhile, from 64 KiB on. Raises `RandomError`.

    >>> key = strongroom.generate_key()
    >>> sealed = strongroom.seal(key, b"an OAuth token", associated_data=b"user 17")
    >>> strongroom.unseal(key, sealed, associated_data=b"user 17")
    b'an OAuth token'
    >>> strongroom.unseal(key, sealed, associated_data=b"user 18")
    Traceback (most recent call last):
        ...
    strongroom.errors.DecryptError: wrong passphrase or key, or the data was altered
    """

def unseal(key: Key, sealed: _Value, /, *, associated_data: _Value = b"") -> bytes:
    """Open what `seal` sealed, with the same associated data.

    Raises `DecryptError` for another key or other associated data, and for bytes that were altered or cut off.
    """

@final
class Kdf:
    """How a passphrase becomes a key, and at what cost. The default is `Kdf.argon2id()`.

    >>> strongroom.Kdf.argon2id(memory_kib=131072)
    Kdf.argon2id(memory_kib=131072, passes=3, lanes=4)
    """

    @staticmethod
    def argon2id(memory_kib: int = 65536, passes: int = 3, lanes: int = 4) -> Kdf:
        """Argon2id (RFC 9106) with `memory_kib` KiB of memory, gone over `passes` times, in parallel `lanes`.

        Raises `WeakKdfError` under 19,456 KiB or where memory times passes is under 38,912; `LimitError` over
        262,144 KiB, 16 passes or 4 lanes.
        """

    @staticmethod
    def pbkdf2(iterations: int = 600_000) -> Kdf:
        """PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2), for places that must keep to FIPS 140.

        Raises `WeakKdfError` under 600,000 iterations, `LimitError` over 10,000,000.
        """

    @staticmethod
    def pbkdf2_sha512(iterations: int = 220_000) -> Kdf:
        """PBKDF2-HMAC-SHA-512 (RFC 8018, section 5.2), for password hashes: a vault takes SHA-256 only.

        Raises `WeakKdfError` under 220,000 iterations, `LimitError` over 10,000,000.
        """

    @property
    def memory_kib(self) -> int | None:
        """Argon2id's memory in KiB; `None` for PBKDF2."""

    @property
    def passes(self) -> int | None:
        """How often Argon2id goes over its memory; `None` for PBKDF2."""

    @property
    def lanes(self) -> int | None:
        """How many lanes Argon2id computes in parallel; `None` for PBKDF2."""

    @property
    def iterations(self) -> int | None:
        """PBKDF2's iterations; `None` for Argon2id."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Entry:
    """A snapshot of one version of an entry. Its secret fields stay sealed until they are used.

    `entry["api_key"]` is a `str` for what is kept in `info`, and a `Secret` for a secret field; `entry.info["api_key"]`
    and `entry.fields["secret"]` are the same with exact types. `in`, `len` and iteration go over the names of both.

    >>> entry = vault["binance/main"]
    >>> entry["api_key"]
    'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A'
    >>> entry["secret"]
    Secret(***)
    """

    def __getitem__(self, field: str, /) -> Any:
        """Return info as `str`, a secret field as `Secret`; to a type checker it is either, as the caller uses it.

        Raises `NotFoundError` (a `KeyError`), `LockedError`; `DecryptError` or `FormatError` where this entry's secret
        part was altered.
        """

    def __contains__(self, field: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def keys(self) -> list[str]:
        """Return the names of info and secret fields, sorted."""

    @property
    def name(self) -> str:
        """The full name: `binance/main`."""

    @property
    def info(self) -> Mapping[str, str]:
        """What is sealed but not secret: an API key's id, a user name, a base URL. Read-only."""

    @property
    def fields(self) -> Mapping[str, Secret]:
        """The secret fields, sorted by name. Read-only.

        Raises `LockedError`; `DecryptError` or `FormatError` where this entry's secret part was altered.
        """

    @property
    def version(self) -> int:
        """From 1; one more at each put, update and stage of this name."""

    @property
    def state(self) -> Literal["current", "pending", "previous"]:
        """Whether this version is in use, staged to follow, or was in use before."""

    @property
    def kind(self) -> str:
        """The writer's own word for what kind of entry this is."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, sorted."""

    @property
    def note(self) -> str | None:
        """The note."""

    @property
    def created(self) -> int:
        """When it was first put, in Unix seconds."""

    @property
    def updated(self) -> int:
        """When it was last changed, in Unix seconds."""

    @property
    def expires_at(self) -> int | None:
        """When the credential stops working, in Unix seconds."""

    @property
    def rotate_after(self) -> int | None:
        """When the credential is due for rotation, in Unix seconds."""

    def hmac(
        self, field: str, message: str | bytes | bytearray, algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    ) -> bytes:
        """Return the HMAC (RFC 2104) of `message` under a secret field: 32, 48 or 64 bytes. `str` counts as UTF-8.

        The field stays inside Rust; nothing of it becomes a Python object.

        Raises `NotFoundError` if there is no such field, `InvalidInputError` for another algorithm, and as `fields`.

        >>> order = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
        >>> order += "&recvWindow=5000&timestamp=1499827319559"
        >>> vault["binance/main"].hmac("secret", order).hex()
        'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'
        """

    @property
    def totp(self) -> SealedTotp:
        """The one-time codes of the field `totp`: an `otpauth://totp` URI, or a secret in base32.

        Raises `NotFoundError` if there is no such field, `InvalidInputError` if it holds something else, and as
        `fields`.

        >>> vault.put("zerodha/login", {"password": "...", "totp": "JBSWY3DPEHPK3PXP"})
        1
        >>> vault["zerodha/login"].totp.at(59)
        '996554'
        """

    def totp_of(self, field: str, /) -> SealedTotp:
        """Return the one-time codes of another field than `totp`. Raises as `totp`."""

    def signer(self, exchange: str | Recipe, /, *, state: State | None = None) -> Signer:
        """Return what signs requests to an exchange with this entry's key, which stays inside Rust.

        `exchange` is a name of `strongroom.exchanges()`, or a `Recipe`. The entry has its credentials under ccxt's
        names in snake case: `api_key` in info; `secret` or `private_key`, and where there is one `password`, in fields.
        A private key may be PEM in any of its forms, DER, or bare base64 or hex; `key_password` opens an encrypted one.

        Where an exchange wants a number that grows with each request, this process remembers the last one, for all
        threads and open vaults. Several processes with one API key need a `state`, such as a
        `strongroom.state.SqliteState`.

        Raises `InvalidInputError` for an exchange that is not known, a field that is missing, and a key that is not of
        the exchange's kind; as `fields`; `TypeError` for what is no state.

        >>> signed = vault["binance/main"].signer("binance").sign("GET", "/api/v3/account", timestamp_ms=1700000000000)
        >>> signed.url
        'https://api.binance.com/api/v3/account?timestamp=1700000000000&signature=11ce...'
        >>> signed.headers
        {'X-MBX-APIKEY': 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A'}
        """

@final
class OpenedBy:
    """How a vault was opened."""

    @property
    def link(
        self,
    ) -> Literal[
        "argument",
        "STRONGROOM_KEY_FD",
        "CREDENTIALS_DIRECTORY",
        "STRONGROOM_KEY_FILE",
        "STRONGROOM_KEY",
        "STRONGROOM_PASSPHRASE",
        "prompt",
    ]:
        """The link of the unlock chain that decided."""

    @property
    def slot_id(self) -> str:
        """The id of the slot, 16 hex digits."""

    @property
    def slot_label(self) -> str | None:
        """The label of the slot; only an owner can read it."""

    @property
    def scope(self) -> Literal["owner", "holder"]:
        """`owner` may do everything; `holder` sees and writes the compartments that it was granted."""

@final
class Compartment:
    """A part of a vault with a key of its own: the first segment of its entries' names."""

    @property
    def name(self) -> str:
        """Its name: `binance`."""

    @property
    def entries(self) -> int:
        """How many names have a current version; 0 where it is damaged."""

    @property
    def damaged(self) -> str | None:
        """The error code, if it fails its checks as a whole."""

@final
class Slot:
    """A way in: a passphrase, a key, or both."""

    @property
    def id(self) -> str:
        """16 hex digits, as in `Key.slot_id`."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def scope(self) -> Literal["owner", "holder"]:
        """What it gives access to: everything, or `compartments`."""

    @property
    def factors(self) -> Literal["passphrase", "key", "passphrase+key"]:
        """What it asks for."""

    @property
    def passkey(self) -> bytes | None:
        """The WebAuthn credential id, if its key is a passkey. Such a slot is made and opened in a browser."""

    @property
    def kdf(self) -> Kdf | None:
        """The cost of its passphrase; `None` where it asks for a key alone."""

    @property
    def created(self) -> int:
        """When it was made, in Unix seconds."""

    @property
    def compartments(self) -> tuple[str, ...] | None:
        """The compartments that a holder has access to; `None` for an owner."""

@final
class Damage:
    """A part of a vault that fails its checks and cannot be used. The rest can."""

    @property
    def compartment(self) -> str:
        """The compartment it is in."""

    @property
    def record(self) -> str | None:
        """The id of the damaged record, 32 hex digits; `None` for the compartment as a whole."""

    @property
    def name(self) -> str | None:
        """The entry's full name, where that can still be read."""

    @property
    def code(self) -> str:
        """The error code."""

@final
class Revoked(Sequence[str]):
    """The names of the entries to rotate at the exchange: whoever was revoked has seen them.

    >>> revoked = vault.revoke("scalper-1")
    >>> list(revoked)
    ['binance/main']
    >>> revoked.pins
    mappingproxy({})
    """

    @property
    def pins(self) -> Mapping[str, str]:
        """A fresh pin for each holder that remains, by label: without it they can be fed an old vault.

        Empty inside `Vault.edit`: use `Vault.pin_for` after the block.
        """

    @property
    def dropped(self) -> tuple[Damage, ...]:
        """What was damaged and is lost now; only with `drop_damaged=True`."""

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> str: ...
    @overload
    def __getitem__(self, index: slice, /) -> tuple[str, ...]: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object, /) -> bool: ...

@final
class Rekeyed:
    """What `Vault.rekey` did."""

    @property
    def keys(self) -> Mapping[str, Key]:
        """The new key of each slot that asks for one, by label. The old key opens nothing any more."""

    @property
    def removed(self) -> tuple[str, ...]:
        """The labels of the slots that are gone: grant these again."""

    @property
    def rotate(self) -> tuple[str, ...]:
        """The names of the entries to rotate at the exchange."""

    @property
    def dropped(self) -> tuple[Damage, ...]:
        """What was damaged and is lost now; only with `drop_damaged=True`."""

@final
class Vault(Mapping[str, Entry]):
    """An open vault in a file: a read-only mapping of the entries that this key can see, and calls that change it.

    Get one from `strongroom.open` or `strongroom.create`. Every call that changes it locks the file, reads what is
    there now, applies the change to it and saves; it is on disk when the call returns, and on an exception nothing was
    written. Where someone else has changed the same entry since it was read here, that is `ConflictError`: `reload`,
    look, and try again. Threads may share a vault. A forked child finds it `locked`.

    Used with `with`, it locks and wipes at the end. Everything after that raises `LockedError`.

    >>> for name in vault:
    ...     print(name, vault[name].kind)
    binance/main credentials
    """

    @property
    def path(self) -> str:
        """The absolute path of the file."""

    @property
    def opened_by(self) -> OpenedBy:
        """Which link of the unlock chain opened it, through which slot, as owner or holder."""

    @property
    def locked(self) -> bool:
        """Whether it was locked, or belongs to the process that this one was forked from."""

    def __getitem__(self, name: str, /) -> Entry:
        """Return the current version of an entry.

        Raises `NotFoundError` and `NoAccessError` (both a `KeyError`), `DamagedError`, `LockedError`, `FormatError` for
        contradicting versions, and `InvalidInputError` for what cannot be a name.
        """

    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    @overload
    def get(self, key: str, default: None = None, /) -> Entry | None: ...
    @overload
    def get(self, key: str, default: Entry | _T, /) -> Entry | _T:
        """Return the current version of an entry, or `default` if this key sees none of that name.

        Raises as `vault[name]` for anything else.
        """

    def put(
        self,
        name: str,
        fields: Mapping[str, _Value] | None = None,
        /,
        *,
        info: Mapping[str, str] | None = None,
        kind: str | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
        expires_at: _Time | None = None,
        rotate_after: _Time | None = None,
    ) -> int:
        """Create an entry, or replace the whole of it, and return its version.

        `name` is two or more segments of `A-Z a-z 0-9 . _ -` joined by `/`; the first is the compartment. `fields` are
        secret; `info` is sealed but not secret. Times are Unix seconds, or a `datetime` with a zone.

        Raises `InvalidInputError`, `NoAccessError`, `DamagedError`, `LimitError`, `ConflictError` if someone else saved
        the same entry meanwhile, `RollbackError`, `IoError`, `LockedError`. Nothing was written then.

        >>> vault.put("kraken/main", {"secret": "..."}, info={"api_key": "..."}, tags=["spot"])
        1
        """

    def update(
        self,
        name: str,
        fields: Mapping[str, _Value] | None = None,
        /,
        *,
        info: Mapping[str, str] | None = None,
        kind: str | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
        expires_at: _Time | None = None,
        rotate_after: _Time | None = None,
        if_version: int | None = None,
    ) -> int:
        """Change only what is given, and return the new version. An empty note or tags, and a time of 0, remove it.

        Raises `NotFoundError` if there is no such entry, `ConflictError` if its version is not `if_version`, and as
        `put`.

        >>> vault.update("binance/main", note="trades only from the office", if_version=1)
        2
        """

    def remove(self, name: str, /) -> None:
        """Remove an entry with all its versions.

        Raises `NotFoundError`, and as `put`.

        >>> vault.remove("binance/main")
        """

    def remove_field(self, name: str, field: str, /) -> int:
        """Remove a secret field, or a piece of info, from an entry, and return the entry's new version.

        Raises `NotFoundError`, and as `put`.

        >>> vault.remove_field("binance/main", "api_key")
        2
        """

    def rename(self, old: str, new: str, /) -> None:
        """Rename an entry, also into another compartment.

        Raises `NotFoundError`, `ExistsError` if `new` is there, and as `put`.

        >>> vault.rename("binance/main", "binance/spot")
        """

    def copy(self, old: str, new: str, /) -> None:
        """Copy an entry, also into another compartment.

        Raises `NotFoundError`, `ExistsError` if `new` is there, and as `put`.

        >>> vault.copy("binance/main", "scalper/binance")
        """

    def find(
        self, *, tag: str | None = None, kind: str | None = None, compartment: str | None = None, due: bool = False
    ) -> list[str]:
        """Return the sorted names of the entries that fulfil every condition; `due`: expired or due for rotation.

        Raises `NotFoundError`, `NoAccessError` or `DamagedError` for the compartment asked for, `LockedError`.

        >>> vault.find(compartment="binance")
        ['binance/main']
        """

    def versions(self, name: str, /) -> list[Entry]:
        """Return every version of an entry, the newest first: current, pending and previous ones.

        Raises as `vault[name]`.

        >>> [entry.state for entry in vault.versions("binance/main")]
        ['current']
        """

    def stage(
        self,
        name: str,
        fields: Mapping[str, _Value] | None = None,
        /,
        *,
        info: Mapping[str, str] | None = None,
        kind: str | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
        expires_at: _Time | None = None,
        rotate_after: _Time | None = None,
    ) -> int:
        """Put a new version beside the current one, which stays in use until `promote`. Return its version.

        Raises `NotFoundError`, and as `put`.

        >>> vault.stage("binance/main", {"secret": "the new one"})
        2
        """

    def promote(self, name: str, /) -> int:
        """Make the staged version the current one, and the current one a previous one. Return the version.

        Raises `NotFoundError` if nothing is staged, and as `put`.

        >>> vault.stage("binance/main", {"secret": "the new one"})
        2
        >>> vault.promote("binance/main")
        2
        """

    def retire(self, name: str, /) -> None:
        """Remove the previous versions: the exchange no longer takes them.

        Raises `NotFoundError`, and as `put`.

        >>> vault.stage("binance/main", {"secret": "the new one"})
        2
        >>> vault.promote("binance/main")
        2
        >>> vault.retire("binance/main")
        """

    @property
    def compartments(self) -> list[Compartment]:
        """The compartments that this key has access to, damaged ones too.

        Raises `LockedError`.
        """

    @property
    def slots(self) -> list[Slot]:
        """Every way into the vault; for owners.

        Raises `NoAccessError` for a holder, `LockedError`.
        """

    @property
    def damage(self) -> list[Damage]:
        """What fails its checks, so that the rest of the vault has to do without it. Empty when all is well.

        Raises `LockedError`.
        """

    def remove_compartment(self, name: str, /) -> None:
        """Remove a compartment with all its entries; a slot that had access to nothing else goes too. For owners.

        Raises `NotFoundError`, `NoAccessError`, and as `put`.

        >>> vault.remove_compartment("binance")
        """

    @overload
    def grant(
        self, label: str, compartments: Sequence[str] | None = None, *, owner: bool = False, kdf: Kdf | None = None
    ) -> Key: ...
    @overload
    def grant(
        self,
        label: str,
        compartments: Sequence[str] | None = None,
        *,
        key: Key,
        owner: bool = False,
        kdf: Kdf | None = None,
    ) -> Key: ...
    @overload
    def grant(
        self,
        label: str,
        compartments: Sequence[str] | None = None,
        *,
        passphrase: _Text,
        owner: bool = False,
        kdf: Kdf | None = None,
    ) -> None: ...
    @overload
    def grant(
        self,
        label: str,
        compartments: Sequence[str] | None = None,
        *,
        passphrase: _Text | None = None,
        key: Key | None = None,
        owner: bool = False,
        kdf: Kdf | None = None,
    ) -> Key | None:
        """Make a new way in, to the `compartments` named, or with `owner=True` to everything. For owners.

        Without `passphrase` and `key` it gets a new random key. With a passphrase it asks for that, with both for both.
        Returns the key, or `None` for a passphrase alone. One bot, one compartment: every holder of a compartment may
        write all of it. `kdf` is the cost of the passphrase.

        Raises `ExistsError` for a label that is in use, `NotFoundError` for a compartment that is not there,
        `NoAccessError` for a holder, `InvalidInputError`, and as `put`.

        >>> key = vault.grant("scalper-2", ["binance"])
        >>> key.write("scalper-2.key")
        """

    def revoke(
        self, label: str, compartments: Sequence[str] | None = None, /, *, drop_damaged: bool = False
    ) -> Revoked:
        """Remove a holder's slot, or only take `compartments` away from it, and give these new keys. For owners.

        Returns the names of the entries to rotate at the exchange; what others have saved since is taken over first, so
        that they are all there. To remove an owner's slot, use `rekey`.

        Raises `NotFoundError` if no slot has this label, `DamagedError` if something damaged would be lost and
        `drop_damaged` is not set, `NoAccessError` for a holder, and as `put`.
        """

    def change_passphrase(
        self, label: str, passphrase: _Text, /, *, key: Key | None = None, kdf: Kdf | None = None
    ) -> None:
        """Change the passphrase of a slot; `key` is the slot's, where it asks for both. For owners.

        This protects only against people who have no earlier copy of the file; after a leak, use `rekey`.

        Raises `NotFoundError`, `NoAccessError`, `ExistsError` for a passphrase that another slot has,
        `InvalidInputError`, and as `put`.
        """

    def strengthen(self, label: str, passphrase: _Text, /, *, key: Key | None = None, kdf: Kdf | None = None) -> None:
        """Give a slot's passphrase, which stays the same, a new cost. For owners.

        Raises `DecryptError` if it is another passphrase, and as `change_passphrase`.
        """

    def rekey(self, *keep: _Text | Key | tuple[_Text, Key], drop_damaged: bool = False) -> Rekeyed:
        """Give everything new keys, after an owner's secret may have become known to someone else. For owners.

        Every slot goes, but those whose passphrase, `Key`, or pair of both is in `keep`. Those with a key get a new
        one. Pins made before do not carry over.

        Raises `DecryptError` if one of `keep` opens nothing, `InvalidInputError` if none of them is an owner's,
        `DamagedError` as `revoke`, `NoAccessError` for a holder, and as `put`.
        """

    def reload(self) -> bool:
        """Take over what others saved meanwhile, without deriving a key. Return whether anything is different.

        Raises `RollbackError` for a file older than this vault, `ConflictError` if it was re-keyed: open it again;
        `NotFoundError`, `IoError`, and as `strongroom.open`.

        >>> vault.reload()
        False
        """

    def pin(self) -> str:
        """Return what this reader has seen of the vault, as text to keep apart from it.

        `strongroom.open(..., pin=...)` refuses anything older.

        Raises `LockedError`.
        """

    def pin_for(self, label: str, /) -> str:
        """Return a pin for a holder, to hand over with its key. For owners.

        Raises `NotFoundError`, `NoAccessError`, `LockedError`.
        """

    def edit(self) -> Edit:
        """Group several changes into one save; an exception discards them all.

        Inside the block, use the object that it gives. Other threads' changes wait until the block has ended; other
        threads that read see the changes made so far.

        >>> with vault.edit() as v:
        ...     v.put("kraken/main", {"secret": "..."})
        ...     v.put("kraken/second", {"secret": "..."})
        1
        1
        """

    def lock(self) -> None:
        """Wipe the keys. Everything after that, on this vault and what was read from it, raises `LockedError`.

        >>> secret = vault["binance/main"]["secret"]
        >>> vault.lock()
        >>> secret.reveal()
        Traceback (most recent call last):
            ...
        strongroom.errors.LockedError: the vault was locked ...
        """

    def __enter__(self) -> Vault: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

@final
class Edit:
    """Several changes that become one save. Get one from `Vault.edit`, and use it with `with`."""

    def __enter__(self) -> Vault:
        """Wait for other threads' changes to end, and return the vault to change."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Save, or discard everything if there was an exception.

        Raises `ConflictError` if someone else saved the same entry meanwhile, `RollbackError`, `IoError`, `LimitError`;
        the changes are discarded then.
        """

# What follows is for the Python half of the package.

@final
class EnvVariable:
    """A variable of a `.env` file, and where in a vault it goes."""

    @property
    def variable(self) -> str:
        """Its name in the file."""

    @property
    def entry(self) -> str:
        """The entry's name: `binance/main`."""

    @property
    def field(self) -> str:
        """The name of the secret field, or of the info."""

    @property
    def secret(self) -> bool:
        """Whether it is a secret field; else it is kept in the entry's info."""

    @property
    def value(self) -> Secret:
        """Its value."""

    @property
    def mapping(self) -> tuple[str, str]:
        """The name and text to put into the entry's info beside it, from which `variables_of` finds the way back."""

@final
class EnvPlan:
    """Where the variables of a `.env` file go."""

    @property
    def mapped(self) -> list[EnvVariable]:
        """The variables that go into the vault, in the order of the file."""

    @property
    def left_out(self) -> list[tuple[int, str]]:
        """The variables that cannot: their line, from 1, and what to do. Never a name, which may be a secret."""

    @property
    def skipped_lines(self) -> list[int]:
        """The lines, from 1, of statements that could not be read."""

def plan_env(data: bytes | bytearray, environ: Mapping[str, str], /) -> EnvPlan:
    """Read a `.env` file and give each variable its place. `environ` is what `${NAME}` refers to.

    Raises `LimitError` over 1 MiB or 10,000 variables, `InvalidInputError` for NUL or what is not UTF-8.
    """

def variables_of(entry: Entry, /) -> list[tuple[str, str]]:
    """Return the variables that an entry holds, as (variable, field); `entry[field]` is the value.

    Raises `LockedError`, and `DecryptError` or `FormatError` where this entry's secret part was altered.
    """

def open_vault(
    path: str,
    *,
    link: str,
    passphrase: _Text | None = None,
    key: Key | None = None,
    pin: str | None = None,
    allow_weak_kdf: bool = False,
    max_memory_kib: int | None = None,
) -> Vault:
    """Open a vault file; `link` becomes `Vault.opened_by.link`. `strongroom.open` finds the path and the key."""

def create_vault(
    path: str, *, link: str, passphrase: _Text | None = None, key: Key | None = None, kdf: Kdf | None = None
) -> Vault:
    """Make a vault file."""

def read_sealed(path: str, /) -> tuple[bytes, bytes]:
    """Return the sealed bytes of a vault's file, and their SHA-256. Only the frame is checked: no key is needed.

    Raises `NotFoundError`, `FormatError`, `UnsupportedVersionError`, `LimitError` over 64 MiB, `IoError`.
    """

def replace_sealed(path: str, expected: bytes, new: bytes, /) -> bytes:
    """Replace a vault's file by new sealed bytes, if it holds those whose SHA-256 is `expected`, or `new` already.

    Returns the SHA-256 of the new ones, which are on disk then. It takes the lock that every save takes, and keeps the
    file's owner, group and mode. Raises `ConflictError` if someone else has saved, `NotFoundError` if the file is gone,
    `FormatError`, `UnsupportedVersionError` and `LimitError` for new bytes that are no vault by their frame, `IoError`.
    """

@final
class Fernet:
    """What `strongroom.compat.fernet` stands on: Fernet tokens, under one key or several."""

    def __new__(cls, key: _Value, /) -> Fernet:
        """Raise `InvalidInputError` for anything but 32 bytes in base64."""

    @staticmethod
    def generate_key() -> bytes:
        """Make a new random key, 44 characters. Raises `RandomError`."""

    def with_older(self, older: Fernet, /) -> Fernet:
        """Return one with the keys of another too, to read what was made under them."""

    def encrypt(self, data: _Value, unix_seconds: int, /) -> bytes:
        """Encrypt as of a time. Raises `LimitError` for a token of more than 64 MiB, `RandomError`."""

    def decrypt(self, token: str | bytes | bytearray, /) -> bytes:
        """Decrypt, however old the token is. Raises `DecryptError`, and `LimitError` for more than 64 MiB."""

    def decrypt_within(self, token: str | bytes | bytearray, ttl_seconds: int, unix_seconds: int, /) -> bytes:
        """Decrypt if the token is at most so old, and at most 60 seconds from the future. Raises as `decrypt`."""

    def timestamp(self, token: str | bytes | bytearray, /) -> int:
        """When an authentic token was made, in Unix seconds. Raises as `decrypt`."""

    def rotate(self, token: str | bytes | bytearray, /) -> bytes:
        """Encrypt under the first key what was encrypted under any, with the time that it had. Raises as `decrypt`."""

def after_fork_in_child() -> None:
    """Lock every vault that the parent process opened, by a counter alone: no lock is taken."""

_Password: TypeAlias = str | bytes | bytearray | Secret
_Stored: TypeAlias = str | bytes

def hash_password(password: _Password, /) -> str:
    """Hash a password to store it: Argon2id with 64 MiB, 3 passes, 4 lanes and a fresh salt (RFC 9106, section 4).

    Raises `InvalidInputError` for an empty password and `LimitError` for one of more than 4,096 bytes. The interpreter
    lock is free meanwhile.

    >>> strongroom.hash_password("correct horse battery staple")
    '$argon2id$v=19$m=65536,t=3,p=4$...$...'
    """

def verify_password(password: _Password, stored: _Stored, /) -> bool:
    """Whether the stored hash was made from this password, compared in constant time.

    Takes what Strongroom, argon2-cffi, bcrypt, passlib, Django, Werkzeug (Flask), pwdlib, `crypt` (`$5$`, `$6$`) and
    LDAP servers (`{SSHA}`) write. A password of more than 4,096 bytes is `False`, for bcrypt one of more than 72
    bytes, and for bcrypt and `crypt` one with a NUL. Raises `InvalidInputError` for a hash of no known format or not
    exactly of its form, and `LimitError` for a cost over the ceiling, before any work.

    >>> django = "pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY="
    >>> strongroom.verify_password("correct horse", django)
    True
    """

def verify_and_update(password: _Password, stored: _Stored, /) -> tuple[bool, str | None]:
    """Verify, and if the password is right and `needs_rehash` says so, also return a new hash to store.

    >>> bcrypt = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
    >>> ok, new = strongroom.verify_and_update("correct horse", bcrypt)
    >>> ok, new.startswith("$argon2id$")
    (True, True)
    """

def needs_rehash(stored: _Stored, /) -> bool:
    """Whether a stored hash is not what `hash_password` would write today: another format, or other costs.

    Raises `InvalidInputError` for a hash of no known format or not exactly of its form.
    """

def verify_dummy(password: _Password, /) -> bool:
    """Take as long as `verify_password` of what `hash_password` wrote, and return `False`.

    For a user name that does not exist, so that the time of an answer does not tell which names do.
    """

def identify_hash(stored: _Stored, /) -> tuple[str, str]:
    """Name the format of a stored hash, by passlib's name where it has one, and its cost. No password, no work.

    Raises `InvalidInputError` for a hash of no known format or not exactly of its form.

    >>> strongroom.identify_hash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e")
    ('bcrypt', 'rounds=4')
    """

def calibrate(target_ms: int = 250) -> tuple[Kdf, float]:
    """Measure this host: the highest cost of Argon2id that takes at most `target_ms` here, and how many ms it took.

    Never under the floor of `Kdf.argon2id`; if even that takes longer, the time says so. Measuring takes some ten times
    as long.
    """

@final
class PasswordHasher:
    """Hashes and verifies passwords with settings of its own. Threads may share one.

    >>> pepper = {"2026": "the pepper, 16 bytes or more"}
    >>> hasher = strongroom.PasswordHasher(strongroom.Kdf.pbkdf2_sha512(), pepper=pepper)
    >>> stored = hasher.hash("correct horse battery staple")
    >>> stored
    '$pbkdf2-sha512$i=220000,l=64,keyid=2026$...$...'
    >>> hasher.verify("correct horse battery staple", stored)
    True
    """

    def __new__(
        cls,
        kdf: Kdf | None = None,
        *,
        pepper: Mapping[str, _Password] | None = None,
        max_memory_kib: int | None = 1048576,
        max_passes: int | None = 16,
        max_lanes: int | None = 16,
        max_iterations: int | None = 10000000,
        max_bcrypt_cost: int | None = 16,
        truncate_bcrypt: bool = False,
        kept_memory: int = 0,
    ) -> PasswordHasher:
        """Make new hashes with `kdf`.

        `pepper` maps key ids (1 to 32 of `A-Z a-z 0-9 . -`) to secrets of 16 to 1,024 bytes that are kept outside of
        the user table. The first goes into new hashes, and its id into the stored string; the others still verify. To
        rotate, put the new one first.

        The ceilings are what a stored hash may cost: memory of Argon2 and scrypt, passes and lanes of Argon2,
        iterations of PBKDF2 and SHA-crypt, and bcrypt's cost.

        `truncate_bcrypt` takes the first 72 bytes of a longer password for bcrypt, as the libraries did that made its
        hashes. `kept_memory` is of how many Argon2 calls the wiped memory is kept for the next ones, which saves a good
        part of their time.
        """

    def hash(self, password: _Password, /) -> str:
        """Hash a password, as `strongroom.hash_password` does, with these settings."""

    def verify(self, password: _Password, stored: _Stored, /) -> bool:
        """Verify, as `strongroom.verify_password` does. Raises `NotFoundError` for a pepper that this has not."""

    def verify_and_update(self, password: _Password, stored: _Stored, /) -> tuple[bool, str | None]:
        """Verify, and if the password is right and `needs_rehash` says so, also return a new hash to store."""

    def needs_rehash(self, stored: _Stored, /) -> bool:
        """Whether a stored hash is not what `hash` would write: another format, other costs, another pepper."""

    def verify_dummy(self, password: _Password, /) -> bool:
        """Take as long as `verify` of what `hash` wrote, and return `False`."""

    def hash_like(self, password: _Password, stored: _Stored, /) -> str:
        """Return what `stored` would be if made from this password: the same format, costs and **the same salt**.

        For code that takes another library's place and makes its salts itself; everyone else wants `hash`.
        """

_Hash: TypeAlias = Literal["sha1", "sha256", "sha512"]

@final
class Totp:
    """Time-based one-time codes (RFC 6238) of one secret, which is wiped when the object goes. Threads may share one.

    Times (`at`) are Unix seconds or a `datetime` with a time zone, from 1970 to the year 9999 (`InvalidInputError`);
    without one, it is now.

    >>> totp = strongroom.Totp.from_uri("otpauth://totp/Broker:AB1234?secret=JBSWY3DPEHPK3PXP&issuer=Broker")
    >>> totp.at(59)
    '996554'
    >>> step = totp.verify("996554", at=65)  # the step before is still taken
    >>> step
    1
    >>> totp.verify("996554", at=65, after_step=step)  # but once only
    """

    def __new__(
        cls,
        secret: _Password,
        /,
        *,
        algorithm: _Hash = "sha1",
        digits: int | None = None,
        period: int = 30,
        steam: bool = False,
    ) -> Totp:
        """Make codes under a secret of 1 to 256 bytes.

        As `str` it is base32, in any case, with spaces or hyphens and with or without padding; as `bytes` it is the
        bytes themselves. A `Secret` counts as what it was made from.

        `digits` is 6 to 8 (6), `period` 1 to 86,400 seconds. `steam` makes five characters of Steam's alphabet. Many
        authenticators ignore an algorithm other than SHA-1, and then make other codes.

        Raises `InvalidInputError` for a secret that is no base32 or empty and for other numbers, `LimitError` for a
        secret that is too long.
        """

    @staticmethod
    def generate(
        *, algorithm: _Hash = "sha1", digits: int | None = None, period: int = 30, steam: bool = False
    ) -> Totp:
        """Make codes under a new random secret of 160 bits (RFC 4226, section 4, R6)."""

    @staticmethod
    def from_uri(uri: _Text, /) -> Totp:
        """Read an `otpauth://totp` URI. `strongroom.otp.Account.from_uri` also tells whose it is; it raises alike."""

    def uri(self, account: str, issuer: str | None = None) -> Secret:
        """Write the `otpauth://` URI, secret and all, for a QR code.

        Raises `InvalidInputError` for an issuer with a colon, and for control characters in either.
        """

    def with_window(self, back: int = 1, ahead: int = 0) -> Totp:
        """Return the same codes with another window of `verify`: so many steps before and after the present one.

        At most 10 each (`InvalidInputError`). The default is one before, for a code that was typed as it ran out
        (RFC 6238, section 5.2).
        """

    def with_drift(self, steps: int) -> Totp:
        """Return the same codes for a user whose clock is so many steps ahead of this one, or behind if negative.

        As `resync` has learnt it; at most 120 each way (`InvalidInputError`).
        """

    def now(self) -> str:
        """Return the code of now."""

    def at(self, at: _Time, /) -> str:
        """Return the code of a point in time."""

    def step(self, *, at: _Time | None = None) -> int:
        """Return the step that a point in time is in: how many periods have passed since 1970."""

    def seconds_remaining(self, *, at: _Time | None = None) -> int:
        """Return for how many seconds more the code is the same: from the whole period down to 1."""

    def verify(self, code: _Text, /, *, at: _Time | None = None, after_step: int | None = None) -> int | None:
        """Return the step in the window that the code belongs to, or `None`.

        Store the step with the account, and give it as `after_step` from then on: that one and all before it are
        refused, so that each code works once (RFC 6238, section 5.2). `strongroom.Guard` does that, and slows guessing.

        A code is exactly its characters: one with spaces, digits of another script or of another length is no match.
        The whole window is compared in constant time.
        """

    def resync(
        self,
        first: _Text,
        second: _Text,
        /,
        *,
        at: _Time | None = None,
        steps: int = 10,
        after_step: int | None = None,
    ) -> tuple[int, int] | None:
        """Learn from two codes that follow each other by how many steps the user's clock is off (RFC 6238, section 6).

        Looks up to `steps` before and after the present one, 120 at most (`InvalidInputError`). Returns the drift, for
        `with_drift`, and the step of the second code, to be stored as the last one used; `None` if they are not there.
        """

    @property
    def secret(self) -> Secret:
        """The secret in base32, to show it beside a QR code or to store it."""

    @property
    def algorithm(self) -> _Hash:
        """The hash function under the HMAC."""

    @property
    def digits(self) -> int:
        """The number of characters of a code: 6 to 8, and 5 for Steam."""

    @property
    def period(self) -> int:
        """The seconds from one code to the next."""

    @property
    def is_steam(self) -> bool:
        """Whether the codes are Steam's."""

    @property
    def is_short(self) -> bool:
        """Whether the secret has less than the 128 bits that RFC 4226 asks for. Some services give out such."""

@final
class Hotp:
    """Counter-based one-time codes (RFC 4226) of one secret, which is wiped when the object goes.

    Counters are 0 to 2^53-1, and for `at` to 2^64-1; others raise `InvalidInputError`.

    >>> hotp = strongroom.Hotp(b"12345678901234567890")
    >>> hotp.at(0), hotp.at(1)
    ('755224', '287082')
    >>> hotp.verify("287082", 0, look_ahead=5)  # the counter to store, which the next code has
    2
    """

    def __new__(cls, secret: _Password, /, *, algorithm: _Hash = "sha1", digits: int = 6) -> Hotp:
        """Make codes under a secret, which is given and refused as for `Totp`."""

    @staticmethod
    def generate(*, algorithm: _Hash = "sha1", digits: int = 6) -> Hotp:
        """Make codes under a new random secret of 160 bits (RFC 4226, section 4, R6)."""

    def uri(self, account: str, issuer: str | None = None, counter: int = 0) -> Secret:
        """Write the `otpauth://` URI, secret and all, for a QR code. Raises as `Totp.uri`."""

    def at(self, counter: int, /) -> str:
        """Return the code of a counter."""

    def verify(self, code: _Text, counter: int, /, *, look_ahead: int = 0) -> int | None:
        """Return the counter to store if the code is of `counter` or of the next `look_ahead`, 100 at most.

        Store it before the login goes on: it is one more than that of the code, so that each code works once. `None`
        for any other code. All are compared in constant time (RFC 4226, section 7.2).
        """

    def resync(self, first: _Text, second: _Text, counter: int, /, *, look_ahead: int = 100) -> int | None:
        """Return the counter to store if two codes that follow each other are among the next `look_ahead`.

        At most 1,000 (RFC 4226, section 7.4). `None` if they are not.
        """

    @property
    def secret(self) -> Secret:
        """The secret in base32."""

    @property
    def algorithm(self) -> _Hash:
        """The hash function under the HMAC."""

    @property
    def digits(self) -> int:
        """The number of digits of a code."""

    @property
    def is_short(self) -> bool:
        """Whether the secret has less than the 128 bits that RFC 4226 asks for."""

@final
class SealedTotp:
    """The time-based one-time codes of an entry. The seed stays in Rust, sealed until a code is made.

    Raises `LockedError` once the vault is locked, and in a forked child.

    >>> vault.put("zerodha/login", {"totp": "otpauth://totp/Zerodha:AB1234?secret=JBSWY3DPEHPK3PXP"})
    1
    >>> totp = vault["zerodha/login"].totp
    >>> code = totp.wait_fresh(2)  # send this one
    >>> totp.fresh(2)[0] == code  # the next login gets another, later
    False
    """

    @property
    def period(self) -> int:
        """The seconds from one code to the next."""

    def now(self) -> str:
        """Return the code of now, whether or not it was handed out before."""

    def at(self, at: _Time, /) -> str:
        """Return the code of a point in time."""

    def step(self, *, at: _Time | None = None) -> int:
        """Return the step that a point in time is in: how many periods have passed since 1970."""

    def seconds_remaining(self, *, at: _Time | None = None) -> int:
        """Return for how many seconds more the code is the same: from the whole period down to 1."""

    def fresh(self, min_seconds: int = 5, *, at: _Time | None = None) -> tuple[str | None, int]:
        """Return a code that lives for `min_seconds` more and was not handed out before, and how many it lives.

        Or `None`, and in how many seconds to ask again. The open vault remembers what it handed out, for each seed,
        through whichever entry; another process knows nothing of it. Raises `InvalidInputError` for as many seconds as
        the period has.
        """

    def wait_fresh(self, min_seconds: int = 5) -> str:
        """Wait for such a code, and return it: at most one period and a bit, with other threads free meanwhile.

        `strongroom.aio.wait_fresh` does not block the event loop.
        """

@final
class Account:
    """An account as an authenticator keeps it, and as a QR code brings it there.

    >>> account = strongroom.otp.Account.from_uri("otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example")
    >>> account
    Account(totp, "alice", "Example")
    >>> account.totp.at(59)
    '996554'
    """

    def __new__(cls, codes: Totp | Hotp, name: str, issuer: str | None = None, *, counter: int = 0) -> Account:
        """Make an account of this user name at this issuer. `counter` is the next one of a `Hotp`.

        Raises `InvalidInputError` for control characters, `LimitError` for more than 256 bytes in either.
        """

    @staticmethod
    def from_uri(uri: _Text, /) -> Account:
        """Read a URI in the Key URI Format, `otpauth://TYPE/LABEL?PARAMETERS`, as authenticators write it.

        It is lenient: the type may be `steam`; the label may be missing, and its issuer differ from the parameter,
        which then counts; base32 is read as by `Totp`; unknown and empty parameters are passed over.

        Raises `LimitError` for more than 4,096 bytes, `InvalidInputError` for whatever else is wrong: another scheme or
        type, broken percent-encoding, a secret that is missing or not base32, a parameter given twice, and numbers that
        `Totp` does not take. No error repeats a part of the URI.
        """

    def to_uri(self) -> Secret:
        """Write the URI, secret and all, in the one form that every authenticator reads.

        Raises `InvalidInputError` for an issuer with a colon, and for a name with a colon and no issuer.
        """

    @property
    def issuer(self) -> str | None:
        """Who the account is with."""

    @property
    def name(self) -> str:
        """The user's name there; may be empty."""

    @property
    def totp(self) -> Totp | None:
        """Its codes, if they are made from the time."""

    @property
    def hotp(self) -> Hotp | None:
        """Its codes, if they are made from a counter."""

    @property
    def counter(self) -> int | None:
        """The counter of the next code, if they are made from one."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

def read_migration(uris: Iterable[_Text], /) -> tuple[tuple[Account, ...], tuple[int, ...]]:
    """Read Google Authenticator's export: the URIs of one or more of its QR codes, in any order.

    Returns the accounts, and which QR codes of the export are missing, counted from 1 as the phone counts them.

    Raises `LimitError` for more than 100 URIs, 1,000 accounts or 65,536 bytes in one URI; `InvalidInputError` for data
    that is damaged or cut short, QR codes of different exports, and an account that is not supported. No error repeats
    a part of it.

    >>> uri = "otpauth-migration://offline?data="
    >>> uri += "CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
    >>> strongroom.otp.read_migration([uri])
    ((Account(totp, "Example:alice@google.com", "Example"),), ())
    """

def write_migration(accounts: Iterable[Account], /) -> list[Secret]:
    """Write accounts as Google Authenticator exports them: one URI, secrets and all, for each QR code of up to ten.

    Raises `InvalidInputError` for no account, and for one that the format cannot say, told by its place: a period other
    than 30 seconds, 7 digits, Steam's codes.
    """

def qr_svg(text: _Text, /) -> Secret:
    """Draw a QR code (ISO/IEC 18004) as an SVG picture, with the margin that readers need. It holds the text's secret.

    Raises `LimitError` for more than 2,953 bytes.
    """

def qr_terminal(text: _Text, /, *, background: Literal["dark", "light"] = "dark") -> Secret:
    """Draw a QR code as lines of text for a terminal with this background. Raises as `qr_svg`."""

def generate_recovery_codes(count: int = 10) -> list[tuple[Secret, str]]:
    """Make recovery codes, for a user who loses the phone: pairs of a code to show once, and its hash to store.

    A code has 120 random bits, as 24 characters in groups of four, so that a plain hash suffices (NIST SP 800-63B,
    section 5.1.2.2). Raises `InvalidInputError` for a count other than 1 to 100.

    >>> codes = strongroom.otp.generate_recovery_codes(2)
    >>> stored = [kept for _, kept in codes]
    >>> shown = codes[1][0].reveal()
    >>> used = strongroom.otp.verify_recovery_code(shown, stored)
    >>> used
    1
    >>> del stored[used]  # each works once
    >>> strongroom.otp.verify_recovery_code(shown, stored)
    """

def verify_recovery_code(code: _Text, stored: Sequence[str], /) -> int | None:
    """Return the place of the stored hash that this code is of, or `None`. Remove that one with the login.

    Case, spaces and hyphens do not count. All are compared in constant time. Raises `InvalidInputError` for a stored
    hash that `generate_recovery_codes` did not make, `LimitError` for more than 100 of them.
    """

@final
class DeliveredCodes:
    """Issues and verifies codes that are sent to a user by SMS or e-mail. Sending them is the caller's.

    Nothing of a code is kept but a record, a line of text: a keyed hash (HMAC-SHA-256) with its expiry and the attempts
    left, bound to the account.

    >>> codes = strongroom.otp.DeliveredCodes(b"a secret of the server, kept apart from the records")
    >>> code, record = codes.issue("alice")  # send the code, store the record
    >>> codes.verify(record, "alice", "wrong")
    ('wrong', '$strongroom-delivered$...')
    >>> codes.verify(record, "alice", code)
    ('accepted', None)
    """

    def __new__(
        cls, key: _Password, /, *, digits: int = 6, lifetime_seconds: int = 600, attempts: int = 5
    ) -> DeliveredCodes:
        """Keep the hashes under `key`, 16 bytes or more that are not stored beside the records.

        Codes have 6 to 8 digits, are good for 1 to 86,400 seconds, and allow 1 to 100 attempts; other numbers raise
        `InvalidInputError`.
        """

    def issue(self, account: str, /, *, at: _Time | None = None) -> tuple[Secret, str]:
        """Make a code for an account, 1 to 1,024 bytes: the code to send, and the record to store."""

    def verify(
        self, record: str, account: str, code: _Text, /, *, at: _Time | None = None
    ) -> tuple[Literal["accepted", "wrong", "expired", "exhausted"], str | None]:
        """Verify a code against the record of the account: the outcome, and the record to store in the old one's place.

        Store that of a wrong code **before** answering, and only over the one that was read, so that attempts at the
        same time count each. Without one, remove the record. Raises `InvalidInputError` for what is no record.
        """

@final
class Guard:
    """Verifies the one-time codes of a login: each is accepted once, and who types wrong ones has to wait.

    This holds for all threads and processes that share the state (RFC 6238, section 5.2; RFC 4226, section 7.3; NIST SP
    800-63B-4, section 3.2.2). By default, five codes in a row may be wrong with no wait between them. After the fifth,
    and after each further one, all codes of the account are refused for a while: 30 seconds first, then twice as long
    each time, up to an hour. After the hundredth the account is locked until `reset`. A code that is accepted takes all
    of this back; time alone does not.

    The waiting is of the account and not of an address, since guesses come from many. So someone else can make a user
    wait: ask for the code only after the password.

    >>> guard = strongroom.Guard(strongroom.state.SqliteState("login.db"))
    >>> totp = strongroom.Totp.from_uri("otpauth://totp/Broker:AB1234?secret=JBSWY3DPEHPK3PXP")
    >>> guard.verify("user-17", totp, "996554", at=59)
    Verdict(outcome='accepted', step=1)
    >>> guard.verify("user-17", totp, "996554", at=59)
    Verdict(outcome='used')
    >>> [guard.verify("user-17", totp, "123456", at=59).outcome for _ in range(5)]
    ['wrong', 'wrong', 'wrong', 'wrong', 'wrong']
    >>> guard.verify("user-17", totp, totp.at(75), at=75)
    Verdict(outcome='throttled', retry_after=14)
    >>> if guard.verify("user-17", totp, totp.at(90), at=90):
    ...     print("welcome")
    welcome
    """

    def __new__(
        cls,
        state: State,
        /,
        *,
        free_attempts: int = 5,
        delay_seconds: int = 30,
        max_delay_seconds: int = 3600,
        max_attempts: int = 100,
    ) -> Guard:
        """Remember in `state`: a `strongroom.state.SqliteState`, a `MemoryState`, or another `State`.

        `free_attempts` is after how many wrong codes in a row the first wait comes, 1 to 20. `delay_seconds` is how
        long it is, and `max_delay_seconds` how long the longest is, 1 to 86,400. `max_attempts` is after how many wrong
        codes in a row the account is locked, 10 to 100.

        Raises `InvalidInputError` for other numbers, `TypeError` for what is no state.
        """

    def verify(self, account: str, totp: Totp, code: _Text, /, *, at: _Time | None = None) -> Verdict:
        """Verify a code that someone typed for an account, and remember the answer before giving it.

        `account` is what tells accounts apart, and is always the same for one: its id in the user table, not a name as
        it was typed, which may be spelled in many ways. It has 1 to 512 bytes in UTF-8 and no control characters. Only
        ask for accounts that exist: something is kept of each. `at` is Unix seconds or a `datetime` with a time zone,
        and now without it.

        Raises `InvalidInputError` for another account or time, `DamagedError` if what is stored is not of a guard,
        `ConflictError` if so many requests for the account come at once that this one did not get its turn, and what
        the state raises: `IoError` from an SQLite file. No code was accepted then.
        """

    def reset(self, account: str, /, *, at: _Time | None = None) -> None:
        """Forget the wrong codes of an account, for one that is locked or waits. Its used codes stay used.

        Raises as `verify` does.
        """

@final
class Verdict:
    """What became of a code. True if it was accepted, and only then.

    >>> guard = strongroom.Guard(strongroom.state.MemoryState())
    >>> verdict = guard.verify("user-17", strongroom.Totp("JBSWY3DPEHPK3PXP"), "996554", at=59)
    >>> bool(verdict), verdict.outcome, verdict.step, verdict.retry_after
    (True, 'accepted', 1, None)
    """

    @property
    def outcome(self) -> Literal["accepted", "used", "wrong", "throttled", "locked"]:
        """In one word.

        - `accepted`: the code is right, and is used up from now on.
        - `used`: it would be right, but it or a later one has been accepted before. The user has to wait for the next
          one. It does not count as wrong.
        - `wrong`: it is.
        - `throttled`: there were too many wrong codes; this one was not looked at.
        - `locked`: there were so many that none is looked at any more, until `Guard.reset`.
        """

    @property
    def step(self) -> int | None:
        """The step that an accepted code belongs to."""

    @property
    def retry_after(self) -> int | None:
        """In how many seconds a throttled account's codes are looked at again: 1 to 86,400, as HTTP's `Retry-After`."""

    def __bool__(self) -> bool: ...

@final
class MemoryState:
    """A `State` in the memory of this process, which threads share.

    After a restart it is empty: a code that was used just before works once more, wrong ones are forgotten, and numbers
    are drawn from the clock again. A forked child cannot use its parent's (`LockedError`).

    >>> state = strongroom.state.MemoryState()
    >>> state.compare_and_set("a", None, b"1", 160, 100)
    True
    >>> state.compare_and_set("a", None, b"2", 160, 100)
    False
    >>> state.load("a", 159), state.load("a", 160)
    (b'1', None)
    """

    def __new__(cls) -> MemoryState:
        """Make an empty one."""

    def load(self, key: str, unix_seconds: int, /) -> bytes | None:
        """Return the value under `key`, or `None` if there is none that lasts longer than `unix_seconds`."""

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, expires_at: int, unix_seconds: int, /
    ) -> bool:
        """If `expected` is there, `None` being nothing, store `value` until `expires_at`, and return whether it was."""

    def raise_to(self, key: str, at_least: int, unix_seconds: int, /) -> int:
        """Draw a number of `key`, as `strongroom.state.raise_to` says."""

def raise_to(state: State, key: str, at_least: int, unix_seconds: int, /) -> int:
    """Draw a number: one more than the last one of `key`, or `at_least` if that is more.

    So numbers follow a clock for as long as it goes forward, and none comes twice if it is set back. They rise strictly
    over all who share the state, and are never forgotten: there is no way back from an `at_least` that was too high.
    A key is drawn from, or else loaded and set, and not both. `unix_seconds` is now.

    A state may do this in one step with a `raise_to` of its own. For one that does not, it is done with `load` and
    `compare_and_set`: the number is stored as 8 bytes, the highest first, until the last second there is.

    Raises `LimitError` over 2^63 - 1, `DamagedError` if what is stored is no number, `ConflictError` if others draw so
    often at once that this call did not get its turn, `TypeError` for what is no state, and what the state raises. No
    number was drawn then.

    >>> state = strongroom.state.MemoryState()
    >>> [strongroom.state.raise_to(state, "nonce", clock, 1_700_000_000) for clock in (1000, 1000, 900, 2000)]
    [1000, 1001, 1002, 2000]
    """

def exchanges() -> tuple[str, ...]:
    """Return the names of all exchanges that requests can be signed for, sorted.

    A name with `/websocket` behind is the exchange's login there.

    >>> "kraken" in strongroom.exchanges()
    True
    """

@final
class Recipe:
    """What an exchange wants signed, with what, and where the signature goes.

    >>> kraken = strongroom.Recipe.of("kraken")
    >>> kraken
    Recipe('kraken')
    >>> kraken.host
    'https://api.kraken.com'
    """

    @staticmethod
    def of(exchange: str, /) -> Recipe:
        """Return the recipe of an exchange of the table.

        Raises `InvalidInputError` for a name that is not in `strongroom.exchanges()`, with the nearest ones that are.
        """

    @staticmethod
    def from_json(text: str, /) -> Recipe:
        """Read a recipe of your own: a JSON object with the members that docs.rs/strongroom lists under `signing`.

        Raises `InvalidInputError` that says which member is wrong and what it may be; `LimitError` over 64 KiB.

        >>> recipe = strongroom.Recipe.from_json('''{
        ...     "exchange": "example",
        ...     "host": "https://api.example.com",
        ...     "schemes": [{"algorithm": "hmac-sha256", "encoding": "hex"}],
        ...     "message": "<timestamp><method><path_query><body>",
        ...     "headers": {"X-KEY": "<entry.api_key>", "X-TIME": "<timestamp>", "X-SIGN": "<signature>"}
        ... }''')
        >>> signer = vault["binance/main"].signer(recipe)
        >>> signed = signer.sign("DELETE", "/orders/17", timestamp_ms=1700000000000)
        >>> signed.headers["X-TIME"], len(signed.headers["X-SIGN"])
        ('1700000000000', 64)
        """

    @property
    def exchange(self) -> str:
        """The exchange's name."""

    @property
    def host(self) -> str:
        """Where a request with a bare path goes: `https://api.kraken.com`. A WebSocket login has its address here."""

    @property
    def source(self) -> str:
        """The address of the exchange's own description of this; empty if there is none."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What an entry must have for it, in secret fields or in its info: `("api_key", "password", "secret")`.

        A private key that is encrypted has its passphrase in the secret field `key_password`.
        """

    @property
    def is_login(self) -> bool:
        """Whether it makes the message of a WebSocket login, and no HTTP request."""

@final
class Signer:
    """Signs requests to an exchange with the key of an entry, which stays inside Rust. Threads may share it.

    Raises `LockedError` once the vault is locked, and in a forked child.

    >>> vault.put("kraken/main", {"secret": "c2VjcmV0"}, info={"api_key": "key"})
    1
    >>> signer = vault["kraken/main"].signer("kraken")
    >>> signer
    Signer('kraken')
    >>> signed = signer.sign("POST", "/0/private/AddOrder", body="pair=XBTUSD&type=buy", timestamp_ms=1700000000000)
    >>> signed
    SignedRequest('POST', 'https://api.kraken.com/0/private/AddOrder')
    >>> signed.body
    'nonce=1700000000000&pair=XBTUSD&type=buy'

    Send `signed.method`, `signed.url`, `signed.headers` and `signed.body` as they are, with any HTTP client.
    """

    def sign(
        self,
        method: str,
        url: str,
        *,
        body: str | bytes | bytearray = b"",
        headers: Mapping[str, str] | None = None,
        timestamp_ms: int | None = None,
        nonce: int | str | None = None,
        values: Mapping[str, str | int] | None = None,
    ) -> SignedRequest:
        """Return the request with everything that the exchange wants to see, signed.

        `url` is a whole URL, or a path from the slash on for the recipe's own host. Its query and `body`, a form
        (`a=1&b=2`) or JSON as `json.dumps` makes it, are signed and sent as they are. `headers` are sent as well.
        `timestamp_ms` is the time in milliseconds since 1970, without it this machine's, put right by what
        `learn_clock` learnt. `nonce` is drawn where it is not given; one that is given is taken as it is, and
        not remembered: give each of them, or none. `values` are what a recipe needs beside the
        request, such as Backpack's `instruction`, or Hyperliquid's `vault_address`.

        Raises `InvalidInputError` for what is missing or cannot be signed, which the text names; `LimitError` for a
        URL, a body or a value that is too long; and what the state raises. Nothing is signed then.
        """

    def login(
        self,
        *,
        timestamp_ms: int | None = None,
        nonce: int | str | None = None,
        values: Mapping[str, str | int] | None = None,
    ) -> SignedRequest:
        """Return the login of a WebSocket: connect to its `url`, and send its `body`. Arguments and errors as `sign`.

        >>> vault.put("okx/main", {"secret": "...", "password": "..."}, info={"api_key": "key"})
        1
        >>> login = vault["okx/main"].signer("okx/websocket").login()
        >>> login.url, login.body[:29]
        ('wss://ws.okx.com:8443/ws/v5/private', '{"op":"login","args":[{"apiKe')
        """

    def learn_clock(self, server_ms: int, sent_ms: int, received_ms: int) -> None:
        """Learn how far the server's clock is ahead of this machine's, for the times of later requests.

        `server_ms` is what the server's time request answered, `sent_ms` and `received_ms` what this machine's clock
        said before and after. As in NTP (RFC 5905, section 8), the server is taken to have read its clock half way in
        between. Raises `InvalidInputError` for times that cannot be, and for clocks more than a day apart.

        >>> signer = vault["binance/main"].signer("binance")
        >>> signer.learn_clock(1700000005100, 1700000000000, 1700000000200)
        >>> signer.clock_offset_ms
        5000
        """

    @property
    def clock_offset_ms(self) -> int:
        """The server's clock minus this machine's, in milliseconds; 0 until it is learnt or set.

        Setting it raises `InvalidInputError` for more than a day.
        """

    @clock_offset_ms.setter
    def clock_offset_ms(self, offset_ms: int) -> None: ...
    @property
    def recipe(self) -> Recipe:
        """What it signs by."""

    @property
    def algorithm(self) -> str | None:
        """Which algorithm the entry's key is for: `hmac-sha256`, `ed25519`.. `None` where nothing is signed.

        Those are `hmac-sha1`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512`, `ed25519`, `es256`, `rsa-sha256`,
        `rsa-pss-sha256`, `secp256k1` and `eip712`.
        """

@final
class SignedRequest:
    """A request, ready to be sent as it is: one byte changed, and the exchange refuses it."""

    @property
    def method(self) -> str:
        """The method; empty for a WebSocket login."""

    @property
    def url(self) -> str:
        """The whole URL."""

    @property
    def headers(self) -> dict[str, str]:
        """The caller's headers, the content type of a body, and those of the recipe: a new `dict` each time."""

    @property
    def body(self) -> str:
        """The body, or the message of a WebSocket login."""
