"""What the history says of how a call between real phones sounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.raw_call import RawPhone

pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]


def of_kind(cdr: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {event["leg"]: event for event in cdr["events"] if event["type"] == kind}


async def test_a_clean_call_is_good_both_ways_by_the_phones_own_reports(
    node: Node, phone: PhoneMaker
) -> None:
    """baresip reports each five seconds or so, and its reports cross the node."""
    alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(16)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    legs = of_kind(cdr, "leg_quality")
    assert set(legs) == {"a", "b1"}
    for leg in legs.values():
        assert (leg["heard"]["grade"], leg["told"]["grade"]) == ("good", "good")
        assert leg["heard"]["mos"] > 4.3
        assert leg["codec"] in {"PCMU", "PCMA", "G722", "OPUS"}
        assert leg["rtt_ms"] is not None
        assert leg["rtt_ms"] < 50
        assert leg["lost"] == 0
    assert of_kind(cdr, "audio_one_way") == of_kind(cdr, "audio_quality") == {}


async def test_a_phone_that_answers_and_says_nothing_is_told_as_one_way(
    node: Node, phone: PhoneMaker
) -> None:
    alice = phone(node, "101", tone_hz=440)
    async with phones(alice):
        await alice.registered()
        with RawPhone(node, "102") as mute:
            await asyncio.to_thread(mute.register)
            await alice.dial("102")
            await asyncio.to_thread(mute.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            await asyncio.sleep(13)
            (call,) = (await node.get("calls"))["items"]
            await alice.hangup()
        (cdr,) = await node.cdrs()
    assert of_kind(cdr, "audio_one_way")["b1"]["silent_ms"] == 10_000
    assert {leg["leg"]: leg["audio"] for leg in call["legs"]} == {"a": "flowing", "b1": "one_way"}
