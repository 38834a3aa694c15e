"""A leg's audio as the rest of the node sees it: where the phone is, what happened, how good it was.

Internal values, never on a wire. They know nothing of sockets or of the compiled engine that fills them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from pbx.model.quality import Quality, burst_ratio, judge

ENOUGH_PACKETS = 50
"""A second of speech: nothing can be said of less."""

TELEPHONE_EVENT = "TELEPHONE-EVENT"


class StreamFormat(msgspec.Struct, frozen=True):
    """A payload type and what it means: SDP's rtpmap, and the fmtp parameters of whoever receives it.

    `encoding` is upper case; `clock_hz` is RTP's, which is not always the audio's (G.722).
    """

    payload_type: int
    encoding: str
    clock_hz: int = 8000
    channels: int = 1
    parameters: str = ""


class RemoteMedia(msgspec.Struct, frozen=True, kw_only=True):
    """What signalling says about the phone's side of a stream.

    `rtcp_host` empty and `rtcp_port` 0 mean "the RTP address, next port" (RFC 3550 11); with `rtcp_mux` they are
    ignored (RFC 5761). `formats` are all that the phone may send us; other payload types are dropped once it is not
    empty. `voice` and `digits` (telephone-event) are what the node sends when it speaks itself, in packets of
    `ptime_ms`; without them it can only pass on. `send` is False when the phone must hear nothing (it put us on
    hold), `receive` is False when it told us that it will send nothing.
    """

    rtp_host: str
    rtp_port: int
    rtcp_host: str = ""
    rtcp_port: int = 0
    rtcp_mux: bool = False
    formats: tuple[StreamFormat, ...] = ()
    voice: StreamFormat | None = None
    digits: StreamFormat | None = None
    ptime_ms: int = 20
    send: bool = True
    receive: bool = True


@dataclass(frozen=True, slots=True)
class SrtpKey:
    """A master key and salt for one direction (RFC 3711). `profile` is its number in DTLS-SRTP (RFC 5764 4.1.2)."""

    profile: int
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)


class Fingerprint(msgspec.Struct, frozen=True):
    """The hash of a certificate (RFC 8122). `algorithm` is lower case: "sha-256"."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """Name and password of one side's audio port (RFC 8445 5.3). Every check of a path is signed with them."""

    ufrag: str
    password: str = field(repr=False)


class StreamStats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Counters of one stream since it was opened. Packets and bytes are RTP payload carriers, headers included.

    `lost` and `jitter_ms` are those of RFC 3550 (6.4.1, A.3, A.8) for what the phone sent us; `lost` may be negative
    when packets were duplicated. `rtcp_age_s` and `packet_age_s` tell how long ago the last one came, None if never.
    `rtt_ms` is measured from the phone's RTCP reports, None while unknown. `late` and `discarded` are those of the
    jitter buffer of a stream that the node itself decodes.
    """

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    lost: int = 0
    expected: int = 0
    jitter_ms: float = 0.0
    jitter_mean_ms: float = 0.0
    """Of samples each 250 ms while the phone talks, as is the next."""
    jitter_max_ms: float = 0.0
    decided: int = 0
    """Packets that came or are lost for good (RFC 3611 4.7.2 and `media_ext/losses.pxd`); of them lost:"""
    decided_lost: int = 0
    loss_runs: int = 0
    """Runs of lost packets without a received one between."""
    bursts: int = 0
    """Times in which fewer than sixteen packets came between two lost ones."""
    burst_packets: int = 0
    burst_lost: int = 0
    late: int = 0
    discarded: int = 0
    codec: str = ""
    """Of the newest audio packet, as SDP names it in upper case."""
    rtt_ms: float | None = None
    packet_age_s: float | None = None
    remote_reports: int = 0
    """RTCP reports of the phone about what it hears; the fields after this are those of the newest."""
    remote_lost: int = 0
    """Since the start (RFC 3550 6.4.1), of `remote_expected` that were sent."""
    remote_expected: int = 0
    remote_fraction_lost: float = 0.0
    """0 to 1, since the report before."""
    remote_jitter_ms: float = 0.0
    rtcp_in: int = 0
    rtcp_out: int = 0
    rtcp_age_s: float | None = None
    out_of_order: int = 0
    duplicates: int = 0
    dropped_alien: int = 0
    """From an address that is not the phone's."""
    dropped_malformed: int = 0
    """Not RTP or RTCP, or cut short."""
    dropped_oversize: int = 0
    """Longer than any audio packet may be."""
    dropped_payload_type: int = 0
    """Of a payload type that was not negotiated, or that the other side cannot take."""
    dropped_direction: int = 0
    """Came while the other side may not be sent to, or this one should be silent."""
    dropped_auth: int = 0
    """SRTP by somebody who does not have the key, or damaged."""
    dropped_replayed: int = 0
    """SRTP that came before, or is too old to tell."""
    dropped_unkeyed: int = 0
    """Came before the keys were known, or unencrypted where it must not be."""
    dropped_datagrams: int = 0
    """STUN or DTLS that nobody asked for, or too much of it."""
    send_errors: int = 0
    remote_host: str = ""
    """The latched address, empty while none is."""
    remote_port: int = 0

    @property
    def loss(self) -> float:
        """The part of 1 that was lost on the way to us."""
        return min(max(self.lost / self.expected, 0.0), 1.0) if self.expected else 0.0

    @property
    def remote_loss(self) -> float:
        """The part of 1 that the phone missed of what we sent, as it reports."""
        return min(self.remote_lost / self.remote_expected, 1.0) if self.remote_expected else 0.0

    @property
    def burst_loss(self) -> float:
        """The part of 1 that was lost within bursts …"""
        return self.burst_lost / self.burst_packets if self.burst_packets else 0.0

    @property
    def gap_loss(self) -> float:
        """… and between them."""
        outside = self.decided - self.burst_packets
        return (self.decided_lost - self.burst_lost) / outside if outside > 0 else 0.0

    @property
    def quality(self) -> Quality | None:
        """How the phone sounds here; None while too little was heard of it."""
        if self.expected < ENOUGH_PACKETS:
            return None
        return judge(
            self.codec,
            loss=self.loss,
            jitter_ms=self.jitter_mean_ms,
            rtt_ms=self.rtt_ms,
            burst_ratio=burst_ratio(self.loss, self.decided_lost, self.loss_runs),
            discarded=(self.late + self.discarded) / self.expected,
        )

    @property
    def remote_quality(self) -> Quality | None:
        """How we sound at the phone, by its reports; None while it has sent none."""
        if self.remote_reports == 0 or self.remote_expected < ENOUGH_PACKETS:
            return None
        return judge(self.codec, loss=self.remote_loss, jitter_ms=self.remote_jitter_ms, rtt_ms=self.rtt_ms)

    @property
    def mos(self) -> float | None:
        """1 to 4.5 (ITU-T G.107)."""
        return self.quality.mos if self.quality else None

    def since(self, earlier: StreamStats) -> StreamStats:
        """What was counted after `earlier`: packets, losses and reports. What is no count is as it is now."""
        changed = {name: getattr(self, name) - getattr(earlier, name) for name in _COUNTS}
        return msgspec.structs.replace(self, jitter_mean_ms=self.jitter_ms, **changed)

    @property
    def dropped(self) -> int:
        """Everything that came in and was not taken."""
        return (
            self.dropped_alien
            + self.dropped_malformed
            + self.dropped_oversize
            + self.dropped_payload_type
            + self.dropped_direction
            + self.dropped_auth
            + self.dropped_replayed
            + self.dropped_unkeyed
            + self.dropped_datagrams
        )


_COUNTS = (
    *("packets_in", "bytes_in", "packets_out", "bytes_out", "lost", "expected", "out_of_order", "duplicates"),
    *("decided", "decided_lost", "loss_runs", "bursts", "burst_packets", "burst_lost", "late", "discarded"),
    *("remote_reports", "remote_lost", "remote_expected", "rtcp_in", "rtcp_out", "send_errors"),
    *("dropped_alien", "dropped_malformed", "dropped_oversize", "dropped_payload_type", "dropped_direction"),
    *("dropped_auth", "dropped_replayed", "dropped_unkeyed", "dropped_datagrams"),
)


class FirstPacket(msgspec.Struct, frozen=True):
    """The phone's first RTP packet arrived."""


class DigitPressed(msgspec.Struct, frozen=True):
    """A DTMF digit ended (RFC 4733). `digit` is one of 0-9 * # A-D."""

    digit: str
    duration_ms: int


class WentSilent(msgspec.Struct, frozen=True):
    """A phone that should be talking has sent no RTP for `silent_ms`."""

    silent_ms: int


class Resumed(msgspec.Struct, frozen=True):
    """RTP came again after `WentSilent`."""


class PromptEnded(msgspec.Struct, frozen=True):
    """A prompt that does not loop was played to its end."""


class StartedTalking(msgspec.Struct, frozen=True):
    """Somebody talks into the phone; where that is asked for (`MediaEngine.tell_talkers`)."""

    level_dbov: int


class StoppedTalking(msgspec.Struct, frozen=True):
    """Nobody has for half a second."""


class Keyed(msgspec.Struct, frozen=True):
    """A DTLS handshake has given the stream its keys."""


class KeyingFailed(msgspec.Struct, frozen=True):
    """No DTLS handshake succeeded in time, or the peer's certificate was another; nothing will be heard."""

    reason: str


RecordingReason = Literal["stopped", "closed", "max_length", "quota", "disk_full", "disk_failed", "disk_slow"]


class RecordingEnded(msgspec.Struct, frozen=True):
    """A recording is complete, or ended early; what was written until then can be played.

    `duration_ms` is that of the file: paused time is not in it. `detail` is the system's word on a disk that failed.
    """

    reason: RecordingReason
    duration_ms: int
    path: Path
    detail: str = ""


StreamEvent = (
    FirstPacket
    | DigitPressed
    | WentSilent
    | Resumed
    | PromptEnded
    | StartedTalking
    | StoppedTalking
    | Keyed
    | KeyingFailed
    | RecordingEnded
)
