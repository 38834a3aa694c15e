"""The site with calls that are played to it: what test phones do not do on command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.api.ports.health import CheckResult
from tests.site.script import Cues, play
from tests.site.stage import Stage, StagedCall, staged

pytestmark = pytest.mark.timeout(300)

ALICE, BOB = ("101", "Alice"), ("102", "Bob")


async def test_one_way_audio_a_crowd_a_restart_and_a_lost_session_are_told(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await play("odd_calls.mjs", stage.setup_url, cues=Director(stage).cues())


class Director:
    """What happens at each cue."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.calls: list[StagedCall] = []

    def cues(self) -> Cues:
        return {
            "people": self.people,
            "one way": self.one_way,
            "audio back": self.audio_back,
            "crowd": self.crowd,
            "everybody hangs up": self.everybody_hangs_up,
            "restart": self.restart,
            "unwell": self.unwell,
        }

    async def people(self) -> None:
        for number, name in (ALICE, BOB):
            await self.stage.extension(number, name)

    async def one_way(self) -> None:
        call = await self._talking()
        await call.silent("b1")

    async def audio_back(self) -> None:
        await self.calls[0].heard_again("b1")

    async def crowd(self) -> None:
        for _ in range(40):
            await self._talking()

    async def everybody_hangs_up(self) -> None:
        for call in self.calls:
            await call.later(5).end()

    async def restart(self) -> None:
        await self._talking()
        await self.stage.deps.cdrs.close_interrupted(datetime.now(UTC))
        self.stage.calls.clear()

    async def unwell(self) -> None:
        self.stage.checks.append(
            CheckResult("disk", ok=False, cause="Only 80 MB are free", action="Make room on the disk")
        )

    async def _talking(self) -> StagedCall:
        call = self.stage.call()
        self.calls.append(call)
        await call.offer(ALICE, BOB[0], BOB[1])
        await call.ring("102")
        await call.answer()
        return call
