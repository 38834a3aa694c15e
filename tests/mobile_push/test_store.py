"""Both stores keep offices, devices and the log alike; every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3

import asyncpg
import pytest

from mobile_push.deliveries import KEEP_DAYS, Deliveries
from mobile_push.devices import Devices
from mobile_push.errors import PushError
from mobile_push.metrics import Metrics
from mobile_push.model import DeviceWrite, Outcome, Push, Target
from mobile_push.offices import KNOWN_FOR_S, Offices
from mobile_push.store import Store, open_store
from tests.mobile_push.conftest import JumpClock

PHONE = DeviceWrite(platform="fcm", token="token-of-a-phone")
PUSH = Push(kind="incoming", call_id="c1", targets=(Target(platform="fcm", token="token-of-a-phone"),))


async def test_an_office_is_known_by_its_key_alone(store: Store, clock: JumpClock) -> None:
    offices = Offices(store, clock)
    key = await offices.add("Berlin")
    assert await offices.of_key(key) == key.partition(".")[0]
    for wrong in ("", ".", f"{key}x", key.partition(".")[0], f"other.{key.partition('.')[2]}"):
        with pytest.raises(PushError) as refused:
            await offices.of_key(wrong)
        assert refused.value.status == 401


async def test_a_removed_office_may_send_no_more_and_leaves_nothing(store: Store, clock: JumpClock) -> None:
    offices, others = Offices(store, clock), Offices(store, clock)
    key = await offices.add("Berlin", id="b")
    await Devices(store, clock).put("b", "d", PHONE)
    assert await others.of_key(key) == "b"
    assert await offices.remove("b")
    assert not await offices.remove("b")
    with pytest.raises(PushError):
        await offices.of_key(key)
    clock.ahead_s += KNOWN_FOR_S + 1  # another gateway has seen the key a moment ago
    with pytest.raises(PushError):
        await others.of_key(key)
    assert await Devices(store, clock).count("b") == 0


async def test_the_same_office_is_not_made_twice(store: Store, clock: JumpClock) -> None:
    offices = Offices(store, clock)
    await offices.add("Berlin", id="b")
    with pytest.raises(PushError) as refused:
        await offices.add("Bonn", id="b")
    assert refused.value.status == 409


async def test_a_device_is_of_one_office_and_replaced_when_it_registers_again(
    store: Store, clock: JumpClock
) -> None:
    devices = Devices(store, clock)
    await devices.put("a", "d", PHONE)
    await devices.put("a", "d", DeviceWrite(platform="apns", token="ab" * 32, app="org.x", sandbox=True))
    found = await devices.get("a", "d")
    assert found is not None
    assert (found.platform, found.token, found.app, found.sandbox) == ("apns", "ab" * 32, "org.x", True)
    assert await devices.get("b", "d") is None
    assert not await devices.remove("b", "d")
    assert await devices.remove("a", "d")


async def test_a_dead_token_is_forgotten_everywhere_but_where_it_was_registered_later(
    store: Store, clock: JumpClock
) -> None:
    devices = Devices(store, clock)
    await devices.put("a", "1", PHONE)
    await devices.put("b", "2", PHONE)
    died_at = clock.time()
    clock.ahead_s += 5
    await devices.put("a", "3", PHONE)
    assert await devices.forget("apns", PHONE.token, died_at) == 0
    assert await devices.forget("fcm", PHONE.token, died_at) == 2
    assert [each.id for each in await devices.of("a")] == ["3"]


async def test_the_log_tells_the_newest_first_and_forgets_what_is_old(store: Store, clock: JumpClock) -> None:
    log = Deliveries(store, clock, Metrics())
    for number in range(3):
        log.note("a", PUSH, "fcm", "secret-token-1234", Outcome(state="sent", attempts=number))
        clock.ahead_s += 1
    log.note("b", PUSH, "fcm", "x", Outcome(state="late", reason="no answer"))
    await log.flush()
    found = await log.of("a", limit=2)
    assert [each.attempts for each in found] == [2, 1]
    assert found[0].token_end == "ken-1234"
    assert await log.of("a", call_id="c2") == []
    assert await log.last_day("a") == {"sent": 3}
    clock.ahead_s += KEEP_DAYS * 86400
    task = asyncio.get_running_loop().create_task(log.run())
    while await log.of("a"):
        await asyncio.sleep(0.05)
    task.cancel()


async def test_what_one_writes_in_vain_harms_no_other(store: Store) -> None:
    insert = "INSERT INTO push_office (id, name, key_hash, created_at) VALUES ($1, $2, $3, $4)"
    await store.run(insert, "x", "x", "x", 0.0)
    results = await asyncio.gather(
        *(store.run(insert, each, "n", "k", 0.0) for each in ("1", "x", "2")), return_exceptions=True
    )
    assert results[0] == results[2] == 1
    assert isinstance(results[1], sqlite3.IntegrityError | asyncpg.UniqueViolationError)
    rows = await store.all("SELECT id FROM push_office ORDER BY id")
    assert [row["id"] for row in rows] == ["1", "2", "x"]


async def test_what_was_stored_is_there_when_it_is_opened_again(place: str, clock: JumpClock) -> None:
    first = await open_store(place)
    await Devices(first, clock).put("a", "d", PHONE)
    await first.aclose()
    second = await open_store(place)
    assert await Devices(second, clock).get("a", "d") is not None
    await second.aclose()
