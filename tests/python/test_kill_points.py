"""The places where the crash tests kill a process that saves are in no build that anyone installs."""

from __future__ import annotations

from pathlib import Path

from strongroom import _strongroom


def test_kill_points_are_not_in_the_package() -> None:
    """`STRONGROOM_KILL_AT` steers them, so its name would be in the compiled module."""
    module = Path(_strongroom.__file__).read_bytes()
    assert b"may not survive a power loss" in module, "the code that saves is looked for in the wrong file"
    assert b"STRONGROOM_KILL_AT" not in module
