"""Dial by name: spelt on the keys, or said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from pbx.feature.dial_by_name import matching
from pbx.flow.context import Context
from pbx.flow.fields import Attempts, NodeRing, Spoken
from pbx.flow.naming import MOST_CHOICES, OPERATOR_KEY, YES, Named, choose, confirm
from pbx.flow.node import Exit, Node, NodeError
from pbx.flow.ports import Answer, Choice, Phrase, Say
from pbx.flow.reaching import exit_of

LETTER_KEYS = "23456789"
LETTERS = 12
PERSON = "person"


class DialByName(Node, frozen=True, kw_only=True, tag="dial_by_name"):
    """The caller spells a name on the keys that have its letters, or says it where the node recognises speech.

    Who is found is named and confirmed by a key. 0 leads to the front desk.
    """

    title = "Dial by name"
    group = "menu"
    exits = (
        Exit("operator", "0 was pressed", waits=True),
        Exit("nobody", "Nobody was found", waits=True),
        Exit("not_reached", "Who was called did not answer", waits=True),
    )
    say: Annotated[Spoken, Meta(title="Greeting", description="In place of the built-in one.")] = Spoken()
    speech: Annotated[
        bool, Meta(title="Names may be said", description="Where this node recognises speech; limited.")
    ] = True
    ring_s: NodeRing = None
    tries: Attempts = 3

    async def run(self, context: Context) -> str:
        say = self._greeting(context)
        for _ in range(self.tries):
            answer = await self._hear(context, say)
            if answer.key == OPERATOR_KEY:
                return "operator"
            found = (
                await self._spelt(context, answer.key)
                if answer.key
                else await self._said(context, answer.text)
            )
            key, chosen = await self._settle(context, found)
            if key == OPERATOR_KEY:
                return "operator"
            if chosen is not None:
                context.set("chosen", chosen.target)
                reached = await context.reach.extension(chosen.target, ring_s=self.ring_s, voicemail=True)
                return exit_of(reached) and "not_reached"
            say = (
                self._greeting(context)
                if found
                else (Phrase("dial_by_name_nobody"), *self._greeting(context))
            )
        return "nobody"

    def _greeting(self, context: Context) -> tuple[Say, ...]:
        voice = self.speech and context.ports.listening is not None
        name = "dial_by_name_say" if voice else "dial_by_name_spell"
        return self.say.to_say(context) or (Phrase(name, language=self.say.language),)

    async def _hear(self, context: Context, say: Sequence[Say]) -> Answer:
        """What was said, or the first key."""
        listening = context.ports.listening if self.speech and context.ports.chat is not None else None
        if listening is not None:
            try:
                expected = tuple(context.office.people().values())
                return await listening.listen(*say, expected=expected, language=self.say.language)
            except NodeError:  # without ears, there are keys
                say = (Phrase("dial_by_name_spell", language=self.say.language),)
        return Answer(key=await context.line.ask(*say, most=1, end="", first_s=8.0))

    async def _spelt(self, context: Context, first: str) -> list[Named]:
        """All whose name begins so."""
        if first not in LETTER_KEYS:
            return []
        digits = first + await context.line.ask(most=LETTERS - 1, first_s=3.0, between_s=3.0)
        found = matching(digits, context.office.people(), most=MOST_CHOICES)
        return [Named(PERSON, each.number, each.name) for each in found]

    async def _said(self, context: Context, text: str) -> list[Named]:
        """Who was meant, or those between whom it is not sure."""
        if not text or context.ports.chat is None:
            return []
        people = context.office.people()
        choices = tuple(Choice(PERSON, number, (name,)) for number, name in people.items())
        wanted = await context.ports.chat.decide([("caller", text)], choices=choices, facts="")
        targets = [wanted.target] if wanted.exit == PERSON else [each.target for each in wanted.candidates]
        return [Named(PERSON, number, people[number]) for number in targets if number in people]

    async def _settle(self, context: Context, found: Sequence[Named]) -> tuple[str, Named | None]:
        """The caller's key, and who was confirmed."""
        if not found:
            return "", None
        language = self.say.language
        if len(found) > 1:
            return await choose(context, found, language=language)
        key = await confirm(context, found[0].name, phrase="dial_by_name_connect", language=language)
        return key, found[0] if key == YES else None
