"""A named switch of the office: night mode, and whatever else flows ask for."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Label, Slug

__all__ = ["NIGHT", "OfficeFlag"]


class OfficeFlag(Record, frozen=True, kw_only=True):
    """Somebody switches it by code or by API, and calls go another way."""

    id: Slug
    name: Label
    on: Annotated[bool, Meta(title="On")] = False


NIGHT = OfficeFlag(id="night", name="Night mode")
"""What every office has."""
