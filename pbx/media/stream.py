"""One leg's audio as call code holds it: two ports, where the phone is, what it did.

Everything here is a command to the compiled engine or a reading of its counters; no packet passes through.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from pbx.media.host_address import packed, readable
from pbx.media.kept import KeptStream
from pbx.media.keying import Keying, unheard
from pbx.model.stream import (
    DigitPressed,
    FirstPacket,
    PromptEnded,
    RemoteMedia,
    Resumed,
    StartedTalking,
    StoppedTalking,
    StreamFormat,
    StreamStats,
    WentSilent,
)

if TYPE_CHECKING:
    from media_ext.engine import NativeEvent, OpusVoice
    from media_ext.leg_handle import Leg
    from pbx.media.engine import MediaEngine

log = logging.getLogger(__name__)

_ENCODER = msgspec.msgpack.Encoder()

DIGITS = "0123456789*#ABCD"


class Stream(Keying):
    """An RTP and an RTCP port of this node, and the phone that talks to them. Made by `MediaEngine.open_stream`."""

    __slots__ = (
        "_codecs",
        "_exports",
        "_final",
        "_remote",
        "_remote_host",
        "_remote_port",
        "_reserved",
        "_told",
        "fds",
        "id",
        "rtp_port",
    )

    def __init__(
        self, engine: MediaEngine, native: Leg, *, rtp_port: int, label: str, fds: tuple[int, int] = (-1, -1)
    ) -> None:
        super().__init__(engine, native, label)
        self.fds = fds
        """Of its RTP and its RTCP socket, while it is open."""
        self.id = native.id
        self.rtp_port = rtp_port
        self._final: StreamStats | None = None
        self._codecs: dict[int, str] = {}
        self._exports: list[asyncio.Future[bytes]] = []
        self._remote: RemoteMedia | None = None
        self._remote_host = ""
        self._remote_port = 0
        self._reserved = native.reserved or b""
        self._told = False
        """Whether somebody has asked what a later process needs, and is to be told of changes."""

    def __repr__(self) -> str:
        return f"<Stream {self.label} port {self.rtp_port}{' closed' if self.closed else ''}>"

    @property
    def rtcp_port(self) -> int:
        return self.rtp_port + 1

    def set_remote(self, remote: RemoteMedia | None) -> None:
        """Say where the phone is and what it may send; None: nothing may come in, nothing is sent.

        Each call allows the phone to appear at another address for a moment, as after a re-INVITE. A host that is
        not a literal address is learned from the phone's first packets. Raises `PeerError` 488 for an IPv6 address
        when this node's audio is IPv4 only.
        """
        if self.closed:
            return
        self._remote = remote
        if remote is None:
            self._engine.native.forget_remote(self.native)
            return
        self._codecs = {each.payload_type: each.encoding for each in remote.formats}
        ipv6 = self._engine.ipv6
        rtcp_host = remote.rtcp_host or remote.rtp_host
        rtcp_port = remote.rtcp_port or remote.rtp_port + 1
        voice, digits = remote.voice, remote.digits
        self._engine.native.set_remote(
            self.native,
            packed(remote.rtp_host, ipv6=ipv6),
            remote.rtp_port,
            packed(rtcp_host, ipv6=ipv6),
            rtcp_port,
            remote.rtcp_mux,
            remote.send,
            remote.receive,
            [_coded(each) for each in remote.formats],
            None if voice is None or not speakable(voice) else (*_coded(voice), opus_voice(voice)),
            None if digits is None else (digits.payload_type, digits.clock_hz),
            remote.ptime_ms,
        )
        self._changed()

    def stats(self) -> StreamStats:
        """Counters up to now, or up to the end of a closed stream. Costs no lock and no thread's time."""
        if self._final is not None:
            return self._final
        payload_type = self.native.payload_type
        return StreamStats(
            remote_host=self._remote_host,
            remote_port=self._remote_port,
            codec="" if payload_type is None else self._codecs.get(payload_type, ""),
            **self.native.counters(),
        )

    async def export(self, *, hand_over: bool = False) -> bytes:
        """All that relaying needs, of one moment, for `MediaEngine.reopen_stream`.

        The stream goes on, but with `hand_over`: then it neither takes nor sends anything from that moment, and its
        end is not told to the phone. Raises `RuntimeError` for a closed stream.
        """
        if self.closed:
            raise RuntimeError("the stream was closed")
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._exports.append(waiting)
        self._engine.native.export(self.native, hand_over)
        return await waiting

    def told_keys(self) -> None:
        self._changed()

    def _changed(self) -> None:
        if self._told:
            self._engine.on_changed(self)

    def kept(self) -> bytes:
        """What `MediaEngine.revive_stream` of a later process goes on with; of use until the stream says otherwise."""
        self._told = True
        remote = self._remote
        if remote is not None and self._heard_at != (remote.rtp_host, remote.rtp_port):
            remote = replace(remote, rtp_host=self._remote_host, rtp_port=self._remote_port)
        receive, send = self._keys
        kept = KeptStream(
            rtp_port=self.rtp_port,
            label=self.label,
            state=self._reserved,
            remote=remote,
            encrypted=self._encrypted,
            receive=receive,
            send=send,
            handshake=self.kept_handshake(),
            ice=self.kept_ice(),
        )
        return _ENCODER.encode(kept)

    @property
    def _heard_at(self) -> tuple[str, int]:
        """Where the phone is, as far as it is known."""
        if self._remote_host or self._remote is None:
            return self._remote_host, self._remote_port
        return self._remote.rtp_host, self._remote.rtp_port

    def remember(self, kept: KeptStream) -> None:
        """What an earlier process knew of this stream; its state went to the engine before."""
        self._remote = kept.remote
        self.remember_keys(kept.receive, kept.send, kept.handshake, encrypted=kept.encrypted)

    def resume(self, kept: KeptStream) -> None:
        """Go on with it."""
        if self.closed:
            return
        if kept.encrypted or kept.receive is not None:
            self.resume_keys(encrypted=kept.encrypted)
        if kept.ice is not None:
            self.resume_ice(kept.ice)
        self.set_remote(kept.remote)

    def close(self) -> None:
        """Stop all audio and give the ports back after their rest. May be called twice."""
        if not self.closed:
            self.end_handshake()
            self._end_ice()
            self.closed = True
            self.on_event = unheard
            self._engine.close_stream(self)

    def take(self, event: NativeEvent) -> None:
        """What the engine's thread saw on this stream."""
        kind, number, duration_ms, host, port = event[1:]
        if kind == "latched":
            before = self._heard_at
            self._remote_host, self._remote_port = readable(host), port
            if self._heard_at != before:
                self._changed()
        elif kind == "exported":
            self._give_state()
        elif kind == "reserved":
            self._reserve_more()
        elif kind == "digit" and number < len(DIGITS):
            self.on_event(DigitPressed(DIGITS[number], duration_ms))
        elif kind == "first":
            self.on_event(FirstPacket())
        elif kind == "silent":
            self.on_event(WentSilent(number))
        elif kind == "resumed":
            self.on_event(Resumed())
        elif kind == "talking":
            self.on_event(StartedTalking(-number))
        elif kind == "stopped":
            self.on_event(StoppedTalking())
        elif kind == "prompt_ended":
            self.on_event(PromptEnded())

    def _give_state(self) -> None:
        state = self.native.state
        waiting, self._exports = self._exports, []
        for each in waiting:
            if not each.done() and state is not None:
                each.set_result(state)

    def _reserve_more(self) -> None:
        """Half of what may be sent has been: the next part is written down first."""
        self._reserved = self.native.reserved or b""
        self._engine.on_reserved(self)
        if not self.closed:
            self._engine.native.reserve(self.native)

    def keep_final_stats(self) -> None:
        """The native record is about to go."""
        for each in self._exports:
            each.cancel()
        self._final = self.stats()


def _coded(each: StreamFormat) -> tuple[int, str, int]:
    return each.payload_type, each.encoding, each.clock_hz


def speakable(voice: StreamFormat) -> bool:
    """Whether the node could say it: it speaks with one channel, which Opus names two (RFC 7587 7)."""
    return voice.channels == 1 or voice.encoding == "OPUS"


def opus_voice(voice: StreamFormat) -> OpusVoice:
    """What the phone wishes to hear, by its fmtp line (RFC 7587 6.1). What makes no sense is passed over."""
    if voice.encoding != "OPUS":
        return {}
    wishes = dict(
        (name.strip().lower(), int(value)) if value.strip().isdecimal() else (name, 0)
        for name, _, value in (each.partition("=") for each in voice.parameters.split(";"))
    )
    fec = wishes.get("useinbandfec") == 1
    chosen: OpusVoice = {"fec": fec, "loss_pct": 5 if fec else 0, "dtx": wishes.get("usedtx") == 1}
    if bitrate_bps := wishes.get("maxaveragebitrate"):
        chosen["bitrate_bps"] = min(max(bitrate_bps, 6000), 510000)
    return chosen


def gain_of(gain_db: float) -> int:
    """As the engine has it: 4096 changes nothing, and 8 times that is the most. Raises `ValueError`."""
    if not -60 <= gain_db <= 18.1:
        raise ValueError(f"a gain of {gain_db} dB: there are gains of -60 to +18 dB")
    return min(round(4096 * 10 ** (gain_db / 20)), 8 * 4096)
