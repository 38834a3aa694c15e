"""The caller of a real call, as nodes see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.flow.live_line import TONE_S, LiveLine
from pbx.flow.node import NodeError
from pbx.flow.ports import CallOver, Phrase, Prompt, Text
from pbx.model.leg_event import LegCause, LegFailed
from tests.call.test_call import everything_is_given_back
from tests.call.test_talk import Menu
from tests.fakes.virtual_loop import run_virtual
from tests.stories.flow_office import Named

Story = Callable[["OnLine"], Awaitable[None]]


class OnLine(Menu):
    """A call whose program is the test, with the line of a flow."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.switched: list[str] = []
        self.line = LiveLine(
            self.office.call,
            Named(),
            tone=lambda name: f"tone:{name}",
            records=self._switch,
        )

    async def _switch(self, _call: Call, do: str) -> None:
        self.switched.append(do)

    def was_answered(self) -> bool:
        return bool(self.office.caller.answers)


def play(story: Story, folder: Path = Path("/nowhere")) -> OnLine:
    kept: list[OnLine] = []

    async def whole() -> None:
        on = OnLine(folder)
        kept.append(on)

        class Router:
            async def route(self, call: Call) -> None:
                try:
                    await story(on)
                except CallOver:
                    return
                finally:
                    await on.line.release()

            async def transfer(self, call: Any, transfer: Any) -> None:
                raise AssertionError("nobody transfers")

        await on.office.call.run(Router())
        everything_is_given_back(on.office)

    run_virtual(whole)
    return kept[0]


def test_a_wait_answers_nobody_and_the_first_word_does() -> None:
    async def story(on: OnLine) -> None:
        assert await on.line.wait(5) == ""
        assert asyncio.get_running_loop().time() == pytest.approx(5)
        assert not on.was_answered()
        await on.line.say(Text("Hello"), Phrase("bye"), Prompt("jingle"))
        assert on.was_answered()
        assert on.heard == "prompt:jingle"
        assert asyncio.get_running_loop().time() == pytest.approx(8)

    play(story)


def test_music_before_the_answer_is_early_media() -> None:
    async def story(on: OnLine) -> None:
        asyncio.get_running_loop().call_later(1, lambda: kept.append(on.heard))
        await on.line.wait(2, music=True)
        assert kept == ["hold"]
        assert [status for status, _ in on.office.caller.progressed] == [183]
        assert not on.was_answered()
        assert on.heard is None

    kept: list[object] = []
    play(story)


def test_a_key_ends_a_wait_of_one_who_was_answered() -> None:
    async def story(on: OnLine) -> None:
        await on.line.say(Text("Hello"))
        on.press("4", after_s=2.0)
        assert await on.line.wait(60, music=True) == "4"
        assert asyncio.get_running_loop().time() == pytest.approx(3)
        assert on.heard is None

    play(story)


def test_keys_are_forgotten_while_somebody_else_has_the_caller() -> None:
    async def story(on: OnLine) -> None:
        on.press("12", after_s=0.2)
        await on.line.say(Text("Hello"), barge_in=False)
        await on.line.release()
        assert on.office.call.a.pressed is None
        assert await on.line.ask(Text("Question"), most=2) == ""

    play(story)


@pytest.mark.parametrize(
    ("status", "cause"), [(0, LegCause.NORMAL), (486, LegCause.BUSY), (603, LegCause.DECLINED)]
)
def test_an_unanswered_caller_is_refused(status: int, cause: LegCause) -> None:
    on = play(lambda on: on.line.hang_up(status, tone="busy"))
    assert on.office.caller.rejected == [status or 480]
    assert on.office.cdr.cause == cause.value


def test_one_who_was_answered_hears_the_tone_first() -> None:
    async def story(on: OnLine) -> None:
        await on.line.say(Text("Sorry"))
        asyncio.get_running_loop().call_later(1, lambda: kept.append(on.heard))
        await on.line.hang_up(486, tone="congestion")

    kept: list[object] = []
    on = play(story)
    assert kept == ["tone:congestion"]
    assert on.office.cdr.cause == "normal"
    assert TONE_S > 1


def test_a_caller_who_vanished_ends_the_walk() -> None:
    async def story(on: OnLine) -> None:
        async def vanished(_: object) -> None:
            raise LegFailed(LegCause.CANCELLED)

        on.office.caller.answer = vanished  # type: ignore[assignment]
        with pytest.raises(CallOver):
            await on.line.say(Text("Hello"))

    assert play(story).office.cdr.cause == "cancelled"


def test_the_recording_is_switched_where_there_is_one() -> None:
    async def story(on: OnLine) -> None:
        await on.line.record("on")
        await on.line.record("pause")
        without = LiveLine(on.office.call, Named(), tone=lambda name: name)
        with pytest.raises(NodeError):
            await without.record("on")

    assert play(story).switched == ["on", "pause"]
