"""A leg's audio as the rest of the node sees it: where the phone is, what happened, how good it was.

Internal values, never on a wire. They know nothing of sockets or of the compiled engine that fills them.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    send_errors: int = 0
    late: int = 0
    """Of a phone that is decoded here: packets that came when something else was heard in their place already."""
    discarded: int = 0
    """Of a phone that is decoded here: packets that came in time and were left out, to catch up or for want of room."""
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
class StartedTalking:
    """Somebody talks into the phone; where that is asked for (`MediaEngine.tell_talkers`)."""

    level_dbov: int


@dataclass(frozen=True, slots=True)
class StoppedTalking:
    """Nobody has for half a second."""


StreamEvent = FirstPacket | DigitPressed | WentSilent | Resumed | PromptEnded | StartedTalking | StoppedTalking
