"""Two offices that are one: each node is a trunk of the other, phones dial each other by extension."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import assert_heard, registered
from tests.live.test_trunk import ACCOUNT, ELSEWHERE, trunk, trunk_state

SECRET = "what-only-the-two-know"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(Node(tmp_path / "other", extensions=("201", "202"))) as node:
        yield node


def office(there: Node, **more: Any) -> dict[str, Any]:
    return {
        "id": "other",
        "name": "The other office",
        "kind": "office",
        "host": "127.0.0.1",
        "port": there.sip_port,
        "username": "offices",
        "password": SECRET,
        "callback_prefix": "8",
        "check_every_s": 5,
        **more,
    }


def route(**more: Any) -> dict[str, Any]:
    return {
        "id": "other",
        "name": "The other office",
        "patterns": ["8XXX"],
        "strip_digits": 1,
        "reach": "internal",
        "trunks": ["other"],
        **more,
    }


async def joined(node: Node, other: Node, *, strip: bool = True, **more: Any) -> None:
    """Both know each other."""
    for here, there in ((node, other), (other, node)):
        await here.send("POST", "trunks", office(there, **more))
        wanted = route() if strip else route(patterns=["2XX"], strip_digits=0)
        await here.send("POST", "outbound-routes", wanted)
    for each in (node, other):
        await trunk_state(each, "up")


async def test_extensions_of_two_offices_call_each_other_by_number(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    await joined(node, other)
    alice = phone(node, "101", tone_hz=440.0)
    bob = phone(other, "201", tone_hz=880.0)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("8201")
        shown = next(event for event in bob.events if event.type == "CALL_INCOMING").fields
        assert shown["peerdisplayname"] == "Phone 101"
        assert shown["peeruri"].startswith("sip:8101@")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        assert_heard(bob, 440.0, seconds=2)
        await Pair(bob, alice).talk("8101")  # what the phone had shown calls back
        await asyncio.sleep(2.5)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        assert_heard(alice, 880.0, seconds=2)
    here, there = (await node.cdrs(at_least=2))[0], (await other.cdrs(at_least=2))[0]
    assert (here["from_extension"], here["dialled"], here["disposition"]) == ("101", "8201", "answered")
    assert (there["from_number"], there["from_name"], there["source"]) == ("8101", "Phone 101", "trunk:other")
    assert (there["dialled"], there["to_extension"]) == ("201", "201")


async def test_a_call_that_two_offices_send_to_each_other_ends_at_once(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    await joined(node, other, strip=False)
    alice = phone(node, "101")
    async with phones(alice):
        await registered(alice)
        await alice.dial("299")  # nobody has it, and each office thinks that the other does
        await alice.wait_for("CALL_CLOSED")
        (first, second) = (await node.cdrs())[0], (await other.cdrs())[0]
    assert (first["sip_status"], second["sip_status"]) == (482, 482)
    assert len(await node.cdrs()) == len(await other.cdrs()) == 1
    await node.no_calls()
    await other.no_calls()


async def test_who_does_not_know_the_password_is_no_office(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    other.expected_errors = ("wrong",)
    await node.send("POST", "trunks", office(other, password="something-else"))
    await node.send("POST", "outbound-routes", route())
    await other.send("POST", "trunks", office(node))
    await trunk_state(node, "up")
    alice, bob = phone(node, "101"), phone(other, "201")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("8201")
        await alice.wait_for("CALL_CLOSED")
        assert not bob.has("CALL_INCOMING")
    assert (await node.cdrs())[0]["sip_status"] == 403
    assert (await other.get("cdrs"))["items"] == []


async def test_codes_and_outside_numbers_are_not_for_the_other_office(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    await joined(node, other)
    await node.send("POST", "outbound-routes", route(id="all", patterns=["8."], position=200))
    alice = phone(node, "101")
    async with phones(alice):
        await registered(alice)
        for dialled in ("8*43", "8112", "8911", "80301234567"):
            await alice.dial(dialled)
            await alice.wait_for("CALL_CLOSED")
    assert {each["sip_status"] for each in await node.cdrs(at_least=4)} == {404}


async def test_a_number_of_one_office_may_lead_to_a_phone_in_the_other(
    node: Node, other: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    async with running(Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE))) as carrier:
        await joined(node, other)
        await node.send("POST", "trunks", trunk(carrier))
        for _ in range(100):
            states = {each["trunk"]: each["state"] for each in (await node.get("trunk-statuses"))["items"]}
            if states.get("carrier") == "up":
                break
            await asyncio.sleep(0.1)
        await node.send(
            "POST",
            "inbound-numbers",
            {
                "number": f"+{ACCOUNT[:-2]}00",
                "last": f"+{ACCOUNT[:-2]}99",
                "name": "The block",
                "destination": "8201",
            },
        )
        outside, bob = phone(carrier, ELSEWHERE, tone_hz=880.0), phone(other, "201", tone_hz=440.0)
        async with phones(outside, bob):
            await registered(outside, bob)
            await Pair(outside, bob).talk(ACCOUNT)
            shown = next(event for event in bob.events if event.type == "CALL_INCOMING").fields
            assert shown["peeruri"].startswith(f"sip:{ELSEWHERE}@")  # national, as it is dialled here
            await asyncio.sleep(2.5)
            await outside.hangup()
            await bob.wait_for("CALL_CLOSED")
            assert_heard(bob, 880.0, seconds=2)
        there = (await other.cdrs())[0]
        assert (there["from_number"], there["to_extension"]) == (f"+1{ELSEWHERE}", "201")


async def test_offices_that_trust_each_other_by_address_speak_tls(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    await node.send("POST", "trunks", office(other, password=None))
    status = await trunk_state(node, "down")
    assert "TLS" in status["error"]


async def test_a_forwarded_call_says_who_sent_it_on(node: Node, other: Node, phone: PhoneMaker) -> None:
    await joined(node, other)
    await node.send("PATCH", "extensions/102", {"forward": {"always": "8201"}})
    alice, bob = phone(node, "101"), phone(other, "201")
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    offered = (await other.cdrs())[0]["events"][0]
    assert offered["diverted"] == [{"number": "8102", "reason": "unconditional"}]


async def test_a_trunk_carries_no_more_calls_than_it_may(node: Node, other: Node, phone: PhoneMaker) -> None:
    await joined(node, other)
    await node.send("PATCH", "trunks/other", {"max_channels": 1})
    await asyncio.sleep(0.5)
    await trunk_state(node, "up")
    alice, carol, bob, dora = phone(node, "101"), phone(node, "102"), phone(other, "201"), phone(other, "202")
    async with phones(alice, carol, bob, dora):
        await registered(alice, carol, bob, dora)
        await Pair(alice, bob).talk("8201")
        await carol.dial("8202")
        await carol.wait_for("CALL_CLOSED")
        await dora.dial("8102")
        await dora.wait_for("CALL_CLOSED")
        assert not carol.has("CALL_INCOMING")
        assert not dora.has("CALL_INCOMING")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        await Pair(dora, carol).talk("8102")
        await dora.hangup()
        await carol.wait_for("CALL_CLOSED")
    statuses = [each["sip_status"] for each in await node.cdrs(at_least=2)]
    assert statuses.count(503) == 1
    assert 486 in [each["sip_status"] for each in await other.cdrs(at_least=3)]


async def test_offices_known_by_their_address_talk_over_tls(
    node: Node, other: Node, phone: PhoneMaker
) -> None:
    for here, there in ((node, other), (other, node)):
        await here.stop()
        here.options = ("--tls-trust", str(there.data / "tls" / "ca.crt"))
        await here.start()
    for here, there in ((node, other), (other, node)):
        more = {"password": None, "transport": "tls", "port": there.sip_tls_port}
        await here.send("POST", "trunks", office(there, **more))
        await here.send("POST", "outbound-routes", route())
    for each in (node, other):
        await trunk_state(each, "up")
    alice, bob = phone(node, "101", tone_hz=440.0), phone(other, "201", tone_hz=880.0)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("8201")
        await asyncio.sleep(2.5)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        assert_heard(bob, 440.0, seconds=2)
        assert_heard(alice, 880.0, seconds=2)
    assert (await other.cdrs())[0]["source"] == "trunk:other"
