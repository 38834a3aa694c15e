"""The base of every record of the edge, and the names of new ones."""

from __future__ import annotations

import secrets
import time

import msgspec

__all__ = ["Record", "new_id"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strict about fields it does not know; decoding it is its validation.

    A record repeats `frozen=True, kw_only=True`, since type checkers do not inherit them.
    """


def new_id(at_ms: int | None = None) -> str:
    """26 letters that sort by the time they were made: 48 bits of ms since 1970, 80 random bits (a ULID)."""
    moment_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    number = (moment_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
