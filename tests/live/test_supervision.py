"""A call that a supervisor listens to, with three real phones: who hears whom, by the tones in what each has heard."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_conference import SOFT_DBFS, TONES, Moments, tones_in
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(120)

ALICE, BOB, BOSS = "101", "102", "103"
CODECS = {ALICE: "PCMU", BOB: "G722", BOSS: "opus"}
HEARD = {
    "alone": {ALICE: {BOB}, BOB: {ALICE}},
    "listen": {ALICE: {BOB}, BOB: {ALICE}, BOSS: {ALICE, BOB}},
    "whisper": {ALICE: {BOB}, BOB: {ALICE, BOSS}, BOSS: {ALICE, BOB}},
    "barge": {ALICE: {BOB, BOSS}, BOB: {ALICE, BOSS}, BOSS: {ALICE, BOB}},
    "alone again": {ALICE: {BOB}, BOB: {ALICE}},
}


async def the_call(node: Node, dialled: str, state: str) -> dict[str, Any]:
    for _ in range(100):
        found = [each for each in (await node.get("calls"))["items"] if each["dialled"] == dialled]
        if found and found[0]["state"] == state:
            return dict(found[0])
        await asyncio.sleep(0.1)
    raise TimeoutError(f"no call to {dialled} is {state}")


async def picks_up(phone: Phone) -> None:
    await phone.wait_for("CALL_INCOMING")
    await phone.accept()
    await phone.wait_for("CALL_ESTABLISHED")


async def test_click_to_call_and_a_supervisor_who_listens_whispers_and_barges(
    phone: PhoneMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments, began = Moments(), dict[str, float]()
    async with running(Node(tmp_path_factory.mktemp("node"))) as node:
        await node.send("PATCH", "settings", {"supervision": {"notice": "tone"}})
        made = {
            number: phone(node, number, tone_hz=TONES[number], codecs=(codec,))
            for number, codec in CODECS.items()
        }
        for each in made.values():
            each.level_dbfs = SOFT_DBFS
        async with phones(*made.values()):
            await registered(*made.values())
            clicked = await node.send("POST", "calls", {"from_extension": ALICE, "to": BOB})
            await picks_up(made[ALICE])
            await picks_up(made[BOB])
            call = await the_call(node, BOB, "talking")
            assert call["id"] == clicked["id"]

            async def phase(name: str) -> None:
                await asyncio.sleep(1.5)
                began[name] = time.monotonic()
                await asyncio.sleep(2.2)

            await phase("alone")
            listening = await node.send(
                "POST", f"calls/{call['id']}/listen", {"extension": BOSS, "how": "listen"}
            )
            await picks_up(made[BOSS])
            await phase("listen")
            assert (await the_call(node, BOB, "talking"))["supervisors"] == [
                {"extension": BOSS, "how": "listen", "to": ""}
            ]
            again = await node.send(
                "POST", f"calls/{call['id']}/listen", {"extension": BOSS, "how": "whisper"}
            )
            assert again["call"] == listening["call"]
            await phase("whisper")
            await made[BOSS].send_digits("6")
            await phase("barge")
            await moments.hang_up(made[BOSS])
            await phase("alone again")
            for number in (ALICE, BOB):
                await moments.hang_up(made[number])
            await node.no_calls()
            cdrs = await node.cdrs(at_least=2)
    for name, wanted in HEARD.items():
        for number, others in wanted.items():
            sound = moments.heard(made[number], began[name], began[name] + 2)
            heard = {other for other, there in tones_in(sound).items() if there}
            assert heard == others, (name, number, heard)
    (cdr,) = [each for each in cdrs if each["id"] == call["id"]]
    told = [each for each in cdr["events"] if each["type"].startswith("supervisor_")]
    assert [each["type"] for each in told] == [
        "supervisor_joined",
        "supervisor_changed",
        "supervisor_changed",
        "supervisor_left",
    ]
    assert [each.get("how") for each in told] == ["listen", "whisper", "barge", None]
    assert told[0]["asked_by"] == "live-tests"
    assert (cdr["source"], cdr["from_extension"], cdr["to_extension"]) == ("click_to_call", ALICE, BOB)
