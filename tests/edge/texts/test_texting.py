"""A text comes in over Twilio's signed webhook, and what follows happens once."""

from __future__ import annotations

import pytest

from tests.edge.texts.office import HAND_OVER, HOURS, OTHER, OURS, PARKING, SECOND, STRANGE, THEIRS, TextEdge

STOPPED = "Miller: you have opted out and will get no more texts from this number. Reply START to resume."
STARTED = "Miller: you can get texts from this number again. Reply HELP for help, STOP to end."


async def test_a_text_is_answered_by_the_ai_and_stands_in_the_inbox(edge: TextEdge) -> None:
    assert await edge.chat("When are you open?") == [HOURS]
    found = await edge.conversation()
    assert [(each["direction"], each["author"], each["state"]) for each in found["messages"]] == [
        ("in", "them", "received"),
        ("out", "ai", "delivered"),
    ]
    assert found["conversation"] | {"last_at": 0, "last_id": ""} == {
        "from": THEIRS, "to": OURS, "mode": "ai", "assigned_to": "", "unread": 1, "last_id": "", "last_at": 0,
        "last_text": HOURS, "last_direction": "out", "last_writer": "", "typing": "", "opted_out": False,
    }  # fmt: skip


async def test_a_repeated_webhook_is_answered_once(edge: TextEdge) -> None:
    assert await edge.chat("where can I park?", times=3) == [PARKING]
    form = edge.twilio.webhooks.asked[0].form
    again = await edge.twilio.webhooks.post(edge.twilio.webhooks.asked[0].url, form, token="another token")
    assert again.status == 200
    await edge.work()
    assert [each["text"] for each in (await edge.conversation())["messages"]] == [
        "where can I park?",
        PARKING,
    ]


async def test_what_is_not_signed_by_twilio_is_nothing(edge: TextEdge) -> None:
    form = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "hi"}
    asked = await edge.twilio.webhooks.post("https://edge.example.com/twilio/sms", form, signed=False)
    assert asked.status == 403
    assert (await edge.ask("GET", "/conversations")).body["total"] == 0


async def test_several_texts_in_a_row_get_one_answer(edge: TextEdge) -> None:
    for body in ("Hello", "I have a question", "when are you open?"):
        await edge.hear(body)
    await edge.work()
    assert [message.body for message in edge.twilio.sent()] == [HOURS]


async def test_unsure_hands_over_once_and_then_tells_facts_only(edge: TextEdge) -> None:
    assert await edge.chat("My door makes a strange noise") == [HAND_OVER]
    assert (await edge.conversation())["conversation"]["mode"] == "waiting"
    assert await edge.chat("Anyone?? it gets worse") == []
    assert await edge.chat("where can I park?") == [PARKING]


async def test_the_ai_is_quiet_while_a_person_has_the_thread_and_back_when_handed_back(
    edge: TextEdge,
) -> None:
    await edge.chat("where can I park?")
    answer = await edge.ask("POST", "/conversations/reply", {"from": THEIRS, "to": OURS, "text": "Ann here."})
    assert answer.status == 201
    assert await edge.chat("when are you open?") == ["Ann here."]
    assert await edge.chat("when are you open?") == []
    assert (await edge.conversation())["conversation"]["mode"] == "person"
    assert (await edge.ask("POST", f"/conversations/{THEIRS}/{OURS}/hand-back")).body["mode"] == "ai"
    assert await edge.chat("and when are you open?") == [HOURS]


async def test_a_person_who_takes_the_thread_while_the_ai_thinks_is_not_talked_over(edge: TextEdge) -> None:
    await edge.hear("when are you open?")
    assert (await edge.ask("POST", f"/conversations/{THEIRS}/{OURS}/take-over")).body["mode"] == "person"
    await edge.work()
    assert edge.twilio.sent() == []


async def test_two_machines_do_not_talk_for_ever(edge: TextEdge) -> None:
    for _ in range(14):
        await edge.chat("where can I park?")
    assert len(edge.twilio.sent()) == 12
    assert (await edge.conversation())["conversation"]["mode"] == "waiting"


@pytest.mark.parametrize(
    "word", ["STOP", "stopall", "Unsubscribe", "CANCEL", "End", "QUIT", "revoke", "OptOut"]
)
async def test_stop_is_silence_until_start_and_the_carrier_confirms_it(edge: TextEdge, word: str) -> None:
    await edge.chat("where can I park?")
    assert await edge.chat(word) == [], "Twilio has answered it"
    assert await edge.chat("where can I park?") == []
    assert (await edge.conversation())["conversation"]["opted_out"]
    for path, body in (
        ("/conversations/reply", {"from": THEIRS, "to": OURS, "text": "please"}),
        ("/sms/send", {"to": THEIRS, "from": OURS, "text": "please"}),
    ):
        refused = await edge.ask("POST", path, body)
        assert refused.status == 409
        assert "opted out" in refused.body["detail"]
    assert await edge.chat("yes") == [], "YES is START for who is opted out"
    assert await edge.chat("where can I park?") == [PARKING]


async def test_a_stop_that_carriers_do_not_know_is_confirmed_by_us_once(edge: TextEdge) -> None:
    assert await edge.chat("Please stop texting me!") == [STOPPED]
    assert await edge.chat("“Stop!”") == []
    assert await edge.chat("Hello?") == []
    assert await edge.chat("start.") == [STARTED]
    assert await edge.chat("when are you open") == [HOURS]


async def test_where_the_carrier_keeps_quiet_we_confirm(edge: TextEdge) -> None:
    edge.twilio.handles_opt_outs = False
    settings = {"keyword_answers": "office", "help_answer": "Call us."}
    assert (await edge.ask("PUT", "/texts/settings", settings)).status == 200
    assert await edge.chat("HELP") == ["Call us."]
    assert await edge.chat("STOP") == [STOPPED]
    assert await edge.chat("STOP") == []
    assert await edge.chat("HELP") == []
    assert await edge.chat("START") == [STARTED]


async def test_what_a_messaging_service_has_answered_is_not_answered_again(edge: TextEdge) -> None:
    await edge.ask("PUT", "/texts/settings", {"keyword_answers": "carrier"})
    form = {
        "MessageSid": "SM" + "7" * 32, "From": THEIRS, "To": OURS, "Body": "ARRET", "OptOutType": "STOP",
        "NumMedia": "0",
    }  # fmt: skip
    assert (await edge.twilio.webhooks.post("https://edge.example.com/twilio/sms", form)).status == 200
    await edge.work()
    assert edge.twilio.sent() == []
    assert (await edge.conversation())["conversation"]["opted_out"]


async def test_yes_is_conversation_for_who_is_not_opted_out(edge: TextEdge) -> None:
    await edge.chat("where can I park?")
    await edge.hear("Yes")
    assert (await edge.conversation())["conversation"]["unread"] == 2


async def test_stop_holds_for_the_number_it_was_sent_to(edge: TextEdge) -> None:
    await edge.chat("STOP")
    assert await edge.chat("when are you open?", to=SECOND) == [HOURS]
    assert await edge.texts.consent.opted_out_of_any(edge.office, [THEIRS, OTHER]) == {THEIRS}


async def test_a_stop_twilio_knew_before_us_is_learned_from_its_refusal(edge: TextEdge) -> None:
    edge.twilio.opted_out.add((OURS, THEIRS))
    answer = await edge.ask("POST", "/sms/send", {"to": THEIRS, "from": OURS, "text": "hello"})
    assert answer.status == 201
    await edge.work()
    (message,) = (await edge.conversation())["messages"]
    assert (message["state"], message["code"]) == ("failed", 21610)
    assert "opted out" in message["reason"]
    assert (await edge.ask("POST", "/sms/send", {"to": THEIRS, "from": OURS, "text": "again"})).status == 409


async def test_offices_do_not_see_each_other(edge: TextEdge) -> None:
    await edge.chat("where can I park?")
    await edge.chat("hello", to=STRANGE)
    for office, ours, count in ((edge.stranger, OURS, 1), (edge.office, STRANGE, 1)):
        assert (await edge.ask("GET", f"/conversations/{THEIRS}/{ours}", office=office)).status == 404
        assert (await edge.ask("GET", "/conversations", office=office)).body["total"] == count
        sent = {"from": ours, "to": OTHER, "text": "I am you"}
        assert (await edge.ask("POST", "/sms/send", sent, office=office)).status == 422


async def test_a_failed_text_says_why_in_plain_words(edge: TextEdge) -> None:
    edge.twilio.receipts[THEIRS] = ("undelivered", 30006)
    await edge.chat("where can I park?")
    message = (await edge.conversation())["messages"][-1]
    assert (message["state"], message["code"]) == ("failed", 30006)
    assert "landline" in message["reason"]


async def test_an_answer_lost_on_the_way_is_one_text(edge: TextEdge) -> None:
    edge.twilio.faults.lose_answer(path="/Messages.json")
    assert await edge.chat("where can I park?") == [PARKING]
    await edge.work(s=20)
    assert (await edge.conversation())["messages"][-1]["state"] == "delivered"


async def test_an_answer_lost_on_the_way_is_found_in_twilio_s_list(edge: TextEdge) -> None:
    edge.twilio.sends_receipts = False
    edge.twilio.faults.lose_answer(path="/Messages.json")
    assert await edge.chat("where can I park?") == [PARKING]
    for _ in range(3):
        await edge.work(s=400)
    assert len(edge.twilio.sent()) == 1
    assert (await edge.conversation())["messages"][-1]["state"] == "sent"


async def test_a_body_that_a_database_cannot_hold_is_taken_all_the_same(edge: TextEdge) -> None:
    await edge.hear("a\0b \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"))
    assert (await edge.conversation())["messages"][0]["text"] == "ab 😀"
