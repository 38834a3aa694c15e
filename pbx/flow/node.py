"""What a node type is: parameters that become a form, exits that become handles, and what it does with a call.

    class Play(Node, frozen=True, kw_only=True, tag="play"):
        '''Play something, then go on.'''          ← palette and reference page

        title = "Play message"
        group = "sound"
        exits = (Exit("done", "Done"),)
        prompt: Annotated[str, ref("prompt", title="Prompt")]

        async def run(self, context: Context) -> str:
            await context.line.say(Prompt(self.prompt))
            return "done"

A node never sees a call, a phone or a feature: only its `Context`, which the simulator has too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

if TYPE_CHECKING:
    from pbx.flow.context import Context

__all__ = ["FAILED", "Exit", "ExitEach", "Group", "Node", "NodeError"]

Group = Literal["start", "reach", "menu", "sound", "rooms", "logic", "messages"]
"""Where the palette shows it."""


class Exit(msgspec.Struct, frozen=True):
    """A way out of a node. One that is `optional` may be left unwired: then the call ends there politely.

    `waits`: by this exit, the node has waited for the caller or for time to pass; a circle needs one of these. `when`
    names a parameter: the node has this exit when that is set; with a `!` before it, when it is not.
    """

    name: str
    title: str
    optional: bool = False
    waits: bool = False
    when: str = ""

    def is_of(self, node: Node) -> bool:
        if not self.when:
            return True
        return bool(getattr(node, self.when.removeprefix("!"))) is not self.when.startswith("!")


class ExitEach(msgspec.Struct, frozen=True):
    """An exit for each element of the list `parameter`: its `field` is the name, those of `title` are shown."""

    parameter: str
    field: str
    title: tuple[str, ...]
    optional: bool = False
    waits: bool = False

    def of(self, node: Node) -> Iterator[Exit]:
        for each in getattr(node, self.parameter):
            title = " ".join(text for name in self.title if (text := str(getattr(each, name))))
            yield Exit(str(getattr(each, self.field)), title, optional=self.optional, waits=self.waits)


FAILED = Exit("failed", "Failed", optional=True)
"""Every node has it: what it was to do could not be done."""


class NodeError(Exception):
    """What the node was to do cannot be done: the call takes its `failed` exit. The text is for the call's record."""


class Node(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """The base of all node types. The tag names the type in documents."""

    title: ClassVar[str]
    group: ClassVar[Group]
    exits: ClassVar[tuple[Exit | ExitEach, ...]] = ()

    def ways(self) -> tuple[Exit, ...]:
        """The exits of this node; of a type with choices or rules, one for each."""
        found: list[Exit] = []
        for each in self.exits:
            if isinstance(each, ExitEach):
                found += each.of(self)
            elif each.is_of(self):
                found.append(each)
        return tuple(found)

    @property
    def next_flow(self) -> str | None:
        """The number of the flow that a call goes on to from here, instead of leaving by an exit."""
        return None

    def faults(self) -> Iterator[tuple[str, str]]:
        """What does not fit together in the parameters: the parameter, and why."""
        return iter(())

    @abstractmethod
    async def run(self, context: Context) -> str:
        """Do it, and return the name of the exit to leave by; "" when the call is over. Raises `NodeError`."""
        raise NotImplementedError
