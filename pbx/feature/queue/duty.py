"""Whether an agent is logged in or pauses, in all queues or in one: what codes change and lamps show."""

from __future__ import annotations

from pbx.feature.queue.queues import Queues
from pbx.model.queue_status import AgentStatus

__all__ = ["QueueDuty"]


class QueueDuty:
    """Of an extension, and of the queue of a number; without one, of all its queues."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def on_duty(self, extension: str, number: str = "") -> bool:
        """Whether the agent is logged in, in any of the queues that are meant."""
        return any(each.logged_in for each in self.statuses(extension, number).values())

    def paused(self, extension: str, number: str = "") -> bool:
        """Likewise, whether the agent pauses."""
        return any(each.logged_in and each.paused for each in self.statuses(extension, number).values())

    def is_agent(self, extension: str, number: str = "") -> bool:
        return bool(self._queues.of_agent(extension, number))

    def statuses(self, extension: str, number: str) -> dict[str, AgentStatus]:
        return {
            queue.number: self._queues.agents.status(queue, agent)
            for queue in self._queues.of_agent(extension, number)
            for agent in queue.agents
            if agent.extension == extension
        }
