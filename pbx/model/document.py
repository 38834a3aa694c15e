"""The office as one document: what `pbx import`, `pbx export` and the API exchange."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.extension import ExtensionWrite


class OfficeDocument(Record, frozen=True, kw_only=True):
    """What an office is, or a part of it: a section that is missing is left alone.

    Whether records that a section does not name are deleted is for the one who applies it to say.
    """

    extensions: Annotated[
        tuple[ExtensionWrite, ...] | None, Meta(description="Extensions of the office.")
    ] = None
