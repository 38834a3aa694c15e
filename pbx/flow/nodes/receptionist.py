"""The AI receptionist: asks callers what they want, and leads them there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Attempts, NodeRing, Spoken
from pbx.flow.node import Exit, ExitEach, Node
from pbx.flow.ports import Choice, Say
from pbx.flow.reception import GOODBYE, NOT_REACHED, OPERATOR, PERSON, VOICEMAIL, Reception
from pbx.model.base import Record
from pbx.model.scalars import Slug

NOTHING = "nothing"
TAKEN = frozenset({PERSON, VOICEMAIL, GOODBYE, OPERATOR, NOT_REACHED, NOTHING, "failed"})
MOST_TURNS = 12
"""Of asking and telling, however much is understood."""
WORDS = {
    OPERATOR: ("the front desk", "operator", "reception", "somebody"),
    VOICEMAIL: ("leave a message", "voicemail"),
    GOODBYE: ("goodbye", "nothing"),
}
"""The first is what the caller is asked back with."""


class ReceptionChoice(Record, frozen=True, kw_only=True):
    """A department, or anything else that callers ask for. `exit` is the handle of the node."""

    exit: Annotated[Slug, Meta(title="Exit", examples=["sales"])]
    name: Annotated[
        str,
        Meta(
            min_length=1, max_length=80, title="Name", description="As callers hear it.", examples=["Sales"]
        ),
    ]
    words: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...],
        Meta(max_length=20, title="Other words", description="What else callers say for it."),
    ] = ()


class Receptionist(Node, frozen=True, kw_only=True, tag="receptionist"):
    """Callers say in their own words what they want; it finds out which of the exits, or which person, that is.

    Only exits that are wired are offered. Before the call goes anywhere, a key confirms it. Facts are read out as they
    are written. 0 leads to the front desk, and an extension may be dialled at any time. It is limited: see the guide.
    """

    title = "AI receptionist"
    group = "menu"
    exits = (
        ExitEach("choices", "exit", ("name",), waits=True),
        Exit(NOT_REACHED, "Who was called did not answer", waits=True, when="people"),
        Exit(OPERATOR, "0, or the front desk", waits=True),
        Exit(VOICEMAIL, "Leave a message", optional=True, waits=True),
        Exit(GOODBYE, "Goodbye", optional=True, waits=True),
        Exit(NOTHING, "Not understood, or too long", waits=True),
    )
    say: Annotated[Spoken, Meta(title="Greeting", description="In place of the built-in one.")] = Spoken()
    choices: Annotated[tuple[ReceptionChoice, ...], Meta(max_length=30, title="Departments")] = ()
    people: Annotated[
        bool, Meta(title="People may be asked for", description="All that the directory lists.")
    ] = True
    facts: Annotated[
        str,
        Meta(
            max_length=8000,
            title="What it may tell",
            description="One a line, with its topic: read out word for word to whoever asks for it.",
            examples=["Opening hours: Monday to Friday, 9 to 5.\nAddress: 1 Main Street."],
            extra_json_schema={"x-widget": "textarea"},
        ),
    ] = ""
    ring_s: NodeRing = None
    tries: Attempts = 3
    time_limit_s: Annotated[
        int, Meta(ge=20, le=900, title="Time limit", extra_json_schema={"x-unit": "s"})
    ] = 180

    def faults(self) -> Iterator[tuple[str, str]]:
        for exit, times in Counter(each.exit for each in self.choices).items():
            if times > 1:
                yield "choices", f"{exit} is there more than once"
            if exit in TAKEN:
                yield "choices", f"{exit} is an exit that the receptionist has anyway"
        if not self.choices and not self.people:
            yield "choices", "there is nobody to ask for"

    async def run(self, context: Context) -> str:
        reception = self._reception(context)
        say = self._greeting(context, reception)
        ends = context.line.now + timedelta(seconds=self.time_limit_s)
        failures = 0
        for _ in range(MOST_TURNS):
            follows = await reception.answer(await reception.hear(say))
            if follows.exit is not None:
                return follows.exit
            failures += not follows.told
            if failures >= self.tries or context.line.now >= ends:
                break
            say = follows.say
        return NOTHING

    def _reception(self, context: Context) -> Reception:
        people = context.office.people() if self.people else {}
        choices = [Choice(each.exit, "", (each.name, *each.words)) for each in self.choices]
        choices += [Choice(exit, "", words) for exit, words in WORDS.items()]
        offered = [each for each in choices if each.exit in context.wired]
        offered += [Choice(PERSON, number, (name,)) for number, name in people.items()]
        return Reception(context, tuple(offered), people, self.facts, self.say.language, self.ring_s)

    def _greeting(self, context: Context, reception: Reception) -> tuple[Say, ...]:
        built_in = "receptionist_greeting" if reception.hears else "receptionist_greeting_keys"
        return self.say.to_say(context) or (reception.phrase(built_in),)
