"""How a row is measured and judged. Jobs that are compared run alternately; a figure is the median of many runs."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is ours over the peer's; `met` is `None` where no target was set."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


def alternate(runs: int, *jobs: Callable[[], object]) -> list[float]:
    """Run the jobs in turn, and return each one's median in seconds. The first round is not counted."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs + 1):
        for job, measured in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            measured.append(time.perf_counter() - start)
    return [statistics.median(measured[1:]) for measured in times]


def shown(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def within(what: str, seconds: float, target: float) -> Row:
    """Build the row of a time that has a target of its own."""
    return Row(what, shown(seconds), target=f"<= {shown(target)}", met=seconds <= target)


def beside(what: str, times: Sequence[float], target: float | None = None) -> Row:
    """Build the row of our time and a peer's."""
    ours, peer = times
    ratio = ours / peer
    wanted, met = ("", None) if target is None else (f"<= {target:.2f}", ratio <= target)
    return Row(what, shown(ours), shown(peer), f"{ratio:.3f}", wanted, met)


def above(what: str, times: Sequence[float], target: float) -> Row:
    """Build the row of a time that may be so much longer than the part of it that is not ours to shorten."""
    whole, part = times
    return Row(what, shown(whole), shown(part), f"{whole / part:.3f}", f"+ {shown(target)}", whole - part <= target)
