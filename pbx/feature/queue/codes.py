"""Agents log in, log out and pause by code: in all their queues, or in the one that is dialled with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pbx.call.call import Call
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.features import Feature
from pbx.feature.queue.duty import QueueDuty
from pbx.feature.queue.queues import Queues
from pbx.model.queue_status import AgentDuty, AgentStatus

__all__ = ["QueueCodes"]


class QueueCodes:
    """The features; a code that is no switch over sets what it says in all queues that are meant."""

    def __init__(self, queues: Queues, answering: Answering) -> None:
        self._queues = queues
        self._duty = QueueDuty(queues)
        self._answering = answering

    def features(self) -> Iterator[tuple[str, Feature]]:
        """All of them, with their names."""
        yield (
            "queue_duty",
            self._switch("queue_duty", self._duty.on_duty, lambda _, on: AgentDuty(logged_in=not on)),
        )
        yield (
            "queue_log_in",
            self._switch("queue_duty", self._duty.on_duty, lambda _, _on: AgentDuty(logged_in=True)),
        )
        yield (
            "queue_log_out",
            self._switch("queue_duty", self._duty.on_duty, lambda _, _on: AgentDuty(logged_in=False)),
        )
        yield (
            "queue_pause",
            self._switch(
                "queue_pause",
                self._duty.paused,
                lambda now, on: AgentDuty(logged_in=now.logged_in, paused=not on),
            ),
        )

    def _switch(
        self,
        phrase: str,
        is_on: Callable[[str, str], bool],
        wanted: Callable[[AgentStatus, bool], AgentDuty],
    ) -> Feature:
        async def run(call: Call, number: str) -> None:
            extension = own_extension(call)
            if not self._duty.is_agent(extension, number):
                await self._answering.say(call, Phrase("queue_no_agent", "refused", number))
                return
            on = is_on(extension, number)
            for queue, status in self._duty.statuses(extension, number).items():
                self._queues.set_duty(queue, extension, wanted(status, on))
            name = f"{phrase}_number" if number else phrase
            await self._answering.say(call, Phrase(name, "on" if is_on(extension, number) else "off", number))

        return run
