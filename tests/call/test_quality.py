"""What a call tells of its sound: one-way audio, a bad line and its recovery, and the sum at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pbx.call.cdr import fold
from pbx.call.live import LiveFold
from pbx.call.quality import QualityWatch, leg_quality
from pbx.call.sound_curve import LOOK_EVERY_S, MOST, SoundCurve
from pbx.model.audio_event import AudioBack, AudioOneWay, AudioQuality, LegQuality
from pbx.model.call_event import CallEvent, CallOffered, LegDialled
from pbx.model.live_call import LiveLeg
from pbx.model.stream import StreamStats
from tests.call.parts import FakeStream

AT = datetime(2026, 11, 21, tzinfo=UTC)
OFFERED = CallOffered(
    call="c", at=AT, from_number="101", from_name="", from_extension="101", dialled="102", source=""
)


class Leg:
    """A leg in a call, as far as a watch looks at it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stream = FakeStream(name, 4000)
        self.should_talk = True
        self.heard_curve = SoundCurve(LOOK_EVERY_S)
        self.told_curve = SoundCurve(LOOK_EVERY_S)

    def count(self, **more: float) -> None:
        """Five seconds more of PCMU, without a fault unless `more` says so."""
        now = self.stream.counters
        usual = {"packets_in": 250, "expected": 250, "packets_out": 250}
        changes = {name: getattr(now, name) + value for name, value in {**usual, **more}.items()}
        self.stream.counters = msgspec.structs.replace(now, codec="PCMU", **changes)


class Call:
    """What a watch needs of a call."""

    id = "c"

    def __init__(self) -> None:
        self.live = LiveFold(OFFERED)
        self.events: list[CallEvent] = []
        self.a, self.b = Leg("a"), Leg("b1")
        self.record(LegDialled(call="c", at=AT, leg="b1", target="102"))
        self.watch = QualityWatch(self, self.a, self.b)  # type: ignore[arg-type]  # stands in for the two classes
        self.events.clear()

    def now(self) -> datetime:
        return AT

    def record(self, event: CallEvent) -> None:
        self.events.append(event)
        self.live.take(event)

    def leg(self, name: str) -> LiveLeg:
        return next(leg for leg in self.live.view().legs if leg.leg == name)

    def look(
        self, times: int = 1, *, a: Mapping[str, float] | None = None, b: Mapping[str, float] | None = None
    ) -> None:
        for _ in range(times):
            self.a.count(**(a or {}))
            self.b.count(**(b or {}))
            self.watch.look()


SILENT = {"packets_in": 0, "expected": 0}


def test_a_good_call_tells_nothing() -> None:
    call = Call()
    call.look(10)
    assert call.events == []
    assert (call.leg("a").heard, call.leg("b1").told) == (None, None)


def test_one_way_audio_is_told_once_and_so_is_its_end() -> None:
    call = Call()
    call.look(1, b=SILENT)
    assert call.events == []
    call.look(5, b=SILENT)
    assert call.events == [AudioOneWay(call="c", at=AT, leg="b1", silent_ms=int(2000 * LOOK_EVERY_S))]
    assert call.leg("b1").audio == "one_way"
    call.look(3)
    assert call.events[1:] == [AudioBack(call="c", at=AT, leg="b1")]
    assert call.leg("b1").audio == "flowing"


def test_silence_on_both_sides_or_by_agreement_is_not_one_way() -> None:
    call = Call()
    call.look(5, a=SILENT, b=SILENT)
    call.b.should_talk = False
    call.look(5, b=SILENT)
    call.b.should_talk, call.a.should_talk = True, False
    call.look(5, b=SILENT)
    assert call.events == []


def test_a_bad_line_is_told_with_its_cause_and_its_recovery() -> None:
    call = Call()
    call.look(3)
    call.look(1, a={"lost": 50})
    call.look(3)
    assert call.events == [], "one bad look is no bad line"
    call.look(4, a={"lost": 50})
    call.look(4)
    told = [(event.leg, event.direction, event.sound.grade, event.sound.cause) for event in qualities(call)]
    assert told == [("a", "from", "poor", "loss"), ("a", "from", "good", "")]
    assert qualities(call)[0].sound.loss == 0.2
    assert call.leg("a").heard == qualities(call)[1].sound


def test_what_the_phone_misses_is_told_from_its_reports() -> None:
    call = Call()
    call.look(4, b={"remote_reports": 1, "remote_expected": 250, "remote_lost": 15})
    (told,) = qualities(call)
    assert (told.leg, told.direction, told.sound.grade, told.sound.cause) == ("b1", "to", "fair", "loss")
    assert call.leg("b1").told == told.sound
    call.look(4)
    assert len(qualities(call)) == 1, "no report, no verdict"


def test_a_grade_that_wavers_is_not_told() -> None:
    call = Call()
    for _ in range(6):
        call.look(1, a={"lost": 40})
        call.look(1)
    assert call.events == []


def test_the_end_of_a_leg_says_everything_and_travels_in_the_record() -> None:
    stats = StreamStats(
        packets_in=900, packets_out=1000, expected=1000, lost=100, jitter_ms=3.123, jitter_mean_ms=2, jitter_max_ms=9.5,
        decided=968, decided_lost=100, loss_runs=50, bursts=2, burst_packets=200, burst_lost=90, codec="PCMU",
        rtt_ms=40.04, remote_reports=4, remote_expected=1000, remote_lost=2, remote_jitter_ms=5,
    )  # fmt: skip
    event = leg_quality(stats, call="c", at=AT, leg="a")
    assert event.heard is not None
    assert event.told is not None
    assert (event.heard.grade, event.heard.cause, event.heard.loss, event.told.grade) == (
        "poor",
        "loss",
        0.1,
        "good",
    )
    assert (event.burst_loss, round(event.gap_loss, 3), event.rtt_ms) == (0.45, 0.013, 40.0)
    cdr = fold([OFFERED, event])
    assert msgspec.json.decode(msgspec.json.encode(cdr), type=type(cdr)) == cdr


def test_a_record_from_before_is_read() -> None:
    old = (
        b'{"type":"leg_quality","call":"c","at":"2026-11-20T00:00:00Z","leg":"a",'
        b'"packets_in":1,"packets_out":1,"lost":0,"jitter_ms":1.5}'
    )
    event = msgspec.json.decode(old, type=LegQuality)
    assert (event.jitter_ms, event.heard) == (1.5, None)


def qualities(call: Call) -> list[AudioQuality]:
    return [event for event in call.events if isinstance(event, AudioQuality)]


@given(st.lists(st.none() | st.floats(1, 4.5), max_size=400))
def test_a_curve_has_few_points_and_forgets_no_bad_moment(looks: list[float | None]) -> None:
    curve = SoundCurve(5.0)
    for each in looks:
        curve.add(each)
    known = [round(each, 1) for each in looks if each is not None]
    assert len(curve.points) <= MOST
    assert len(curve.points) * curve.every_s >= 5 * len(looks) or not known
    assert min((each for each in curve.points if each), default=None) == min(known, default=None)


def test_a_curve_keeps_the_order() -> None:
    curve = SoundCurve(5.0)
    for mos in (4.4, None, 2.0):
        curve.add(mos)
    assert curve.points == (4.4, 0.0, 2.0)
    for _ in range(MOST):
        curve.add(4.0)
    assert (curve.every_s, curve.points[:3]) == (10.0, (4.4, 2.0, 4.0))
