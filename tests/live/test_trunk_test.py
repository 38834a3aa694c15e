"""The test of a trunk says what is wrong, against a second node that is the carrier, and against nothing at all."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.sipp import Sipp
from tests.live.test_talk import registered
from tests.live.test_trunk import ACCOUNT, ELSEWHERE, trunk, trunk_state

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Node]:
    there = Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE), options=("--codecs", "PCMA"))
    async with running(there) as node:
        yield node


async def report_of(node: Node, number: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report, and its last step."""
    report = await node.send("POST", "trunks/carrier/test", {"number": number})
    failed = [each for each in report["steps"] if each["outcome"] == "failed"]
    assert report["ok"] is (failed == [])
    assert all(each["action"] for each in failed), "a fault without anything to do about it"
    return {each["name"]: each["outcome"] for each in report["steps"]}, report["steps"][-1]


async def test_a_trunk_that_works_is_heard(node: Node, carrier: Node, phone: PhoneMaker) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    await trunk_state(node, "up")
    outside = phone(carrier, ELSEWHERE, tone_hz=880.0, codecs=("PCMA",))
    outside.account = replace(outside.account, answer="auto")
    async with phones(outside):
        await registered(outside)
        steps, last = await report_of(node, ELSEWHERE)
    assert steps == {
        "name": "ok",
        "connection": "skipped",
        "answer": "ok",
        "registration": "ok",
        "call": "ok",
        "sound": "ok",
    }
    assert "packets" in last["text"]
    assert (await node.get("trunk-statuses"))["items"][0]["calls"] == 0
    assert (await carrier.cdrs())[0]["disposition"] == "answered"


async def test_what_the_carrier_refuses_is_told_in_plain_words(node: Node, carrier: Node) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    await trunk_state(node, "up")
    _, last = await report_of(node, "777777")
    assert (last["name"], last["sip_status"]) == ("call", 404)
    assert "777777" in last["text"]
    _, last = await report_of(node, ELSEWHERE)  # it has no phone
    assert (last["name"], last["outcome"], last["sip_status"]) == ("call", "ok", 480)
    await node.send("PATCH", "trunks/carrier", {"codecs": ["G722"]})
    await trunk_state(node, "up")
    _, last = await report_of(node, ELSEWHERE)
    assert (last["name"], last["sip_status"]) == ("call", 488)
    assert "G722" in last["text"]
    await node.send("PATCH", "trunks/carrier", {"password": "wrong"})
    steps, last = await report_of(node)
    assert (steps["registration"], last["sip_status"]) == ("failed", 403)
    assert "password" in last["action"]
    await node.send("PATCH", "trunks/carrier", {"enabled": False})
    assert (await report_of(node))[0] == {"settings": "failed"}


async def test_a_carrier_that_cannot_be_reached(node: Node, carrier: Node) -> None:
    await node.send("POST", "trunks", trunk(carrier, host="no-such-name.invalid"))
    steps, last = await report_of(node)
    assert steps == {"name": "failed"}
    assert "no-such-name.invalid" in last["text"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        await node.send("PATCH", "trunks/carrier", {"host": "127.0.0.1", "port": port, "register": False})
        steps, last = await report_of(node)
        assert steps["answer"] == "failed"
        assert "not answer" in last["text"]
    await node.send("PATCH", "trunks/carrier", {"transport": "tcp", "port": 1})
    steps, last = await report_of(node)
    assert steps["connection"] == "failed"
    assert "refused" in last["text"]


async def test_a_certificate_nobody_has_signed_for_us(node: Node, carrier: Node) -> None:
    await node.send("POST", "trunks", trunk(carrier, transport="tls", port=carrier.sip_tls_port))
    steps, last = await report_of(node)
    assert steps["connection"] == "failed"
    assert "certificate" in last["text"]
    assert "authority" in last["action"]


async def test_a_carrier_that_says_nothing_after_the_answer(node: Node, tmp_path: Path) -> None:
    mute = Sipp(tmp_path / "uas", "answer", remote=node.address, timeout_s=30)
    mute.start()
    try:
        await node.send(
            "POST",
            "trunks",
            {
                "id": "carrier",
                "name": "Mute",
                "host": "127.0.0.1",
                "port": mute.port,
                "register": False,
                "check_every_s": 0,
            },
        )
        steps, last = await report_of(node, "123")
    finally:
        await mute.stop()
    assert steps["sound"] == "failed", last
    assert "router" in last["action"]


async def test_nobody_calls_for_help_to_test_a_trunk(node: Node, carrier: Node) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    with pytest.raises(RuntimeError, match="422"):
        await report_of(node, "112")
    with pytest.raises(RuntimeError, match="404"):
        await node.send("POST", "trunks/another/test", {})
