"""Say a text."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.flow.ports import Text
from pbx.model.prompt import Language


class SayText(Node, frozen=True, kw_only=True, tag="say"):
    """The voice of the node says a text. The key that cut it short, if any, is the value `pressed`."""

    title = "Say text"
    group = "sound"
    exits = (Exit("done", "Done", waits=True),)
    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=1000,
            title="Text",
            description="With values of the call, such as {{caller.name}}.",
            examples=["Good morning, {{caller.name}}."],
            extra_json_schema={"x-widget": "textarea"},
        ),
    ]
    language: Language = ""
    barge_in: Annotated[bool, Meta(title="A key cuts it short")] = True

    async def run(self, context: Context) -> str:
        said = Text(context.text(self.text), self.language)
        context.set("pressed", await context.line.say(said, barge_in=self.barge_in))
        return "done"
