"""Who may have the vault's file: whoever came with the link first."""

import os
import secrets
import threading

from strongroom.cli.dashboard.peer import user_of


class Link:
    """The token in the link, which works once, and the session that it is exchanged for.

    The token stands behind the # of the link, which a browser sends to no server, so no log has it. The page then sends
    the session in a header of its own, and not as a cookie: a browser shares cookies between all ports of a machine, so
    that every other local server would get it, and sends them along with what other sites ask for.
    """

    def __init__(self, users: "frozenset[int] | None" = None) -> None:
        """Make a new link. `users` are those whose programs may use it: else this one, root, and who ran sudo."""
        self.token = secrets.token_urlsafe(32)
        self._users = _users() if users is None else users
        self._session: bytes | None = None
        self._turn = threading.Lock()

    def redeem(self, token: str) -> "str | None":
        """Return a session for the token, once. A wrong one uses nothing up: it is 256 bits that nobody guesses."""
        with self._turn:
            if self._session is not None or not secrets.compare_digest(_bytes(token), _bytes(self.token)):
                return None
            session = secrets.token_urlsafe(32)
            self._session = _bytes(session)
            return session

    def knows(self, session: str) -> bool:
        """Whether this is a session that was handed out."""
        return self._session is not None and secrets.compare_digest(_bytes(session), self._session)

    def is_for(self, client: "tuple[str, int]", server: "tuple[str, int]") -> bool:
        """Whether the program at the other end of a connection may use the link.

        The link is on the command line of the browser that opens it, where on Linux every user of the machine can read
        it, and be faster than the browser. But there the system also tells whose program it is that asks.
        """
        user = user_of(client, server)
        return not self._users or user is None or user in self._users


def _users() -> frozenset[int]:
    if os.name != "posix":
        return frozenset()
    sudo = os.environ.get("SUDO_UID", "")
    return frozenset((os.getuid(), 0, *([int(sudo)] if sudo.isascii() and sudo.isdigit() else [])))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
