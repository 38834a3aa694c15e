"""One life of an office's node, as the edge sees it: its calls, whichever connection carries them at the moment.

When the connection breaks, the session waits for the next one. It ends when none comes in time. When the node comes
back in another life, the calls go on that it has brought along, and no others.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterator
from typing import Protocol

import msgspec

from edge.tunnel import frames as f
from edge.tunnel.link import Link
from edge.tunnel.numbered import Got, Kept

__all__ = ["CallSide", "Session", "TunnelCall"]

RESUME_S = 10.0
"""How long the calls of a broken connection wait for the next one."""


class CallSide(Protocol):
    """What a call does at the edge. Implemented by `edge.voice.relay`. None of it waits."""

    def ringing(self) -> None: ...

    def answered(self) -> None: ...

    def refused(self, status: int, reason: str) -> None:
        """The office does not take the call; nothing follows."""
        ...

    def hung_up(self, cause: str) -> None:
        """The office has left the call; nothing follows."""
        ...

    def digits(self, digits: str) -> None: ...

    def clear(self) -> None: ...

    def sound(self, payload: bytes, number: int) -> None: ...

    def broken(self) -> None:
        """The tunnel is gone; `resumed` or `lost` follows."""
        ...

    def resumed(self) -> None: ...

    def lost(self) -> None:
        """The office will not come back to this call; nothing follows."""
        ...


class TunnelCall:
    """A call between the edge and an office: what the edge may say of it."""

    __slots__ = ("_number", "_session", "id", "side", "stream")

    def __init__(self, session: Session, call: str, stream: int, side: CallSide) -> None:
        self.id = call
        self.stream = stream
        self.side = side
        self._session = session
        self._number = -1

    def sound(self, payload: bytes) -> None:
        """20 ms of μ-law to the office; lost while the tunnel is broken."""
        self._number += 1
        if (link := self._session.link) is not None:
            link.send(f.pack(f.SOUND, self.stream, self._number, payload))

    def digit(self, digit: str) -> None:
        self._session.say(f.Digit(call=self.id, digit=digit))

    def placed(self, sid: str) -> None:
        """The provider has taken a call that the office placed."""
        self._session.say(f.Placed(call=self.id, sid=sid))

    def ringing(self) -> None:
        self._session.say(f.Ringing(call=self.id))

    def answered(self) -> None:
        """Whom the office called has picked up: sound flows."""
        self._session.say(f.PlaceAnswered(call=self.id, stream=self.stream))

    def failed(self, status: int, reason: str) -> None:
        """The call that the office placed came to nothing. The call is over."""
        if self._session.drop(self):
            self._session.say(f.PlaceFailed(call=self.id, status=status, reason=reason[:256]))

    def hang_up(self, cause: str = "normal") -> None:
        """The caller is gone. Nothing once the call is over."""
        if self._session.drop(self):
            self._session.say(f.Hangup(call=self.id, cause=cause))


class Session:
    """The calls of one life of a node."""

    def __init__(self, office: str, session: str, *, resume_s: float = RESUME_S) -> None:
        self.office = office
        self.id = session
        self.link: Link | None = None
        self.sip = ""
        """Where the office wants its calls by SIP; empty: as streams."""
        self.kept = Kept()
        self.got = Got()
        self.is_over = False
        self._calls: dict[str, TunnelCall] = {}
        self._streams: dict[int, TunnelCall] = {}
        self._numbers: Iterator[int] = itertools.count(1)
        self._resume_s = resume_s
        self._giving_up: asyncio.TimerHandle | None = None
        self._unheard: list[f.ToOffice] = []
        """Said since the connection broke."""

    def __len__(self) -> int:
        return len(self._calls)

    # -- calls ------------------------------------------------------------------------------------------------------

    def open(self, call: str, side: CallSide) -> TunnelCall:
        """A call of the session, which the office is still to be told of."""
        opened = TunnelCall(self, call, next(self._numbers), side)
        self._calls[call] = self._streams[opened.stream] = opened
        return opened

    def find(self, call: str) -> TunnelCall | None:
        return self._calls.get(call)

    def on_stream(self, stream: int) -> TunnelCall | None:
        return self._streams.get(stream)

    def drop(self, call: TunnelCall) -> bool:
        """The call is over; False when it was already."""
        if self._calls.get(call.id) is not call:
            return False
        del self._calls[call.id], self._streams[call.stream]
        return True

    def say(self, message: f.ToOffice) -> None:
        """Send a numbered message, now and again until it has arrived."""
        if self.is_over:
            return
        try:
            frame = self.kept.add(lambda n: f.encode(msgspec.structs.replace(message, n=n)))
        except OverflowError:
            self.end()
            return
        if self.link is not None:
            self.link.send(frame)
        else:
            self._unheard.append(message)

    # -- connections ------------------------------------------------------------------------------------------------

    def broke(self, link: Link) -> None:
        """A connection has ended; nothing when another has taken its place."""
        if self.link is not link:
            return
        self.link = None
        for call in list(self._calls.values()):
            call.side.broken()
        self._giving_up = asyncio.get_running_loop().call_later(self._resume_s, self.end)

    def carry_on(self, link: Link, got: int, welcome: f.Welcome) -> None:
        """The next connection of this session: what had not arrived is said again. Raises `BadFrame`."""
        self.kept.arrived(got)
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        link.send(f.encode(welcome))
        for frame in self.kept.again():
            link.send(frame)
        self.link = link
        self._unheard.clear()
        for call in list(self._calls.values()):
            call.side.resumed()

    def renew(self, session: str, calls: Collection[str]) -> None:
        """The node was started anew, and has brought these calls along: what it could not hear meanwhile is said to its
        new life. All others go their own way."""
        self.id = session
        for call in [each for each in self._calls.values() if each.id not in calls]:
            self.drop(call)
            call.side.lost()
        said: list[f.ToOffice] = [each for each in self._unheard if not isinstance(each, f.Hangup)]
        # Also when the connection seemed to stand: who has hung up is not there, whoever has heard of it.
        said += [msgspec.json.decode(each, type=f.Hangup) for each in self.kept.again() if _HANGUP in each]
        self.kept, self.got, self._unheard = Kept(), Got(), []
        for message in said:
            if getattr(message, "call", "") in calls:
                self.say(message)

    def held(self, calls: Collection[str]) -> dict[str, int]:
        """Those of the calls that go on, with their streams; 0 for one of which a hang-up is still to be said."""
        left = {each.call: 0 for each in self._unheard if isinstance(each, f.Hangup) and each.call in calls}
        left |= {each: call.stream for each in calls if (call := self._calls.get(each)) is not None}
        return left

    def end(self) -> None:
        """The node will not come back: every call goes its own way."""
        self.is_over = True
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        for call in list(self._calls.values()):
            self.drop(call)
            call.side.lost()


_HANGUP = '"t":"hangup"'
