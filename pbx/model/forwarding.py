"""Where an extension's calls go instead."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Destination


class Forwarding(Record, frozen=True, kw_only=True):
    """Each place is what the extension itself would dial; None: not forwarded."""

    always: Annotated[Destination | None, Meta(title="Always")] = None
    busy: Annotated[Destination | None, Meta(title="When busy")] = None
    no_answer: Annotated[Destination | None, Meta(title="When nobody answers")] = None
    unreachable: Annotated[
        Destination | None,
        Meta(title="When no phone is there", description="None is registered, or none answers."),
    ] = None
