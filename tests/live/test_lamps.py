"""Lamps with real phones: what a key shows after each step of a call, after a restart, and after a pickup."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.raw import Peer
from tests.live.watcher import watching

pytestmark = pytest.mark.timeout(120)


async def test_a_lamp_follows_a_call_of_two_phones(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    with watching(node, "103", "102") as callee, watching(node, "103", "101") as caller:
        await asyncio.gather(callee.shows("off"), caller.shows("off"))
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            await alice.dial("102")
            await bob.wait_for("CALL_INCOMING")
            await asyncio.gather(callee.shows("early"), caller.shows("early"))
            assert 'direction="recipient"' in callee.body
            assert 'direction="initiator"' in caller.body
            assert re.search(r"<remote><identity[^>]*>sip:101@", callee.body)
            states = {each["number"]: each for each in (await node.get("extension-states"))["items"]}
            assert (states["102"]["state"], states["102"]["with_number"]) == ("ringing", "101")
            assert (states["101"]["state"], states["103"]["state"]) == ("calling", "free")
            await bob.accept()
            await asyncio.gather(callee.shows("confirmed"), caller.shows("confirmed"))
            await alice.hold()
            await caller.until(lambda: "+sip.rendering" in caller.body, "held")
            await alice.resume()
            await caller.until(lambda: "+sip.rendering" not in caller.body, "resumed")
            await alice.hangup()
            await asyncio.gather(callee.shows("off"), caller.shows("off"))
        numbers = [int(each.header("cseq").split()[0]) for each in callee.told]
        assert numbers == sorted(set(numbers))
        versions = [
            int(found[1]) for each in callee.told if (found := re.search(rb'version="(\d+)"', each.body))
        ]
        assert versions == list(range(versions[0], versions[0] + len(versions)))
        figures = await node.metrics()
        assert figures['pbx_subscriptions{event="dialog"}'] == 2
        assert figures['pbx_notifies_total{event="dialog",outcome="sent"}'] == len(callee.told) + len(
            caller.told
        )


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_a_lamp_survives_a_restart_of_the_node(node: Node, phone: PhoneMaker, ending: str) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    with watching(node, "103", "102") as lamp:
        await lamp.shows("off")
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            await Pair(alice, bob).talk("102")
            await lamp.shows("confirmed")
            await asyncio.sleep(1.5)  # it is written down once a second
            told = len(lamp.told)
            if ending == "stop":
                await node.stop()
            else:
                node.kill()
            await node.start()
            if ending == "kill":  # the call goes on
                await asyncio.sleep(2)
                await lamp.shows("confirmed")
                await alice.hangup()
            await lamp.shows("off")
            assert len(lamp.told) > told
            await Pair(alice, bob).talk("102")
            await lamp.shows("confirmed")
            await alice.hangup()
            await lamp.shows("off")
        numbers = [int(each.header("cseq").split()[0]) for each in lamp.told]
        assert numbers == sorted(set(numbers)), "CSeq goes on rising over the restart"
        assert len({(each.header("call-id"), each.header("from")) for each in lamp.told}) == 1


async def test_what_a_ringing_lamp_says_is_enough_to_pick_up(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = (phone(node, number) for number in ("101", "102", "103"))
    with watching(node, "103", "102") as lamp:
        async with phones(alice, bob, carol):
            await asyncio.gather(*(each.registered() for each in (alice, bob, carol)))
            await alice.dial("102")
            await bob.wait_for("CALL_INCOMING")
            await lamp.shows("early")
            found = re.search(r'call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"', lamp.body)
            assert found is not None, lamp.body
            with Peer(node.sip_port) as key:
                sdp = (
                    f"v=0\r\no=- 1 1 IN IP4 {key.host}\r\ns=-\r\nc=IN IP4 {key.host}\r\nt=0 0\r\n"
                    "m=audio 40000 RTP/AVP 0\r\n"
                ).encode()
                replaces = f"Replaces: {found[1]};to-tag={found[2]};from-tag={found[3]}"
                answer = await asyncio.to_thread(
                    key.request,
                    "INVITE",
                    "103",
                    node.password("103"),
                    to="102",
                    headers=(replaces, "Content-Type: application/sdp"),
                    body=sdp,
                )
                assert answer.status == 200
                key.acknowledge(answer, "103", "102")
                await alice.wait_for("CALL_ESTABLISHED")
                await bob.wait_for("CALL_CLOSED")
                await lamp.shows("off")
                await alice.hangup()
    await node.no_calls(timeout_s=40)


async def test_a_parked_call_lights_its_slot(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    with watching(node, "103", "*681") as slot:
        await slot.shows("off")
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            await Pair(alice, bob).talk("102")
            await bob.command("transfer", f"sip:*681@{node.address}")
            await slot.shows("confirmed")
            assert "sip:101@" in slot.body
            await bob.wait_for("CALL_CLOSED")
            await bob.dial("*681")
            await bob.wait_for("CALL_ESTABLISHED")
            await slot.shows("off")
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")


async def test_switches_of_the_office_have_lamps(node: Node) -> None:
    with watching(node, "103", "*28") as night, watching(node, "103", "*76") as own:
        await asyncio.gather(night.shows("off"), own.shows("off"))
        flag = await node.get("office-flags/night")
        await node.send("PUT", "office-flags/night", {**flag, "on": True})
        await node.send("PATCH", "extensions/103", {"do_not_disturb": True})
        await asyncio.gather(night.shows("confirmed"), own.shows("confirmed"))


@pytest.mark.parametrize("transport", ["udp", pytest.param("tcp", marks=pytest.mark.slow), "tls"])
async def test_presence_and_messages_in_baresip(node: Node, phone: PhoneMaker, transport: str) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    carol = phone(node, "103", transport=transport)
    port = node.sip_tls_port if transport == "tls" else node.sip_port
    carol.watches = (f"sip:102@127.0.0.1:{port};transport={transport}",)
    async with phones(alice, bob, carol):
        await asyncio.gather(*(each.registered() for each in (alice, bob, carol)))
        if transport != "tls":  # baresip's mwi forgets the transport, and speaks UDP to the port of TLS
            await _logged(carol, "Messages-Waiting: no")
        await _logged(carol, "<basic>open</basic>")
        await Pair(alice, bob).talk("102")
        await _logged(carol, "rpid:on-the-phone")
        busy = await carol.command("contacts")
        assert re.search(r"Busy.*102", busy), busy
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        await _contact(carol, r"Online.*102")


async def test_only_phones_of_this_office_watch(node: Node) -> None:
    with Peer(node.sip_port) as stranger:
        headers = ("Event: dialog", "Expires: 600")
        unknown = await asyncio.to_thread(
            stranger.request, "SUBSCRIBE", "103", "wrong", to="102", headers=headers
        )
        assert unknown.status == 403
        nobody = await asyncio.to_thread(
            stranger.request, "SUBSCRIBE", "103", node.password("103"), to="199", headers=headers
        )
        assert nobody.status == 404
        event = ("Event: kpml", "Expires: 600")
        bad = await asyncio.to_thread(
            stranger.request, "SUBSCRIBE", "103", node.password("103"), to="102", headers=event
        )
        assert (bad.status, bad.header("allow-events")) == (489, "dialog, message-summary, presence")


async def _logged(phone: Phone, text: str) -> None:
    async with asyncio.timeout(10):
        while text not in phone.log:
            await asyncio.sleep(0.05)


async def _contact(phone: Phone, pattern: str) -> None:
    async with asyncio.timeout(10):
        while not re.search(pattern, await phone.command("contacts")):
            await asyncio.sleep(0.1)
