"""Transfers of both kinds, parking and pickup, with real phones: who talks with whom at the end is heard."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.raw_call import RawPhone
from tests.live.test_talk import registered

ALICE_HZ, BOB_HZ, CAROL_HZ = 440.0, 880.0, 660.0
pytestmark = pytest.mark.timeout(120)


def heard_last(phone: Phone, seconds: float = 1.0) -> float:
    """The tone that the phone heard in its last second but a bit."""
    sound = phone.heard()
    return sound.between(sound.seconds - seconds - 0.3, sound.seconds - 0.3).dominant_hz()


def three(node: Node, phone: PhoneMaker) -> tuple[Phone, Phone, Phone]:
    return (
        phone(node, "101", tone_hz=ALICE_HZ),
        phone(node, "102", tone_hz=BOB_HZ),
        phone(node, "103", tone_hz=CAROL_HZ),
    )


@pytest.mark.parametrize("by", ["callee", "caller"])
async def test_a_blind_transfer(node: Node, phone: PhoneMaker, by: str) -> None:
    alice, bob, carol = three(node, phone)
    stays, goes = (alice, bob) if by == "callee" else (bob, alice)
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await goes.command("transfer", f"sip:103@127.0.0.1:{node.sip_port}")
        await carol.wait_for("CALL_INCOMING")
        await asyncio.sleep(1.5)
        await carol.accept()
        await goes.wait_for("CALL_CLOSED")
        await asyncio.sleep(2.5)
        (call,) = (await node.get("calls"))["items"]
        await stays.hangup()
        await carol.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
        await node.no_calls()
    assert heard_last(stays) == pytest.approx(CAROL_HZ, abs=3)
    assert heard_last(carol) == pytest.approx(ALICE_HZ if by == "callee" else BOB_HZ, abs=3)
    assert len(call["legs"]) == 2
    (transferred,) = [each for each in cdr["events"] if each["type"] == "leg_transferred"]
    assert transferred["to"] == "103"
    assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "103")
    stays_number = "101" if by == "callee" else "102"
    assert f'"Phone {stays_number}"' in carol.log or f"<sip:{stays_number}@" in carol.log


async def test_a_transfer_to_somebody_who_declines_comes_back(node: Node, phone: PhoneMaker) -> None:
    alice, _, carol = three(node, phone)
    async with phones(alice, carol):
        await registered(alice, carol)
        with RawPhone(node, "102", tone_hz=BOB_HZ) as raw:
            await asyncio.to_thread(raw.register)
            await alice.dial("102")
            await asyncio.to_thread(raw.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            await asyncio.to_thread(raw.refer, "103")
            await carol.wait_for("CALL_INCOMING")
            await carol.hangup()
            await asyncio.to_thread(raw.pump, 3.0)
            await alice.hangup()
            await asyncio.to_thread(raw.pump, 0.5)
            assert raw.ended
        (cdr,) = await node.cdrs()
        await node.no_calls()
    assert [each.split(" ")[1] for each in raw.told][-1] in ("486", "603")
    assert heard_last(alice) == pytest.approx(BOB_HZ, abs=3)
    assert [each["type"] for each in cdr["events"]].count("transfer_failed") == 1


async def test_an_attended_transfer(node: Node, phone: PhoneMaker) -> None:
    alice, _, carol = three(node, phone)
    async with phones(alice, carol):
        await registered(alice, carol)
        with RawPhone(node, "102", tone_hz=BOB_HZ) as first, RawPhone(node, "102") as second:
            await asyncio.to_thread(first.register)
            await alice.dial("102")
            await asyncio.to_thread(first.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            await asyncio.to_thread(first.reoffer, "sendonly")
            asking = asyncio.create_task(asyncio.to_thread(second.call, "103"))
            await carol.wait_for("CALL_INCOMING")
            await carol.accept()
            await asking
            await asyncio.to_thread(first.refer, "103", replaces=second.replaces)
            await asyncio.to_thread(second.pump, 1.0)
            assert second.ended, "the consultation is over"
            await asyncio.to_thread(first.pump, 2.5)
            assert first.ended, "a phone that does not hang up after its transfer is hung up"
            assert [each.split(" ")[1] for each in first.told] == ["100", "200"]
            await alice.hangup()
            await carol.wait_for("CALL_CLOSED")
        both = {cdr["dialled"]: cdr for cdr in await node.cdrs(at_least=2)}
        await node.no_calls()
    assert heard_last(alice) == pytest.approx(CAROL_HZ, abs=3)
    assert heard_last(carol) == pytest.approx(ALICE_HZ, abs=3)
    assert both["103"]["continued_in"] == both["102"]["id"]
    assert both["102"]["answered_by"] == "103"


async def test_an_invite_takes_the_place_of_a_dialog(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ)
    async with phones(alice):
        await registered(alice)
        with RawPhone(node, "102", tone_hz=BOB_HZ) as desk, RawPhone(node, "102", tone_hz=CAROL_HZ) as mobile:
            await asyncio.to_thread(desk.register)
            await alice.dial("102")
            await asyncio.to_thread(desk.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            taken = await asyncio.to_thread(mobile.dial, "101", headers=(f"Replaces: {desk.replaces}",))
            assert taken.status == 200
            await asyncio.to_thread(desk.pump, 0.5)
            assert desk.ended
            await asyncio.to_thread(mobile.pump, 2.5)
            await asyncio.to_thread(mobile.hang_up)
        await alice.wait_for("CALL_CLOSED")
        await node.no_calls()
    assert heard_last(alice) == pytest.approx(CAROL_HZ, abs=3)


async def test_nobody_but_a_dialog_that_is_there_can_be_replaced(node: Node) -> None:
    with RawPhone(node, "102") as stranger:
        refused = await asyncio.to_thread(
            stranger.dial, "101", headers=("Replaces: no-such@call;to-tag=a;from-tag=b",)
        )
    assert refused.status == 481


async def test_a_parked_call_is_fetched_at_another_phone(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = three(node, phone)
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        await bob.command("transfer", f"sip:*683@127.0.0.1:{node.sip_port}")
        await bob.wait_for("CALL_CLOSED")
        await asyncio.sleep(1)
        await carol.dial("*683")
        await carol.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await carol.wait_for("CALL_CLOSED")
        both = {cdr["dialled"]: cdr for cdr in await node.cdrs(at_least=2)}
        await carol.dial("*683")
        await carol.wait_for("CALL_CLOSED")
        await node.no_calls()
    assert heard_last(alice) == pytest.approx(CAROL_HZ, abs=3)
    assert [each["slot"] for each in both["102"]["events"] if each["type"] == "parked"] == ["3"]
    assert both["*683"]["continued_in"] == both["102"]["id"]


@pytest.mark.parametrize("code", ["**102", "*8"])
async def test_a_ringing_call_is_picked_up(node: Node, phone: PhoneMaker, code: str) -> None:
    for number in ("102", "103"):
        await node.send("PATCH", f"extensions/{number}", {"pickup_group": "sales"})
    alice, bob, carol = three(node, phone)
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await carol.dial(code)
        await carol.wait_for("CALL_ESTABLISHED")
        await alice.wait_for("CALL_ESTABLISHED")
        await bob.wait_for("CALL_CLOSED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await carol.wait_for("CALL_CLOSED")
        both = {cdr["dialled"]: cdr for cdr in await node.cdrs(at_least=2)}
        await node.no_calls()
    assert heard_last(alice) == pytest.approx(CAROL_HZ, abs=3)
    assert heard_last(carol) == pytest.approx(ALICE_HZ, abs=3)
    assert both["102"]["answered_by"] == "103"
    assert "SIP;cause=200" in bob.log, "no missed call is shown (RFC 3326)"


async def test_a_transfer_by_the_api(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = three(node, phone)
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        (call,) = (await node.get("calls"))["items"]
        await node.send("POST", f"calls/{call['id']}/transfer", {"to": "103"})
        await carol.wait_for("CALL_INCOMING")
        await carol.accept()
        await bob.wait_for("CALL_CLOSED", timeout_s=5)
        await asyncio.sleep(2.5)
        await node.send("DELETE", f"calls/{call['id']}")
        await asyncio.gather(alice.wait_for("CALL_CLOSED"), carol.wait_for("CALL_CLOSED"))
        await node.no_calls()
    assert heard_last(alice) == pytest.approx(CAROL_HZ, abs=3)
