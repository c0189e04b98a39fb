"""Telling whoever waits at a terminal that a key is being derived, which takes a noticeable time on purpose."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Deriving:
    """Shown on stderr for as long as the block lasts, and then gone; nothing where stderr is no terminal."""

    def __init__(self, wanted: bool = True) -> None:
        self._shown = wanted and sys.stderr.isatty()

    def __enter__(self) -> None:
        if self._shown:
            sys.stderr.write("deriving the key ...")
            sys.stderr.flush()

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        traceback: "TracebackType | None",
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
