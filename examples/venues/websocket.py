"""The server's side of a WebSocket (RFC 6455), as much of it as short messages of text need."""

import base64
import binascii
import hashlib
import struct
from email.message import Message
from io import BufferedIOBase

MAX_MESSAGE_BYTES = 4096

# Section 5.2
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FINAL, RESERVED, OPCODE, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
# Section 7.4.1
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, NOT_UTF_8, TOO_BIG = 1000, 1002, 1003, 1007, 1009


class ClosedError(Exception):
    """The WebSocket is to be closed, with a code that says why."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def accept(headers: Message) -> str | None:
    """Return the answer to a client that wants a WebSocket, or None if it does not ask as section 4.2.1 has it."""

    def words(name: str) -> list[str]:
        return [word.strip().lower() for word in headers.get(name, "").split(",")]

    key = headers.get("Sec-WebSocket-Key", "")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    wants = "websocket" in words("Upgrade") and "upgrade" in words("Connection")
    if not (wants and is_key and headers.get("Sec-WebSocket-Version") == "13"):
        return None
    proof = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {proof}\r\n\r\n"
    )


class WebSocket:
    """A connection on which the handshake is done."""

    def __init__(self, reader: BufferedIOBase, writer: BufferedIOBase) -> None:
        self.reader = reader
        self.writer = writer

    def receive(self) -> str:
        """Return the next message, and answer pings before it. Raises `ClosedError`, and `OSError`."""
        message, is_begun = b"", False
        while True:
            is_final, opcode, payload = self.read_frame()
            if opcode == CLOSE:
                raise ClosedError(NORMAL)
            if opcode == PING:
                self.write_frame(PONG, payload)
            elif opcode == (CONTINUATION if is_begun else TEXT):
                message, is_begun = message + payload, True
                if len(message) > MAX_MESSAGE_BYTES:
                    raise ClosedError(TOO_BIG)
                if is_final:
                    return text_of(message)
            elif opcode != PONG:
                raise ClosedError(PROTOCOL_ERROR if is_begun or opcode != BINARY else UNSUPPORTED)

    def send(self, message: str) -> None:
        """Send a message of text."""
        self.write_frame(TEXT, message.encode())

    def close(self, code: int) -> None:
        """Say that this is the end, and why."""
        self.write_frame(CLOSE, struct.pack(">H", code))

    def read_frame(self) -> tuple[bool, int, bytes]:
        """Return whether a frame is its message's last, its opcode, and its payload without the mask."""
        first, second = self.read(2)
        opcode, length = first & OPCODE, second & LENGTH
        if first & RESERVED or not second & MASKED:  # section 5.1: what a client sends is masked
            raise ClosedError(PROTOCOL_ERROR)
        if opcode >= CLOSE and (length > 125 or not first & FINAL):  # section 5.5
            raise ClosedError(PROTOCOL_ERROR)
        if length == 126:
            (length,) = struct.unpack(">H", self.read(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self.read(8))
        if length > MAX_MESSAGE_BYTES:
            raise ClosedError(TOO_BIG)
        mask = self.read(4)
        return bool(first & FINAL), opcode, bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.read(length)))

    def write_frame(self, opcode: int, payload: bytes) -> None:
        """Send a frame that is a message by itself."""
        length = bytes([len(payload)]) if len(payload) < 126 else struct.pack(">BH", 126, len(payload))
        self.writer.write(bytes([FINAL | opcode]) + length + payload)

    def read(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        data = self.reader.read(count)
        if len(data) < count:
            raise ConnectionError("the client has hung up")
        return data


def text_of(message: bytes) -> str:
    """Read a message as text."""
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise ClosedError(NOT_UTF_8) from None
