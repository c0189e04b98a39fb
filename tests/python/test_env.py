"""`load_env` gives a program back the variables that an import took from its `.env` file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Vault, errors
from strongroom._strongroom import plan_env, variables_of

if TYPE_CHECKING:
    from pathlib import Path

FILE = b"""
BINANCE_API_KEY=the-key-id
BINANCE_SECRET='the secret'
TELEGRAM_TOKEN="a${HOME_OF_IT}b"
EMPTY=
"""
VARIABLES = {
    "BINANCE_API_KEY": "the-key-id",
    "BINANCE_SECRET": "the secret",
    "TELEGRAM_TOKEN": "axb",
    "EMPTY": "",
}


@pytest.fixture
def imported(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Put the variables into the vault as the command does."""
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "set, so that it is unset again after the test")
        monkeypatch.delenv(variable)
    vault.remove("binance/main")
    plan = plan_env(FILE, {"HOME_OF_IT": "x"})
    assert (plan.left_out, plan.skipped_lines) == ([], [])
    with vault.edit() as v:
        for at in plan.mapped:
            if at.entry not in v:
                v.put(at.entry)
            value = at.value.reveal()
            info = dict([at.mapping]) | ({} if at.secret else {at.field: value})
            v.update(at.entry, {at.field: at.value} if at.secret else {}, info=info)
    return vault


def test_every_variable_comes_back(imported: Vault) -> None:
    assert list(imported) == ["binance/main", "env/main"]
    assert strongroom.load_env(imported) is True
    assert {name: os.environ[name] for name in VARIABLES} == VARIABLES
    assert not imported.locked


def test_it_finds_and_opens_the_vault(
    imported: Vault, path: Path, tmp_path: Path, key: strongroom.Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    key.write(tmp_path / "owner.key")
    monkeypatch.setenv("STRONGROOM_VAULT", str(path))
    monkeypatch.setenv("STRONGROOM_KEY_FILE", str(tmp_path / "owner.key"))
    assert strongroom.load_env() is True
    assert os.environ["BINANCE_SECRET"] == "the secret"
    assert len(imported) == 2


def test_what_is_set_stays_unless_it_may_be_replaced(imported: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_SECRET", "set by the operator")
    assert strongroom.load_env(imported) is True
    assert os.environ["BINANCE_SECRET"] == "set by the operator"
    assert os.environ["TELEGRAM_TOKEN"] == "axb"
    assert strongroom.load_env(imported, override=True) is True
    assert os.environ["BINANCE_SECRET"] == "the secret"


def test_only_the_entries_that_are_named(imported: Vault) -> None:
    assert strongroom.load_env(imported, entries=["binance/main"]) is True
    assert "BINANCE_SECRET" in os.environ
    assert "TELEGRAM_TOKEN" not in os.environ
    with pytest.raises(errors.NotFoundError):
        strongroom.load_env(imported, entries=["binance/other"])


def test_an_entry_that_no_import_made_gives_nothing(vault: Vault) -> None:
    before = dict(os.environ)
    assert strongroom.load_env(vault) is False
    assert dict(os.environ) == before
    assert variables_of(vault["binance/main"]) == []


def test_a_nul_is_refused_by_its_field(imported: Vault) -> None:
    imported.update("binance/main", {"secret": "a\0b"})
    with pytest.raises(errors.InvalidInputError, match="binance/main secret") as raised:
        strongroom.load_env(imported)
    assert "a\0b" not in str(raised.value)


def test_hostile_files_are_refused() -> None:
    with pytest.raises(errors.LimitError):
        plan_env(b"A=1\n" * 300_000, {})
    with pytest.raises(errors.InvalidInputError, match="line 2"):
        plan_env(b"A=1\nB=\xff\n", {})
    with pytest.raises(errors.InvalidInputError, match="line 1"):
        plan_env(b"A=\0\n", {})
    with pytest.raises(TypeError):
        plan_env(5, {})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_an_environment_with_other_bytes_is_taken_as_it_is() -> None:
    [variable] = plan_env(b"A=${B}${C}", {"B": "\udcff", "C": "c"}).mapped
    assert variable.value == "c"
