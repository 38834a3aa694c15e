"""The office as one document: what `pbx import`, `pbx export` and the API exchange."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.flow import Flow
from pbx.model.kinds import KINDS

__all__ = ["OfficeDocument"]

_SECTIONS: list[tuple[str, Any, Any]] = [
    (each.plural, Annotated[tuple[each.write, ...] | None, Meta(description=each.title)], None)  # type: ignore[name-defined]
    for each in KINDS
]
_SECTIONS.append(
    (
        "format",
        Annotated[
            Annotated[int, Meta(ge=1)] | None,
            Meta(
                title="Format",
                description="Which program wrote it: documents of older ones are translated, of newer ones refused. "
                "Without it, the first format.",
            ),
        ],
        None,
    )
)
_SECTIONS.append(
    (
        "live_flows",
        Annotated[
            dict[str, Flow | None] | None,
            Meta(
                title="Live flows",
                description="What takes the calls, where that is not what stands in `flows`: by number, the flow that "
                "is published, or null for a draft that is not.",
            ),
        ],
        None,
    )
)

OfficeDocument: type[msgspec.Struct] = msgspec.defstruct(
    "OfficeDocument",
    _SECTIONS,
    bases=(Record,),
    module=__name__,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    namespace={
        "__doc__": """What an office is, or a part of it: a section (one for each kind) that is missing is left alone.

    Whether records that a section does not name are deleted is for the one who applies it to say.
    """
    },
)
