"""Every code of the core has its own exception, and every exception its code."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest
from strongroom import _strongroom, errors


def classes() -> list[type[errors.StrongroomError]]:
    found: list[Any] = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [value for value in found if value is not errors.StrongroomError]


def test_the_mapping_is_total_and_unique() -> None:
    assert sorted(kind.code for kind in classes()) == sorted(_strongroom.ERROR_CODES)
    assert {kind.code: kind for kind in classes()} == errors.BY_CODE
    assert len(set(_strongroom.ERROR_CODES)) == len(_strongroom.ERROR_CODES)


def test_all_is_complete() -> None:
    assert set(errors.__all__) == {kind.__name__ for kind in [*classes(), errors.StrongroomError]}


@pytest.mark.parametrize("kind", classes())
def test_an_error_says_its_message(kind: type[errors.StrongroomError]) -> None:
    assert issubclass(kind, errors.StrongroomError)
    error = kind("entry binance/main not found")
    assert str(error) == "entry binance/main not found"
    assert str(kind()) == kind.code
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code) == (kind, str(error), kind.code)
    assert inspect.getdoc(kind)


def test_they_are_what_python_users_catch() -> None:
    assert issubclass(errors.NotFoundError, KeyError)
    assert issubclass(errors.NoAccessError, KeyError)
    assert issubclass(errors.InvalidInputError, ValueError)
    assert issubclass(errors.IoError, OSError)
