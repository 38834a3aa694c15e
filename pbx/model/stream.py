"""A leg's audio as the rest of the node sees it: where the phone is, what happened, how good it was.

Internal values, never on a wire. They know nothing of sockets or of the compiled engine that fills them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

TELEPHONE_EVENT = "TELEPHONE-EVENT"


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """A payload type and what it means: SDP's rtpmap, and the fmtp parameters of whoever receives it.

    `encoding` is upper case; `clock_hz` is RTP's, which is not always the audio's (G.722).
    """

    payload_type: int
    encoding: str
    clock_hz: int = 8000
    channels: int = 1
    parameters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMedia:
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


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of a certificate (RFC 8122). `algorithm` is lower case: "sha-256"."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStats:
    """Counters of one stream since it was opened. Packets and bytes are RTP payload carriers, headers included.

    `lost` and `jitter_ms` are those of RFC 3550 (6.4.1, A.3, A.8) for what the phone sent us; `lost` may be negative
    when packets were duplicated. `rtcp_age_s` and `packet_age_s` tell how long ago the last one came, None if never.
    `rtt_ms` is measured from the phone's RTCP reports, None while unknown.
    """

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    lost: int = 0
    expected: int = 0
    jitter_ms: float = 0.0
    rtt_ms: float | None = None
    packet_age_s: float | None = None
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


@dataclass(frozen=True, slots=True)
class FirstPacket:
    """The phone's first RTP packet arrived."""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A DTMF digit ended (RFC 4733). `digit` is one of 0-9 * # A-D."""

    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class WentSilent:
    """A phone that should be talking has sent no RTP for `silent_ms`."""

    silent_ms: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """RTP came again after `WentSilent`."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """A prompt that does not loop was played to its end."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A DTLS handshake has given the stream its keys."""


@dataclass(frozen=True, slots=True)
class KeyingFailed:
    """No DTLS handshake succeeded in time, or the peer's certificate was another; nothing will be heard."""

    reason: str


RecordingReason = Literal["stopped", "closed", "max_length", "quota", "disk_full", "disk_failed", "disk_slow"]


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """A recording is complete, or ended early; what was written until then can be played.

    `duration_ms` is that of the file: paused time is not in it. `detail` is the system's word on a disk that failed.
    """

    reason: RecordingReason
    duration_ms: int
    path: Path
    detail: str = ""


StreamEvent = (
    FirstPacket | DigitPressed | WentSilent | Resumed | PromptEnded | Keyed | KeyingFailed | RecordingEnded
)
