"""Configuration bundles: how a node stands to the one that it follows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.document_plan import PlanFault

__all__ = ["SyncRevision", "SyncState", "SyncTrouble"]

SyncTrouble = Literal["", "unreachable", "incomplete", "refused"]


class SyncRevision(Record, frozen=True, kw_only=True):
    """A bundle that was applied here."""

    sequence: Annotated[int, Meta(ge=1, description="Its number; a bundle with a smaller one is refused.")]
    office: Annotated[str, Meta(description="The office that it was for, this one.")]
    created: Annotated[datetime, Meta(description="When it was made.")]
    applied_at: datetime
    changes: Annotated[int, Meta(ge=0, description="How many things it has changed.")] = 0
    rolled_back_at: datetime | None = None


class SyncState(Record, frozen=True, kw_only=True):
    """How the node stands to the bundle that it follows."""

    url: Annotated[str, Meta(description="Where it looks for bundles; empty: it follows none.")] = ""
    office: Annotated[str, Meta(description="Which office of the bundle it is; empty: the only one.")] = ""
    interval_s: Annotated[float, Meta(description="Seconds between two looks.")] = 0
    sequence: Annotated[int | None, Meta(description="The bundle that the office is made from.")] = None
    applied_at: datetime | None = None
    checked_at: Annotated[datetime | None, Meta(description="When it looked last, with whatever result.")] = (
        None
    )
    trouble: Annotated[
        SyncTrouble,
        Meta(
            description="Why the last look did not lead to the newest bundle: nobody answers, files are missing or "
            "half there, or what came was refused."
        ),
    ] = ""
    error: Annotated[str, Meta(description="The same in plain words; nothing was changed.")] = ""
    faults: Annotated[
        tuple[PlanFault, ...], Meta(description="What is wrong with the documents of a refused bundle.")
    ] = ()
    previous: Annotated[
        SyncRevision | None,
        Meta(description="The bundle before this one; none: what was there before bundles."),
    ] = None
    can_roll_back: Annotated[bool, Meta(description="What the last bundle has changed can be put back.")] = (
        False
    )
    revisions: Annotated[tuple[SyncRevision, ...], Meta(description="The latest, newest first.")] = ()
