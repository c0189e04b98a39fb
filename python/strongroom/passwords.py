"""Passwords by the thousand."""

from strongroom._strongroom import PasswordHasher, Secret
from strongroom.errors import StrongroomError

TYPE_CHECKING = False  # `typing` is slow to load, and type checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def verify_many(
    pairs: "Iterable[tuple[str | bytes | bytearray | Secret, str | bytes]]",
    *,
    hasher: PasswordHasher | None = None,
    progress: "Callable[[int], object] | None" = None,
) -> "list[bool | StrongroomError]":
    """Verify many pairs of a password and a stored hash, on all cores, as `verify_password` does one.

    The answers are in the order of the pairs. A hash that cannot be read has its error in its place, so that one bad
    row does not end an import. `progress` is called with the number of pairs done so far.

    >>> strongroom.verify_many([("correct horse", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e")])
    [True]
    """
    import os
    from concurrent.futures import ThreadPoolExecutor

    used = hasher or PasswordHasher()

    def verify(pair: "tuple[str | bytes | bytearray | Secret, str | bytes]") -> bool | StrongroomError:
        try:
            return used.verify(*pair)
        except StrongroomError as error:
            return error

    answers: list[bool | StrongroomError] = []
    with ThreadPoolExecutor(os.cpu_count(), "strongroom-verify") as threads:
        for answer in threads.map(verify, pairs):
            answers.append(answer)
            if progress:
                progress(len(answers))
    return answers
