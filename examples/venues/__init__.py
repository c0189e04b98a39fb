"""The exchanges that `exchange.py` plays: one file for the rules of each, and here what they have in common."""

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True)
class Request:
    """A request as it was sent."""

    method: str
    path: str
    query: str
    body: str
    headers: Message


class RefusedError(Exception):
    """What is refused, with the status and the JSON that the exchange has for the reason."""

    def __init__(self, status: int, answer: object) -> None:
        super().__init__(str(answer))
        self.status = status
        self.answer = answer
