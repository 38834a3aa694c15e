"""PocketSphinx in its process: what it hears, and that nothing of it can hurt the node."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import signal
from array import array

import pytest

from pbx.media.recognition import Heard, RecognitionError
from pbx.media.recognition_sphinx import Sphinx, refusal
from tests.media.spoken import VOICES, can_speak, spoken

NAMES = (
    "Alice Example",
    "Robert Smith",
    "Caroline Jones",
    "Michael Brown",
    "Jennifer Davis",
    "Sales department",
)
needs_sphinx = pytest.mark.skipif(bool(refusal()), reason=refusal())


@needs_sphinx
@can_speak
async def test_names_are_heard_and_the_process_serves_one_after_the_other() -> None:
    ears = Sphinx()
    assert ears.pid is None
    heard = [
        await ears.recognise(spoken("caroline jones", voice=VOICES[0]), expected=NAMES),
        await ears.recognise(
            spoken("i would like to speak to robert smith", voice=VOICES[1]), expected=NAMES
        ),
    ]
    pid = ears.pid
    heard.append(await ears.recognise(spoken("Wanda Kowalski"), expected=("Wanda Kowalski", "Peter Brown")))
    assert [each.text for each in heard] == ["Caroline Jones", "Robert Smith", "Wanda Kowalski"]
    assert ears.pid == pid
    await ears.close()
    assert ears.pid is None


@pytest.mark.slow
@needs_sphinx
@can_speak
async def test_most_names_are_heard_over_a_telephone() -> None:
    """The figure itself is measured by `bench`; this one shows when something breaks."""
    ears = Sphinx()
    said = [(name, voice) for name in NAMES for voice in VOICES]
    heard = [
        (await ears.recognise(spoken(name, voice=voice, telephone=True), expected=NAMES)).text
        for name, voice in said
    ]
    await ears.close()
    assert sum(text == name for (name, _), text in zip(said, heard, strict=True)) >= 0.75 * len(said)


@pytest.mark.slow
@needs_sphinx
async def test_noise_and_emptiness_raise_nothing() -> None:
    ears = Sphinx()
    chance = random.Random(1)
    hiss = array("h", [chance.randint(-9000, 9000) for _ in range(8000)]).tobytes()
    for pcm in (b"", b"\x01", hiss, b"\xff\x7f" * 4000):
        heard = await ears.recognise(pcm, expected=NAMES)
        assert heard.confidence <= 0.5
    assert await ears.recognise(hiss, expected=()) == Heard("", 0.0)
    await ears.close()


@needs_sphinx
@can_speak
async def test_a_process_that_was_killed_is_started_again() -> None:
    ears = Sphinx()
    said = spoken("caroline jones")
    await ears.recognise(said, expected=NAMES)
    assert ears.pid is not None
    os.kill(ears.pid, signal.SIGKILL)
    assert (await ears.recognise(said, expected=NAMES)).text == "Caroline Jones"
    await ears.close()


@needs_sphinx
async def test_a_process_that_does_not_answer_is_ended() -> None:
    ears = Sphinx(answer_s=0.05)
    with pytest.raises(RecognitionError, match="within"):
        await ears.recognise(b"\x01\x01" * 16000, expected=NAMES)
    assert ears.pid is None
    await ears.close()


@needs_sphinx
async def test_a_caller_who_hangs_up_leaves_no_answer_for_the_next() -> None:
    ears = Sphinx()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ears.recognise(b"\x01\x01" * 16000, expected=NAMES))
        await asyncio.sleep(0.1)
        asking.cancel()
    assert ears.pid is None
    await ears.close()


@needs_sphinx
async def test_without_callers_the_process_ends() -> None:
    ears = Sphinx(idle_s=0.05)
    await ears.recognise(b"\x01\x01" * 1600, expected=NAMES)
    async with asyncio.timeout(20):
        while ears.pid is not None:
            await asyncio.sleep(0.05)
    await ears.close()


async def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RecognitionError, match="pip install"):
        await Sphinx().recognise(b"\x00\x00", expected=NAMES)


async def test_it_knows_no_other_language() -> None:
    with pytest.raises(RecognitionError, match="de-DE"):
        await Sphinx().recognise(b"\x00\x00", expected=NAMES, language="de-DE")
