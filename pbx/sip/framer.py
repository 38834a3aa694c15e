"""Messages out of a byte stream (RFC 3261 18.3): headers to the blank line, body by Content-Length."""

from __future__ import annotations

import msgspec

from pbx.sip.errors import ParseError
from pbx.sip.message import Request, Response
from pbx.sip.parser import content_length, parse_head

MAX_HEAD_BYTES = 16384


class KeepAlive(msgspec.Struct, frozen=True):
    """A double CRLF between messages: the peer wants a single one back (RFC 5626 4.4.1)."""


class StreamFramer:
    """Feed it what arrives, in any pieces; it gives whole messages. After an error the stream cannot be trusted."""

    __slots__ = ("_body", "_buffer", "_head", "_head_bytes", "_max_message", "_scanned", "error", "raw")

    def __init__(self, max_message: int = 65535) -> None:
        """`max_message` is in bytes, header and body together."""
        self.error: ParseError | None = None
        """What is wrong with the stream, once something is; whole messages before it have been given out."""
        self.raw: list[bytes] = []
        """The bytes of what the last `feed` gave out, one for one."""
        self._buffer = bytearray()
        self._max_message = max_message
        self._head: Request | Response | None = None
        self._head_bytes = b""
        self._body = 0  # bytes of the body `_head` waits for
        self._scanned = 0  # bytes of the buffer known to hold no blank line

    @property
    def pending(self) -> int:
        """Bytes of an unfinished message."""
        return len(self._buffer)

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and is not complete, even if only its body is missing."""
        return self._head is not None or bool(self._buffer[:4].strip(b"\r\n"))

    def feed(self, data: bytes) -> list[Request | Response | KeepAlive]:
        """Whole messages, and none after an error.

        Raises `ParseError` for a message too long, without Content-Length, or malformed; when whole messages came
        before it, they are returned, the error stands in `error`, and the next call raises it.
        """
        if self.error is not None:
            raise self.error
        self._buffer += data
        self.raw = []
        found: list[Request | Response | KeepAlive] = []
        try:
            while self._take(found):
                pass
        except ParseError as error:
            self.error = error
            self._buffer.clear()
            if not found:
                raise
        return found

    def _take(self, found: list[Request | Response | KeepAlive]) -> bool:
        """One step on; False when more bytes are needed first."""
        head = self._head
        if head is None:
            self._skip_line_ends(found)
            return self._take_head()
        if len(self._buffer) < self._body:
            return False
        head.body = bytes(self._buffer[: self._body])
        del self._buffer[: self._body]
        self._head = None
        found.append(head)
        self.raw.append(self._head_bytes + head.body)
        self._head_bytes = b""
        return True

    def _skip_line_ends(self, found: list[Request | Response | KeepAlive]) -> None:
        """Before a message: two line ends ask for a keep-alive, a single one means nothing (RFC 3261 7.5)."""
        while self._buffer.startswith(b"\r\n"):
            if self._buffer.startswith(b"\r\n\r\n"):
                found.append(KeepAlive())
                self.raw.append(b"")
                del self._buffer[:4]
            elif b"\r\n\r\n".startswith(self._buffer):
                return  # one or the other: more bytes will tell
            else:
                del self._buffer[:2]

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._scanned - 3))
        self._scanned = len(self._buffer) if end < 0 else 0
        if max(end, self._scanned) > MAX_HEAD_BYTES:
            raise ParseError(513, "Message Too Large")
        if end < 0:
            return False
        self._head_bytes = bytes(self._buffer[: end + 4])
        message = parse_head(self._head_bytes)
        length = content_length(message)
        if length is None:
            raise ParseError(400, "Missing Content-Length", message)
        if end + 4 + length > self._max_message:
            raise ParseError(513, "Message Too Large", message)
        del self._buffer[: end + 4]
        self._head, self._body = message, length
        return True
