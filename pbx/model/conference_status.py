"""How a conference is doing, who is in it, and what can be done about that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Destination

__all__ = [
    "ConferenceChanged",
    "ConferenceInvitation",
    "ConferenceMember",
    "ConferenceOrder",
    "ConferenceStatus",
    "InvitedMember",
    "MemberOrder",
]


class ConferenceMember(Record, frozen=True, kw_only=True):
    """Somebody who is in a conference, or waits for its moderator."""

    member: Annotated[
        int, Meta(ge=1, description="Counts from 1 in the order of coming; what moderators type.")
    ]
    call: str
    number: str
    name: str = ""
    extension: str | None = None
    moderator: bool
    state: Annotated[
        Literal["waiting", "in", "held"],
        Meta(description="waiting: for a moderator; held: its phone has put the conference on hold."),
    ]
    muted: Annotated[bool, Meta(description="The others do not hear it.")]
    silenced: Annotated[bool, Meta(description="A moderator has muted it, and only one can undo that.")]
    talking: bool
    joined_at: datetime


class ConferenceStatus(Record, frozen=True, kw_only=True):
    """A conference as it is now."""

    conference: str
    name: str
    needs_pin: Annotated[bool, Meta(description="There is a PIN for members.")]
    has_moderator_pin: bool
    locked: Annotated[bool, Meta(description="Only moderators can come in.")] = False
    all_muted: Annotated[bool, Meta(description="All but moderators, also those who come now.")] = False
    recording: bool = False
    since: Annotated[
        datetime | None, Meta(description="When the first member came; null: nobody is in it.")
    ] = None
    members: tuple[ConferenceMember, ...] = ()


class ConferenceOrder(Record, frozen=True, kw_only=True):
    """What is to change; what is left out stays."""

    locked: Annotated[bool | None, Meta(title="Locked")] = None
    all_muted: Annotated[bool | None, Meta(title="All muted")] = None
    recording: Annotated[bool | None, Meta(title="Recording")] = None


class MemberOrder(Record, frozen=True, kw_only=True):
    """What a member is to be."""

    muted: Annotated[bool, Meta(title="Muted")]


class ConferenceInvitation(Record, frozen=True, kw_only=True):
    """Somebody is to be called and brought in."""

    number: Destination


class InvitedMember(Record, frozen=True, kw_only=True):
    """The call that tries to reach somebody."""

    call: str


class ConferenceChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="conference_changed"
):
    """Something about a conference is different: who is in it, who talks, what is allowed."""

    conference: str
