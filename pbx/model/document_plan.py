"""What a document would change, or has changed: the plan as people and programs see it. It never holds a secret."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["ChangedRecord", "DocumentPlan", "PlanFault", "PlanSection"]

Keys = tuple[str, ...]


class ChangedRecord(Record, frozen=True, kw_only=True):
    """A record that would become another one, and the fields that would."""

    key: str
    fields: tuple[str, ...]


class PlanSection(Record, frozen=True, kw_only=True):
    """What would happen to the records of one kind, by their keys."""

    kind: str
    create: Keys = ()
    change: tuple[ChangedRecord, ...] = ()
    remove: Keys = ()
    unchanged: Keys = ()
    kept: Annotated[Keys, Meta(description="Not in the document; they stay.")] = ()


class PlanFault(Record, frozen=True, kw_only=True):
    """Why the document cannot be applied: a field of it, or of a record that it would leave behind."""

    path: Annotated[str, Meta(description="JSON path of the field: $.extensions[3].number.")]
    message: str
    got: Annotated[str | None, Meta(description="What stands there.")] = None
    needed: Annotated[str | None, Meta(description="What should stand there.")] = None
    action: Annotated[str | None, Meta(description="What to do about it.")] = None


class DocumentPlan(Record, frozen=True, kw_only=True):
    """What a document changes. With faults it changes nothing."""

    sections: Annotated[tuple[PlanSection, ...], Meta(description="Of the kinds that there are records of.")]
    publish: Annotated[Keys, Meta(description="Flows that take calls as the document says.")] = ()
    unpublish: Annotated[Keys, Meta(description="Flows that take no more calls.")] = ()
    faults: tuple[PlanFault, ...] = ()
    changes: Annotated[int, Meta(ge=0, description="How many things change; 0: all is as it should be.")] = 0
