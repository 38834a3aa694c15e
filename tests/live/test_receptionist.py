"""Phones that speak: whom they name is rung after a key, over G.711, through a published flow of a whole node."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from pbx.media.recognition_sphinx import refusal
from tests.live.baresip import Account, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.media.spoken import spoken

pytestmark = pytest.mark.skipif(bool(refusal()), reason=refusal())

FLOW = "800"
BEFORE_S = 2.5
"""From the answer until the phone speaks: the greeting is shorter, and the receptionist listens for 5 s."""
AFTER_S = 60
ASKED_BACK_S = 9.0
"""By then it has been asking back for seconds, and it waits for a key for 6 s after that."""


class Speaker(Phone):
    """Says a sentence some seconds after it was answered, and nothing more."""

    sentence = ""

    def _config(self, control_port: int) -> str:
        config = super()._config(control_port)
        with wave.open(str(self.folder / "tone.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            said = spoken(self.sentence, rate_hz=8000)
            file.writeframes(b"\0" * int(16000 * BEFORE_S) + said + b"\0" * 16000 * AFTER_S)
        return config


def speaker(node: Node, folder: Path, sentence: str) -> Speaker:
    account = Account("101", password=node.password("101"), registrar=node.address)
    phone = Speaker(account, folder / "speaker")
    phone.sentence = sentence
    return phone


async def publish(node: Node, kind: str, **wires: str) -> None:
    """A flow whose entry is this node; `wires` lead to an extension or end the call."""
    for number, name in (("101", "Alice Example"), ("102", "Robert Smith"), ("103", "Caroline Jones")):
        await node.send("PATCH", f"extensions/{number}", {"name": name})
    parameters = {"say": {"text": "Hello."}}
    front = {"type": kind, "parameters": parameters}
    desk = {"type": "extension", "parameters": {"extension": "103"}}
    flow = {
        "number": FLOW,
        "name": "Front",
        "entry": "front",
        "nodes": {"front": front, "desk": desk},
        "wires": {"front": wires, "desk": {"no_answer": "", "busy": "", "unreachable": ""}},
    }
    await node.send("POST", "flows", flow)
    await node.send("POST", f"flows/{FLOW}/publish", {})


async def test_a_name_that_is_spoken_is_rung_after_a_key_and_0_is_the_front_desk(
    node: Node, tmp_path: Path, phone: PhoneMaker
) -> None:
    await publish(node, "receptionist", operator="desk", not_reached="", nothing="")
    caller = speaker(node, tmp_path, "i would like to speak to robert smith")
    robert, caroline = phone(node, "102"), phone(node, "103")
    async with phones(caller, robert, caroline):
        await caller.dial(FLOW)
        await caller.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(ASKED_BACK_S)
        assert not robert.has("CALL_INCOMING")
        await caller.send_digits("1")
        await robert.wait_for("CALL_INCOMING")
        await robert.accept()
        await robert.wait_for("CALL_ESTABLISHED")
        await caller.hangup()
        await robert.wait_for("CALL_CLOSED")

        await caller.dial(FLOW)
        await caller.wait_for("CALL_ESTABLISHED")
        await caller.send_digits("0")
        await caroline.wait_for("CALL_INCOMING")
        await caller.hangup()
        await caroline.wait_for("CALL_CLOSED")
        await node.no_calls()
    assert sum(event.type == "CALL_INCOMING" for event in robert.events) == 1


async def test_a_name_is_dialled_by_its_keys(node: Node, tmp_path: Path, phone: PhoneMaker) -> None:
    await publish(node, "dial_by_name", operator="desk", nobody="", not_reached="")
    caller, caroline = phone(node, "101"), phone(node, "103")
    async with phones(caller, caroline):
        await caller.dial(FLOW)
        await caller.wait_for("CALL_ESTABLISHED")
        await caller.send_digits("56637#1")  # jones, and yes
        await caroline.wait_for("CALL_INCOMING")
        await caller.hangup()
        await caroline.wait_for("CALL_CLOSED")
        await node.no_calls()
