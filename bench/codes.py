"""What a one-time code costs, to make and to verify, beside pyotp."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import strongroom

from bench.measure import Row, alternate, beside

pyotp: Any = import_module("pyotp")

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
AT = 1_700_000_010
CALLS = 2_000
"""In one measurement: a call is too short to be measured by itself."""


def codes() -> list[Row]:
    """Measure with the settings of almost every account: SHA-1, six digits, 30 seconds."""
    ours, peer = strongroom.Totp(SECRET).with_window(1, 1), pyotp.TOTP(SECRET)
    rows = [compare("a one-time code", lambda: ours.at(AT), lambda: peer.at(AT), 0.125)]
    # pyotp stops at the step that fits: the present one is its second of three.
    given = {"the present code": peer.at(AT), "a wrong code": "000000"}
    for what, code in given.items():
        our_verify = partial(ours.verify, code, at=AT)
        their_verify = partial(peer.verify, code, for_time=AT, valid_window=1)
        rows.append(compare(f"verify {what}, one step each side", our_verify, their_verify, 0.05))
    return rows


def compare(what: str, ours: Callable[[], object], peer: Callable[[], object], target: float) -> Row:
    """Compare the time of one call."""
    times = [seconds / CALLS for seconds in alternate(31, lambda: repeat(ours), lambda: repeat(peer))]
    return beside(f"{what}, to pyotp", times, target)


def repeat(job: Callable[[], object]) -> None:
    """Do it many times."""
    for _ in range(CALLS):
        job()
