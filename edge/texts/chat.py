"""Replies of the AI to texts. They are made of the office's own words and of fixed sentences, of nothing else.

    the model, or the built-in matcher, chooses        the reply
    facts (up to three)                                 the facts, word for word, and whether it is open now
    a greeting                                          "Hello, this is …"
    thanks, "ok", 👍                                    none
    a person; unsure; anything odd                      "I have passed your message on to our team." and a person's flag

While a person is waited for, it says only what the facts answer for sure; when a person has the thread, nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge.ai.chat import ChatError, ChatServer
from edge.ai.directory import Fact
from edge.ai.folding import fold
from edge.ai.patience import Patience
from edge.ai.prompt import AnswerError
from edge.texts.knowledge import Knowledge
from edge.texts.prompt import Turn, question, read_wish
from edge.texts.sentences import sentence
from edge.texts.understanding import Wish, match

__all__ = ["Answer", "TextChat"]

MOST_LETTERS = 600
"""Of a reply: about four segments."""
_HOURS = frozenset(("hours", "opening", "open", "offnungszeiten", "geoffnet", "horario", "horaires"))


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is "" where nothing is to be said. `facts` are those it used."""

    text: str = ""
    hands_over: bool = False
    facts: tuple[Fact, ...] = ()
    by: Literal["matcher", "model"] = "matcher"


class TextChat:
    """Without `model`, the built-in matcher alone; it also answers where the model does not, in time or at all."""

    def __init__(self, model: ChatServer | None = None) -> None:
        self._model = model
        self._patience = Patience()

    async def answer(
        self, turns: Sequence[Turn], knowledge: Knowledge, *, said: str | None = None, waiting: bool = False
    ) -> Answer:
        """What to reply to `said`, all that is new; without it, to what they wrote since we last did.

        `waiting`: they have been told already that their message was passed on.
        """
        wish = await self._wish(turns, _last(turns) if said is None else said, knowledge)
        return compose(wish, knowledge, waiting=waiting)

    async def _wish(self, turns: Sequence[Turn], said: str, knowledge: Knowledge) -> Wish:
        own = await asyncio.to_thread(match, said, knowledge.facts)
        if own.kind in {"hello", "nothing"} or self._model is None or self._patience.rests:
            return own
        wish = await self._patience.bear(self._ask(self._model, turns, knowledge.facts))
        if wish is None or (wish.kind == "unsure" and own.kind == "facts"):
            return own
        return wish

    async def _ask(self, model: ChatServer, turns: Sequence[Turn], facts: tuple[Fact, ...]) -> Wish:
        asked, known = await asyncio.to_thread(question, turns, facts)
        try:
            return read_wish(await model.complete(asked), known)
        except AnswerError as error:
            raise ChatError(str(error)) from None


def compose(wish: Wish, knowledge: Knowledge, *, waiting: bool) -> Answer:
    """The reply to a wish."""
    if wish.kind == "nothing":
        return Answer(by=wish.by)
    if wish.kind == "hello":
        return Answer("" if waiting else sentence("hello", knowledge), by=wish.by)
    told, used = _told(wish, knowledge)
    hands_over = wish.kind in {"person", "unsure"} or wish.also_person
    passed_on = [sentence("hand_over", knowledge)] if hands_over and not waiting else []
    return Answer(" ".join([*told, *passed_on]), hands_over=hands_over, facts=used, by=wish.by)


def _told(wish: Wish, knowledge: Knowledge) -> tuple[list[str], tuple[Fact, ...]]:
    """The facts as sentences, as many as fit."""
    told: list[str] = []
    used: list[Fact] = []
    for fact in wish.facts:
        text = fact.text if fact.text[-1:] in ".!?" else f"{fact.text}."
        if told and sum(map(len, told)) + len(text) > MOST_LETTERS:
            break
        if knowledge.is_open is not None and _HOURS & set(fold(fact.topic).split()):
            told.append(sentence("open" if knowledge.is_open else "closed", knowledge))
        told.append(text)
        used.append(fact)
    return told, tuple(used)


def _last(turns: Sequence[Turn]) -> str:
    """All that they have written since we last said something."""
    texts: list[str] = []
    for turn in reversed(turns):
        if turn.who == "us":
            break
        texts.append(turn.text)
    return "\n".join(reversed(texts))
