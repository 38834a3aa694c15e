"""The lamps of agents' codes: `*45` is on while one is logged in, and blinks in a pause; `*48` is on in a pause."""

from __future__ import annotations

from pbx.feature.features import Features
from pbx.feature.named_lamps import Lamp
from pbx.feature.queue.duty import QueueDuty

__all__ = ["QueueLamps"]


class QueueLamps:
    """Implements `pbx.feature.named_lamps.LampSource`; nothing for those who are no agents of that queue."""

    def __init__(self, features: Features, duty: QueueDuty) -> None:
        self._features = features
        self._duty = duty

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        found = self._features.find(name)
        if found is None or not self._duty.is_agent(subscriber, found.argument):
            return None
        paused = self._duty.paused(subscriber, found.argument)
        if found.info.name in ("queue_duty", "queue_log_in"):
            return Lamp(self._duty.on_duty(subscriber, found.argument), found.info.title, blinks=paused)
        return Lamp(paused, found.info.title) if found.info.name == "queue_pause" else None
