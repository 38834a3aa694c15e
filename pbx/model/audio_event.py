"""The sound of a call's legs: when it comes and stops, and how good it is."""

from __future__ import annotations

import msgspec

from pbx.model.in_call import InCall


class AudioStarted(InCall, frozen=True, kw_only=True, tag="audio_started"):
    """The first RTP packet of this leg arrived."""

    leg: str


class AudioSilent(InCall, frozen=True, kw_only=True, tag="audio_silent"):
    """No RTP from this leg for `silent_ms`, though it is not held."""

    leg: str
    silent_ms: int


class AudioBack(InCall, frozen=True, kw_only=True, tag="audio_back"):
    leg: str


class AudioOneWay(InCall, frozen=True, kw_only=True, tag="audio_one_way"):
    """Nothing came from this leg for `silent_ms`, though the other side talked: one-way audio, or a muted phone."""

    leg: str
    silent_ms: int


class Sound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one direction of a leg's audio sounds (ITU-T G.107).

    `mos` is 1 to 4.5; `grade` is "good", "fair" or "poor"; `cause`, empty while it is good, is "loss", "delay" or
    "jitter". `loss` is a part of 1.
    """

    mos: float
    grade: str
    cause: str = ""
    loss: float = 0.0
    jitter_ms: float = 0.0


class AudioJoined(InCall, frozen=True, kw_only=True, tag="audio_joined"):
    """The caller and this leg hear each other. `transcoded`: their sound is decoded and encoded by the node; else their
    packets are passed on. Told again when a codec or that changes."""

    leg: str
    caller_codec: str
    codec: str
    transcoded: bool


class AudioQuality(InCall, frozen=True, kw_only=True, tag="audio_quality"):
    """The sound of a leg changed for a while. `direction` "from": of the phone, as it arrives here; "to": of what is
    sent to the phone, as its RTCP reports say."""

    leg: str
    direction: str
    sound: Sound


class LegQuality(InCall, frozen=True, kw_only=True, tag="leg_quality"):
    """What a leg's audio was like, when its stream was closed.

    `lost`, `jitter_ms` and the fields up to `discarded` are of what the phone sent us: RFC 3550 loss and jitter (at
    the end, and at its worst), RFC 3611 parts of 1 lost within bursts and between them, what a jitter buffer of ours
    did not take. `heard` says how that sounds; `told` how we sound at the phone, if it sent RTCP reports.
    `heard_mos` and `told_mos` are the same over the time that the leg was joined with another: the worst MOS of each
    `mos_every_s`, 0 where nothing is known. `remote` is where its audio came from, `encryption` plain, sdes or dtls.
    """

    leg: str
    packets_in: int
    packets_out: int
    lost: int
    jitter_ms: float
    jitter_max_ms: float = 0.0
    bursts: int = 0
    burst_loss: float = 0.0
    gap_loss: float = 0.0
    late: int = 0
    discarded: int = 0
    codec: str = ""
    rtt_ms: float | None = None
    heard: Sound | None = None
    told: Sound | None = None
    mos_every_s: float = 0.0
    heard_mos: tuple[float, ...] = ()
    told_mos: tuple[float, ...] = ()
    remote: str = ""
    local_port: int = 0
    encryption: str = ""


AudioEvent = AudioStarted | AudioSilent | AudioBack | AudioOneWay | AudioJoined | AudioQuality | LegQuality
