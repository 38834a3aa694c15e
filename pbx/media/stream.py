"""One leg's audio as call code holds it: two ports, where the phone is, what it did.

Everything here is a command to the compiled engine or a reading of its counters; no packet passes through.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.model.stream import (
    DigitPressed,
    Fingerprint,
    FirstPacket,
    PromptEnded,
    RemoteMedia,
    Resumed,
    SrtpKey,
    StartedTalking,
    StoppedTalking,
    StreamEvent,
    StreamFormat,
    StreamStats,
    WentSilent,
)

if TYPE_CHECKING:
    from media_ext.engine import Leg, NativeEvent, OpusVoice
    from pbx.media.dtls import Handshake
    from pbx.media.engine import MediaEngine

Address = tuple[str, int]
log = logging.getLogger(__name__)

DIGITS = "0123456789*#ABCD"


def _unheard(_event: StreamEvent) -> None:
    """Nobody listens to this stream yet."""


class Stream:
    """An RTP and an RTCP port of this node, and the phone that talks to them. Made by `MediaEngine.open_stream`."""

    __slots__ = (
        "_codecs",
        "_encrypted",
        "_engine",
        "_exports",
        "_final",
        "_handshake",
        "_on_datagram",
        "_remote_host",
        "_remote_port",
        "closed",
        "id",
        "label",
        "native",
        "on_event",
        "rtp_port",
    )

    def __init__(self, engine: MediaEngine, native: Leg, *, rtp_port: int, label: str) -> None:
        self.id = native.id
        self.label = label
        self.rtp_port = rtp_port
        self.on_event: Callable[[StreamEvent], None] = _unheard
        self.closed = False
        self.native = native
        self._engine = engine
        self._final: StreamStats | None = None
        self._codecs: dict[int, str] = {}
        self._exports: list[asyncio.Future[bytes]] = []
        self._encrypted = False
        self._handshake: Handshake | None = None
        self._on_datagram: Callable[[bytes, Address], None] | None = None
        self._remote_host = ""
        self._remote_port = 0

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
        if remote is None:
            self._engine.native.forget_remote(self.native)
            return
        self._codecs = {each.payload_type: each.encoding for each in remote.formats}
        rtcp_host = remote.rtcp_host or remote.rtp_host
        rtcp_port = remote.rtcp_port or remote.rtp_port + 1
        voice, digits = remote.voice, remote.digits
        self._engine.native.set_remote(
            self.native,
            self._packed(remote.rtp_host),
            remote.rtp_port,
            self._packed(rtcp_host),
            rtcp_port,
            remote.rtcp_mux,
            remote.send,
            remote.receive,
            [_coded(each) for each in remote.formats],
            None if voice is None or not speakable(voice) else (*_coded(voice), opus_voice(voice)),
            None if digits is None else (digits.payload_type, digits.clock_hz),
            remote.ptime_ms,
        )

    def secure(self, receive: SrtpKey | None, send: SrtpKey | None, *, required: bool = True) -> None:
        """Take and send only SRTP, with these keys; None leaves what is there, and without a key nothing passes.

        New keys go on with roll-over counters and replay windows. `required` False: plain RTP again. Raises
        `ValueError` for keys that do not fit their profile.
        """
        if not self.closed:
            self._end_handshake()
            self._secure(receive, send, required)

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the certificate that this node shows in a DTLS handshake."""
        return self._engine.identity.fingerprint

    def handshake(self, *, active: bool, fingerprints: Sequence[Fingerprint], host: str, port: int) -> None:
        """Agree on keys by DTLS-SRTP with who has a certificate of one of these fingerprints.

        `active`: we begin, towards `host` and `port`. Until then nothing passes. Ends with `Keyed` or `KeyingFailed`.
        An earlier handshake with the same fingerprints and roles goes on, or stays done.
        """
        if self.closed or (self._handshake is not None and self._handshake.same(active, fingerprints)):
            return
        from pbx.media.dtls import Handshake  # costs memory that nodes without DTLS need not spend

        self._end_handshake()
        self._handshake = Handshake(self._engine.identity, self, active=active, fingerprints=fingerprints)
        self._secure(None, None, True)
        self._handshake.start((host, port))

    def take_keys(self, receive: SrtpKey, send: SrtpKey) -> None:
        """What the stream's handshake has found."""
        self._secure(receive, send, True)

    def listen(self, listener: Callable[[bytes, Address], None] | None) -> None:
        """Get the STUN packets that come to the RTP and RTCP ports, with their sources; None: no more."""
        if not self.closed:
            self._on_datagram = listener
            self._secure(None, None, self._encrypted)

    def send_datagram(self, data: bytes, address: Address) -> bool:
        """Send STUN or DTLS from the RTP port; False when it did not go."""
        packed = self._packed(address[0])
        return not self.closed and self._engine.native.send_datagram(self.native, data, packed, address[1])

    def _secure(self, receive: SrtpKey | None, send: SrtpKey | None, encrypted: bool) -> None:
        listening = self._handshake is not None or self._on_datagram is not None
        self._engine.native.secure(self.native, _material(receive), _material(send), encrypted, listening)
        self._encrypted = encrypted

    def _end_handshake(self) -> None:
        if self._handshake is not None:
            self._handshake.close()
            self._handshake = None

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

    def close(self) -> None:
        """Stop all audio and give the ports back after their rest. May be called twice."""
        if not self.closed:
            self._end_handshake()
            self.closed = True
            self.on_event = _unheard
            self._engine.close_stream(self)

    def take(self, event: NativeEvent) -> None:
        """What the engine's thread saw on this stream."""
        kind, number, duration_ms, host, port = event[1:]
        if kind == "latched":
            self._remote_host, self._remote_port = _readable(host), port
        elif kind == "exported":
            self._give_state()
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

    def take_datagram(self, data: bytes, host: bytes, port: int) -> None:
        """STUN or DTLS that came to this stream."""
        address = (_readable(host), port)
        if data[0] >= 20:
            if self._handshake is not None:
                self._handshake.take(data, address)
        elif self._on_datagram is not None:
            self._on_datagram(data, address)

    def _give_state(self) -> None:
        state = self.native.state
        waiting, self._exports = self._exports, []
        for each in waiting:
            if not each.done() and state is not None:
                each.set_result(state)

    def keep_final_stats(self) -> None:
        """The native record is about to go."""
        for each in self._exports:
            each.cancel()
        self._final = self.stats()

    def _packed(self, host: str) -> bytes:
        """The address as the engine's sockets know it; empty when it must be learned from packets."""
        ipv6 = self._engine.ipv6
        try:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        except OSError:
            return b""
        if not any(packed):
            return b""
        if ":" in host:
            if not ipv6:
                raise PeerError(488, "IPv6 Audio Not Supported Here")
            return packed
        return b"\0" * 10 + b"\xff\xff" + packed if ipv6 else packed


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


def _material(key: SrtpKey | None) -> tuple[int, bytes, bytes] | None:
    return None if key is None else (key.profile, key.key, key.salt)


def _readable(packed: bytes) -> str:
    if len(packed) == 16 and packed.startswith(b"\0" * 10 + b"\xff\xff"):
        packed = packed[12:]
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)
