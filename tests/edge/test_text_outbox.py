"""The outbox: what was put is sent once, or it is shown that nobody knows."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.store import Row, Statements, Store
from edge.texts.consent import ConsentRecords
from edge.texts.messages import Draft
from edge.texts.outbox import Outbox
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Carrier, Killed, random_faults

OURS, THEIRS = "+12025550100", "+12025550199"


async def _no_media(_: Statements, __: Row) -> tuple[str, ...]:
    return ()


def _outbox(store: Store, clock: TestClock, carrier: Carrier) -> Outbox:
    consent = ConsentRecords(store, clock)
    return Outbox(store, clock, carrier, consent, media=_no_media, words=lambda code, _: f"error {code}")


def _draft(id: str, body: str = "", *, theirs: str = THEIRS, campaign: str = "", ours: str = OURS) -> Draft:
    return Draft(
        id=id, office="o", ours=ours, theirs=theirs, body=body or id, author="person", campaign=campaign
    )


async def _put(store: Store, outbox: Outbox, *drafts: Draft) -> None:
    async with store.transaction() as statements:
        for draft in drafts:
            await outbox.put(statements, draft)


async def _work(outbox: Outbox, clock: TestClock, *, minutes: int = 40) -> None:
    """Until nothing is to be done any more, and for as long as anything may come up again."""
    for _ in range(minutes):
        while await outbox.work():
            pass
        await clock.advance(60)


async def _states(store: Store) -> dict[str, str]:
    rows = await store.all("SELECT id, state FROM text_message")
    return {row["id"]: row["state"] for row in rows}


async def test_what_is_put_is_sent_once_and_in_order(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock)
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, *(_draft(f"m{n}") for n in range(5)))
    await _put(store, outbox, _draft("m1", "another wording"))
    await _work(outbox, clock, minutes=1)
    assert carrier.bodies() == ["m0", "m1", "m2", "m3", "m4"]
    assert set((await _states(store)).values()) == {"sent"}


async def test_callbacks_move_a_message_forward_and_never_back(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock)
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"), _draft("b", theirs="+12025550198"))
    await _work(outbox, clock, minutes=1)
    sid = carrier.sid("a")
    assert await outbox.report("a", sid, "delivered")
    assert not await outbox.report("a", sid, "sent")
    assert not await outbox.report("a", sid, "failed", 30003)
    assert not await outbox.report("b", sid, "delivered")
    assert await outbox.report("b", carrier.sid("b"), "undelivered", 30005)
    row = await store.one("SELECT state, code, reason FROM text_message WHERE id = 'b'")
    assert row is not None
    assert (row["state"], row["code"], row["reason"]) == ("failed", 30005, "error 30005")
    assert (await _states(store))["a"] == "delivered"


@pytest.mark.parametrize("answered", ["before", "after"])
async def test_a_lost_answer_is_settled_by_the_callback(
    store: Store, clock: TestClock, answered: str
) -> None:
    carrier = Carrier(clock, ["lost"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"))
    await outbox.work()
    assert await _states(store) == {"a": "uncertain"}
    if answered == "before":
        await outbox.report("a", carrier.sid("a"), "delivered")
    await _work(outbox, clock)
    await outbox.report("a", carrier.sid("a"), "delivered")
    assert await _states(store) == {"a": "delivered"}
    assert carrier.bodies() == ["a"]


async def test_a_lost_answer_is_settled_by_the_list(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock, ["lost"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"), _draft("b", "the same"), _draft("c", "the same"))
    await _work(outbox, clock)
    assert await _states(store) == {"a": "sent", "b": "sent", "c": "sent"}
    assert Counter(carrier.bodies()) == {"a": 1, "the same": 2}


async def test_what_nobody_knows_is_shown_and_not_sent_again(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock, ["gone"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"))
    await _work(outbox, clock, minutes=120)
    assert await _states(store) == {"a": "uncertain"}
    assert len(carrier.asked) == 1
    assert not await outbox.work()
    assert await outbox.report("a", "SM" + "9" * 32, "delivered")
    assert await _states(store) == {"a": "delivered"}


async def test_a_list_that_cannot_be_read_settles_nothing_and_is_asked_again(
    store: Store, clock: TestClock
) -> None:
    carrier = Carrier(clock, ["lost"], lists=False)
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"))
    await _work(outbox, clock, minutes=60)
    assert await _states(store) == {"a": "uncertain"}
    carrier.lists = True
    await _work(outbox, clock, minutes=60)
    assert await _states(store) == {"a": "sent"}


async def test_the_same_words_wait_until_it_is_known_whether_they_went_out(
    store: Store, clock: TestClock
) -> None:
    """Otherwise the list would take the second for the first."""
    carrier = Carrier(clock, ["gone"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a", "same"))
    await outbox.work()
    await _put(store, outbox, _draft("b", "same"), _draft("c", "other", theirs="+12025550111"))
    await outbox.work()
    assert await _states(store) == {"a": "uncertain", "b": "queued", "c": "sent"}
    await _work(outbox, clock)
    assert await _states(store) == {"a": "uncertain", "b": "sent", "c": "sent"}


async def test_what_twilio_surely_did_not_take_is_tried_again(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock, ["busy", "busy", "busy"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"), _draft("b"))
    await _work(outbox, clock)
    assert carrier.bodies() == ["a", "b"], "the later one waits for the earlier"
    carrier.faults = ["busy"] * 99
    await _put(store, outbox, _draft("c"))
    await _work(outbox, clock)
    assert (await _states(store))["c"] == "failed"


async def test_who_has_opted_out_is_sent_nothing(store: Store, clock: TestClock) -> None:
    carrier = Carrier(clock)
    outbox = _outbox(store, clock, carrier)
    consent = ConsentRecords(store, clock)
    other = "+12025550101"
    await _put(store, outbox, _draft("a"), _draft("b", ours=other), _draft("c", ours=other, campaign="x"))
    async with store.transaction() as statements:
        await consent.change(statements, "o", OURS, THEIRS, opted_out=True, how="keyword")
    await _work(outbox, clock, minutes=1)
    assert carrier.bodies() == ["b"], "another number of the office may go on, but with no campaign"
    assert await _states(store) == {"a": "failed", "b": "sent", "c": "failed"}
    async with store.transaction() as statements:
        await consent.change(statements, "o", OURS, THEIRS, opted_out=False, how="keyword")
    await _put(store, outbox, _draft("d"))
    await _work(outbox, clock, minutes=1)
    assert carrier.bodies() == ["b", "d"]


async def test_a_refusal_for_an_opt_out_is_remembered(store: Store, clock: TestClock) -> None:
    """Somebody said STOP before this system was there; Twilio knows."""
    carrier = Carrier(clock, ["stopped"])
    outbox = _outbox(store, clock, carrier)
    await _put(store, outbox, _draft("a"), _draft("b"))
    await _work(outbox, clock, minutes=1)
    assert len(carrier.asked) == 1
    assert await ConsentRecords(store, clock).opted_out("o", OURS, THEIRS)
    assert await ConsentRecords(store, clock).opted_out_of_any("o", [THEIRS, "+12025550177"]) == {THEIRS}
    assert await ConsentRecords(store, clock).opted_out_of_any("p", [THEIRS]) == frozenset()


async def test_the_lists_of_many_numbers_are_asked_in_pieces(store: Store, clock: TestClock) -> None:
    consent = ConsentRecords(store, clock)
    numbers = [f"+1202555{n:04d}" for n in range(450)]
    async with store.transaction() as statements:
        for number in numbers[::50]:
            await consent.change(statements, "o", OURS, number, opted_out=True, how="office", actor="ann")
    assert await consent.opted_out_of_any("o", numbers) == set(numbers[::50])


@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_moment_none_is_sent_twice_and_each_is_accounted_for(
    store: Store, clock: TestClock, seed: int
) -> None:
    carrier = Carrier(clock, random_faults(seed, 80))
    outbox = _outbox(store, clock, carrier)
    ids = [f"m{n:02d}" for n in range(40)]
    await _put(store, outbox, *(_draft(id, theirs=f"+1202555{n % 15:04d}") for n, id in enumerate(ids)))
    for _ in range(3000):
        try:
            busy = await outbox.work()
        except BaseExceptionGroup as group:
            if group.split(Killed)[1] is not None:
                raise
            outbox = _outbox(store, clock, carrier)  # another process begins
            await _put(store, outbox, *(_draft(id) for id in ids))
            busy = True
        if not busy:
            await clock.advance(60)
        if clock.monotonic() > 3600:
            break
    states = await _states(store)
    sent = Counter(message.id for message, _ in carrier.taken)
    assert set(sent.values()) <= {1}
    assert set(states) == set(ids)
    assert set(states.values()) <= {"sent", "failed", "uncertain"}
    assert {id for id in ids if states[id] == "sent"} == set(sent), "what was taken is known as sent"
