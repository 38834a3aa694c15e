"""Sounds of prompts over the API: sent, heard, deleted; and everything that is no sound."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pbx.feature import prompts as prompts_module
from pbx.feature.prompts import Prompts
from pbx.media.prompt_files import PromptFiles
from pbx.media.speech_synthesis import Voices
from pbx.model.kinds import PROMPT
from pbx.model.prompt import Prompt
from tests.api.conftest import Node, StartNode
from tests.live import wav

WAV = {"Content-Type": "audio/wav"}
AUDIO = "/api/v1/prompts/hello/audio"


@pytest.fixture
async def node(start_node: StartNode) -> Node:
    node = await start_node()
    await node.deps.records.create(PROMPT, Prompt(id="hello", name="Hello"))
    return node


def sound(folder: Path, name: str = "tone.flac") -> bytes:
    path = folder / name
    subprocess.run(["sox", "-q", "-n", "-r", "22050", str(path), "synth", "1", "sine", "700"], check=True)
    return path.read_bytes()


async def test_a_sound_is_sent_heard_and_deleted(node: Node, tmp_path: Path) -> None:
    await node.json("GET", AUDIO, 404)
    kept = await node.json("PUT", AUDIO, data=sound(tmp_path), headers={"Content-Type": "audio/flac"})
    assert (kept["prompt"], kept["source"], kept["by"], kept["seconds"]) == ("hello", "uploaded", "test", 1.0)
    assert kept["original"] == "FLAC, 22050 Hz, mono"
    assert await node.json("GET", "/api/v1/prompt-audios") == {"items": [kept], "total": 1}
    async with node.ask("GET", AUDIO) as answer:
        assert answer.content_type == "audio/wav"
        (tmp_path / "got.wav").write_bytes(await answer.read())
    got = wav.read(tmp_path / "got.wav")
    assert (got.rate_hz, got.seconds) == (16000, 1.0)
    assert got.dominant_hz() == pytest.approx(700, abs=2)
    await node.json("DELETE", AUDIO, 204)
    await node.json("DELETE", AUDIO, 404)
    await node.json("GET", AUDIO, 404)
    assert list((tmp_path / "prompts").iterdir()) == [], "nothing is left"


async def test_what_is_refused_leaves_the_old_sound(node: Node, tmp_path: Path) -> None:
    kept = await node.json("PUT", AUDIO, data=sound(tmp_path, "a.wav"), headers=WAV)
    problem = await node.json("PUT", AUDIO, 422, data=b"junk" * 1000, headers=WAV)
    assert "no sound file" in problem["detail"]
    await node.json("PUT", AUDIO, 422, data=b"", headers=WAV)
    await node.json("PUT", AUDIO, 415, data=b"x", headers={"Content-Type": "text/plain"})
    await node.json("PUT", "/api/v1/prompts/nobody/audio", 404, data=sound(tmp_path), headers=WAV)
    await node.json("PUT", "/api/v1/prompts/..%2F..%2Fetc/audio", 404, data=b"x", headers=WAV)
    assert (await node.json("GET", "/api/v1/prompt-audios"))["items"] == [kept]
    assert {each.name for each in (tmp_path / "prompts").iterdir()} == {
        "hello.json",
        "hello.8000.wav",
        "hello.16000.wav",
    }


async def test_what_is_too_large_is_413_whether_it_says_so_or_not(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts_module, "LARGEST_BYTES", 100_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(20_000)

    await node.json("PUT", AUDIO, 413, data=pieces(), headers=WAV)
    async with node.ask("PUT", AUDIO, data=b"", headers={**WAV, "Content-Length": str(10**10)}) as answer:
        assert answer.status == 413


async def test_a_full_disk_is_507_and_keeps_the_old_sound(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await node.json("PUT", AUDIO, data=sound(tmp_path, "a.wav"), headers=WAV)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PromptFiles, "keep", full)
    problem = await node.json("PUT", AUDIO, 507, data=sound(tmp_path), headers=WAV)
    assert "disk is full" in problem["detail"]
    assert (await node.json("GET", "/api/v1/prompt-audios"))["items"] == [kept]


async def test_two_at_once_leave_one_whole(node: Node, tmp_path: Path) -> None:
    data = sound(tmp_path)
    both = await asyncio.gather(
        *(node.json("PUT", AUDIO, data=data, headers={"Content-Type": "audio/flac"}) for _ in range(2))
    )
    assert (await node.json("GET", "/api/v1/prompt-audios"))["items"][0] in both


async def test_a_text_can_be_heard(node: Node, tmp_path: Path) -> None:
    async with node.ask("POST", "/api/v1/speech", json={"text": "Good morning."}) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        (tmp_path / "said.wav").write_bytes(await answer.read())
    said = wav.read(tmp_path / "said.wav")
    assert 0.5 < said.seconds < 3
    assert -30 < said.level_dbfs() < -15
    await node.json("POST", "/api/v1/speech", 422, json={"text": ""})
    await node.json("POST", "/api/v1/speech", 422, json={"text": "a" * 1001})
    problem = await node.json("POST", "/api/v1/speech", 422, json={"text": "Hello", "language": "zz"})
    assert "espeak-ng" in problem["detail"]


async def test_without_a_voice_and_without_prompts_it_is_503(start_node: StartNode, tmp_path: Path) -> None:
    mute = await start_node()
    files = PromptFiles(tmp_path / "prompts")
    prompts = Prompts(mute.deps.records, files, Voices(), mute.deps.clock, language="en")
    mute = await start_node(prompts=prompts)
    problem = await mute.json("POST", "/api/v1/speech", 503, json={"text": "Hello"})
    assert "no voice" in problem["detail"]
    bare = await start_node(prompts=None)
    await bare.json("GET", "/api/v1/prompt-audios", 503)


async def test_an_extension_that_records_is_one(node: Node) -> None:
    problem = await node.json(
        "POST", "/api/v1/prompts", 422, json={"id": "x", "name": "X", "recorders": ["999"]}
    )
    assert problem["errors"][0]["path"] == "$.recorders[0]"
