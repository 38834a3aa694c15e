"""Messages in writing, by whatever engine the node has. Without one there are none: nothing here guesses words."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.core.errors import PbxError
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.shelf import Shelf
from pbx.media.recognition import RecognitionError, Transcriber
from pbx.model.voicemail import Voicemail
from pbx.store.errors import StoreError
from pbx.store.voicemail import VoicemailStore

__all__ = ["WritingDown"]

log = logging.getLogger(__name__)

LOOK_S = 60.0
LONGEST_S = 900.0


class WritingDown:
    """`run` must be running; it does nothing without `engine`."""

    def __init__(
        self,
        store: VoicemailStore,
        shelf: Shelf,
        boxes: Boxes,
        *,
        clock: Clock,
        engine: Transcriber | None = None,
    ) -> None:
        self.engine = engine
        self.written = 0
        self.failed = 0
        self._store = store
        self._shelf = shelf
        self._boxes = boxes
        self._clock = clock
        self._wake = asyncio.Event()
        shelf.arrived.append(self._wake.set)

    @property
    def there(self) -> bool:
        """Whether messages can be written down."""
        return self.engine is not None

    async def run(self) -> None:
        """One message after the other, for ever."""
        while True:
            self._wake.clear()
            try:
                for message in await self._store.to_transcribe():
                    await self._write_down(message)
            except StoreError as error:
                log.error("transcripts wait for the database", extra={"reason": str(error)})  # noqa: TRY400
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def _write_down(self, message: Voicemail) -> None:
        box = self._boxes.find(message.mailbox)
        text: str | None = None
        try:
            if self.engine is None:
                raise RecognitionError("there is no engine")
            async with asyncio.timeout(LONGEST_S):
                text = await self.engine.transcribe(
                    self._shelf.path(message), box.language if box is not None else ""
                )
            self.written += 1
        except (PbxError, OSError, TimeoutError) as error:
            self.failed += 1
            log.warning(
                "a message could not be written down",
                extra={"mailbox": message.mailbox, "reason": str(error) or type(error).__name__},
            )
        now = self._clock.now()

        def change(old: Voicemail) -> Voicemail:
            made = replace(old, transcript=text, transcript_state="failed" if text is None else "done")
            return replace(made, mail_next_at=now) if old.mail_state == "waiting" else made

        await self._shelf.edit(message.id, change)
        for each in self._shelf.arrived:  # the mail has waited for it
            if each != self._wake.set:
                each()
