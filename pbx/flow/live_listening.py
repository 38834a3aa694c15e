"""Listening to a caller: something is played, then what is said goes to the recogniser; a key ends it at any time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.call.ports import Stream
from pbx.flow.node import NodeError
from pbx.flow.ports import Answer, Line, Say
from pbx.media.end_of_speech import EndOfSpeech, Patience
from pbx.media.recognition import RATE_HZ, Recogniser, RecognitionError
from pbx.media.tap import Tap

__all__ = ["LiveListening"]

log = logging.getLogger(__name__)

FIRST_S = 5.0
PAUSE_S = 0.8
THINKING_S = 30.0
"""Longer than any recogniser may take."""


class LiveListening:
    """Implements `flow.ports.Listening` for the party of a call; `tap` listens to a stream."""

    def __init__(
        self,
        call: Call,
        line: Line,
        *,
        recogniser: Callable[[], Recogniser],
        tap: Callable[[Stream], Tap],
    ) -> None:
        self._call = call
        self._line = line
        self._recogniser = recogniser
        self._tap = tap

    async def listen(
        self, *what: Say, expected: Sequence[str], language: str = "", max_s: float = 8.0
    ) -> Answer:
        """Play, and listen. Raises `NodeError` where nothing can be recognised."""
        if key := await self._line.say(*what):
            return Answer(key=key)
        try:
            tap = self._tap(self._call.a.stream)
        except (ValueError, RuntimeError) as error:
            raise NodeError(f"the caller cannot be listened to: {error}") from None
        async with tap, asyncio.TaskGroup() as tasks:
            pressing = tasks.create_task(self._line.wait(FIRST_S + max_s + THINKING_S))
            hearing = tasks.create_task(self._hear(tap, expected, language, max_s))
            await asyncio.wait((pressing, hearing), return_when=asyncio.FIRST_COMPLETED)
            pressing.cancel()
            hearing.cancel()
        if not pressing.cancelled() and (key := pressing.result()):
            return Answer(key=key)
        heard = Answer() if hearing.cancelled() else hearing.result()
        if isinstance(heard, RecognitionError):
            log.warning("speech could not be recognised", extra={"reason": str(heard)})
            raise NodeError(f"speech could not be recognised: {heard}")
        return heard

    async def _hear(
        self, tap: Tap, expected: Sequence[str], language: str, max_s: float
    ) -> Answer | RecognitionError:
        """The error is a value: a group of tasks would wrap it."""
        ears = EndOfSpeech(Patience(FIRST_S, PAUSE_S, max_s), rate_hz=RATE_HZ)
        async for audio in tap:
            if ears.feed(audio.heard):
                break
        tap.close()
        if not ears.utterance:
            return Answer()
        try:
            heard = await self._recogniser().recognise(ears.utterance, expected=expected, language=language)
        except RecognitionError as error:
            return error
        return Answer(heard.text, heard.confidence)
