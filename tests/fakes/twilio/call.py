"""A call through the simulated Twilio: the test is the caller (or who is called), TwiML says what happens.

Enough of TwiML for the edge: Say, Play, Pause, Gather, Record, Dial, Redirect, Reject, Hangup, Connect/Stream.
Speech takes no time. Where the call waits for the caller (`waits_for`), the test presses, speaks or stays silent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import aiohttp

from tests.fakes.twilio.audio import tone, wav
from tests.fakes.twilio.media_stream import MediaStream
from tests.fakes.twilio.state import FakeRecording, new_sid, rfc2822
from tests.fakes.twilio.webhooks import joined, signature

if TYPE_CHECKING:
    from tests.fakes.twilio.server import FakeTwilio

__all__ = ["Answer", "FakeCall", "Heard"]

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller heard: the verb (`Say`, `Play`) and its text."""

    verb: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a dialled number does: `answered`, `busy`, `no-answer`, `failed`. Answered, it talks until `far_end`."""

    status: str = "no-answer"
    talks_s: float | None = None


class CallEndedError(Exception):
    """A verb or the caller ended the call."""


@dataclass
class FakeCall:
    twilio: FakeTwilio
    from_: str
    to: str
    direction: str = "inbound"
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    status_callback: str = ""
    status_events: frozenset[str] = frozenset({"completed"})
    heard: list[Heard] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    """Every verb that was begun, in order."""
    dialled: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Error codes of Twilio's that the call met, such as 11200."""
    stream: MediaStream | None = None
    streams: list[MediaStream] = field(default_factory=list)
    reject_reason: str = ""
    created: float = field(default_factory=time.time)
    began: float | None = None
    finished: float | None = None

    def __post_init__(self) -> None:
        self._inputs: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
        self._waiting = asyncio.Condition()
        self._waits_for = ""
        self._task: asyncio.Task[None] | None = None
        self._course: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._far_end = asyncio.Event()
        self._change: tuple[str, str] | None = None

    # ------------------------------------------------------------------------------------------- what the test does

    async def waits_for(self, *verbs: str) -> str:
        """Waits until the call waits for the caller in one of these verbs, and returns which."""
        async with self._waiting:
            await asyncio.wait_for(
                self._waiting.wait_for(lambda: self._waits_for in verbs or self._over.is_set()), PATIENCE_S
            )
            if self._over.is_set() and self._waits_for not in verbs:
                raise AssertionError(f"the call ended ({self.status}) and did not wait for {verbs}")
            return self._waits_for

    async def press(self, digits: str) -> None:
        """Keys: into a Gather, into a recording (ends it), or into the stream."""
        if await self.waits_for("Gather", "Record", "Stream") == "Stream":
            assert self.stream is not None
            for digit in digits:
                await self.stream.press(digit)
            return
        await self._put({"Digits": digits})

    async def say(self, words: str, confidence: float = 0.9) -> None:
        """Speech into a Gather."""
        await self.waits_for("Gather")
        await self._put({"SpeechResult": words, "Confidence": f"{confidence:.2f}"})

    async def stay_silent(self) -> None:
        """Says nothing until Twilio gives up waiting."""
        await self.waits_for("Gather", "Record")
        await self._put({})

    async def leave_message(self, sound: bytes | None = None, *, then: str = "#", words: str = "") -> None:
        """Speaks into a Record. `then`: the key that ends it, or `hangup`. `words`: what the transcription reads."""
        await self.waits_for("Record")
        self._recorded = sound if sound is not None else tone(440, 2.0)
        await self._put({"Digits": then, "Words": words})
        if then == "hangup":
            await self.ended()

    async def hang_up(self) -> None:
        """The caller goes."""
        await self._end("completed" if self.began else "canceled")

    async def far_end_hangs_up(self) -> None:
        """Who was dialled goes; the caller stays."""
        await self.waits_for("Dial")
        self._far_end.set()

    async def ended(self) -> None:
        await asyncio.wait_for(self._over.wait(), PATIENCE_S)

    async def in_stream(self) -> MediaStream:
        """Waits until the call is in a media stream."""
        await self.waits_for("Stream")
        assert self.stream is not None
        await self.stream.started()
        return self.stream

    def said(self) -> str:
        """All that was said, in one text."""
        return " ".join(one.text for one in self.heard)

    # ------------------------------------------------------------------------------------------------ its own course

    def begin(self, url: str, fallback: str, twiml: str = "") -> None:
        self._task = asyncio.create_task(self._live(url, fallback, twiml))

    def change(self, url: str, twiml: str) -> None:
        """`calls(sid).update`: another course from now on."""
        self._change = (url, twiml)
        if self._course is not None:
            self._course.cancel()

    async def finish(self, status: str) -> None:
        """`calls(sid).update(status=…)`."""
        await self._end(status)

    async def _live(self, url: str, fallback: str, twiml: str) -> None:
        if self.direction == "inbound":
            await self._becomes("ringing")
        elif not await self._ring():
            return
        try:
            course: tuple[str, str] | None = (url, twiml)
            while course is not None:
                self._change = None
                self._course = asyncio.create_task(self._follow(*course, fallback))
                await asyncio.wait([self._course])
                if not self._course.cancelled():
                    self._course.result()
                course = self._change
        except CallEndedError:
            pass
        finally:
            if self._course is not None and not self._course.done():
                self._course.cancel()
                await asyncio.wait([self._course])
        await self._over_with("completed" if self.status == "in-progress" else self.status)

    async def _ring(self) -> bool:
        await self._becomes("initiated")
        await self._becomes("ringing")
        answer = self.twilio.answers.get(self.to, Answer("answered"))
        if answer.status == "answered":
            await self._becomes("in-progress")
            return True
        await self._over_with(answer.status)
        return False

    async def _end(self, status: str) -> None:
        """From outside: the task goes, recordings and streams end properly."""
        if self._task is None or self._over.is_set():
            return
        if self._waits_for == "Record":
            await self._put({"Digits": "hangup"})
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._over.wait(), 2)
        if self._course is not None and not self._course.done():
            self._change = None
            self.status = self.status if self.status != "in-progress" else status
            self._course.cancel()
        elif not self._task.done():
            self._task.cancel()
        await asyncio.wait([self._task])
        await self._over_with(status)

    async def _over_with(self, status: str) -> None:
        if self.finished is not None:
            return
        self.finished = time.time()
        await self._becomes(status)
        self._over.set()
        await self._set_waiting("")

    async def _becomes(self, status: str) -> None:
        self.status = status
        if status == "in-progress" and self.began is None:
            self.began = time.time()
        event = {"in-progress": "answered", "ringing": "ringing", "initiated": "initiated"}.get(
            status, "completed"
        )
        if self.status_callback and event in self.status_events:
            more = {"CallDuration": str(self.duration_s)} if event == "completed" else {}
            more |= {"Timestamp": rfc2822(time.time()) or "", "CallbackSource": "call-progress-events"}
            await self.twilio.webhooks.post(self.status_callback, self.form(**more))

    @property
    def duration_s(self) -> int:
        return int((self.finished or time.time()) - self.began) if self.began else 0

    def form(self, **more: str) -> dict[str, str]:
        """The fields of a voice webhook."""
        form = {
            "AccountSid": self.twilio.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "Caller": self.from_,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
        }
        return form | more

    def document(self) -> dict[str, Any]:
        sid = self.twilio.account_sid
        return {
            "sid": self.sid,
            "account_sid": sid,
            "api_version": "2010-04-01",
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "direction": self.direction,
            "duration": str(self.duration_s) if self.finished else None,
            "start_time": rfc2822(self.began),
            "end_time": rfc2822(self.finished),
            "from": self.from_,
            "to": self.to,
            "status": self.status if self.status != "initiated" else "queued",
            "subresource_uris": {},
            "uri": f"/2010-04-01/Accounts/{sid}/Calls/{self.sid}.json",
        }

    # ----------------------------------------------------------------------------------------------------- TwiML

    async def _follow(self, url: str, twiml: str, fallback: str) -> None:
        """Documents until none leads on. `url` is what addresses in the document are relative to."""
        document = twiml or await self._ask(url, {}, fallback)
        while document:
            self.twilio.answers_given.append(document)
            try:
                root = ElementTree.fromstring(document)
            except ElementTree.ParseError:
                self.problems.append("12100")
                return
            url, document = await self._obey(list(root), url, fallback)

    async def _obey(self, verbs: list[ElementTree.Element], url: str, fallback: str) -> tuple[str, str]:
        """One document's verbs; returns the next address and document, or nothing."""
        for verb in verbs:
            self.verbs.append(verb.tag)
            if verb.tag != "Reject" and self.began is None:
                await self._becomes("in-progress")
            run = getattr(self, f"_do_{verb.tag.lower()}", None)
            if run is None:
                self.problems.append(f"12200 {verb.tag}")
                continue
            leads: tuple[str, dict[str, str]] | None = await run(verb, url)
            if leads is not None:
                target, form = joined(url, leads[0]), leads[1]
                return target, await self._ask(target, form, fallback)
        return url, ""

    async def _ask(self, url: str, form: Mapping[str, str], fallback: str) -> str:
        asked = await self.twilio.webhooks.ask(url, fallback, self.form(**form))
        if asked.status != 200:
            self.problems.append("11200")
            return ""
        return asked.body

    async def _do_say(self, verb: ElementTree.Element, url: str) -> None:
        self.heard.append(Heard(verb.tag, verb.text or ""))
        await asyncio.sleep(0)

    _do_play = _do_say

    async def _do_pause(self, verb: ElementTree.Element, url: str) -> None:
        await asyncio.sleep(0)

    async def _do_redirect(self, verb: ElementTree.Element, url: str) -> tuple[str, dict[str, str]]:
        return (verb.text or "").strip(), {}

    async def _do_hangup(self, verb: ElementTree.Element, url: str) -> None:
        raise CallEndedError

    async def _do_reject(self, verb: ElementTree.Element, url: str) -> None:
        self.reject_reason = verb.get("reason", "rejected")
        self.status = "busy" if self.reject_reason == "busy" else "failed"
        raise CallEndedError

    async def _do_gather(self, verb: ElementTree.Element, url: str) -> tuple[str, dict[str, str]] | None:
        for inside in verb:
            self.verbs.append(inside.tag)
            if inside.tag in {"Say", "Play"}:
                self.heard.append(Heard(inside.tag, inside.text or ""))
        given = await self._input("Gather")
        takes = verb.get("input", "dtmf")
        if ("Digits" in given and "dtmf" not in takes) or ("SpeechResult" in given and "speech" not in takes):
            given = {}
        if "Digits" in given and (most := verb.get("numDigits")):
            given = {"Digits": given["Digits"][: int(most)]}
        if "Digits" in given:
            given = {"Digits": given["Digits"].removesuffix(verb.get("finishOnKey", "#") or "\0")}
        if not given and verb.get("actionOnEmptyResult", "false") != "true":
            return None
        return verb.get("action", ""), {"msg": "Gather End", **given}

    async def _do_record(self, verb: ElementTree.Element, url: str) -> tuple[str, dict[str, str]] | None:
        given = await self._input("Record")
        if not given:
            return None
        sound = getattr(self, "_recorded", b"")
        if not sound:
            if given.get("Digits") == "hangup":
                raise CallEndedError
            return None
        seconds = max(1, round(len(sound) / 8000))
        made = FakeRecording(self.sid, self.twilio.account_sid, wav(sound), seconds)
        self.twilio.recordings[made.sid] = made
        told = {
            "RecordingSid": made.sid,
            "RecordingUrl": f"https://api.twilio.com{made.uri}",
            "RecordingDuration": str(seconds),
        }
        self.twilio.later(self._tell_recording(verb, url, told, given.get("Words", "")))
        if given.get("Digits") == "hangup":
            await self._ask(joined(url, verb.get("action", "")), {**told, "Digits": "hangup"}, "")
            raise CallEndedError
        return verb.get("action", ""), {**told, "Digits": given.get("Digits", "")}

    async def _tell_recording(
        self, verb: ElementTree.Element, url: str, told: Mapping[str, str], words: str
    ) -> None:
        """The file is ready a moment after the caller has gone on, the transcription later still."""
        if callback := verb.get("recordingStatusCallback"):
            more = {"RecordingStatus": "completed", "RecordingChannels": "1", "RecordingSource": "RecordVerb"}
            await self.twilio.webhooks.post(joined(url, callback), self.form(**told, **more))
        if transcribed := verb.get("transcribeCallback"):
            more = {
                "TranscriptionSid": new_sid("TR"),
                "TranscriptionText": words,
                "TranscriptionStatus": "completed" if words else "failed",
                "TranscriptionType": "fast",
            }
            await self.twilio.webhooks.post(joined(url, transcribed), self.form(**told, **more))

    async def _do_dial(self, verb: ElementTree.Element, url: str) -> tuple[str, dict[str, str]] | None:
        targets = [(verb.text or "").strip(), *((inside.text or "").strip() for inside in verb)]
        targets = [one for one in targets if one]
        self.dialled += targets
        answered = next((one for one in targets if self._dial_answer(one).status == "answered"), None)
        status = "completed" if answered else self._dial_answer(targets[0]).status if targets else "failed"
        seconds = 0
        if answered is not None:
            seconds = await self._talk(self._dial_answer(answered))
        if "action" not in verb.attrib:
            return None
        told = {"DialCallStatus": status, "DialCallSid": new_sid("CA"), "DialCallDuration": str(seconds)}
        return verb.get("action", ""), told

    def _dial_answer(self, target: str) -> Answer:
        return self.twilio.answers.get(target, Answer())

    async def _talk(self, answer: Answer) -> int:
        self._far_end.clear()
        await self._set_waiting("Dial")
        begun = time.time()
        try:
            if answer.talks_s is None:
                await self._far_end.wait()
            else:
                await asyncio.sleep(answer.talks_s)
        finally:
            await self._set_waiting("")
        return max(1, round(time.time() - begun))

    async def _do_connect(self, verb: ElementTree.Element, url: str) -> tuple[str, dict[str, str]] | None:
        stream = verb.find("Stream")
        if stream is None:
            self.problems.append("12200 Connect")
            return None
        target = stream.get("url", "")
        parameters = {one.get("name", ""): one.get("value", "") for one in stream.findall("Parameter")}
        self.stream = MediaStream(self.sid, self.twilio.account_sid, parameters)
        self.streams.append(self.stream)
        await self._stream(target, self.stream)
        return (verb.get("action", ""), {}) if verb.get("action") else None

    async def _stream(self, target: str, stream: MediaStream) -> None:
        webhooks = self.twilio.webhooks
        headers = {"X-Twilio-Signature": signature(webhooks.auth_token, target, {})}
        try:
            socket = await webhooks.session.ws_connect(webhooks.place(target), headers=headers)
        except (aiohttp.ClientError, OSError) as error:
            self.problems.append(f"31920 {error}")
            return
        await self._set_waiting("Stream")
        try:
            await stream.run(socket)
        finally:
            await self._set_waiting("")

    # ------------------------------------------------------------------------------------------------------- waiting

    async def _input(self, verb: str) -> Mapping[str, str]:
        await self._set_waiting(verb)
        try:
            return await self._inputs.get()
        finally:
            await self._set_waiting("")

    async def _put(self, given: Mapping[str, str]) -> None:
        self._waits_for = ""
        await self._inputs.put(given)

    async def _set_waiting(self, verb: str) -> None:
        async with self._waiting:
            self._waits_for = verb
            self._waiting.notify_all()
