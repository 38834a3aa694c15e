"""What a call was doing for its party when the node was killed, read from its events, and how that goes on.

Two who talked talk on without any of this. Here is who waited in a line or in a parking slot, who was in a conference,
on the way through a flow, at a mailbox or listening to others. Nothing else that the node does with a caller alone goes
on: a code that switches something would switch it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol

import msgspec

from pbx.call.call import Call, Program
from pbx.feature.conference.conferences import Conferences
from pbx.feature.dialplan import Dialplan
from pbx.feature.features import Dialled
from pbx.feature.park import Parking
from pbx.model import call_event as events
from pbx.model.conference_event import ConferenceJoined, ConferenceLeft, ConferenceWaiting
from pbx.model.flow_event import FlowEntered, NodeEntered
from pbx.model.queue_event import QueueJoined, QueueLeft

__all__ = ["GoingOn", "Was", "was"]


class Was(msgspec.Struct, frozen=True):
    """`kind` is "queue", "park", "conference", "flow", "mailbox", "feature", "supervision" or "" for none of them,
    `number` which one. A flow has `node`; `speaks`: the caller has heard the tone of a mailbox.
    """

    kind: str = ""
    number: str = ""
    node: str = ""
    by: str | None = None
    moderator: bool = False
    speaks: bool = False


_ALONE: Final = frozenset({"mailbox", "feature", "supervision"})
"""What ends when the call is led elsewhere."""


def was(happened: Iterable[events.CallEvent]) -> Was:
    """What the newest events say: a line within a flow is a line."""
    walk, now = Was(), Was()
    for event in happened:
        if isinstance(event, FlowEntered):
            walk = Was("flow", event.flow)
        elif isinstance(event, NodeEntered):
            walk = Was("flow", event.flow, event.node)
            now = Was() if now.kind in _ALONE else now
        elif isinstance(event, events.LegTransferred):
            walk = now = Was()
        else:
            now = _after(event, now)
    if walk.kind and (now.kind == "queue" or (now.kind == "mailbox" and not now.speaks)):
        return walk  # whose node joins the line again, at the same place, or greets again
    return now if now.kind else walk


def _after(event: events.CallEvent, now: Was) -> Was:
    """What the caller does after this, beside walking a flow."""
    match event:
        case events.CallRouted(kind=kind, to=to) if kind in _ALONE:
            now = Was(kind, to)
        case events.MessageBegun():
            now = Was("mailbox", event.mailbox, speaks=True)
        case events.CallParked():
            now = Was("park", event.slot, by=event.by)
        case QueueJoined():
            now = Was("queue", event.queue)
        case ConferenceJoined():
            now = Was("conference", event.conference, moderator=event.moderator)
        case ConferenceWaiting():
            now = Was("conference", event.conference)
        case QueueLeft() | ConferenceLeft():
            now = Was()
        case events.CallRouted() if now.kind in _ALONE:
            now = Was()
    return now


class Walks(Protocol):
    """The flows, from above."""

    def has(self, number: str) -> bool: ...

    async def go_on(self, call: Call, number: str, node: str) -> None:
        """Enter that node again."""
        ...


class Messages(Protocol):
    """The mailboxes, from above."""

    def has(self, number: str) -> bool: ...

    async def speak_on(self, call: Call, number: str, *, greet: bool) -> None:
        """Leave a message; without `greet`, go on at the tone. What was said before has been kept."""
        ...


class Listeners(Protocol):
    """Those who listen to calls. Implemented by `pbx.feature.supervision`."""

    async def come_back(self, own: Call, call_id: str) -> None: ...


class Codes(Protocol):
    """What the codes of the office lead to. Implemented by `pbx.feature.features`."""

    def find(self, dialled: str) -> Dialled | None: ...


HARMLESS: Final = frozenset({"echo", "tone", "voicemail", "voicemail_check", "record_prompt"})
"""Features that may begin again: they ask, and change nothing by being dialled."""


class GoingOn:
    """Makes the programs."""

    def __init__(
        self,
        dialplan: Dialplan,
        parking: Parking,
        conferences: Conferences,
        flows: Walks,
        *,
        messages: Messages,
        listeners: Listeners,
        codes: Codes,
    ) -> None:
        self._dialplan = dialplan
        self._parking = parking
        self._conferences = conferences
        self._flows = flows
        self._messages = messages
        self._listeners = listeners
        self._codes = codes

    def program(self, call: Call) -> Program | None:
        """What goes on; None when nothing does."""
        found = was(call.events)
        make = {
            "queue": self._queue,
            "park": self._park,
            "conference": self._conference,
            "flow": self._flow,
            "mailbox": self._mailbox,
            "supervision": self._supervision,
            "feature": self._feature,
        }.get(found.kind)
        return None if make is None else make(found)

    def _queue(self, found: Was) -> Program:
        return partial(self._again, number=found.number)

    async def _again(self, call: Call, number: str) -> None:
        await self._dialplan.inward(call, number)

    def _park(self, found: Was) -> Program:
        return partial(self._parking.wait_on, slot=found.number, by=found.by)

    def _conference(self, found: Was) -> Program | None:
        if self._conferences.find(found.number) is None:
            return None
        return partial(self._back, number=found.number, moderator=found.moderator)

    async def _back(self, call: Call, number: str, moderator: bool) -> None:
        await self._conferences.come_back(call, number, moderator=moderator)

    def _flow(self, found: Was) -> Program | None:
        if not self._flows.has(found.number):
            return None
        return partial(self._flows.go_on, number=found.number, node=found.node)

    def _mailbox(self, found: Was) -> Program | None:
        if not self._messages.has(found.number):
            return None
        return partial(self._messages.speak_on, number=found.number, greet=not found.speaks)

    def _supervision(self, found: Was) -> Program:
        return partial(self._listeners.come_back, call_id=found.number)

    def _feature(self, found: Was) -> Program | None:
        code = self._codes.find(found.number)
        if code is None or code.info.name not in HARMLESS:
            return None
        return partial(_dialled, code=code)


async def _dialled(call: Call, code: Dialled) -> None:
    await code.run(call, code.argument)
