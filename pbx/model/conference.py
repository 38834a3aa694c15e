"""A conference: a number at which everybody who dials it hears all others."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import DisplayName, ExtensionNumber

__all__ = ["Announce", "Conference", "ConferenceWrite"]

Announce = Literal["nothing", "tone", "name"]

Pin = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4,12})?$(?!\n)",
        title="PIN",
        description="4 to 12 digits; nothing removes it.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]


class Conference(Record, frozen=True, kw_only=True):
    """A conference as it is read; the PINs are never part of it."""

    number: ExtensionNumber
    name: DisplayName
    max_members: Annotated[int, Meta(ge=2, le=300, title="Most members")] = 30
    moderators: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(max_length=50, title="Moderators", description="Extensions that lead it, without a PIN."),
    ] = ()
    wait_for_moderator: Annotated[
        bool,
        Meta(title="Wait for a moderator", description="Until one is there, the others hear music."),
    ] = False
    end_without_moderator: Annotated[
        bool, Meta(title="End without a moderator", description="When the last one leaves, it is over.")
    ] = False
    mute_on_join: Annotated[
        bool,
        Meta(title="Mute on join", description="Who comes in is muted, but for moderators; *1 changes that."),
    ] = False
    announce: Annotated[
        Announce,
        Meta(
            title="Announce who comes and goes",
            description="name: everybody is asked to say their name before they come in.",
        ),
    ] = "tone"
    record: Annotated[
        bool,
        Meta(
            title="Record", description="Always, from the first member to the last; who comes in is told so."
        ),
    ] = False
    dials_as: Annotated[
        Annotated[str, ref("extension")] | None,
        Meta(
            title="Calls out as",
            description="Whose rights and outside number count when somebody outside is called in.",
        ),
    ] = None


class ConferenceWrite(Conference, frozen=True, kw_only=True):
    """A conference as it is written. A PIN that is left out stays as it is; an empty one removes it.

    Where both are the same, everybody who knows it is a moderator.
    """

    pin: Pin | None = None
    moderator_pin: Annotated[Pin, Meta(title="PIN of moderators")] | None = None
