"""Recording a prompt by phone, in virtual time: what each key does, and that nothing changes before it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.call.talk import Sound
from pbx.core.errors import UserError
from pbx.feature.prompt_recording import PromptRecording
from pbx.model.prompt import Prompt
from tests.call.test_talk import Menu
from tests.fakes.sounds import FakeSounds
from tests.fakes.virtual_loop import run_virtual

PROMPT = Prompt(id="closed", name="Closed", code="5", recorders=("100", "101"))


class Kept:
    """Stands in for the office's prompts."""

    def __init__(self, folder: Path, *, full: bool) -> None:
        self.kept: list[tuple[str, str, str]] = []
        self.open = 0
        self._folder = folder
        self._full = full

    @asynccontextmanager
    async def workshop(self) -> AsyncIterator[Path]:
        self.open += 1
        try:
            yield self._folder
        finally:
            self.open -= 1

    async def recorded(self, prompt: str, source: Path, *, by: str) -> None:
        if self._full:
            raise UserError("the disk is full", http_status=507)
        self.kept.append((prompt, source.name, by))


def dialled(
    keys: str, tmp_path: Path, *, code: str = "5", hang_up_s: float = 0, full: bool = False
) -> tuple[Kept, list[str]]:
    """What was kept and what was said, when these keys are pressed, one every two seconds; "_" is none."""
    prompts, sounds = Kept(tmp_path, full=full), FakeSounds()

    async def whole() -> None:
        menu = Menu()
        feature = PromptRecording(prompts, lambda: (PROMPT,), sounds, lambda: Sound("beep", 0.5))  # type: ignore[arg-type]

        class Router:
            async def route(self, call: Call) -> None:
                for at, key in enumerate(keys):
                    if key != "_":
                        asyncio.get_running_loop().call_later(2 + 2 * at, partial(menu._digit, key))
                if hang_up_s:
                    menu.hang_up(after_s=hang_up_s)
                await feature.run(call, code)

            async def transfer(self, call: Any, transfer: Any) -> None:
                raise AssertionError("nobody transfers")

        await menu.office.call.run(Router())

    run_virtual(whole)
    assert prompts.open == 0
    return prompts, sounds.said


@pytest.mark.parametrize(
    ("keys", "kept", "last"),
    [
        ("1_#1", "1.wav", "prompt_kept"),
        ("2_1_#2_1", "1.wav", "prompt_kept"),
        ("1_#3_#1", "2.wav", "prompt_kept"),
        ("1_#*", "", "prompt_thrown_away"),
        ("*", "", "prompt_thrown_away"),
        ("1_#", "", "prompt_thrown_away"),
        ("", "", "prompt_thrown_away"),
        ("777", "", "prompt_thrown_away"),
    ],
)
def test_what_the_keys_do(tmp_path: Path, keys: str, kept: str, last: str) -> None:
    prompts, said = dialled(keys, tmp_path)
    assert [each[:2] for each in prompts.kept] == ([("closed", kept)] if kept else [])
    assert said[-1] == last
    assert said[0] == "prompt_begin name=Closed"


def test_it_can_be_heard_before_and_after(tmp_path: Path) -> None:
    _, said = dialled("2_1_#2_1", tmp_path)
    assert "prompt closed" in said
    assert "file 1.wav" in said


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    prompts, said = dialled("1_#1", tmp_path, full=True)
    assert (prompts.kept, said[-1]) == ([], "prompt_failed")


@pytest.mark.parametrize("code", ["", "6", "closed"])
def test_only_its_number_leads_to_a_prompt(tmp_path: Path, code: str) -> None:
    prompts, said = dialled("1_#1", tmp_path, code=code)
    assert (prompts.kept, said) == ([], ["prompt_unknown"])


@pytest.mark.parametrize("tenths", range(5, 120, 5))
def test_a_hang_up_at_any_moment_keeps_nothing(tmp_path: Path, tenths: int) -> None:
    prompts, _ = dialled("1_#____", tmp_path, hang_up_s=tenths / 10)
    assert prompts.kept == []
