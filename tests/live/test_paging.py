"""Announcements: one caller speaks through several phones, which hear the caller and not each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(120)

CALLER_HZ = 440.0
GROUP = {"number": "700", "name": "Everybody", "members": ["101", "102", "103", "104", "105"]}
NUMBERS = ("101", "102", "103", "104", "105")


def loudspeaker(phone: Phone) -> Phone:
    """The same phone, which answers by itself."""
    phone.account = replace(phone.account, answer="auto")
    return phone


async def test_an_announcement_is_heard_by_all_that_answer_and_nobody_hears_another(
    phone: PhoneMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with running(Node(tmp_path_factory.mktemp("node"), extensions=NUMBERS, rtp_ports=60)) as node:
        await node.send("POST", "paging-groups", GROUP)
        alice = phone(node, "101", tone_hz=CALLER_HZ)
        bob, carol, dora = (
            loudspeaker(phone(node, number, tone_hz=tone, codecs=(codec,)))
            for number, tone, codec in (
                ("102", 700.0, "PCMU"),
                ("103", 900.0, "opus"),
                ("104", 1100.0, "G722"),
            )
        )
        deaf = phone(node, "105")
        members = (bob, carol, dora)
        async with phones(alice, *members, deaf):
            await registered(alice, *members, deaf)
            await alice.dial("700")
            await alice.wait_for("CALL_ESTABLISHED")
            await deaf.wait_for("CALL_CLOSED", timeout_s=5)
            await asyncio.sleep(3)
            await alice.hangup()
            for each in members:
                await each.wait_for("CALL_CLOSED")
            (cdr,) = await node.cdrs()
            await node.no_calls()
    for each in members:
        sound = each.heard()
        steady = sound.between(sound.seconds - 2.2, sound.seconds - 0.3)
        assert steady.dominant_hz() == pytest.approx(CALLER_HZ, abs=3)
        others = [hz for hz in (700.0, 900.0, 1100.0) if steady.level_dbfs(hz) > -50]
        assert others == [], "members hear the caller only"
    heard = alice.heard()
    assert heard.between(heard.seconds - 2, heard.seconds - 0.2).level_dbfs() < -60
    ended = {each["cause"] for each in cdr["events"] if each["type"] == "leg_ended"}
    assert ended == {"normal", "no_answer"}
    assert cdr["disposition"] == "answered"


async def test_everybody_may_talk_in_a_two_way_page(node: Node, phone: PhoneMaker) -> None:
    group = {"number": "700", "name": "Workshop", "members": ["102", "103"], "two_way": True, "longest_s": 5}
    await node.send("POST", "paging-groups", group)
    alice = phone(node, "101", tone_hz=CALLER_HZ)
    bob = loudspeaker(phone(node, "102", tone_hz=700.0))
    carol = loudspeaker(phone(node, "103", tone_hz=900.0))
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await alice.dial("700")
        await alice.wait_for("CALL_ESTABLISHED")
        await alice.wait_for("CALL_CLOSED", timeout_s=8)  # its time is up
        await bob.wait_for("CALL_CLOSED")
    steady = carol.heard().between(2.0, 4.0)
    assert [hz for hz in (440.0, 700.0, 900.0) if steady.level_dbfs(hz) > -40] == [440.0, 700.0]
    assert alice.heard().between(2.0, 4.0).level_dbfs(700.0) > -40


async def test_nobody_to_page_is_told_to_the_caller(node: Node, phone: PhoneMaker) -> None:
    await node.send("POST", "paging-groups", GROUP | {"members": ["102", "103"]})
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("700")
        await alice.wait_for("CALL_CLOSED", match=lambda event: "480" in event.param, timeout_s=6)
        await bob.wait_for("CALL_CLOSED")
