"""Feature codes from a phone: what is dialled changes what happens to the next call."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(120)


async def code(phone: Phone, dialled: str) -> None:
    """Dial a code; the node answers, says that it is done, and hangs up."""
    await phone.dial(dialled)
    await phone.wait_for("CALL_ESTABLISHED")
    await phone.wait_for("CALL_CLOSED", timeout_s=20)


async def test_do_not_disturb_by_code(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await code(bob, "*78")
        assert (await node.get("extensions/102"))["do_not_disturb"] is True
        await alice.dial("102")
        await alice.wait_for("CALL_CLOSED", match=lambda event: "486" in event.param)
        await code(bob, "*79")
        await Pair(alice, bob).talk("102")
        await alice.hangup()


async def test_forwarding_by_code(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = phone(node, "101"), phone(node, "102"), phone(node, "103")
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await code(bob, "*72103")
        await Pair(alice, carol).talk("102")
        await alice.hangup()
        await carol.wait_for("CALL_CLOSED")
        await code(bob, "*72999")
        forward = (await node.get("extensions/102"))["forward"]
        assert forward["always"] == "103", "what would lead nowhere is refused, and nothing changes"
        await code(bob, "*73")
        await Pair(alice, bob).talk("102")
        await alice.hangup()


async def test_redial_and_call_back(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        await node.cdrs()
        await code(alice, "*28")
        await Pair(alice, bob).talk("*66")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        await Pair(bob, alice).talk("*69")
        await bob.hangup()
        cdrs = await node.cdrs(at_least=4)
    assert sorted(each["answered_by"] or "" for each in cdrs) == ["", "", "101", "102"]


async def test_the_intercom_asks_the_phone_to_answer(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("*80102")
        await bob.wait_for("CALL_INCOMING")
        for header in (
            "Call-Info: <sip:bellwire.invalid>;answer-after=0",
            "Alert-Info: <http://bellwire.invalid>;info=alert-autoanswer;delay=0",
            "Answer-Mode: Auto",
        ):
            assert header in bob.log
        await bob.accept()
        await alice.wait_for("CALL_ESTABLISHED")
        await alice.hangup()


async def test_a_speed_dial_reaches_its_number_and_withheld_callers_are_not_shown(
    node: Node, phone: PhoneMaker
) -> None:
    await node.send("POST", "speed-dials", {"id": "bob", "name": "Bob", "code": "7", "destination": "102"})
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await asyncio.sleep(0.3)
        await Pair(alice, bob).talk("*07")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        before = bob.log.count("Phone 101")
        assert before
        await Pair(alice, bob).talk("*67102")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert bob.log.count("Phone 101") == before
    assert "sip:anonymous@anonymous.invalid" in bob.log


async def test_night_mode_by_code_survives_a_restart(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101")
    async with phones(alice):
        await registered(alice)
        assert (await node.get("office-flags/night"))["on"] is False
        await code(alice, "*28")
        node.kill()
        await node.start()
        assert (await node.get("office-flags/night"))["on"] is True
