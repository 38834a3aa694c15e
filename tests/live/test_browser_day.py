"""More of a page's working day: recorded, in a conference, leaving a message, consulting, and behind a TURN server."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live import test_recording, test_voicemail
from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.ports import free_port, free_range
from tests.live.test_browser_phone import CAROL_HZ, PAGE_HZ, assert_tone, settled
from tests.live.test_outlive import hears, killed_and_started
from tests.live.test_talk import ALICE_HZ, BOB_HZ, registered
from tests.live.web_phone import browser

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

OTHER_HZ = 750.0
"""Of no tone that the others say a multiple."""
THERE_DBFS, NOT_THERE_DBFS = -20.0, -35.0
"""What a page crackles on a busy machine is some 30 dB under a tone, at every frequency."""


async def test_a_page_is_recorded(node: Node, phone: PhoneMaker, tmp_path: Path) -> None:
    bob = phone(node, "102", tone_hz=BOB_HZ)
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(bob):
        await node.send("PATCH", "extensions/101", {"record": "on_demand"})
        page = await chromium.phone(node, "101")
        await registered(bob)
        call = await page.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        await page.wait_for("connection", state="connected")
        (live,) = (await node.get("calls"))["items"]
        await node.send("POST", f"calls/{live['id']}/recording", {"do": "start"})
        await asyncio.sleep(3)
        await page.do("hangup", call)
        (row,) = await test_recording.recordings(node, 1)
        status, data = await test_recording.audio(node, row["id"])
    assert status == 200
    left, right = (side.between(0.7, side.seconds - 0.3) for side in test_recording.sides(data))
    assert_tone(left, PAGE_HZ)
    assert_tone(right, BOB_HZ)


async def test_pages_and_a_desk_phone_meet_in_a_conference(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    carol = phone(node, "103", tone_hz=CAROL_HZ)
    await node.send("POST", "conferences", {"number": "700", "name": "All", "announce": "nothing"})
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(carol):
        alice = await chromium.phone(node, "101", tone_hz=ALICE_HZ)
        bob = await chromium.phone(node, "102", tone_hz=OTHER_HZ)
        await registered(carol)
        for page in (alice, bob):
            await page.dial("700")
            await page.wait_for("connection", state="connected")
        await carol.dial("700")
        await carol.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(1.5)
        heard = {ALICE_HZ: await alice.hears(1.5), OTHER_HZ: await bob.hears(1.5)}
        for own, sound in heard.items():
            for hz in (ALICE_HZ, OTHER_HZ, CAROL_HZ):
                level = sound.level_dbfs(hz)
                assert level < NOT_THERE_DBFS if hz == own else level > THERE_DBFS, (own, hz, level)


async def test_a_page_leaves_a_message(node: Node, tmp_path: Path) -> None:
    await test_voicemail.box(node)
    async with browser(node, tmp_path / "browser", tone_hz=ALICE_HZ) as chromium:
        page = await chromium.phone(node, "101")
        call = await page.dial("*99102")
        folder = node.data / "voicemail" / "102"
        await test_voicemail.until(lambda: set(folder.glob("*.wav")), "a recording began", within_s=30)
        await asyncio.sleep(4)
        await page.do("hangup", call)
        (message,) = await test_voicemail.messages(node, 1)
        _, data, _ = await test_voicemail.audio(node, message["id"])
    test_voicemail.is_alice(data, tmp_path, at_least_s=3)


async def test_a_page_consults_somebody_and_transfers(node: Node, phone: PhoneMaker, tmp_path: Path) -> None:
    carol = phone(node, "103", tone_hz=CAROL_HZ)
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(carol):
        alice = await chromium.phone(node, "101", tone_hz=ALICE_HZ)
        bob = await chromium.phone(node, "102", tone_hz=BOB_HZ)
        await registered(carol)
        await alice.dial("102")
        first = await bob.accept()
        await bob.do("hold", first)
        await bob.wait_for("hold")
        second = await bob.dial("103")
        await carol.wait_for("CALL_INCOMING")
        await carol.accept()
        await bob.wait_for("confirmed", id=second)
        await bob.do("transfer", first, "103", second)
        await bob.wait_for("ended", id=second)
        assert_tone(await settled(alice), CAROL_HZ)
    sound = carol.heard()
    assert_tone(sound.between(sound.seconds - 1.2, sound.seconds - 0.2), ALICE_HZ)


@contextmanager
def turn_server(folder: Path, secret: str) -> Iterator[str]:
    """coturn on loopback, with credentials that end."""
    port, first = free_port(), free_range(20)
    with (folder / "turn.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={secret}", "--realm=test", "--no-cli",
                f"--listening-port={port}", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
                "--allow-loopback-peers",
                f"--min-port={first}", f"--max-port={first + 19}", "--no-tls", "--no-dtls", "--log-file=stdout",
                f"--userdb={folder / 'turn.db'}", f"--pidfile={folder / 'turn.pid'}",
            ],
            cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield f"turn:127.0.0.1:{port}?transport=udp"
    finally:
        process.terminate()
        process.wait(10)


async def test_a_page_that_reaches_nothing_but_a_turn_server_talks(tmp_path: Path) -> None:
    with turn_server(tmp_path, "s3cret") as url:
        options = ("--turn-server", url, "--turn-secret", "s3cret")
        async with (
            running(Node(tmp_path / "node", options=options)) as node,
            browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium,
        ):
            page = await chromium.phone(node, "101")
            await page.do("relayOnly")
            call = await page.dial("*43")
            await page.wait_for("connection", state="connected")
            assert_tone(await settled(page), PAGE_HZ)
            stats = await page.do("stats", call)
    used = {each["candidateType"] for each in stats if each["type"] == "local-candidate"}
    assert used == {"relay"}


async def test_a_pages_call_goes_on_after_a_kill(node: Node, phone: PhoneMaker, tmp_path: Path) -> None:
    """Its checks are answered by the new process when the old consent has long ended, and it hangs up there."""
    bob = phone(node, "102", tone_hz=BOB_HZ)
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(bob):
        page = await chromium.phone(node, "101")
        await registered(bob)
        call = await page.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        await page.wait_for("connection", state="connected")
        assert_tone(await settled(page), BOB_HZ)
        await killed_and_started(node)
        await page.wait_for("registered", timeout_s=20)
        assert_tone(await settled(page), BOB_HZ)
        await hears(bob, PAGE_HZ)
        await asyncio.sleep(33)
        assert_tone(await settled(page), BOB_HZ)
        states = [each["state"] for each in await page.events() if each["name"] == "connection"]
        assert "failed" not in states
        await page.do("hold", call)
        await page.wait_for("hold")
        await page.do("hangup", call)
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    assert (cdr["disposition"], cdr["interrupted"]) == ("answered", False)
