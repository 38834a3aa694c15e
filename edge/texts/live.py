"""Tells those who look at the inbox what has changed, as soon as the store has it."""

from __future__ import annotations

from typing import Literal

from edge.clock import Clock
from edge.events import Events
from edge.model.texts import ConversationEvent, TextMessage
from edge.store import Store
from edge.texts.conversations import Pair, conversation_of, find

__all__ = ["TOPIC", "Live"]

TOPIC = "conversations"

What = Literal["message", "state", "conversation", "note", "settings", "gone"]


class Live:
    """Reads what it tells anew, so the last word is always the store's."""

    def __init__(self, store: Store, clock: Clock, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._events = events

    async def tell(self, pair: Pair, what: What, message: TextMessage | None = None) -> None:
        row = await find(self._store, pair)
        conversation = None if row is None else conversation_of(row, self._clock.now_ms())
        self._events.tell(
            pair.office,
            TOPIC,
            ConversationEvent(
                what=what, from_=pair.theirs, to=pair.ours, conversation=conversation, message=message
            ),
        )

    async def told(self, office: str, message: TextMessage) -> None:
        """For the outbox: a message is in another state. Campaigns tell their own progress."""
        if not message.campaign:
            await self.tell(Pair(office, message.from_, message.to), "state", message)

    def settings(self, office: str) -> None:
        """Settings or templates are different."""
        self._events.tell(office, TOPIC, ConversationEvent(what="settings"))
