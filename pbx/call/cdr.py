"""`fold(events) → Cdr`: the history's row is computed, never kept beside the events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from pbx.call.cdr_legs import legs_of
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    CallRouted,
    ConferenceRecorded,
    DigitSeen,
    FlowEntered,
    LegAnswered,
    LegDialled,
    LegJoined,
    LegLeft,
    RecordingStarted,
)
from pbx.model.cdr import Cdr, CdrRecording
from pbx.model.leg_event import LegCause

_DISPOSITION = {
    LegCause.BUSY.value: "busy",
    LegCause.DECLINED.value: "busy",
    LegCause.NO_ANSWER.value: "no_answer",
    LegCause.UNREACHABLE.value: "no_answer",
    LegCause.CANCELLED.value: "cancelled",
}


def disposition(cause: str, *, answered: bool) -> str:
    """The word a history shows for a finished call that ended for `cause`."""
    if answered:
        return "answered"
    return _DISPOSITION.get(cause, "failed")


def fold(events: Iterable[CallEvent]) -> Cdr:
    """One call's events, in order, to its record. The first event must be `CallOffered`.

    Which digit was pressed stays out of the record (people type PINs and card numbers); that one was, stays in.
    """
    kept = tuple(
        msgspec.structs.replace(event, digit="") if isinstance(event, DigitSeen) else event
        for event in events
    )
    first = kept[0]
    if not isinstance(first, CallOffered):
        raise TypeError("a call begins with CallOffered")
    routed: CallRouted | None = None
    answered: LegAnswered | None = None
    answered_by: str | None = None
    ended: CallEnded | None = None
    continued_in: str | None = None
    flow: str | None = None
    targets: dict[str, str] = {}
    for event in kept:
        if isinstance(event, LegDialled):
            targets[event.leg] = event.target
        elif isinstance(event, LegJoined):
            answered_by = event.target
        elif isinstance(event, LegLeft):
            continued_in = event.to_call
        elif isinstance(event, FlowEntered):
            flow = flow or event.flow
        elif isinstance(event, CallRouted):
            routed = event
        elif isinstance(event, LegAnswered):
            if event.leg == "a":
                answered = answered or event
            else:
                answered_by = targets.get(event.leg)
        elif isinstance(event, CallEnded):
            ended = event
    cause = ended.cause if ended else ""
    return Cdr(
        id=first.call,
        from_number=first.from_number,
        from_name=first.from_name,
        from_extension=first.from_extension,
        dialled=first.dialled,
        to_extension=routed.to if routed and routed.kind == "extension" else None,
        to_name=routed.to_name if routed else "",
        answered_by=answered_by if answered else None,
        source=first.source,
        started_at=first.at,
        answered_at=answered.at if answered else None,
        ended_at=ended.at if ended else None,
        disposition=disposition(cause, answered=answered is not None) if ended else "in_progress",
        cause=cause,
        sip_status=ended.status if ended else 0,
        hung_up_by=ended.by if ended else "",
        duration_s=_seconds(first.at, ended.at if ended else None),
        continued_in=continued_in,
        flow=flow,
        talk_s=_seconds(answered.at if answered else None, ended.at if ended else None),
        legs=legs_of(kept),
        recordings=tuple(
            CdrRecording(
                id=each.recording,
                file=each.file,
                leg=each.leg if isinstance(each, RecordingStarted) else "",
                started_at=each.at,
            )
            for each in kept
            if isinstance(each, RecordingStarted | ConferenceRecorded) and each.recording
        ),
        events=kept,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float:
    if start is None or end is None:
        return 0.0
    return max(0.0, round((end - start).total_seconds(), 3))
