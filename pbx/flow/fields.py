"""The small types that parameters of several node types are made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.ports import Prompt, Say, Text
from pbx.flow.template import NAME
from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import RingSeconds, Slug

__all__ = ["Attempts", "NodeRing", "Pause", "Rights", "Spoken", "Template", "ValueName"]

Template = Annotated[
    str,
    Meta(max_length=2000, examples=["{{caller.name}}"], extra_json_schema={"x-widget": "template"}),
]
"""Words in which `{{names}}` stand for values of the call."""

ValueName = Annotated[
    str,
    Meta(
        pattern=rf"^{NAME}$(?!\n)",
        max_length=80,
        title="Name",
        description="Small letters, digits and underscores; later nodes write it as {{name}}.",
        examples=["customer"],
    ),
]

Pause = Annotated[float, Meta(ge=0.5, le=60, extra_json_schema={"x-unit": "s"})]

Attempts = Annotated[int, Meta(ge=1, le=10, title="Tries")]

NodeRing = Annotated[
    RingSeconds | None,
    Meta(title="Ring time", description="Without one, as long as it rings for any call."),
]

Rights = Annotated[
    Annotated[str, ref("extension")] | None,
    Meta(
        title="Calls as",
        description="The extension whose rights, limits and outside number count. Without one, no outside number is "
        "called.",
    ),
]


class Spoken(Record, frozen=True, kw_only=True):
    """What is said to the caller: a prompt, else the text by the voice of the node, else nothing."""

    prompt: Annotated[Annotated[Slug, ref("prompt")] | None, Meta(title="Prompt")] = None
    text: Annotated[
        Template,
        Meta(
            title="Text", description="Read out where there is no prompt. {{names}} are values of the call."
        ),
    ] = ""
    language: Annotated[
        str,
        Meta(
            pattern=r"^([a-z]{2,3}(-[A-Z]{2})?)?$(?!\n)",
            title="Language",
            description="Of the text; without one, that of the office.",
            examples=["en"],
        ),
    ] = ""

    def to_say(self, context: Context) -> tuple[Say, ...]:
        if self.prompt is not None:
            return (Prompt(self.prompt),)
        text = context.text(self.text).strip()
        return (Text(text, self.language),) if text else ()
