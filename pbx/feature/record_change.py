"""Changing a record from a phone or a flow: read, change, write, and again when somebody was quicker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pbx.core.errors import UserError
from pbx.model.kind import Kind
from pbx.store.records import RecordStore

__all__ = ["change_record"]

ATTEMPTS = 5


async def change_record(store: RecordStore, kind: Kind, key: str, edit: Callable[[Any], Any]) -> Any:
    """The record as it is now. Nothing is written when `edit` changes nothing; secrets stay.

    Raises `UserError` 404, and 412 when others change it all the time.
    """
    for attempt in range(ATTEMPTS):
        found = await store.get(kind, key)
        if found is None:
            raise UserError(f"there is no {kind.words} {key}", http_status=404)
        wanted = edit(found.record)
        if wanted == found.record:
            return wanted
        try:
            write = kind.with_secret(wanted, None)
            return (await store.replace(kind, key, write, if_revision=found.revision)).record
        except UserError as error:
            if error.http_status != 412 or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
