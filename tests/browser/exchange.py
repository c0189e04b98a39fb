"""The random vaults of tests/python/test_node.py, with a page in place of Node: each line that is written here asks it.

With `reads` the page reads what Rust and the model wrote, with `writes` both read what the page wrote.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "python")]

from test_node import ROUNDS, Peer, test_node_sees_what_others_wrote, test_others_see_what_node_wrote  # noqa: E402


class Page(Peer):
    """The page, at the other end of these pipes."""

    def __init__(self) -> None:
        pass  # it was there first

    def ask(self, **asked: Any) -> Any:
        print(json.dumps(asked), flush=True)
        return json.loads(sys.stdin.readline())


def main(exchange: str) -> None:
    test = {"reads": test_node_sees_what_others_wrote, "writes": test_others_see_what_node_wrote}[exchange]
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            test(Page(), f"page {number}", Path(folder))


if __name__ == "__main__":
    main(sys.argv[1])
