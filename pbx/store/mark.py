"""Whether the office is still what it was when somebody looked: a mark taken before reading, checked while writing."""

from __future__ import annotations

import sqlite3
from typing import Any

from pbx.core.errors import PbxError
from pbx.store.thread import Work

__all__ = ["Mark", "OfficeMovedError", "read_mark", "still"]

Mark = tuple[Any, ...]

_RECORDS = "SELECT count(*), coalesce(max(revision), 0), coalesce(sum(revision % 1000000007), 0) FROM records"
_LIVE = "SELECT flow, revision FROM live_flows ORDER BY flow"


class OfficeMovedError(PbxError):
    """Somebody else has changed the office meanwhile."""


def read_mark(connection: sqlite3.Connection) -> Mark:
    """Differs after any change of a record or of what is live."""
    return (*connection.execute(_RECORDS).fetchone(), *connection.execute(_LIVE).fetchall())


def still(mark: Mark) -> Work[None]:
    """For the beginning of a transaction. Raises `OfficeMovedError` when the office has another mark now."""

    def work(connection: sqlite3.Connection) -> None:
        if read_mark(connection) != mark:
            raise OfficeMovedError("the office was changed by somebody else meanwhile")

    return work
