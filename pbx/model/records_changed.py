"""What the store tells when records of the office have changed."""

from __future__ import annotations

from pbx.model.base import Record


class RecordsChanged(Record, frozen=True, kw_only=True):
    """Published on the topic "records" after the change is committed.

    An empty `kind` means that anything may have changed (another process wrote to the database).
    """

    kind: str = ""
    keys: tuple[str, ...] = ()
