"""One conversation of the receptionist: what the caller said or pressed, and what follows from it.

key 0            the front desk
another key      the first of an extension
words            understood among what is offered ─ told, asked back, or not understood
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from pbx.flow.context import Context
from pbx.flow.naming import OPERATOR_KEY, YES, Named, choose, confirm
from pbx.flow.node import NodeError
from pbx.flow.ports import Answer, Choice, Phrase, Say, Text, Wanted
from pbx.flow.reaching import exit_of

__all__ = ["GOODBYE", "NOT_REACHED", "OPERATOR", "PERSON", "VOICEMAIL", "Next", "Reception"]

PERSON, VOICEMAIL, GOODBYE, OPERATOR, NOT_REACHED = (
    "person",
    "voicemail",
    "goodbye",
    "operator",
    "not_reached",
)
SAID_LETTERS = 400
TOLD_LETTERS = 600
DIGITS = 10
KEY_S = 8.0
TURNS_KEPT = 12


class Next(msgspec.Struct, frozen=True):
    """Leave by `exit` ("" when the call is over), or say this and listen again; `told` when something was answered."""

    exit: str | None = None
    say: tuple[Say, ...] = ()
    told: bool = False


class Reception(msgspec.Struct):
    """`choices` are all that is offered; nothing else is ever done. `people` may be dialled: number → name."""

    context: Context
    choices: tuple[Choice, ...]
    people: Mapping[str, str]
    facts: str
    language: str
    ring_s: int | None
    said: list[tuple[Literal["caller", "us"], str]] = msgspec.field(default_factory=list)

    @property
    def hears(self) -> bool:
        """Whether words can be heard and understood here."""
        return self.context.ports.listening is not None and self.context.ports.chat is not None

    def phrase(self, name: str, **values: str) -> Phrase:
        return Phrase(name, values, self.language)

    async def hear(self, say: Sequence[Say]) -> Answer:
        """Words, or the first key."""
        listening = self.context.ports.listening
        if listening is not None and self.hears:
            expected = tuple(dict.fromkeys(word for each in self.choices for word in each.words))
            try:
                return await listening.listen(
                    *say, expected=(*expected, *self._topics()), language=self.language
                )
            except NodeError:  # without ears, there are keys
                say = (self.phrase("receptionist_greeting_keys"),)
        return Answer(key=await self.context.line.ask(*say, most=1, end="", first_s=KEY_S))

    async def answer(self, answer: Answer) -> Next:
        """What follows from it."""
        if answer.key == OPERATOR_KEY:
            return Next(OPERATOR)
        if answer.key:
            return await self._dialled(answer.key)
        if answer.text:
            return await self._spoken(answer.text[:SAID_LETTERS])
        return Next(say=(self.phrase("receptionist_unheard"),))

    async def _dialled(self, first: str) -> Next:
        number = first + await self.context.line.ask(most=DIGITS - 1, first_s=2.5, between_s=2.5)
        if number in self.people:
            return await self._leave(Named(PERSON, number, self.people[number]))
        return Next(say=(self.phrase("receptionist_no_extension"), self.phrase("receptionist_unheard")))

    async def _spoken(self, text: str) -> Next:
        chat = self.context.ports.chat
        if chat is None:
            return Next(say=(self.phrase("receptionist_again"),))
        self._remember("caller", text)
        wanted = await chat.decide(tuple(self.said), choices=self.choices, facts=self.facts)
        if wanted.say and not wanted.exit:
            told = wanted.say[:TOLD_LETTERS]
            self._remember("us", told)
            return Next(say=(Text(told, self.language), self.phrase("receptionist_more")), told=True)
        meant = self._meant(wanted)
        if not meant:
            return Next(say=(self.phrase("receptionist_again"),))
        return await self._ask_back(meant)

    def _meant(self, wanted: Wanted) -> list[Named]:
        """Of what is offered, whatever the answer says."""
        offered = {(each.exit, each.target): each for each in self.choices}
        ways = (
            [(wanted.exit, wanted.target)] if wanted.exit else [(w.exit, w.target) for w in wanted.candidates]
        )
        return [Named(*way, offered[way].words[0]) for way in dict.fromkeys(ways) if way in offered]

    async def _ask_back(self, meant: Sequence[Named]) -> Next:
        """A key confirms it, or chooses."""
        if len(meant) > 1:
            key, chosen = await choose(self.context, meant, language=self.language)
        else:
            self._remember("us", f"Did you say {meant[0].name}?")
            key = await confirm(
                self.context, meant[0].name, phrase="receptionist_confirm", language=self.language
            )
            chosen = meant[0] if key == YES else None
        if chosen is not None:
            return await self._leave(chosen)
        return Next(OPERATOR) if key == OPERATOR_KEY else Next(say=(self.phrase("receptionist_again"),))

    async def _leave(self, chosen: Named) -> Next:
        if chosen.exit != PERSON:
            return Next(chosen.exit)
        self.context.set("chosen", chosen.target)
        reached = await self.context.reach.extension(chosen.target, ring_s=self.ring_s, voicemail=True)
        return Next(exit_of(reached) and NOT_REACHED)

    def _remember(self, who: Literal["caller", "us"], text: str) -> None:
        self.said.append((who, text))
        del self.said[:-TURNS_KEPT]

    def _topics(self) -> tuple[str, ...]:
        return tuple(line.partition(":")[0].strip()[:60] for line in self.facts.splitlines() if ":" in line)
