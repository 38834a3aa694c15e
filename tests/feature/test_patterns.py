"""What several calls, phones and lines together show is told in plain words, once; what one of them shows is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.call.switch import Switch
from pbx.core.errors import PeerError
from pbx.core.metrics import Registry
from pbx.feature.call_meters import CallMeters
from pbx.feature.call_patterns import CallPatterns
from pbx.feature.ceilings import Ceilings, Reading
from pbx.feature.lost_phones import LostPhones
from pbx.model.audio_event import AudioOneWay, LegQuality, Sound
from pbx.model.call_event import CallEnded, CallEvent, CallOffered, LegAnswered, LegDialled, LegRinging
from pbx.model.registration import Unreachable, Unregistered
from pbx.model.trunk import TrunkStatus
from tests.fakes.clock import EPOCH, FakeClock


class Told:
    """The notices."""

    def __init__(self) -> None:
        self.what: list[tuple[str, str]] = []

    def post(self, kind: str, _title: str, _text: str, facts: dict[str, str]) -> None:
        assert kind == "alarm"
        self.what.append((facts["what"], facts["about"]))


def call(
    number: int, length_s: float | None, *, trunk: str | None = None, one_way: str = "", cause: str = "normal"
) -> list[CallEvent]:
    """A call an hour from 101, or from a line, to 102; `length_s` None: nobody picks up."""
    name, at = f"c{number}", EPOCH + timedelta(minutes=10 * number)
    events: list[CallEvent] = [
        CallOffered(
            call=name,
            at=at,
            from_number="101",
            from_name="",
            from_extension=None if trunk else "101",
            dialled="102",
            source="x",
            trunk=trunk,
        ),
        LegDialled(call=name, at=at, leg="b1", target="102", extension="102"),
        LegRinging(call=name, at=at + timedelta(seconds=1), leg="b1", status=180),
    ]
    if length_s is None:
        return [*events, CallEnded(call=name, at=at + timedelta(seconds=31), cause="no_answer")]
    answered = at + timedelta(seconds=5)
    events += [LegAnswered(call=name, at=answered, leg=leg) for leg in ("b1", "a")]
    if one_way:
        events.append(AudioOneWay(call=name, at=answered, leg=one_way, silent_ms=10_000))
    return [*events, CallEnded(call=name, at=answered + timedelta(seconds=length_s), cause=cause)]


def told_of(*calls: list[CallEvent]) -> list[tuple[str, str]]:
    told = Told()
    patterns = CallPatterns(told.post)
    for each in calls:
        for event in each:
            patterns.take(event)
    return told.what


def test_calls_that_end_after_half_a_minute_again_and_again_are_told_once() -> None:
    calls = [call(number, 32.1, trunk="carrier", cause="ack_missing") for number in range(5)]
    assert sorted(told_of(*calls)) == [
        ("ends_after_30_s", "extension 102"),
        ("ends_after_30_s", "line carrier"),
    ]
    assert told_of(*calls[:2]) == []


def test_people_who_hang_up_after_saying_hello_are_a_pattern_and_short_calls_are_none() -> None:
    assert [what for what, _ in told_of(*(call(n, 6) for n in range(5)))] == ["ends_after_6_s"] * 2
    assert told_of(*(call(n, 6 if n % 3 else 200) for n in range(7))) == []
    assert told_of(*(call(n, 1.5) for n in range(20))) == []
    assert told_of(*(call(n, None) for n in range(20))) == []


def test_one_way_audio_is_told_at_the_second_call() -> None:
    assert told_of(call(1, 60, one_way="b1")) == []
    assert told_of(*(call(n, 60, one_way="b1") for n in range(4))) == [("one_way", "extension 102")]


@given(st.lists(st.floats(10, 27) | st.floats(35, 4000), max_size=30))
def test_ordinary_calls_raise_no_alarm(lengths: list[float]) -> None:
    assert told_of(*(call(number, length) for number, length in enumerate(lengths))) == []


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def phones(told: Told, clock: FakeClock) -> LostPhones:
    return LostPhones(told.post, clock=clock, registered=lambda: 5, wakes=lambda number: number == "199")


def expired(number: str) -> Unregistered:
    return Unregistered(extension=number, contact_uri=f"sip:{number}@x", reason="expired")


def test_a_phone_that_gets_lost_again_and_again(phones: LostPhones, told: Told, clock: FakeClock) -> None:
    for _ in range(3):
        for number in ("101", "199"):
            phones.take(Unreachable(extension=number, contact_uri="sip:x", reason="it does not answer"))
            phones.take(expired(number))
        clock.advance(3600)
    assert told.what == [("phone_lost", "extension 101")]
    assert phones.lost == 6
    phones.take(Unregistered(extension="102", contact_uri="sip:x", reason="unregistered"))
    assert phones.lost == 6


def test_phones_that_are_lost_at_once_are_one_alarm(phones: LostPhones, told: Told, clock: FakeClock) -> None:
    for number in ("101", "102", "103", "104", "105"):
        phones.take(expired(number))
        clock.advance(5)
    assert told.what == [("phones_lost", "phones")]


def test_a_line_is_told_when_it_is_down_for_long_and_when_it_is_back(
    phones: LostPhones, told: Told, clock: FakeClock
) -> None:
    def say(state: str, wait_s: float) -> None:
        phones.take(TrunkStatus(trunk="carrier", state=state))  # type: ignore[arg-type]
        for _ in range(int(wait_s)):
            phones.tick()
            clock.advance(1)

    say("down", 60)
    say("up", 1)
    say("down", 300)
    say("down", 300)
    say("up", 1)
    assert told.what == [("line_down", "line carrier"), ("line_up", "line carrier")]


def refusal(look: Callable[[], Reading], *, free: int = 50, calls: int = 1) -> str:
    ceilings = Ceilings(ports=50, ports_free=lambda: free, look=look, monotonic=lambda: 0.0)
    ceilings.look()
    try:
        for _ in range(calls):
            ceilings.admit()
    except PeerError as error:
        early = (error.sip_status, dict(error.headers)) == (503, {"Retry-After": "5"})
        return ceilings.lately()[0] if early else str(error)
    assert ceilings.lately() == []
    return ""


def test_what_is_used_up_refuses_new_calls_early() -> None:
    assert refusal(Reading) == ""
    assert refusal(Reading, free=6) == ""
    assert refusal(Reading, free=5) == "ports", "the last four are for calls for help"
    assert refusal(lambda: Reading(files=900, files_limit=1000), calls=6) == ""
    assert refusal(lambda: Reading(files=900, files_limit=1000), calls=7) == "files", "between two looks, too"
    assert refusal(lambda: Reading(memory_bytes=100, memory_limit=100)) == ""
    assert refusal(lambda: Reading(memory_bytes=101, memory_limit=100)) == "memory"


def test_one_call_too_many_is_refused_but_none_for_help() -> None:
    switch = Switch(None, None, supervisor=None, new_id=None, limit=0)  # type: ignore[arg-type]  # takes no call here
    with pytest.raises(PeerError, match="503 Too Many Calls") as refused:
        switch.admit()
    assert ("Retry-After", "5") in refused.value.headers
    switch.admit(for_help=True)
    assert switch.refused == 1


def test_calls_and_their_sound_become_figures_without_numbers_of_people() -> None:
    metrics = Registry()
    meters = CallMeters(metrics)
    sound = Sound(mos=3.1, grade="fair", cause="loss", loss=0.03, jitter_ms=12.0)
    quality = LegQuality(
        call="c1", at=EPOCH, leg="b1", packets_in=100, packets_out=90, lost=3, jitter_ms=1.0, heard=sound
    )
    for event in (*call(1, 60)[:-1], quality, call(1, 60)[-1], *call(2, None), *call(3, 5, trunk="carrier")):
        meters.take(event)
    shown = metrics.expose()
    assert 'pbx_calls_total{source="phone",answered="phone",cause="normal"} 1' in shown
    assert 'pbx_calls_total{source="phone",answered="nobody",cause="no_answer"} 1' in shown
    assert 'pbx_call_seconds_sum{source="phone"} 60' in shown
    assert 'pbx_call_setup_seconds_sum{source="trunk"} 1' in shown
    assert 'pbx_rtp_packets_total{kind="lost"} 3' in shown
    assert 'pbx_leg_mos_bucket{direction="heard",le="3.5"} 1' in shown
    assert "102" not in shown
