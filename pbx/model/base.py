"""The base of every record that crosses a boundary: wire, disk or HTTP."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strict about fields it does not know; decoding it is its validation.

    A record repeats `frozen=True, kw_only=True`, since type checkers do not inherit them.
    """
