"""What boxes do not keep for ever: old messages go to the bin, what was long in the bin is gone.

The messages of a box that was deleted go to the bin too, and stay there as long as those of any box by default.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.shelf import Shelf
from pbx.model.mailbox import Mailbox
from pbx.store.errors import StoreError
from pbx.store.voicemail import VoicemailStore

__all__ = ["Retention"]

log = logging.getLogger(__name__)

EVERY_S = 3600.0
BIN_DAYS = 30


class Retention:
    """`run` must be running."""

    def __init__(self, store: VoicemailStore, shelf: Shelf, boxes: Boxes, *, clock: Clock) -> None:
        self._store = store
        self._shelf = shelf
        self._boxes = boxes
        self._clock = clock

    async def run(self) -> None:
        """Once an hour, for ever."""
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                log.error("old messages could not be swept", extra={"reason": str(error)})  # noqa: TRY400
            await asyncio.sleep(EVERY_S)

    async def sweep(self) -> None:
        """Everything that is due now."""
        for number in await self._store.mailboxes():
            box = self._boxes.find(number)
            await self._to_bin(number, box)
            bin_days = box.bin_days if box is not None else BIN_DAYS
            gone = await self._store.deleted_before(number, self._clock.now() - timedelta(days=bin_days))
            await self._shelf.remove(gone)
            if gone:
                log.info("the bin was emptied", extra={"mailbox": number, "messages": len(gone)})
        there = set(await self._store.mailboxes())
        known = {each.number for each in self._boxes.all()}
        for number in set(self._boxes.recorded) - there - known:
            await self._shelf.forget_box(number)

    async def _to_bin(self, number: str, box: Mailbox | None) -> None:
        now = self._clock.now()
        if box is None:
            found, _ = await self._store.page(number, limit=100_000)
        elif box.retention_days:
            found = await self._store.older_than(number, now - timedelta(days=box.retention_days))
        else:
            return
        for each in found:
            await self._shelf.edit(each.id, lambda old: replace(old, deleted_at=old.deleted_at or now))
