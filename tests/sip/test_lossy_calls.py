"""Two endpoints and a bad network: whole calls, thousands of times, in virtual time."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.fakes.clock import Timeline
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.sip.softphone import Softphone

CALLER, CALLEE = ("192.0.2.7", 5062), ("192.0.2.1", 5060)
HURRICANE = Weather(loss=0.6, duplicate=0.2, delay_min_s=0.001, delay_max_s=0.5, late=0.2, late_s=8.0)


def run_call(seed: int, weather: Weather, *, transport: str = "UDP") -> tuple[Softphone, Softphone, Network]:
    """One call to its end; the seed decides how it goes: answered, refused, cancelled at any moment."""
    dice = Random(seed)
    timeline = Timeline()
    network = Network(timeline.call_later, lambda: timeline.time, seed=seed, weather=weather)
    caller = Softphone(network, timeline, CALLER, transport=transport)
    callee = Softphone(network, timeline, CALLEE, transport=transport)
    callee.answer_after_s = dice.choice([0.0, 0.1, 1.0, 3.0])
    callee.refuse_with = dice.choice([0, 0, 0, 486, 603])
    caller.talk_s = dice.choice([0.0, 0.2, 5.0, 60.0])
    caller.call(CALLEE, cancel_after_s=dice.choice([None, None, 0.0, 0.05, 0.5, 1.0, 3.0]))
    timeline.run()
    return caller, callee, network


def check_the_end(caller: Softphone, callee: Softphone, network: Network) -> None:
    """What must be so after every call, however it went."""
    about = f"{caller.story} {callee.story}\n{network.transcript()}"
    assert caller.endpoint.live == callee.endpoint.live == 0, about
    assert not caller._timers, about
    assert not callee._timers, about
    # A BYE that never gets through leaves the other side up: that is what session timers and RTP time-outs are for.
    assert not caller.dialogs or "bye failed" in callee.story, about
    assert not callee.dialogs or "bye failed" in caller.story, about
    for finals in (*caller.finals.values(), *callee.finals.values()):
        assert len(finals) == 1, about
    if "confirmed" in callee.story:
        assert "answered" in caller.story, about
    if "answered" in callee.story:
        assert {"confirmed", "ack missing", "ended"} & set(callee.story), about
    # However many copies the network made, one party said one thing: never two different final answers.
    answers = {
        passed.data.split(b"\r\n", 1)[0]
        for passed in network.log
        if passed.data.startswith((b"SIP/2.0 2", b"SIP/2.0 4", b"SIP/2.0 6"))
        and b" INVITE\r\n" in passed.data
    }
    assert len(answers) <= 1, about


@pytest.mark.parametrize("block", range(10))
def test_calls_over_a_lossy_reordering_duplicating_wire_end_cleanly_on_both_sides(block: int) -> None:
    for seed in range(block * 200, block * 200 + 200):
        check_the_end(*run_call(seed, STORM))


def test_with_a_fifth_of_all_packets_lost_calls_still_succeed() -> None:
    ends: Counter[str] = Counter()
    for seed in range(300):
        timeline = Timeline()
        network = Network(timeline.call_later, lambda t=timeline: t.time, seed=seed, weather=STORM)  # type: ignore[misc]
        caller = Softphone(network, timeline, CALLER)
        callee = Softphone(network, timeline, CALLEE)
        caller.call(CALLEE)
        timeline.run()
        check_the_end(caller, callee, network)
        ends["good" if "confirmed" in callee.story and "ended" in caller.story else "bad"] += 1
    assert ends["good"] >= 299, ends


def test_calls_through_a_hurricane_end_too() -> None:
    for seed in range(300):
        check_the_end(*run_call(seed, HURRICANE))


def test_calls_over_tcp_end_cleanly() -> None:
    for seed in range(100):
        caller, callee, network = run_call(seed, CALM, transport="TCP")
        check_the_end(caller, callee, network)


@pytest.mark.parametrize("cut_after_s", [0.0, 0.01, 0.5, 2.99, 3.01, 4.0, 8.0, 20.0])
def test_when_the_cable_is_pulled_both_sides_end_by_themselves(cut_after_s: float) -> None:
    for transport in ("UDP", "TCP"):
        timeline = Timeline()
        network = Network(timeline.call_later, lambda t=timeline: t.time)  # type: ignore[misc]
        caller = Softphone(network, timeline, CALLER, transport=transport)
        callee = Softphone(network, timeline, CALLEE, transport=transport)
        timeline.call_later(cut_after_s, lambda n=network: n.unreachable.add(CALLEE))  # type: ignore[misc]
        caller.call(CALLEE)
        timeline.call_later(40.0, lambda c=caller: c._cancel())  # type: ignore[misc]
        timeline.run()
        assert caller.endpoint.live == callee.endpoint.live == 0


def test_the_same_seed_gives_the_same_call() -> None:
    assert run_call(7, STORM)[2].transcript() == run_call(7, STORM)[2].transcript()
