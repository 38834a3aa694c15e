"""Lost, late and doubled pushes; limits; what one phone's failure is to the others."""

from __future__ import annotations

import asyncio

import pytest

from mobile_push.app import PushParts
from mobile_push.deliveries import Deliveries
from mobile_push.devices import Devices
from mobile_push.errors import PushError
from mobile_push.gateway import Gateway
from mobile_push.limits import Limits
from mobile_push.metrics import Metrics
from mobile_push.model import Kind, PlatformStatus, Push, Target
from mobile_push.provider import Answer, Message
from mobile_push.store import Store
from tests.fakes.push.apple import FakeApple, Fault
from tests.fakes.push.browser import FakeBrowser
from tests.fakes.push.google import FakeGoogle
from tests.mobile_push.conftest import ANDROID, IPHONE, JumpClock


class Scripted:
    """A platform that answers what it is told; `hold` keeps its answers back."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.sent: list[Message] = []
        self.hold: asyncio.Event | None = None

    async def send(self, message: Message, timeout_s: float) -> Answer:
        self.sent.append(message)
        if self.hold is not None:
            await self.hold.wait()
        return self.answers.pop(0) if self.answers else Answer("sent", status=200)

    def status(self) -> PlatformStatus:
        return PlatformStatus(configured=True)

    async def run(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


@pytest.fixture
def platform() -> Scripted:
    return Scripted()


@pytest.fixture
def gateway(platform: Scripted, store: Store, clock: JumpClock) -> Gateway:
    metrics = Metrics()
    return Gateway(
        {"fcm": platform},
        devices=Devices(store, clock),
        deliveries=Deliveries(store, clock, metrics),
        limits=Limits(0, clock.monotonic),
        metrics=metrics,
        clock=clock,
    )


def push_of(kind: Kind = "incoming", call: str = "c1", **more: object) -> Push:
    return Push(kind=kind, call_id=call, targets=(Target(platform="fcm", token="t"),), **more)  # type: ignore[arg-type]


async def test_a_push_that_is_asked_for_twice_is_sent_once(gateway: Gateway, platform: Scripted) -> None:
    platform.hold = asyncio.Event()
    both = [asyncio.get_running_loop().create_task(gateway.push("o", push_of())) for _ in range(2)]
    await asyncio.sleep(0.01)
    platform.hold.set()
    outcomes = [await each for each in both]
    outcomes.append(await gateway.push("o", push_of()))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert len(platform.sent) == 1


async def test_another_office_may_have_a_call_of_the_same_name(gateway: Gateway, platform: Scripted) -> None:
    await gateway.push("o", push_of())
    await gateway.push("p", push_of())
    assert len(platform.sent) == 2


async def test_a_notice_is_sent_as_often_as_it_is_asked_for(gateway: Gateway, platform: Scripted) -> None:
    for _ in range(2):
        await gateway.push("o", push_of("message", call=""))
    assert len(platform.sent) == 2


async def test_a_push_that_comes_after_its_cancel_is_not_sent(gateway: Gateway, platform: Scripted) -> None:
    await gateway.push("o", push_of("cancel"))
    (late,) = await gateway.push("o", push_of())
    assert late.state == "withdrawn"
    assert [each.push.kind for each in platform.sent] == ["cancel"]


async def test_a_cancel_ends_the_attempts_of_what_it_cancels(
    gateway: Gateway, platform: Scripted, clock: JumpClock
) -> None:
    platform.answers = [Answer("again", "busy", 503)]
    platform.hold = asyncio.Event()
    incoming = asyncio.get_running_loop().create_task(gateway.push("o", push_of()))
    await asyncio.sleep(0.01)
    cancel = asyncio.get_running_loop().create_task(gateway.push("o", push_of("cancel")))
    await asyncio.sleep(0.01)
    assert [each.push.kind for each in platform.sent] == ["incoming"]  # the cancel does not overtake it
    platform.hold.set()
    ((first,), (second,)) = await incoming, await cancel
    assert (first.state, first.attempts) == ("withdrawn", 1)
    assert second.state == "sent"  # nobody knows whether the first has arrived
    assert [each.push.kind for each in platform.sent] == ["incoming", "cancel"]


async def test_a_push_that_reached_nobody_needs_no_cancel(gateway: Gateway, platform: Scripted) -> None:
    platform.answers = [Answer("gone", "UNREGISTERED", 404)]
    await gateway.push("o", push_of())
    (outcome,) = await gateway.push("o", push_of("cancel"))
    assert outcome.state == "withdrawn"
    assert len(platform.sent) == 1


async def test_pauses_grow_and_end_with_the_time_of_the_push(
    gateway: Gateway, platform: Scripted, clock: JumpClock
) -> None:
    platform.answers = [Answer("again", "busy", 503)] * 50
    (outcome,) = await gateway.push("o", push_of(good_for_s=20.0))
    assert outcome.state == "late"
    assert 5 <= outcome.attempts <= 10
    assert sum(clock.slept) <= 20
    assert clock.slept[-1] > clock.slept[0]


async def test_a_call_needs_a_name_and_a_target_one_address(gateway: Gateway) -> None:
    both = Target(device="d", platform="fcm", token="t")
    for bad in (
        push_of(call=""),
        Push(kind="message", targets=(Target(),)),
        Push(kind="message", targets=(Target(platform="fcm"),)),
        Push(kind="message", targets=(both,)),
    ):
        with pytest.raises(PushError) as refused:
            await gateway.push("o", bad)
        assert refused.value.status == 422


async def test_each_phone_has_its_own_outcome(
    parts: PushParts, apple: FakeApple, google: FakeGoogle, browser: FakeBrowser
) -> None:
    google.unregistered.add(ANDROID)
    apple.faults.append(Fault())
    targets = (
        Target(platform="apns", token=IPHONE),
        Target(platform="fcm", token=ANDROID),
        Target(platform="webpush", token=browser.subscription()),
        Target(device="nobody"),
    )
    outcomes = await parts.gateway.push("o", Push(kind="incoming", call_id="c", targets=targets))
    assert [each.state for each in outcomes] == ["sent", "gone", "sent", "gone"]
    assert [each.attempts for each in outcomes] == [2, 1, 1, 0]
    exposed = parts.metrics.expose()
    assert 'push_outcomes_total{platform="fcm",kind="incoming",state="gone"} 1' in exposed
    assert 'push_attempts_total{platform="apns",status="500"} 1' in exposed


def test_an_office_may_send_a_burst_and_then_its_rate(clock: JumpClock) -> None:
    limits = Limits(2, lambda: clock.ahead_s)
    for _ in range(20):
        limits.take("a", 1)
    with pytest.raises(PushError) as refused:
        limits.take("a", 1)
    assert refused.value.status == 429
    assert refused.value.retry_after_s == pytest.approx(0.5)
    limits.take("b", 1)
    clock.ahead_s = 0.5
    limits.take("a", 1)
    clock.ahead_s = 100
    limits.take("a", 50)  # more than ever fits passes when all is there
    with pytest.raises(PushError):
        limits.take("a", 1)
