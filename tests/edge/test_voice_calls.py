"""What becomes of a call at the edge, whatever its office, Twilio or the tunnel do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.twilio import stream as streams
from edge.voice import tones
from edge.voice.playing import MOST_AHEAD_S, Pace
from tests.edge.voice_office import CALLER, NUMBER, voice_office
from tests.fakes.twilio.call import Answer
from tests.fakes.twilio.state import new_sid
from tests.tunnel.ends import Side

pytestmark = pytest.mark.timeout(60)
LOUD = bytes([0x10]) * 160


async def until(condition: Any, within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


async def test_ringing_until_the_answer_then_the_office(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        call, stream, office_call, side = await office.call()
        office_call.ringing()
        await until(lambda: len(set(stream.last_heard(0.2))) > 20)
        office_call.answer()
        for _ in range(5):
            office_call.sound(LOUD)
        await until(lambda: LOUD in bytes(stream.heard))
        stream.speak(LOUD)
        await stream.press("7")
        await side.until("digit", "7")
        await until(lambda: LOUD in [payload for payload, _ in side.sounds])
        office_call.hang_up("normal")
        await call.ended()
        assert call.verbs == ["Connect", "Redirect", "Hangup"]
        assert await office.state_of(office_call.id) == ("done", "normal")
        assert (stream.odd, call.problems) == ([], [])


async def test_a_caller_who_hangs_up_ends_the_call_in_the_office(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        call, _, office_call, side = await office.call()
        await call.hang_up()
        await side.until("hung_up", "normal")
        await office.twilio.settled()
        assert (await office.state_of(office_call.id))[0] == "done"


async def test_a_busy_office_is_heard_as_busy_and_a_failed_one_is_stood_in_for(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        _, stream, office_call, _ = await office.call()
        office_call.refuse(486, "Busy Here")
        await until(lambda: len(set(stream.last_heard(0.2))) > 20)
        failed, _, other_call, _ = await office.call()
        other_call.refuse(503, "Shutting Down")
        await until(lambda: {"Say", "Gather"} & set(failed.verbs))
        assert (await office.state_of(other_call.id))[0] == "lost"


async def test_a_tunnel_that_stays_away_leads_to_the_fallback_and_music_till_then(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        office.edge.hub._sessions["local"]._resume_s = 1.0
        call, stream, office_call, _ = await office.call()
        office_call.answer()
        office.may_connect = False
        await office.links[-1].close()
        await until(lambda: len(set(stream.last_heard(0.3))) > 20)
        await until(lambda: {"Say", "Gather"} & set(call.verbs))
        assert await office.state_of(office_call.id) == ("lost", "the office did not come back")
        assert call.problems == []


async def test_an_office_that_is_offline_is_stood_in_for_at_once(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        office.may_connect = False
        await office.links[-1].close()
        await asyncio.wait_for(office.user.down.wait(), 5)
        call = await office.twilio.call(CALLER, NUMBER)
        await until(lambda: {"Say", "Gather"} & set(call.verbs))
        assert "Connect" not in call.verbs


async def test_a_stream_that_breaks_leads_to_the_fallback(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        call, stream, office_call, side = await office.call()
        office_call.answer()
        await stream.cut()
        await side.until("hung_up", "transport")
        await until(lambda: {"Say", "Gather"} & set(call.verbs))


async def _say(url: str, *messages: str) -> list[str]:
    """What the edge answers to a stranger on its stream address, to the end."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/twilio/stream") as socket:
        for message in messages:
            await socket.send_str(message)
        async with asyncio.timeout(5):
            return [str(each.data) async for each in socket]


def _start(call: str, token: str, call_sid: str = "CA1") -> str:
    form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = {"streamSid": "MZ1", "callSid": call_sid, "mediaFormat": form, "customParameters": {}}
    start["customParameters"] = {"call": call, "token": token}
    return json.dumps({"event": "start", "start": start, "streamSid": "MZ1"})


async def test_a_token_opens_one_stream_once(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        _, stream, office_call, _ = await office.call()
        token = stream.parameters["token"]
        for wrong in (_start(office_call.id, token), _start("x", "y"), _start("", ""), "{}", "\x00", "[]"):
            assert await _say(office.url, '{"event":"connected"}', wrong) == []
        assert office.user.offers.empty()
        assert stream.is_open


async def test_marks_in_any_order_and_a_clear_do_no_harm(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        call, stream, office_call, _ = await office.call()
        office_call.answer()
        for name in ("m9", "m1", "m1", "end", ""):
            await stream._tell("mark", {"name": name})
        office_call.sound(LOUD)
        office_call.clear()
        office_call.digits("5")
        await until(lambda: tones.key("5")[:160] in bytes(stream.heard))
        assert stream.cleared >= 1
        assert stream.is_open
        await call.hang_up()


async def test_a_placed_call_is_dialled_answered_and_ended(tmp_path: Path) -> None:
    async with voice_office(tmp_path) as office:
        side = Side()
        office_call = office.tunnel.place("+13125550123", shown=NUMBER, timeout_s=30, side=side)
        await side.until("answered")
        (call,) = office.twilio.calls.values()
        stream = await call.in_stream()
        stream.speak(LOUD)
        office_call.sound(LOUD)
        await until(lambda: LOUD in bytes(stream.heard) and side.sounds)
        office_call.hang_up("normal")
        await call.ended()
        assert sorted(each[0] for each in side.told) == ["answered", "placed", "ringing"]
        assert (call.from_, call.to) == (NUMBER, "+13125550123")


@pytest.mark.parametrize(("answer", "status"), [("busy", 486), ("no-answer", 480), ("failed", 404)])
async def test_a_placed_call_that_nobody_takes(tmp_path: Path, answer: str, status: int) -> None:
    async with voice_office(tmp_path) as office:
        office.twilio.answers["+13125550123"] = Answer(answer)
        side = Side()
        office.tunnel.place("+13125550123", shown=NUMBER, timeout_s=30, side=side)
        await side.until("failed", status, answer)
        assert not office.tunnel.calls


@pytest.mark.parametrize(
    ("to", "shown", "status"), [("110", NUMBER, 403), ("+13125550123", "", 403), ("+13125550123", "101", 403)]
)
async def test_what_an_office_may_not_place(tmp_path: Path, to: str, shown: str, status: int) -> None:
    async with voice_office(tmp_path) as office:
        side = Side()
        office.tunnel.place(to, shown=shown, timeout_s=30, side=side)
        await until(lambda: side.told)
        assert side.told[0][:2] == ("failed", status)
        assert not office.twilio.calls


@pytest.mark.parametrize(("outcome", "last"), [("answered", "Hangup"), ("busy", "Hangup"), ("failed", "Say")])
async def test_an_office_that_wants_sip_is_dialled_with_a_token(
    tmp_path: Path, outcome: str, last: str
) -> None:
    async with voice_office(tmp_path, sip="office.example.com:5061;transport=tls") as office:
        answers = office.twilio.answers = _EveryAnswer(Answer(outcome, talks_s=0.1))
        call = await office.twilio.call(CALLER, NUMBER)
        await until(lambda: last in call.verbs)
        ((token, from_, to),) = office.user.expected
        assert (from_, to) == (CALLER, NUMBER)
        assert answers.asked == f"sip:edge@office.example.com:5061;transport=tls?X-Edge-Token={token}"
        assert office.user.offers.empty()


class _EveryAnswer(dict[str, Answer]):
    """The same for whoever is dialled, and who that was."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked = ""

    def get(self, key: str, default: Any = None) -> Any:
        self.asked = key
        return self._answer


@given(st.one_of(st.text(), st.binary()))
def test_a_message_of_a_stream_is_understood_or_refused(text: str | bytes) -> None:
    try:
        streams.read(text)
    except streams.BadMessage as error:
        assert str(error)  # noqa: PT017


def test_sound_is_written_as_json_writes_it() -> None:
    writer = streams.Writer(sid := new_sid("MZ"))
    assert json.loads(writer.media(b"\x00\xff\x7f")) == {
        "event": "media",
        "streamSid": sid,
        "media": {"payload": "AP9/"},
    }
    assert json.loads(writer.mark('a"b')) == {"event": "mark", "streamSid": sid, "mark": {"name": 'a"b'}}


@given(st.lists(st.tuples(st.floats(0, 0.3), st.integers(1, 30)), max_size=60))
def test_a_caller_is_never_far_behind(bursts: list[tuple[float, int]]) -> None:
    """However frames come, what waits at Twilio is bounded, and a clear is what bounds it."""
    now = 0.0
    pace = Pace(lambda: now)
    for pause_s, count in bursts:
        now += pause_s
        for _ in range(count):
            if pace.is_too_far():
                pace.cleared()
            elif pace.leaves_out():
                continue
            pace.sent(0.02)
            assert pace.ahead_s <= MOST_AHEAD_S + 0.021
