"""What a node alone with a caller does: says things, takes keys, records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr

from pbx.call.call import Call
from pbx.call.talk import MOST_KEYS, Sound, Talk
from pbx.model.leg_event import Ended, InfoDigit, LegCause
from pbx.model.stream import DigitPressed, RecordingEnded, StartedTalking, StoppedTalking
from tests.call.parts import PCMU, Office, sdp
from tests.call.test_call import everything_is_given_back
from tests.fakes.virtual_loop import run_virtual

OFFER = sdp(PCMU, "101 telephone-event/8000")
QUESTION, MORE = Sound("question", 4.0), Sound("more", 2.0)

Story = Callable[["Menu"], Awaitable[None]]


class FakeRecording:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.ended: asyncio.Future[RecordingEnded] = asyncio.get_running_loop().create_future()

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def stop(self) -> RecordingEnded:
        if not self.ended.done():
            self.ended.set_result(RecordingEnded("stopped", 1000, self.path))
        return self.ended.result()


class FakeRecorder:
    def __init__(self) -> None:
        self.made: list[FakeRecording] = []

    def record(self, a: Any, path: Path, **_: object) -> FakeRecording:
        self.made.append(FakeRecording(path))
        return self.made[-1]


class Menu:
    """A call whose program is the test; the office has a recorder."""

    def __init__(self) -> None:
        self.office = Office(offer=OFFER, transcodes=True)
        self.recorder = FakeRecorder()
        force_setattr(self.office.ports, "recorder", self.recorder)
        self.talk = Talk(self.office.call)

    @property
    def stream(self) -> Any:
        return self.office.media.streams[0]

    @property
    def heard(self) -> object:
        return self.office.media.playing.get("call-1/a")

    def press(self, keys: str, *, after_s: float) -> None:
        loop = asyncio.get_running_loop()
        for index, key in enumerate(keys):
            loop.call_later(after_s + index / 10, partial(self._digit, key))

    def _digit(self, key: str) -> None:
        self.stream.on_event(DigitPressed(key, 100))

    def hang_up(self, *, after_s: float) -> None:
        asyncio.get_running_loop().call_later(
            after_s, lambda: self.office.caller.tell(Ended(LegCause.NORMAL))
        )


def play(story: Story) -> Menu:
    """Run the story as the program of a call, and see that nothing is left."""
    kept: list[Menu] = []

    async def whole() -> None:
        menu = Menu()
        kept.append(menu)
        done = False

        class Router:
            async def route(self, call: Call) -> None:
                nonlocal done
                async with menu.talk:
                    await story(menu)
                done = True

            async def transfer(self, call: Any, transfer: Any) -> None:
                raise AssertionError("nobody transfers")

        await menu.office.call.run(Router())
        everything_is_given_back(menu.office)
        assert done or menu.office.cdr.disposition == "answered"

    run_virtual(whole)
    return kept[0]


def test_a_sentence_is_heard_to_its_end_and_then_the_next() -> None:
    async def story(menu: Menu) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await menu.talk.say(QUESTION, MORE) == ""
        assert loop.time() - began == pytest.approx(6.0)
        assert menu.heard == "more"

    play(story)


def test_a_key_cuts_a_sentence_short_and_the_rest_is_silent() -> None:
    async def story(menu: Menu) -> None:
        loop = asyncio.get_running_loop()
        menu.press("7", after_s=1.5)
        assert await menu.talk.say(QUESTION, MORE) == "7"
        assert loop.time() == pytest.approx(1.5)
        assert menu.heard is None

    play(story)


def test_keys_that_may_not_cut_short_wait_for_the_next_question() -> None:
    async def story(menu: Menu) -> None:
        menu.press("42#", after_s=0.5)
        assert await menu.talk.say(QUESTION, barge_in="") == ""
        assert await menu.talk.ask(MORE, most=4) == "42"
        assert asyncio.get_running_loop().time() == pytest.approx(4.0), "the second was not even begun"

    play(story)


@pytest.mark.parametrize(
    ("keys", "most", "wanted"),
    [("123", 3, "123"), ("12#", 3, "12"), ("#", 3, ""), ("", 3, ""), ("12", 4, "12")],
)
def test_what_is_collected(keys: str, most: int, wanted: str) -> None:
    async def story(menu: Menu) -> None:
        menu.press(keys, after_s=1.0)
        assert await menu.talk.ask(QUESTION, most=most) == wanted

    play(story)


def test_a_key_by_info_counts_as_any_other() -> None:
    async def story(menu: Menu) -> None:
        asyncio.get_running_loop().call_later(1, lambda: menu.office.caller.tell(InfoDigit("5")))
        assert await menu.talk.key(within_s=3) == "5"
        assert await menu.talk.key(within_s=3) == ""

    play(story)


def test_a_phone_that_never_stops_pressing_fills_no_memory() -> None:
    async def story(menu: Menu) -> None:
        menu.press("1" * 500, after_s=0.0)
        await asyncio.sleep(60)
        assert len(menu.talk.keys) == MOST_KEYS

    play(story)


def test_a_recording_ends_with_a_key() -> None:
    async def story(menu: Menu) -> None:
        menu.press("3#", after_s=2.0)
        ended = await menu.talk.record(Path("x.wav"), max_s=60)
        assert (ended.reason, ended.path) == ("stopped", Path("x.wav"))
        assert asyncio.get_running_loop().time() == pytest.approx(2.1, abs=0.3)

    play(story)


def test_a_recording_ends_with_silence_but_not_while_somebody_talks() -> None:
    async def story(menu: Menu) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, lambda: menu.stream.on_event(StartedTalking(-20)))
        loop.call_later(20.0, lambda: menu.stream.on_event(StoppedTalking()))
        await menu.talk.record(Path("x.wav"), max_s=60, silence_s=4)
        assert loop.time() == pytest.approx(24.0, abs=0.5)

    play(story)


def test_a_recording_is_complete_when_the_caller_hangs_up() -> None:
    async def story(menu: Menu) -> None:
        menu.hang_up(after_s=3.0)
        await menu.talk.record(Path("x.wav"), max_s=60)
        raise AssertionError("the program goes on after the hang-up")

    menu = play(story)
    assert menu.recorder.made[0].ended.done()


@pytest.mark.parametrize("tenths", range(0, 100, 7))
def test_a_hang_up_at_any_moment_leaves_nothing(tenths: int) -> None:
    async def story(menu: Menu) -> None:
        menu.hang_up(after_s=tenths / 10)
        await menu.talk.ask(QUESTION, most=4)
        menu.talk.music("music")
        await asyncio.sleep(3)

    play(story)
