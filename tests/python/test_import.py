"""`import strongroom` is quick because of what it leaves alone."""

from __future__ import annotations

import subprocess
import sys

import pytest
import strongroom


def loaded_by(statement: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    # -I -S: without what a site's own start-up files have loaded already; the package is found where it is now.
    package = strongroom.__path__[0].rsplit("/", 1)[0]
    script = f"import sys; sys.path.append({package!r}); {script}"
    result = subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True, capture_output=True, text=True)
    return set(result.stdout.split())


def test_the_package_loads_little() -> None:
    loaded = loaded_by("import strongroom")
    assert "strongroom._strongroom" in loaded
    slow = {
        "asyncio",
        "dataclasses",
        "typing",
        "pathlib",
        "importlib.metadata",
        "re",
        "inspect",
        "contextlib",
        "getpass",
    }
    assert loaded & slow == set()
    # What is left is `os`, which every interpreter with a site has loaded already.
    parts_of_os = {
        "os",
        "os.path",
        "posixpath",
        "ntpath",
        "genericpath",
        "stat",
        "_stat",
        "_collections_abc",
        "abc",
        "_abc",
    }
    assert {name for name in loaded if not name.startswith("strongroom")} <= parts_of_os


def test_aio_is_loaded_when_it_is_used() -> None:
    assert "asyncio" in loaded_by("import strongroom; strongroom.aio.open")


def test_state_is_loaded_when_it_is_used() -> None:
    assert "sqlite3" in loaded_by("import strongroom; strongroom.state.SqliteState")


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        strongroom.opne  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
    for name in strongroom.__all__:
        assert getattr(strongroom, name) is not None
    assert set(strongroom.__all__) == set(dir(strongroom))


def test_the_version_is_that_of_the_crate() -> None:
    from importlib.metadata import version

    assert strongroom.__version__ == version("strongroom")
