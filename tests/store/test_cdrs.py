from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from pbx.model.call_event import CallEnded, CallOffered, LegDialled
from pbx.model.cdr import Cdr
from pbx.store.cdrs import CdrFilter, CdrStore
from pbx.store.database import Database
from tests.fakes.clock import EPOCH


@pytest.fixture
def store(database: Database) -> CdrStore:
    return CdrStore(database)


def cdr(id_: str, *, minute: int = 0, **more: object) -> Cdr:
    fields: dict[str, object] = {
        "from_number": "101",
        "dialled": "102",
        "started_at": EPOCH + timedelta(minutes=minute),
    }
    return msgspec.convert({"id": id_, **fields, **more}, Cdr)


async def test_a_record_comes_back_with_its_events(store: CdrStore) -> None:
    events = (
        CallOffered(
            call="1",
            at=EPOCH,
            from_number="101",
            from_name="A",
            from_extension="101",
            dialled="102",
            source="[::1]:5060",
        ),
        CallEnded(call="1", at=EPOCH + timedelta(seconds=3), cause="normal", by="a"),
    )
    record = msgspec.structs.replace(
        cdr("1", from_extension="101", answered_at=EPOCH + timedelta(seconds=1), talk_s=2.25), events=events
    )
    await store.put(record)
    assert await store.get("1") == record
    assert await store.get("2") is None


async def test_a_later_put_replaces_the_earlier(store: CdrStore) -> None:
    await store.put(cdr("1"))
    await store.put(cdr("1", disposition="busy", ended_at=EPOCH))
    items, total = await store.list()
    assert (total, items[0].disposition, items[0].ended_at) == (1, "busy", EPOCH)


async def test_a_list_is_newest_first_in_pages_and_without_events(store: CdrStore) -> None:
    for minute in range(5):
        offered = CallEnded(call=str(minute), at=EPOCH, cause="normal")
        await store.put(msgspec.structs.replace(cdr(str(minute), minute=minute), events=(offered,)))
    items, total = await store.list(limit=2, offset=1)
    assert ([one.id for one in items], total) == (["3", "2"], 5)
    assert items[0].events == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CdrFilter(), "dcba"),
        (CdrFilter(since=EPOCH + timedelta(minutes=1)), "dcb"),
        (CdrFilter(until=EPOCH + timedelta(minutes=1)), "a"),
        (CdrFilter(extension="101"), "da"),
        (CdrFilter(number="4930"), "cb"),
        (CdrFilter(number="%"), ""),
        (CdrFilter(disposition="busy"), "b"),
        (CdrFilter(extension="101", disposition="answered"), "d"),
    ],
)
async def test_filters(store: CdrStore, wanted: CdrFilter, found: str) -> None:
    await store.put(cdr("a", minute=0, from_extension="101"))
    await store.put(cdr("b", minute=1, from_number="+4930123", disposition="busy"))
    await store.put(cdr("c", minute=2, dialled="04930123", to_extension="102"))
    await store.put(cdr("d", minute=3, to_extension="101", disposition="answered"))
    items, total = await store.list(filters=wanted)
    assert ("".join(one.id for one in items), total) == (found, len(found))


async def test_calls_a_dead_process_left_open_are_closed_and_marked(store: CdrStore) -> None:
    answered_at = EPOCH + timedelta(seconds=10)
    await store.put(cdr("ringing"))
    await store.put(cdr("talking", answered_at=answered_at, disposition="answered"))
    await store.put(cdr("over", ended_at=EPOCH, disposition="busy", cause="busy"))
    now = EPOCH + timedelta(seconds=100)
    assert await store.close_interrupted(now) == 2
    ringing, talking, over = [await store.get(id_) for id_ in ("ringing", "talking", "over")]
    assert ringing == cdr(
        "ringing", ended_at=now, disposition="failed", cause="interrupted", duration_s=100, interrupted=True
    )
    assert talking == cdr(
        "talking",
        answered_at=answered_at,
        ended_at=now,
        disposition="answered",
        cause="interrupted",
        duration_s=100,
        talk_s=90,
        interrupted=True,
    )
    assert over == cdr("over", ended_at=EPOCH, disposition="busy", cause="busy")
    assert await store.close_interrupted(now) == 0


async def test_a_clock_set_back_does_not_make_negative_calls(store: CdrStore) -> None:
    await store.put(cdr("1", minute=5))
    await store.close_interrupted(EPOCH)
    closed = await store.get("1")
    assert closed is not None
    assert (closed.duration_s, closed.ended_at) == (0, closed.started_at)


async def test_the_last_numbers_that_an_extension_dialled(store: CdrStore) -> None:
    for minute, number in enumerate(("201", "*43", "202")):
        await store.put(cdr(str(minute), minute=minute, from_extension="101", dialled=number))
    await store.put(cdr("9", minute=9, from_extension="103", dialled="203"))
    assert await store.last_dialled("101") == ["202", "*43", "201"]
    assert await store.last_dialled("101", limit=1) == ["202"]
    assert await store.last_dialled("999") == []


async def test_the_last_callers_of_an_extension_also_through_a_group(store: CdrStore) -> None:
    def rung(id_: str, minute: int, extension: str, **more: object) -> Cdr:
        dialled = LegDialled(call=id_, at=EPOCH, leg="b1", target=extension, extension=extension)
        return msgspec.structs.replace(cdr(id_, minute=minute, **more), events=(dialled,))

    await store.put(cdr("1", minute=1, from_number="+4930123456", to_extension="102"))
    await store.put(rung("2", 2, "102", from_number="103", dialled="600"))
    await store.put(cdr("3", minute=3, from_number="", to_extension="102"))
    await store.put(rung("4", 4, "102", from_number="102", from_extension="102", dialled="600"))
    await store.put(rung("5", 5, "104", from_number="105", from_extension="102", dialled="104"))
    assert await store.last_callers("102") == [("103", "600"), ("+4930123456", "102")]
