"""The smallest driver there can be: keeps an endpoint's timers, and writes down what it does."""

from __future__ import annotations

from pbx.sip.effects import ClearTimer, Effect, SetTimer, TimerKey, Transmit
from pbx.sip.endpoint import Endpoint


class Clockwork:
    """Feed it effects with `take`; `run` lets the time pass. `sent_at` are the times something was transmitted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.now = 0.0
        self.timers: dict[TimerKey, float] = {}
        self.effects: list[Effect] = []
        self.sent_at: list[float] = []
        self.last_at = 0.0
        """When an effect last happened."""

    def take(self, effects: list[Effect]) -> list[Effect]:
        self.effects += effects
        for effect in effects:
            if isinstance(effect, SetTimer):
                self.timers[effect.key] = effect.at
            elif isinstance(effect, ClearTimer):
                self.timers.pop(effect.key, None)
            elif isinstance(effect, Transmit):
                self.sent_at.append(round(self.now, 6))
        if effects:
            self.last_at = self.now
        return effects

    def run(self, until: float) -> list[Effect]:
        """Let the time pass; returns what happened."""
        happened: list[Effect] = []
        while self.timers:
            key = min(self.timers, key=lambda each: self.timers[each])
            if self.timers[key] > until:
                break
            self.now = self.timers.pop(key)
            happened += self.take(self.endpoint.timer(key, self.now))
        self.now = max(self.now, until)
        return happened
