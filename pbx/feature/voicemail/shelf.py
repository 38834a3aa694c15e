"""All messages of all boxes: a row in the store and a file each, kept as one.

A message exists from the moment that its recording begins. Its row says "not complete" until the caller is done; what a
crash leaves so is adopted at the next start with as much as was said.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from pbx.call.ports import Recording
from pbx.core.clock import Clock
from pbx.core.errors import PbxError, UserError
from pbx.core.events import EventBus
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files, append
from pbx.media.prompt_conversion import convert_prompt
from pbx.media.sound_error import SoundError
from pbx.model.mailbox import Mailbox
from pbx.model.party import Party
from pbx.model.voicemail import (
    Folder,
    GreetingName,
    MailboxState,
    Voicemail,
    VoicemailChanged,
    VoicemailPatch,
)
from pbx.store.errors import StoreError
from pbx.store.voicemail import VoicemailStore

__all__ = ["TOPIC", "BoxFullError", "Draft", "NoRoomError", "Shelf"]

log = logging.getLogger(__name__)

T = TypeVar("T")

TOPIC = "voicemail"
WAIT_FOR_TRANSCRIPT = timedelta(seconds=60)
"""A mail goes without what is not written down by then."""
AGAIN_S = 30.0
CONVERTED = "sound.16000.wav"


class BoxFullError(PbxError):
    """The box holds as many messages as it may."""


class NoRoomError(PbxError):
    """Nothing can be written: the disk or the database refuses."""


class Draft(msgspec.Struct):
    """A message that is being spoken into `path`."""

    message: Voicemail
    path: Path
    box: Mailbox
    urgent: bool = False
    dropped: bool = False


class Shelf:
    """`spawn` runs what must be done although the caller has hung up; `transcribes` says whether anything can."""

    def __init__(
        self,
        store: VoicemailStore,
        files: Files,
        boxes: Boxes,
        *,
        bus: EventBus,
        clock: Clock,
        new_id: Callable[[], str],
        transcribes: Callable[[], bool] = lambda: False,
    ) -> None:
        self.spawn: Callable[[str, Coroutine[Any, Any, None]], object] | None = None
        self.arrived: list[Callable[[], None]] = []
        """Told when a message is complete: there may be something to send or to write down."""
        self.taken = 0
        self.refused: dict[str, int] = {}
        self._store = store
        self._files = files
        self._boxes = boxes
        self._bus = bus
        self._clock = clock
        self._new_id = new_id
        self._transcribes = transcribes

    async def load(self) -> None:
        """Adopt what the last run left unfinished, and count. Before the first call."""
        await _in_thread(self._files.clear_drafts)
        for message in await self._store.unfinished():
            duration = await _in_thread(self._files.duration_s, message)
            box = self._boxes.find(message.mailbox)
            await self._complete(message, duration, box)
            log.warning(
                "a message was being spoken when the node stopped",
                extra={"mailbox": message.mailbox, "call": message.call, "kept_s": round(duration, 1)},
            )
        self._boxes.recorded = dict(await _in_thread(self._files.greetings))
        await self._count()

    # -- a message is left -----------------------------------------------------------------------------------------

    async def begin(self, box: Mailbox, caller: Party, call: str) -> Draft:
        """A message with its envelope, to be spoken into `path`. Raises `BoxFullError`, `NoRoomError`."""
        if self._boxes.state(box).full:
            self.refuse("full")
            raise BoxFullError(f"mailbox {box.number} is full")
        message = Voicemail(
            id=self._new_id(),
            mailbox=box.number,
            from_number=caller.shown or caller.number,
            from_name=caller.name,
            from_extension=caller.extension,
            received_at=self._clock.now(),
            call=call,
            sound_format=box.sound_format,
            complete=False,
        )
        try:
            await _in_thread(self._files.prepare, box.number)
            await self._store.put(message)
        except (OSError, StoreError) as error:
            self.refuse("no_room")
            log.error("a message cannot be taken", extra={"mailbox": box.number, "reason": str(error)})  # noqa: TRY400
            raise NoRoomError(str(error)) from error
        return Draft(message, self._files.path(message), box)

    def finish(self, draft: Draft, recording: Recording | None) -> None:
        """The caller is done, or gone: keep what was said. Returns at once, since nobody is left who could wait."""
        work = self._finish(draft, recording)
        if self.spawn is None:
            work.close()
            return  # the node stops: the next one adopts it
        self.spawn("message kept", work)

    async def _finish(self, draft: Draft, recording: Recording | None) -> None:
        duration = 0.0
        if recording is not None:
            duration = (await recording.stop()).duration_ms / 1000
        if draft.dropped:
            duration = 0.0
        message = replace(draft.message, urgent=draft.urgent)
        while True:
            try:
                await self._complete(message, duration, draft.box)
                await self._count({message.mailbox})
            except StoreError as error:  # the disk may be full for a while; a restart would adopt it too
                log.error(  # noqa: TRY400
                    "a message waits for the database",
                    extra={"mailbox": message.mailbox, "reason": str(error)},
                )
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _complete(self, message: Voicemail, duration: float, box: Mailbox | None) -> None:
        """Make it a message of the box, or forget it when it is too short to be one."""
        least = box.min_message_s if box is not None else 0
        if duration < max(least, 0.2):
            await self._store.remove([message.id])
            await _in_thread(self._files.remove, message)
            return
        made = self._with_duties(replace(message, complete=True, duration_s=round(duration, 2)), box)
        await self._store.change(message.id, lambda _: made)
        self.taken += 1
        self._tell(made)

    def _with_duties(self, message: Voicemail, box: Mailbox | None) -> Voicemail:
        """What is still to be done with a new message: written down, then mailed."""
        if box is None:
            return message
        now = self._clock.now()
        if box.transcribe and message.transcript is None and self._transcribes():
            message = replace(message, transcript_state="waiting")
        if box.emails:
            wait = WAIT_FOR_TRANSCRIPT if message.transcript_state == "waiting" else timedelta()
            message = replace(message, mail_state="waiting", mail_next_at=now + wait)
        return message

    async def take_in(
        self, box: Mailbox, message: Voicemail, sound: bytes, keep: Callable[[Voicemail], Awaitable[bool]]
    ) -> bool:
        """A message that was spoken elsewhere, also when the box is full. `keep` stores it, unless it came before: then
        False. The file comes first: a message always has its sound. Raises `NoRoomError`, `SoundError`, `StoreError`.
        """
        try:
            duration = await _in_thread(self._files.write, message, sound)
        except OSError as error:
            self.refuse("no_room")
            raise NoRoomError(str(error)) from error
        made = self._with_duties(replace(message, duration_s=round(duration, 2), complete=True), box)
        if not await keep(made):
            return False
        self.taken += 1
        await self._count({made.mailbox})
        self._tell(made)
        return True

    def refuse(self, reason: str) -> None:
        """Count a message that could not be taken."""
        self.refused[reason] = self.refused.get(reason, 0) + 1

    # -- what is there ---------------------------------------------------------------------------------------------

    async def page(
        self,
        box: str | None,
        folder: Folder | None = None,
        *,
        q: str = "",
        sort: str = "",
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[Sequence[Voicemail], int]:
        """Messages of a box, or of all, the newest first; without a folder, all but the bin."""
        return await self._store.page(box, folder, q=q, sort=sort, limit=limit, offset=offset)

    async def get(self, id_: str) -> Voicemail | None:
        return await self._store.get(id_)

    def path(self, message: Voicemail) -> Path:
        """Where its sound is."""
        return self._files.path(message)

    def box(self, number: str) -> Mailbox | None:
        return self._boxes.find(number)

    def states(self) -> list[MailboxState]:
        """Of all boxes, shorter numbers first."""
        return [self._boxes.state(each) for each in self._boxes.all()]

    # -- changes ---------------------------------------------------------------------------------------------------

    async def edit(self, id_: str, change: Callable[[Voicemail], Voicemail]) -> Voicemail | None:
        """The message as it is then; None when it is gone. Raises `StoreError`."""
        made = await self._store.change(id_, change)
        if made is not None:
            await self._count({made.mailbox})
        return made

    async def patch(self, id_: str, patch: VoicemailPatch) -> Voicemail | None:
        """What comes out of the bin again is saved from being swept at once."""
        now = self._clock.now()

        def change(old: Voicemail) -> Voicemail:
            deleted_at = old.deleted_at
            if patch.deleted is not None:
                deleted_at = (old.deleted_at or now) if patch.deleted else None
            return replace(
                old,
                read=old.read if patch.read is None else patch.read,
                saved=old.saved if patch.saved is None else patch.saved,
                urgent=old.urgent if patch.urgent is None else patch.urgent,
                deleted_at=deleted_at,
            )

        return await self.edit(id_, change)

    async def remove(self, messages: Sequence[Voicemail]) -> None:
        """For ever, row and file."""
        await self._store.remove([each.id for each in messages])
        for each in messages:
            with suppress(OSError):
                await _in_thread(self._files.remove, each)
        if messages:
            await self._count({each.mailbox for each in messages})

    async def forward(self, message: Voicemail, to: Mailbox, comment: Path | None) -> Voicemail:
        """A copy in another box, with what was said about it first. Raises `BoxFullError`, `NoRoomError`."""
        if self._boxes.state(to).full:
            raise BoxFullError(f"mailbox {to.number} is full")
        copy = replace(
            message,
            id=self._new_id(),
            mailbox=to.number,
            received_at=self._clock.now(),
            sound_format="wav",
            read=False,
            saved=False,
            deleted_at=None,
            complete=False,
            forwarded_from=message.mailbox,
            transcript=message.transcript if comment is None else None,
            transcript_state="none",
            mail_state="none",
            mail_attempts=0,
            mail_next_at=None,
            mail_error="",
        )
        try:
            await self._store.put(copy)
            duration = await _in_thread(self._files.copy, message, copy, comment)
        except (OSError, StoreError, SoundError) as error:
            with suppress(StoreError):
                await self._store.remove([copy.id])
            raise NoRoomError(str(error)) from error
        await self._complete(copy, duration, to)
        await self._count({to.number})
        return copy

    # -- greetings -------------------------------------------------------------------------------------------------

    def greeting(self, box: str, name: GreetingName) -> Path | None:
        """Where it is; None when none is recorded."""
        return self._files.greeting(box, name) if name in self._boxes.recorded.get(box, ()) else None

    async def save_greeting(self, box: str, name: GreetingName, sound: bytes | Path) -> float:
        """Returns its seconds. Raises `UserError` 422 for what is no sound, 507 when the disk is full."""
        try:
            seconds = await _in_thread(self._files.save_greeting, box, name, sound)
        except SoundError as error:
            raise UserError(str(error), http_status=422, needed="WAV or Ogg Opus") from error
        except OSError as error:
            raise UserError(f"the greeting cannot be kept: {error.strerror}", http_status=507) from error
        self._boxes.recorded[box] = self._boxes.recorded.get(box, frozenset()) | {name}
        self._bus.publish(TOPIC, VoicemailChanged(mailbox=box))
        return seconds

    async def upload_greeting(
        self, box: str, name: GreetingName, pieces: AsyncIterator[bytes], *, most_bytes: int
    ) -> float:
        """Take a sound file as it comes; returns its seconds. Raises `UserError` 413, 422 and 507."""
        try:
            folder = await _in_thread(self._files.workshop, box)
        except OSError as error:
            raise UserError(f"the greeting cannot be kept: {error.strerror}", http_status=507) from error
        try:
            source, size = folder / "source", 0
            async for piece in pieces:
                size += len(piece)
                if size > most_bytes:
                    raise UserError(f"the file is larger than {most_bytes >> 20} MB", http_status=413)
                await _in_thread(append, source, piece)
            if not size:
                raise UserError("the body is empty", http_status=422, needed="a sound file")
            await convert_prompt(source, folder)
            return await self.save_greeting(box, name, folder / CONVERTED)
        except OSError as error:
            raise UserError(f"the greeting cannot be kept: {error.strerror}", http_status=507) from error
        finally:
            await _in_thread(shutil.rmtree, folder, True)

    async def remove_greeting(self, box: str, name: GreetingName) -> bool:
        """Whether there was one."""
        there = await _in_thread(self._files.remove_greeting, box, name)
        self._boxes.recorded[box] = self._boxes.recorded.get(box, frozenset()) - {name}
        self._bus.publish(TOPIC, VoicemailChanged(mailbox=box))
        return there

    async def draft_path(self, box: str) -> Path:
        """A new file of a box, for what is nobody's message. Raises `OSError`."""
        await _in_thread(self._files.prepare, box)
        return self._files.draft(box, self._new_id())

    async def drop(self, path: Path) -> None:
        """Remove such a file."""
        with suppress(OSError):
            await _in_thread(path.unlink, True)

    async def forget_box(self, box: str) -> None:
        """What is left of a box that is no more."""
        self._boxes.recorded.pop(box, None)
        await _in_thread(self._files.remove_box, box)

    # -- below -----------------------------------------------------------------------------------------------------

    async def _count(self, changed: set[str] | None = None) -> None:
        """Look how many messages each box holds; lamps and pages hear of what is different."""
        before: Mapping[str, Mapping[str, int]] = self._boxes.counts
        now = self._boxes.counts = await self._store.counts()
        for box in {*before, *now, *(changed or ())}:
            if changed is None or box in changed or before.get(box) != now.get(box):
                self._boxes.tell(box)
                self._bus.publish(TOPIC, VoicemailChanged(mailbox=box))

    def _tell(self, message: Voicemail) -> None:
        self._bus.publish(TOPIC, VoicemailChanged(mailbox=message.mailbox, message=message.id))
        for each in self.arrived:
            each()


async def _in_thread(work: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, lambda: work(*arguments))
