"""Lamps of the codes of mailboxes: a key that dials `*97` or `*98900` shines while new messages are in that box.

A shared box is shown to those alone whose phones it lights anyway.
"""

from __future__ import annotations

from pbx.feature.features import Features
from pbx.feature.named_lamps import Lamp
from pbx.feature.voicemail.boxes import Boxes

__all__ = ["MailboxLamps"]


class MailboxLamps:
    """Implements `named_lamps.LampSource`."""

    def __init__(self, features: Features, boxes: Boxes) -> None:
        self._features = features
        self._boxes = boxes

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        found = self._features.find(name)
        if found is None or found.info.name not in ("voicemail", "voicemail_check"):
            return None
        own = self._boxes.of(subscriber)
        box = self._boxes.find(found.argument) if found.argument else own
        if box is None or (box != own and subscriber not in box.lamps):
            return None
        return Lamp(self._boxes.state(box).new > 0, box.name)
