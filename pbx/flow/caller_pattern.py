"""Whether a caller's or a called number is one of those that a `CallerPattern` means."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["fits_any"]


def fits_any(patterns: Iterable[str], number: str) -> bool:
    """`+4490*` means all that begin so, `*` everybody, also those who hide their number."""
    return any(
        number.startswith(each[:-1]) and (number != "" or each == "*")
        if each.endswith("*")
        else number == each and number != ""
        for each in patterns
    )
