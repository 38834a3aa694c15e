"""Against a stand-in that checks what Apple checks: tokens, topics, sizes, and each documented failure."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from mobile_push.apns_token import NEVER_BEFORE_S, REFRESH_S
from mobile_push.app import PushParts
from mobile_push.model import DeviceWrite, Kind, Outcome, Push, Target
from tests.fakes.push.apple import FakeApple, Fault
from tests.mobile_push.conftest import APP, IPHONE, JumpClock


def push_of(kind: Kind = "incoming", call: str = "call-1", token: str = IPHONE, **more: object) -> Push:
    target = Target(platform="apns", token=token)
    return Push(kind=kind, call_id=call, caller="+4930123", targets=(target,), **more)  # type: ignore[arg-type]


async def send(parts: PushParts, push: Push) -> Outcome:
    (outcome,) = await parts.gateway.push("office", push)
    return outcome


async def test_a_call_is_a_voip_push_that_ends_with_the_call(parts: PushParts, apple: FakeApple) -> None:
    outcome = await send(parts, push_of(caller_name="Anna", good_for_s=20.0))
    assert (outcome.state, outcome.status, outcome.attempts) == ("sent", 200, 1)
    (sent,) = apple.pushes
    assert sent.token == IPHONE
    assert sent.headers["apns-push-type"] == "voip"
    assert sent.headers["apns-topic"] == f"{APP}.voip"
    assert sent.headers["apns-priority"] == "10"
    assert sent.headers["apns-collapse-id"] == "call-1"
    assert 15 < int(sent.headers["apns-expiration"]) - apple.now() <= 20
    assert sent.payload["kind"] == "incoming"
    assert sent.payload["caller_name"] == "Anna"
    assert sent.payload["expires_at"] == sent.headers["apns-expiration"]


@pytest.mark.parametrize(
    ("kind", "push_type"),
    [("cancel", "voip"), ("missed", "alert"), ("voicemail", "alert"), ("message", "alert")],
)
async def test_only_calls_and_their_cancels_are_voip(
    parts: PushParts, apple: FakeApple, kind: Kind, push_type: str
) -> None:
    assert (await send(parts, push_of(kind, call="c"))).state == "sent"
    (sent,) = apple.pushes
    assert sent.headers["apns-push-type"] == push_type
    assert sent.headers["apns-topic"] == (f"{APP}.voip" if push_type == "voip" else APP)
    assert bool(sent.payload["aps"]) == (push_type == "alert")


async def test_one_connection_and_one_token_serve_many(parts: PushParts, apple: FakeApple) -> None:
    await asyncio.gather(*(send(parts, push_of(call=f"c{number}")) for number in range(300)))
    assert len(apple.pushes) == 300
    assert apple.connections == 1
    assert len(apple.provider_tokens) == 1


async def test_the_token_is_renewed_between_twenty_and_sixty_minutes(
    parts: PushParts, apple: FakeApple, clock: JumpClock
) -> None:
    for minute in range(0, 300, 5):
        assert (await send(parts, push_of(call=f"c{minute}"))).attempts == 1
        clock.ahead_s += 300
    made = [at for _, at in apple.provider_tokens]
    gaps = [later - earlier for earlier, later in itertools.pairwise(made)]
    assert len(gaps) > 4
    assert all(1200 < gap < 3600 for gap in gaps)


async def test_a_token_that_apple_calls_expired_is_replaced_only_when_it_is_old_enough(
    parts: PushParts, apple: FakeApple, clock: JumpClock
) -> None:
    await send(parts, push_of(call="c0"))
    apple.faults.append(Fault(status=403, reason="ExpiredProviderToken"))
    young = await send(parts, push_of(call="c1"))
    assert (young.state, young.reason) == ("refused", "ExpiredProviderToken")
    assert len(apple.provider_tokens) == 1
    clock.ahead_s += (NEVER_BEFORE_S + REFRESH_S) / 2
    apple.faults.append(Fault(status=403, reason="ExpiredProviderToken"))
    old = await send(parts, push_of(call="c2"))
    assert (old.state, old.attempts) == ("sent", 2)
    assert len(apple.provider_tokens) == 2


async def test_too_many_token_updates_makes_no_further_token(parts: PushParts, apple: FakeApple) -> None:
    apple.faults.append(Fault(status=429, reason="TooManyProviderTokenUpdates"))
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.attempts) == ("sent", 2)
    assert len(apple.provider_tokens) == 1


async def test_429_is_tried_again_when_apple_says_so(
    parts: PushParts, apple: FakeApple, clock: JumpClock
) -> None:
    apple.faults.append(Fault(status=429, reason="TooManyRequests", headers={"retry-after": "7"}))
    assert (await send(parts, push_of())).state == "sent"
    assert clock.slept == [7.0]


async def test_nothing_is_tried_after_the_call_is_over(
    parts: PushParts, apple: FakeApple, clock: JumpClock
) -> None:
    apple.faults.append(Fault(status=429, reason="TooManyRequests", headers={"retry-after": "60"}))
    outcome = await send(parts, push_of(good_for_s=20.0))
    assert (outcome.state, outcome.reason, outcome.attempts) == ("late", "TooManyRequests", 1)
    assert not apple.pushes
    assert not clock.slept


@pytest.mark.parametrize("fault", [Fault(), Fault(status=503, reason="ServiceUnavailable"), Fault("reset")])
async def test_a_passing_failure_is_tried_again(parts: PushParts, apple: FakeApple, fault: Fault) -> None:
    apple.faults.append(fault)
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.attempts) == ("sent", 2)


async def test_a_dropped_connection_is_made_anew(parts: PushParts, apple: FakeApple) -> None:
    await send(parts, push_of(call="c0"))
    apple.faults.append(Fault("drop"))
    outcome = await send(parts, push_of(call="c1"))
    assert (outcome.state, outcome.attempts) == ("sent", 2)
    assert apple.connections == 2


async def test_goaway_loses_no_push_and_sends_none_twice(parts: PushParts, apple: FakeApple) -> None:
    apple.goaway_every = 50
    outcomes = await asyncio.gather(*(send(parts, push_of(call=f"c{number}")) for number in range(500)))
    assert {each.state for each in outcomes} == {"sent"}
    calls = [each.payload["call_id"] for each in apple.pushes]
    assert len(calls) == len(set(calls)) == 500
    assert apple.connections >= 10


async def test_a_push_that_goaway_leaves_out_goes_over_the_next_connection(
    parts: PushParts, apple: FakeApple
) -> None:
    await send(parts, push_of(call="c0"))
    apple.faults.append(Fault("goaway"))
    outcome = await send(parts, push_of(call="c1"))
    assert (outcome.state, outcome.attempts) == ("sent", 2)
    assert apple.connections == 2


async def test_silence_holds_up_nothing_for_longer_than_an_attempt(
    parts: PushParts, apple: FakeApple
) -> None:
    parts.gateway._attempt_s = 0.3
    apple.faults.append(Fault("silence"))
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.attempts) == ("sent", 2)


async def test_more_pushes_than_streams_wait_for_room(parts: PushParts, apple: FakeApple) -> None:
    apple.most_streams = 3
    outcomes = await asyncio.gather(*(send(parts, push_of(call=f"c{number}")) for number in range(40)))
    assert {each.state for each in outcomes} == {"sent"}


async def test_a_dead_token_is_forgotten(parts: PushParts, apple: FakeApple, clock: JumpClock) -> None:
    await parts.devices.put("office", "d", DeviceWrite(platform="apns", token=IPHONE))
    push = Push(kind="message", text="hello", targets=(Target(device="d"),))
    apple.unregistered[IPHONE] = int((clock.time() - 3600) * 1000)  # it was registered here after that
    assert (await send(parts, push)).state == "gone"
    assert await parts.devices.get("office", "d") is not None
    apple.unregistered[IPHONE] = int((clock.time() + 1) * 1000)
    outcome = await send(parts, push)
    assert (outcome.state, outcome.reason, outcome.status) == ("gone", "Unregistered", 410)
    assert await parts.devices.get("office", "d") is None


@pytest.mark.parametrize("token", ["short", "zz" * 32, "ab" * 31 + "/x"])
async def test_what_is_no_token_never_leaves(parts: PushParts, apple: FakeApple, token: str) -> None:
    outcome = await send(parts, push_of(token=token))
    assert (outcome.state, outcome.reason) == ("gone", "BadDeviceToken")
    assert not apple.refused


async def test_bad_device_token_is_gone(parts: PushParts, apple: FakeApple) -> None:
    apple.faults.append(Fault(status=400, reason="BadDeviceToken"))
    assert (await send(parts, push_of())).state == "gone"


async def test_a_refusal_is_told_and_not_repeated(parts: PushParts, apple: FakeApple) -> None:
    apple.key_id = "OTHERKEYID"
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.reason, outcome.attempts) == ("refused", "InvalidProviderToken", 1)
    assert (await parts.status("office")).platforms["apns"].detail == "InvalidProviderToken"


async def test_an_app_without_a_key_is_said_to_have_none(parts: PushParts) -> None:
    target = Target(platform="apns", token=IPHONE, app="com.other.app")
    (outcome,) = await parts.gateway.push("office", Push(kind="message", targets=(target,)))
    assert outcome.state == "unconfigured"


async def test_a_text_that_is_too_long_is_refused_here(parts: PushParts, apple: FakeApple) -> None:
    long = push_of("message", call="", text="ü" * 1000, title="t" * 200)
    outcome = await send(parts, long)
    assert outcome.state in ("sent", "refused")
    assert not apple.refused
