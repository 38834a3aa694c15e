"""Voicemail with real phones: a message is heard by mail, phone and API, and outlives a power cut."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.live import wav
from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_limits import mailbox
from tests.live.test_talk import registered
from tests.live.watcher import Watcher, watching

pytestmark = pytest.mark.timeout(150)

ALICE_HZ = 440.0
PIN = "4711"
SPOKEN_S = 4.0


async def box(node: Node, **more: Any) -> None:
    """Extension 102 has the mailbox 102."""
    made = await node.send("POST", "mailboxes", {"number": "102", "name": "Bob", "pin": PIN, **more})
    assert "pin" not in made
    await node.send("PATCH", "extensions/102", {"mailbox": "102"})
    await asyncio.sleep(0.3)  # until calls and lamps know of it


async def until(is_so: Callable[[], Any], what: str, *, within_s: float = 15.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := is_so()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never: {what}")
        await asyncio.sleep(0.05)
    return found


async def speak(node: Node, phone: Phone, to: str = "102", *, seconds: float = SPOKEN_S) -> Path:
    """Dial, wait for the beep, and talk for so long; the call goes on."""
    await phone.dial(to)
    await phone.wait_for("CALL_ESTABLISHED")
    folder = node.data / "voicemail" / "102"
    known = set(folder.glob("*.wav"))
    (path,) = await until(lambda: set(folder.glob("*.wav")) - known, "a recording began", within_s=30)
    await asyncio.sleep(seconds)
    return Path(path)


async def messages(node: Node, count: int, *, folder: str = "new") -> list[dict[str, Any]]:
    deadline = time.monotonic() + 10
    while True:
        items: list[dict[str, Any]] = (await node.get(f"voicemails?mailbox=102&folder={folder}"))["items"]
        if len(items) == count:
            return items
        assert time.monotonic() < deadline, f"{len(items)} messages instead of {count}\n{node.log[-3000:]}"
        await asyncio.sleep(0.1)


async def audio(node: Node, id_: str, **headers: str) -> tuple[int, bytes, str]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {node.token}", **headers}) as session,
        session.get(f"{node.url}/api/v1/voicemails/{id_}/audio") as response,
    ):
        return response.status, await response.read(), response.headers["Content-Type"]


def is_alice(data: bytes, folder: Path, *, at_least_s: float) -> None:
    """Her tone, from end to end."""
    path = folder / "heard.wav"
    path.write_bytes(data)
    sound = wav.read(path)
    assert sound.seconds >= at_least_s
    steady = sound.between(0.3, sound.seconds - 0.3)
    assert steady.dominant_hz() == pytest.approx(ALICE_HZ, abs=3)
    assert steady.level_dbfs(ALICE_HZ) == pytest.approx(-12, abs=2)
    assert steady.gaps(ALICE_HZ) == []


async def lit(lamp: Watcher, counts: str) -> None:
    """What the message lamp says: new/old."""
    await lamp.until(lambda: f"Voice-Message: {counts} " in lamp.body, counts, within_s=15)


async def test_a_message_is_heard_in_the_mail_on_the_phone_and_over_the_api(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with mailbox() as (mails, port):
        options = ("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-security", "none")
        async with running(Node(tmp_path / "node", options=options)) as node:
            await box(node, emails=["bob@office.example"])
            alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102")
            with (
                watching(node, "102", "102", "message-summary") as lamp,
                watching(node, "102", "*97") as key,
            ):
                async with phones(alice, bob):
                    await registered(alice)
                    await key.shows("off")
                    await lit(lamp, "0/0")
                    await node.send("PATCH", "extensions/102", {"do_not_disturb": True})
                    await asyncio.sleep(0.3)
                    await speak(node, alice)
                    await alice.hangup()
                    (message,) = await messages(node, 1)
                    assert (message["from_number"], message["from_name"]) == ("101", "Phone 101")
                    assert message["duration_s"] == pytest.approx(SPOKEN_S, abs=1)
                    (cdr,) = await node.cdrs()
                    assert message["call"] == cdr["id"]
                    assert {"routed", "message_begun"} <= {each["type"] for each in cdr["events"]}
                    await lit(lamp, "1/0")
                    assert "Message-Account: sip:*97@" in lamp.body
                    await key.shows("confirmed")

                    status, whole, kind = await audio(node, message["id"])
                    assert (status, kind) == (200, "audio/wav")
                    is_alice(whole, tmp_path, at_least_s=SPOKEN_S - 0.5)
                    status, part, _ = await audio(node, message["id"], Range="bytes=100-299")
                    assert (status, part) == (206, whole[100:300])

                    (sent_to, mail) = await until(lambda: mails.mails and mails.mails[0], "a mail")
                    assert sent_to == ["bob@office.example"]
                    assert "Phone 101 (101)" in mail["Subject"]
                    (attached,) = mail.iter_attachments()
                    assert attached.get_content_type() == "audio/wav"
                    is_alice(attached.get_content(), tmp_path, at_least_s=SPOKEN_S - 0.5)

                    await bob.dial("*97")
                    await bob.wait_for("CALL_ESTABLISHED")
                    await asyncio.sleep(1)
                    await bob.send_digits("1")
                    await lit(lamp, "0/1")  # it was played to its end
                    await key.shows("off")
                    await bob.hangup()
                    heard = bob.heard()
                    loud = heard.envelope(ALICE_HZ, 0.1) > 0.15
                    assert loud.sum() / 10 == pytest.approx(message["duration_s"], abs=1)
                    (old,) = await messages(node, 1, folder="old")
                    assert (old["mail_state"], old["mail_attempts"]) == ("sent", 1)
                    await node.no_calls()
                    figures = await node.metrics()
    assert figures["pbx_voicemail_taken_total"] == 1
    assert figures['pbx_voicemail_messages{folder="old"}'] == 1


async def test_what_was_said_before_a_power_cut_is_kept(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    await box(node)
    alice = phone(node, "101", tone_hz=ALICE_HZ)
    with watching(node, "102", "102", "message-summary") as lamp:
        async with phones(alice):
            await registered(alice)
            await speak(node, alice, seconds=5)
            node.kill()
            await node.start()
            (message,) = await messages(node, 1)
            await lit(lamp, "1/0")
    assert message["duration_s"] == pytest.approx(5, abs=1.5)
    assert message["complete"]
    _, whole, _ = await audio(node, message["id"])
    is_alice(whole, tmp_path, at_least_s=3.5)
    assert io.BytesIO(whole).read(4) == b"RIFF"


async def test_a_message_goes_to_the_bin_and_back_and_to_another_box(node: Node, phone: PhoneMaker) -> None:
    await box(node)
    await node.send("POST", "mailboxes", {"number": "900", "name": "Office", "lamps": ["103"]})
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102")
    with watching(node, "103", "103", "message-summary") as lamp:
        async with phones(alice, bob):
            await registered(alice, bob)
            await speak(node, alice, "*99102", seconds=2)
            await alice.hangup()
            (message,) = await messages(node, 1)
            await bob.dial("*98102")
            await bob.wait_for("CALL_ESTABLISHED")
            await asyncio.sleep(1)
            await bob.send_digits(f"{PIN}#1")
            await asyncio.sleep(0.5)
            await bob.send_digits("3")
            (gone,) = await messages(node, 1, folder="bin")
            assert gone["id"] == message["id"]
            await bob.hangup()
            await node.send("PATCH", f"voicemails/{message['id']}", {"deleted": False, "read": False})
            await messages(node, 1)
            await bob.dial("*97")
            await bob.wait_for("CALL_ESTABLISHED", timeout_s=5)
            await bob.send_digits("1")
            await asyncio.sleep(0.5)
            await bob.send_digits("0900##")
            await lit(lamp, "1/0")
            await bob.hangup()
            (copy,) = (await node.get("voicemails?mailbox=900"))["items"]
            assert (copy["forwarded_from"], copy["from_number"]) == ("102", "101")
