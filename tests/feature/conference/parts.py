"""Conferences with real calls on scripted legs, virtual time and a room that remembers who hears whom."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

import msgspec

import pbx.feature
from pbx.call.call import Call
from pbx.call.called_back import Reach
from pbx.call.codecs import codecs_of
from pbx.call.incoming import CallPorts, Incoming
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.call.transfer import Transfer
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.feature.conference.conferences import Conferences
from pbx.feature.conference.invitations import Invitations
from pbx.feature.conference.voice import Files, Voice
from pbx.feature.spoken_values import Value
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_event import ConferenceJoined, ConferenceLeft
from pbx.model.leg_event import Answered, Ended, InfoDigit, LegCause, Offered, Referred
from pbx.model.party import DialTarget, Party
from pbx.model.stream import RecordingEnded
from pbx.sip.sdp.negotiate import KNOWN
from tests.call.parts import (
    PCMU,
    FakeLog,
    FakeMedia,
    FakeSignaling,
    FakeTranscoder,
    ScriptedLeg,
    sdp,
    settle,
)
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual

OFFER = sdp(PCMU, "101 telephone-event/8000")
HOLD = sdp(PCMU, "101 telephone-event/8000", direction="sendonly")
ANSWER = sdp(PCMU, "101 telephone-event/8000")
PHRASE_S = 1.0
RECORDINGS = Path("/recordings")


class FakeRecording:
    """One that `record` and `record_room` make."""

    def __init__(self, path: Path, on_end: Callable[[RecordingEnded], None] | None = None) -> None:
        self.path = path
        self.ended: asyncio.Future[RecordingEnded] = asyncio.get_running_loop().create_future()
        self._on_end = on_end

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def finish(self, reason: Any = "stopped") -> None:
        if not self.ended.done():
            result = RecordingEnded(reason, 2000, self.path)
            self.ended.set_result(result)
            if self._on_end is not None:
                self._on_end(result)

    async def stop(self) -> RecordingEnded:
        self.finish()
        return self.ended.result()


class FakeRoomFile:
    """A file in the list of recordings; `state` is how it is doing."""

    def __init__(self, name: str, call: str) -> None:
        self.id = f"{name}-id"
        self.file = f"2026/{name}.wav"
        self.path = RECORDINGS / self.file
        self.format: Literal["wav", "opus"] = "wav"
        self.call = call
        self.state = "new"

    def may_go_on(self, progress: Any) -> bool:
        return True

    def begun(self) -> None:
        assert self.state == "new"
        self.state = "begun"

    def refused(self, error: OSError) -> None:
        assert self.state == "new"
        self.state = "refused"

    def ended(self, ended: RecordingEnded) -> None:
        assert self.state == "begun"
        self.state = ended.reason


class FakeRoom:
    """Who is in it, and who may be heard; `talking` are the labels of those who talk."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.muted: dict[Any, bool] = {}
        self.only: dict[Any, Any] = {}
        self.talking: set[str] = set()
        self.played: list[object] = []
        self.recordings: list[FakeRecording] = []
        self.closed = False

    def join(self, stream: Any, *, muted: bool = False) -> None:
        assert not self.closed
        assert not stream.closed
        if stream not in self.muted and len(self.muted) >= self.capacity:
            raise ValueError("full")
        self.muted[stream] = muted

    def leave(self, stream: Any) -> None:
        self.muted.pop(stream, None)
        self.only.pop(stream, None)

    def mute(self, stream: Any, on: bool) -> None:
        if stream in self.muted:
            self.muted[stream] = on

    def whisper(self, stream: Any, to: Any | None) -> None:
        if stream in self.muted:
            self.only[stream] = to

    def hearing(self, stream: Any) -> set[Any]:
        """Whom a member hears."""
        return {
            each
            for each, muted in self.muted.items()
            if each is not stream and not muted and self.only.get(each) in (None, stream)
        }

    def talkers(self) -> list[Any]:
        return [each for each in self.muted if each.label in self.talking]

    def play(self, sound: object, *, loop: bool = False) -> None:
        assert not self.closed
        self.played.append(sound)

    def close(self) -> None:
        assert not self.muted, "somebody is still in it"
        self.closed = True
        for each in self.recordings:
            each.finish("closed")


PHRASES: dict[str, Any] = msgspec.json.decode(
    (Path(pbx.feature.__file__).parent / "phrases" / "en" / "conference.json").read_bytes()
)


class FakeSays:
    """Each sentence is its own name, and one that there is."""

    async def phrase(self, name: str, /, *, language: str = "", **values: Value) -> Sound:
        said = PHRASES[name]
        forms = said.values() if isinstance(said, dict) else (said,)
        assert any(set(values) == set(re.findall(r"{(\w+)}", each)) for each in forms), (name, values)
        return Sound(" ".join([name, *map(str, values.values())]), PHRASE_S)

    async def text(self, text: str, *, language: str = "") -> Sound:
        return Sound(f"“{text}”", PHRASE_S)

    async def prompt(self, id: str) -> Sound:
        raise AssertionError("a conference plays no prompt of the office")

    async def file(self, path: Path) -> Sound:
        return Sound(f"name:{path.stem}", PHRASE_S)


@dataclass(eq=False)
class Guest:
    """Somebody's phone, in a call with the node."""

    leg: ScriptedLeg
    call: Call
    place: Place

    @property
    def stream(self) -> Any:
        return self.call.a.stream

    def hang_up(self) -> None:
        self.leg.tell(Ended(LegCause.NORMAL))

    def press(self, keys: str) -> None:
        for key in keys:
            self.leg.tell(InfoDigit(key))

    def reoffers(self, offer: bytes) -> None:
        self.leg.tell(Offered(offer))

    def refers(self, to: str, replaces: Any = None) -> None:
        self.leg.tell(Referred(to, replaces))

    @property
    def hears(self) -> Any:
        """What of ours it hears besides the others."""
        return self.place.media.playing.get(self.stream.label)

    @property
    def inside(self) -> Any:
        return any(self.stream in room.muted for room in self.place.rooms)

    @property
    def heard(self) -> Any:
        """Whether the others hear it."""
        return any(room.muted.get(self.stream) is False for room in self.place.rooms)

    @property
    def gone(self) -> Any:
        return bool(self.leg.ended or self.leg.rejected)

    @property
    def refused(self) -> int:
        return self.leg.rejected[0] if self.leg.rejected else 0


class Place:
    """An office of conferences. Extensions 1xx have one phone each, unless it is in `without_phone`."""

    def __init__(self, *conferences: ConferenceWrite, supervisor: Supervisor, capacity: int = 1000) -> None:
        self.media = FakeMedia(capacity)
        self.signaling = FakeSignaling()
        self.log = FakeLog()
        self.rooms: list[FakeRoom] = []
        self.recordings: list[FakeRecording] = []
        self.files: list[FakeRoomFile] = []
        self.disk_is_full = False
        self.changed: list[str] = []
        self.rung: list[tuple[str, ScriptedLeg]] = []
        self.without_phone: set[str] = set()
        self.channels = 0
        self.ids = count(1)
        self.signaling.on_dial = lambda uri, leg: self.rung.append((uri, leg))
        transcoder = FakeTranscoder(self.media)
        ports = CallPorts(
            media=self.media,
            signaling=self.signaling,
            log=self.log,
            clock=LoopClock(),
            rtp_timeout_s=60,
            new_session_id=lambda: next(self.ids),
            local_host=lambda remote: "192.0.2.1",
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
            transcoder=transcoder,
            codecs=codecs_of(KNOWN, transcoder),
            recorder=self,
        )
        self.switch = Switch(ports, self, supervisor=supervisor, new_id=lambda: f"call-{next(self.ids)}")
        self.conferences = Conferences(
            rooms=self,
            recorder=self,
            voice=Voice(FakeSays(), lambda: Sound("in", 0.2), lambda: Sound("out", 0.2)),
            files=Files(record=self._record, name=self._name),
            clock=LoopClock(),
            supervisor=supervisor,
            changed=self.changed.append,
        )
        self.invitations = Invitations(
            self.conferences,
            lambda: self.switch,
            lambda: self,
            phonebook=self,
            signaling=self.signaling,
            new_id=lambda: f"out-{next(self.ids)}",
        )
        self.conferences.calls = self.invitations.call_in
        self.conferences.referred = self.invitations.referred
        self.records = {each.number: each for each in conferences}
        self.conferences.use(conferences)

    # -- audio and files -------------------------------------------------------------------------------------------

    def room(self, capacity: int, *, label: str) -> FakeRoom:
        self.rooms.append(FakeRoom(capacity))
        return self.rooms[-1]

    def record(self, a: Any, path: Path, **_: Any) -> FakeRecording:
        return FakeRecording(path)

    def record_room(self, room: Any, path: Path, *, on_end: Any = None, **_: Any) -> FakeRecording:
        if self.disk_is_full:
            raise OSError(28, "No space left on device")
        room.recordings.append(FakeRecording(path, on_end))
        self.recordings.append(room.recordings[-1])
        return self.recordings[-1]

    async def _record(self, number: str, call: str) -> FakeRoomFile:
        self.files.append(FakeRoomFile(f"{number}-{len(self.recordings)}", call))
        return self.files[-1]

    async def _name(self, call: str) -> Path:
        return Path("/nowhere") / f"{call}.wav"

    # -- the phonebook ---------------------------------------------------------------------------------------------

    def extension(self, number: str) -> str | None:
        return f"Phone {number}" if len(number) == 3 and number.startswith("10") else None

    def may_call(self, number: str, rights: str | None) -> bool:
        if self.extension(number) is not None:
            return number not in self.without_phone
        return rights is not None and number != "112"

    def ways(self, call: Call, number: str, extension: str | None, rights: str) -> Sequence[Reach]:
        target = DialTarget(number, number, host="127.0.0.1", port=5060, label=number, extension=extension)
        return [Reach(target, self._seize)]

    def _seize(self) -> Callable[[], None]:
        self.channels += 1

        def release() -> None:
            self.channels -= 1

        return release

    # -- the router ------------------------------------------------------------------------------------------------

    async def route(self, call: Call) -> None:
        if not await self._onward(call, call.dialled):
            raise PeerError(404, "Not Found")

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        if not await self._onward(call, transfer.to):
            raise PeerError(404, "Not Found")

    async def _onward(self, call: Call, dialled: str) -> bool:
        record = self.conferences.find(dialled)
        if record is None:
            return await self.talk(call, dialled)
        await self.conferences.join(call, record)
        return True

    async def talk(self, call: Call, dialled: str) -> bool:
        """An ordinary call between two extensions."""
        from pbx.call.connect import connect

        if self.extension(dialled) is None:
            return False
        target = DialTarget(dialled, dialled, host="127.0.0.1", port=5060, label=dialled, extension=dialled)
        await connect(call, [target], ring_timeout_s=20, redirect=lambda _: ())
        return True

    # -- what people do --------------------------------------------------------------------------------------------

    def arrives(
        self,
        extension: str | None = "101",
        *,
        number: str = "",
        dials: str = "700",
        offer: bytes | None = OFFER,
    ) -> Guest:
        leg = ScriptedLeg(f"leg-{next(self.ids)}")
        caller = Party(
            extension or number or "+4930123", f"Phone {extension}" if extension else "", extension
        )
        incoming = Incoming(leg=leg, caller=caller, dialled=dials, source="test", source_host="", offer=offer)
        return Guest(leg, self.switch.offered(incoming), self)

    async def inside(self, *extensions: str) -> list[Guest]:
        """These are in the conference, one after the other."""
        guests = []
        for each in extensions:
            guests.append(self.arrives(each))
            await later(5)
            assert guests[-1].inside, f"{each} is not in: {self.kinds(guests[-1])}"
        return guests

    def answer(self, number: str) -> Guest:
        """Whoever was called picks up."""
        leg = next(leg for uri, leg in reversed(self.rung) if uri == number)
        leg.tell(Answered(ANSWER))
        call = next(
            (each for each in reversed(self.switch._calls.values()) if each.party.number == number),
            next(reversed(self.switch._calls.values())),
        )
        return Guest(leg, call, self)

    # -- what is told ----------------------------------------------------------------------------------------------

    def events(self, *kinds: type) -> list[Any]:
        return [each for each in self.log.events if isinstance(each, kinds)]

    def kinds(self, guest: Guest) -> list[str]:
        return [type(each).__name__ for each in guest.call.events]

    @property
    def status(self) -> Any:
        return self.conferences.status("700")

    def assert_clean(self) -> None:
        """Nothing of any call is left, and whoever came in has left once."""
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert self.media.links == {}
        assert self.channels == 0
        assert self.conferences.rooms == self.conferences.people == 0
        assert all(each.closed for each in self.rooms)
        assert all(each.ended.done() for each in self.recordings)
        assert not any(each.state in ("new", "begun") for each in self.files)
        assert self.conferences._brought == {}
        came = Counter((each.call, each.member) for each in self.events(ConferenceJoined))
        went = Counter((each.call, each.member) for each in self.events(ConferenceLeft))
        assert came <= went, "whoever came in has left"


Story = Callable[[Place], Coroutine[Any, Any, None]]


def conference(**more: Any) -> ConferenceWrite:
    return ConferenceWrite(**{"number": "700", "name": "Team", "announce": "nothing", **more})


def story(*conferences: ConferenceWrite, capacity: int = 1000) -> Callable[[Story], Callable[[], None]]:
    """A test on virtual time, in an office with these conferences, in which nothing may be left in the end."""

    def of(tell: Story) -> Callable[[], None]:
        def test() -> None:
            async def whole() -> None:
                async with Supervisor() as supervisor:
                    place = Place(*(conferences or (conference(),)), supervisor=supervisor, capacity=capacity)
                    await tell(place)
                    for call in list(place.switch._calls.values()):
                        place.switch.hang_up(call.id)
                    await later(10)
                    place.assert_clean()
                    assert supervisor.failures == 0

            run_virtual(whole)

        test.__name__ = tell.__name__
        test.__doc__ = tell.__doc__
        return test

    return of


async def later(seconds: float = 0.0) -> None:
    """Let everything happen that happens now, and within these seconds."""
    await settle()
    if seconds:
        await asyncio.sleep(seconds)
        await settle()
