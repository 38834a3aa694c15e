"""Listening to a call that goes on: in silence, with a word for one of the two, or with both.

    the two talk ─► somebody is to listen ─► their phone rings ─► picked up: all three are in a room
                                                                   listen    nobody hears them
                                                                   whisper   one of the two does
                                                                   barge     both do

The call's record says who, how and since when; a setting decides whether the two hear that. It ends when the listener
hangs up, and when the two no longer talk. A transfer ends it too: those who talk then are not the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Literal, Protocol

import msgspec

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.call.leg import CallLeg
from pbx.call.ports import MeetingRoom, MeetingRooms
from pbx.call.reoffer import accept_hushed
from pbx.call.scope import Stoppable
from pbx.call.talk import Sound, Talk
from pbx.core.errors import UserError
from pbx.feature.phone_first import PhoneFirst
from pbx.model.call_event import CallRouted
from pbx.model.leg_event import LegCause
from pbx.model.party import Party
from pbx.model.supervision import How, Supervised
from pbx.model.supervision_event import SupervisorChanged, SupervisorJoined, SupervisorLeft

__all__ = ["Calls", "Supervision"]

MOST_LISTENERS = 4
BACK_S = 5.0
"""A call that has outlived a restart goes on within that."""
KEYS: dict[str, How] = {"4": "listen", "5": "whisper", "6": "barge"}
"""What a listener may press."""


class Calls(Protocol):
    """The calls that go on. Implemented by `pbx.call.switch`."""

    def call(self, call_id: str) -> Call | None: ...


class _Listener(msgspec.Struct, eq=False):
    extension: str
    how: How
    to: CallLeg
    asked_by: str
    own: Call | None = None
    inside: bool = False
    stop: Callable[[], None] = lambda: None


class _Session:
    """Two who talk, and all who listen to them. Implements `pbx.call.ports.Overhearing`."""

    def __init__(self, call: Call, rooms: MeetingRooms, over: Callable[[], None]) -> None:
        self.call = call
        self.room: MeetingRoom = rooms.room(2 + MOST_LISTENERS, label=f"{call.id}/overheard")
        self.listeners: list[_Listener] = []
        self._over = over
        self._closed = False

    def enter(self, listener: _Listener) -> None:
        """Raises `ValueError` for a phone that cannot be mixed."""
        own = listener.own
        if own is None or self._closed:
            return
        self.room.join(own.a.stream, muted=True)
        listener.inside = True
        self.place(listener)
        self.call.record(
            SupervisorJoined(
                call=self.call.id,
                at=self.call.now(),
                extension=listener.extension,
                how=listener.how,
                to=listener.to.name if listener.how == "whisper" else "",
                supervision=own.id,
                asked_by=listener.asked_by,
            )
        )

    def place(self, listener: _Listener) -> None:
        """Let those hear the listener who are to; nobody, while it holds."""
        own = listener.own
        if own is None or self._closed or not listener.inside:
            return
        stream = own.a.stream
        self.room.join(stream, muted=True)
        self.room.whisper(stream, listener.to.stream if listener.how == "whisper" else None)
        self.room.mute(stream, listener.how == "listen" or own.a.held)

    def hush(self, listener: _Listener) -> None:
        if listener.own is not None and not self._closed:
            self.room.mute(listener.own.a.stream, True)

    def leave(self, listener: _Listener) -> None:
        """The last who leaves gives the two their own line back."""
        if self._closed or listener not in self.listeners:
            return
        self.listeners.remove(listener)
        if listener.inside and listener.own is not None:
            self.room.leave(listener.own.a.stream)
            self._tell_left(listener)
        if not self.listeners:
            self.end()
            if self.call.reflow is not None:
                self.call.reflow()

    def end(self) -> None:
        """The two no longer talk: all listeners are let go."""
        if self._closed:
            return
        self._closed = True
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            if listener.inside and listener.own is not None:
                self.room.leave(listener.own.a.stream)
                self._tell_left(listener)
        for leg in self.call.talking or ():
            self.room.leave(leg.stream)
        self.room.close()
        self.call.overheard = None
        self._over()
        for listener in listeners:
            listener.stop()

    def _tell_left(self, listener: _Listener) -> None:
        call = self.call
        call.record(SupervisorLeft(call=call.id, at=call.now(), extension=listener.extension))


class Supervision:
    """Who listens to which call. `notice` gives what the two hear when somebody begins to, None for nothing."""

    def __init__(
        self,
        calls: Callable[[], Calls],
        first: PhoneFirst,
        rooms: MeetingRooms,
        notice: Callable[[], Awaitable[Sound | None]],
    ) -> None:
        self._calls = calls
        self._first = first
        self._rooms = rooms
        self._notice = notice
        self._sessions: dict[str, _Session] = {}

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        """Ring an extension that is to listen; one that does already does it like this from now on.

        `to` is the leg that hears a whisper; else who is of the office, the one who was called before the caller.
        Raises `UserError` 404, 409, 503.
        """
        call = self._talking(call_id)
        leg = _whispered_to(call, to)
        session = self._sessions.get(call_id)
        for listener in session.listeners if session is not None else ():
            if session is not None and listener.own is not None and listener.extension == extension:
                self._change(session, listener, how, leg)
                return Supervised(call=listener.own.id, extension=extension, how=how)
        if call.involves(extension):
            raise UserError(f"extension {extension} is in this call itself", http_status=409)
        if session is not None and len(session.listeners) >= MOST_LISTENERS:
            raise UserError(f"{MOST_LISTENERS} listen to this call already", http_status=409)
        return self._start(call, _Listener(extension, how, leg, asked_by))

    def _start(self, call: Call, listener: _Listener) -> Supervised:
        pair = " – ".join(each.party.name or each.party.number for each in call.talking or ())

        async def program(own: Call) -> None:
            own.record(CallRouted(call=own.id, at=own.now(), kind="supervision", to=call.id, to_name=pair))
            await self._run(own, call, listener)

        listener.own = self._first.start(
            listener.extension,
            dialled="listen",
            shown=Party("", pair),
            source="supervision",
            program=program,
        )
        return Supervised(call=listener.own.id, extension=listener.extension, how=listener.how)

    async def come_back(self, own: Call, call_id: str) -> None:
        """Listen on, as before the node was started anew; the end for one whose two talk no longer."""
        call = await self._back(call_id)
        how, to, asked_by = _listened(call, own.id) if call is not None else ("", "", "")
        if call is None or call.talking is None or not how:
            own.end_with(Ending(LegCause.NORMAL))
            return
        leg = call.legs.get(to)
        if leg not in call.talking:
            leg = _whispered_to(call, None)
        listener = _Listener(own.party.extension or "", how, leg, asked_by, own)
        await self._run(own, call, listener, tells=False)

    async def _back(self, call_id: str) -> Call | None:
        """The call, once its two talk again; None when they do not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BACK_S):
                while (call := self._calls().call(call_id)) is not None:
                    if call.talking is not None:
                        return call
                    await asyncio.sleep(0.05)
        return None

    async def _run(self, own: Call, call: Call, listener: _Listener, *, tells: bool = True) -> None:
        """For the listener who has picked up, until one side has had enough. `tells`: the two may hear that."""
        if call.talking is None or self._calls().call(call.id) is not call or listener.to not in call.talking:
            own.end_with(Ending(LegCause.NORMAL))
            return
        session = self._session(call)
        session.listeners.append(listener)
        try:
            async with Talk(own) as talk:
                own.reflow = place = partial(session.place, listener)
                own.reoffered = accept_hushed(own, partial(session.hush, listener), place)
                with Stoppable() as listening:
                    listener.stop = listening.stop
                    session.enter(listener)
                    if tells:
                        await self._tell(session)
                    await self._keys(session, listener, talk)
        except ValueError:  # the engine cannot decode it, or cannot speak to it
            own.end_with(Ending(LegCause.INCOMPATIBLE, 488))
        finally:
            own.reoffered = own.reflow = None
            session.leave(listener)
            listener.stop = _nothing
        own.end_with(Ending(LegCause.NORMAL))

    def _session(self, call: Call) -> _Session:
        """The two meet in a room from now on."""
        session = self._sessions.get(call.id)
        if session is None:
            session = _Session(call, self._rooms, lambda: self._forget(call.id))
            self._sessions[call.id] = session
            call.overheard = session
            if call.reflow is not None:
                call.reflow()
        return session

    def _forget(self, call_id: str) -> None:
        del self._sessions[call_id]

    async def _tell(self, session: _Session) -> None:
        notice = await self._notice()
        if notice is not None:
            session.room.play(notice.prompt)

    async def _keys(self, session: _Session, listener: _Listener, talk: Talk) -> None:
        while True:
            how = KEYS.get(await talk.key(within_s=3600.0))
            if how is not None:
                self._change(session, listener, how, listener.to)
            await asyncio.sleep(0)

    def _change(self, session: _Session, listener: _Listener, how: How, to: CallLeg) -> None:
        if (listener.how, listener.to) == (how, to):
            return
        listener.how, listener.to = how, to
        session.place(listener)
        if listener.inside:
            call = session.call
            call.record(
                SupervisorChanged(
                    call=call.id,
                    at=call.now(),
                    extension=listener.extension,
                    how=how,
                    to=to.name if how == "whisper" else "",
                )
            )

    def _talking(self, call_id: str) -> Call:
        call = self._calls().call(call_id)
        if call is None:
            raise UserError(f"there is no call {call_id} going on", http_status=404)
        if call.talking is None:
            raise UserError("only a call in which two people talk can be listened to", http_status=409)
        return call


def _listened(call: Call, supervision: str) -> tuple[How | Literal[""], str, str]:
    """How that supervision was done when the call was last told, to which leg, and who had asked for it."""
    how: How | Literal[""] = ""
    extension = to = asked_by = ""
    for event in call.events:
        if isinstance(event, SupervisorJoined) and event.supervision == supervision:
            how, to, extension, asked_by = _how(event.how), event.to, event.extension, event.asked_by
        elif isinstance(event, SupervisorChanged) and event.extension == extension:
            how, to = _how(event.how), event.to
    return how, to, asked_by


def _how(word: str) -> How:
    return next((each for each in KEYS.values() if each == word), "listen")


def _whispered_to(call: Call, name: str | None) -> CallLeg:
    """Raises `UserError` 409 for a leg that does not talk there."""
    pair = call.talking or ()
    for leg in reversed(pair):
        if leg.name == name or (name is None and leg.party.extension is not None):
            return leg
    if name is None and pair:
        return pair[0]
    raise UserError(f"the leg {name} talks with nobody there", http_status=409, path="$.leg")


def _nothing() -> None:
    """The listener has gone."""
