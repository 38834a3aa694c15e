"""The AI in texts: it says the office's own words and fixed sentences, whatever anybody or a model says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.ai.chat import ChatServer, ChatSettings
from edge.ai.facts import facts_from_text
from edge.ai.prompt import AnswerError
from edge.texts.chat import MOST_LETTERS, Answer, TextChat
from edge.texts.knowledge import Knowledge
from edge.texts.prompt import LETTERS_OF_TURN, MOST_TOKENS, Turn, question, read_wish, recent
from edge.texts.sentences import LANGUAGES, sentence, sentences
from edge.texts.understanding import match
from tests.edge.hostile import Hostile, completion, http
from tests.edge.texts.hostile_texts import HOSTILE

FACTS = facts_from_text(
    "Opening hours: Monday to Friday, 9 to 5\nAddress: 1 Main Street, Springfield\nParking: behind the house\n"
    "Prices: an inspection costs 80 dollars."
)
HOURS, ADDRESS, PARKING, PRICES = FACTS
OFFICE = Knowledge(name="Miller & Sons", facts=FACTS, is_open=True)
HAND_OVER = "I have passed your message on to our team."


def _them(*texts: str) -> list[Turn]:
    return [Turn("them", text) for text in texts]


async def _ask(text: str, knowledge: Knowledge = OFFICE, *, waiting: bool = False) -> Answer:
    return await TextChat().answer(_them(text), knowledge, waiting=waiting)


def says_only_what_it_may(text: str, knowledge: Knowledge) -> bool:
    """Whether the reply is made of nothing but facts and fixed sentences."""
    pieces = [fact.text if fact.text[-1] in ".!?" else f"{fact.text}." for fact in knowledge.facts]
    pieces += sentences(knowledge, "hello", "hand_over", "open", "closed")
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "", 1)
    return not text.strip()


# -- without a model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("When are you open?", "We are open now. Opening hours: Monday to Friday, 9 to 5."),
        ("what are your hours", "We are open now. Opening hours: Monday to Friday, 9 to 5."),
        ("Where are you located?", "Address: 1 Main Street, Springfield."),
        ("is there parking", "Parking: behind the house."),
        ("how much is it?", "Prices: an inspection costs 80 dollars."),
        ("Hi!", "Hello, this is Miller & Sons. How can we help you?"),
        ("thanks", ""), ("👍", ""), ("ok", ""),
        ("can I talk to a real person", HAND_OVER),
        ("My garage door is stuck", HAND_OVER),
        ("??", HAND_OVER),
    ],
)  # fmt: skip
async def test_the_matcher_answers_what_facts_hold_and_hands_over_the_rest(text: str, reply: str) -> None:
    answer = await _ask(text)
    assert answer.text == reply
    assert answer.hands_over == (HAND_OVER in reply)


async def test_two_questions_get_two_facts() -> None:
    answer = await _ask("When are you open and where can I park?")
    assert set(answer.facts) == {HOURS, PARKING}


async def test_a_long_text_is_answered_and_handed_over() -> None:
    answer = await _ask(
        "I was at your place last week and they told me to come again, so now I wonder about the parking there"
    )
    assert answer.hands_over
    assert answer.text == f"Parking: behind the house. {HAND_OVER}"


async def test_who_waits_for_a_person_is_told_facts_only() -> None:
    assert (await _ask("hello?", waiting=True)).text == ""
    assert (await _ask("anybody there? my door!", waiting=True)).text == ""
    assert (await _ask("where can I park", waiting=True)).text == "Parking: behind the house."


async def test_it_speaks_the_office_s_language_and_tone() -> None:
    german = Knowledge(name="Müller GmbH", language="de-DE", facts=(), tone="formal")
    assert (await _ask("Was kostet das?", german)).text == "Ihre Nachricht wurde an unser Team weitergegeben."
    assert (await _ask("hi", Knowledge(language="fr"))).text == "Hello. How can we help you?"


def test_all_sentences_are_there_in_each_language() -> None:
    for language in LANGUAGES:
        for which in ("hello", "hand_over", "open", "closed", "stopped", "started", "help"):
            for name in ("", "A {b} % c", "x" * 300):
                text = sentence(which, Knowledge(name=name, language=language))
                assert 0 < len(text) <= 160
                assert "{name}" not in text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
async def test_hostile_texts_get_nothing_but_facts_and_fixed_sentences(text: str) -> None:
    for waiting in (False, True):
        answer = await _ask(text, waiting=waiting)
        assert says_only_what_it_may(answer.text, OFFICE)
        assert len(answer.text) <= MOST_LETTERS + 200


@given(st.text(max_size=400))
@settings(max_examples=80, deadline=None)
def test_any_text_gets_nothing_but_facts_and_fixed_sentences(text: str) -> None:
    answer = asyncio.run(_ask(text))
    assert says_only_what_it_may(answer.text, OFFICE)


def test_the_check_itself_sees_a_leak() -> None:
    assert not says_only_what_it_may("Address: 1 Main Street, Springfield. The code is 4711.", OFFICE)
    assert not says_only_what_it_may("Parking: behind the house. Parking: behind the house.", OFFICE)


# -- with a model --------------------------------------------------------------------------------------------------


def _says(ids: object, confidence: object = 0.95, **more: object) -> bytes:
    return http(completion(json.dumps({"ids": ids, "confidence": confidence, **more})))


async def _with(respond: Callable[[bytes], bytes], *texts: str) -> tuple[Answer, list[bytes]]:
    async with Hostile(respond) as server:
        model = ChatServer(ChatSettings(server.url, "m", time_limit_s=1.0))
        answer = await TextChat(model).answer(_them(*texts), OFFICE)
        await model.close()
    return answer, server.requests


async def test_a_model_chooses_facts_in_any_language() -> None:
    answer, _ = await _with(lambda _: _says(["f2", "f3"]), "¿Dónde están y puedo aparcar?")
    assert answer.text == "Address: 1 Main Street, Springfield. Parking: behind the house."
    assert answer.by == "model"
    assert not answer.hands_over


@pytest.mark.parametrize("ids", [["none"], ["person"], ["f1", "none"]])
async def test_a_model_that_is_not_sure_hands_over(ids: list[str]) -> None:
    answer, _ = await _with(lambda _: _says(ids), "can you fix my door")
    assert answer.hands_over
    assert HAND_OVER in answer.text


async def test_a_model_that_doubts_leaves_it_to_the_matcher() -> None:
    answer, _ = await _with(lambda _: _says(["f1"], 0.2), "where can I park?")
    assert answer.text == "Parking: behind the house."
    assert answer.by == "matcher"


EVIL: tuple[Callable[[], bytes], ...] = (
    lambda: _says(["f9"]), lambda: _says([]), lambda: _says("f1"), lambda: _says(["f1"] * 9),
    lambda: _says(["f1"], 7), lambda: _says(["f1"], 1, text="You have won"), lambda: _says([["f1"]]),
    lambda: http(completion("The password is 1234.")), lambda: http(completion("")), lambda: http(b"[" * 20_000),
    lambda: http(completion("x" * 100_000)), lambda: b"", lambda: http(b"{}", status="500 No"), lambda: Hostile.STALL,
    lambda: _says(["SYSTEM"]), lambda: http(completion('{"ids":["f1"],"confidence":1}' * 2)),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(EVIL)))
async def test_whatever_a_model_says_the_reply_is_the_office_s(number: int) -> None:
    answer, _ = await _with(lambda _: EVIL[number](), "tell me a secret")
    assert says_only_what_it_may(answer.text, OFFICE)
    assert answer.hands_over
    assert answer.by == "matcher"


@given(
    st.text(max_size=60),
    st.lists(st.sampled_from(["f1", "f4", "f5", "none", "person", "hello", "x"]), max_size=5),
)
def test_reading_a_model_s_words_gives_a_wish_or_an_answer_error(text: str, ids: list[str]) -> None:
    known = {"f1": HOURS, "f4": PRICES}
    for words in (text, json.dumps({"ids": ids, "confidence": 0.9})):
        try:
            wish = read_wish(words, known)
        except AnswerError:
            continue
        assert set(wish.facts) <= {HOURS, PRICES}


async def test_all_that_a_model_is_told_is_the_facts_and_this_conversation() -> None:
    _, requests = await _with(lambda _: _says(["none"]), *HOSTILE[:5], "and the last?")
    body = json.loads(requests[0].partition(b"\r\n\r\n")[2])
    told = json.loads(body["messages"][1]["content"])
    assert [fact["text"] for fact in told["facts"]] == [fact.text for fact in FACTS]
    assert [turn["text"] for turn in told["conversation"]] == [*HOSTILE[:5], "and the last?"]
    assert set(told) == {"facts", "conversation"}


def test_history_stays_within_its_limit_and_the_last_text_is_always_there() -> None:
    turns = [Turn("them", "word " * 40) for _ in range(100)] + [Turn("them", "🔥" * 9000)]
    kept = recent(turns)
    assert sum(len(turn.text.encode()) for turn in kept) <= MOST_TOKENS * 3
    assert kept[-1].text == "🔥" * LETTERS_OF_TURN
    assert 1 < len(kept) < 20
    assert recent(_them("x" * 5000), most_tokens=10)[0].text.startswith("xx")
    assert recent([]) == ()


def test_the_schema_names_all_it_may_answer() -> None:
    asked, known = question(_them("hi"), FACTS)
    text = msgspec.json.encode(asked.schema).decode()
    assert list(known) == ["f1", "f2", "f3", "f4"]
    assert '["f1","f2","f3","f4","person","hello","nothing","none"]' in text


def test_no_facts_means_a_person() -> None:
    assert match("when are you open", ()).kind == "unsure"
