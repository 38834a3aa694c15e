"""What people of an office do with conversations, and that two of them do not answer over each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.edge.texts.office import HAND_OVER, OTHER, OURS, SECOND, THEIRS, TextEdge

ONE = f"/conversations/{THEIRS}/{OURS}"


def _reply(text: str, **more: object) -> dict[str, object]:
    return {"from": THEIRS, "to": OURS, "text": text, **more}


async def _list(edge: TextEdge, query: str = "") -> list[str]:
    answer = await edge.ask("GET", "/conversations", query=query)
    assert answer.status == 200, answer
    assert answer.body["total"] == len(answer.body["items"])
    return [each["from"] for each in answer.body["items"]]


async def test_the_list_shows_the_latest_first_and_finds_by_state_person_number_and_words(
    edge: TextEdge,
) -> None:
    await edge.chat("The blue door is 100% stuck")
    await edge.chat("where can I park?", from_=OTHER, to=SECOND)
    assert await _list(edge) == [OTHER, THEIRS]
    assert await _list(edge, "mode=waiting") == [THEIRS]
    assert await _list(edge, f"number=%2B{SECOND[1:]}") == [OTHER]
    assert await _list(edge, "q=BLUE%20door") == [THEIRS]
    assert await _list(edge, "q=100%25") == [THEIRS]
    assert await _list(edge, "q=_") == []
    assert await _list(edge, "q=0124") == [OTHER]
    await edge.ask("PUT", f"{ONE}/assignment", {"to": "Bob"})
    assert await _list(edge, "assigned_to=Bob") == [THEIRS]
    assert await _list(edge, "assigned_to=-") == [OTHER]
    assert (await edge.ask("POST", f"{ONE}/read")).body["unread"] == 0
    assert await _list(edge, "unread=true") == [OTHER]
    assert (await edge.ask("GET", "/conversations")).body["unread"] == 1
    assert (await edge.ask("POST", f"{ONE}/unread")).body["unread"] == 1


async def test_a_conversation_is_found_either_way_round(edge: TextEdge) -> None:
    await edge.chat("hello")
    for path in (f"/conversations/%2B{THEIRS[1:]}/%2B{OURS[1:]}", f"/conversations/{OURS}/{THEIRS}"):
        answer = await edge.ask("GET", path)
        assert answer.body["conversation"]["from"] == THEIRS
    assert (await edge.ask("GET", f"/conversations/{OTHER}/{OURS}")).status == 404
    assert (await edge.ask("GET", "/conversations/../etc")).status == 404


async def test_older_messages_are_read_page_by_page(edge: TextEdge) -> None:
    for n in range(7):
        await edge.hear(f"text {n}")
        await edge.clock.advance(1)
    seen: list[str] = []
    before = ""
    while True:
        page = (await edge.ask("GET", ONE, query=f"limit=3&before={before}")).body
        seen = [each["text"] for each in page["messages"]] + seen
        if not page["more"]:
            break
        before = page["messages"][0]["id"]
    assert seen == [f"text {n}" for n in range(7)]
    assert (await edge.ask("GET", ONE, query="before=nothing")).status == 422


async def test_who_looked_before_another_answered_is_told_who(edge: TextEdge) -> None:
    await edge.chat("My door is stuck")
    seen = (await edge.conversation())["conversation"]["last_id"]
    first = await edge.ask("POST", "/conversations/reply", _reply("Ann: I am on it.", seen=seen), actor="Ann")
    assert first.status == 201
    second = await edge.ask("POST", "/conversations/reply", _reply("Bob: on it.", seen=seen), actor="Bob")
    assert (second.status, second.body["detail"]) == (409, "Ann has answered since you looked.")
    anyway = await edge.ask(
        "POST", "/conversations/reply", _reply("Bob too.", seen=seen, anyway=True), actor="Bob"
    )
    assert anyway.status == 201
    mine = await edge.ask(
        "POST", "/conversations/reply", _reply("And this.", seen=anyway.body["id"]), actor="Bob"
    )
    assert mine.status == 201
    found = (await edge.conversation())["conversation"]
    assert (found["last_writer"], found["unread"], found["mode"]) == ("Bob", 0, "person")


async def test_a_new_text_of_theirs_is_no_collision(edge: TextEdge) -> None:
    await edge.chat("My door is stuck")
    seen = (await edge.conversation())["conversation"]["last_id"]
    await edge.chat("Hello?")
    assert (await edge.ask("POST", "/conversations/reply", _reply("Coming.", seen=seen))).status == 201


async def test_of_two_answers_at_once_one_is_refused(edge: TextEdge) -> None:
    await edge.chat("My door is stuck")
    seen = (await edge.conversation())["conversation"]["last_id"]
    answers = await asyncio.gather(
        *(
            edge.ask("POST", "/conversations/reply", _reply(f"{who} comes", seen=seen), actor=who)
            for who in ("Ann", "Bob", "Cid")
        )
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409]
    await edge.work()
    assert len(edge.twilio.sent()) == 2  # the AI's hand-over, and one answer


async def test_while_somebody_types_nobody_else_sends(edge: TextEdge) -> None:
    await edge.chat("My door is stuck")
    assert (await edge.ask("PUT", f"{ONE}/typing", {}, actor="Ann")).body["typing"] == "Ann"
    assert (await edge.ask("PUT", f"{ONE}/typing", {}, actor="Bob")).body["typing"] == "Ann"
    refused = await edge.ask("POST", "/conversations/reply", _reply("hi"), actor="Bob")
    assert (refused.status, refused.body["detail"]) == (409, "Ann is writing an answer just now.")
    await edge.clock.advance(20)
    assert (await edge.conversation())["conversation"]["typing"] == ""
    assert (await edge.ask("POST", "/conversations/reply", _reply("hi"), actor="Bob")).status == 201


async def test_notes_stay_in_the_office(edge: TextEdge) -> None:
    await edge.chat("My door is stuck")
    note = await edge.ask("POST", f"{ONE}/notes", {"text": "Owes us 80 dollars"}, actor="Ann")
    assert note.status == 201
    assert (await edge.conversation())["notes"] == [note.body]
    await edge.work()
    assert [message.body for message in edge.twilio.sent()] == [HAND_OVER]
    assert (await edge.ask("DELETE", f"{ONE}/notes/{note.body['id']}")).status == 204
    assert (await edge.ask("DELETE", f"{ONE}/notes/{note.body['id']}")).status == 404


async def test_templates_are_kept(edge: TextEdge) -> None:
    made = await edge.ask("POST", "/texts/templates", {"name": "Late", "text": "We are late."})
    assert made.status == 201
    id = made.body["id"]
    changed = await edge.ask(
        "PUT", f"/texts/templates/{id}", {"name": "Late", "text": "We are 10 minutes late."}
    )
    assert (await edge.ask("GET", "/texts/templates")).body == {"items": [changed.body], "total": 1}
    assert (await edge.ask("GET", "/texts/templates", office=edge.stranger)).body["total"] == 0
    assert (await edge.ask("DELETE", f"/texts/templates/{id}", office=edge.stranger)).status == 404
    assert (await edge.ask("DELETE", f"/texts/templates/{id}")).status == 204


async def test_everybody_who_looks_is_told_live(edge: TextEdge) -> None:
    await edge.chat("where can I park?")
    await edge.ask("PUT", f"{ONE}/assignment", {"to": "Bob"})
    told = [
        document for office, topic, document in edge.told if (office, topic) == (edge.office, "conversations")
    ]
    kinds = [(each["what"], (each["message"] or {}).get("state")) for each in told]
    assert kinds[:2] == [("message", "received"), ("message", "queued")]
    assert ("state", "sent") in kinds
    assert ("state", "delivered") in kinds
    assert kinds[-1] == ("conversation", None)
    assert told[-1]["conversation"]["assigned_to"] == "Bob"
    assert {each["from"] for each in told} == {THEIRS}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"to": THEIRS, "text": " "}, 422),
        ({"to": "12025550123", "text": "x"}, 422),
        ({"to": THEIRS, "text": "x" * 1601}, 422),
        ({"to": THEIRS, "from": OTHER, "text": "x"}, 422),
        ({"to": THEIRS, "text": "x", "media": ["nothing"]}, 422),
        ({"to": THEIRS, "text": "x", "more": 1}, 422),
    ],
)
async def test_what_cannot_be_sent_is_refused(edge: TextEdge, body: dict[str, Any], status: int) -> None:
    assert (await edge.ask("POST", "/sms/send", body)).status == status
    await edge.work()
    assert edge.twilio.sent() == []
    assert (await edge.ask("GET", "/conversations")).body["total"] == 0


async def test_the_same_id_is_one_text_and_a_flow_takes_no_thread_over(edge: TextEdge) -> None:
    body = {"to": THEIRS, "text": "Your table is ready.", "id": "flow-7", "author": "flow"}
    first = await edge.ask("POST", "/sms/send", body)
    again = await edge.ask("POST", "/sms/send", body)
    assert first.body["id"] == again.body["id"]
    await edge.work()
    assert len(edge.twilio.sent()) == 1
    found = await edge.conversation()
    assert (found["conversation"]["mode"], found["messages"][0]["author"]) == ("ai", "flow")


async def test_a_text_goes_out_from_the_number_they_wrote_to(edge: TextEdge) -> None:
    await edge.chat("hello", to=SECOND)
    assert (await edge.ask("POST", "/sms/send", {"to": THEIRS, "text": "hi"})).body["from"] == SECOND
    assert (await edge.ask("POST", "/sms/send", {"to": OTHER, "text": "hi"})).body["from"] == OURS


async def test_what_failed_may_be_sent_again(edge: TextEdge) -> None:
    edge.twilio.receipts[THEIRS] = ("undelivered", 30003)
    sent = await edge.ask("POST", "/sms/send", {"to": THEIRS, "text": "hi"})
    assert (await edge.ask("POST", f"/texts/messages/{sent.body['id']}/again")).status == 409
    await edge.work()
    edge.twilio.receipts.clear()
    again = await edge.ask("POST", f"/texts/messages/{sent.body['id']}/again")
    assert again.status == 201
    await edge.work()
    states = [each["state"] for each in (await edge.conversation())["messages"]]
    assert states == ["failed", "delivered"]
    assert (await edge.ask("POST", "/texts/messages/nothing/again")).status == 404


async def test_the_office_enters_what_somebody_said_by_phone(edge: TextEdge) -> None:
    answer = await edge.ask("POST", "/texts/consents", {"number": OTHER, "opted_out": True})
    assert {(each["ours"], each["opted_out"], each["how"]) for each in answer.body["items"]} == {
        (OURS, True, "office"), (SECOND, True, "office"),
    }  # fmt: skip
    assert (await edge.ask("POST", "/sms/send", {"to": OTHER, "text": "hi"})).status == 409
    assert (await edge.ask("GET", "/texts/consents")).body["total"] == 2
    back = {"number": OTHER, "ours": OURS, "opted_out": False}
    assert (await edge.ask("POST", "/texts/consents", back)).status == 200
    assert (await edge.ask("POST", "/sms/send", {"to": OTHER, "from": OURS, "text": "hi"})).status == 201
    assert (await edge.ask("POST", "/texts/consents", back, office=edge.stranger)).status == 422
