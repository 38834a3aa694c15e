"""One kill, and everybody whom the node does more for than join two phones: a menu, a mailbox, a trunk, listeners."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live import wav
from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_conference import SOFT_DBFS, TONES, Moments, tones_in
from tests.live.test_flow import FLOW
from tests.live.test_outlive import hears, killed_and_started
from tests.live.test_recording import audio as recording_of
from tests.live.test_recording import recordings, sides
from tests.live.test_supervision import ALICE as A
from tests.live.test_supervision import BOB as B
from tests.live.test_supervision import BOSS, HEARD, picks_up, the_call
from tests.live.test_talk import registered
from tests.live.test_trunk import ACCOUNT, ELSEWHERE, trunk, trunk_state
from tests.live.test_voicemail import audio as message_of
from tests.live.watcher import watching

pytestmark = pytest.mark.timeout(180)

ALICE_HZ, BOB_HZ, CAROL_HZ, DAVE_HZ, OUTSIDE_HZ = 440.0, 880.0, 660.0, 550.0, 770.0
NUMBERS = ("101", "102", "103", "104")
MENU = {
    **FLOW,
    "nodes": {
        **FLOW["nodes"],
        "menu": {
            "type": "menu",
            "parameters": {"say": {"text": "Press one."}, "choices": [{"keys": "1"}], "timeout_s": 60},
        },
    },
}


async def until(is_so: Callable[[], Awaitable[bool]], what: str, *, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.1)


async def outside_calls(node: Node) -> tuple[int, int]:
    """How many the trunk carries, and how many the limits count for the office."""
    (status,) = (await node.get("trunk-statuses"))["items"]
    items = (await node.get("usage"))["items"]
    return status["calls"], next((each["calls_now"] for each in items if each["key"] == ""), 0)


async def office(node: Node, carrier: Node) -> None:
    """A trunk with one channel, a limit of one call at a time for 104, a menu and a mailbox. All is recorded."""
    await node.send("POST", "trunks", trunk(carrier, max_channels=1))
    await trunk_state(node, "up")
    route = {"id": "all", "name": "All", "patterns": ["0."], "trunks": ["carrier"], "strip_digits": 1}
    await node.send("POST", "outbound-routes", route)
    await node.send("POST", "flows", MENU)
    await node.send("POST", "flows/500/publish", {"comment": "live test"})
    await node.send("POST", "mailboxes", {"number": "104", "name": "Dave"})
    await node.send("PATCH", "settings", {"recording": {"calls": "always"}})


async def state_of(node: Node, number: str) -> str:
    items = (await node.get("extension-states"))["items"]
    return str(next(each["state"] for each in items if each["number"] == number))


async def speaks(node: Node, phone: Phone) -> None:
    """Into the mailbox, from the tone on."""
    folder = node.data / "voicemail" / "104"
    await phone.dial("*99104")
    await phone.wait_for("CALL_ESTABLISHED")
    await until(lambda: _sizes(folder, 1), "a message is spoken", within_s=30)


async def _sizes(folder: Path, count: int) -> bool:
    return sum(each.stat().st_size > 16_000 for each in folder.glob("*.wav")) >= count


async def messages(node: Node) -> list[dict[str, Any]]:
    found = (await node.get("voicemails?mailbox=104"))["items"]
    return sorted(found, key=lambda each: str(each["received_at"]))


async def test_menu_mailbox_trunk_recording_and_lamp_outlive_one_kill(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    carrier = Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE))
    async with running(carrier), running(Node(tmp_path / "node", extensions=NUMBERS)) as node:
        await office(node, carrier)
        alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
        carol, dave = phone(node, "103", tone_hz=CAROL_HZ), phone(node, "104", tone_hz=DAVE_HZ)
        outside = phone(carrier, ELSEWHERE, tone_hz=OUTSIDE_HZ)
        with watching(node, "103", "101") as lamp:
            async with phones(alice, bob, carol, dave, outside):
                await registered(alice, bob, carol, dave, outside)
                await Pair(alice, outside).talk(f"0{ELSEWHERE}")
                await carol.dial("500")
                await carol.wait_for("CALL_ESTABLISHED")
                await asyncio.gather(speaks(node, dave), hears(alice, OUTSIDE_HZ), lamp.shows("confirmed"))
                assert await outside_calls(node) == (1, 1)

                await killed_and_started(node)
                await asyncio.gather(hears(alice, OUTSIDE_HZ), hears(outside, ALICE_HZ))
                await until(lambda: _is(outside_calls(node), (1, 1)), "trunk and limits count the call")
                await trunk_state(node, "up")
                await bob.dial(f"0{ELSEWHERE}")  # the one channel is taken
                closed = await bob.wait_for("CALL_CLOSED")
                assert "503" in closed.param or "480" in closed.param, closed

                await carol.send_digits("1")
                await bob.wait_for("CALL_INCOMING")
                await bob.accept()
                await asyncio.gather(hears(carol, BOB_HZ), hears(bob, CAROL_HZ))
                await until(lambda: _sizes(node.data / "voicemail" / "104", 2), "dave goes on speaking")
                await dave.hangup()
                assert await state_of(node, "101") == "talking"
                lamp_told = len(lamp.told)
                await alice.hangup()
                await lamp.shows("off")
                assert len(lamp.told) > lamp_told
                await carol.hangup()
                await node.no_calls()
                assert await outside_calls(node) == (0, 0)
            cdrs = await node.cdrs(at_least=4)
            said = [(await message_of(node, each["id"]))[1] for each in await messages(node)]
            parts = await recordings(node, 3, states=("complete", "interrupted"))
            files = [(await recording_of(node, each["id"]))[1] for each in parts]
        used = (await node.get("usage"))["items"]
    assert not any(each["interrupted"] for each in cdrs)
    out = next(each for each in cdrs if each["from_extension"] == "101")
    assert (out["trunk"], out["disposition"], out["talk_s"] > 4) == ("carrier", "answered", True)
    minutes = next(each for each in used if each["key"] == "101")["minutes_day"]
    assert minutes >= out["talk_s"] / 60 - 0.06, "it is told in tenths"
    menu = next(each for each in cdrs if each["dialled"] == "500")
    path = [each.get("node") for each in menu["events"] if each["type"] == "node_entered"]
    assert path == ["menu", "menu", "bob"]
    assert len(said) == 2, "what was said before, and what after"
    for each in said:
        (tmp_path / "message.wav").write_bytes(each)
        sound = wav.read(tmp_path / "message.wav")
        assert sound.between(0.4, sound.seconds - 0.2).dominant_hz() == pytest.approx(DAVE_HZ, abs=4)
    first, second = [index for index, each in enumerate(parts) if each["call"] == out["id"]]
    assert [(parts[each]["part"], parts[each]["state"]) for each in (first, second)] == [
        (1, "interrupted"),
        (2, "complete"),
    ]
    assert parts[first]["chain"] == parts[second]["chain"]
    for index in (first, second):
        left, right = sides(files[index])
        assert left.between(0.3, left.seconds - 0.3).dominant_hz() == pytest.approx(ALICE_HZ, abs=4)
        assert right.between(0.3, right.seconds - 0.3).dominant_hz() == pytest.approx(OUTSIDE_HZ, abs=4)


async def _is(found: Awaitable[Any], wanted: object) -> bool:
    return bool(await found == wanted)


@pytest.mark.slow
async def test_a_call_that_has_just_been_answered_outlives_a_kill(tmp_path: Path, phone: PhoneMaker) -> None:
    """As soon as the node says that they talk, it is killed."""
    async with running(Node(tmp_path / "node", extensions=("101", "102"))) as node:
        alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
        async with phones(alice, bob):
            await registered(alice, bob)
            for calls in range(1, 4):
                await alice.dial("102")
                await bob.wait_for("CALL_INCOMING")
                await bob.accept()
                while [each["state"] for each in (await node.get("calls"))["items"]] != ["talking"]:
                    pass
                await killed_and_started(node)
                await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
                await bob.hangup()
                await alice.wait_for("CALL_CLOSED")
                await node.no_calls()
                cdrs = await node.cdrs(at_least=calls)
                assert [each["disposition"] for each in cdrs] == ["answered"] * calls


@pytest.mark.slow
@pytest.mark.parametrize("how", ["listen", "whisper", "barge"])
async def test_who_listens_listens_on(tmp_path: Path, phone: PhoneMaker, how: str) -> None:
    moments = Moments()
    async with running(Node(tmp_path / "node")) as node:
        made = {number: phone(node, number, tone_hz=TONES[number]) for number in (A, B, BOSS)}
        for each in made.values():
            each.level_dbfs = SOFT_DBFS
        async with phones(*made.values()):
            await registered(*made.values())
            await Pair(made[A], made[B]).talk(B)
            call = await the_call(node, B, "talking")
            await node.send("POST", f"calls/{call['id']}/listen", {"extension": BOSS, "how": how})
            await picks_up(made[BOSS])
            await until(lambda: _supervised(node, how), "the boss listens")
            await asyncio.sleep(1)
            await killed_and_started(node)
            await until(lambda: _supervised(node, how), "the boss listens again")
            await asyncio.sleep(1.5)
            began = time.monotonic()
            await asyncio.sleep(2.2)
            await moments.hang_up(made[BOSS])
            await asyncio.sleep(1.5)
            alone = time.monotonic()
            await asyncio.sleep(2.2)
            for number in (A, B):
                await moments.hang_up(made[number])
            await node.no_calls()
            cdrs = await node.cdrs(at_least=2)
    for name, since in ((how, began), ("alone again", alone)):
        for number, others in HEARD[name].items():
            sound = moments.heard(made[number], since, since + 2)
            heard = {other for other, there in tones_in(sound).items() if there}
            assert heard == others, (name, number, heard)
    assert len(cdrs) == 2
    assert not any(each["interrupted"] for each in cdrs)
    (cdr,) = [each for each in cdrs if each["id"] == call["id"]]
    told = [each["type"] for each in cdr["events"] if each["type"].startswith("supervisor_")]
    assert told == ["supervisor_joined", "supervisor_left"] * 2


async def _supervised(node: Node, how: str) -> bool:
    calls = (await node.get("calls"))["items"]
    listening = [each for call in calls for each in call.get("supervisors", ())]
    return [each["how"] for each in listening] == [how]
