"""The simulated Twilio keeps Twilio's rules: signatures, repeats, fallbacks, TwiML, and the media-stream protocol."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from aiohttp import WSMsgType, web

from tests.fakes.twilio import FakeCall, FakeTwilio
from tests.fakes.twilio.audio import dominant_hz, from_ulaw, read_wav, to_ulaw, tone, wav
from tests.fakes.twilio.call import Answer
from tests.fakes.twilio.webhooks import signature

OURS, THEIRS = "+12025550100", "+13105550123"
PUBLIC = "https://edge.example.com"
Form = Mapping[str, str]


class SmallEdge:
    """Answers each path with what the test says, and echoes media streams until it hears the digit 9."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Callable[[Form], str]] = {}
        self.asked: list[tuple[str, Form]] = []
        self.stream_events: list[dict[str, object]] = []
        self.on_start: Callable[[str], list[dict[str, object]]] = lambda _: []

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        expected = signature("the auth token", PUBLIC + request.path_qs, form)
        assert request.headers["X-Twilio-Signature"] == expected
        self.asked.append((request.path_qs, form))
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=500)
        return web.Response(text=page(form) if callable(page) else page, content_type="text/xml")

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.headers["X-Twilio-Signature"] == signature(
            "the auth token", "wss://edge.example.com/stream", {}
        )
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            told = json.loads(message.data)
            self.stream_events.append(told)
            match told["event"]:
                case "start":
                    for one in self.on_start(told["streamSid"]):
                        await socket.send_json(one)
                case "media":
                    sent = {"payload": told["media"]["payload"]}
                    await socket.send_json({"event": "media", "streamSid": told["streamSid"], "media": sent})
                case "dtmf" if told["dtmf"]["digit"] == "9":
                    await socket.close()
        return socket


@pytest.fixture
async def edge() -> AsyncIterator[tuple[SmallEdge, FakeTwilio]]:
    small = SmallEdge()
    application = web.Application()
    application.router.add_post("/{any:.*}", small.answer)
    application.router.add_get("/stream", small.stream)
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with FakeTwilio() as twilio:
        twilio.reach(PUBLIC, f"http://127.0.0.1:{runner.addresses[0][1]}")
        twilio.add_number(
            OURS,
            voice_url=f"{PUBLIC}/voice",
            voice_fallback_url=f"{PUBLIC}/fallback",
            sms_url=f"{PUBLIC}/sms",
            status_callback=f"{PUBLIC}/ended",
        )
        yield small, twilio
    await runner.cleanup()


Edge = tuple[SmallEdge, FakeTwilio]


async def test_text_is_asked_twice_and_answered(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/sms"] = "<Response><Message><Body>a &amp; b</Body></Message></Response>"
    await twilio.receive_text(THEIRS, OURS, "hello", times=2)
    (_, first), (_, second) = small.asked
    assert first == second
    assert (first["Body"], first["From"], first["To"], first["NumMedia"]) == ("hello", THEIRS, OURS, "0")
    assert [one.body for one in twilio.sent(THEIRS)] == ["a & b"]


async def test_stop_makes_twilio_refuse(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/sms"] = "<Response/>"
    await twilio.receive_text(THEIRS, OURS, " stop ")
    assert (OURS, THEIRS) in twilio.opted_out
    await twilio.receive_text(THEIRS, OURS, "START")
    assert not twilio.opted_out


async def test_broken_answer_leads_to_the_fallback(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/fallback"] = "<Response><Say>sorry</Say></Response>"
    call = await twilio.call(THEIRS, OURS)
    await call.ended()
    await twilio.settled()
    assert call.said() == "sorry"
    form = dict(small.asked[1][1])
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{PUBLIC}/voice")
    assert [path for path, _ in small.asked] == ["/voice", "/fallback", "/ended"]
    assert small.asked[-1][1]["CallStatus"] == "completed"


async def test_menu_is_pressed_spoken_and_left_in_silence(edge: Edge) -> None:
    small, twilio = edge
    menu = (
        '<Response><Gather input="speech dtmf" numDigits="1" action="/chosen?x=1"><Say>choose</Say></Gather>'
        "<Say>nothing</Say><Redirect>/voice</Redirect></Response>"
    )
    small.pages["/voice"] = menu
    small.pages["/chosen"] = lambda form: (
        f"<Response><Say>{form.get('Digits', form.get('SpeechResult'))}</Say><Redirect>/voice</Redirect></Response>"
    )
    call = await twilio.call(THEIRS, OURS)
    await call.stay_silent()
    await call.press("12")
    await call.say("the sales people")
    await call.waits_for("Gather")
    await call.hang_up()
    said = [one.text for one in call.heard]
    assert said == ["choose", "nothing", "choose", "1", "choose", "the sales people", "choose"]
    assert small.asked[-1][1]["CallStatus"] == "completed"


@pytest.mark.parametrize("then", ["#", "hangup"])
async def test_voicemail_is_recorded(edge: Edge, then: str) -> None:
    small, twilio = edge
    small.pages |= {
        "/voice": '<Response><Record action="/done" recordingStatusCallback="/file"'
        ' transcribeCallback="/words"/></Response>',
        "/done": "<Response><Say>thank you</Say></Response>",
        "/file": "<Response/>",
        "/words": "<Response/>",
    }
    call = await twilio.call(THEIRS, OURS)
    await call.leave_message(tone(700, 2.0), then=then, words="call me")
    await call.ended()
    await twilio.settled()
    forms = dict(small.asked)
    assert forms["/done"]["Digits"] == then
    assert (forms["/file"]["RecordingStatus"], forms["/file"]["RecordingDuration"]) == ("completed", "2")
    assert forms["/words"]["TranscriptionText"] == "call me"
    [kept] = twilio.recordings.values()
    assert abs(dominant_hz(read_wav(kept.wav)) - 700) < 2
    assert (call.said() == "thank you") is (then == "#")


async def test_dial_is_answered_or_not(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/voice"] = (
        '<Response><Dial action="/dialled"><Number>+12025550177</Number></Dial></Response>'
    )
    small.pages["/dialled"] = lambda form: f"<Response><Say>{form['DialCallStatus']}</Say></Response>"
    first = await twilio.call(THEIRS, OURS)
    await first.ended()
    twilio.answers["+12025550177"] = Answer("answered")
    second = await twilio.call(THEIRS, OURS)
    await second.far_end_hangs_up()
    await second.ended()
    assert (first.said(), second.said()) == ("no-answer", "completed")
    assert first.dialled == ["+12025550177"]


async def test_call_is_rejected(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/voice"] = '<Response><Reject reason="busy"/></Response>'
    call = await twilio.call(THEIRS, OURS)
    await call.ended()
    assert (call.status, call.began) == ("busy", None)


async def _streamed(small: SmallEdge, twilio: FakeTwilio) -> FakeCall:
    small.pages["/voice"] = (
        '<Response><Connect><Stream url="wss://edge.example.com/stream"><Parameter name="call" value="7"/>'
        "</Stream></Connect><Say>after</Say></Response>"
    )
    return await twilio.call(THEIRS, OURS)


async def test_stream_carries_sound_both_ways(edge: Edge) -> None:
    small, twilio = edge
    call = await _streamed(small, twilio)
    stream = await call.in_stream()
    stream.speak(tone(1000, 1.0))
    await asyncio.sleep(0.8)
    assert abs(dominant_hz(stream.last_heard(0.4)) - 1000) < 5
    await call.press("59")
    await call.ended()
    assert call.said() == "after"
    assert not stream.odd
    events = [one["event"] for one in small.stream_events]
    assert events[:2] == ["connected", "start"]
    start = small.stream_events[1]["start"]
    assert isinstance(start, dict)
    assert start["customParameters"] == {"call": "7"}
    assert events.count("dtmf") == 2


async def test_mark_comes_back_when_its_sound_was_played_and_clear_brings_all(edge: Edge) -> None:
    small, twilio = edge

    def begin(sid: str) -> list[dict[str, object]]:
        sound = base64.b64encode(bytes(8000)).decode()
        said: list[dict[str, object]] = [{"event": "media", "media": {"payload": sound}}] * 2
        marks: list[dict[str, object]] = [
            {"event": "mark", "mark": {"name": name}} for name in ("one", "two")
        ]
        order = [marks[0], *said, marks[1]]
        return [{**one, "streamSid": sid} for one in order]

    small.on_start = begin
    call = await _streamed(small, twilio)
    stream = await call.in_stream()
    await asyncio.sleep(0.2)
    assert stream.marks == ["one"]
    await stream._take(json.dumps({"event": "clear", "streamSid": stream.sid}))
    assert stream.marks == ["one", "two"]
    await stream._take(json.dumps({"event": "clear", "streamSid": "another"}))
    assert len(stream.odd) == 1
    await call.hang_up()
    await stream.ended()
    assert small.stream_events[-1]["event"] == "stop"


async def test_stream_breaks_without_a_word(edge: Edge) -> None:
    small, twilio = edge
    call = await _streamed(small, twilio)
    stream = await call.in_stream()
    await asyncio.sleep(0.1)
    await stream.cut()
    await call.ended()
    assert call.said() == "after"
    assert "stop" not in [one["event"] for one in small.stream_events]


async def test_dead_stream_leads_on(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/voice"] = (
        '<Response><Connect><Stream url="ws://127.0.0.1:1/s"/></Connect><Say>after</Say></Response>'
    )
    call = await twilio.call(THEIRS, OURS)
    await call.ended()
    assert call.said() == "after"
    assert call.problems[0].startswith("31920")


async def test_receipts_follow_a_text(edge: Edge) -> None:
    small, twilio = edge
    small.pages["/status"] = "<Response/>"
    twilio.receipts["+13105550199"] = ("undelivered", 30003)
    from edge.twilio.client import TwilioClient

    client = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url)
    for to in (THEIRS, "+13105550199"):
        await client.send_message(OURS, to, "hi", status_callback=f"{PUBLIC}/status?to={to[1:]}")
    await client.close()
    await twilio.settled()
    told = sorted((path, form["MessageStatus"], form.get("ErrorCode")) for path, form in small.asked)
    assert told == [
        ("/status?to=13105550123", "delivered", None),
        ("/status?to=13105550123", "sent", None),
        ("/status?to=13105550199", "sent", None),
        ("/status?to=13105550199", "undelivered", "30003"),
    ]


def test_sound_survives_coding() -> None:
    """G.711's error is at most half a step: 4 % of the level or 8."""
    samples = list(range(-32000, 32000, 97))
    back = from_ulaw(to_ulaw(samples))
    assert all(abs(one - two) <= max(8, abs(one) * 0.04) for one, two in zip(samples, back, strict=True))
    assert read_wav(wav(tone(440, 0.1))) == tone(440, 0.1)
