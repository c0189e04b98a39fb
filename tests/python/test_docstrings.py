"""Every example in the documentation of the package runs and says what it says there."""

from __future__ import annotations

import ast
import asyncio
import doctest
from pathlib import Path

import pytest
import strongroom

PACKAGE = Path(strongroom.__file__).parent
PARSER = doctest.DocTestParser()
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def examples() -> list[doctest.DocTest]:
    found: list[doctest.DocTest] = []
    for file in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.glob("*.pyi")]):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)) and ">>>" in text:
                line = getattr(node, "lineno", 1)
                name = f"{file.relative_to(PACKAGE)}:{getattr(node, 'name', 'module')}"
                found.append(PARSER.get_doctest(text, {}, name, str(file), line))
    return found


def test_there_are_examples() -> None:
    assert len(examples()) > 25


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_example(
    example: doctest.DocTest,
    vault: strongroom.Vault,
    key: strongroom.Key,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    key.write("owner.key")
    vault.grant("scalper-1", ["binance"])
    example.globs.update(strongroom=strongroom, vault=vault, asyncio=asyncio)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert result.failed == 0, "".join(said)
