"""Calls of Twilio's outlive the node as those of phones do: its edge holds the caller until the node is back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fakes.twilio.audio import tone
from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.edge_office import CALLER, NUMBER, edge_office, is_tone
from tests.live.test_edge_calls import answered_call, hears
from tests.live.test_outlive import hears as phone_hears
from tests.live.test_outlive import one_record
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(180)


async def test_a_caller_and_a_phone_talk_on_after_a_kill(tmp_path: Path, phone: PhoneMaker) -> None:
    """Music while the node is away, one record, and keys and the hang-up arrive as ever."""
    async with edge_office(tmp_path) as line:
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            stream.speak(tone(600, 60.0))
            await asyncio.gather(hears(stream, 880), phone_hears(alice, 600.0))
            (before,) = (await line.node.get("calls"))["items"]
            for times in (2, 3):
                line.node.kill()
                await asyncio.sleep(1)
                music = stream.last_heard(0.5)
                assert not is_tone(music, 880)
                assert len(set(music)) > 20, "silence in place of music"
                await line.node.start()
                await line.connected(times)
                await asyncio.gather(hears(stream, 880), phone_hears(alice, 600.0))
            (after,) = (await line.node.get("calls"))["items"]
            assert (after["id"], after["state"]) == (before["id"], "talking")
            await stream.press("5")
            await alice.wait_for("CALL_DTMF_START", match=lambda event: event.param == "5")
            await call.hang_up()
            await alice.wait_for("CALL_CLOSED")
            cdr = await one_record(line.node)
    assert (cdr["id"], cdr["from_number"], cdr["did"]) == (before["id"], CALLER, NUMBER)
    assert (cdr["cause"], cdr["hung_up_by"]) == ("normal", "a")
    assert not {"Say", "Gather"} & set(call.verbs), "the edge stood in for nobody"
    assert call.problems == []


@pytest.mark.slow
async def test_whoever_hangs_up_while_the_node_is_away_has_hung_up(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        await line.leads_to("101")
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            call, stream = await answered_call(line, alice)
            await hears(stream, 880)
            line.node.kill()
            await call.hang_up()
            await line.node.start()
            await alice.wait_for("CALL_CLOSED")
            cdr = await one_record(line.node)
            assert (cdr["cause"], cdr["hung_up_by"]) == ("normal", "a")


@pytest.mark.slow
async def test_an_outside_number_that_was_called_talks_on(tmp_path: Path, phone: PhoneMaker) -> None:
    async with edge_office(tmp_path) as line:
        twilio = {"id": "twilio", "name": "Twilio", "kind": "edge", "host": "edge", "outside_number": NUMBER}
        await line.node.send("POST", "trunks", twilio)
        route = {"id": "outside", "name": "Outside", "patterns": ["1."], "trunks": ["twilio"]}
        await line.node.send("POST", "outbound-routes", route)
        await line.node.send("PATCH", "extensions/101", {"may_call": "international"})
        await asyncio.sleep(0.5)
        alice = phone(line.node, "101", tone_hz=880.0)
        async with phones(alice):
            await registered(alice)
            await alice.dial("13125550123")
            await alice.wait_for("CALL_ESTABLISHED", timeout_s=20)
            (call,) = line.twilio.calls.values()
            stream = await call.in_stream()
            stream.speak(tone(600, 60.0))
            await asyncio.gather(hears(stream, 880), phone_hears(alice, 600.0))
            line.node.kill()
            await line.node.start()
            await line.connected(2)
            await asyncio.gather(hears(stream, 880), phone_hears(alice, 600.0))
            (status,) = (await line.node.get("trunk-statuses"))["items"]
            assert (status["state"], status["calls"]) == ("up", 1)
            await alice.hangup()
            await call.ended()
            cdr = await one_record(line.node)
    assert (cdr["direction"], cdr["trunk"]) == ("outbound", "twilio")
