"""What happens at the edge, told to whoever shows it: the tunnel passes it on to the office's node."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

__all__ = ["Events", "Listener"]

log = logging.getLogger(__name__)

Listener = Callable[[str, str, msgspec.Struct], None]
"""Office, topic (conversations, campaigns, numbers, edge), document. Never waits."""


class Events:
    """Nothing waits for a listener; one that fails is logged, the others are told."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the result to hear no more."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, office: str, topic: str, document: msgspec.Struct) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(office, topic, document)
            except Exception:
                log.exception("a listener failed", extra={"topic": topic})
