"""A campaign from its draft to its end."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.campaigns.office_settings import put_settings
from edge.errors import EdgeError
from edge.model.campaigns import CampaignPatch, CampaignSettings, CampaignSettle, CampaignStart, CampaignWrite
from edge.twilio.registration import Registration
from tests.edge.campaigns.office import LOCAL, TOLL_FREE, Edge, people, run
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Carrier

HOUR = 3_600_000
both = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)


@both
async def test_everybody_gets_one_text_with_their_name(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    id = await edge.started(
        "name,phone\nAnn,+12125550101\nBo,+16465550102\n,+17185550103\n", "Hi {name|friend}"
    )
    await run(edge, clock, 5)
    assert {(m.ours, m.theirs, m.body) for m, _ in carrier.taken} == {
        (TOLL_FREE, "+12125550101", "Hi Ann"),
        (TOLL_FREE, "+16465550102", "Hi Bo"),
        (TOLL_FREE, "+17185550103", "Hi friend"),
    }
    assert await edge.state(id) == "finished"
    assert await edge.states(id) == {"sent": 3}


@both
async def test_receipts_arrive_before_and_after_the_end(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    id = await edge.started(people(3))
    await run(edge, clock, 5)
    for (message, seen), status, code in zip(
        carrier.taken, ("delivered", "undelivered", "sent"), (0, 30008, 0), strict=True
    ):
        await edge.outbox.report(message.id, seen.sid, status, code)
    await run(edge, clock, 10)
    assert await edge.states(id) == {"delivered": 1, "undelivered": 1, "sent": 1}
    page = await edge.ask("GET", f"/campaigns/{id}/recipients", query="state=undelivered")
    assert page[1]["items"][0]["code"] == 30008  # type: ignore[index]
    assert await edge.state(id) == "finished"


async def test_the_rate_of_the_number_is_kept(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    """A text of two segments costs two turns."""
    await edge.started(people(40), "x" * 200)
    await run(edge, clock, 20, 0.5)
    assert 9 <= len(carrier.taken) <= 12


@both
async def test_campaigns_of_one_number_take_turns(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    one = await edge.started(people(50))
    await run(edge, clock, 10)
    two = await edge.started(people(50, "646"), "Other")
    before = len(carrier.taken)
    await run(edge, clock, 20)
    shares = Counter(message.body for message, _ in carrier.taken[before:])
    assert abs(shares["Hello you"] - shares["Other"]) <= 1
    assert {await edge.state(one), await edge.state(two)} == {"running"}


async def test_numbers_do_not_wait_for_each_other(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    await edge.started(people(30))
    await edge.started(people(30, "646"), from_number=LOCAL)
    await run(edge, clock, 10)
    assert all(count >= 9 for count in Counter(message.ours for message, _ in carrier.taken).values())


@both
async def test_a_pause_calls_back_what_nobody_has_begun_to_send(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    id = await edge.started(people(20))
    for _ in range(3):
        await edge.release.next()
        await clock.advance(1)
    assert (await edge.states(id))["released"] == 3
    await edge.conduct.pause("local", id)
    await run(edge, clock, 30, 3)
    assert carrier.taken == []
    assert await edge.states(id) == {"queued": 20}
    await edge.conduct.resume("local", id)
    await run(edge, clock, 25)
    assert Counter(m.theirs for m, _ in carrier.taken) == Counter(people(20).split())


@both
async def test_a_cancel_is_for_good_and_says_who_got_nothing(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    id = await edge.started(people(20))
    await run(edge, clock, 5)
    done = len(carrier.taken)
    await edge.conduct.cancel("local", id)
    await run(edge, clock, 30, 3)
    assert len(carrier.taken) == done
    assert await edge.states(id) == {"sent": done, "cancelled": 20 - done}
    with pytest.raises(EdgeError, match="cancelled"):
        await edge.conduct.resume("local", id)


@both
async def test_a_scheduled_campaign_begins_at_its_time(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    made = await edge.campaign(people(2))
    at = clock.now_ms() + HOUR
    assert (await edge.conduct.start("local", "ann", made.id, CampaignStart(at=at))).state == "scheduled"
    await run(edge, clock, 3500, 350)
    assert carrier.taken == []
    await run(edge, clock, 300, 50)
    assert await edge.states(made.id) == {"sent": 2}


async def test_a_scheduled_campaign_that_is_paused_and_resumed_still_waits(
    edge: Edge, clock: TestClock
) -> None:
    made = await edge.campaign(people(2))
    await edge.conduct.start("local", "ann", made.id, CampaignStart(at=clock.now_ms() + HOUR))
    assert (await edge.conduct.pause("local", made.id)).state == "paused"
    assert (await edge.conduct.resume("local", made.id)).state == "scheduled"


@both
async def test_nobody_is_texted_at_night(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    """It is 12:00 in New York, 9:00 in Los Angeles and 7:00 in Honolulu."""
    id = await edge.started("+18085550101\n+12125550101\n+13105550101\n")
    await run(edge, clock, 600, 60)
    assert {m.theirs for m, _ in carrier.taken} == {"+12125550101", "+13105550101"}
    assert await edge.state(id) == "running"
    await run(edge, clock, 3300, 300)
    assert {m.theirs for m, _ in carrier.taken} == {"+18085550101", "+12125550101", "+13105550101"}
    assert await edge.state(id) == "finished"


@both
async def test_what_waits_when_the_day_ends_waits_for_the_morning(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    """Released at 20:58, but nobody sends for an hour: the text does not go out at 22:00."""
    await clock.advance(8 * 3600 + 58 * 60)
    id = await edge.started(people(1))
    await edge.release.next()
    assert await edge.states(id) == {"released": 1}
    await clock.advance(3600)
    await run(edge, clock, 1200, 600)
    assert carrier.taken == []
    assert await edge.states(id) == {"queued": 1}
    await run(edge, clock, 9 * 3600 + 3600, 900)
    assert [m.theirs for m, _ in carrier.taken] == [people(1)]


async def test_the_hours_of_the_office_may_be_shorter(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    await put_settings(edge.store, "local", CampaignSettings(quiet_until="13:00", quiet_from="14:00"))
    await edge.started(people(1))
    await run(edge, clock, 3500, 350)
    assert carrier.taken == []
    await run(edge, clock, 200, 50)
    assert len(carrier.taken) == 1


@pytest.mark.parametrize(("start", "end"), [("08:00", "21:30"), ("12:00", "12:00")])
async def test_the_hours_of_the_office_are_never_longer(edge: Edge, start: str, end: str) -> None:
    with pytest.raises(EdgeError):
        await put_settings(edge.store, "local", CampaignSettings(quiet_until=start, quiet_from=end))


@both
async def test_stop_during_the_campaign_stops_that_person_at_once(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    """Those who wait, and those whose text is in the outbox already; and to whichever number they said it."""
    id = await edge.started(people(10))
    numbers = people(10).split()
    await edge.release.next()
    await edge.stop(numbers[0])
    await edge.stop(numbers[5], LOCAL)
    await run(edge, clock, 20)
    assert {m.theirs for m, _ in carrier.taken} == set(numbers) - {numbers[0], numbers[5]}
    assert await edge.states(id) == {"sent": 8, "opted_out": 2}


@both
async def test_stop_is_shown_before_their_turn_would_come(edge: Edge, clock: TestClock) -> None:
    id = await edge.started(people(100))
    await edge.stop(people(100).split()[90])
    await run(edge, clock, 12)
    assert (await edge.states(id))["opted_out"] == 1


@both
async def test_the_first_advertising_text_says_how_to_opt_out_and_the_second_does_not(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    for text in ("First", "Second"):
        await edge.started(people(1), text, marketing=True)
        await run(edge, clock, 5)
    assert [m.body for m, _ in carrier.taken] == ["First\nReply STOP to opt out.", "Second"]


async def test_a_text_that_names_stop_gets_no_second_line(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    await edge.started(people(1), "Sale! STOP ends this.", marketing=True)
    await run(edge, clock, 3)
    assert [m.body for m, _ in carrier.taken] == ["Sale! STOP ends this."]


async def test_nothing_starts_without_the_record_of_consent(edge: Edge) -> None:
    made = await edge.drafts.create(
        "local", "ann", CampaignWrite(name="x", text="Hi", recipients=people(1), consent=None)
    )
    with pytest.raises(EdgeError, match="agreed to be texted"):
        await edge.conduct.start("local", "ann", made.id, CampaignStart())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Registration("toll_free", "missing", "Not verified."), "Not verified."),
        (Registration("toll_free", "rejected", "Rejected.", "No website."), "No website."),
    ],
)
async def test_an_unregistered_number_is_refused_before_the_first_text(
    edge: Edge, said: Registration, words: str
) -> None:
    edge.registrations.said = said
    made = await edge.campaign(people(1))
    with pytest.raises(EdgeError, match=words):
        await edge.conduct.start("local", "ann", made.id, CampaignStart(despite_registration=True))


@pytest.mark.parametrize("said", [None, Registration("toll_free", "pending", "In review.")])
async def test_what_is_not_known_of_the_registration_is_for_a_person_to_decide(
    edge: Edge, said: Registration | None
) -> None:
    edge.registrations.said = said
    made = await edge.campaign(people(1))
    with pytest.raises(EdgeError, match="all the same"):
        await edge.conduct.start("local", "ann", made.id, CampaignStart())
    assert (
        await edge.conduct.start("local", "ann", made.id, CampaignStart(despite_registration=True))
    ).state == "running"


async def test_a_registration_lost_by_the_time_it_begins_pauses_it(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    made = await edge.campaign(people(1))
    await edge.conduct.start("local", "ann", made.id, CampaignStart(at=clock.now_ms() + HOUR))
    edge.registrations.said = Registration("toll_free", "rejected", "Rejected.")
    await run(edge, clock, 3700, 370)
    shown = await edge.ask("GET", f"/campaigns/{made.id}")
    assert (shown[1]["state"], shown[1]["note"]) == ("paused", "Rejected.")  # type: ignore[index]
    assert carrier.taken == []


async def test_registration_is_no_matter_where_nobody_asks_for_it(edge: Edge) -> None:
    edge.registrations.said = Registration("toll_free", "missing", "Not verified.")
    made = await edge.campaign("+447911123456")
    assert (await edge.planning.of("local", made.id)).registration.verdict == "good"


@both
async def test_a_fault_of_the_account_pauses_and_uses_nobody_up(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    class Suspended(Carrier):
        async def send(self, message):  # type: ignore[no-untyped-def]
            from edge.texts.sending import Refused

            return Refused(20005, "suspended") if self.faults else await super().send(message)

    refusing = Suspended(clock, faults=["x"])
    broken = Edge(edge.store, clock, refusing)
    id = await broken.started(people(5))
    await run(broken, clock, 10)
    assert await broken.state(id) == "paused"
    assert await broken.states(id) == {"queued": 5}
    assert "Error 20005" in (await broken.ask("GET", f"/campaigns/{id}"))[1]["note"]  # type: ignore[index]
    refusing.faults.clear()
    await broken.conduct.resume("local", id)
    await run(broken, clock, 10)
    assert await broken.states(id) == {"sent": 5}


@both
async def test_an_overflow_of_twilios_queue_is_sent_again_later_and_30008_is_not(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    id = await edge.started(people(2))
    await run(edge, clock, 4)
    for (message, seen), code in zip(carrier.taken, (30001, 30008), strict=True):
        await edge.outbox.report(message.id, seen.sid, "undelivered", code)
    await run(edge, clock, 1200, 60)
    assert Counter(m.theirs for m, _ in carrier.taken) == {people(2).split()[0]: 2, people(2).split()[1]: 1}
    assert await edge.states(id) == {"sent": 1, "undelivered": 1}
    assert await edge.state(id) == "finished"


async def test_a_busy_carrier_delays_and_loses_nobody(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    carrier.faults = ["busy"] * 20
    id = await edge.started(people(8))
    await run(edge, clock, 3600, 120)
    assert Counter(m.theirs for m, _ in carrier.taken) == Counter(people(8).split())
    assert await edge.states(id) == {"sent": 8}


@both
async def test_the_uncertain_are_shown_and_a_person_decides(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    carrier.faults = ["gone", "gone", "gone"]
    id = await edge.started(people(4))
    await run(edge, clock, 3600, 150)
    assert await edge.states(id) == {"uncertain": 3, "sent": 1}
    assert await edge.state(id) == "finished"
    first, second, third = (
        item["id"]
        for item in (await edge.ask("GET", f"/campaigns/{id}/recipients", query="state=uncertain"))[1][
            "items"
        ]  # type: ignore[index]
    )
    await edge.conduct.settle("local", id, CampaignSettle(action="again", recipients=(first,)))
    await edge.conduct.settle("local", id, CampaignSettle(action="leave", recipients=(second,)))
    await run(edge, clock, 60, 10)
    assert await edge.states(id) == {"uncertain": 1, "sent": 2, "left": 1}
    assert Counter(m.theirs for m, _ in carrier.taken).most_common(1)[0][1] == 1
    await edge.conduct.settle("local", id, CampaignSettle(action="again"))
    await run(edge, clock, 60, 10)
    assert await edge.states(id) == {"sent": 3, "left": 1}
    assert third


@both
async def test_a_late_word_for_the_first_text_keeps_the_second_from_going_out(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    """The admin says "send again"; before it is sent, Twilio says that the first one was delivered."""
    carrier.faults = ["lost"]
    carrier.lists = False
    id = await edge.started(people(1))
    await run(edge, clock, 5)
    carrier.lists = True
    taken, carrier.taken = carrier.taken, []
    await run(edge, clock, 3600, 150)
    assert await edge.states(id) == {"uncertain": 1}
    await edge.conduct.settle("local", id, CampaignSettle(action="again"))
    message, seen = taken[0]
    await edge.outbox.report(message.id, seen.sid, "delivered")
    await run(edge, clock, 30, 3)
    assert carrier.taken == []
    assert await edge.states(id) == {"delivered": 1}


async def test_failed_ones_may_be_sent_again_by_a_person(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    carrier.faults = ["bad"]
    id = await edge.started(people(1))
    await run(edge, clock, 5)
    assert await edge.states(id) == {"failed": 1}
    (person,) = (await edge.ask("GET", f"/campaigns/{id}/recipients"))[1]["items"]  # type: ignore[index]
    await edge.conduct.settle("local", id, CampaignSettle(action="again", recipients=(person["id"],)))
    await run(edge, clock, 5)
    assert await edge.states(id) == {"sent": 1}


async def test_receipts_that_were_lost_are_asked_for(edge: Edge, clock: TestClock, carrier: Carrier) -> None:
    from dataclasses import replace

    id = await edge.started(people(2))
    await run(edge, clock, 5)
    carrier.taken = [(message, replace(seen, status="delivered")) for message, seen in carrier.taken]
    assert not await edge.receipts.ask_next()
    await clock.advance(1300)
    assert [await edge.receipts.ask_next() for _ in range(3)] == [True, True, False]
    await run(edge, clock, 12)
    assert await edge.states(id) == {"delivered": 2}


@both
async def test_only_drafts_are_changed_or_deleted(edge: Edge, clock: TestClock) -> None:
    made = await edge.campaign(people(2))
    changed = await edge.drafts.change("local", made.id, CampaignPatch(name="New", recipients=people(5)))
    assert (changed.name, changed.people) == ("New", 5)
    await edge.conduct.start("local", "ann", made.id, CampaignStart())
    with pytest.raises(EdgeError, match="Only drafts"):
        await edge.drafts.change("local", made.id, CampaignPatch(name="Newer"))
    with pytest.raises(EdgeError, match="Only drafts"):
        await edge.drafts.delete("local", made.id)
    other = await edge.campaign(people(2))
    await edge.drafts.delete("local", other.id)
    assert (await edge.ask("GET", f"/campaigns/{other.id}"))[0] == 404
    rows = await edge.store.all("SELECT id FROM campaign_recipient WHERE campaign = $1", other.id)
    assert list(rows) == []


async def test_another_office_sees_nothing(edge: Edge) -> None:
    made = await edge.campaign(people(2))
    reply = await edge.dispatch.ask(office="other", actor="eve", method="GET", path=f"/campaigns/{made.id}")
    assert reply.status == 404
    reply = await edge.dispatch.ask(
        office="other", actor="eve", method="POST", path=f"/campaigns/{made.id}/cancel"
    )
    assert reply.status == 404


@both
async def test_two_edges_on_one_store_send_each_text_once(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    import asyncio

    other = Edge(edge.store, clock, carrier)
    await put_settings(edge.store, "local", CampaignSettings(toll_free_rate=50.0))
    id = await edge.started(people(80))
    for step in range(45):
        await asyncio.gather(edge.step(), other.step())
        await clock.advance(0.1)
        if step in (1, 4, 7):
            await asyncio.gather(edge.conduct.pause("local", id), other.step())
            await asyncio.gather(edge.step(), other.conduct.resume("local", id))
    assert Counter(m.theirs for m, _ in carrier.taken) == Counter(people(80).split())
    assert await edge.states(id) == {"sent": 80}
