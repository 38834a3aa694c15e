"""Texts that flows send: queued, kept over a restart, and tried again until the office's edge has taken them.

The edge knows each by its id, so one that is handed over twice is one text. What becomes of it then is the edge's
matter, and stands in the text inbox.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError
from pbx.notify.errors import SendError
from pbx.notify.notices import State
from pbx.notify.sending_queue import Queued, SendingQueue

__all__ = ["FlowText", "FlowTexts", "NoWayError", "TextDoor", "TextReply"]

STATE_KEY = "texts of flows"
MOST_LETTERS = 1600
PAUSES_S = (5, 30, 120, 600, 1800)
GIVE_UP = timedelta(hours=6)
"""A text from this morning's call is of no use tonight."""
PATH = "/sms/send"
ACTOR = "flow"
FOR_NOW = frozenset({408, 429, 500, 502, 503, 504})


class TextReply(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


class TextDoor(Protocol):
    """The way to the office's edge; `pbx.api.edge_door.EdgeDoor` is one. Raises `PbxError` when it cannot be asked."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> TextReply: ...


class NoWayError(Exception):
    """It cannot be queued; the text says why."""


class FlowText(Queued, frozen=True, kw_only=True):
    """One that waits."""

    to: str
    text: str


class _Problem(msgspec.Struct):
    detail: str = ""


class FlowTexts:
    """`has_edge`: whether the office has one at all. `country` is that of numbers without one. `run` must be running
    for anything to be sent or kept."""

    def __init__(
        self,
        door: TextDoor,
        *,
        has_edge: Callable[[], bool],
        country: str,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._door = door
        self._has_edge = has_edge
        self._country = country
        self._clock = clock
        self._new_id = new_id
        self._queue = SendingQueue(
            STATE_KEY, FlowText, self._hand_over, clock=clock, pauses_s=PAUSES_S, give_up=GIVE_UP
        )

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    @property
    def counts(self) -> dict[str, int]:
        """How many were sent, are to be repeated, and were given up."""
        return self._queue.counts

    def put(self, to: str, text: str) -> None:
        """Returns at once. Raises `NoWayError` without an edge, or when too many wait already."""
        if not self._has_edge():
            raise NoWayError("This office has no edge, which texts to outside numbers need.")
        number = _e164(to, self._country)
        if not number:
            raise NoWayError(f"{to!r} is no outside number that a text can be sent to.")
        try:
            self._queue.put(
                FlowText(id=self._new_id(), at=self._clock.now(), to=number, text=text[:MOST_LETTERS])
            )
        except SendError as error:
            raise NoWayError(str(error)) from None

    async def run(self, state: State) -> None:
        """Send, and keep what waits. Runs until it is cancelled."""
        await self._queue.run(state)

    async def _hand_over(self, text: FlowText) -> None:
        body = msgspec.json.encode({"id": text.id, "to": text.to, "text": text.text, "author": "flow"})
        try:
            reply = await self._door.request(
                "POST", PATH, actor=ACTOR, content_type="application/json", body=body
            )
        except PbxError as error:
            raise SendError(str(error)) from error
        if reply.status >= 300:
            raise SendError(_said(reply), final=reply.status not in FOR_NOW)


def _said(reply: TextReply) -> str:
    try:
        problem = msgspec.json.decode(reply.body, type=_Problem)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        problem = _Problem()
    return problem.detail or f"the edge answered {reply.status}"


def _e164(number: str, country: str) -> str:
    """ "" for what no text can go to."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
