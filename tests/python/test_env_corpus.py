"""The `.env` corpus says what python-dotenv does: python-dotenv itself is run over it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from dotenv import dotenv_values
from dotenv.parser import parse_stream

CORPUS = Path(__file__).parent.parent / "vectors" / "env.json"
CASES: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))["cases"]


def skipped_lines(text: str) -> list[int]:
    """The lines where the statements start that python-dotenv skips.

    It warns with the line behind the statement before, which may be a blank one, so the line is counted anew.
    """
    bindings = parse_stream(io.StringIO(text, newline=""))
    text = text.removeprefix("\ufeff")  # python-dotenv has left the first one out
    lines: list[int] = []
    at = 0
    for binding in bindings:
        statement = binding.original.string
        if binding.error:
            before = text[: at + len(statement) - len(statement.lstrip())]
            lines.append(1 + len(re.findall("\r\n|\r|\n", before)))
        at += len(statement)
    return lines


def test_names_are_unique() -> None:
    """A case is found by its name."""
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) >= 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_python_dotenv_agrees(case: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """python-dotenv gives what the case expects; or the case says why it does not."""
    if "hex" in case:
        assert case["error"] == "invalid_input"
        with pytest.raises(UnicodeDecodeError):
            bytes.fromhex(case["hex"]).decode("utf-8")
        return
    with mock.patch.dict(os.environ, case.get("environ", {}), clear=True), caplog.at_level(logging.WARNING):
        values = dotenv_values(stream=io.StringIO(case["text"], newline=""), interpolate=True)
    if "error" in case:
        assert case["differs"]
        return
    assert "differs" not in case
    assert list(values.items()) == list(case["expect"].items())
    assert skipped_lines(case["text"]) == case.get("skipped", [])
    assert len(caplog.records) == len(case.get("skipped", []))
