"""One leg as the call sees it: a dialog, a stream, and what the two agreed on.

Payload numbers come in two lists, because RFC 3264 lets each side number codecs as it likes: `receives` is what our
SDP said (the phone sends us these), `sends` is what the phone's SDP said (we send it these).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pbx.call.codecs import digits, only, stream_format, voice
from pbx.call.encryption import Encryption
from pbx.call.ports import Leg, Stream
from pbx.call.sound_curve import LOOK_EVERY_S, SoundCurve
from pbx.core.errors import PeerError
from pbx.model.leg_event import LegCause
from pbx.model.party import Party
from pbx.model.stream import RemoteMedia
from pbx.sip.sdp import parse
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.negotiate import AudioSession, Local, audio_of, common, write_answer, write_offer
from pbx.sip.sdp.security import SrtpPolicy, Way

if TYPE_CHECKING:
    from pbx.call.kept import KeptLeg

log = logging.getLogger(__name__)


def read_audio(sdp: bytes, policy: SrtpPolicy = "optional") -> AudioSession:
    """The audio session of an SDP body. Raises `PeerError` (400 or 488)."""
    return audio_of(parse(sdp), policy)


class CallLeg:
    """A phone in a call. `name` is "a" for the caller, "b1", "b2" … for the phones that are rung or come in later.

    `party` is who is there: what others dial to reach it.
    """

    __slots__ = (
        "_candidates",
        "_closers",
        "answered",
        "closed",
        "codecs",
        "encryption",
        "heard_curve",
        "held",
        "host",
        "keys_by_info",
        "keys_held",
        "label",
        "name",
        "offered",
        "party",
        "pressed",
        "receives",
        "remote",
        "sends",
        "session_id",
        "shown_as",
        "signal",
        "stream",
        "told",
        "told_curve",
        "undisclosed",
        "version",
        "waits",
        "withheld",
    )

    def __init__(
        self,
        name: str,
        *,
        stream: Stream,
        host: str,
        session_id: int,
        party: Party,
        label: str = "",
        srtp: SrtpPolicy = "optional",
        secure: bool = False,
        insist: Way | None = None,
        codecs: tuple[str, ...] = (),
        browser: bool = False,
        candidates: tuple[str, ...] = (),
    ) -> None:
        """`codecs` are the only ones it may use, none for all. A `browser` tries all `candidates`, hosts of ours."""
        self.name = name
        self.codecs = codecs
        self.party = party
        self.label = label or party.number
        self.withheld = False
        """Nobody it calls is to see who it is."""
        self.shown_as: Party | None = None
        """What those it calls see in place of `party`."""
        self.undisclosed = False
        """Nobody it talks with is told who it is."""
        self.told: Party | None = None
        """Whom its phone was told last that it talks with."""
        self.stream = stream
        self.encryption = Encryption(stream, srtp, wanted=secure, insist=insist, browser=browser)
        self.signal: Leg | None = None
        self.offered: AudioSession | None = None  # of the INVITE it came with; None: it made no offer
        self.remote: AudioSession | None = None
        self.receives: tuple[Format, ...] = ()
        self.sends: tuple[Format, ...] = ()
        self.waits = False
        """Somebody at the desk lets it wait with music, whatever its phone and the other do."""
        self.held = False
        self.keys_by_info = (
            False  # it has no telephone-event and has sent digits by INFO: so it understands them
        )
        self.keys_held = False
        """Its keys may be codes of ours: the audio does not carry them; those that are none are passed on."""
        self.pressed: Callable[[str], None] | None = None
        """Gets the digits of a leg that is joined with nobody."""
        self.answered = False
        self.heard_curve = SoundCurve(LOOK_EVERY_S)
        self.told_curve = SoundCurve(LOOK_EVERY_S)
        self.closed = False
        self._closers: list[Callable[[], None]] = []
        self.host = host
        self._candidates = candidates
        self.session_id = session_id
        self.version = 0

    @property
    def dialog(self) -> Leg:
        """The leg's signalling. Raises `RuntimeError` before the leg has any."""
        if self.signal is None:
            raise RuntimeError(f"leg {self.name} has no dialog yet")
        return self.signal

    @property
    def shown(self) -> Party:
        """Who is there, as those it calls may see it."""
        return Party("") if self.withheld else self.shown_as or self.party

    def show_as(self, *, number: str | None = None, name: str | None = None) -> None:
        """From now on, phones that are rung for it show this of it. Nothing else goes by it."""
        now = self.shown_as or self.party
        self.shown_as = replace(
            now,
            number=now.number if number is None else number,
            name=now.name if name is None else name,
        )

    @property
    def should_talk(self) -> bool:
        """Held, or told us it would only listen: then silence is what was agreed."""
        return not self.held and self.remote is not None and self.remote.direction in ("sendrecv", "sendonly")

    # -- our SDP ---------------------------------------------------------------------------------------------------

    def read(self, sdp: bytes) -> AudioSession:
        """The audio session of the phone's SDP that the node's policy allows. Raises `PeerError` (400 or 488)."""
        session = read_audio(sdp, self.encryption.policy)
        return replace(session, formats=only(session.formats, self.codecs)) if self.codecs else session

    def offer(
        self, formats: tuple[Format, ...], direction: str = "sendrecv", *, secure: bool | None = None
    ) -> bytes:
        """An offer of ours with these formats; `take_answer` completes it. `secure`: see `Encryption.offer`."""
        formats = only(formats, self.codecs)
        if not voice(formats):
            raise PeerError(488, "Not Acceptable Here")
        self.receives = formats
        security = self.encryption.offer(secure=secure)
        return write_offer(self._local(), formats, direction, security=security, before=self.remote)

    def offer_to_browser(self) -> bytes:
        """The last offer once more, as a page understands it; for a leg that rings phones of both kinds."""
        security = self.encryption.offer_to_browser()
        return write_offer(self._local(), self.receives, security=security, before=self.remote)

    def take_answer(self, sdp: bytes | None) -> None:
        """The phone's answer to `offer`. Raises `PeerError` 488 when nothing we offered is in it."""
        if sdp is None:
            raise PeerError(488, "Answer Without SDP")
        session = read_audio(sdp)  # what may be in it is what we offered
        agreed = common(session.formats, self.receives)
        if not voice(agreed):
            raise PeerError(488, "No Common Codec In Answer")
        self.encryption.take_answer(session)
        self.sends = agreed
        self._arm(session)

    def take_reanswer(self, offer: bytes, answer: bytes) -> None:
        """The phone's new answer to what we had said before. Raises `PeerError` when it does not fit."""
        self.encryption.repeated(read_audio(offer))
        self.take_answer(answer)

    def accept(self, offer: AudioSession, formats: tuple[Format, ...]) -> bytes:
        """Our answer to the phone's `offer`, agreeing on `formats` (a part of the offer, in its numbering)."""
        if not voice(formats):
            raise PeerError(488, "Not Acceptable Here")
        security = self.encryption.answer(offer)
        numbers = {each.payload_type for each in formats}
        self.receives = formats
        self.sends = tuple([each for each in offer.formats if each.payload_type in numbers])
        self._arm(offer)
        return write_answer(offer, self._local(), formats, "sendrecv", security)

    def _local(self) -> Local:
        self.version += 1
        return Local(
            host=self.host,
            rtp_port=self.stream.rtp_port,
            rtcp_port=self.stream.rtcp_port,
            session_id=self.session_id,
            version=self.version,
            candidates=self._candidates,
        )

    def _arm(self, session: AudioSession) -> None:
        """Tell the stream where the phone is and what it may send."""
        self.remote = session
        self.held = session.held
        self.stream.set_remote(
            RemoteMedia(
                rtp_host=session.host,
                rtp_port=session.rtp_port,
                rtcp_host=session.rtcp_host,
                rtcp_port=session.rtcp_port,
                rtcp_mux=session.rtcp_mux or session.ice is not None,
                formats=tuple([stream_format(each) for each in self.receives]),
                voice=next((stream_format(each) for each in voice(self.sends)), None),
                digits=next((stream_format(each) for each in self._events()), None),
                ptime_ms=session.packet_ms,
                send=session.direction in ("sendrecv", "recvonly") and not session.held,
                receive=session.direction in ("sendrecv", "sendonly"),
            )
        )

    @classmethod
    def revived(cls, kept: KeptLeg, signal: Leg, stream: Stream, remote_sdp: bytes) -> CallLeg:
        """The leg of an earlier process, which had been answered; its stream has been told where the phone is.

        Raises `PeerError` when the phone's description cannot be read, as it could then.
        """
        leg = cls(
            kept.name,
            stream=stream,
            host=kept.host,
            session_id=kept.session_id,
            party=kept.party,
            label=kept.label,
            codecs=kept.codecs,
        )
        leg.encryption = Encryption.revived(stream, kept.encryption)
        leg.signal = signal
        leg.remote = leg.read(remote_sdp)
        leg.receives, leg.sends = kept.receives, kept.sends
        leg.held, leg.waits, leg.keys_by_info = kept.held, kept.waits, kept.keys_by_info
        leg.withheld, leg.undisclosed = kept.withheld, kept.undisclosed
        leg.version = kept.version
        leg.answered = True
        return leg

    @property
    def codec(self) -> str:
        """What it sends and hears, as SDP spells it; "" while nothing is agreed on."""
        return next((each.encoding_name for each in voice(self.sends)), "")

    def _events(self) -> tuple[Format, ...]:
        """telephone-event for what the node says here: at the clock of the voice, where there is one."""
        events = digits(self.sends)
        clocks = {each.clock_hz for each in voice(self.sends)[:1]}
        return tuple([each for each in events if each.clock_hz in clocks]) or events

    def on_close(self, closer: Callable[[], None]) -> None:
        """Call `closer` when the leg closes, in whichever call it is by then: for what the leg holds of others."""
        self._closers.append(closer)

    # -- the end ---------------------------------------------------------------------------------------------------

    async def close(self, cause: LegCause) -> None:
        """Leave the dialog and give the ports back. Never raises; may be called twice."""
        if self.closed:
            return
        self.closed = True
        self.stream.close()
        for closer in self._closers:
            closer()
        if self.signal is not None:
            await self.signal.end(cause)
