"""Ask the caller for digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Attempts, Pause, Spoken, ValueName
from pbx.flow.node import Exit, Node
from pbx.flow.ports import Phrase

CONFIRM_S = 8.0


class CollectDigits(Node, frozen=True, kw_only=True, tag="collect_digits"):
    """Ask for digits, such as a customer number, and keep them under a name for the nodes that follow."""

    title = "Collect digits"
    group = "menu"
    exits = (Exit("done", "Entered", waits=True), Exit("none", "Nothing entered", waits=True))
    say: Annotated[Spoken, Meta(title="Question")] = Spoken()
    into: ValueName = "digits"
    least: Annotated[int, Meta(ge=1, le=32, title="Least digits")] = 1
    most: Annotated[int, Meta(ge=1, le=32, title="Most digits", description="So many are taken at once.")] = (
        20
    )
    end: Annotated[
        Literal["#", "*", ""],
        Meta(title="End key", description="Finishes what was entered; without one, a pause does."),
    ] = "#"
    first_s: Annotated[Pause, Meta(title="Wait for the first digit")] = 8.0
    between_s: Annotated[Pause, Meta(title="Wait for the next digit")] = 4.0
    tries: Attempts = 3
    confirm: Annotated[
        bool, Meta(title="Confirm", description="Read the digits back; 1 takes them, 2 asks again.")
    ] = False

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.least > self.most:
            yield "least", f"this is more than the most, {self.most}"

    async def run(self, context: Context) -> str:
        line = context.line
        say = question = self.say.to_say(context)
        for _ in range(self.tries):
            digits = await line.ask(
                *say, most=self.most, end=self.end, first_s=self.first_s, between_s=self.between_s
            )
            if len(digits) >= self.least:
                if not self.confirm or await self._confirmed(context, digits):
                    context.set(self.into, digits)
                    return "done"
                say = question
            else:
                say = (Phrase("digits_invalid" if digits else "digits_timeout"), *question)
        return "none"

    async def _confirmed(self, context: Context, digits: str) -> bool:
        """No key takes them too: whoever says nothing has nothing against it."""
        read = Phrase("digits_confirm", {"digits": digits})
        return await context.line.ask(read, most=1, end="", first_s=CONFIRM_S) in ("1", "")
