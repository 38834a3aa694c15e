"""Finding out whom a caller means: asking back, choosing between several, ringing who was chosen.

What was heard or spelt is never acted on before a key has confirmed it, and 0 is always the front desk.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pbx.flow.context import Context
from pbx.flow.ports import Phrase

__all__ = ["MOST_CHOICES", "OPERATOR_KEY", "Named", "choose", "confirm"]

MOST_CHOICES = 8
OPERATOR_KEY = "0"
YES = "1"
ANSWER_S = 6.0


class Named(msgspec.Struct, frozen=True):
    """A way on, and what callers call it."""

    exit: str
    target: str
    name: str


async def confirm(context: Context, name: str, *, phrase: str, language: str) -> str:
    """Ask back: "1" for yes, "0" for the front desk, anything else is no."""
    return await context.line.ask(Phrase(phrase, {"name": name}, language), most=1, end="", first_s=ANSWER_S)


async def choose(context: Context, several: Sequence[Named], *, language: str) -> tuple[str, Named | None]:
    """Name up to eight, each with its key; the key pressed, and who that is."""
    offered = {str(n): each for n, each in enumerate(several[:MOST_CHOICES], 1)}
    lines = [
        Phrase("dial_by_name_one_of", {"name": each.name, "key": key}, language)
        for key, each in offered.items()
    ]
    key = await context.line.ask(*lines, most=1, end="", first_s=ANSWER_S)
    return key, offered.get(key)
