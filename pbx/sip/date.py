"""The Date header (RFC 3261 20.17): a moment in the form of RFC 1123, always in English and GMT."""

from __future__ import annotations

from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sip_date(moment: datetime) -> str:
    """`Sat, 13 Nov 2010 23:29:00 GMT`."""
    gmt = moment.astimezone(UTC)
    return f"{_DAYS[gmt.weekday()]}, {gmt:%d} {_MONTHS[gmt.month - 1]} {gmt:%Y %H:%M:%S} GMT"
