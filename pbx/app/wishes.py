"""Between the flows and `edge.ai`: what callers may want, in the words of either side. Neither knows the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from pbx.flow.ports import Choice, Wanted

if TYPE_CHECKING:
    from edge.ai.directory import Choice as Wish
    from edge.ai.understanding import Understanding

__all__ = ["Wishes", "matcher"]

OPERATOR = "operator"


class Wishes:
    """Implements `flow.ports.Chat`. `understanding` is asked for when the first caller speaks."""

    def __init__(self, understanding: Callable[[], Understanding]) -> None:
        self._understanding = understanding

    async def decide(
        self, said: Sequence[tuple[Literal["caller", "us"], str]], *, choices: Sequence[Choice], facts: str
    ) -> Wanted:
        """What the caller wants last: one of the choices, a fact, or nothing that is sure."""
        from edge.ai.directory import Directory, Turn
        from edge.ai.facts import facts_from_text

        meant = {_wish(each): each for each in choices}
        directory = Directory(tuple(meant), facts_from_text(facts))
        intent = await self._understanding().decide([Turn(who, text) for who, text in said], directory)
        if intent.fact is not None:
            return Wanted(say=intent.say, sure=True)
        if intent.choice is not None:
            chosen = meant[intent.choice]
            return Wanted(chosen.exit, chosen.target, sure=True)
        return Wanted(candidates=tuple(meant[each] for each in intent.candidates))


def matcher() -> Wishes:
    """The built-in matcher alone: flow tests and the simulator ask no server."""

    def understanding() -> Understanding:
        from edge.ai.understanding import Understanding

        return Understanding()

    return Wishes(understanding)


def _wish(choice: Choice) -> Wish:
    """With the other words that there are for the exits that every receptionist has."""
    from edge.ai.directory import Choice as Wish
    from edge.ai.words import OPERATORS

    names = (*choice.words, *OPERATORS) if choice.exit == OPERATOR else choice.words
    if choice.exit == "voicemail" and not choice.target:
        return Wish(choice.exit, names, choice.target, "voicemail")
    if choice.exit == "goodbye" and not choice.target:
        return Wish(choice.exit, names, choice.target, "goodbye")
    return Wish(choice.exit, names, choice.target)
