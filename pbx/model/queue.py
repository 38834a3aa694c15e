"""A queue: callers wait in a line until an agent is free."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import Destination, DisplayName, ExtensionNumber, RingSeconds

__all__ = ["Queue", "QueueAgent", "QueueStrategy", "Staffing", "VipCaller"]

QueueStrategy = Literal[
    "all", "in_order", "round_robin", "random", "longest_idle", "least_recent", "fewest_calls"
]
Staffing = Literal["nobody", "logged_in", "not_paused"]
Digit = Annotated[str, Meta(pattern=r"^[0-9*#]$(?!\n)")]
Seconds = Annotated[int, Meta(ge=0, le=86_400, extra_json_schema={"x-unit": "s"})]


class QueueAgent(Record, frozen=True, kw_only=True):
    """An extension that may take calls of the queue."""

    extension: Annotated[str, ref("extension", title="Extension")]
    penalty: Annotated[
        int,
        Meta(
            ge=0, le=100, title="Penalty", description="Who has more is rung when nobody with less is free."
        ),
    ] = 0
    always: Annotated[bool, Meta(title="Always logged in", description="May pause, and need not log in.")] = (
        False
    )


class VipCaller(Record, frozen=True, kw_only=True):
    """A caller who does not wait behind others."""

    number: Annotated[
        str, Meta(pattern=r"^\+?[0-9]{2,20}$(?!\n)", title="Number", description="As the phones show it.")
    ]
    priority: Annotated[int, Meta(ge=-100, le=100, title="Priority")] = 10


class Queue(Record, frozen=True, kw_only=True):
    """Callers hear music and are given to agents by priority, then in the order in which they came."""

    number: ExtensionNumber
    name: DisplayName
    agents: Annotated[
        tuple[QueueAgent, ...],
        Meta(
            max_length=200,
            title="Agents",
            description="They log in with *45 on their phone, or on the wallboard; who is not logged in is not rung.",
        ),
    ] = ()
    strategy: Annotated[
        QueueStrategy,
        Meta(
            title="Who rings",
            description="Of the free agents: all; the first of the list; the next one; anybody; whoever has been free "
            "for longest; whose last call of this queue is longest ago; who had the fewest today.",
        ),
    ] = "longest_idle"
    agent_timeout_s: Annotated[RingSeconds, Meta(title="Ring time of an agent")] = 20
    retry_s: Annotated[
        Seconds, Meta(title="Pause after a missed ring", description="Before the same agent is rung again.")
    ] = 5
    wrap_up_s: Annotated[
        Seconds, Meta(title="Time after a call", description="In which the agent is not rung.")
    ] = 10
    auto_pause_after: Annotated[
        int,
        Meta(
            ge=0,
            le=20,
            title="Pause after missed rings",
            description="So many in a row pause the agent; 0: never.",
        ),
    ] = 0
    skip_busy: Annotated[
        bool, Meta(title="Skip busy", description="Agents who talk in any other call are not rung.")
    ] = True
    max_wait_s: Annotated[
        Seconds, Meta(title="Longest wait", description="Then the call goes to the overflow; 0: for ever.")
    ] = 600
    max_callers: Annotated[
        int,
        Meta(
            ge=0, le=1000, title="Most callers", description="More go to the overflow at once; 0: any number."
        ),
    ] = 50
    overflow: Annotated[
        Destination | None,
        Meta(title="Overflow", description="Where callers go who cannot wait, or have waited too long."),
    ] = None
    join_needs: Annotated[
        Staffing,
        Meta(title="To join there must be", description="Agents who are logged in, or not paused either."),
    ] = "logged_in"
    stay_needs: Annotated[
        Staffing, Meta(title="To stay there must be", description="Else those who wait go to the overflow.")
    ] = "nobody"
    priority: Annotated[
        int, Meta(ge=-100, le=100, title="Priority of callers", description="The higher comes first.")
    ] = 0
    vips: Annotated[tuple[VipCaller, ...], Meta(max_length=500, title="Preferred callers")] = ()
    name_prefix: Annotated[
        str,
        Meta(
            max_length=20,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            title="Name prefix",
            description="Shown to agents before the caller's name.",
        ),
    ] = ""
    announce_every_s: Annotated[
        Seconds, Meta(title="Announce every", description="The place in the line; 0: never.")
    ] = 0
    service_level_s: Annotated[
        Seconds, Meta(title="Service level", description="An answer within this time is a good one.")
    ] = 20
    call_back_key: Annotated[
        Digit | None,
        Meta(
            title="Key for a call back",
            description="Who presses it hangs up and keeps the place in the line.",
        ),
    ] = None
    call_back_as: Annotated[
        Annotated[str, ref("extension")] | None,
        Meta(
            title="Calls back as",
            description="Whose rights and outside number count; without one, the agent's.",
        ),
    ] = None
    call_back_tries: Annotated[int, Meta(ge=1, le=10, title="Tries to call back")] = 2
    record: RecordWhen = "default"
    record_keep_days: KeepDays = None
