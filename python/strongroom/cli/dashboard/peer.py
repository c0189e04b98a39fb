"""Whose program is at the other end of a connection on this machine."""

import socket
import struct

NOBODY = -1
"""The program has closed its end, or is gone."""


def user_of(client: "tuple[str, int]", server: "tuple[str, int]") -> "int | None":
    """Return the user id, or `None` where the system does not tell: everywhere but on Linux.

    `client` and `server` are the addresses of the two ends; a connection has an entry for each in the system's tables.
    """
    ends: dict[tuple[str, str], int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:  # noqa: PTH123
                lines = file.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            # number, local address, remote address, state, queues, timer, retransmits, user, timeouts, inode
            _, local, remote, _, _, _, _, user, _, inode, *_ = line.split()
            # A socket without an inode is no program's any more, and its user is shown as 0, whoever it was.
            ends[_plain(local), _plain(remote)] = int(user) if inode != "0" else NOBODY
    here, there = _listed(server), _listed(client)
    if (here, there) not in ends:
        return None  # these tables do not have even our own end, as in some sandboxes
    return ends.get((there, here), NOBODY)


def _listed(address: "tuple[str, int]") -> str:
    """Return an address as the tables show it: 32-bit words in the machine's order, and the port, in hexadecimal."""
    host, port = address[:2]
    packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"


_MAPPED = _listed(("::ffff:0.0.0.0", 0))[:24]


def _plain(listed: str) -> str:
    """Return an IPv4 address that a program used through IPv6 as the other end sees it."""
    return listed.removeprefix(_MAPPED)
