"""A prompt: something the node says for the office, as sound, or as a text that is spoken."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import Label, Slug

__all__ = ["Language", "Prompt", "PromptAudio", "SpokenText", "SpokenTextOrder"]

Language = Annotated[
    str,
    Meta(
        pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2})?$(?!\n)",
        title="Language",
        description="Such as en, en-gb or de; without one, the node's.",
        examples=["en"],
    ),
]
SpokenText = Annotated[
    str,
    Meta(
        max_length=1000,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$(?!\n)",
        title="Text",
        description="What the node's voice says as long as there is no recording.",
        examples=["Our office is closed. Please call again tomorrow."],
    ),
]


class Prompt(Record, frozen=True, kw_only=True):
    """Its sound is a file beside the database (`/prompts/{id}/audio`); without one the text is spoken."""

    id: Slug
    name: Label
    text: SpokenText = ""
    language: Language = ""
    code: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{0,6}$(?!\n)",
            title="Number to record it",
            description="Dialled after the code of the feature “Record a prompt”; without one, no phone records it.",
            examples=["1"],
        ),
    ] = ""
    recorders: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(
            max_length=100,
            title="Extensions that may record it",
            description="None: no phone may.",
        ),
    ] = ()


class PromptAudio(Record, frozen=True, kw_only=True):
    """The sound that is kept of a prompt."""

    prompt: Slug
    source: Annotated[
        Literal["uploaded", "recorded"], Meta(description="Sent over the API, or spoken into a phone.")
    ]
    original: Annotated[
        str,
        Meta(
            max_length=80,
            description="What it was before it was converted.",
            examples=["MP3, 44100 Hz, stereo"],
        ),
    ] = ""
    by: Annotated[str, Meta(description="The extension or the user it came from.")] = ""
    made_at: datetime
    seconds: Annotated[float, Meta(ge=0, description="How long it lasts.")]


class SpokenTextOrder(Record, frozen=True, kw_only=True):
    """A text to hear."""

    text: Annotated[SpokenText, Meta(min_length=1, description="What is to be said.")]
    language: Language = ""
