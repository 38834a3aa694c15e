"""How a queue is doing: who waits, what the agents do, and the figures of the day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record

__all__ = ["AgentDuty", "AgentState", "AgentStatus", "QueueChanged", "QueueStatus", "WaitingCaller"]

AgentState = Literal[
    "logged_out", "paused", "free", "ringing", "talking", "wrap_up", "missed", "busy", "no_phone"
]


class AgentStatus(Record, frozen=True, kw_only=True):
    """An agent of one queue."""

    extension: str
    state: Annotated[
        AgentState,
        Meta(
            description="missed: has missed a ring and is left alone for a moment; busy: in a call that is none of the "
            "queues; no_phone: no phone is registered, or it is not to be disturbed."
        ),
    ]
    logged_in: bool
    paused: bool
    pause_reason: Annotated[str, Meta(description='"missed" when missed rings have paused the agent.')] = ""
    penalty: int = 0
    calls: Annotated[int, Meta(ge=0, description="Of this queue, today.")] = 0
    last_call_at: Annotated[datetime | None, Meta(description="When the last one of this queue ended.")] = (
        None
    )


class WaitingCaller(Record, frozen=True, kw_only=True):
    """One place in the line. `call` is empty for somebody who is to be called back."""

    call: str
    number: str
    name: str = ""
    priority: int = 0
    since: datetime
    waited_s: Annotated[float, Meta(ge=0)]
    ringing: Annotated[tuple[str, ...], Meta(description="The agents that ring for it now.")] = ()
    call_back: bool = False


class QueueStatus(Record, frozen=True, kw_only=True):
    """A queue as it is now, and its figures since midnight."""

    queue: str
    name: str
    waiting: Annotated[
        int, Meta(ge=0, description="Callers in the line, those to be called back not counted.")
    ]
    call_backs: Annotated[int, Meta(ge=0, description="Who are to be called back.")]
    longest_wait_s: Annotated[float, Meta(ge=0, description="Of those who wait now.")]
    answered: Annotated[int, Meta(ge=0)]
    abandoned: Annotated[int, Meta(ge=0, description="Callers who hung up while they waited.")]
    overflowed: Annotated[int, Meta(ge=0, description="Went to the overflow.")]
    answered_in_time: Annotated[int, Meta(ge=0, description="Within the time of the service level.")]
    service_level: Annotated[
        float | None,
        Meta(description="Answered in time, of all answered and abandoned; a part of 1. None: no call yet."),
    ]
    average_wait_s: Annotated[float | None, Meta(description="Of the answered ones.")]
    callers: Annotated[tuple[WaitingCaller, ...], Meta(description="In the order in which they are served.")]
    agents: tuple[AgentStatus, ...]


class AgentDuty(Record, frozen=True, kw_only=True):
    """What an agent is to be."""

    logged_in: Annotated[bool, Meta(title="Logged in")]
    paused: Annotated[bool, Meta(title="Paused")] = False


class QueueChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="queue_changed"):
    """Something about a queue is different: its line, an agent, a figure."""

    queue: str
