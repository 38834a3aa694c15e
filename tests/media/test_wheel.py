"""The timer wheel: never early, at most a tick late, whatever is armed and disarmed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import WheelProbe

MS = 1_000_000
START = 77 * 1_000 * MS + 123_456
TIMERS = 6

steps = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), st.integers(0, TIMERS - 1), st.integers(-5 * MS, 1600 * MS)),
        st.tuples(st.just("disarm"), st.integers(0, TIMERS - 1), st.just(0)),
        st.tuples(st.just("run"), st.just(0), st.integers(0, 700 * MS)),
    ),
    max_size=40,
)


@given(steps)
def test_timers_are_called_when_due(script: list[tuple[str, int, int]]) -> None:
    wheel, now, armed = WheelProbe(TIMERS, START), START, dict[int, int]()
    for what, index, amount in script:
        if what == "arm":
            armed[index] = now + amount
            wheel.arm(index, armed[index])
        elif what == "disarm":
            armed.pop(index, None)
            wheel.disarm(index)
        else:
            now += amount
            called = wheel.run(now)
            assert len(called) == len(set(called))
            for each in called:
                assert armed.pop(each) <= now, "early"
            assert all(due > now - 2 * MS for due in armed.values()), "late"
        wakes = wheel.next_ns()
        assert (wakes == -1) == (not armed)
        if armed:
            assert wakes <= max(min(armed.values()), now) + MS


def test_a_timer_is_called_within_a_millisecond_of_its_time() -> None:
    wheel = WheelProbe(1, START)
    wheel.arm(0, START + 20 * MS)
    assert wheel.run(START + 20 * MS - 1) == []
    assert wheel.run(START + 21 * MS) == [0]
    assert wheel.run(START + 900 * MS) == []


def test_a_stall_of_several_turns_calls_everything_once() -> None:
    wheel = WheelProbe(3, START)
    for index, due in enumerate((5, 700, 5000)):
        wheel.arm(index, START + due * MS)
    assert sorted(wheel.run(START + 4000 * MS)) == [0, 1]
    assert wheel.run(START + 5001 * MS) == [2]
