"""A conference of eight real phones: PINs by real keys, who hears whom, what a mute and a removal do to the sound."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.live import wav
from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(180)

TONES = {"101": 400.0, "102": 530.0, "103": 670.0, "104": 810.0}
TONES |= {"105": 990.0, "106": 1170.0, "107": 1370.0, "108": 1590.0}
CODECS = {"103": "G722", "104": "opus", "106": "PCMA", "107": "G722"}
SOFT_DBFS = -24.0
"""Seven of them together are still no square wave."""
THERE_DBFS, NOT_THERE_DBFS = -32.0, -52.0
NOBODYS_HZ = (465.0, 600.0, 740.0, 900.0, 1080.0, 1270.0, 1480.0)
"""Between the tones there is only what a codec adds: Opus fills the gaps between seven tones with some noise."""
PINS = {"pin": "4242", "moderator_pin": "98765"}
BOSS = "108"


async def until(node: Node, wanted: Any, number: str = "700", within_s: float = 15.0) -> dict[str, Any]:
    """The conference's status once it is so."""
    deadline = time.monotonic() + within_s
    while True:
        now: dict[str, Any] = await node.get(f"conference-statuses/{number}")
        if wanted(now):
            return now
        if time.monotonic() > deadline:
            raise TimeoutError(f"the conference is {now}\n{node.log[-2000:]}")
        await asyncio.sleep(0.1)


def inside(count: int) -> Any:
    return lambda now: [each["state"] for each in now["members"]].count("in") == count


def tones_in(sound: wav.Sound) -> dict[str, bool]:
    """Whether each phone's tone is in it; what is neither there nor no more than noise is a fault."""
    levels = {number: sound.level_dbfs(hz) for number, hz in TONES.items()}
    noise = max(sound.level_dbfs(hz) for hz in NOBODYS_HZ)
    assert noise < THERE_DBFS - 8, noise
    absent = max(NOT_THERE_DBFS, noise + 3)
    unclear = {number: level for number, level in levels.items() if absent < level < THERE_DBFS}
    assert not unclear, (levels, noise)
    return {number: level >= THERE_DBFS for number, level in levels.items()}


class Moments:
    """Pieces of what phones heard, counted back from their hang-up."""

    def __init__(self) -> None:
        self.ended: dict[str, float] = {}

    async def hang_up(self, phone: Phone) -> None:
        self.ended[phone.account.user] = time.monotonic()
        await phone.hangup()

    def heard(self, phone: Phone, start: float, end: float) -> wav.Sound:
        sound = phone.heard()
        offset = sound.seconds - self.ended[phone.account.user]
        return sound.between(start + offset, end + offset)


async def test_eight_phones_hear_the_seven_others_and_not_themselves(
    phone: PhoneMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("node")
    moments = Moments()
    async with running(Node(folder, extensions=tuple(TONES), rtp_ports=60)) as node:
        await node.send(
            "POST", "conferences", {"number": "700", "name": "All", "announce": "nothing", **PINS}
        )
        made = {
            number: phone(node, number, tone_hz=hz, codecs=(CODECS.get(number, "PCMU"),))
            for number, hz in TONES.items()
        }
        for each in made.values():
            each.level_dbfs = SOFT_DBFS
        async with phones(*made.values()):
            await registered(*made.values())
            for number, each in made.items():
                await each.dial("700")
                await each.wait_for("CALL_ESTABLISHED")
                await each.send_digits(PINS["moderator_pin" if number == BOSS else "pin"])
            status = await until(node, inside(8))
            numbers = {each["extension"]: each["member"] for each in status["members"]}
            assert [each["extension"] for each in status["members"] if each["moderator"]] == [BOSS]

            await node.send("PUT", "conference-statuses/700", {"recording": True})
            await asyncio.sleep(4)  # all have been told
            all_talk = time.monotonic()
            await asyncio.sleep(3)
            await until(node, lambda now: all(each["talking"] for each in now["members"]))
            await node.send("PUT", "conference-statuses/700", {"recording": False})

            await made[BOSS].send_digits(f"*5{numbers['102']}#")
            await until(
                node,
                lambda now: [each["member"] for each in now["members"] if each["muted"]] == [numbers["102"]],
            )
            await asyncio.sleep(2.5)  # what the moderator is told is over
            one_is_muted = time.monotonic()
            await asyncio.sleep(2.5)

            await node.send("DELETE", f"conferences/700/members/{numbers['103']}")
            moments.ended["103"] = time.monotonic() + 1
            await made["103"].wait_for("CALL_CLOSED")
            await until(node, inside(7))
            await asyncio.sleep(1)
            one_is_gone = time.monotonic()
            await asyncio.sleep(2.5)
            for number, each in made.items():
                if number != "103":
                    await moments.hang_up(each)
            await node.no_calls()
            await until(node, lambda now: now["since"] is None)
            cdrs = await node.cdrs(at_least=8)
            (listed,) = (await node.get("recordings"))["items"]
    for number, each in made.items():
        if number == "103":
            continue
        others = {other: other != number for other in TONES}
        assert tones_in(moments.heard(each, all_talk, all_talk + 2.5)) == others, number
        others |= {"102": False}
        assert tones_in(moments.heard(each, one_is_muted, one_is_muted + 2)) == others, number
        others |= {"103": False}
        assert tones_in(moments.heard(each, one_is_gone, one_is_gone + 2)) == others, number
    (file,) = {
        each["file"] for cdr in cdrs for each in cdr["events"] if each["type"] == "conference_recorded"
    }
    recorded = wav.read(next(folder.rglob(Path(file).name)))
    assert recorded.seconds > 3
    assert (listed["state"], listed["left"], listed["file"]) == ("complete", "700", file)
    assert listed["id"] in {each["id"] for cdr in cdrs for each in cdr["recordings"]}
    assert all(tones_in(recorded.between(recorded.seconds - 2.5, recorded.seconds - 0.3)).values())
    left = [each["reason"] for cdr in cdrs for each in cdr["events"] if each["type"] == "conference_left"]
    assert sorted(left) == ["hung_up"] * 7 + ["removed"]
    assert "4242" not in node.log
    assert "98765" not in node.log


@pytest.mark.slow
async def test_a_hold_a_dead_phone_and_somebody_who_is_called_in(
    phone: PhoneMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments = Moments()
    record: dict[str, Any] = {"number": "700", "name": "Team", "moderators": [BOSS], "dials_as": "101"}
    record |= {"wait_for_moderator": True, "end_without_moderator": True, "announce": "name"}
    node = Node(
        tmp_path_factory.mktemp("node"),
        extensions=("101", "102", "103", BOSS),
        options=("--rtp-timeout-s", "2"),
    )
    async with running(node):
        await node.send("POST", "conferences", record)
        alice, bob, carol, boss = (
            phone(node, number, tone_hz=TONES[number]) for number in ("101", "102", "103", BOSS)
        )
        for each in (alice, bob, carol, boss):
            each.level_dbfs = SOFT_DBFS
        async with phones(alice, bob, carol, boss):
            await registered(alice, bob, carol, boss)
            for each in (alice, bob):
                await each.dial("700")
                await each.wait_for("CALL_ESTABLISHED")
                await asyncio.sleep(2)
                await each.send_digits("#")
            await until(node, lambda now: [each["state"] for each in now["members"]] == ["waiting"] * 2)
            await boss.dial("700")
            await boss.wait_for("CALL_ESTABLISHED")
            await asyncio.sleep(2)
            await boss.send_digits("#")
            await until(node, inside(3))

            await alice.hold()
            await until(node, lambda now: now["members"][0]["state"] == "held")
            await node.send("POST", "conferences/700/members", {"number": "103"})
            await carol.wait_for("CALL_INCOMING")
            await carol.accept()
            await carol.wait_for("CALL_ESTABLISHED")
            await asyncio.sleep(2)
            await carol.send_digits("#")
            await until(node, lambda now: len(now["members"]) == 4 and now["members"][3]["state"] == "in")
            await asyncio.sleep(9)  # the name has been said, which is a tone too
            one_holds = time.monotonic()
            await asyncio.sleep(2.5)
            await alice.resume()
            await until(node, inside(4))
            await asyncio.sleep(1)
            all_are_back = time.monotonic()
            await asyncio.sleep(2.5)
            for each in (bob, carol):
                moments.ended[each.account.user] = time.monotonic()
            before = {each.account.user: each.heard().seconds for each in (bob, carol)}
            await boss.kill()
            for each in (alice, bob, carol):
                await each.wait_for("CALL_CLOSED", timeout_s=20)
            await node.no_calls()
            cdrs = await node.cdrs(at_least=4)
    for each, others in ((bob, {"103", BOSS}), (carol, {"102", BOSS})):
        sound = each.heard().between(0, before[each.account.user])
        offset = sound.seconds - moments.ended[each.account.user]
        held = sound.between(one_holds + offset, one_holds + offset + 2)
        assert {number for number, there in tones_in(held).items() if there} == others
        back = sound.between(all_are_back + offset, all_are_back + offset + 2)
        assert {number for number, there in tones_in(back).items() if there} == others | {"101"}
    left = [each["reason"] for cdr in cdrs for each in cdr["events"] if each["type"] == "conference_left"]
    assert sorted(left) == ["ended"] * 3 + ["hung_up"]
    assert not list(node.data.glob("names/*")), "names are forgotten"
