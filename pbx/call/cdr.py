"""`fold(events) → Cdr`: the history's row is computed, never kept beside the events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from pbx.call.cdr_legs import legs_of
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    CallRouted,
    DigitSeen,
    LegAnswered,
    LegDialled,
    LegJoined,
    LegLeft,
)
from pbx.model.cdr import Cdr, CdrRecording
from pbx.model.conference_event import ConferenceJoined, ConferenceRecorded
from pbx.model.feature import PARKING, SELF_TESTS
from pbx.model.flow_event import FlowEntered
from pbx.model.leg_event import LegCause
from pbx.model.queue_event import QueueJoined
from pbx.model.recording_event import RecordingStarted

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
    meant: str | None = None  # the extension; whose mailbox takes the call, it is meant for too
    answered: LegAnswered | None = None
    answered_by: str | None = None
    ended: CallEnded | None = None
    continued_in: str | None = None
    flow: str | None = None
    test = False
    targets: dict[str, str] = {}
    for event in kept:
        if isinstance(event, LegDialled):
            targets[event.leg] = event.target
        elif isinstance(event, LegJoined):
            answered_by = event.target
        elif isinstance(event, LegLeft):
            continued_in = event.to_call
        elif isinstance(event, FlowEntered):
            test = test or (flow is None and bool(event.test))
            flow = flow or event.flow
        elif isinstance(event, CallRouted):
            feature = event.to_name if event.kind == "feature" else ""
            test = test or feature in SELF_TESTS
            routed = routed if routed is not None and feature in PARKING else event
            if event.kind != "mailbox" and routed is event:
                meant = event.to if event.kind == "extension" else None
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
        dialled=flow if test and flow else first.dialled,
        to_extension=meant,
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
        test=test,
        **_history(first, kept, answered, ended),
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


def _history(
    first: CallOffered, kept: Iterable[CallEvent], answered: LegAnswered | None, ended: CallEnded | None
) -> dict[str, Any]:
    """The fields that histories are searched by and figures made of."""
    trunk, queue, taken = first.trunk, None, None
    called_out = passed_on = False
    for event in kept:
        if isinstance(event, LegDialled) and event.trunk is not None and first.trunk is None:
            trunk, called_out = event.trunk, True
        elif isinstance(event, CallRouted) and event.kind == "trunk":
            called_out = True
        elif isinstance(event, QueueJoined):
            queue = queue or event.queue
        elif (isinstance(event, LegAnswered) and event.leg != "a") or isinstance(
            event, (LegJoined, ConferenceJoined)
        ):
            taken = taken or event.at
        elif isinstance(event, LegLeft):
            passed_on = True
    until = taken or (answered.at if answered else None) or (ended.at if ended else None)
    return {
        "direction": "inbound" if first.trunk is not None else "outbound" if called_out else "internal",
        "did": first.dialled if first.trunk is not None else None,
        "trunk": trunk,
        "queue": queue,
        "wait_s": _seconds(first.at, until),
        "missed": ended is not None and taken is None and not passed_on,
    }


def _seconds(start: datetime | None, end: datetime | None) -> float:
    if start is None or end is None:
        return 0.0
    return max(0.0, round((end - start).total_seconds(), 3))
