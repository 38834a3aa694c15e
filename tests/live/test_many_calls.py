"""Fifty calls at once, some with audio, while two softphones listen for gaps."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.sipp import Sipp, caller_rows, register_all
from tests.live.tone import write_ulaw_tone

pytestmark = pytest.mark.timeout(180)
CALLERS = tuple(str(number) for number in range(200, 210))
CALLEES = tuple(str(number) for number in range(300, 310))
CALLS = 50
MEDIA_CALLS = 10


async def test_fifty_calls_at_once(phone: PhoneMaker, tmp_path: Path) -> None:
    office = Node(tmp_path / "node", extensions=("101", "102", *CALLERS, *CALLEES), rtp_ports=400)
    async with running(office) as node:
        answering = Sipp(
            tmp_path / "uas",
            "answer",
            remote=node.address,
            calls=CALLS,
            rtp_echo=True,
            timeout_s=60,
        )
        await register_all(tmp_path / "register", node, CALLEES, answering.port)
        answering.start()
        quiet = Sipp(
            tmp_path / "uac",
            "call",
            remote=node.address,
            users=caller_rows(node, CALLERS, CALLEES),
            calls=CALLS - MEDIA_CALLS,
            rate=20,
            options=("-d", "9000"),
            timeout_s=60,
        )
        talking = Sipp(
            tmp_path / "uac_media",
            "call_media",
            remote=node.address,
            users=caller_rows(node, CALLERS, CALLEES),
            calls=MEDIA_CALLS,
            rate=10,
            options=("-d", "9000"),
            timeout_s=60,
        )
        write_ulaw_tone(tmp_path / "uac_media" / "tone.ul", 500)
        alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            quiet.start()
            talking.start()
            await _live_calls(node, CALLS)
            await Pair(alice, bob).talk("102")
            assert (await node.get("calls"))["total"] == CALLS + 1
            await asyncio.sleep(3)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            results = await asyncio.gather(quiet.wait(), talking.wait(), answering.wait())
        cdrs = await node.cdrs(at_least=CALLS + 1)
        await node.no_calls()
    for result, count in zip(results, (CALLS - MEDIA_CALLS, MEDIA_CALLS, CALLS), strict=True):
        assert (result.successful, result.failed) == (count, 0), result.output
    for listener, frequency_hz in ((alice, 880), (bob, 440)):
        assert listener.heard().between(0.3, 2.5).gaps(frequency_hz) == []
    assert Counter(cdr["disposition"] for cdr in cdrs) == {"answered": CALLS + 1}
    assert len(cdrs) == CALLS + 1
    echoed = [_packets(cdr) for cdr in cdrs if cdr["dialled"] in CALLEES]
    with_audio = [(sent, back) for sent, back in echoed if sent]
    assert len(with_audio) == MEDIA_CALLS
    for sent, back in with_audio:
        assert sent == pytest.approx(9 * 50, abs=60)
        assert back >= sent * 0.97, "what the callee echoes is what the caller sent"


def _packets(cdr: dict[str, list[dict[str, object]]]) -> tuple[int, int]:
    """RTP packets that came from the caller, and from the phone that answered."""
    came = {
        str(event["leg"]): event["packets_in"] for event in cdr["events"] if event["type"] == "leg_quality"
    }
    sent, back = came.get("a", 0), came.get("b1", 0)
    assert isinstance(sent, int)
    assert isinstance(back, int)
    return sent, back


async def _live_calls(node: Node, count: int) -> None:
    """Wait until so many calls talk."""
    async with asyncio.timeout(15):
        while True:
            calls = (await node.get("calls?limit=500"))["items"]
            if sum(call["state"] == "talking" for call in calls) >= count:
                return
            await asyncio.sleep(0.1)
