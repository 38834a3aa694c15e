"""A call that an edge has answered, as the events that it would have had here. Pure; its record is a fold over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from pbx.call.cdr import fold
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    CallRouted,
    EdgeStep,
    LegAnswered,
    LegDialled,
    LegEnded,
    MessageBegun,
)
from pbx.model.cdr import Cdr
from pbx.model.edge_documents import EdgeCall, EdgeCallStep

__all__ = ["EDGE", "cdr_of", "events_of", "moment"]

EDGE = "edge"
"""Where a call came from that an edge has brought, and its trunk unless the office has one for its edges."""
CAUSES = {"busy": "busy", "no-answer": "no_answer", "canceled": "cancelled", "failed": "unreachable"}


def cdr_of(told: EdgeCall, *, mailbox: Callable[[str], str] = str, trunk: str = EDGE) -> Cdr:
    """Its record. `mailbox` names the box of an extension, `trunk` is the one that stands for the edges."""
    return fold(events_of(told, mailbox=mailbox, trunk=trunk))


def events_of(
    told: EdgeCall, *, mailbox: Callable[[str], str] = str, trunk: str = EDGE
) -> Iterator[CallEvent]:
    """In the order in which they happened."""
    call, began = told.call, moment(told.began_at)
    yield CallOffered(
        call=call,
        at=began,
        from_number=told.from_number,
        from_name=told.from_name,
        from_extension=None,
        dialled=told.to_number,
        source=EDGE,
        trunk=trunk,
    )
    yield LegAnswered(call=call, at=began, leg="a")
    yield EdgeStep(call=call, at=began, what="answered")
    legs = _Legs(call, mailbox, trunk)
    for step in sorted(told.steps, key=lambda each: each.at):
        yield from legs.tell(step)
    yield CallEnded(call=call, at=max(moment(told.ended_at), began), cause="normal", by="a")


class _Legs:
    """Numbers the phones that were rung, and knows which are still ringing."""

    def __init__(self, call: str, mailbox: Callable[[str], str], trunk: str) -> None:
        self._trunk = trunk
        self._call = call
        self._mailbox = mailbox
        self._count = 0
        self._ringing: list[str] = []

    def tell(self, step: EdgeCallStep) -> Iterator[CallEvent]:
        at = moment(step.at)
        if step.kind == "ringing":
            yield from self._rings(step, at)
        elif step.kind in ("talked", "not_reached"):
            yield from self._end(step, at)
        elif step.kind == "message":
            box = self._mailbox(step.extension) if step.extension else ""
            yield MessageBegun(call=self._call, at=at, mailbox=box, message=step.detail)
        elif step.kind != "recording":
            yield EdgeStep(call=self._call, at=at, what=step.kind, detail=step.detail or step.number)

    def _rings(self, step: EdgeCallStep, at: datetime) -> Iterator[CallEvent]:
        if step.extension:
            yield CallRouted(call=self._call, at=at, kind="extension", to=step.extension, to_name=step.name)
        for number in filter(None, step.number.split(", ")):
            self._count += 1
            self._ringing.append(f"b{self._count}")
            yield LegDialled(
                call=self._call,
                at=at,
                leg=self._ringing[-1],
                target=number,
                extension=step.extension or None,
                trunk=self._trunk,
            )

    def _end(self, step: EdgeCallStep, at: datetime) -> Iterator[CallEvent]:
        """Where several rang, the edge does not know which was answered: it counts as the first."""
        ringing, self._ringing = self._ringing, []
        if step.kind == "talked" and ringing:
            answered, *others = ringing
            taken = at - timedelta(seconds=step.seconds)
            yield LegAnswered(call=self._call, at=taken, leg=answered)
            for leg in others:
                yield LegEnded(call=self._call, at=taken, leg=leg, cause="answered_elsewhere")
            yield LegEnded(call=self._call, at=at, leg=answered, cause="normal")
            return
        for leg in ringing:
            yield LegEnded(call=self._call, at=at, leg=leg, cause=CAUSES.get(step.detail, "no_answer"))


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
