"""One flow of almost all node types, called by real phones: keys as telephone-events, by INFO and as tones; the sound
of every conversation is heard at both ends.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiosmtpd.controller import Controller

from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.raw_call import FRAME, RawPhone
from tests.live.test_talk import assert_heard, registered
from tests.live.tone import ulaw

pytestmark = pytest.mark.timeout(180)

ALICE_HZ, BOB_HZ, CAROL_HZ = 440.0, 880.0, 620.0
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYPAD = ("123A", "456B", "789C", "*0#D")


def everybody(to: str) -> dict[str, str]:
    return {"no_answer": to, "busy": to, "unreachable": to}


def flow(crm: str) -> dict[str, Any]:
    """Decides, shows a name, and asks: 1 the group, 2 the queue, 3 a number that is typed, 4 parking, 5 a message."""
    nodes: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "in": ("inbound_number", {}, {"next": "who"}),
        "who": (
            "caller_list",
            {"vip": ["+1*"]},
            {"vip": "values", "allow": "values", "block": "values", "other": "values"},
        ),
        "values": ("set_value", {"values": [{"name": "house", "value": "Sales"}]}, {"next": "hours"}),
        "hours": (
            "time_switch",
            {
                "rules": [{"exit": "open", "holidays": "also"}],
                "overrides": [{"flag": "night"}],
                "time_zone": "Europe/Berlin",
            },
            {"open": "crm", "manual": "night", "otherwise": ""},
        ),
        "night": ("hang_up", {"reason": "unavailable"}, {}),
        "crm": (
            "webhook",
            {
                "url": crm + "/{{caller.number}}",
                "signing_key": "secret",
                "decides": "level",
                "answers": [{"value": "gold"}],
                "take": [{"field": "name", "into": "customer"}],
            },
            {"gold": "known", "done": "", "error": ""},
        ),
        "known": ("condition", {"condition": 'customer == "Ann"'}, {"yes": "show", "no": ""}),
        "show": ("set_caller_id", {"name": "{{house}}: {{customer}}"}, {"next": "pause"}),
        "welcome": ("say", {"text": "Welcome, {{customer}}.", "barge_in": False}, {"done": "menu"}),
        "pause": ("wait", {"seconds": 0.5}, {"done": "welcome"}),
        "menu": (
            "menu",
            {
                "say": {"text": "Please choose."},
                "choices": [{"keys": each} for each in "12345"],
                "timeout_s": 8,
            },
            {
                "1": "record",
                "2": "queue",
                "3": "digits",
                "4": "park",
                "5": "mail",
                "timeout": "",
                "invalid": "",
            },
        ),
        "record": ("record", {"do": "on"}, {"done": "group"}),
        "group": ("ring_group", {"ring_group": "600"}, everybody("first")),
        "first": ("extension", {"extension": "104", "ring_s": 5}, everybody("second")),
        "second": ("extension", {"extension": "102", "ring_s": 20}, everybody("")),
        "queue": ("queue", {"queue": "700"}, everybody("")),
        "digits": (
            "collect_digits",
            {"say": {"text": "Which number?"}, "into": "number", "least": 3, "most": 3},
            {"done": "send", "none": ""},
        ),
        "send": ("transfer", {"destination": "{{number}}"}, everybody("")),
        "park": ("park", {"slot": "4"}, {"busy": "", "no_answer": ""}),
        "mail": (
            "send_email",
            {"to": "office@example.com", "text": "{{customer}} of {{caller.number}}"},
            {"next": "back"},
        ),
        "back": ("call_back", {"queue": "701", "number": "102"}, {"next": "text"}),
        "text": ("send_text", {"to": "+12025550123", "text": "Hello"}, {"next": "", "failed": "page"}),
        "page": ("page", {"paging_group": "800"}, {"unreachable": "bye"}),
        "bye": ("hang_up", {"tone": "busy"}, {}),
    }
    return {
        "number": "500",
        "name": "Reception",
        "entry": "in",
        "nodes": {
            id: {"type": kind, "parameters": parameters} for id, (kind, parameters, _) in nodes.items()
        },
        "wires": {id: wires for id, (_, _, wires) in nodes.items()},
    }


OFFICE = (
    ("ring-groups", {"number": "600", "name": "Nobody", "members": ["104"], "ring_timeout_s": 5}),
    ("queues", {"number": "700", "name": "Queue", "agents": [{"extension": "103", "always": True}]}),
    ("queues", {"number": "701", "name": "Later", "agents": [{"extension": "104", "always": True}]}),
    ("paging-groups", {"number": "800", "name": "Nobody", "members": ["104"]}),
)


class Post:
    """Takes mail; keeps it."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content.decode())
        return "250 OK"


class Reception:
    """The node with the flow, its customers' register, and its post."""

    def __init__(self, node: Node, post: Post) -> None:
        self.node = node
        self.post = post

    async def way(self, call: int = 1) -> list[str]:
        """Where a call went: the nodes, with the exits it left by."""
        cdr = (await self.node.cdrs(at_least=call))[call - 1]
        return [f"{each['node']}:{each['exit']}" for each in cdr["events"] if each["type"] == "node_left"]


TO_MENU = [
    "in:next",
    "who:other",
    "values:next",
    "hours:open",
    "crm:gold",
    "known:yes",
    "show:next",
    "pause:done",
    "welcome:done",
]


@pytest.fixture
async def reception(tmp_path: Path) -> AsyncIterator[Reception]:
    async def level(request: web.Request) -> web.Response:
        assert "X-Bellwire-Signature" in request.headers
        return web.json_response({"level": "gold", "name": "Ann", "asked": request.path})

    app = web.Application()
    app.router.add_post("/{tail:.*}", level)
    crm = web.AppRunner(app)
    await crm.setup()
    await web.TCPSite(crm, "127.0.0.1", port := free_port()).start()
    post = Post()
    smtp = Controller(post, hostname="127.0.0.1", port=free_port())
    smtp.start()
    options = ("--smtp-host", "127.0.0.1", "--smtp-port", str(smtp.port), "--smtp-security", "none")
    node = Node(tmp_path / "node", extensions=("101", "102", "103", "104"), options=options)
    try:
        async with running(node):
            for path, record in OFFICE:
                await node.send("POST", path, record)
            await node.send("POST", "flows", flow(f"http://127.0.0.1:{port}"))
            await node.send("POST", "flows/500/publish", {})
            yield Reception(node, post)
    finally:
        smtp.stop()
        await crm.cleanup()


class KeyPhone(RawPhone):
    """A phone without telephone-event: its keys are INFO requests, or tones in its sound."""

    keys = b""

    def press_by_info(self, key: str) -> None:
        self._dialog.cseq += 1
        relay = ("Content-Type: application/dtmf-relay",)
        body = f"Signal={key}\r\nDuration=160\r\n".encode()
        self._send_in_dialog("INFO", self._dialog.cseq, body, relay)
        assert self._pump_until_final(5.0).status == 200

    def press_as_tones(self, keys: str) -> None:
        """100 ms of each key and 100 ms of nothing, in the place of what it says."""
        self.keys = dtmf(keys)
        while len(self.keys) >= FRAME:
            self.pump(0.02)

    def _send_rtp(self) -> None:
        if len(self.keys) < FRAME:
            super()._send_rtp()
            return
        frame, self.keys = self.keys[:FRAME], self.keys[FRAME:]
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._sequence * FRAME, 0x5EED)
        self._rtp.sendto(header + frame, self._remote)


def dtmf(keys: str) -> bytes:
    """The tones of ITU-T Q.23, each frequency 15 dB under full scale."""
    moments = np.arange(800) / 8000
    parts = [np.zeros(0)]
    for key in keys:
        row = next(index for index, each in enumerate(KEYPAD) if key in each)
        low, high = LOW[row], HIGH[KEYPAD[row].index(key)]
        parts += [
            5800 * (np.sin(2 * np.pi * low * moments) + np.sin(2 * np.pi * high * moments)),
            np.zeros(800),
        ]
    return ulaw(np.concatenate(parts))


async def established(caller: Phone) -> None:
    await caller.wait_for("CALL_ESTABLISHED")
    await asyncio.sleep(0.5)


async def test_a_key_as_telephone_event_leads_past_those_who_are_not_there(
    reception: Reception, phone: PhoneMaker
) -> None:
    node = reception.node
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("500")
        await established(alice)
        await alice.send_digits("1")
        await bob.wait_for("CALL_INCOMING")
        assert '"Sales: Ann" <sip:101@' in bob.log
        await bob.accept()
        await bob.wait_for("CALL_ESTABLISHED")
        talking_since = alice.heard().seconds
        await asyncio.sleep(3)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        way = await reception.way()
        await node.no_calls()
        recordings = (await node.get("recordings"))["items"]
    assert way == [*TO_MENU, "menu:1", "record:done", "group:unreachable", "first:unreachable", "second:"]
    assert len(recordings) == 1, "the conversation was recorded, since the flow said so"
    assert_heard(bob, ALICE_HZ, seconds=2.5)
    heard = alice.heard()
    said = heard.between(0.2, talking_since - 0.2)
    assert max(np.abs(said.samples)) > 0.05, "the menu was heard"
    steady = heard.between(talking_since + 0.5, heard.seconds - 0.2)
    assert steady.dominant_hz() == pytest.approx(BOB_HZ, abs=3)
    assert steady.gaps(BOB_HZ) == []


async def test_keys_by_info_lead_to_an_agent(reception: Reception, phone: PhoneMaker) -> None:
    node = reception.node
    carol = phone(node, "103", tone_hz=CAROL_HZ)
    async with phones(carol):
        await carol.registered()
        with KeyPhone(node, "101", tone_hz=ALICE_HZ) as alice:
            await asyncio.to_thread(alice.call, "500")
            await asyncio.to_thread(alice.pump, 0.5)
            await asyncio.to_thread(alice.press_by_info, "2")
            ringing = asyncio.create_task(carol.wait_for("CALL_INCOMING"))
            await asyncio.to_thread(alice.pump, 2.0)
            await ringing
            await carol.accept()
            await asyncio.to_thread(alice.pump, 3.0)
            ears = alice.ears.packets[-1][0]
            await asyncio.to_thread(alice.hang_up)
        await carol.wait_for("CALL_CLOSED")
        way = await reception.way()
    assert way == [*TO_MENU, "menu:2"], "she hung up in the queue's conversation"
    assert_heard(carol, ALICE_HZ, seconds=2.0)
    heard = alice.ears.since(ears - 2.0)
    assert heard.dominant_hz() == pytest.approx(CAROL_HZ, abs=3)


async def test_keys_as_tones_are_collected_and_dialled(reception: Reception, phone: PhoneMaker) -> None:
    node = reception.node
    bob = phone(node, "102", tone_hz=BOB_HZ)
    async with phones(bob):
        await bob.registered()
        with KeyPhone(node, "101", tone_hz=ALICE_HZ) as alice:
            alice.sending = True
            await asyncio.to_thread(alice.call, "500")
            await asyncio.to_thread(alice.pump, 0.5)
            await asyncio.to_thread(alice.press_as_tones, "3")
            await asyncio.to_thread(alice.pump, 1.0)
            await asyncio.to_thread(alice.press_as_tones, "102")
            ringing = asyncio.create_task(bob.wait_for("CALL_INCOMING"))
            await asyncio.to_thread(alice.pump, 2.0)
            await ringing
            await bob.accept()
            await asyncio.to_thread(alice.pump, 3.0)
            ears = alice.ears.packets[-1][0]
            await bob.hangup()
            await asyncio.to_thread(alice.pump, 1.0)
            assert alice.ended
        way = await reception.way()
    assert way == [*TO_MENU, "menu:3", "digits:done", "send:"]
    assert_heard(bob, ALICE_HZ, seconds=2.0)
    assert alice.ears.since(ears - 2.0).dominant_hz() == pytest.approx(BOB_HZ, abs=3)


async def test_parked_by_a_key_and_fetched(reception: Reception, phone: PhoneMaker) -> None:
    node = reception.node
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("500")
        await established(alice)
        await alice.send_digits("4")
        await asyncio.sleep(1)
        await bob.dial("*684")
        await bob.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(3)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert_heard(bob, ALICE_HZ, seconds=2.5)
    heard = alice.heard()
    assert heard.between(heard.seconds - 2, heard.seconds - 0.2).dominant_hz() == pytest.approx(BOB_HZ, abs=3)


async def test_a_message_is_mailed_a_place_is_kept_and_night_mode_refuses(
    reception: Reception, phone: PhoneMaker
) -> None:
    node = reception.node
    alice = phone(node, "101", tone_hz=ALICE_HZ)
    async with phones(alice):
        await alice.registered()
        await alice.dial("500")
        await established(alice)
        await alice.send_digits("5")
        await alice.wait_for("CALL_CLOSED", timeout_s=15)
        way = await reception.way()
        queues = {each["queue"]: each for each in (await node.get("queue-statuses"))["items"]}
        await node.send("PUT", "office-flags/night", {"id": "night", "name": "Night mode", "on": True})
        await asyncio.sleep(0.5)  # until calls know of it
        await alice.dial("500")
        await alice.wait_for("CALL_CLOSED")
        at_night = await reception.way(2)
        async with asyncio.timeout(10):
            while not reception.post.mails:
                await asyncio.sleep(0.05)
    assert way == [*TO_MENU, "menu:5", "mail:next", "back:next", "text:failed", "page:unreachable", "bye:"]
    assert queues["701"]["call_backs"] == 1
    assert "Ann of 101" in reception.post.mails[0]
    assert "To: office@example.com" in reception.post.mails[0]
    assert at_night == ["in:next", "who:other", "values:next", "hours:manual", "night:"]
