"""Linphone itself: set up by a link that works once, registered, called, heard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from shutil import which

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.linphone import linphone
from tests.live.node import Node
from tests.live.test_talk import ALICE_HZ, BOB_HZ

pytestmark = pytest.mark.timeout(120)


async def test_linphone_sets_itself_up_by_a_link_and_takes_a_call(
    node: Node, tmp_path: Path, phone: PhoneMaker
) -> None:
    if which("linphonec") is None:
        raise pytest.UsageError("not installed: linphone-cli; run `make test`, which installs it")
    made = await node.send("POST", "provisioning-links", {"extension": "102"})
    alice = phone(node, "101", tone_hz=ALICE_HZ)
    async with linphone(tmp_path / "linphone", made["url"], tone_hz=BOB_HZ) as bob, phones(alice):
        await alice.registered()
        async with asyncio.timeout(20):
            while not (found := await node.registrations("102")):
                await asyncio.sleep(0.1)
        assert found[0]["user_agent"].startswith("Linphone")
        assert found[0]["transport"] == "TCP"
        await alice.dial("102")
        await alice.wait_for("CALL_ESTABLISHED")
        await bob.says("Media streams established")
        bob.play()
        await asyncio.sleep(3)
        await alice.hangup()
        await bob.says("ended")
        (cdr,) = await node.cdrs()
    assert cdr["answered_by"] == "102"
    assert cdr["from_name"] == "Phone 101"
    sound = alice.heard()
    assert sound.between(1.0, -0.5).dominant_hz() == pytest.approx(BOB_HZ, abs=3)
    sound = bob.heard()
    assert sound.between(1.0, -0.5).dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert 'incoming call from "Phone 101"' in bob.said
