"""Letters without their signs, for what is dialled or pronounced: "Łukasz" and "Zoë" become "lukasz" and "zoe"."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

_SPELT = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
"""Letters that Unicode does not take apart."""


def plain(text: str) -> str:
    """Small letters, without accents; everything else as it is."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_SPELT))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
