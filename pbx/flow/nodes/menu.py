"""A menu: the caller presses keys (IVR)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Attempts, Pause, Spoken
from pbx.flow.node import Exit, ExitEach, Node
from pbx.flow.ports import Phrase, Say
from pbx.flow.reaching import exit_of
from pbx.model.base import Record

Keys = Annotated[
    str,
    Meta(
        pattern=r"^[0-9*#]{1,8}$(?!\n)",
        title="Keys",
        description="One or several, pressed one after the other.",
        examples=["1", "42"],
    ),
]


class MenuChoice(Record, frozen=True, kw_only=True):
    """What a caller may press. The keys name the exit."""

    keys: Keys
    name: Annotated[str, Meta(max_length=80, title="Name", examples=["Sales"])] = ""


class Menu(Node, frozen=True, kw_only=True, tag="menu"):
    """The caller hears what there is to choose, and presses a key or several. Each choice has an exit.

    When one choice begins another (1 and 12), or an extension that may be dialled, a pause or # tells them apart.
    """

    title = "Menu"
    group = "menu"
    exits = (
        ExitEach("choices", "keys", ("keys", "name"), waits=True),
        Exit("not_reached", "The extension did not answer", waits=True, when="direct_dial"),
        Exit("timeout", "Nothing pressed", waits=True),
        Exit("invalid", "No such choice", waits=True),
    )
    say: Annotated[Spoken, Meta(title="Greeting", description="Names the choices.")] = Spoken()
    choices: Annotated[tuple[MenuChoice, ...], Meta(max_length=50, title="Choices")] = ()
    direct_dial: Annotated[
        bool, Meta(title="Extensions may be dialled", description="All that the directory lists.")
    ] = False
    barge_in: Annotated[
        bool, Meta(title="Keys interrupt", description="Off: the greeting is always heard to its end.")
    ] = True
    timeout_s: Annotated[Pause, Meta(title="Wait for a key", description="After the greeting.")] = 6.0
    between_s: Annotated[Pause, Meta(title="Wait for another key")] = 3.0
    tries: Attempts = 3

    def faults(self) -> Iterator[tuple[str, str]]:
        for keys, times in Counter(each.keys for each in self.choices).items():
            if times > 1:
                yield "choices", f"{keys} is there more than once"
        if not self.choices and not self.direct_dial:
            yield "choices", "there is nothing to choose"

    async def run(self, context: Context) -> str:
        choices = {each.keys for each in self.choices}
        extensions = set(context.office.people()) if self.direct_dial else set()
        say = greeting = self.say.to_say(context)
        failed = "timeout"
        for _ in range(self.tries):
            pressed = await self._pressed(context, say, choices | extensions)
            if pressed in choices:
                context.set("pressed", pressed)
                return pressed
            if pressed in extensions:
                context.set("pressed", pressed)
                reached = await context.reach.extension(pressed, ring_s=None, voicemail=True)
                return exit_of(reached) and "not_reached"
            failed = "invalid" if pressed else "timeout"
            say = (Phrase(f"menu_{failed}"), *greeting)
        return failed

    async def _pressed(self, context: Context, say: Iterable[Say], known: set[str]) -> str:
        """What was pressed, taken as soon as nothing longer can be meant."""
        line = context.line
        pressed = await line.ask(
            *say,
            most=1,
            end="",
            first_s=self.timeout_s,
            barge_in=self.barge_in,
        )
        while pressed and any(each.startswith(pressed) and each != pressed for each in known):
            key = await line.ask(most=1, end="", first_s=self.between_s)
            if not key or (key == "#" and not any(each.startswith(pressed + key) for each in known)):
                break
            pressed += key
        return pressed
