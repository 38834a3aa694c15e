"""Against a stand-in that checks the grant and each field of a message."""

from __future__ import annotations

import asyncio

import pytest

from mobile_push.app import PushParts
from mobile_push.model import DeviceWrite, Outcome, Push, Target
from tests.fakes.push.google import FakeGoogle
from tests.mobile_push.conftest import ANDROID, JumpClock


def push_of(**more: object) -> Push:
    fields = {"kind": "incoming", "call_id": "call-1", "caller": "101", **more}
    return Push(targets=(Target(platform="fcm", token=ANDROID),), **fields)  # type: ignore[arg-type]


async def send(parts: PushParts, push: Push) -> Outcome:
    (outcome,) = await parts.gateway.push("office", push)
    return outcome


async def test_a_call_is_a_data_message_of_high_priority(parts: PushParts, google: FakeGoogle) -> None:
    assert (await send(parts, push_of(good_for_s=25.0))).state == "sent"
    (message,) = google.messages
    assert message["token"] == ANDROID
    assert message["android"]["priority"] == "HIGH"
    assert message["android"]["ttl"] in ("24s", "25s")
    assert (message["data"]["kind"], message["data"]["call_id"]) == ("incoming", "call-1")


async def test_a_notice_says_what_it_is(parts: PushParts, google: FakeGoogle) -> None:
    await send(parts, push_of(kind="missed", caller_name="Anna"))
    (message,) = google.messages
    assert message["data"]["title"] == "Missed call"
    assert message["data"]["text"] == "Anna"
    assert "notification" not in message


async def test_one_grant_serves_many_until_it_ends(
    parts: PushParts, google: FakeGoogle, clock: JumpClock
) -> None:
    await asyncio.gather(*(send(parts, push_of(call_id=f"c{number}")) for number in range(50)))
    assert google.grants == 1
    clock.ahead_s += 3500
    assert (await send(parts, push_of(call_id="later"))).attempts == 1
    assert google.grants == 2


async def test_a_grant_that_google_took_back_is_asked_for_again(parts: PushParts, google: FakeGoogle) -> None:
    await send(parts, push_of(call_id="c0"))
    google.access.clear()
    outcome = await send(parts, push_of(call_id="c1"))
    assert (outcome.state, outcome.attempts) == ("sent", 2)


async def test_a_refused_account_is_told(parts: PushParts, google: FakeGoogle) -> None:
    google.grant_faults.append(400)
    outcome = await send(parts, push_of())
    assert outcome.state == "refused"
    assert "service account" in (await parts.status("office")).platforms["fcm"].detail


async def test_a_dead_token_is_forgotten(parts: PushParts, google: FakeGoogle) -> None:
    await parts.devices.put("office", "d", DeviceWrite(platform="fcm", token=ANDROID))
    google.unregistered.add(ANDROID)
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.reason) == ("gone", "UNREGISTERED")
    assert await parts.devices.get("office", "d") is None


async def test_a_token_that_is_none_is_gone_but_a_bad_message_is_not(parts: PushParts) -> None:
    bad = Push(kind="message", targets=(Target(platform="fcm", token="short"),))
    assert (await send(parts, bad)).state == "gone"
    long = push_of(kind="message", text="ü" * 1000, title="ü" * 200)
    assert (await send(parts, long)).state == "refused"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_failure_is_tried_again_when_google_says(
    parts: PushParts, google: FakeGoogle, clock: JumpClock, status: int
) -> None:
    google.faults.append((status, {"error": {"status": "UNAVAILABLE"}}, {"Retry-After": "3"}))
    outcome = await send(parts, push_of())
    assert (outcome.state, outcome.attempts) == ("sent", 2)
    assert clock.slept == [3.0]
