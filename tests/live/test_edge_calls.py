"""Calls of Twilio's, through an edge and its tunnel, to real phones: heard both ways, and treated as any other call."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.twilio.audio import tone
from tests.fakes.twilio.call import FakeCall
from tests.fakes.twilio.media_stream import MediaStream
from tests.live import wav
from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.edge_office import CALLER, NUMBER, Line, edge_office, is_tone, loudest_hz
from tests.live.test_talk import registered
from tests.live.test_voicemail import audio, until

pytestmark = pytest.mark.timeout(180)


async def hears(stream: MediaStream, hz: float, *, within_s: float = 8.0) -> None:
    """Until the caller hears this tone for half a second."""
    async with asyncio.timeout(within_s):
        while not is_tone(stream.last_heard(0.5), hz):
            await asyncio.sleep(0.1)


async def call_in(line: Line) -> tuple[FakeCall, MediaStream]:
    call = await line.twilio.call(CALLER, NUMBER)
    return call, await call.in_stream()


async def answered_call(line: Line, phone: Phone) -> tuple[FakeCall, MediaStream]:
    call, stream = await call_in(line)
    await phone.wait_for("CALL_INCOMING")
    await phone.accept()
    await phone.wait_for("CALL_ESTABLISHED")
    return call, stream


def assert_phone_heard(phone: Phone, hz: float) -> None:
    """The tone of the caller is what the phone heard, by its own recording."""
    samples = phone.heard().samples[:, 0] if phone.heard().samples.ndim > 1 else phone.heard().samples
    rate = phone.heard().rate_hz
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(float(np.argmax(spectrum)) * rate / len(samples) - hz) < 10


@pytest.mark.parametrize(
    "inside",
    [pytest.param(False, id="edge elsewhere"), pytest.param(True, id="edge inside", marks=pytest.mark.slow)],
)
async def test_a_caller_and_a_phone_hear_each_other(tmp_path: Path, phone: PhoneMaker, inside: bool) -> None:
    async with edge_office(tmp_path, inside=inside) as line:
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await call_in(line)
            await alice.wait_for("CALL_INCOMING")
            await asyncio.sleep(0.7)
            assert abs(loudest_hz(stream.last_heard(0.5)) - 460) < 40, (
                "no ringing was heard"
            )  # 440 and 480 Hz
            await alice.accept()
            await alice.wait_for("CALL_ESTABLISHED")
            stream.speak(tone(600, 4.0))
            await hears(stream, 880)
            (live,) = (await line.node.get("calls"))["items"]
            assert live["from_number"] == CALLER
            await asyncio.sleep(2)
            await call.hang_up()
            await alice.wait_for("CALL_CLOSED")
            (cdr,) = await line.node.cdrs()
        assert_phone_heard(alice, 600)
        assert stream.odd == []
        assert call.problems == []
    assert (cdr["direction"], cdr["did"], cdr["from_number"], cdr["trunk"]) == (
        "inbound",
        NUMBER,
        CALLER,
        "edge",
    )
    assert cdr["disposition"] == "answered"


@pytest.mark.slow
async def test_the_phone_hangs_up_and_the_call_ends_at_twilio(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            await hears(stream, 880)
            await alice.hangup()
            await call.ended()
            assert call.verbs[-1] == "Hangup"
            (cdr,) = await line.node.cdrs()
    assert cdr["disposition"] == "answered"
    assert call.problems == []


@pytest.mark.slow
async def test_keys_walk_the_menu_and_the_call_is_transferred(tmp_path: Path, phone: PhoneMaker) -> None:
    flow: dict[str, Any] = {
        "number": "500",
        "name": "Main menu",
        "entry": "menu",
        "nodes": {
            "menu": {
                "type": "menu",
                "parameters": {"say": {"text": "Press one."}, "choices": [{"keys": "1"}], "timeout_s": 20},
            },
            "bob": {"type": "extension", "parameters": {"extension": "101"}},
        },
        "wires": {
            "menu": {"1": "bob", "timeout": "", "invalid": ""},
            "bob": {"no_answer": "", "busy": "", "unreachable": ""},
        },
    }
    async with edge_office(tmp_path) as line:
        await line.node.send("POST", "flows", flow)
        await line.node.send("POST", "flows/500/publish", {"comment": "live test"})
        await line.leads_to("500")
        alice, bob = phone(line.node, "101", tone_hz=880.0), phone(line.node, "102", tone_hz=1000.0)
        async with phones(alice, bob):
            await registered(alice, bob)
            call, stream = await call_in(line)
            await asyncio.sleep(1.5)
            await stream.press("1")
            await alice.wait_for("CALL_INCOMING")
            await alice.accept()
            await alice.wait_for("CALL_ESTABLISHED")
            await hears(stream, 880)
            await alice.command("transfer", "102")
            await bob.wait_for("CALL_INCOMING")
            await bob.accept()
            await bob.wait_for("CALL_ESTABLISHED")
            await hears(stream, 1000)
            await call.hang_up()
            await bob.wait_for("CALL_CLOSED")
            cdrs = await line.node.cdrs()
    assert cdrs[0]["flow"] == "500"
    assert cdrs[0]["disposition"] == "answered"
    assert call.problems == []


@pytest.mark.slow
async def test_a_message_is_left_and_a_call_is_recorded(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.node.send("PATCH", "settings", {"recording": {"calls": "always"}})
        await line.node.send("POST", "mailboxes", {"number": "101", "name": "Alice"})
        await line.node.send("PATCH", "extensions/101", {"mailbox": "101"})
        await line.leads_to("101")
        call, stream = await call_in(line)  # nobody is registered: the mailbox takes the call
        folder = line.node.data / "voicemail" / "101"
        await until(lambda: list(folder.glob("*.wav")), "a recording began", within_s=30)
        stream.speak(tone(700, 3.0))
        await asyncio.sleep(3.5)
        await call.hang_up()
        async with asyncio.timeout(10):
            while not (messages := (await line.node.get("voicemails"))["items"]):
                await asyncio.sleep(0.1)
        assert messages[0]["from_number"] in (CALLER, "3125550100")  # as people here write it
        _, sound, _ = await audio(line.node, messages[0]["id"])
        (tmp_path / "message.wav").write_bytes(sound)
        heard = wav.read(tmp_path / "message.wav")
        assert heard.between(0.5, heard.seconds - 0.7).dominant_hz() == pytest.approx(700, abs=5)
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            await hears(stream, 880, within_s=15)
            await asyncio.sleep(1.5)
            await call.hang_up()
            await alice.wait_for("CALL_CLOSED")
        async with asyncio.timeout(10):
            while not (recordings := (await line.node.get("recordings"))["items"]):
                await asyncio.sleep(0.1)
        assert recordings[0]["duration_s"] > 0


@pytest.mark.slow
async def test_a_break_of_the_tunnel_is_music_and_the_call_goes_on(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            await hears(stream, 880)
            await line.cable.cut()
            await asyncio.sleep(1.5)
            music = stream.last_heard(1.0)
            assert not is_tone(music, 880)
            assert len(set(music)) > 20, "silence in place of music"
            await line.cable.mend()
            await line.connected(2)
            await hears(stream, 880)
            await call.hang_up()
            await alice.wait_for("CALL_CLOSED")
            (cdr,) = await line.node.cdrs()
    assert cdr["disposition"] == "answered"


@pytest.mark.slow
async def test_a_kill_of_the_edge_leaves_no_caller_in_silence_and_no_record_open(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with edge_office(tmp_path) as line:
        assert line.edge is not None
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            await hears(stream, 880)
            line.edge.kill()
            await stream.ended()
            await line.edge.start()
            async with asyncio.timeout(20):
                while not ({"Say", "Gather"} & set(call.verbs)) and not call.problems:
                    await asyncio.sleep(0.1)
            await line.connected(2)
            (cdr,) = await line.node.cdrs(timeout_s=20)
            assert cdr["ended_at"] is not None
            again, _ = await call_in(line)  # the next call is as if nothing had been
            await alice.wait_for("CALL_INCOMING")
            await again.hang_up()
            await call.hang_up()


@pytest.mark.slow
async def test_a_phone_calls_an_outside_number_through_the_edge(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.node.send(
            "POST",
            "trunks",
            {"id": "twilio", "name": "Twilio", "kind": "edge", "host": "edge", "outside_number": NUMBER},
        )
        await line.node.send(
            "POST",
            "outbound-routes",
            {"id": "outside", "name": "Outside", "patterns": ["1."], "trunks": ["twilio"]},
        )
        await line.node.send("PATCH", "extensions/101", {"may_call": "international"})
        await asyncio.sleep(0.5)
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            await alice.dial("13125550123")
            await alice.wait_for("CALL_ESTABLISHED", timeout_s=20)
            (call,) = line.twilio.calls.values()
            stream = await call.in_stream()
            stream.speak(tone(600, 4.0))
            await hears(stream, 880)
            await asyncio.sleep(2)
            await alice.hangup()
            await call.ended()
            (cdr,) = await line.node.cdrs()
        assert_phone_heard(alice, 600)
    assert (call.from_, call.to) == (NUMBER, "+13125550123")
    assert (cdr["direction"], cdr["trunk"], cdr["disposition"]) == ("outbound", "twilio", "answered")


@pytest.mark.slow
async def test_a_caller_meets_two_phones_in_a_conference(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.node.send("POST", "conferences", {"number": "700", "name": "Meeting"})
        await line.leads_to("700")
        alice, bob = phone(line.node, "101", tone_hz=880.0), phone(line.node, "102", tone_hz=1200.0)
        async with phones(alice, bob):
            await registered(alice, bob)
            call, stream = await call_in(line)
            await alice.dial("700")
            await alice.wait_for("CALL_ESTABLISHED")
            await hears(stream, 880, within_s=20)
            await alice.hangup()
            await bob.dial("700")
            await bob.wait_for("CALL_ESTABLISHED")
            await hears(stream, 1200, within_s=20)
            stream.speak(tone(600, 6.0))
            await asyncio.sleep(4)
            await call.hang_up()
            await bob.hangup()
        sound = bob.heard()
        assert sound.between(sound.seconds - 3, sound.seconds - 1).dominant_hz() == pytest.approx(600, abs=5)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("calls", [20, 200])
async def test_kills_at_random_leave_every_caller_well_and_every_record_once(
    tmp_path: Path, calls: int
) -> None:
    """Callers talk to the echo while tunnel, node and edge are killed; who is left ends by itself."""
    dice = random.Random(7)
    async with edge_office(tmp_path, rtp_ports=1000) as line:
        assert line.edge is not None
        await line.leads_to("*43")
        began: list[FakeCall] = []
        for number in range(calls):
            began.append(await line.twilio.call(f"+1312556{number:04}", NUMBER))
            await asyncio.sleep(dice.uniform(0.02, 0.15))
            if number % (calls // 10) == calls // 20:
                await _one_trouble(line, dice.choice(("tunnel", "tunnel", "node", "edge")))
        await asyncio.sleep(12)
        for call in began:
            assert call.verbs or call.problems, "a caller was never answered"
            stood_in = bool({"Say", "Gather"} & set(call.verbs))
            talks = call.stream is not None and call.stream.is_open
            over = call.finished is not None
            assert stood_in or talks or over or call.problems, (call.verbs, call.status)
            await call.hang_up()
        await line.node.no_calls(timeout_s=30)
        cdrs = await line.node.cdrs(at_least=calls // 2, timeout_s=20)  # all of them closed
        assert len({each["id"] for each in cdrs}) == len(cdrs)
        per_caller = Counter(each["from_number"] for each in cdrs if each["trunk"] == "edge")
        assert set(per_caller.values()) <= {1}, per_caller.most_common(3)


async def _one_trouble(line: Line, what: str) -> None:
    """Something is killed, and is there again a moment later."""
    assert line.edge is not None
    times = line.node.log.count("the tunnel is up")
    if what == "tunnel":
        await line.cable.cut()
        await asyncio.sleep(0.5)
        await line.cable.mend()
    elif what == "node":
        line.node.kill()
        await line.node.start()
    else:
        line.edge.kill()
        await line.edge.start()
    await line.connected(times + 1)
