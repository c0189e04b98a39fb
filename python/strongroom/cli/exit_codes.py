"""What the command exits with, so that a script can tell what happened."""

OK = 0
FAILED = 1
USAGE = 2
DECRYPT = 3
NOT_FOUND = 4
CONFLICT = 5
NO_ACCESS = 6
UNSOUND = 7
CANNOT_EXECUTE = 126
NO_COMMAND = 127
INTERRUPTED = 130

MEANINGS = {
    OK: "done",
    FAILED: "failed for another reason (a full disk, no terminal to ask at), or only a part was done",
    USAGE: "the command line or the input is not of the form or size that is expected",
    DECRYPT: "wrong passphrase, password or key, or altered data",
    NOT_FOUND: "no such vault, entry, field, slot or compartment",
    CONFLICT: "it exists already, or someone else saved first",
    NO_ACCESS: "this key gives no access to that part",
    UNSOUND: "the vault is damaged, not a vault, of a later version, too weak, or older than its pin",
    CANNOT_EXECUTE: "run: the command cannot be executed",
    NO_COMMAND: "run: there is no such command",
    INTERRUPTED: "interrupted with Ctrl-C",
}
"""`run` otherwise exits as the command that it runs does."""

OF_ERROR = {
    "decrypt": DECRYPT,
    "exists": CONFLICT,
    "format": UNSOUND,
    "unsupported_version": UNSOUND,
    "limit": USAGE,
    "weak_kdf": UNSOUND,
    "no_access": NO_ACCESS,
    "not_found": NOT_FOUND,
    "conflict": CONFLICT,
    "locked": FAILED,
    "damaged": UNSOUND,
    "invalid_input": USAGE,
    "rollback": UNSOUND,
    "io": FAILED,
    "random": FAILED,
}
"""By `StrongroomError.code`."""
