"""Calls that are recorded: who is on which channel is heard, and nothing is lost over holds, transfers and crashes."""

from __future__ import annotations

import asyncio
import io
import subprocess
import wave
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import registered
from tests.live.test_transfer import ALICE_HZ, BOB_HZ, CAROL_HZ, three
from tests.live.wav import Sound

pytestmark = pytest.mark.timeout(120)

GAP_S = 0.1
"""A busy machine makes phones stumble; what a recorder would lose is longer."""


def sides(data: bytes) -> tuple[Sound, Sound]:
    """Left and right of a WAV file."""
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnchannels() == 2
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
        return Sound(samples[0::2], file.getframerate()), Sound(samples[1::2], file.getframerate())


async def audio(node: Node, id_: str, **headers: str) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{node.url}/api/v1/recordings/{id_}/audio",
            headers={"Authorization": f"Bearer {node.token}", **headers},
        ) as answer,
    ):
        return answer.status, await answer.read()


async def recordings(
    node: Node, wanted: int, *, states: Sequence[str] = ("complete",)
) -> list[dict[str, Any]]:
    """So many, the oldest first, once each has come to one of these states."""
    for _ in range(100):
        found = (await node.get("recordings"))["items"]
        if len(found) == wanted and all(each["state"] in states for each in found):
            return list(reversed(found))
        await asyncio.sleep(0.1)
    raise AssertionError(f"not {wanted} recordings that are {states}: {found}")


def times(cdr: dict[str, Any]) -> list[float]:
    """When the recording was started, paused, resumed and stopped, as the call's events say."""
    return [
        datetime.fromisoformat(each["at"]).timestamp()
        for each in cdr["events"]
        if each["type"].startswith("recording_")
    ]


async def office(node: Node, **recording: object) -> None:
    await node.send("PATCH", "settings", {"recording": recording})


async def test_the_caller_is_left_and_the_callee_right(node: Node, phone: PhoneMaker) -> None:
    await office(node, calls="always", keep_days=30)
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(2)
        (live,) = (await node.get("calls"))["items"]
        assert live["recording"] == "on"
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (row,) = await recordings(node, 1)
        (cdr,) = await node.cdrs()
    left, right = sides((await audio(node, row["id"]))[1])
    assert left.between(0.3, -0.2).dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert right.between(0.3, -0.2).dominant_hz() == pytest.approx(BOB_HZ, abs=3)
    assert left.gaps(ALICE_HZ, longer_than_s=GAP_S) == right.gaps(BOB_HZ, longer_than_s=GAP_S) == []
    assert left.seconds == pytest.approx(row["duration_s"], abs=0.05)
    assert (row["left"], row["right"], row["reasons"]) == ("101", "102", ["office"])
    assert [each["id"] for each in cdr["recordings"]] == [row["id"]]
    assert row["call"] == cdr["id"]
    assert row["keep_until"] is not None
    path = node.data / "recordings" / row["file"]
    assert path.stat().st_size == row["bytes"]
    status, part = await audio(node, row["id"], Range="bytes=44-143")
    assert (status, part) == (206, path.read_bytes()[44:144])
    assert (await node.metrics())["pbx_recorded_bytes_total"] == row["bytes"]
    await node.send("DELETE", f"recordings/{row['id']}")
    assert not path.exists()
    (deleted,) = (await node.get("recordings?deleted=true"))["items"]
    assert (deleted["id"], deleted["deleted_by"]) == (row["id"], "live-tests")
    assert (await audio(node, row["id"]))[0] == 404


async def test_a_hold_is_no_gap(node: Node, phone: PhoneMaker) -> None:
    await office(node, calls="always")
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await bob.command("hold")
        await asyncio.sleep(1.5)
        await bob.command("resume")
        await asyncio.sleep(1.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (row,) = await recordings(node, 1)
        (cdr,) = await node.cdrs()
    left, right = sides((await audio(node, row["id"]))[1])
    assert left.seconds == pytest.approx(cdr["talk_s"], abs=0.3), "the time on hold is in it"
    held = [each["at"] for each in cdr["events"] if each["type"] == "leg_held"]
    assert len(held) == 1
    assert left.gaps(ALICE_HZ, longer_than_s=GAP_S) == [], "the caller is recorded all the time"
    assert right.between(0.2, 0.9).level_dbfs(BOB_HZ) > -20
    assert right.between(1.5, 2.2).level_dbfs(BOB_HZ) < -40, "who holds is not heard"
    assert right.between(left.seconds - 0.9, left.seconds - 0.2).level_dbfs(BOB_HZ) > -20


@pytest.mark.parametrize("by", ["callee", "caller"])
async def test_each_conversation_of_a_transfer_is_a_piece_of_the_chain(
    node: Node, phone: PhoneMaker, by: str
) -> None:
    await office(node, calls="always")
    alice, bob, carol = three(node, phone)
    stays, goes, hz = (alice, bob, ALICE_HZ) if by == "callee" else (bob, alice, BOB_HZ)
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await goes.command("transfer", f"sip:103@127.0.0.1:{node.sip_port}")
        await carol.wait_for("CALL_INCOMING")
        await asyncio.sleep(0.5)
        await carol.accept()
        await goes.wait_for("CALL_CLOSED")
        await asyncio.sleep(1.5)
        await stays.hangup()
        await carol.wait_for("CALL_CLOSED")
        first, second = await recordings(node, 2)
        (cdr,) = await node.cdrs()
    assert first["chain"] == second["chain"] == first["id"]
    assert [each["id"] for each in cdr["recordings"]] == [first["id"], second["id"]]
    left, right = sides((await audio(node, first["id"]))[1])
    assert left.between(0.2, -0.1).dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert right.between(0.2, -0.1).dominant_hz() == pytest.approx(BOB_HZ, abs=3)
    left, right = sides((await audio(node, second["id"]))[1])
    assert left.between(0.2, -0.1).dominant_hz() == pytest.approx(hz, abs=3)
    assert right.between(0.2, -0.1).dominant_hz() == pytest.approx(CAROL_HZ, abs=3)
    assert left.gaps(hz, longer_than_s=GAP_S) == right.gaps(CAROL_HZ, longer_than_s=GAP_S) == []


async def test_keys_start_and_pause_and_never_reach_the_other_side(node: Node, phone: PhoneMaker) -> None:
    await office(node, calls="on_demand")
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(0.5)
        await alice.send_digits("*1")
        await asyncio.sleep(2)
        await alice.send_digits("*2")
        await asyncio.sleep(2)
        await alice.send_digits("*2")
        await asyncio.sleep(1)
        await alice.send_digits("57")
        await asyncio.sleep(1)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (row,) = await recordings(node, 1)
        (cdr,) = await node.cdrs()
    assert row["reasons"] == ["key:101"]
    started, paused, resumed, stopped = times(cdr)
    assert row["paused_s"] == pytest.approx(resumed - paused, abs=0.1)
    assert row["duration_s"] == pytest.approx(paused - started + stopped - resumed, abs=0.15)
    left, _ = sides((await audio(node, row["id"]))[1])
    assert left.seconds == pytest.approx(row["duration_s"], abs=0.05)
    heard = [each.param for each in bob.events if each.type == "CALL_DTMF_START"]
    assert heard == ["5", "7"], "a key that is no code is passed on, those of ours are not"


async def test_a_program_starts_pauses_and_stops(node: Node, phone: PhoneMaker) -> None:
    await node.send("PATCH", "extensions/102", {"record": "on_demand"})
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        (live,) = (await node.get("calls"))["items"]
        for do, pause_s in (("start", 1.0), ("pause", 1.5), ("resume", 1.0), ("stop", 0.5)):
            await node.send("POST", f"calls/{live['id']}/recording", {"do": do})
            await asyncio.sleep(pause_s)
        (row,) = await recordings(node, 1)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    started, paused, resumed, stopped = times(cdr)
    assert row["duration_s"] == pytest.approx(paused - started + stopped - resumed, abs=0.15)
    assert row["paused_s"] == pytest.approx(resumed - paused, abs=0.1)
    assert row["duration_s"] + row["paused_s"] == pytest.approx(stopped - started, abs=0.15)
    left, _ = sides((await audio(node, row["id"]))[1])
    assert left.gaps(ALICE_HZ, longer_than_s=GAP_S) == [], "what was paused is cut out"


async def test_never_wins(node: Node, phone: PhoneMaker) -> None:
    await office(node, calls="always")
    await node.send("PATCH", "extensions/102", {"record": "never"})
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        (live,) = (await node.get("calls"))["items"]
        with pytest.raises(Exception, match="409"):
            await node.send("POST", f"calls/{live['id']}/recording", {"do": "start"})
        await asyncio.sleep(0.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert (await node.get("recordings"))["total"] == 0
    assert not list((node.data / "recordings").rglob("*.wav"))


async def test_both_hear_the_announcement_before_each_other_and_the_beep(
    node: Node, phone: PhoneMaker
) -> None:
    await office(node, calls="always", announce="everybody", beep_every_s=1)
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(6)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (row,) = await recordings(node, 1)
    for side, other_hz in ((alice, BOB_HZ), (bob, ALICE_HZ)):
        sound = side.heard()
        assert sound.between(0.0, 0.7).level_dbfs(other_hz) < -20, "not before it was told"
        assert sound.between(sound.seconds - 3, sound.seconds - 0.3).level_dbfs(other_hz) > -16
        beeps = sound.between(sound.seconds - 3, sound.seconds - 0.3).envelope(1400)
        assert np.sum(beeps > 0.02) >= 20, "two or three beeps of 200 ms"
    left, _ = sides((await audio(node, row["id"]))[1])
    assert left.seconds == pytest.approx(6.3, abs=0.8), "the announcement is in it"


async def test_a_killed_node_leaves_a_file_that_is_listed(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    await office(node, calls="always", format="opus")
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(4)
        node.kill()
        await node.start()
        await asyncio.sleep(3)  # the call goes on, and so does what is kept of it
        await alice.hangup()
        rows = await recordings(node, 2, states=("complete", "interrupted"))
    assert [(each["part"], each["state"]) for each in rows] == [(1, "interrupted"), (2, "complete")]
    assert len({each["chain"] for each in rows}) == 1
    assert rows[1]["duration_s"] > 1
    row = rows[0]
    status, data = await audio(node, row["id"])
    assert status == 200
    assert row["duration_s"] > 2
    ogg, decoded = tmp_path / "x.opus", tmp_path / "x.wav"
    ogg.write_bytes(data)
    await asyncio.to_thread(
        subprocess.run, ["opusdec", "--quiet", "--rate", "8000", str(ogg), str(decoded)], check=False
    )
    left, right = sides(decoded.read_bytes())
    assert left.seconds == pytest.approx(row["duration_s"], abs=0.3)
    assert left.between(0.3, -0.3).dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert right.between(0.3, -0.3).dominant_hz() == pytest.approx(BOB_HZ, abs=3)


async def test_a_flow_has_it_recorded(node: Node, phone: PhoneMaker) -> None:
    flow = {
        "number": "500",
        "name": "Recorded",
        "entry": "on",
        "nodes": {
            "on": {"type": "record", "parameters": {"do": "on"}},
            "bob": {"type": "extension", "parameters": {"extension": "102"}},
        },
        "wires": {"on": {"done": "bob"}, "bob": {"no_answer": "", "busy": "", "unreachable": ""}},
    }
    await node.send("POST", "flows", flow)
    await node.send("POST", "flows/500/publish", {"comment": "test"})
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("500")
        await asyncio.sleep(1.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (row,) = await recordings(node, 1)
    assert (row["reasons"], row["dialled"]) == (["flow"], "500")
    left, right = sides((await audio(node, row["id"]))[1])
    assert left.between(0.3, -0.2).dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert right.between(0.3, -0.2).dominant_hz() == pytest.approx(BOB_HZ, abs=3)


async def test_a_full_quota_ends_the_recording_and_not_the_call(node: Node, phone: PhoneMaker) -> None:
    await office(node, calls="always", quota_gib=100_000 / 1024**3)
    alice, bob, _ = three(node, phone)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        (row,) = await recordings(node, 1)
        await asyncio.sleep(1)
        (live,) = (await node.get("calls"))["items"]
        assert (live["state"], live["recording"]) == ("talking", "off")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert row["end_reason"] == "quota"
    assert row["bytes"] == pytest.approx(32_000 * row["duration_s"], rel=0.01)
    sound = bob.heard()
    assert sound.between(sound.seconds - 1, sound.seconds - 0.2).dominant_hz() == pytest.approx(
        ALICE_HZ, abs=3
    )
    notices = (await node.get("notices"))["items"]
    assert {each["kind"] for each in notices} == {"recording"}
    assert "Calls are not recorded" in {each["title"] for each in notices}
    storage = await node.get("recording-storage")
    assert (storage["full_in_days"], storage["problem"]) == (0, "recordings take all the room they may")
