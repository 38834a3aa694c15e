"""Limits over made-up calls: what is counted, what is let out, what is ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from pbx.feature.limits import Limits, Reached
from pbx.feature.tally import BUCKET_S, DAY_S, HOUR_S, OFFICE, Talk
from pbx.model.call_event import (
    CallEnded,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegJoined,
    LegLeft,
)
from pbx.model.limit import Limit
from pbx.model.opening import Opening
from tests.fakes.clock import FakeClock

HOME = "2025550123"


@dataclass
class Office:
    """Limits with a clock; `call` lets one out as `OutsideCalls` does."""

    limits: list[Limit] = field(default_factory=list)
    country: str = "US"
    ended: list[tuple[str, str]] = field(default_factory=list)
    warned: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.gate = Limits(lambda: self.limits, country=self.country, clock=self.clock)
        self._serial = 0

    def call(self, extension: str = "101", number: str = HOME, trunk: str = "t") -> str | None:
        """The call's id; None when a limit is in its way."""
        if self.gate.check(extension, trunk, number) is not None:
            return None
        self._serial += 1
        name, at = f"c{self._serial}", self.clock.now()
        self.gate.take(CallRouted(call=name, at=at, kind="trunk", to=trunk, charged_to=extension))
        self.gate.take(
            LegDialled(call=name, at=at, leg="b1", target=number, trunk=trunk, charged_to=extension)
        )
        return name

    def talk(self, **more: str) -> str:
        name = self.call(**more)
        assert name is not None
        self.gate.take(LegAnswered(call=name, at=self.clock.now(), leg="b1"))
        return name

    def hang_up(self, name: str, status: int = 0) -> None:
        at = self.clock.now()
        self.gate.take(LegEnded(call=name, at=at, leg="b1", cause="normal", status=status))
        self.gate.take(CallEnded(call=name, at=at, cause="normal"))

    def what(self, extension: str = "101", number: str = HOME, trunk: str = "t") -> str | None:
        reached = self.gate.check(extension, trunk, number)
        return reached.what if reached is not None else None

    # -- EndCall

    def warn(self, call: str, limit: str, left_s: int) -> None:
        self.warned.append((call, left_s))

    def end(self, talk: Talk, reached: Reached) -> None:
        self.ended.append((talk.call, reached.what))
        self.hang_up(talk.call)


def only(**more: Any) -> Office:
    """An office with this limit and no standard ones."""
    off: list[Limit] = [
        Limit(id="office", name="Off", counts="office", enabled=False),
        Limit(id="each-extension", name="Off", counts="extension", enabled=False),
    ]
    limit = {"id": "one", "name": "One", "counts": "extension", **more}
    return Office([*off, Limit(**limit)])


# -- a new office


@pytest.mark.parametrize(
    ("country", "number", "what"),
    [
        ("US", "2025550123", None),
        ("US", "+16135550123", None),  # Canada
        ("US", "+18765551234", "country"),  # Jamaica has +1 too
        ("US", "9005551234", "premium"),
        ("US", "01125261123456", "country"),
        ("DE", "0043 1 534530", None),
        ("DE", "09001234567", "premium"),
        ("DE", "0044 2071838750", "country"),
        ("DE", "+8821612345678", "country"),
        ("DE", "110", None),
        ("US", "8101", None),  # an extension of another office
    ],
)
def test_a_new_office_is_protected(country: str, number: str, what: str | None) -> None:
    assert Office(country=country).what(number=number) == what


def test_one_extension_of_a_new_office_cannot_use_up_the_office() -> None:
    office = Office()
    for _ in range(4):
        assert office.call("101")
    assert office.what("101") == "calls_at_once"
    assert office.what("102") is None


def test_a_stored_limit_takes_the_place_of_the_standard_one() -> None:
    office = Office([Limit(id="office", name="Mine", counts="office", countries=("GB",))])
    assert office.what(number="00442071838750") is None
    assert office.what(number=HOME) == "country"
    assert [each.id for each in office.gate.in_force()] == ["office", "each-extension"]


# -- counting


def test_calls_at_once() -> None:
    office = only(calls_at_once=1)
    name = office.call()
    assert name is not None
    assert office.what() == "calls_at_once"
    assert office.what("102") is None
    office.hang_up(name)
    assert office.what() is None


@pytest.mark.parametrize("second", [0, 1, 299])
def test_calls_of_an_hour_come_back_after_it(second: int) -> None:
    office = only(calls_per_hour=2)
    office.clock.advance(second)
    for _ in range(2):
        office.hang_up(office.talk())
    office.clock.advance(HOUR_S - 1)
    assert office.what() == "calls_per_hour"
    office.clock.advance(1 + BUCKET_S)
    assert office.what() is None


def test_minutes_of_a_running_call_count() -> None:
    office = only(minutes_per_hour=10, end_calls=False)
    office.talk()
    office.clock.advance(599)
    assert office.what() is None
    office.clock.advance(1)
    assert office.what() == "minutes_per_hour"


def test_a_call_that_only_rings_uses_no_minutes() -> None:
    office = only(minutes_per_hour=1)
    office.call()
    office.clock.advance(600)
    assert office.what() is None


def test_a_trunk_s_own_fault_does_not_count() -> None:
    office = only(calls_per_day=1)
    name = office.call()
    assert name is not None
    office.gate.take(LegEnded(call=name, at=office.clock.now(), leg="b1", cause="unreachable", status=503))
    assert office.what() is None
    name = office.call()
    assert name is not None
    office.gate.take(LegEnded(call=name, at=office.clock.now(), leg="b1", cause="busy", status=486))
    assert office.what() == "calls_per_day"


def test_what_was_reserved_and_never_dialled_does_not_count() -> None:
    office = only(calls_per_day=1)
    office.gate.take(CallRouted(call="x", at=office.clock.now(), kind="trunk", to="t", charged_to="101"))
    assert office.what() == "calls_per_day"
    office.gate.take(CallEnded(call="x", at=office.clock.now(), cause="error"))
    assert office.what() is None


def test_calls_for_help_are_not_counted() -> None:
    office = only(calls_at_once=1)
    office.gate.take(CallRouted(call="x", at=office.clock.now(), kind="trunk", to="t"))
    office.gate.take(LegDialled(call="x", at=office.clock.now(), leg="b1", target="911", trunk="t"))
    assert office.what() is None


def test_a_limit_for_some_replaces_the_one_for_all() -> None:
    office = only(calls_at_once=0)
    office.limits.append(
        Limit(id="two", name="Two", counts="extension", extensions=("200",), calls_at_once=1)
    )
    assert office.what("101") == "calls_at_once"
    assert office.what("200") is None


def test_a_trunk_has_limits_of_its_own() -> None:
    office = only(counts="trunk", trunks=("a",), calls_at_once=0)
    assert office.what(trunk="a") == "calls_at_once"
    assert office.what(trunk="b") is None


def test_hours_and_prefixes() -> None:
    office = only(hours=(Opening(days=("fri",)),), time_zone="UTC")
    assert office.what() == "hours"  # the clock starts on a Thursday
    office.clock.advance(DAY_S)
    assert office.what() is None
    assert only(refused_prefixes=("+1202",)).what() == "prefix"


def test_the_figures_are_those_of_the_last_day() -> None:
    office = Office()
    name = office.talk()
    office.clock.advance(90)
    office.hang_up(name)
    view = {(each.subject, each.key): each for each in office.gate.report().items}
    assert set(view) == {OFFICE, ("trunk", "t"), ("extension", "101")}
    one = view["extension", "101"]
    assert (one.calls_now, one.calls_hour, one.calls_day) == (0, 1, 1)
    assert (one.minutes_hour, one.minutes_day) == (1.5, 1.5)
    office.clock.advance(DAY_S + BUCKET_S)
    assert [each.subject for each in office.gate.report().items] == ["office"]


def test_a_leg_that_goes_into_another_call_goes_on_counting() -> None:
    office = only(minutes_per_day=10, warn_s=0)
    name = office.talk()
    office.clock.advance(60)
    at = office.clock.now()
    office.gate.take(LegLeft(call=name, at=at, leg="b1", to_call="other"))
    office.gate.take(CallEnded(call=name, at=at, cause="transferred"))
    office.gate.take(LegJoined(call="other", at=at, leg="b7", target="x", from_call=name))
    office.clock.advance(60)
    assert office.gate.report().items[0].minutes_day == 2.0
    assert [(talk.call, talk.leg) for talk in office.gate.usage.running()] == [("other", "b7")]
    office.gate.take(LegEnded(call="other", at=office.clock.now(), leg="b7", cause="normal"))
    office.clock.advance(60)
    assert office.gate.report().items[0].minutes_day == 2.0
    assert not list(office.gate.usage.running())


def test_a_leg_that_never_arrives_ends_with_the_call_it_went_to() -> None:
    office = only()
    name = office.talk()
    office.gate.take(LegLeft(call=name, at=office.clock.now(), leg="b1", to_call="other"))
    office.gate.take(CallEnded(call=name, at=office.clock.now(), cause="transferred"))
    assert len(list(office.gate.usage.running())) == 1
    office.gate.take(CallEnded(call="other", at=office.clock.now(), cause="normal"))
    assert not list(office.gate.usage.running())


# -- calls that go on


def test_a_call_that_uses_up_the_minutes_is_warned_and_ended() -> None:
    office = only(minutes_per_day=10, warn_s=60)
    name = office.talk()
    assert office.gate.enforce(office) == pytest.approx(540)
    office.clock.advance(540)
    assert office.gate.enforce(office) == pytest.approx(60)
    assert office.warned == [(name, 60)]
    office.clock.advance(60)
    office.gate.enforce(office)
    assert office.ended == [(name, "minutes_per_day")]
    assert office.warned == [(name, 60)]


def test_two_calls_use_up_the_minutes_in_half_the_time() -> None:
    office = only(minutes_per_hour=10, warn_s=0)
    office.talk()
    office.talk()
    assert office.gate.enforce(office) == pytest.approx(300)
    office.clock.advance(300)
    office.gate.enforce(office)
    assert [what for _, what in office.ended] == ["minutes_per_hour"] * 2
    assert office.warned == []


def test_a_limit_for_some_that_lets_calls_go_on_replaces_the_one_for_all() -> None:
    office = only(minutes_per_call=1, warn_s=0)
    office.limits.append(
        Limit(
            id="two",
            name="Two",
            counts="extension",
            extensions=("200",),
            minutes_per_call=1,
            end_calls=False,
        )
    )
    mine, theirs = office.talk(extension="101"), office.talk(extension="200")
    office.clock.advance(61)
    office.gate.enforce(office)
    assert [name for name, _ in office.ended] == [mine]
    office.hang_up(theirs)


def test_a_call_has_a_longest_time_and_may_be_left_to_go_on() -> None:
    office = only(minutes_per_call=5, warn_s=0)
    name = office.talk()
    office.clock.advance(300)
    office.gate.enforce(office)
    assert office.ended == [(name, "minutes_per_call")]
    patient = only(minutes_per_call=5, minutes_per_hour=5, end_calls=False)
    patient.talk()
    patient.clock.advance(3000)
    patient.gate.enforce(patient)
    assert patient.ended == []


# -- whatever happens

KINDS = ("call", "call", "answer", "answer", "end", "fault", "pause", "pause")
PAUSES_S = (1, 60, 100, 250, 299, 600, 1500, 3300, 3400, 3599)


def test_no_window_of_an_hour_has_more_than_the_limit() -> None:
    for seed in range(300):
        try:
            an_hour_of_calls(Random(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def an_hour_of_calls(random: Random) -> None:
    """The oracle keeps every call with its times and looks at each hour afterwards."""
    at_once, per_hour, minutes = random.randint(1, 4), random.randint(1, 8), random.randint(1, 60)
    office = only(calls_at_once=at_once, calls_per_hour=per_hour, minutes_per_hour=minutes, warn_s=0)
    open_: dict[str, list[Any]] = {}  # name → [extension, began, answered]
    done: list[tuple[str, float, float | None, float]] = []

    def end(name: str, status: int = 0) -> None:
        extension, began, answered = open_.pop(name)
        office.hang_up(name, status)
        if answered is not None or not status:
            done.append((extension, began, answered, office.clock.monotonic()))

    class Enforced:
        def warn(self, call: str, limit: str, left_s: int) -> None: ...

        def end(self, talk: Talk, reached: Reached) -> None:
            end(talk.call)

    for _ in range(80):
        what, extension = random.choice(KINDS), random.choice(("101", "101", "102"))
        if what == "call":
            name = office.call(extension)
            if name is not None:
                open_[name] = [extension, office.clock.monotonic(), None]
        elif what == "pause":
            left = float(random.choice(PAUSES_S))
            while left > 0:  # as `run` would: never past the time that it asked for
                step = min(left, max(office.gate.enforce(Enforced()), 0.25))
                office.clock.advance(step)
                left -= step
            office.gate.enforce(Enforced())
        elif open_:
            name = random.choice(sorted(open_))
            if what == "answer" and open_[name][2] is None:
                open_[name][2] = office.clock.monotonic()
                office.gate.take(LegAnswered(call=name, at=office.clock.now(), leg="b1"))
            elif what == "end" or open_[name][2] is not None:
                end(name)
            else:
                end(name, 503)
        counts = [sum(each[0] == who for each in open_.values()) for who in ("101", "102")]
        assert max(counts) <= at_once
    now = office.clock.monotonic()
    spells = [*done, *((*each, now) for each in open_.values())]
    for extension in ("101", "102"):
        mine = [each for each in spells if each[0] == extension]
        for _, start, _, _ in mine:
            assert sum(start <= began < start + HOUR_S for _, began, _, _ in mine) <= per_hour
        for _, _, _, until in mine:
            talked = sum(
                max(0.0, min(ended, until) - max(answered, until - HOUR_S))
                for _, _, answered, ended in mine
                if answered is not None
            )
            assert talked <= minutes * 60 + 0.3 * at_once
    for name in list(open_):
        end(name)
    assert not list(office.gate.usage.running())
    office.clock.advance(2 * timedelta(days=1).total_seconds())
    assert [each.subject for each in office.gate.report().items] == ["office"]
