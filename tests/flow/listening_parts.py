"""Ears that hear what a test says, and an office with a receptionist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from pbx.flow.context import Context
from pbx.flow.node import NodeError
from pbx.flow.nodes.receptionist import ReceptionChoice, Receptionist
from pbx.flow.ports import Answer, Chat, Say
from tests.flow.parts import Caller, World, words

__all__ = ["DEAF", "FACTS", "PEOPLE", "RECEPTIONIST", "WIRED", "Ears", "context"]

DEAF = "deaf"
FACTS = "Opening hours: Monday to Friday, 9 to 5\nAddress: 1 Main Street"
PEOPLE = {"101": "Alice Example", "102": "Bob Smith", "103": "Alice Cooper", "104": "Zoë Müller"}
RECEPTIONIST = Receptionist(
    choices=(
        ReceptionChoice(exit="sales", name="Sales"),
        ReceptionChoice(exit="support", name="Technical support", words=("help desk",)),
    ),
    facts=FACTS,
    tries=3,
)
WIRED = frozenset({"sales", "support", "operator", "not_reached", "nothing", "voicemail"})
"""Goodbye is not."""


@dataclass
class Ears:
    """`says`: what the caller says at each question; a text of digits is pressed instead; DEAF raises."""

    caller: Caller
    says: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    async def listen(
        self, *what: Say, expected: Sequence[str], language: str = "", max_s: float = 8.0
    ) -> Answer:
        self.caller.heard += map(words, what)
        self.expected = tuple(expected)
        said = self.says.pop(0) if self.says else ""
        if said == DEAF:
            raise NodeError("no ears")
        return Answer(key=said) if said.isdigit() and len(said) == 1 else Answer(said, 0.5 if said else 0.0)


def context(
    chat: Chat | None, *says: str, keys: Sequence[str] = (), wired: frozenset[str] = WIRED
) -> tuple[World, Context]:
    """A caller who says these, and presses these keys when asked for some."""
    world = World(caller=Caller(keys=list(keys)), numbers=dict(PEOPLE))
    ready = world.context()
    ready.ports = replace(ready.ports, listening=Ears(world.caller, list(says)), chat=chat)
    ready.wired = wired
    return world, ready
