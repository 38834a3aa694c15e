"""One subscription at its notifier (RFC 6665 4.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import PeerError
from pbx.sip.subscription import (
    GONE,
    MOST_MISSES,
    PAUSE_S,
    RETRY_MAX_S,
    Action,
    Drop,
    Expiries,
    Notify,
    Phase,
    Subscription,
    check_accept,
    read_subscribe,
)
from tests.sip.samples import from_phone

PACKAGES = {"dialog": Expiries(), "presence": Expiries(least_s=10, default_s=100, most_s=200)}


def opened(expires_s: float = 3600, now: float = 0.0) -> Subscription:
    """A subscription whose first NOTIFY has been answered."""
    machine = Subscription(expires_s, now)
    (first,) = machine.due(now)
    assert first == Notify(f"active;expires={expires_s}", full=True)
    assert machine.answered(200, now) == []
    return machine


def test_the_first_notify_is_full_and_follows_at_once() -> None:
    machine = Subscription(600, 5.0)
    assert machine.wake_at == 5.0
    assert machine.due(5.0) == [Notify("active;expires=600", full=True)]


def test_expires_0_asks_for_the_state_once() -> None:
    machine = Subscription(0, 5.0)
    assert machine.due(5.0) == [Notify("terminated;reason=timeout", full=True)]
    assert machine.wake_at is None
    (over,) = machine.answered(200, 5.1)
    assert isinstance(over, Drop)
    assert machine.phase is Phase.OVER


def test_changes_while_a_notify_is_under_way_become_one() -> None:
    machine = opened()
    machine.changed(10.0)
    assert machine.due(machine.wake_at or 0) == [Notify("active;expires=3590", full=False)]
    for moment in (10.1, 10.2, 10.3):
        assert machine.changed(moment) == []
    assert machine.wake_at == 3600, "only expiry moves it while an answer is awaited"
    assert machine.answered(200, 12.0) == [Notify("active;expires=3588", full=False)]
    assert machine.answered(200, 12.1) == []
    assert machine.wake_at == 3600, "nothing is owed any more"


def test_a_flood_is_five_notifies_a_second_and_the_last_state_is_told() -> None:
    machine = opened()
    sent: list[float] = []
    now = 10.0
    while now < 11.0:
        machine.changed(now)
        if machine.due(now):
            sent.append(now)
            machine.answered(200, now)
        now += 0.001
    last_change = now - 0.001
    while (wake := machine.wake_at) is not None and wake < 100:
        if machine.due(wake):
            sent.append(wake)
            machine.answered(200, wake)
    assert len(sent) <= 1 + 1.0 / PAUSE_S + 1
    assert sent[-1] >= last_change


def test_a_refresh_tells_everything_again_and_lasts_on() -> None:
    machine = opened(expires_s=600)
    assert machine.refreshed(900, 300.0) == []
    assert machine.wake_at == 300.0
    assert machine.due(300.0) == [Notify("active;expires=900", full=True)]


def test_unsubscribing_ends_with_a_last_notify() -> None:
    machine = opened()
    machine.refreshed(0, 7.0)
    assert machine.due(7.0) == [Notify("terminated;reason=timeout", full=True)]
    assert machine.refreshed(600, 7.1) == []
    assert isinstance(machine.answered(408, 39.0)[0], Drop)


def test_it_expires_when_it_is_not_refreshed() -> None:
    machine = opened(expires_s=60)
    assert machine.wake_at == 60
    assert machine.due(60.0) == [Notify("terminated;reason=timeout", full=True)]


def test_an_end_from_here_waits_for_the_answer_under_way() -> None:
    machine = opened()
    machine.changed(1.0)
    assert machine.due(2.0)
    assert machine.end("noresource", 2.1) == []
    assert machine.answered(200, 3.0) == [Notify("terminated;reason=noresource", full=True)]
    assert isinstance(machine.answered(200, 3.1)[0], Drop)


@pytest.mark.parametrize("status", sorted(GONE))
def test_an_answer_that_says_gone_ends_it(status: int) -> None:
    machine = opened()
    machine.changed(1.0)
    machine.due(2.0)
    assert isinstance(machine.answered(status, 2.1)[0], Drop)


def test_gone_with_a_time_to_come_back_is_not_gone() -> None:
    machine = opened()
    machine.changed(1.0)
    machine.due(2.0)
    assert machine.answered(480, 2.0, retry_after_s=30) == []
    assert machine.wake_at == 32.0
    assert machine.due(32.0) == [Notify("active;expires=3568", full=True)]


def test_a_silent_phone_is_tried_again_with_the_whole_state_then_dropped() -> None:
    machine = opened(expires_s=7200)
    machine.changed(1.0)
    now, tries = 2.0, 0
    while machine.phase is Phase.ACTIVE:
        actions = machine.due(now)
        if actions:
            tries += 1
            assert actions[0] == Notify(machine.wake_at and actions[0].state, full=tries > 1)  # type: ignore[union-attr, arg-type]
            now += 32
            actions = machine.answered(408, now)
        if machine.phase is Phase.ACTIVE:
            wake = machine.wake_at
            assert wake is not None
            assert wake - now <= RETRY_MAX_S
            now = wake
    assert tries == MOST_MISSES
    assert machine.wake_at is None


def test_a_phone_that_registers_anew_is_not_waited_for() -> None:
    machine = opened()
    machine.changed(1.0)
    machine.due(2.0)
    machine.answered(408, 34.0)
    assert machine.hurry(35.0) == [Notify("active;expires=3565", full=True)]
    assert opened().hurry(1.0) == [], "nothing is owed to one that answers"


# -- whatever happens ------------------------------------------------------------------------------------------------

INPUTS = st.lists(
    st.one_of(
        st.tuples(st.just("changed"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 4000)),
        st.tuples(st.just("answer"), st.sampled_from([200, 200, 200, 408, 500, 503, 481])),
        st.tuples(st.just("refresh"), st.sampled_from([0, 60, 600])),
        st.tuples(st.just("end"), st.just(0)),
        st.tuples(st.just("hurry"), st.just(0)),
    ),
    max_size=60,
)


class Shell:
    """What owns a machine: wakes it in time, and looks at what it does."""

    def __init__(self) -> None:
        self.now = 0.0
        self.machine = Subscription(600, 0.0)
        self.in_flight = False
        self.changed_at = 0.0
        self.sent_at = -1.0
        self.sent: list[Notify] = []
        self.over = False

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            assert not self.over, "nothing follows the end"
            if isinstance(action, Drop):
                self.over = True
                continue
            assert not self.in_flight, "one NOTIFY at a time"
            assert not self.sent or not self.sent[-1].state.startswith("terminated")
            self.in_flight = True
            self.sent_at = self.now
            self.sent.append(action)
        self.over = self.over or self.machine.phase is Phase.OVER

    def until(self, end: float) -> None:
        while (wake := self.machine.wake_at) is not None and wake <= end:
            self.now = max(self.now, wake)
            before = (self.in_flight, self.machine.phase)
            self.take(self.machine.due(self.now))
            assert self.machine.wake_at != wake or before != (self.in_flight, self.machine.phase), "it spins"
        self.now = max(self.now, end)

    def answer(self, status: int) -> None:
        if self.in_flight:
            self.in_flight = False
            self.take(self.machine.answered(status, self.now))

    def step(self, what: str, value: int) -> None:
        if what == "changed":
            self.changed_at = self.now
            self.take(self.machine.changed(self.now))
        elif what == "wait":
            self.until(self.now + value / 100)
        elif what == "answer":
            self.answer(value)
        elif what == "refresh":
            self.take(self.machine.refreshed(value, self.now))
        elif what == "end":
            self.take(self.machine.end("noresource", self.now))
        else:
            self.take(self.machine.hurry(self.now))


@given(INPUTS)
def test_the_last_state_is_always_told_and_the_end_is_the_end(steps: list[tuple[str, int]]) -> None:
    shell = Shell()
    for what, value in steps:
        shell.step(what, value)
    for _ in range(10):  # from now on the phone answers
        shell.until(shell.now + RETRY_MAX_S / 8)
        shell.answer(200)
    if not shell.over:
        assert shell.sent_at >= shell.changed_at, "the last change was told"
    shell.until(shell.now + 10_000)
    shell.answer(200)
    shell.until(shell.now + 1)
    shell.answer(200)
    assert shell.over, "it expired"
    assert shell.machine.wake_at is None


# -- reading SUBSCRIBE -----------------------------------------------------------------------------------------------


def subscribe(extra: str) -> object:
    return read_subscribe(from_phone("SUBSCRIBE", extra=extra), PACKAGES)


def test_event_id_and_expiry_are_read() -> None:
    wanted = read_subscribe(from_phone("SUBSCRIBE", extra="Event: Dialog;id=a7;sla\r\n"), PACKAGES)
    assert (wanted.event, wanted.event_id, wanted.expires_s) == ("dialog", "a7", 3600)
    wanted = read_subscribe(from_phone("SUBSCRIBE", extra="o: presence\r\nExpires: 999999\r\n"), PACKAGES)
    assert (wanted.event, wanted.event_id, wanted.expires_s) == ("presence", None, 200)
    assert (
        read_subscribe(from_phone("SUBSCRIBE", extra="Event: presence\r\nExpires: 0\r\n"), PACKAGES).expires_s
        == 0
    )


@pytest.mark.parametrize(
    ("extra", "status", "header"),
    [
        ("Event: presence\r\nExpires: 9\r\n", 423, ("Min-Expires", "10")),
        ("Event: conference\r\n", 489, ("Allow-Events", "dialog, presence")),
        ("", 489, ("Allow-Events", "dialog, presence")),
        ("Event: dialog\r\nExpires: soon\r\n", 400, None),
        ("Event: dialog\r\nEvent: presence\r\n", 400, None),
    ],
)
def test_what_cannot_be_is_refused(extra: str, status: int, header: tuple[str, str] | None) -> None:
    with pytest.raises(PeerError) as caught:
        subscribe(extra)
    assert caught.value.sip_status == status
    if header is not None:
        assert header in caught.value.headers


def test_a_phone_that_cannot_read_the_body_is_told_406() -> None:
    check_accept(from_phone("SUBSCRIBE"), "application/pidf+xml")
    for taken in ("text/xml, application/PIDF+xml;q=0.5", "application/*", "*/*"):
        check_accept(from_phone("SUBSCRIBE", extra=f"Accept: {taken}\r\n"), "application/pidf+xml")
    with pytest.raises(PeerError) as caught:
        check_accept(from_phone("SUBSCRIBE", extra="Accept: application/sdp\r\n"), "application/pidf+xml")
    assert caught.value.sip_status == 406
