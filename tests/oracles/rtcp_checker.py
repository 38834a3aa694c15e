"""Compound RTCP taken apart strictly (RFC 3550 6.1, 6.4 to 6.6), and its claims against the RTP that was seen."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

from tests.oracles.rtcp import Block
from tests.oracles.rtp import Sender, jitter

NTP_FRACTION = 2.0**32


class Clocked(Protocol):
    """What is read of `rtp_checker.Codec`."""

    @property
    def clock_hz(self) -> int: ...


class Packet(Protocol):
    """What is read of `rtp_checker.Heard`."""

    @property
    def at(self) -> float: ...
    @property
    def payload_type(self) -> int: ...
    @property
    def rtp_ts(self) -> int: ...
    @property
    def ssrc(self) -> int: ...
    @property
    def payload(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """`ntp_s` is seconds since 1900; `ntp_middle` the 32 bits that a receiver gives back as LSR."""

    ntp_s: float
    ntp_middle: int
    rtp_ts: int
    packets: int
    octets: int


@dataclass(slots=True)
class Compound:
    """One datagram of RTCP."""

    at: float
    ssrc: int = 0
    sender: SenderInfo | None = None
    blocks: list[Block] = field(default_factory=list)
    cname: bytes | None = None
    bye: bool = False


class RtcpError(ValueError):
    """Not what RFC 3550 allows."""


def read(at: float, data: bytes, *, compound: bool = True) -> Compound:
    """Take one datagram apart. Raises `RtcpError`; `compound` False allows what RFC 5506 allows."""
    told = Compound(at)
    kinds: list[int] = []
    while data:
        if len(data) < 4:
            raise RtcpError("a header is cut short")
        first, kind, words = struct.unpack("!BBH", data[:4])
        size = 4 * words + 4
        if first >> 6 != 2 or not 200 <= kind <= 207 or size > len(data):
            raise RtcpError(f"no RTCP packet: {data[:8].hex()}")
        if first & 0x20 and size != len(data):
            raise RtcpError("padding in a packet that is not the last")
        if kind in {200, 201}:
            _read_report(told, kind, first & 31, data[4:size])
        elif kind == 202:
            _read_sdes(told, first & 31, data[4:size])
        elif kind == 203:
            _read_bye(told, first & 31, data[4:size])
        kinds.append(kind)
        data = data[size:]
    if compound:
        if not kinds or kinds[0] not in {200, 201}:
            raise RtcpError("a compound packet begins with a report (6.1)")
        if told.cname is None:
            raise RtcpError("a compound packet has a CNAME (6.1)")
        if 203 in kinds[:-1]:
            raise RtcpError("BYE comes last (6.1)")
    return told


def _read_report(told: Compound, kind: int, count: int, body: bytes) -> None:
    need = 4 + (20 if kind == 200 else 0) + 24 * count
    if len(body) < need:
        raise RtcpError(f"a report of {count} blocks in {len(body)} bytes")
    told.ssrc = struct.unpack("!I", body[:4])[0]
    body = body[4:]
    if kind == 200:
        high, low, rtp_ts, packets, octets = struct.unpack("!5I", body[:20])
        middle = (high & 0xFFFF) << 16 | low >> 16
        told.sender = SenderInfo(high + low / NTP_FRACTION, middle, rtp_ts, packets, octets)
        body = body[20:]
    for n in range(count):
        ssrc, lost, highest, jittered, last_report, delay = struct.unpack("!6I", body[24 * n : 24 * n + 24])
        signed = (lost & 0xFFFFFF) - (0x1000000 if lost & 0x800000 else 0)
        told.blocks.append(Block(ssrc, lost >> 24, signed, highest, jittered, last_report, delay))


def _read_sdes(told: Compound, count: int, body: bytes) -> None:
    at = 0
    for _ in range(count):
        (ssrc,) = struct.unpack_from("!I", body, at)
        start, at = at, at + 4
        while body[at]:
            kind, size = body[at], body[at + 1]
            if at + 2 + size >= len(body):
                raise RtcpError("an SDES item is cut short or has no end")
            if kind == 1:
                if told.ssrc and ssrc != told.ssrc:
                    raise RtcpError(f"the CNAME is of {ssrc:08x}, the report of {told.ssrc:08x}")
                told.cname = body[at + 2 : at + 2 + size]
            at += 2 + size
        at += 1
        at = start + (at - start + 3) // 4 * 4
    if at != len(body):
        raise RtcpError("SDES chunks do not fill their packet")


def _read_bye(told: Compound, count: int, body: bytes) -> None:
    if count < 1 or len(body) < 4 * count:
        raise RtcpError("BYE without a source")
    if told.ssrc not in struct.unpack(f"!{count}I", body[: 4 * count]):
        raise RtcpError("BYE of another source than the report")
    told.bye = True


def read_all(captured: Iterable[tuple[float, bytes]]) -> tuple[list[Compound], list[str]]:
    """Every compound that could be read, and a sentence for each that could not."""
    compounds: list[Compound] = []
    faults: list[str] = []
    for at, data in captured:
        try:
            compounds.append(read(at, data))
        except (RtcpError, struct.error, IndexError) as fault:
            faults.append(f"{at:.3f}: RTCP: {fault}")
    return compounds, faults


def consistency_faults(
    reports: Sequence[Compound],
    packets: Sequence[Packet],
    codecs: Mapping[int, Clocked],
    slack_s: float = 0.25,
) -> list[str]:
    """One SSRC with the RTP, counts of the packets that came before, timestamps that keep NTP time."""
    faults: list[str] = []
    ssrcs = {packet.ssrc for packet in packets}
    cnames = {report.cname for report in reports}
    if len(cnames) > 1:
        faults.append(f"the CNAME changes: {cnames}")
    for n, report in enumerate(reports):
        if packets and report.ssrc not in ssrcs:
            faults.append(f"report {n} speaks for {report.ssrc:08x}, which sends no RTP")
        if report.bye and n != len(reports) - 1:
            faults.append(f"report {n} says BYE and is not the last")
        if report.sender is not None:
            faults += _sender_faults(n, report, report.sender, packets, codecs, slack_s)
    senders = [report.sender for report in reports if report.sender is not None]
    for n, (last, this) in enumerate(pairwise(senders), 1):
        if this.packets < last.packets or this.octets < last.octets or this.ntp_s <= last.ntp_s:
            faults.append(f"sender report {n} goes back: {last} then {this}")
    return faults


def _sender_faults(
    n: int,
    report: Compound,
    sender: SenderInfo,
    packets: Sequence[Packet],
    codecs: Mapping[int, Clocked],
    slack_s: float,
) -> list[str]:
    """Counts are of all packets sent before the report; one may be on its way past it."""
    before = [packet for packet in packets if packet.at <= report.at]
    counted = [len(before) + extra for extra in (-1, 0, 1) if 0 <= len(before) + extra <= len(packets)]
    faults: list[str] = []
    if packets and sender.packets not in counted:
        faults.append(f"report {n} counts {sender.packets} packets where {len(before)} were seen")
    elif packets and sender.octets != sum(len(packet.payload) for packet in packets[: sender.packets]):
        faults.append(f"report {n} counts {sender.octets} octets")
    codec = codecs.get(before[-1].payload_type) if before else None
    if codec is not None:
        ahead = struct.unpack("i", struct.pack("I", sender.rtp_ts - before[-1].rtp_ts & 0xFFFFFFFF))[0]
        off_s = ahead / codec.clock_hz - (report.at - before[-1].at)
        if abs(off_s) > slack_s:
            faults.append(f"report {n}: its timestamp is {off_s * 1000:.0f} ms off the stream's")
    return faults


def interval_faults(
    reports: Sequence[Compound], *, minimum_s: float = 5.0, slack_s: float = 0.3
) -> list[str]:
    """RFC 3550 6.3.1: between two reports lies the interval times 0.5 to 1.5, over e - 3/2. BYE may come any time."""
    faults: list[str] = []
    shortest, longest = minimum_s * 0.5 / 1.21828, minimum_s * 1.5 / 1.21828
    for n, (last, this) in enumerate(pairwise(reports), 1):
        passed_s = this.at - last.at
        if not this.bye and not shortest - slack_s < passed_s < longest + slack_s:
            faults.append(f"report {n} comes {passed_s:.2f} s after the last")
    return faults


def wanted_block(ssrc: int, arrivals: Sequence[tuple[float, int, int]], clock_hz: int) -> Block:
    """What a receiver of these packets, (arrival, seq, rtp_ts) each, must say in its first report block."""
    sender = Sender()
    timed: list[tuple[Fraction, int]] = []
    for at, seq, rtp_ts in arrivals:
        sender.receive(ssrc, seq)
        timed.append((Fraction(at), rtp_ts))
    lost = sender.expected - sender.received
    fraction = 256 * lost // sender.expected if lost > 0 else 0
    return Block(ssrc, fraction, lost, sender.highest, int(jitter(timed, clock_hz)))
