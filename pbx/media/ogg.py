"""Ogg pages and the packets in them, as they are read (RFC 3533); `media_ext/ogg.pxd` has the layout of a page."""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from media_ext.decode_door import page_checksum

HEADER_BYTES = 27
CONTINUED, BEGINS, ENDS = 1, 2, 4
LONGEST_SEARCH = 1 << 17
"""So far the next page is looked for after damage: two pages of the greatest length."""
LONGEST_PACKET = 1 << 17


class Page(msgspec.Struct, frozen=True):
    """`packets` end on this page, with what earlier pages had of the first; `granule` -1: none ends here."""

    flags: int
    granule: int
    serial: int
    packets: tuple[bytes, ...]

    @property
    def ends(self) -> bool:
        return bool(self.flags & ENDS)


class OggReader:
    """The pages of the first stream in a file; those of others are passed over, damaged ones are lost."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._serial: int | None = None
        self._open: bytes | None = b""
        """The beginning of a packet that goes on; None: it was lost."""

    def page(self) -> Page | None:
        """The next page; None at the end of the file, or of the stream."""
        while (found := self._find()) is not None:
            head, lacing, data = found
            _, _, flags, granule, serial, _, _, _ = struct.unpack("<4sBBqIIIB", head)
            if self._serial is None:
                self._serial = serial
            if serial != self._serial:
                if flags & BEGINS and self._open is None:
                    return None
                continue
            return Page(flags, granule, serial, self._packets(flags, lacing, data))
        return None

    def _find(self) -> tuple[bytes, bytes, bytes] | None:
        """Header, lacing and data of the next page that is whole."""
        begin = self._file.tell()
        limit = begin + LONGEST_SEARCH
        while begin < limit:
            self._file.seek(begin)
            head = self._file.read(HEADER_BYTES)
            if len(head) < HEADER_BYTES:
                return None
            if head[:5] == b"OggS\0":
                lacing = self._file.read(head[26])
                data = self._file.read(sum(lacing))
                blank = head[:22] + b"\0\0\0\0" + head[26:]
                if page_checksum(blank + lacing + data) == int.from_bytes(head[22:26], "little"):
                    return head, lacing, data
            self._open = None
            begin = self._next_capture(begin + 1)
        return None

    def _next_capture(self, begin: int) -> int:
        self._file.seek(begin)
        found = self._file.read(4096).find(b"OggS")
        return begin + (found if found >= 0 else 4093)

    def _packets(self, flags: int, lacing: bytes, data: bytes) -> tuple[bytes, ...]:
        packets: list[bytes] = []
        parts = self._open if flags & CONTINUED else b""
        at = 0
        for size in lacing:
            if parts is not None:
                parts += data[at : at + size]
            at += size
            if size < 255:
                if parts is not None:
                    packets.append(parts)
                parts = b""
        whole = not lacing or lacing[-1] < 255
        self._open = b"" if whole else parts
        if self._open is not None and len(self._open) > LONGEST_PACKET:
            self._open = None
        return tuple(packets)
