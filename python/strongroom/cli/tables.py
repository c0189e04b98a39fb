"""Tables: drawn to fit a terminal, one tab-separated line for each row anywhere else, or JSON."""

import json
import sys
from collections.abc import Sequence
from typing import Literal

from strongroom.cli.shown import shown

_LEAST = 13
"""The width under which a column that is wrapped cannot be read."""


class Column:
    """A column of a table.

    Where the terminal is narrow, columns that are not `whole` are wrapped, and those that are `spare` are left out.
    """

    def __init__(self, title: str, *, whole: bool = False, spare: bool = False, right: bool = False) -> None:
        self.title = title
        self.whole = whole
        self.spare = spare
        self.right = right


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text, which may be anyone's."""
    clean = [[shown(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in clean:
            print("\t".join(row))  # noqa: T201
        return
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    longest = [
        max(cell_len(text) for text in (column.title, *(row[number] for row in clean)))
        for number, column in enumerate(columns)
    ]
    least = [
        min(longest[number], console.width // 3 if column.whole else _LEAST) for number, column in enumerate(columns)
    ]
    # A column in which every cell is empty only takes room.
    used = [number for number in range(len(columns)) if any(row[number] for row in clean)]
    left_out: list[str] = []
    for number in reversed(used):
        if columns[number].spare and sum(least[other] + 2 for other in used) > console.width:
            used = [other for other in used if other != number]
            left_out.insert(0, columns[number].title)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number in used:
        justify: Literal["left", "right"] = "right" if columns[number].right else "left"
        table.add_column(columns[number].title, justify=justify, overflow="fold", min_width=least[number])
    for row in clean:
        table.add_row(*(Text(row[number]) for number in used))
    console.print(table)
    if left_out:
        print(f"no room for: {', '.join(left_out)}; see --json", file=sys.stderr)  # noqa: T201


def print_json(value: object) -> None:
    """Print a value for scripts. Keys stay the same from release to release."""
    print(json.dumps(value, indent=2))  # noqa: T201
