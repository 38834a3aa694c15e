"""Texts that flows send: queued, kept over a restart, and tried again until the office's edge has taken them.

The edge knows each by its id, so one that is handed over twice is one text. What becomes of it then is the edge's
matter, and stands in the text inbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError

__all__ = ["FlowText", "FlowTexts", "NoWayError", "TextDoor", "TextReply"]

log = logging.getLogger(__name__)

T = TypeVar("T")

STATE_KEY = "texts of flows"
MOST = 500
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


class State(Protocol):
    """What remembers across restarts."""

    async def get(self, key: str, kind: type[T]) -> T | None: ...

    async def put(self, key: str, value: object) -> None: ...


class NoWayError(Exception):
    """It cannot be queued; the text says why."""


class FlowText(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits. `id` is the same for each attempt."""

    id: str
    at: datetime
    to: str
    text: str
    attempts: int = 0
    next_at: datetime | None = None


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
        self._waiting: dict[str, FlowText] = {}  # oldest first
        self._dirty = False
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, to: str, text: str) -> None:
        """Returns at once. Raises `NoWayError` without an edge, or when too many wait already."""
        if not self._has_edge():
            raise NoWayError("This office has no edge, which texts to outside numbers need.")
        if len(self._waiting) >= MOST:
            raise NoWayError(f"{MOST} texts wait already.")
        number = _e164(to, self._country)
        if not number:
            raise NoWayError(f"{to!r} is no outside number that a text can be sent to.")
        self._keep(FlowText(id=self._new_id(), at=self._clock.now(), to=number, text=text[:MOST_LETTERS]))

    async def run(self, state: State) -> None:
        """Take back what waited before the restart, then send and keep. Runs until it is cancelled."""
        kept = await state.get(STATE_KEY, tuple[FlowText, ...]) or ()
        self._waiting = {each.id: each for each in (*kept, *self._waiting.values())}
        try:
            while True:
                self._wake.clear()
                await self._store(state)
                if (text := self._due()) is not None:
                    await self._attempt(text)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
        finally:
            await self._store(state)

    # -- below -------------------------------------------------------------------------------------------------------

    async def _attempt(self, text: FlowText) -> None:
        body = msgspec.json.encode({"id": text.id, "to": text.to, "text": text.text, "author": "flow"})
        try:
            reply = await self._door.request(
                "POST", PATH, actor=ACTOR, content_type="application/json", body=body
            )
        except PbxError as error:
            self._failed(text, str(error), again=True)
            return
        if reply.status < 300:
            self._forget(text)
        else:
            self._failed(text, _said(reply), again=reply.status in FOR_NOW)

    def _failed(self, text: FlowText, reason: str, *, again: bool) -> None:
        now = self._clock.now()
        gives_up = not again or now - text.at >= GIVE_UP
        log.warning(
            "a text of a flow could not be handed to the edge",
            extra={"text": text.id, "reason": reason, "attempts": text.attempts + 1, "final": gives_up},
        )
        if gives_up:
            self._forget(text)
            return
        pause = timedelta(seconds=PAUSES_S[min(text.attempts, len(PAUSES_S) - 1)])
        self._keep(msgspec.structs.replace(text, attempts=text.attempts + 1, next_at=now + pause))

    def _keep(self, text: FlowText) -> None:
        self._waiting[text.id] = text
        self._dirty = True
        self._wake.set()

    def _forget(self, text: FlowText) -> None:
        del self._waiting[text.id]
        self._dirty = True

    def _due(self) -> FlowText | None:
        now = self._clock.now()
        due = [each for each in self._waiting.values() if each.next_at is None or each.next_at <= now]
        return min(due, key=lambda each: each.next_at or each.at, default=None)

    def _until_next(self) -> float | None:
        now = self._clock.now()
        waits = [(each.next_at - now).total_seconds() for each in self._waiting.values() if each.next_at]
        return max(0.0, min(waits)) if waits else None

    async def _store(self, state: State) -> None:
        if not self._dirty:
            return
        self._dirty = False
        try:
            await state.put(STATE_KEY, tuple(self._waiting.values()))
        except PbxError as error:  # a full or failing disk: what is sent matters more than what is kept
            log.error("texts of flows could not be stored", extra={"reason": str(error)})  # noqa: TRY400
            self._dirty = True
        except asyncio.CancelledError:
            self._dirty = True  # for the last time that `run` keeps them
            raise


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
