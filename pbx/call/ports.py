"""What a call needs from below and from above, as small Protocols.

Call code owns no sockets and reads no files: a SIP dialog, a stream over a WebSocket and a simulated phone all fit
`Leg`; the compiled audio engine and a recorder for tests both fit `Media`. This file never names an implementation.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pbx.model.call_event import CallEvent
from pbx.model.cdr import Cdr
from pbx.model.leg_event import DialogName, LegCause, LegEvent
from pbx.model.party import DialTarget, Party
from pbx.model.push_phone import CallOver
from pbx.model.stream import (
    Fingerprint,
    IceCredentials,
    RecordingEnded,
    RemoteMedia,
    SrtpKey,
    StreamEvent,
    StreamFormat,
    StreamStats,
)

if TYPE_CHECKING:
    from pbx.call.talk import Sound

__all__ = [
    "NO_KEEPER",
    "NO_WORD",
    "CallLog",
    "Conversation",
    "Conversations",
    "Grown",
    "Keeper",
    "Leg",
    "Media",
    "MeetingRoom",
    "MeetingRooms",
    "Overhearing",
    "Prompt",
    "Record",
    "Recorder",
    "Recording",
    "Room",
    "RoomRecorder",
    "Rooms",
    "Router",
    "Signaling",
    "Stream",
    "Told",
    "Transcoder",
    "Waker",
    "Waking",
]


NO_WORD = frozenset({408, 503})
"""Refusals that are our own: the phone has said nothing."""


class Leg(Protocol):
    """One dialog of a call with one phone."""

    @property
    def id(self) -> str: ...

    async def receive(self) -> LegEvent:
        """The next thing the phone did. After `Ended` nothing follows."""
        ...

    async def progress(self, status: int, sdp: bytes | None = None) -> None:
        """Tell a caller that it rings (180) or let it hear early media (183 with SDP)."""
        ...

    async def answer(self, sdp: bytes | None) -> bytes | None:
        """Accept the INVITE or the pending re-offer; returns the SDP of the ACK, if any. Raises `LegFailed`."""
        ...

    async def reject(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Refuse the INVITE (this ends the leg) or the pending re-offer (this does not)."""
        ...

    async def reoffer(self, sdp: bytes | None) -> bytes | None:
        """re-INVITE; returns the peer's answer. Raises `LegFailed` when the leg is lost, `PeerError` when refused."""
        ...

    def send_digit(self, digit: str, duration_ms: int) -> None:
        """Send one key in an INFO request (application/dtmf-relay); nobody waits for the answer."""
        ...

    def show(self, party: Party | None) -> None:
        """Whom the phone talks with from now on, for its display; None: it is not told."""
        ...

    def report_transfer(self, status: int) -> None:
        """Tell a phone that transfers how far it is, as the status of an INVITE; 200 and more is the last word."""
        ...

    def is_dialog(self, name: DialogName) -> bool:
        """Whether a Replaces header that says this means this leg."""
        ...

    def dialog_name(self) -> DialogName | None:
        """What a Replaces header says to mean this leg; None while the phone has not said its part of it."""
        ...

    async def alive(self) -> bool:
        """Ask the phone inside the dialog whether it is still there."""
        ...

    def kept(self) -> bytes | None:
        """What a later process goes on with; None where it cannot."""
        ...

    def kept_invite(self) -> bytes | None:
        """The same for one that has not been answered, for a later process to answer or to take back."""
        ...

    async def end(self, cause: LegCause = LegCause.NORMAL) -> None:
        """Leave, in whichever way the state demands. Never raises; may be called twice."""
        ...


class Signaling(Protocol):
    """Makes outgoing legs."""

    def dial(
        self,
        target: DialTarget,
        *,
        offer: bytes | None,
        caller: Party,
        call: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Leg: ...


Told = Callable[[], Awaitable[None]]
Record = Callable[[CallEvent], None]


class Waking(Protocol):
    """A phone that is being woken for a call. `declined`: its owner does not want it, and nothing else of theirs is
    meant by that.
    """

    @property
    def declined(self) -> bool: ...

    async def awake(self) -> DialTarget | None:
        """Where it can be rung, from the moment that it registers; None when that does not come, or is not needed."""
        ...

    def here(self) -> None:
        """It answers its INVITE: it has been heard of, and needs no push."""
        ...

    def over(self, reason: CallOver, by: Party | None = None) -> None:
        """Why the call rings there no more, and who answered it: for the push that takes it back."""
        ...


class Waker(Protocol):
    """Wakes phones that sleep. Implemented by `pbx.feature.wake`."""

    def wake(
        self, call: str, caller: Party, target: DialTarget, *, told: Told, record: Record
    ) -> AbstractAsyncContextManager[Waking]:
        """Stay inside while it wakes and rings: leaving takes the push back, unless the phone was heard of.

        `told` is called when the phone's platform has taken the push, `record` with what becomes of it.
        """
        ...


class Stream(Protocol):
    """One leg's audio: an RTP and an RTCP port on this node."""

    on_event: Callable[[StreamEvent], None]

    @property
    def rtp_port(self) -> int: ...

    @property
    def rtcp_port(self) -> int: ...

    @property
    def fingerprint(self) -> Fingerprint: ...

    @property
    def keying_failed(self) -> str:
        """Why no DTLS handshake gave keys; empty while there is hope."""
        ...

    def set_remote(self, remote: RemoteMedia | None) -> None: ...

    def secure(self, receive: SrtpKey | None, send: SrtpKey | None, *, required: bool = True) -> None: ...

    def ice(self, ours: IceCredentials | None, theirs: IceCredentials | None) -> None:
        """Answer checks of the path under `ours`; `theirs` None: not known yet. `ours` None: no ICE any more."""
        ...

    def handshake(
        self, *, active: bool, fingerprints: Sequence[Fingerprint], host: str, port: int
    ) -> None: ...

    def stats(self) -> StreamStats: ...

    def kept(self) -> bytes:
        """What a later process goes on with."""
        ...

    def close(self) -> None: ...


Prompt = Any
"""Audio the engine can play; opaque to call code, made by `pbx.media` and handed in by `pbx.app`."""


class Media(Protocol):
    """The audio engine."""

    def open_stream(self, *, label: str) -> Stream:
        """Raises `PeerError` 503 with Retry-After when no port pair is free."""
        ...

    def link(self, a: Any, b: Any, a_to_b: Mapping[int, int], b_to_a: Mapping[int, int]) -> None: ...

    def unlink(self, a: Any) -> None: ...

    def echo(self, a: Any) -> None: ...

    def play(self, a: Any, sound: Prompt, *, loop: bool = False) -> None:
        """Raises `ValueError` when the stream knows no voice format to say it in."""
        ...

    def stop_playing(self, a: Any) -> None: ...


class Transcoder(Protocol):
    """The part of an audio engine that decodes and encodes."""

    def pair_cost(self, a: StreamFormat, b: StreamFormat) -> int | None:
        """CPU of bridging two formats, in ns for 20 ms: 0 for the same codec, None when it cannot be done here."""
        ...

    def bridge(self, a: Any, b: Any) -> None:
        """Join two streams by sound; digits go the way that the other phone has. Raises `ValueError`."""
        ...

    def detect_digits(self, a: Any, on: bool) -> None:
        """Look for DTMF tones in what the phone says. Raises `ValueError`."""
        ...

    def tell_talkers(self, a: Any, on: bool) -> None:
        """Tell `StartedTalking` and `StoppedTalking` of the stream. Raises `ValueError` for what cannot be decoded."""
        ...

    def send_digits(self, a: Any, digits: str, *, duration_ms: int = 100, pause_ms: int = 70) -> None:
        """Press keys towards the phone: RFC 4733 events, or tones where it has none. Raises `ValueError`."""
        ...


class Recording(Protocol):
    """One recording; goes on until `stop`, the stream's end, or what `RecordingEnded` tells."""

    @property
    def ended(self) -> Future[RecordingEnded]: ...

    def pause(self) -> None:
        """From this moment on, nothing is recorded; the time is cut out."""
        ...

    def resume(self) -> None: ...

    async def stop(self) -> RecordingEnded:
        """Write what was heard until now and close the file. May be called again: the result stays."""
        ...


class Recorder(Protocol):
    """The part of an audio engine that writes files."""

    def record(
        self,
        a: Any,
        path: Path,
        *,
        format: Literal["wav", "opus"] = "wav",
        channels: Literal[1, 2] = 2,
        max_s: int = ...,
    ) -> Recording:
        """Into a new file: the phone left and what it hears right, or both mixed."""
        ...


class Room(Protocol):
    """A conference: each member hears all others but those who are muted."""

    def join(self, stream: Any, *, muted: bool = False) -> None:
        """Raises `ValueError` when it is full, or cannot decode the phone or speak to it."""
        ...

    def leave(self, stream: Any) -> None: ...

    def play(self, sound: Prompt, *, loop: bool = False) -> None: ...

    def close(self) -> None: ...


class Rooms(Protocol):
    """The part of an audio engine that mixes."""

    def room(self, capacity: int, *, label: str) -> Room: ...


class Conversation(Protocol):
    """Two legs that talk, and may be recorded while they do."""

    @property
    def announcement(self) -> Sound | None:
        """What both are to hear before they hear each other."""
        ...

    def listen(self, pass_on: Callable[[Any, str, int, str], None]) -> None:
        """They hear each other; `pass_on` takes the keys that turned out to be for the other side."""
        ...

    def press(self, leg: Any, digit: str, duration_ms: int, via: str) -> bool:
        """A key was pressed. False: it is for the other side; else it may be passed on later."""
        ...

    def end(self) -> None:
        """They no longer talk. May be called twice."""
        ...


class Conversations(Protocol):
    """Is told of every conversation. Implemented by `pbx.feature.recording`."""

    def begin(self, call: Any, other: Any) -> Conversation | None:
        """The call's party and the leg `other` are about to talk; None when nothing is to be done there."""
        ...


class MeetingRoom(Room, Protocol):
    """A conference whose members come and go, are muted, and are seen to talk."""

    def mute(self, stream: Any, on: bool) -> None:
        """Whether the others do not hear it. Nothing for one who is not in the conference."""
        ...

    def whisper(self, stream: Any, to: Any | None) -> None:
        """Only `to` hears it, who hears all others too; None: everybody again."""
        ...

    def talkers(self) -> Sequence[Any]:
        """The streams of those whom the others hear talk now."""
        ...


class Overhearing(Protocol):
    """Somebody listens to two who talk, so these meet in a room."""

    @property
    def room(self) -> MeetingRoom: ...

    def end(self) -> None:
        """The two no longer talk, or cannot be brought together there: everybody leaves."""
        ...


class MeetingRooms(Protocol):
    """The part of an audio engine that mixes them."""

    def room(self, capacity: int, *, label: str) -> MeetingRoom: ...


class Grown(Protocol):
    """How far a recording has come."""

    @property
    def size_bytes(self) -> int: ...


class RoomRecorder(Protocol):
    """The part of it that records what all of a conference say together."""

    def record_room(
        self,
        room: Any,
        path: Path,
        *,
        format: Literal["wav", "opus"] = "wav",
        max_s: int = ...,
        on_end: Callable[[RecordingEnded], None] | None = None,
        may_go_on: Callable[[Grown], bool] | None = None,
    ) -> Recording:
        """Into a new file. Raises `OSError` when there can be none. `may_go_on` is asked as it grows; False ends it."""
        ...


class CallLog(Protocol):
    """Where calls are written down."""

    def put(self, call: str, record: Callable[[], Cdr]) -> None:
        """Write the call's record soon and durably, as it is then; never waits, keeps the order of a call's states."""
        ...

    def publish(self, event: CallEvent) -> None:
        """Tell the live screen, metrics and webhooks; never waits."""
        ...


class Keeper(Protocol):
    """Writes down what a later process needs, should this one be killed."""

    def changed(self, call: Any, event: CallEvent) -> None:
        """Something happened in a call; never waits."""
        ...


class _NoKeeper:
    """Nothing outlives the process."""

    def changed(self, call: Any, event: CallEvent) -> None: ...


NO_KEEPER: Keeper = _NoKeeper()


class Router(Protocol):
    """How a call finds its feature without looking upwards. Implemented by `pbx.feature.dialplan`."""

    async def route(self, call: Any) -> None:
        """Run the call to its end: ring phones, answer with a feature, or refuse with `PeerError`."""
        ...

    async def transfer(self, call: Any, transfer: Any) -> None:
        """Run the call on for the party that stays; `transfer` is a `pbx.call.transfer.Transfer`."""
        ...
