"""What most tests of the package start from: a vault in a folder of its own, and the key of its owner."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
import strongroom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OF_UNIX = {
    "test_cli_*.py": "they type at terminals and hand over descriptors as only Unix has them",
    "test_fork.py": "only Unix forks",
}
collect_ignore_glob: list[str] = list(OF_UNIX) if sys.platform == "win32" else []


# A job that a shell starts in the background has these ignored, and would hand that on to every program that the tests
# start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_report_header() -> list[str]:
    """Tell what is left out, so that nothing is missing in silence."""
    return [f"left out here: {name}, for {OF_UNIX[name]}" for name in collect_ignore_glob]


# The example of Binance's own documentation.
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the one who runs the tests has set out of them."""
    for name in os.environ:
        if name.startswith("STRONGROOM_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bots.vault"


@pytest.fixture
def key() -> strongroom.Key:
    return strongroom.generate_key()


@pytest.fixture
def vault(path: Path, key: strongroom.Key) -> Iterator[strongroom.Vault]:
    """Open as owner, with one entry."""
    with strongroom.create(path, key=key) as vault:
        vault.put("binance/main", {"secret": SECRET}, info={"api_key": API_KEY})
        yield vault
