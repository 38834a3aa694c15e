"""The calls that go through one tunnel: each has a name in what is said, and a stream for its sound."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from pbx.transport.tunnel import frames as f

if TYPE_CHECKING:
    from pbx.transport.tunnel.link import Link
    from pbx.transport.tunnel.user import CallSide, TunnelUser

__all__ = ["Calls", "Carrier", "EdgeCall"]


class Carrier(Protocol):
    """The tunnel, as its calls see it. Calls wait while it has no `link`; those of one that `outlives` this process may
    go on in the next.
    """

    name: str
    outlives: bool
    link: Link | None

    def say(self, message: f.FromOffice) -> None:
        """Numbered: it arrives, over this link or the next."""
        ...


class EdgeCall:
    """A call between this office and an edge: what the office may say of it."""

    __slots__ = ("_calls", "_carrier", "_number", "id", "side", "stream")

    def __init__(self, calls: Calls, carrier: Carrier, name: str, side: CallSide | None) -> None:
        self.id = name
        self.stream: int | None = None
        self.side = side
        self._calls = calls
        self._carrier = carrier
        self._number = -1

    @property
    def is_open(self) -> bool:
        return self._calls.get(self.id) is self

    @property
    def edge(self) -> str:
        """The edge that holds the call while this process is started anew; "" for one that ends with it."""
        return self._carrier.name if self._carrier.outlives else ""

    def sound(self, payload: bytes) -> None:
        """20 ms of μ-law; lost while the tunnel is broken."""
        self._number += 1
        link = self._carrier.link
        if link is not None and self.stream is not None:
            link.send(f.pack(f.SOUND, self.stream, self._number, payload))

    def ringing(self) -> None:
        self._say(f.Ringing(call=self.id))

    def answer(self) -> None:
        self._say(f.Answer(call=self.id))

    def digits(self, digits: str) -> None:
        self._say(f.Digits(call=self.id, digits=digits))

    def clear(self) -> None:
        """What the caller has not yet heard is dropped."""
        self._say(f.Clear(call=self.id))

    def refuse(self, status: int, reason: str) -> None:
        """The call is over before it was answered. Nothing once it is over."""
        if self._calls.drop(self):
            self._carrier.say(f.Refuse(call=self.id, status=status, reason=reason[:256]))

    def hang_up(self, cause: str) -> None:
        """Nothing once the call is over."""
        if self._calls.drop(self):
            self._carrier.say(f.Hangup(call=self.id, cause=cause))

    def _say(self, message: f.FromOffice) -> None:
        if self.is_open:
            self._carrier.say(message)


class Calls:
    """Those that are open. What the edge says wrongly of them raises `BadFrame`."""

    def __init__(self, carrier: Carrier, user: TunnelUser) -> None:
        self._carrier = carrier
        self._user = user
        self._named: dict[str, EdgeCall] = {}
        self._streams: dict[int, EdgeCall] = {}

    def __len__(self) -> int:
        return len(self._named)

    def get(self, name: str) -> EdgeCall | None:
        return self._named.get(name)

    def place(self, number: str, *, shown: str, timeout_s: int, side: CallSide) -> EdgeCall:
        """Have an outside number called."""
        call = self.add(secrets.token_hex(12), side)
        self._carrier.say(f.Place(call=call.id, from_=shown, to=number, timeout_s=timeout_s))
        return call

    def add(self, name: str, side: CallSide | None = None) -> EdgeCall:
        call = self._named[name] = EdgeCall(self, self._carrier, name, side)
        return call

    def drop(self, call: EdgeCall) -> bool:
        """The call is over; False when it was already."""
        if self._named.get(call.id) is not call:
            return False
        del self._named[call.id]
        if call.stream is not None:
            self._streams.pop(call.stream, None)
        return True

    def lose(self, call: EdgeCall) -> None:
        """The edge knows it no more."""
        if self.drop(call) and call.side is not None:
            call.side.lost()

    def lose_all(self) -> None:
        for call in list(self._named.values()):
            self.lose(call)

    def open_stream(self, call: EdgeCall, stream: int) -> None:
        """Its sound has this number from now on."""
        if stream in self._streams:
            raise f.BadFrame(f"stream {stream} is in use")
        call.stream = stream
        self._streams[stream] = call

    # -- what the edge says -----------------------------------------------------------------------------------------

    def take_sound(self, frame: f.Body) -> None:
        call = self._streams.get(frame.stream)
        if call is not None and call.side is not None:
            call.side.sound(frame.payload, frame.number)

    def take(self, message: f.OfCall) -> None:
        """Anything that is numbered."""
        if isinstance(message, f.Call):
            self._offered(message)
            return
        if isinstance(message, f.Expect):
            self._user.expect(message.token, from_=message.from_, to=message.to, name=message.name)
            return
        call = self._named.get(message.call)
        if call is None or call.side is None:  # it ended here, and the edge does not know yet
            return
        if isinstance(message, f.Digit):
            call.side.digit(message.digit)
        elif isinstance(message, f.Ringing):
            call.side.ringing()
        elif isinstance(message, f.Placed):
            call.side.placed(message.sid)
        elif isinstance(message, f.PlaceAnswered):
            self.open_stream(call, message.stream)
            call.side.answered()
        elif self.drop(call):
            if isinstance(message, f.PlaceFailed):
                call.side.failed(message.status, message.reason)
            else:
                call.side.hung_up(message.cause)

    def _offered(self, message: f.Call) -> None:
        if message.call in self._named:
            raise f.BadFrame(f"call {message.call} is offered twice")
        call = self.add(message.call)
        self.open_stream(call, message.stream)
        call.side = self._user.offered(call, from_=message.from_, to=message.to, name=message.name)
