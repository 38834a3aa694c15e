"""What the node says, as a phone hears it: sentences, uploaded prompts, and prompts that a phone records."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from tests.live import wav
from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(90)

PROMPT_HZ = 1250.0


async def upload(node: Node, prompt: str, path: Path) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {node.token}", "Content-Type": "audio/mpeg"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.put(f"{node.url}/api/v1/prompts/{prompt}/audio", data=path.read_bytes()) as answer,
    ):
        assert answer.status == 200, await answer.text()
        found: dict[str, object] = await answer.json()
        return found


def quietest_pause_s(sound: wav.Sound) -> float:
    """The longest time in which nothing at all was heard."""
    window = sound.rate_hz // 50
    loud = (
        np.abs(sound.samples[: len(sound.samples) // window * window]).reshape(-1, window).max(axis=1) > 1e-3
    )
    longest = run = 0
    for each in loud[np.argmax(loud) : len(loud) - np.argmax(loud[::-1])]:
        run = 0 if each else run + 1
        longest = max(longest, run)
    return longest * 0.02


@pytest.mark.parametrize("codec", ["PCMU", pytest.param("G722", marks=pytest.mark.slow)])
async def test_a_code_answers_with_a_sentence(node: Node, phone: PhoneMaker, codec: str) -> None:
    alice = phone(node, "101", codecs=(codec,))
    async with phones(alice):
        await registered(alice)
        await alice.dial("*72102")
        await alice.wait_for("CALL_ESTABLISHED")
        await alice.wait_for("CALL_CLOSED", timeout_s=15)
    sound = alice.heard()
    assert 2.0 < sound.seconds < 8.0, "All your calls are now forwarded to 1 0 2."
    assert -35 < sound.level_dbfs() < -15
    assert quietest_pause_s(sound) < 0.6, "words have pauses, losses would have longer ones"
    hz = np.fft.rfftfreq(len(sound.samples), 1 / sound.rate_hz)
    power = np.abs(np.fft.rfft(sound.samples)) ** 2
    assert power[(hz > 100) & (hz < 3400)].sum() > 0.8 * power.sum()
    assert max(power) < 0.2 * power.sum(), "it is a voice and no tone"


async def test_a_phone_records_a_prompt_and_hears_the_one_that_was_uploaded(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    prompt = {
        "id": "closed",
        "name": "Office closed",
        "text": "We are closed.",
        "code": "5",
        "recorders": ["101"],
    }
    await node.send("POST", "prompts", prompt)
    alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("*775")
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(1.0)
        await alice.send_digits("1")
        await asyncio.sleep(1.0)
        await alice.send_digits("9")  # enough of that
        await asyncio.sleep(3.0)
        await alice.send_digits("#1")
        await alice.wait_for("CALL_CLOSED", timeout_s=15)
        (kept,) = (await node.get("prompt-audios"))["items"]
        assert (kept["prompt"], kept["source"], kept["by"]) == ("closed", "recorded", "101")
        assert 1.5 < kept["seconds"] < 4.5
        recorded = wav.read(node.data / "prompts" / "closed.16000.wav")
        assert recorded.between(0.5, 1.5).dominant_hz() == pytest.approx(440, abs=3)

        await bob.dial("*775")
        await bob.wait_for("CALL_CLOSED", timeout_s=15)
        assert (await node.get("prompt-audios"))["items"] == [kept], "only those it names record a prompt"

    made = tmp_path / "prompt.mp3"
    tone = ("synth", "3", "sine", str(PROMPT_HZ), "gain", "-25")
    subprocess.run(["sox", "-q", "-n", "-r", "44100", "-c", "2", str(tmp_path / "p.wav"), *tone], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(tmp_path / "p.wav"), str(made)], check=True)
    assert (await upload(node, "closed", made))["source"] == "uploaded"
    carol = phone(node, "101")
    async with phones(carol):
        await registered(carol)
        await carol.dial("*775")
        await carol.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(0.5)
        await carol.send_digits("2")
        await asyncio.sleep(4.5)
        await carol.send_digits("*")
        await carol.wait_for("CALL_CLOSED", timeout_s=15)
    heard = carol.heard()
    at = heard.onset_s(PROMPT_HZ, threshold_dbfs=-23, window_s=0.1)  # words have no such tone
    assert at is not None
    steady = heard.between(at + 0.2, at + 2.8)
    assert steady.dominant_hz() == pytest.approx(PROMPT_HZ, abs=3)
    assert steady.level_dbfs(PROMPT_HZ) == pytest.approx(-20, abs=1.5)
    assert steady.gaps(PROMPT_HZ) == []
    await node.send("DELETE", "prompts/closed")
    deadline = asyncio.get_running_loop().time() + 5
    while (await node.get("prompt-audios"))["items"]:
        assert asyncio.get_running_loop().time() < deadline, "the sound goes with its prompt"
        await asyncio.sleep(0.05)
