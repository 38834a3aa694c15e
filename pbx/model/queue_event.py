"""What happens to a caller in the line of a queue."""

from __future__ import annotations

from pbx.model.in_call import InCall


class QueueJoined(InCall, frozen=True, kw_only=True, tag="queue_joined"):
    """The caller waits in a line. `position` counts from 1; `call_back_of` is the call in which a call back was asked
    for: then nobody hears music, and who asked is rung when an agent has been found."""

    queue: str
    position: int
    priority: int = 0
    call_back_of: str | None = None


class QueueRang(InCall, frozen=True, kw_only=True, tag="queue_rang"):
    """These agents ring for the caller."""

    queue: str
    agents: tuple[str, ...]


class AgentMissed(InCall, frozen=True, kw_only=True, tag="agent_missed"):
    """An agent was rung and did not take the call. `paused`: that was once too often."""

    queue: str
    agent: str
    paused: bool = False


class QueueLeft(InCall, frozen=True, kw_only=True, tag="queue_left"):
    """The caller waits no more. `reason` is "answered" (by `agent`), "abandoned", "timeout", "full", "empty",
    "call_back" (asked for one), "not_reached" (the call back was in vain) or "transferred"."""

    queue: str
    reason: str
    waited_s: float
    agent: str | None = None


QueueEvent = QueueJoined | QueueRang | AgentMissed | QueueLeft
