"""Messages out of a byte stream (RFC 3261 18.3): headers to the blank line, body by Content-Length."""
from __future__ import annotations

from dataclasses import dataclass

from pbx.sip.errors import ParseError
from pbx.sip.message import Request, Response
from pbx.sip.parser import content_length, parse_head

MAX_HEAD_BYTES = 16384


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A double CRLF between messages: the peer wants a single one back (RFC 5626 4.4.1)."""


class StreamFramer:
    """Feed it what arrives, in any pieces; it gives whole messages. After an error the stream cannot be trusted."""

    __slots__ = ("_buffer", "_head", "_max_message", "_need", "error")

    def __init__(self, max_message: int = 65535) -> None:
        self._buffer = bytearray()
        self._max_message = max_message
        self._head: Request | Response | None = None
        self._need = 0
        self.error: ParseError | None = None
        """What is wrong with the stream, once something is; whole messages before it have been given out."""

    @property
    def pending(self) -> int:
        """Bytes of an unfinished message."""
        return len(self._buffer)

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and is not complete, even if only its body is missing."""
        return bool(self._buffer) or self._head is not None

    def feed(self, data: bytes) -> list[Request | Response | KeepAlive]:
        """Whole messages, and none after an error.

        Raises `ParseError` for a message too long, without Content-Length, or malformed; when whole messages came
        before it, they are returned, the error stands in `error`, and the next call raises it.
        """
        if self.error is not None:
            raise self.error
        self._buffer += data
        found: list[Request | Response | KeepAlive] = []
        try:
            self._take_messages(found)
        except ParseError as error:
            self.error = error
            if not found:
                raise
        return found

    def _take_messages(self, found: list[Request | Response | KeepAlive]) -> None:
        while True:
            if self._head is None:
                self._skip_keepalives(found)
                if not self._take_head():
                    return
            message = self._head
            if message is None or len(self._buffer) < self._need:
                return
            message.body = bytes(self._buffer[: self._need])
            del self._buffer[: self._need]
            self._head = None
            found.append(message)

    def _skip_keepalives(self, found: list[Request | Response | KeepAlive]) -> None:
        while self._buffer.startswith(b"\r\n"):
            if self._buffer.startswith(b"\r\n\r\n"):
                found.append(KeepAlive())
                del self._buffer[:4]
            elif len(self._buffer) > 2 and not self._buffer.startswith(b"\r\n\r"):
                del self._buffer[:2]  # a pong, or a stray line end before a message (RFC 3261 7.5)
            else:
                return

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise ParseError(513, "Message Too Large")
            return False
        if end > MAX_HEAD_BYTES:
            raise ParseError(513, "Message Too Large")
        message = parse_head(bytes(self._buffer[: end + 4]))
        length = content_length(message)
        if length is None:
            raise ParseError(400, "Missing Content-Length", message)
        if end + 4 + length > self._max_message:
            raise ParseError(513, "Message Too Large", message)
        del self._buffer[: end + 4]
        self._head, self._need = message, length
        return True
