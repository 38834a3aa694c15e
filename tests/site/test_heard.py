"""Voicemail, prompts, conferences, recordings, queues and the history, in a real browser with a fake microphone."""

from __future__ import annotations

import wave
from io import BytesIO
from pathlib import Path

import pytest

from tests.site import media_scene
from tests.site.media_stage import MediaStage
from tests.site.script import play
from tests.site.stage import staged

pytestmark = pytest.mark.timeout(300)


async def test_messages_prompts_conferences_and_calls_are_heard_and_told(tmp_path: Path) -> None:
    media = MediaStage(tmp_path)
    async with staged(tmp_path, furnish=media.furnish) as stage:
        await media_scene.furnished(stage, media)

        async def heard() -> None:
            """The node knows that it was played, and not only the page."""
            assert media.deps.voicemail is not None
            messages, _ = await media.deps.voicemail.page("101")
            assert next(each for each in messages if each.from_name == "Weber & Sons").read

        async def message() -> None:
            await media.message("900", ("+4989123", "Just now"), seconds=2, ago_s=0)

        async def kept() -> None:
            """What was recorded in the browser is a sound, about as long as it took."""
            assert media.deps.prompts is not None
            path = await media.deps.prompts.wav("over-easter")
            with wave.open(BytesIO(path.read_bytes())) as sound:
                assert 1.5 < sound.getnframes() / sound.getframerate() < 20
                assert any(sound.readframes(sound.getnframes())), "silence"

        await play(
            "heard.mjs",
            stage.setup_url,
            cues={"heard by the node": heard, "a new message": message, "the prompt is kept": kept},
        )
        assert media.conferences.invited == [("800", "103")]
