"""What is erased on request or by age is gone, here and at Twilio; figures count by the office's day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from edge.model.base import new_id
from edge.store import Statements, Store
from edge.texts.outbox import OPTED_OUT
from tests.edge.texts.office import OTHER, OURS, SECOND, THEIRS, TextEdge
from tests.edge.texts.test_pictures import PNG

DAY_S = 24 * 3600
TABLES = (
    "text_message", "text_media", "text_note", "text_mail", "text_conversation", "text_template", "text_consent_change",
    "text_erasure", "text_erasure_left", "webhook_answer",
)  # fmt: skip


async def _everything(store: Store) -> str:
    """All rows of all tables that may hold something of a person."""
    found = [await store.all(f"SELECT * FROM {table}") for table in TABLES]
    return repr([[dict(cast("Any", row)) for row in rows] for rows in found])


async def test_an_erasure_leaves_nothing_of_the_person_and_all_of_others(edge: TextEdge) -> None:
    for who, secret in ((THEIRS, "the blue safe"), (OTHER, "the red door")):
        await edge.chat(f"It is about {secret}", from_=who, media=[("image/png", PNG)])
        await edge.ask("POST", f"/conversations/{who}/{OURS}/notes", {"text": f"note on {secret}"})
    await edge.chat("STOP")
    assert "blue safe" in await _everything(edge.store)
    receipt = await edge.ask("POST", "/erasure", {"number": THEIRS}, actor="Ann")
    assert receipt.status == 201
    assert receipt.body["erased"] == {"texts": 3, "files": 1, "mails": 0, "notes": 1, "conversations": 1}
    assert THEIRS not in str(receipt.body)
    left = await _everything(edge.store)
    assert "blue safe" not in left
    assert "red door" in left
    assert (await edge.ask("GET", f"/conversations/{THEIRS}/{OURS}")).status == 404
    assert [document["what"] for _, _, document in edge.told][-1] == "gone"
    assert (await edge.ask("POST", "/sms/send", {"to": THEIRS, "text": "hi"})).status == 409, (
        "STOP is remembered"
    )
    assert receipt.body["at_twilio"] == 3
    edge.twilio.faults.fail_next(500, path="/Messages/")
    for _ in range(3):
        while await edge.texts.erasing.delete_next():
            pass
        await edge.clock.advance(2 * 3600)
    assert (await edge.ask("GET", f"/erasure/{receipt.body['id']}")).body["at_twilio"] == 0
    assert not any(THEIRS in {message.from_, message.to} for message in edge.twilio.messages.values())
    assert any(message.from_ == OTHER for message in edge.twilio.messages.values())
    assert (await edge.ask("GET", f"/erasure/{receipt.body['id']}", office=edge.stranger)).status == 404


async def test_what_other_areas_have_of_a_person_goes_in_the_same_transaction(edge: TextEdge) -> None:
    class Voicemails:
        async def erase(self, statements: Statements, office: str, number: str) -> Mapping[str, int]:
            await statements.run("DELETE FROM text_template WHERE office = $1 AND name = $2", office, number)
            return {"voicemails": 2}

    edge.texts.erasing._others = [Voicemails()]
    await edge.ask("POST", "/texts/templates", {"name": THEIRS, "text": "x"})
    receipt = await edge.ask("POST", "/erasure", {"number": THEIRS})
    assert receipt.body["erased"]["voicemails"] == 2
    assert (await edge.ask("GET", "/texts/templates")).body["total"] == 0


async def test_texts_are_kept_as_long_as_the_office_says(edge: TextEdge) -> None:
    await edge.chat("where can I park?", media=[("image/png", PNG)])
    await edge.chat("STOP", from_=OTHER)
    await edge.ask("PUT", "/texts/settings", {"keep_days": 30})
    await edge.clock.advance(29 * DAY_S)
    await edge.chat("hello", from_=OTHER, to=SECOND)
    assert not await edge.texts.erasing.forget(edge.office)
    assert (await edge.ask("GET", "/conversations")).body["total"] == 3
    await edge.clock.advance(2 * DAY_S)
    await edge.texts.erasing.forget(edge.office)
    assert [each["to"] for each in (await edge.ask("GET", "/conversations")).body["items"]] == [SECOND]
    assert await edge.store.one("SELECT id FROM text_media") is None
    assert await edge.texts.consent.opted_out(edge.office, OURS, OTHER), "an opt-out is never too old"
    await edge.ask("PUT", "/texts/settings", {"keep_days": 0})
    await edge.clock.advance(3000 * DAY_S)
    assert not await edge.texts.erasing.forget(edge.office)
    assert (await edge.ask("GET", "/conversations")).body["total"] == 1


async def _add(edge: TextEdge, at: datetime, direction: str, state: str, author: str, code: int = 0) -> None:
    ms = round(at.timestamp() * 1000)
    await edge.store.run(
        "INSERT INTO text_message (id, office, ours, theirs, direction, author, actor, body, at, state, sid, code,"
        " reason, media, segments, campaign, last_word, answer, attempts, due_at, claimed_at, settled_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, '', 'x', $7, $8, '', $9, '', 0, 1, '', 0, '', 0, 0, 0, 0)",
        new_id(ms), edge.office, OURS, THEIRS, direction, author, ms, state, code,
    )  # fmt: skip


async def test_figures_count_by_the_day_of_the_office(edge: TextEdge) -> None:
    """New York: four hours behind UTC until 2026-11-01, 02:00, five after. That day has 25 hours."""
    for hour, minute in ((3, 59), (4, 0), (12, 0)):
        await _add(edge, datetime(2026, 11, 1, hour, minute, tzinfo=UTC), "in", "received", "them")
    await _add(edge, datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "out", "delivered", "ai")
    await _add(edge, datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "out", "failed", "person", 30006)
    await _add(edge, datetime(2026, 11, 2, 6, 0, tzinfo=UTC), "out", "uncertain", "campaign")
    await _add(edge, datetime(2026, 11, 2, 6, 1, tzinfo=UTC), "out", "queued", "person")
    found = (await edge.ask("GET", "/analytics/sms", query="first=2026-10-31&last=2026-11-02")).body
    assert found["time_zone"] == "America/New_York"
    names = ("received", "sent", "delivered", "failed", "uncertain", "by_ai", "by_people", "by_campaigns")
    nothing = dict.fromkeys(names, 0)
    assert found["days"] == [
        nothing | {"day": "2026-10-31", "received": 1},
        nothing | {"day": "2026-11-01", "received": 2, "sent": 1, "delivered": 1, "by_ai": 1},
        nothing
        | {"day": "2026-11-02", "sent": 2, "failed": 1, "uncertain": 1, "by_people": 1, "by_campaigns": 1},
    ]
    assert found["failures"][0] | {"words": ""} == {"code": 30006, "words": "", "count": 1}
    assert "landline" in found["failures"][0]["words"]
    assert found["numbers"] == [{"number": OURS, "received": 3, "sent": 3}]
    assert found["segments"] == 4
    other = (await edge.ask("GET", "/analytics/sms", query=f"first=2026-10-31&number=%2B{SECOND[1:]}")).body
    assert sum(day["received"] for day in other["days"]) == 0


async def test_figures_tell_how_long_people_wait_and_who_leaves(edge: TextEdge) -> None:
    await edge.chat("where can I park?")
    await edge.chat("STOP")
    await edge.chat("START")
    found = (await edge.ask("GET", "/analytics/sms")).body
    assert (found["opted_out"], found["opted_in"]) == (1, 1)
    assert found["answered_s"] in range(0, 10)
    assert len(found["days"]) == 30
    assert OPTED_OUT not in [each["code"] for each in found["failures"]]


async def test_odd_questions_for_figures_are_refused(edge: TextEdge) -> None:
    for query in (
        "first=2026-02-30",
        "first=2026-11-02&last=2026-11-01",
        "first=1999-01-01&last=2026-01-01",
        "first=x",
    ):
        assert (await edge.ask("GET", "/analytics/sms", query=query)).status == 422, query
