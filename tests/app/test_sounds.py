"""What features ask to be said has its sentence, and a tone where there is no voice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

import pbx
from pbx.app.sounds import SoundParts, build_sounds, voices
from pbx.call.talk import Sound
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.core.tasks import Supervisor
from pbx.feature.answering import Outcome, Phrase
from pbx.feature.queue.waiting import Announcement
from pbx.feature.wording import Wording
from pbx.media.speech_synthesis import Voices
from pbx.media.tones import ask_tone, confirmation, queue_pip

FEATURES = Path(pbx.__file__).parent / "feature"
ASKED = re.compile(r'Phrase\(\s*(?:f?"([^"]+)"|(\w+)), ("(?:on|off|refused)"[^,)]*)')
DYNAMIC = {
    "forward_{when}": ["forward_always", "forward_busy", "forward_no_answer", "forward_unreachable"],
    "name": ["queue_duty", "queue_duty_number", "queue_pause", "queue_pause_number"],
}


def asked_for() -> Iterator[tuple[str, Outcome]]:
    """Every phrase that the source of a feature names."""
    for path in FEATURES.rglob("*.py"):
        for literal, variable, outcomes in ASKED.findall(path.read_text()):
            for name in DYNAMIC.get(literal or variable, [literal]):
                for outcome in re.findall('"(on|off|refused)"', outcomes):
                    yield name, outcome


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[SoundParts]:
    async with Supervisor() as tasks:
        ground: Any = SimpleNamespace(
            config=NodeConfig(data_dir=tmp_path), stores=Mock(), clock=SystemClock(), supervisor=tasks
        )
        yield build_sounds(ground, Mock())


def test_every_answer_of_a_feature_is_a_sentence() -> None:
    wording, now = Wording(), datetime(2026, 11, 21, tzinfo=UTC)
    found = set(asked_for())
    assert len(found) >= 20
    for name, outcome in found:
        phrase = name if outcome == "refused" else f"{name}_{outcome}"
        assert wording.sentence(phrase, "en", {"number": "101", "name": "Night mode"}, now).text


async def test_an_answer_is_spoken_with_its_number(parts: SoundParts) -> None:
    short = await parts.answer(Phrase("forward_always", "on", "1"))
    long_ = await parts.answer(Phrase("forward_always", "on", "+12025550123"))
    assert long_.seconds > short.seconds + 1


async def test_a_place_in_the_line_comes_with_the_wait_and_the_offer(parts: SoundParts) -> None:
    place = await parts.announce(Announcement("position", 2))
    wait = await parts.announce(Announcement("position", 2, 130.0))
    offer = await parts.announce(Announcement("position", 2, 130.0, "5"))
    assert [len(each.prompt) for each in (place, wait, offer)] == [1, 2, 3]
    assert place.seconds + 1 < wait.seconds < offer.seconds - 1


async def test_without_a_voice_there_are_the_tones(parts: SoundParts) -> None:
    parts.sounds.voices = Voices()
    for outcome in ("on", "off", "refused"):
        assert (await parts.answer(Phrase("forward", outcome))).prompt is confirmation(outcome)
    assert (await parts.announce(Announcement("position", 2))).prompt == [queue_pip()]
    call = Mock()
    call.shown.name = "Alice"
    assert await parts.question(call) is ask_tone()
    refused: Sound = await parts.refusal("words")
    assert refused.seconds == pytest.approx(4.0, abs=0.1)


def test_a_piper_voice_without_piper_is_refused(tmp_path: Path) -> None:
    config = NodeConfig(data_dir=tmp_path, tts_piper_voice=tmp_path / "x.onnx", tts_piper_program="no-piper")
    with pytest.raises(StartupError, match="no-piper"):
        voices(config)
