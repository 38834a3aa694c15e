"""The call history as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from pbx.model.cdr import Cdr

__all__ = ["TITLES", "cell", "head", "rows"]

TITLES = (
    "id",
    "started_at",
    "answered_at",
    "ended_at",
    "direction",
    "from_number",
    "from_name",
    "dialled",
    "to_extension",
    "to_name",
    "answered_by",
    "disposition",
    "missed",
    "wait_s",
    "talk_s",
    "duration_s",
    "did",
    "trunk",
    "queue",
    "flow",
    "cause",
    "test",
)
_NUMBER = re.compile(r"\+?[0-9]+", re.ASCII)


def head() -> bytes:
    """The byte order mark tells spreadsheets that it is UTF-8."""
    return b"\xef\xbb\xbf" + _lines([TITLES])


def rows(calls: Iterable[Cdr], zone: tzinfo) -> bytes:
    return _lines([cell(getattr(each, title), zone) for title in TITLES] for each in calls)


def cell(value: object, zone: tzinfo | None = None) -> str:
    """What a spreadsheet would run as a formula (OWASP) is made plain; a number with its + stays one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _lines(lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode("utf-8", "replace")
