"""RTCP taken apart into dictionaries and put together again, to say what a translated packet must be."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypedDict


class Translation(TypedDict):
    """How what phone P says is told to phone Q; the fields of `media_ext.rtcp.Translation`."""

    sender_ssrc: int
    cname: bytes
    in_step: bool
    ts_offset: int
    packets: int
    payload_bytes: int
    heard_ssrc: int
    heard_in_step: bool
    origin_ssrc: int
    seq_offset: int
    origin_max: int


@dataclass
class Block:
    """One report block (RFC 3550 6.4.1)."""

    ssrc: int
    fraction: int = 0
    lost: int = 0
    highest: int = 0
    jitter: int = 0
    last_report: int = 0
    delay: int = 0

    def write(self) -> bytes:
        lost = (self.fraction << 24) | (self.lost & 0xFFFFFF)
        return struct.pack(
            "!IIIIII", self.ssrc, lost, self.highest, self.jitter, self.last_report, self.delay
        )


@dataclass
class Report:
    """An SR, or an RR when there is no sender information."""

    ssrc: int
    sender: tuple[int, int, int, int, int] | None = None  # NTP high, NTP low, RTP timestamp, packets, bytes
    blocks: list[Block] = field(default_factory=list)

    def write(self) -> bytes:
        body = struct.pack("!I", self.ssrc)
        body += struct.pack("!IIIII", *self.sender) if self.sender else b""
        body += b"".join(block.write() for block in self.blocks)
        return chunk(200 if self.sender else 201, len(self.blocks), body)


def chunk(kind: int, count: int, body: bytes) -> bytes:
    assert len(body) % 4 == 0
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sdes(ssrc: int, cname: bytes) -> bytes:
    items = struct.pack("!IBB", ssrc, 1, len(cname)) + cname + b"\0"
    return chunk(202, 1, items + b"\0" * (-len(items) % 4))


def bye(ssrc: int) -> bytes:
    return chunk(203, 1, struct.pack("!I", ssrc))


def translated(report: Report, t: Translation) -> Report:
    """What the other phone must be told."""
    sender = None
    if report.sender and t["in_step"]:
        high, low, rtp_ts, _, _ = report.sender
        sender = (
            high,
            low,
            (rtp_ts + t["ts_offset"]) % 2**32,
            t["packets"] % 2**32,
            t["payload_bytes"] % 2**32,
        )
    blocks = [
        _block(each, t) for each in report.blocks if each.ssrc == t["heard_ssrc"] and t["heard_in_step"]
    ]
    return Report(t["sender_ssrc"], sender, blocks)


def _block(block: Block, t: Translation) -> Block:
    """The highest sequence number in the origin's own counting: the one nearest to the origin's highest."""
    low = (block.highest - t["seq_offset"]) % 65536
    near = (low - t["origin_max"] + 0x8000) % 65536 - 0x8000
    highest = (t["origin_max"] + near) % 2**32
    return Block(
        t["origin_ssrc"], block.fraction, block.lost, highest, block.jitter, block.last_report, block.delay
    )
