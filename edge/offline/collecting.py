"""Brings each message from Twilio to the office, and each finished call into its history. The steps: `recordings`.

The hub keeps what it is given until the office has it, and the office takes each id once. So a step that is done twice,
because somebody died between doing and noting, changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from edge.ai.transcriber import Transcriber, TranscriptionError
from edge.bell import Bell
from edge.clock import Clock
from edge.offline.journal import CallStep, Journal, OpenCall
from edge.offline.recordings import Note, Recorded, Recordings
from edge.offline.wave_file import NotSound, seconds_of
from edge.store import StoreError
from edge.twilio.errors import TwilioError
from edge.twilio.records import Call, File, Recording

__all__ = ["Collecting", "Deliver", "OfflineVoicemail", "Provider"]

log = logging.getLogger(__name__)

LOOK_S = 5.0
OVER = frozenset(("completed", "busy", "failed", "no-answer", "canceled"))
LONGEST_CALL_MS = 4 * 3600 * 1000
KEEP_MS = 7 * 24 * 3600 * 1000
TRIES_MS = tuple(seconds * 1000 for seconds in (2, 5, 15, 60, 300, 900, 3600))
"""The waits between tries; the last again and again."""
GIVES_UP = 24 * 7
"""Tries after which a recording that is not sound, or not there, is lost: a week."""
TRANSCRIPT_TRIES = 2

Deliver = Callable[..., Awaitable[str]]
"""`Hub.deliver`."""


class Provider(Protocol):
    """What is asked of Twilio: `edge.twilio.client.TwilioClient`."""

    async def call(self, sid: str) -> Call: ...

    async def recordings(self, call_sid: str) -> list[Recording]: ...

    async def fetch_recording(self, sid: str) -> File: ...

    async def delete_recording(self, sid: str) -> None: ...


class OfflineVoicemail(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the office gets it; its sound is the body. `extension` is empty for nobody in particular."""

    extension: str
    from_number: str
    to_number: str
    received_at: int
    duration_s: float
    call_sid: str
    call: Annotated[str, Meta(description="The id of the call in the office's history.")]
    transcript: str | None = None


class Collecting:
    """`run` must be running, at each edge."""

    def __init__(
        self,
        recordings: Recordings,
        journal: Journal,
        clock: Clock,
        *,
        provider: Provider | None,
        deliver: Deliver,
        transcriber: Transcriber | None = None,
        name_of_call: Callable[[str], str],
    ) -> None:
        self.delivered = 0
        self._recordings = recordings
        self._journal = journal
        self._clock = clock
        self._provider = provider
        self._deliver = deliver
        self._transcriber = transcriber
        self._name_of_call = name_of_call
        self._bell = Bell()

    def wake(self) -> None:
        """There is something to do now."""
        self._bell.ring()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                log.warning("recordings wait for the database", extra={"reason": str(error)})
            await self._bell.wait(LOOK_S)

    async def once(self) -> None:
        """All that is due now."""
        while taken := await self._recordings.take_due():
            for each in taken:
                await self._advance(each)
        for call in await self._journal.due():
            await self._close(call)
        before = self._clock.now_ms() - KEEP_MS
        await self._recordings.forget(before)
        await self._journal.forget(before)

    # -- messages -----------------------------------------------------------------------------------------------------

    async def _advance(self, one: Recorded) -> None:
        """One step further."""
        try:
            await self._step(one)
        except TwilioError as error:
            gone = one.state == "remote" and one.attempts >= GIVES_UP
            if gone:
                log.exception("a message cannot be fetched", extra={"recording": one.sid})
                await self._recordings.lost(one, str(error))
                return
            log.warning(
                "Twilio is asked again", extra={"recording": one.sid, "step": one.state, "reason": str(error)}
            )
            await self._recordings.later(one, _wait_ms(one.attempts), str(error))
        except NotSound as error:
            await self._not_sound(one, str(error))

    async def _step(self, one: Recorded) -> None:
        if one.state == "remote":
            await self._fetch(one)
        elif one.state == "stored":
            await self._write_down(one)
        elif one.state == "written":
            await self._hand_over(one)
        elif self._provider is not None:
            await self._provider.delete_recording(one.sid)
            await self._recordings.done(one)

    async def _fetch(self, one: Recorded) -> None:
        if self._provider is None:
            await self._recordings.later(one, TRIES_MS[-1], "no Twilio account is set")
            return
        file = await self._provider.fetch_recording(one.sid)
        if not file.type.startswith(("audio/", "application/octet-stream")):
            raise NotSound(f"Twilio sent {file.type[:60]}")
        await self._recordings.stored(one, file.content, round(seconds_of(file.content), 2))

    async def _not_sound(self, one: Recorded, why: str) -> None:
        """Twilio may still be making it. What is never sound is not deleted there."""
        if one.attempts >= GIVES_UP:
            log.error("a message is no sound", extra={"recording": one.sid, "reason": why})
            await self._recordings.lost(one, why)
        else:
            await self._recordings.later(one, _wait_ms(one.attempts), why)

    async def _write_down(self, one: Recorded) -> None:
        if one.transcription != "server" or self._transcriber is None or one.transcript is not None:
            await self._recordings.written(one, None)
            return
        await self._recordings.hold(one)
        try:
            text = await self._transcriber.write_down(await self._recordings.audio(one), one.language)
        except TranscriptionError as error:
            if one.attempts < TRANSCRIPT_TRIES:
                await self._recordings.later(one, TRIES_MS[2], str(error))
                return
            log.warning("a message is not written down", extra={"recording": one.sid, "reason": str(error)})
            text = ""
        await self._recordings.written(one, text or None)

    async def _hand_over(self, one: Recorded) -> None:
        document = OfflineVoicemail(
            extension=one.extension,
            from_number=one.caller,
            to_number=one.called,
            received_at=one.recorded_at,
            duration_s=one.duration_s,
            call_sid=one.call_sid,
            call=self._name_of_call(one.call_sid),
            transcript=one.transcript,
        )
        audio = await self._recordings.audio(one)
        await self._deliver(one.office, "voicemail", document, audio, id=one.id)
        await self._recordings.handed(one)
        self.delivered += 1

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _close(self, call: OpenCall) -> None:
        """Into the history when it is over; with it, what was recorded and nobody told us of."""
        long_ago = self._clock.now_ms() - call.since > LONGEST_CALL_MS
        over = False
        try:
            over = self._provider is not None and await self._is_over(self._provider, call)
        except TwilioError as error:
            log.warning("Twilio is asked again", extra={"call": call.call_sid, "reason": str(error)})
        if over or long_ago:
            await self._hand_over_call(call)
        else:
            await self._journal.later(call, _wait_ms(call.attempts))

    async def _hand_over_call(self, call: OpenCall) -> None:
        document = await self._journal.document(call)
        if document is not None:
            taken = [_message(each) for each in await self._recordings.of_call(call.office, call.call_sid)]
            ended_at = max([document.ended_at, *(each.at for each in taken)])
            document = msgspec.structs.replace(document, steps=(*document.steps, *taken), ended_at=ended_at)
            await self._deliver(call.office, "call", document, id=call.id)
        await self._journal.handed(call)

    async def _is_over(self, provider: Provider, call: OpenCall) -> bool:
        """And its messages are known. Raises `TwilioError`."""
        if (await provider.call(call.call_sid)).status not in OVER:
            return False
        await self._look_for_messages(provider, call)
        return True

    async def _look_for_messages(self, provider: Provider, call: OpenCall) -> None:
        steps = await self._journal.steps(call.office, call.call_sid)
        taking = [each for each in steps if each.kind == "recording"]
        if not taking:
            return
        document = await self._journal.document(call)
        for each in await provider.recordings(call.call_sid):
            if document is None or (each.duration_s == 0 and each.status == "completed"):
                continue
            note = Note(
                call.office,
                each.sid,
                call.call_sid,
                taking[-1].extension,
                document.from_number,
                document.to_number,
                float(each.duration_s or 0),
                "server",
                "",
            )
            if await self._recordings.note(note):
                log.info("a message was found at Twilio", extra={"call": call.call_sid})
                self.wake()


def _message(one: Recorded) -> CallStep:
    return CallStep(
        at=one.recorded_at,
        kind="message",
        extension=one.extension,
        detail=one.id,
        seconds=round(one.duration_s),
    )


def _wait_ms(attempts: int) -> int:
    return TRIES_MS[min(max(attempts, 1), len(TRIES_MS)) - 1]
