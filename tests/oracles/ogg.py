"""A writer of Ogg Opus files (RFC 3533, RFC 7845) just good enough to hand packets to other decoders."""

from __future__ import annotations

import struct
from collections.abc import Iterable

_POLYNOMIAL = 0x04C11DB7


def checksum(data: bytes) -> int:
    """Bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ _POLYNOMIAL if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def _page(packet: bytes, *, number: int, granule: int, flags: int) -> bytes:
    """One packet as one page."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 1, number, 0) + bytes([len(lacing)]) + lacing
    page = head + packet
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def ogg_opus(packets: Iterable[bytes], *, packet_ms: int) -> bytes:
    """A mono file of these packets; nothing is skipped at the start."""
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, 0, 48000, 0, 0)
    tags = struct.pack("<8sI4sI", b"OpusTags", 4, b"test", 0)
    pages = [_page(head, number=0, granule=0, flags=2), _page(tags, number=1, granule=0, flags=0)]
    for index, packet in enumerate(packets):
        pages.append(_page(packet, number=index + 2, granule=(index + 1) * packet_ms * 48, flags=0))
    return b"".join(pages)
