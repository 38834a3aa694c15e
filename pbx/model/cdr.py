"""The call detail record: one row a call, a fold over its events."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pbx.model.call_event import CallEvent


class CdrLeg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who had a part in a call. `rung_for` is the leg for which it was rung, "" for the caller.

    `from_call` and `to_call` name the calls that it came from and went on in. `cause` says how it ended.
    """

    leg: str
    party: str
    extension: str | None = None
    rung_for: str = ""
    from_call: str | None = None
    to_call: str | None = None
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""


class CdrRecording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the call, in the order in which they were begun: its `id` in the list of recordings. `leg` is "" for
    that of a conference."""

    id: str
    file: str
    leg: str
    started_at: datetime


class Cdr(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call as the history shows it. `legs` are all who had a part in it, as a tree.

    `disposition` is "in_progress", "answered", "busy", "no_answer", "cancelled", "failed". `duration_s` counts from the
    offer, `talk_s` from the answer. `interrupted` says that the node stopped before the call did, and that
    `ended_at` is when the next start found out. `continued_in`: a leg of this call went on in that one. `flow`: the
    number of the flow that it took, the first where there were several; the way through it stands in the events.
    `test`: it tried something out and counts in no figures: that flow, so `dialled` is the flow's number, or how it
    sounds, with the echo test or the test tone.

    `direction` is "inbound" (over a trunk, to the number `did`), "outbound" (over the `trunk` that was called last) or
    "internal". `queue` is the first that the caller waited in. `wait_s`: from the offer until a person answered; where
    none did, until the node did, or the end. `missed`: it is over, and nobody of those who were called took it, and no
    conference.
    """

    id: str
    from_number: str
    from_name: str = ""
    from_extension: str | None = None
    dialled: str
    to_extension: str | None = None
    to_name: str = ""
    answered_by: str | None = None
    source: str = ""
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    disposition: str = "in_progress"
    cause: str = ""
    sip_status: int = 0
    hung_up_by: str = ""
    duration_s: float = 0.0
    talk_s: float = 0.0
    interrupted: bool = False
    continued_in: str | None = None
    flow: str | None = None
    test: bool = False
    direction: str = "internal"
    did: str | None = None
    trunk: str | None = None
    queue: str | None = None
    wait_s: float = 0.0
    missed: bool = False
    legs: tuple[CdrLeg, ...] = ()
    recordings: tuple[CdrRecording, ...] = ()
    events: tuple[CallEvent, ...] = ()
