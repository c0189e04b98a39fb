"""The error codes of the format (FORMAT.md, section 1.1)."""

from __future__ import annotations

CODES = frozenset(
    {
        "decrypt", "exists", "format", "unsupported_version", "limit", "weak_kdf", "no_access", "not_found", "conflict",
        "locked", "damaged", "invalid_input", "rollback", "io", "random",
    }
)  # fmt: skip


class ModelError(Exception):
    """What was asked for is refused; `code` says why, and nothing else does: no text could then leak a secret."""

    def __init__(self, code: str) -> None:
        if code not in CODES:
            raise AssertionError("not a code of the format")
        super().__init__(code)
        self.code = code
