"""Bodies that come in pieces: put together in order, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from pbx.transport.tunnel.frames import PIECE, BadFrame, Body, pack

__all__ = ["MOST_BYTES", "Bodies", "pieces"]

MOST_BYTES = 32 * 1024 * 1024
MOST_OPEN = 32

T = TypeVar("T")


class Bodies(Generic[T]):
    """What is still being received, by its number; each belongs to a message that said how long it is."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[T, int, bytearray, int]] = {}

    def open(self, number: int, size: int, of: T) -> None:
        """A body of `size` bytes (not 0) follows. Raises `BadFrame`."""
        if number in self._open:
            raise BadFrame(f"body {number} is begun twice")
        if size > MOST_BYTES:
            raise BadFrame(f"a body of {size} bytes, at most {MOST_BYTES}")
        if len(self._open) >= MOST_OPEN:
            raise BadFrame(f"more than {MOST_OPEN} bodies at once")
        self._open[number] = (of, size, bytearray(), 0)

    def add(self, piece: Body) -> tuple[T, bytes] | None:
        """Take a piece; the message and its body when that was the last. Raises `BadFrame`."""
        found = self._open.get(piece.stream)
        if found is None:
            raise BadFrame(f"a piece of body {piece.stream}, which was not begun")
        of, size, data, number = found
        if piece.number != number:
            raise BadFrame(f"piece {piece.number} of body {piece.stream} came in place of {number}")
        data += piece.payload
        if len(data) > size or not piece.payload:
            raise BadFrame(f"body {piece.stream} has {len(data)} bytes, {size} were announced")
        if len(data) < size:
            self._open[piece.stream] = (of, size, data, number + 1)
            return None
        del self._open[piece.stream]
        return of, bytes(data)


def pieces(kind: int, stream: int, body: bytes) -> Iterator[bytes]:
    """The frames of a body."""
    for number, start in enumerate(range(0, len(body), PIECE)):
        yield pack(kind, stream, number, body[start : start + PIECE])
