"""What somebody wrote down about a call."""

from __future__ import annotations

from datetime import datetime

from pbx.model.base import Record
from pbx.model.scalars import ExtensionNumber

__all__ = ["CallNote"]


class CallNote(Record, frozen=True, kw_only=True):
    """A note on a call, by the extension that wrote it."""

    extension: ExtensionNumber
    text: str
    at: datetime
