from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from edge.ai.directory import Choice, Directory, Fact
from edge.ai.facts import MOST_FACTS, MOST_LETTERS, facts_from_text
from edge.ai.folding import fold
from edge.ai.matcher import ACCEPT, GAP, ranked, understand
from tests.edge.office import (
    ADDRESS,
    ALICE,
    BILLING,
    BOB,
    CHOICES,
    COOPER,
    GOODBYE,
    HOURS,
    LUKASZ,
    OFFICE,
    OPERATOR,
    PARKING,
    SALES,
    STEPHEN,
    SUPPORT,
    VOICEMAIL,
    ZOE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Can I speak to Alice Example please", ALICE),
        ("Example, Alice", ALICE),
        ("cooper", COOPER),
        ("Bob", BOB),
        ("bob smyth", BOB),
        ("Bop Smit", BOB),
        ("S M I T H", BOB),
        ("zoe muller", ZOE),
        ("ZOË MÜLLER", ZOE),
        ("zoe mueller", ZOE),
        ("steven mayer", STEPHEN),
        ("lukas wojcik", LUKASZ),
        ("hi, I'd like to buy a printer", SALES),
        ("put me through to the sales team", SALES),
        ("my printer is broken", SUPPORT),
        ("a question about my invoice", BILLING),
        ("I want to leave a message for Bob Smith", VOICEMAIL),
        ("voice mail", VOICEMAIL),
        ("no thanks", GOODBYE),
        ("goodbye", GOODBYE),
        ("get me a human", OPERATOR),
    ],
)
def test_a_caller_gets_who_is_meant(said: str, wanted: Choice) -> None:
    intent = understand(said, OFFICE)
    assert (intent.choice, intent.kind) == (wanted, wanted.kind)
    assert ACCEPT / 100 <= intent.confidence <= 1


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("when are you open on Saturday", HOURS),
        ("what are your opening hours", HOURS),
        ("where are you", ADDRESS),
        ("what's your address", ADDRESS),
        ("where can I park my car", PARKING),
    ],
)
def test_a_question_is_answered_in_the_offices_words(said: str, fact: Fact) -> None:
    intent = understand(said, OFFICE)
    assert fact in (intent.fact, *[wish for wish, _ in ranked(said, OFFICE)])
    if intent.fact is not None:
        assert intent.say == intent.fact.text


@pytest.mark.parametrize("said", ["", " ", "?!", "the", "xyzzy quux", "Robert", "I want to", "1234", "\x00"])
def test_who_is_not_there_is_nobody(said: str) -> None:
    assert understand(said, OFFICE).kind == "unsure"
    assert understand(said, Directory()).kind == "unsure"


def test_of_two_of_a_name_none_is_guessed_and_both_are_named() -> None:
    intent = understand("Alice", OFFICE)
    assert (intent.kind, intent.choice) == ("unsure", None)
    assert set(intent.candidates) == {ALICE, COOPER}
    assert understand("Alice Cooper", OFFICE).choice == COOPER


names = st.text("abcdefghijklmnoprstuvwyzäéßł", min_size=3, max_size=9).map(str.title)
people = st.lists(st.tuples(names, names).map(" ".join), min_size=1, max_size=12, unique=True)


@given(people, st.data())
@settings(deadline=None, max_examples=30)
def test_the_order_of_the_directory_never_counts(everybody: list[str], data: st.DataObject) -> None:
    choices = [Choice("person", (name,), str(n)) for n, name in enumerate(everybody)]
    said = data.draw(st.sampled_from([*everybody, *(name.split()[0] for name in everybody)]))
    shuffled = data.draw(st.permutations(choices))
    one, other = (understand(said, Directory(tuple(each))) for each in (choices, shuffled))
    assert (one.kind, one.choice, set(one.candidates)) == (other.kind, other.choice, set(other.candidates))


@given(people, st.data())
@settings(deadline=None, max_examples=30)
def test_gap_rule(everybody: list[str], data: st.DataObject) -> None:
    """Whoever is chosen is so much liker than anybody else, and by plain rapidfuzz no stranger."""
    choices = tuple(Choice("person", (name,), str(n)) for n, name in enumerate(everybody))
    said = data.draw(st.sampled_from(everybody))
    found = ranked(said, Directory(choices))
    intent = understand(said, Directory(choices))
    assert found[0][1] == pytest.approx(100)
    close = [wish for wish, score in found if found[0][1] - score < GAP]
    assert (intent.choice is None) == (len(close) > 1)
    if intent.choice is not None:
        likeness = fuzz.token_sort_ratio(fold(said), fold(intent.choice.names[0]))
        assert likeness == pytest.approx(100)


@given(people, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_accents_and_case_never_change_who_it_is(everybody: list[str], chance: random.Random) -> None:
    directory = Directory(tuple(Choice("person", (name,), str(n)) for n, name in enumerate(everybody)))
    said = chance.choice(everybody)
    assert understand(said, directory) == understand(fold(said).upper(), directory)


@given(st.text(max_size=700))
@settings(deadline=None, max_examples=30)
def test_whatever_is_said_the_answer_is_of_the_directory(said: str) -> None:
    intent = understand(said, OFFICE)
    assert intent.choice is None or intent.choice in CHOICES
    assert intent.fact is None or intent.fact in OFFICE.facts
    assert (intent.kind == "information") == (intent.fact is not None)
    assert set(intent.candidates) <= set(CHOICES)
    assert 0 <= intent.confidence <= 1


def test_facts_are_lines_and_what_follows_them() -> None:
    facts = facts_from_text("Opening hours: 9 to 5\n  and by appointment\n\nWe are closed in August\n: x\n")
    assert [fact.topic for fact in facts] == ["Opening hours"]
    assert facts[0].text == "Opening hours: 9 to 5 and by appointment We are closed in August : x"


@given(st.text(max_size=3000))
def test_facts_are_bounded(text: str) -> None:
    facts = facts_from_text(text)
    assert len(facts) <= MOST_FACTS
    assert all(len(fact.text) <= MOST_LETTERS and len(fact.topic) <= 60 for fact in facts)
