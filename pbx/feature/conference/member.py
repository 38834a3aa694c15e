"""Somebody in a conference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec

from pbx.call.call import Call
from pbx.call.leg import CallLeg
from pbx.call.talk import Sound
from pbx.model.conference_status import ConferenceMember

__all__ = ["Member"]


class Member(msgspec.Struct, eq=False):
    """`number` is the one that moderators type. `admitted`: it hears the others; before, it waits for a moderator.

    `muted` by itself, or on joining; `silenced` by a moderator, and only one can undo that. `stop` ends its stay, and
    `reason` says why.
    """

    number: int
    call: Call
    leg: CallLeg
    moderator: bool
    muted: bool
    silenced: bool
    joined_at: datetime
    name: Sound | None = None
    admitted: bool = False
    talking: bool = False
    reason: str = ""
    stop: Callable[[], None] = lambda: None
    may_enter: asyncio.Event = msgspec.field(default_factory=asyncio.Event)

    @property
    def heard(self) -> bool:
        """Whether the others may hear it: never the music of a phone that holds."""
        return not (self.muted or self.silenced or self.leg.held)

    @property
    def shown(self) -> str:
        """Who it is, in words."""
        return self.leg.party.name or self.leg.party.number

    def send_away(self, reason: str) -> None:
        """End its stay; the first reason counts."""
        if not self.reason:
            self.reason = reason
            self.stop()

    def status(self) -> ConferenceMember:
        party = self.leg.party
        return ConferenceMember(
            member=self.number,
            call=self.call.id,
            number=party.number,
            name=party.name,
            extension=party.extension,
            moderator=self.moderator,
            state="waiting" if not self.admitted else "held" if self.leg.held else "in",
            muted=self.muted or self.silenced,
            silenced=self.silenced,
            talking=self.talking,
            joined_at=self.joined_at,
        )
