"""What somebody wants who texts: some of the office's facts, a person, or nothing that needs an answer.

The built-in half. It reads no grammar, so what is long or strange is for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from edge.ai.directory import Choice, Directory, Fact
from edge.ai.folding import fold
from edge.ai.matcher import ranked
from edge.ai.words import OPERATORS

__all__ = ["MOST_FACTS", "Wish", "match"]

MOST_FACTS = 3
MOST_WORDS = 16
"""A longer text wants more than a fact: it is answered, and handed over too."""
LEAST = 85.0

PERSON = Choice(
    "person",
    (
        *OPERATORS, "talk to a human", "speak to somebody", "call me", "call me back", "manager", "complaint",
        "mitarbeiter", "mensch", "persona", "humano", "quelqu un", "agent", "representative", "staff",
    ),
)  # fmt: skip
_HELLO = frozenset(
    (
        "hi", "hello", "hey", "hiya", "good morning", "good afternoon", "good evening", "hi there", "hello there",
        "hallo", "guten tag", "guten morgen", "moin", "hola", "buenos dias", "bonjour", "salut", "ciao", "yo",
    )
)  # fmt: skip
_THANKS = frozenset(
    (
        "thanks", "thank you", "thanks a lot", "thank you very much", "thx", "ty", "ok", "okay", "k", "ok thanks",
        "ok thank you", "great", "great thanks", "perfect", "got it", "cool", "no", "no thanks", "no thank you", "yes",
        "bye", "goodbye", "danke", "vielen dank", "gracias", "merci", "alright", "sounds good", "will do", "see you",
    )
)  # fmt: skip
_WHERE = re.compile(
    r"\bwhere\b(?! (?:are|r) (?:you|u)\b| you\b| is (?:your|the) (?:office|shop|store|place)\b)"
)
"""Asks for the address, but not in "where can I park?"."""
_QUESTION = re.compile("[?\uff1f\u061f\u00bf]")


@dataclass(frozen=True, slots=True)
class Wish:
    """`kind` facts: those of `facts`. `also_person`: they want more than that."""

    kind: Literal["facts", "person", "hello", "nothing", "unsure"]
    facts: tuple[Fact, ...] = ()
    also_person: bool = False
    by: Literal["matcher", "model"] = "matcher"


def match(text: str, facts: tuple[Fact, ...]) -> Wish:
    """What the text wants, by spelling alone."""
    words = fold(text)
    if words in _HELLO:
        return Wish("hello")
    if words in _THANKS or (not words and not _QUESTION.search(text)):
        return Wish("nothing")
    wishes = _wishes(text, facts)
    if PERSON in wishes:
        return Wish("person")
    found = tuple(wish for wish in wishes if isinstance(wish, Fact))
    if len(found) > 1 and (narrow := _wishes(_WHERE.sub(" ", words), facts)):
        found = tuple(wish for wish in found if wish in narrow)
    if not found or len(found) > MOST_FACTS:
        return Wish("unsure")
    return Wish("facts", found, also_person=len(words.split()) > MOST_WORDS)


def _wishes(text: str, facts: tuple[Fact, ...]) -> list[Choice | Fact]:
    return [wish for wish, score in ranked(text, Directory((PERSON,), facts)) if score >= LEAST]
