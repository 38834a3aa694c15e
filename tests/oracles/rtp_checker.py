"""Is what was captured one RTP stream, as RFC 3550 and RFC 3551 want it? Reads bytes off the wire, knows nothing else.

One stream is what one receiver hears on one port: RTP and, with or without rtcp-mux, the RTCP beside it. The checks:

  | field     | rule                                                                                        |
  |-----------|---------------------------------------------------------------------------------------------|
  | SSRC      | one value for the stream's life (RFC 3550 5.1)                                              |
  | sequence  | each number follows the last; with `loss` it may skip, with `reorder` it may come late      |
  | timestamp | advances by what a frame lasts, more after a pause, never less; agrees with the wall clock  |
  | marker    | on the first packet of a talkspurt (RFC 3551 4.1) and of a digit (RFC 4733 2.5.1)           |
  | RTCP      | see `rtcp_checker`                                                                          |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from tests.oracles import rtcp_checker
from tests.oracles.rtp import parse


class Captured(NamedTuple):
    """A datagram, and when it arrived, in seconds of any clock."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Codec:
    """How to read a payload type: `name` is "PCMU", "PCMA", "G722", "L16", "OPUS", "TELEPHONE-EVENT" or any other."""

    name: str
    clock_hz: int = 8000
    channels: int = 1

    def units(self, payload: bytes) -> int | None:
        """How long a payload lasts, in units of the clock; None for a codec that is not known here."""
        if self.name in {"PCMU", "PCMA", "G722"}:
            return len(payload) // self.channels
        if self.name == "L16":
            return len(payload) // 2 // self.channels
        if self.name == "OPUS":
            return opus_units(payload)
        return None


DEFAULT_CODECS: Mapping[int, Codec] = {
    0: Codec("PCMU"),
    8: Codec("PCMA"),
    9: Codec("G722"),
    101: Codec("TELEPHONE-EVENT"),
}

_OPUS_FRAME_UNITS = [480, 960, 1920, 2880] * 3 + [480, 960] * 2 + [120, 240, 480, 960] * 4


def opus_units(payload: bytes) -> int | None:
    """RFC 6716 3.1 and 3.2: what the first byte says, at 48 kHz."""
    if not payload:
        return None
    kind = payload[0] & 3
    if kind == 3 and len(payload) < 2:
        return None
    frames = payload[1] & 63 if kind == 3 else 1 if kind == 0 else 2
    return frames * _OPUS_FRAME_UNITS[payload[0] >> 3]


@dataclass(frozen=True, slots=True)
class Heard:
    """One RTP packet; `number` is its sequence number without wraps."""

    at: float
    payload_type: int
    marker: bool
    number: int
    rtp_ts: int
    ssrc: int
    payload: bytes


@dataclass(slots=True)
class Verdict:
    """What the checker found. `faults` are sentences, each with the place in the capture."""

    packets: list[Heard] = field(default_factory=list)
    reports: list[rtcp_checker.Compound] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def talkspurts(self) -> int:
        """How many packets have the marker."""
        return sum(packet.marker for packet in self.packets)

    @property
    def lost(self) -> int:
        numbers = {packet.number for packet in self.packets}
        return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0


def is_rtcp(data: bytes) -> bool:
    """RFC 5761 4."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def check(
    captured: Iterable[Captured | tuple[float, bytes]],
    *,
    codecs: Mapping[int, Codec] = DEFAULT_CODECS,
    loss: bool = False,
    reorder: bool = False,
    markers: bool = True,
    slack_s: float | None = 0.2,
) -> Verdict:
    """All faults of one stream's capture.

    `markers` False: whoever talks need not mark talkspurts (a relayed phone that does not). `slack_s` is how far the
    timestamps may be from the wall clock, in seconds over the whole capture; None: the talker did not keep time.
    """
    verdict = Verdict()
    rtcp: list[tuple[float, bytes]] = []
    for at, data in sorted(captured, key=lambda each: each[0]):
        if is_rtcp(data):
            rtcp.append((at, data))
            continue
        parsed = parse(data)
        if parsed is None:
            verdict.faults.append(f"{at:.3f}: not RTP: {data[:16].hex()}")
            continue
        payload_type, marker, seq, rtp_ts, ssrc, payload = parsed
        number = follow(verdict.packets[-1].number, seq, 16) if verdict.packets else seq + 0x10000
        verdict.packets.append(Heard(at, payload_type, marker, number, rtp_ts, ssrc, payload))
    if not reorder:
        verdict.faults += order_faults(verdict.packets, loss=loss)
    verdict.faults += stream_faults(verdict.packets, codecs, loss=loss, markers=markers)
    if slack_s is not None:
        verdict.faults += clock_faults(verdict.packets, codecs, slack_s)
    verdict.reports, faults = rtcp_checker.read_all(rtcp)
    verdict.faults += faults
    verdict.faults += rtcp_checker.consistency_faults(verdict.reports, verdict.packets, codecs)
    return verdict


def assert_one_stream(
    captured: Iterable[Captured | tuple[float, bytes]],
    *,
    codecs: Mapping[int, Codec] = DEFAULT_CODECS,
    loss: bool = False,
    reorder: bool = False,
    markers: bool = True,
    slack_s: float | None = 0.2,
) -> Verdict:
    """Fails with every fault; see `check`."""
    verdict = check(captured, codecs=codecs, loss=loss, reorder=reorder, markers=markers, slack_s=slack_s)
    assert verdict.packets, "nothing was captured"
    assert not verdict.faults, "\n".join(verdict.faults[:20])
    return verdict


def follow(last: int, value: int, bits: int) -> int:
    """The number nearest to `last` whose lowest bits are `value`."""
    half = 1 << (bits - 1)
    return last + (value - last + half) % (1 << bits) - half


def order_faults(packets: list[Heard], *, loss: bool) -> list[str]:
    """Each sequence number is the last plus one; with `loss` only higher."""
    faults: list[str] = []
    for n, (last, this) in enumerate(pairwise(packets), 1):
        step = this.number - last.number
        if step != 1 and not (loss and step > 1):
            faults.append(
                f"packet {n}: sequence {last.number & 0xFFFF} is followed by {this.number & 0xFFFF}"
            )
    return faults


def stream_faults(
    packets: list[Heard], codecs: Mapping[int, Codec], *, loss: bool, markers: bool
) -> list[str]:
    """SSRC, timestamps and markers, in the order of the sequence numbers."""
    faults: list[str] = []
    inorder = sorted(packets, key=lambda packet: packet.number)
    if inorder and markers and not inorder[0].marker:
        faults.append("packet 0: the first packet begins a talkspurt and has no marker")
    for n, (last, this) in enumerate(pairwise(inorder), 1):
        if this.ssrc != last.ssrc:
            faults.append(f"packet {n}: SSRC {last.ssrc:08x} became {this.ssrc:08x}")
        codec = codecs.get(this.payload_type)
        if codec is None:
            faults.append(f"packet {n}: payload type {this.payload_type} was never agreed")
        elif codec.name == "TELEPHONE-EVENT":
            faults += digit_faults(n, last, this, codecs)
        else:
            faults += step_faults(n, last, this, codecs, markers=markers)
    return faults


def digit_faults(n: int, last: Heard, this: Heard, codecs: Mapping[int, Codec]) -> list[str]:
    """RFC 4733 2.5.1: all packets of a digit have the timestamp of its start; the first has the marker."""
    before = codecs.get(last.payload_type)
    if before is not None and before.name == "TELEPHONE-EVENT" and last.rtp_ts == this.rtp_ts:
        if this.number - last.number == 1 and this.marker:
            return [f"packet {n}: a marker in the middle of a digit"]
        return []
    if (this.rtp_ts - last.rtp_ts) & 0x80000000:
        return [f"packet {n}: a digit begins {last.rtp_ts - this.rtp_ts & 0xFFFFFFFF} units in the past"]
    if this.number - last.number == 1 and not this.marker:
        long_digit = before is not None and before.name == "TELEPHONE-EVENT"
        return [] if long_digit else [f"packet {n}: a digit begins without a marker"]
    return []


def step_faults(n: int, last: Heard, this: Heard, codecs: Mapping[int, Codec], *, markers: bool) -> list[str]:
    """How far an audio packet's timestamp is from the one before."""
    before = codecs.get(last.payload_type)
    lasts = before.units(last.payload) if before is not None else None
    step = (this.rtp_ts - last.rtp_ts) & 0xFFFFFFFF
    if step == 0 or step >= 0x80000000:
        return [f"packet {n}: the timestamp goes from {last.rtp_ts} to {this.rtp_ts}"]
    if lasts is None:
        return []
    skipped = this.number - last.number
    if step < lasts * skipped:
        return [f"packet {n}: the timestamp steps by {step}, though {skipped} packets last {lasts * skipped}"]
    if markers and step > lasts * skipped and skipped == 1 and not this.marker:
        return [f"packet {n}: a pause of {step - lasts} units is followed by no marker"]
    return []


def clock_faults(packets: list[Heard], codecs: Mapping[int, Codec], slack_s: float) -> list[str]:
    """The sum of the timestamps' steps, each in the clock of its packet, against the time that passed."""
    faults: list[str] = []
    inorder = sorted(packets, key=lambda packet: packet.number)
    media_s = 0.0
    last: Heard | None = None
    for n, this in enumerate(inorder):
        codec = codecs.get(this.payload_type)
        if last is not None and codec is not None:
            media_s += follow(0, this.rtp_ts - last.rtp_ts, 32) / codec.clock_hz
            late_s = this.at - inorder[0].at - media_s
            if codec.name != "TELEPHONE-EVENT" and abs(late_s) > slack_s:
                faults.append(f"packet {n}: timestamps are {late_s * 1000:.0f} ms behind the clock")
                media_s += late_s
        last = this
    return faults
