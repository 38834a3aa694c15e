"""The office's prompts: their sound comes from a file or a phone, is converted once, and goes with its record."""

from __future__ import annotations

import asyncio
import errno
import io
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pbx.core.clock import Clock
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.media.prompt_conversion import convert_prompt, write_wav
from pbx.media.prompt_files import PromptFiles
from pbx.media.speech_synthesis import SPEECH_RATE_HZ, Voices
from pbx.model.kinds import PROMPT
from pbx.model.prompt import PromptAudio
from pbx.model.records_changed import RecordsChanged
from pbx.store.records import RecordStore

if TYPE_CHECKING:
    from array import array

__all__ = ["LARGEST_BYTES", "Prompts"]

log = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST_BYTES = 64 << 20
"""Ten minutes of stereo at 48 kHz, as WAV."""
CONVERSIONS = 1
"""At once: each takes a processor."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class Prompts:
    """`records` know which prompts there are; `files` keep their sounds."""

    def __init__(
        self, records: RecordStore, files: PromptFiles, voices: Voices, clock: Clock, *, language: str
    ) -> None:
        self.files = files
        self._records = records
        self._voices = voices
        self._clock = clock
        self._language = language
        self._free = asyncio.Semaphore(CONVERSIONS)

    async def audio(self, prompt: str) -> PromptAudio | None:
        return await _in_thread(lambda: self.files.audio(prompt))

    async def everything(self) -> Sequence[PromptAudio]:
        """What is kept of all prompts."""
        return await _in_thread(self.files.all)

    async def receive(self, prompt: str, pieces: AsyncIterator[bytes], *, by: str) -> PromptAudio:
        """Take a file, as it comes. Raises `UserError` 404, 413, 422 (not playable) and 507 (the disk is full)."""
        await self._known(prompt)
        async with self.workshop() as folder:
            source = folder / "source"
            await _write(source, pieces)
            return await self._convert(prompt, source, folder, "uploaded", by)

    async def recorded(self, prompt: str, source: Path, *, by: str) -> PromptAudio:
        """Take what was spoken into a phone. Raises as `receive`."""
        await self._known(prompt)
        async with self.workshop() as folder:
            return await self._convert(prompt, source, folder, "recorded", by)

    @asynccontextmanager
    async def workshop(self) -> AsyncIterator[Path]:
        """A folder for what is not finished, which goes afterwards. A full disk inside it is a `UserError` 507."""
        shop = self.files.workshop()
        try:
            folder = await _in_thread(shop.__enter__)
            try:
                yield folder
            finally:
                await _in_thread(lambda: shop.__exit__(None, None, None))
        except OSError as error:
            if error.errno in FULL:
                raise UserError(
                    "the disk is full", http_status=507, action="Make room on the node's disk"
                ) from error
            raise

    async def wav(self, prompt: str) -> Path:
        """The file at the best rate that is kept. Raises `UserError` 404."""
        if await self.audio(prompt) is None:
            raise UserError(f"there is no sound of a prompt {prompt}", http_status=404)
        return self.files.path(prompt)

    async def remove(self, prompt: str) -> None:
        """Raises `UserError` 404."""
        if not await _in_thread(lambda: self.files.remove(prompt)):
            raise UserError(f"there is no sound of a prompt {prompt}", http_status=404)

    async def preview(self, text: str, language: str) -> bytes:
        """A WAV file of a text, as it would be heard. Raises `SpeechError` 503."""
        samples = await self._voices.speak(text, language or self._language)
        return await _in_thread(lambda: _wav_bytes(samples))

    async def follow(self, bus: EventBus) -> None:
        """Throw the sound of a prompt away with its record; for ever.

        Only when it is deleted while the node runs: a database that was lost or went back in time costs no recording.
        """
        await _in_thread(self.files.clear_workshops)
        with bus.subscribe("records") as changes:
            async for published in changes:
                event = published.event
                if not isinstance(event, RecordsChanged) or event.kind != PROMPT.name:
                    continue
                for key in event.keys:
                    gone = await self._records.get(PROMPT, key) is None
                    if gone and await _in_thread(partial(self.files.remove, key)):
                        log.info("the sound of a prompt was deleted with it", extra={"prompt": key})

    async def _known(self, prompt: str) -> None:
        if await self._records.get(PROMPT, prompt) is None:
            raise UserError(f"there is no prompt {prompt}", http_status=404)

    async def _convert(
        self, prompt: str, source: Path, folder: Path, how: Literal["uploaded", "recorded"], by: str
    ) -> PromptAudio:
        async with self._free:
            made = await convert_prompt(source, folder)
        await self._known(prompt)  # it may have been deleted meanwhile
        audio = PromptAudio(
            prompt=prompt,
            source=how,
            original=made.original,
            by=by,
            made_at=self._clock.now(),
            seconds=made.seconds,
        )
        await _in_thread(lambda: self.files.keep(audio, folder))
        log.info(
            "a prompt has a new sound", extra={"prompt": prompt, "seconds": audio.seconds, "source": how}
        )
        return audio


async def _write(path: Path, pieces: AsyncIterator[bytes]) -> None:
    """Raises `UserError` 413 for too much."""
    size = 0
    with path.open("wb") as file:
        async for piece in pieces:
            size += len(piece)
            if size > LARGEST_BYTES:
                raise UserError(
                    "the file is too large", http_status=413, needed=f"at most {LARGEST_BYTES >> 20} MB"
                )
            await _in_thread(partial(file.write, piece))
        await _in_thread(file.flush)


def _wav_bytes(samples: array[int]) -> bytes:
    data = io.BytesIO()
    write_wav(data, samples, SPEECH_RATE_HZ)
    return data.getvalue()


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
