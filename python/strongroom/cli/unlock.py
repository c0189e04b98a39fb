"""How a command finds and opens its vault: options first, then the unlock chain of `strongroom.open`."""

import strongroom
from strongroom import _unlock
from strongroom.cli.ending import CommandLineError, tell
from strongroom.cli.given import hidden, key_from, passphrase_from
from strongroom.cli.progress import Deriving
from strongroom.cli.shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from strongroom import Key, Secret, Vault

OPTIONS: "tuple[tuple[str, str, str], ...]" = (
    ("--vault", "PATH", "The vault's file; else $STRONGROOM_VAULT, else strongroom.vault in this folder."),
    ("--key-file", "FILE", "Open with the key in FILE."),
    ("--key-fd", "N", "Open with the key that descriptor N gives."),
    ("--passphrase", "", "Ask for the passphrase, whatever the environment has. With a key: open with both."),
    ("--passphrase-fd", "N", "The same, but read the passphrase from descriptor N; 0 is stdin."),
    ("--pin", "PIN", "Refuse a vault that is older than this pin."),
)
"""The options of every command that opens a vault: name, what it takes, help."""


class Opening:
    """The values of `OPTIONS`, and the vault that they open."""

    def __init__(
        self,
        *,
        vault: "str | None" = None,
        key_file: "str | None" = None,
        key_fd: "str | None" = None,
        passphrase: bool = False,
        passphrase_fd: "str | None" = None,
        pin: "str | None" = None,
    ) -> None:
        self.vault = vault
        self.key_file = key_file
        self.key_fd = key_fd
        self.passphrase = passphrase
        self.passphrase_fd = passphrase_fd
        self.pin = pin

    def open(self) -> "Vault":
        """Open the vault. It never waits for a terminal that is not there."""
        if self.key_file is not None and self.key_fd is not None:
            raise CommandLineError("--key-file and --key-fd are two places for one key: give one of them")
        if self.passphrase and self.passphrase_fd is not None:
            raise CommandLineError(
                "--passphrase and --passphrase-fd are two places for one passphrase: give one of them"
            )
        key: Key | None = None
        if self.key_fd is not None:
            key = key_from(self.key_fd, "--key-fd")
        passphrase: Secret | None = None
        if self.passphrase_fd is not None:
            passphrase = passphrase_from(self.passphrase_fd, "--passphrase-fd")
        elif self.passphrase:
            passphrase = hidden("passphrase", "use --passphrase-fd N to read it from descriptor N")
        _unlock.while_deriving = Deriving
        vault = strongroom.open(self.vault, passphrase=passphrase, key=key, key_file=self.key_file, pin=self.pin)
        for damage in vault.damage:
            what = damage.name or f"something in compartment {damage.compartment}"
            tell(f"{what} is damaged ({shown(damage.code)}) and left out; a backup may still have it")
        return vault
