"""Follow-me on scripted legs and virtual time: who rings when, who is asked for a key, and that nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.ending import Ending
from pbx.call.fork import Lost
from pbx.core.errors import PeerError
from pbx.feature.follow_me import FollowMeCalls
from pbx.feature.outside import WayOut
from pbx.model.call_event import LegAnswered, LegAsked, LegEnded
from pbx.model.extension import Extension
from pbx.model.follow_me import FollowMe, FollowMeNumber
from pbx.model.leg_event import Answered, Ended, InfoDigit, LegCause, Progress, Refused
from pbx.model.party import DialTarget
from pbx.model.stream import DigitPressed
from tests.call.parts import PCMA, PCMU, Office, ScriptedLeg, sdp, settle, target
from tests.call.test_call import Program, everything_is_given_back
from tests.fakes.virtual_loop import run_virtual

OFFER = sdp(PCMU, PCMA, "101 telephone-event/8000")
ANSWER = sdp(PCMU, "101 telephone-event/8000")


class Line:
    """A trunk with so many channels."""

    def __init__(self, channels: int = 10) -> None:
        self.channels = channels
        self.calls = 0
        self.is_up = True

    @property
    def has_room(self) -> bool:
        return self.calls < self.channels

    def seize(self) -> Callable[[], None]:
        self.calls += 1

        def release() -> None:
            self.calls -= 1

        return release


class Outside:
    """Numbers that begin with 0 go out over each of the lines."""

    def __init__(self, *lines: Line) -> None:
        self.lines = lines

    def ways_out(self, call: Call, dialled: str, extension: Extension, *, reason: str = "") -> list[WayOut]:
        assert (extension.number, reason) == ("102", "follow-me")
        if not dialled.startswith("0"):
            return []
        return [
            WayOut(target(f"{dialled}" if place == 0 else f"{dialled}/{place}"), line)  # type: ignore[arg-type]
            for place, line in enumerate(self.lines)
        ]


async def _question(call: Call) -> str:
    return "ask"


class Story:
    """A call to extension 102, whose phone is "desk"; 103 has the phone "other"."""

    def __init__(self, follow_me: FollowMe, *lines: Line, own: tuple[str, ...] = ("desk",)) -> None:
        self.office = Office(offer=OFFER)
        self.lines = lines or (Line(),)
        self.dialled: list[tuple[float, str]] = []
        self.office.signaling.on_dial = lambda uri, leg: self.dialled.append((self.now, uri))
        self.lost: Lost | None = None
        self._extension = Extension(number="102", name="Bob", ring_timeout_s=20, follow_me=follow_me)
        self._own = [target(each) for each in own]
        self._calls = FollowMeCalls(
            self._phones, Outside(*self.lines), redirect=lambda _: (), question=_question
        )
        self._start = asyncio.get_running_loop().time()
        self.task = asyncio.get_running_loop().create_task(self.office.call.run(Program(self._program)))

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._start

    @property
    def uris(self) -> list[str]:
        return [uri for _, uri in self.dialled]

    def leg(self, uri: str) -> ScriptedLeg:
        return self.office.signaling.legs[uri]

    def press(self, leg: str, digit: str) -> None:
        """A key by RFC 4733; `leg` is the name that it has in the call."""
        stream = self.office.call.legs[leg].stream
        stream.on_event(DigitPressed(digit, 100))

    async def over(self, leg: ScriptedLeg) -> None:
        leg.tell(Ended(LegCause.NORMAL))
        await asyncio.wait_for(self.task, 1)
        everything_is_given_back(self.office)
        assert [each.calls for each in self.lines] == [0] * len(self.lines)

    def _phones(self, number: str) -> list[DialTarget]:
        return [target("other")] if number == "103" else []

    async def _program(self, call: Call) -> None:
        outcome = await self._calls.ring(call, self._extension, self._own)
        if isinstance(outcome, Lost):
            self.lost = outcome
            call.end_with(Ending(outcome.cause, outcome.status))
        else:
            await join(call, outcome)


def numbers(*wanted: str | tuple[str, int, int]) -> tuple[FollowMeNumber, ...]:
    return tuple(
        FollowMeNumber(number=each)
        if isinstance(each, str)
        else FollowMeNumber(number=each[0], delay_s=each[1], timeout_s=each[2])
        for each in wanted
    )


def follow(*wanted: str | tuple[str, int, int], **more: Any) -> FollowMe:
    return FollowMe(enabled=True, numbers=numbers(*wanted), **more)


def virtual(story: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that runs on virtual time."""

    def test() -> None:
        run_virtual(story)

    test.__name__ = story.__name__
    return test


@virtual
async def test_one_by_one_the_own_phones_first_each_as_long_as_it_may() -> None:
    story = Story(follow("103", ("0300", 5, 10)))
    await asyncio.sleep(100)
    assert story.dialled == [(0, "desk"), (20, "other"), (45, "0300")]
    assert story.task.done()
    assert story.lost is not None
    assert (story.lost.cause, story.now) == (LegCause.NO_ANSWER, 100)
    assert [leg.ended for leg in story.office.signaling.legs.values()] == [[LegCause.NO_ANSWER]] * 3
    assert story.lines[0].calls == 0


@virtual
async def test_all_at_once_each_with_its_own_delay_and_time() -> None:
    story = Story(follow("103", ("0300", 5, 10), strategy="all"))
    await asyncio.sleep(4)
    assert story.dialled == [(0, "desk"), (0, "other")]
    await asyncio.sleep(12)
    assert story.dialled[2:] == [(5, "0300")]
    assert story.leg("0300").ended == [LegCause.NO_ANSWER], "its own time is up, the others ring on"
    assert story.leg("desk").ended == []
    story.leg("other").tell(Answered(ANSWER))
    await settle()
    assert story.office.media.links["call-1/a"][0] == "call-1/b2"
    await story.over(story.office.caller)


@pytest.mark.parametrize("how", ["rfc4733", "info"])
def test_who_presses_1_gets_the_call(how: str) -> None:
    async def story_of() -> None:
        story = Story(follow("0300", own_phones=False))
        await settle()
        mobile = story.leg("0300")
        mobile.tell(Progress(183, ANSWER))
        await settle()
        assert story.office.caller.progressed == [(180, None)], (
            "what the network plays there is not passed on"
        )
        mobile.tell(Answered(ANSWER))
        await settle()
        assert story.office.media.playing == {"call-1/b1": "ask"}
        assert (story.office.media.links, story.office.caller.answers) == ({}, [])
        story.press("b1", "5")
        await settle()
        assert not story.office.caller.answers, "another key is no yes"
        if how == "info":
            mobile.tell(InfoDigit("1"))
        else:
            story.press("b1", "1")
        await settle()
        assert story.office.media.links["call-1/a"][0] == "call-1/b1"
        assert story.office.media.playing == {}
        assert story.lines[0].calls == 1
        kinds = [type(each) for each in story.office.log.events]
        assert kinds.index(LegAsked) < kinds.index(LegAnswered)
        assert story.office.cdr.answered_by == "0300"
        await story.over(mobile)

    run_virtual(story_of)


@virtual
async def test_a_mailbox_never_gets_the_call_and_the_others_ring_on() -> None:
    story = Story(follow("0300", strategy="all"))
    await settle()
    story.leg("0300").tell(Answered(ANSWER))
    await asyncio.sleep(14.9)
    assert story.leg("0300").ended == []
    await asyncio.sleep(0.2)
    assert story.leg("0300").ended == [LegCause.NO_ANSWER]
    assert story.lines[0].calls == 0
    story.leg("desk").tell(Answered(ANSWER))
    await settle()
    assert story.office.cdr.answered_by == "desk"
    await story.over(story.office.caller)


@virtual
async def test_a_quick_colleague_ends_the_question() -> None:
    story = Story(follow("0300", strategy="all"))
    await settle()
    story.leg("0300").tell(Answered(ANSWER))
    await settle()
    story.leg("desk").tell(Answered(ANSWER))
    await settle()
    assert story.leg("0300").ended == [LegCause.ANSWERED_ELSEWHERE]
    await story.over(story.office.caller)


@virtual
async def test_who_is_asked_and_hangs_up_does_not_want_the_call() -> None:
    story = Story(follow("0300", "103", own_phones=False))
    await settle()
    story.leg("0300").tell(Answered(ANSWER))
    await settle()
    story.leg("0300").tell(Ended(LegCause.NORMAL))
    await settle()
    assert story.uris == ["0300", "other"]
    await story.over(story.office.caller)


@virtual
async def test_without_asking_the_first_answer_takes_the_call() -> None:
    story = Story(follow("0300", own_phones=False, confirm=False))
    await settle()
    story.leg("0300").tell(Answered(ANSWER))
    await settle()
    assert story.office.media.links
    await story.over(story.office.caller)


@virtual
async def test_the_next_trunk_is_tried_when_one_fails_and_none_when_the_mobile_is_busy() -> None:
    story = Story(follow("0300", own_phones=False), Line(), Line())
    await settle()
    story.leg("0300").tell(Refused(503, "Down"))
    await settle()
    assert story.uris == ["0300", "0300/1"]
    assert [each.calls for each in story.lines] == [0, 1]
    story.leg("0300/1").tell(Refused(486, "Busy"))
    await asyncio.wait_for(story.task, 1)
    assert story.lost is not None
    assert (story.lost.cause, story.lost.status) == (LegCause.BUSY, 486)


@virtual
async def test_a_full_trunk_carries_no_further_leg() -> None:
    story = Story(follow("0300", "0301", strategy="all", own_phones=False), Line(channels=1))
    await settle()
    assert story.uris == ["0300"]
    assert story.lines[0].calls == 1
    await story.over(story.office.caller)


@virtual
async def test_the_caller_hears_music_in_one_codec_until_somebody_answers_in_another() -> None:
    story = Story(follow("0300", "103", caller_hears="music"))
    await settle()
    assert [status for status, _ in story.office.caller.progressed] == [183]
    assert story.office.media.playing == {"call-1/a": "hold"}
    story.leg("desk").tell(Progress(180))
    await asyncio.sleep(41)
    story.leg("other").tell(Answered(sdp(PCMA)))
    await settle()
    assert story.office.caller.answers == [story.office.caller.progressed[0][1]], "RFC 3261 13.2.1"
    assert story.office.media.playing == {}
    await story.over(story.office.caller)


@virtual
async def test_numbers_that_lead_nowhere_or_back_are_left_out() -> None:
    story = Story(follow("102", "999"), own=())
    await asyncio.wait_for(story.task, 1)
    assert story.dialled == []
    assert story.lost == Lost(LegCause.UNREACHABLE, 480)


@pytest.mark.parametrize("steps", range(24))
@pytest.mark.parametrize("who", ["caller", "mobile", "desk"])
def test_a_hang_up_at_any_moment_leaks_nothing(who: str, steps: int) -> None:
    async def story_of() -> None:
        story = Story(follow("0300", strategy="all"))
        await settle()
        story.leg("0300").tell(Answered(ANSWER))
        story.leg("0300").tell(InfoDigit("1"))
        for _ in range(steps):
            await asyncio.sleep(0)
        leg = story.office.caller if who == "caller" else story.leg("0300" if who == "mobile" else "desk")
        leg.tell(Ended(LegCause.NORMAL))
        await asyncio.sleep(1)
        if not story.task.done():
            await story.over(story.office.caller)
        everything_is_given_back(story.office)
        assert story.lines[0].calls == 0
        ended = [each.leg for each in story.office.log.events if isinstance(each, LegEnded)]
        assert len(ended) == len(set(ended)), "each leg ends once"

    run_virtual(partial(story_of))


def test_a_way_out_is_refused_when_its_trunk_is_full() -> None:
    way = WayOut(target("x"), Line(channels=0))  # type: ignore[arg-type]
    with pytest.raises(PeerError):
        way.seize()
