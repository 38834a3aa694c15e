"""One leg of a call that comes through the tunnel of an edge: implements `Leg` of `pbx.call.ports`.

Signalling is a few messages of the tunnel; sound is RTP between this leg and the node's own stream, agreed on by an SDP
that never leaves the machine. It has no task: what comes through the tunnel moves it.
"""

from __future__ import annotations

import logging
import secrets
from typing import Self

import msgspec

from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status, status_of_cause
from pbx.model.leg_event import Answered, DialogName, Ended, LegCause, LegEvent, LegFailed, Progress, Refused
from pbx.model.party import Party
from pbx.sip.sdp import parse
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.negotiate import AudioSession, Local, audio_of, write_answer, write_offer
from pbx.transport.inbox import Inbox
from pbx.transport.stream_sound import StreamSound
from pbx.transport.tunnel.calls import EdgeCall

__all__ = ["KeptStreamLeg", "StreamLeg", "read_kept"]

log = logging.getLogger(__name__)

VOICE = Format(0, "PCMU")
EVENTS = Format(101, "TELEPHONE-EVENT", 8000, 1, "0-15")


class KeptStreamLeg(msgspec.Struct, frozen=True, array_like=True):
    """What a later process needs to go on with a leg that had been answered. `call` is its name in the tunnel to
    `edge`; `port` is ours, `engine` that of the engine, both on the loopback."""

    call: str
    edge: str
    incoming: bool
    port: int
    engine: int
    voice: int
    events: int | None
    session_id: int
    version: int
    sdp: bytes


_MARK = b"edge"
"""Tells these from dialogs of SIP."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(KeptStreamLeg).decode


def read_kept(kept: bytes) -> KeptStreamLeg | None:
    """None for what is a leg of another kind. Raises `msgspec.MsgspecError` for what cannot be read."""
    return _decode(kept[len(_MARK) :]) if kept.startswith(_MARK) else None


class StreamLeg:
    """A caller from outside, or somebody outside who is called. Implements `CallSide` of the tunnel too."""

    def __init__(self, host: str, *, incoming: bool, port: int = 0) -> None:
        """`host` is the loopback address to speak with the engine. Raises `PeerError` 503 when no port is free."""
        self.id = secrets.token_hex(8)
        self.inbox = Inbox()
        self.call: EdgeCall | None = None
        self._incoming = incoming
        self._answered = False
        self._offer: AudioSession | None = None
        self._version = 0
        self._session_id = secrets.randbits(62)
        self.remote_sdp = b""
        """What the engine was told last: where this leg is."""
        self._engine: tuple[int, int, int | None] | None = None
        self._was = ("", "")
        """The call's name and edge in an earlier process, until the tunnel is there."""
        try:
            self._sound = StreamSound(host, on_voice=self._voice, on_digit=self._digit, port=port)
        except OSError as error:
            raise PeerError(503, "No Port For A Stream", headers=(("Retry-After", "5"),)) from error

    @property
    def offer(self) -> bytes:
        """What a caller's INVITE would say."""
        self.remote_sdp = write_offer(self._local(), (VOICE, EVENTS), ptime_ms=20)
        return self.remote_sdp

    @property
    def is_over(self) -> bool:
        return self.inbox.ended is not None

    # -- Leg --------------------------------------------------------------------------------------------------------

    async def receive(self) -> LegEvent:
        return await self.inbox.get()

    async def progress(self, status: int, sdp: bytes | None = None) -> None:
        """180 lets the caller hear ringing, an SDP what the office says before it answers."""
        if self.is_over or self.call is None or self._answered:
            return
        if sdp is not None:
            self._connect(sdp)
        elif status in (180, 181, 182):
            self.call.ringing()

    async def answer(self, sdp: bytes | None) -> bytes | None:
        self._must_be_alive()
        if sdp is not None:
            self._connect(sdp)
        if self._incoming and not self._answered and self.call is not None:
            self._answered = True
            self.call.answer()
        return None

    async def reject(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.turn_away(status, reason or "")

    def turn_away(self, status: int, reason: str) -> None:
        """Refuse the caller. Nothing once the leg is over."""
        if self.is_over:
            return
        if self.call is not None:
            self.call.refuse(status, reason)
        self._finish(Ended(cause_of_status(status), status, reason))

    async def reoffer(self, sdp: bytes | None) -> bytes | None:
        """The engine's side changes; without `sdp` this side offers, and `answer` follows."""
        self._must_be_alive()
        return self.offer if sdp is None else self._accept(sdp)

    def send_digit(self, digit: str, duration_ms: int) -> None:
        self._digit(digit)

    def show(self, party: Party | None) -> None:
        """There is no display at the other end."""

    def report_transfer(self, status: int) -> None:
        """Nobody outside transfers through a tunnel."""

    def is_dialog(self, name: DialogName) -> bool:
        return False

    def dialog_name(self) -> DialogName | None:
        return None

    def kept(self) -> bytes | None:
        """What `revived` of a later process goes on with; None while nobody talks, and where the edge ends with us."""
        name, edge = self._was if self.call is None else (self.call.id, self.call.edge)
        if self.is_over or not self._answered or self._engine is None or not edge:
            return None
        port, voice, events = self._engine
        leg = KeptStreamLeg(
            call=name,
            edge=edge,
            incoming=self._incoming,
            port=self._sound.port,
            engine=port,
            voice=voice,
            events=events,
            session_id=self._session_id,
            version=self._version,
            sdp=self.remote_sdp,
        )
        return _MARK + _encode(leg)

    @classmethod
    def revived(cls, host: str, kept: KeptStreamLeg) -> Self:
        """The leg of an earlier process; its `call` follows when the tunnel is there. Raises `PeerError`."""
        leg = cls(host, incoming=kept.incoming, port=kept.port)
        leg._answered, leg._was = True, (kept.call, kept.edge)
        leg._session_id, leg._version, leg.remote_sdp = kept.session_id, kept.version, kept.sdp
        leg._to_engine(kept.engine, kept.voice, kept.events)
        return leg

    def kept_invite(self) -> bytes | None:
        return None

    async def alive(self) -> bool:
        """A call that the tunnel holds has somebody at its end, or a timer that will end it."""
        return not self.is_over

    async def end(self, cause: LegCause = LegCause.NORMAL) -> None:
        if self.is_over:
            return
        if self.call is not None:
            if self._incoming and not self._answered:
                self.call.refuse(status_of_cause(cause), "")
            else:
                self.call.hang_up(cause.value)
        self._finish(Ended(cause))

    # -- dialling ---------------------------------------------------------------------------------------------------

    def refuse(self, status: int, reason: str) -> None:
        """The call could not even be placed."""
        if not self.is_over:
            self.inbox.put(Refused(status, reason))
            self._finish(Ended(cause_of_status(status), status, reason))

    def offered(self, sdp: bytes | None) -> None:
        """What the engine offers whom it calls. Raises `PeerError`."""
        self._offer = None if sdp is None else _session(sdp)

    # -- CallSide ---------------------------------------------------------------------------------------------------

    def placed(self, sid: str) -> None:
        log.info("an outside call is on its way", extra={"call_sid": sid})

    def ringing(self) -> None:
        self.inbox.put(Progress(180))

    def answered(self) -> None:
        """Whom we called has picked up."""
        self._answered = True
        if self._offer is None:
            self.inbox.put(Answered(self.offer))
            return
        try:
            self.inbox.put(Answered(self._answer_to(self._offer)))
        except PeerError as error:
            if self.call is not None:
                self.call.hang_up(LegCause.INCOMPATIBLE.value)
            self.refuse(error.sip_status, error.reason)

    def failed(self, status: int, reason: str) -> None:
        self.refuse(status, reason)

    def digit(self, digit: str) -> None:
        self._sound.press(digit)

    def hung_up(self, cause: str) -> None:
        gave_up = self._incoming and not self._answered
        self._finish(Ended(LegCause.CANCELLED if gave_up else LegCause.NORMAL))

    def sound(self, payload: bytes, number: int) -> None:
        self._sound.voice(payload, number)

    def lost(self) -> None:
        self._finish(Ended(LegCause.TRANSPORT, 503, "Tunnel Lost"))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _voice(self, payload: bytes) -> None:
        if self.call is not None:
            self.call.sound(payload)

    def _digit(self, digit: str) -> None:
        if self.call is not None and not self.is_over:
            self.call.digits(digit)

    def _local(self) -> Local:
        self._version += 1
        port = self._sound.port
        return Local(self._sound.host, port, port, self._session_id, self._version)

    def _connect(self, sdp: bytes) -> None:
        """Sound goes to where the engine's SDP says. Raises `PeerError`."""
        self._aim(_session(sdp))

    def _accept(self, sdp: bytes) -> bytes:
        return self._answer_to(_session(sdp))

    def _answer_to(self, offer: AudioSession) -> bytes:
        self._aim(offer)
        formats = tuple(each for each in offer.formats if each.key in (VOICE.key, EVENTS.key))
        self.remote_sdp = write_answer(offer, self._local(), formats)
        return self.remote_sdp

    def _aim(self, session: AudioSession) -> None:
        voice = next((each for each in session.formats if each.key == VOICE.key), None)
        events = next((each for each in session.formats if each.key == EVENTS.key), None)
        if voice is None:
            raise PeerError(488, "Not Acceptable Here")
        self._to_engine(session.rtp_port, voice.payload_type, None if events is None else events.payload_type)

    def _to_engine(self, port: int, voice: int, events: int | None) -> None:
        try:
            self._sound.to(self._sound.host, port, voice=voice, events=events)
        except OSError as error:
            raise PeerError(500, "The Engine Cannot Be Reached") from error
        self._engine = (port, voice, events)

    def _must_be_alive(self) -> None:
        if (ended := self.inbox.ended) is not None:
            raise LegFailed(ended.cause, ended.status, ended.reason)

    def _finish(self, event: Ended) -> None:
        self.inbox.put(event)
        self._sound.close()


def _session(sdp: bytes) -> AudioSession:
    return audio_of(parse(sdp), "off")
