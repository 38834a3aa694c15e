"""The kind of number that a campaign is sent from: it decides the rate and the registration. Pure."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["SenderKind", "kind_of"]

TOLL_FREE_CODES = frozenset({"800", "833", "844", "855", "866", "877", "888"})


class SenderKind(StrEnum):
    TOLL_FREE = "toll_free"
    LOCAL = "local"
    """An ordinary number of the North American plan: 10DLC."""
    SHORT_CODE = "short_code"
    OTHER = "other"


def kind_of(number: str) -> SenderKind:
    """Of an E.164 number, or of a short code's bare digits."""
    if number.isdigit() and 4 <= len(number) <= 8:
        return SenderKind.SHORT_CODE
    if number.startswith("+1") and len(number) == 12:
        return SenderKind.TOLL_FREE if number[2:5] in TOLL_FREE_CODES else SenderKind.LOCAL
    return SenderKind.OTHER
