"""Answers Twilio for an office that is offline: reads what it sends, lets the dialogue decide, writes TwiML.

Whatever fails in here, the caller gets an answer: without model, directory or store, a message is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from edge.ai.directory import Intent
from edge.ai.understanding import Understanding
from edge.clock import Clock
from edge.directory import Directories, Receptionists
from edge.model.receptionist import Receptionist
from edge.offline import dialogue
from edge.offline.collecting import Collecting
from edge.offline.journal import Journal
from edge.offline.recordings import Note, Recordings
from edge.offline.render import Addresses, render
from edge.offline.state import State
from edge.offline.steps import Answer, HangUp, Heard
from edge.offline.view import View
from edge.offline.wishes import about, wishes_of
from edge.store import StoreError
from edge.twilio.webhooks import EMPTY, Hook, Webhook
from edge.voice.answer import caller_of

if TYPE_CHECKING:
    from edge.ai.directory import Directory

__all__ = ["HEARS", "PATH", "OfflineCalls", "heard_in", "understand"]

log = logging.getLogger(__name__)

PATH = "/twilio/voice/offline"
RECORDING = f"{PATH}/recording"
TRANSCRIPTION = f"{PATH}/transcription"
UNDERSTANDING_S = 8.0
"""Twilio waits 15 s for an answer."""
LETTERS = 400
HEARS = ("receptionist", "confirm", "choose")
_RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}")


class OfflineCalls:
    """`begin` is called where an office cannot be reached; `webhooks` go on from there."""

    def __init__(
        self,
        clock: Clock,
        *,
        base: str,
        directories: Directories,
        receptionists: Receptionists,
        understanding: Understanding,
        journal: Journal,
        recordings: Recordings,
        collecting: Collecting,
    ) -> None:
        self.answered = 0
        self.failures = 0
        self._clock = clock
        self._base = base.rstrip("/")
        self._directories = directories
        self._receptionists = receptionists
        self._understanding = understanding
        self._journal = journal
        self._recordings = recordings
        self._collecting = collecting

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        return (
            Webhook(PATH, self.go_on),
            Webhook(RECORDING, self.recorded),
            Webhook(TRANSCRIPTION, self.transcribed),
        )

    # -- the call -----------------------------------------------------------------------------------------------------

    async def begin(self, hook: Hook) -> str:
        """The first answer to a call, as TwiML. A call that another edge could not go on with goes on here."""
        self.answered += 1
        state = _interrupted(hook.form.get("ErrorUrl", ""))
        return await self._answer(hook, state)

    async def go_on(self, hook: Hook) -> str:
        """The caller has said, pressed or recorded something, or nothing."""
        return await self._answer(hook, State.of_text(hook.query.get("s", "")) or State())

    async def ended(self, call_sid: str) -> None:
        """Twilio says that a call is over. Any call may be told of."""
        await self._journal.soon(call_sid)

    async def _answer(self, hook: Hook, state: State | None) -> str:
        heard = heard_in(hook.form)
        settings = Receptionist()
        try:
            settings = await self._receptionists.of(hook.office.id)
            view = await self._view(hook, settings)
            heard = await self._understood(state, heard, view)
            answer = dialogue.begin(view) if state is None else dialogue.advance(state, heard, view)
            await self._keep(hook, state, heard, answer, view)
        except Exception:
            self.failures += 1
            log.exception(
                "a call gets the answer for emergencies", extra={"call": hook.form.get("CallSid", "")}
            )
            view = View.of(None, settings, self._clock.now_ms(), called=hook.form.get("To", ""))
            answer = dialogue.in_trouble(state or State(), heard, view)
        return self._render(hook, answer, view)

    async def _view(self, hook: Hook, settings: Receptionist) -> View:
        kept = await self._directories.of(hook.office.id)
        return View.of(
            kept.directory if kept is not None else None,
            settings,
            self._clock.now_ms(),
            called=hook.form.get("To", ""),
            caller=caller_of(hook.form.get("From", "")),
        )

    async def _understood(self, state: State | None, heard: Heard, view: View) -> Heard:
        if state is None or not heard.speech or heard.digits or state.at not in HEARS:
            return heard
        intent = await understand(self._understanding, state, heard.speech, view)
        return replace(heard, intent=intent)

    async def _keep(self, hook: Hook, state: State | None, heard: Heard, answer: Answer, view: View) -> None:
        """Into the journal; a message first, since it must not be lost."""
        if state is not None and state.at == "recorded" and heard.recorded:
            await self._note(hook, view.mailbox(state.target), view.words.locale(view.directory.country))
        await self._journal.note(
            hook.office.id,
            hook.form.get("CallSid", ""),
            answer.happened,
            answer=state.answers + 1 if state is not None else 0,
            caller=caller_of(hook.form.get("From", "")),
            caller_name=hook.form.get("CallerName", ""),
            called=hook.form.get("To", ""),
            over=isinstance(answer.does, HangUp),
        )

    # -- what was recorded --------------------------------------------------------------------------------------------

    async def recorded(self, hook: Hook) -> str:
        """A recording is ready at Twilio, whether the caller has hung up or not."""
        if hook.form.get("RecordingStatus", "completed") == "completed":
            await self._note(hook, hook.query.get("x", ""), hook.query.get("l", ""))
        return EMPTY

    async def transcribed(self, hook: Hook) -> str:
        """Twilio has written a message down, or could not."""
        sid = _recording_sid(hook.form)
        if sid:
            worked = hook.form.get("TranscriptionStatus", "") == "completed"
            await self._recordings.twilio_wrote(sid, hook.form.get("TranscriptionText") if worked else None)
            self._collecting.wake()
        return EMPTY

    async def _note(self, hook: Hook, extension: str, language: str) -> None:
        sid = _recording_sid(hook.form)
        if not sid:
            log.warning("a recording has no name", extra={"call": hook.form.get("CallSid", "")})
            return
        transcription = "server"
        with suppress(StoreError):  # it must be noted, whatever else cannot be read
            transcription = (await self._receptionists.of(hook.office.id)).transcription
        note = Note(
            office=hook.office.id,
            sid=sid,
            call_sid=hook.form.get("CallSid", ""),
            extension=extension,
            caller=caller_of(hook.form.get("From") or hook.query.get("f", "")),
            called=hook.form.get("To") or hook.query.get("t", ""),
            duration_s=_seconds(hook.form.get("RecordingDuration", "")),
            transcription=transcription,
            language=language,
        )
        if await self._recordings.note(note):
            self._collecting.wake()

    # -- TwiML --------------------------------------------------------------------------------------------------------

    def _render(self, hook: Hook, answer: Answer, view: View) -> str:
        office = hook.office.id
        language = view.words.locale(view.directory.country)
        called = {"f": hook.form.get("From", ""), "t": hook.form.get("To", ""), "l": language}

        def address(path: str, **query: str) -> str:
            return f"{self._base}{path}?{urlencode({'office': office, **query})}"

        addresses = Addresses(
            next=lambda state: address(PATH, s=state.text()),
            recording=lambda extension: address(RECORDING, x=extension, **called),
            transcription=lambda extension: address(TRANSCRIPTION, x=extension, **called),
        )
        return render(
            answer,
            addresses,
            language=language,
            voice=view.settings.voice,
            transcribed=view.settings.transcription == "twilio",
        )


async def understand(understanding: Understanding, state: State, speech: str, view: View) -> Intent:
    """What a caller wants; "unsure" when nobody can say. Never raises, and never takes long."""
    wishes: Directory = wishes_of(view)
    try:
        async with asyncio.timeout(UNDERSTANDING_S):
            intent = await understanding.decide(state.heard(speech).turns, wishes)
    except Exception:
        log.exception("a caller's words are not understood")
        return Intent()
    return about(speech, intent, wishes)


def heard_in(form: Mapping[str, str]) -> Heard:
    """What Twilio sends after a `<Gather>`, a `<Dial>` or a `<Record>`."""
    digits = form.get("Digits", "")
    return Heard(
        digits="" if digits == "hangup" else digits[:20],
        speech=" ".join(form.get("SpeechResult", "").split())[:LETTERS],
        sure=_part(form.get("Confidence", "")),
        dialled=form.get("DialCallStatus", ""),
        talked_s=int(_seconds(form.get("DialCallDuration", ""))),
        recorded=bool(_recording_sid(form)),
    )


def _interrupted(address: str) -> State | None:
    """Where a call was when the edge that answered it went away: Twilio names the address that did not answer."""
    try:
        parts = urlsplit(address)
        if not parts.path.endswith(PATH):
            return None
        return State.of_text(parse_qs(parts.query).get("s", [""])[0])
    except ValueError:
        return None


def _recording_sid(form: Mapping[str, str]) -> str:
    found = _RECORDING_SID.search(form.get("RecordingSid", "")) or _RECORDING_SID.search(
        urlsplit(form.get("RecordingUrl", "")).path
    )
    return found[0] if found is not None else ""


def _seconds(text: str) -> float:
    try:
        return max(float(text or 0), 0.0)
    except ValueError:
        return 0.0


def _part(text: str) -> float:
    """Twilio's confidence; some languages have none."""
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 1.0
