"""Dial by name: the letters on the keys of a telephone (ITU-T E.161), against the names in the directory.

    2 ABC   3 DEF   4 GHI   5 JKL   6 MNO   7 PQRS   8 TUV   9 WXYZ   0 what is no letter

Pure: it knows names and digits, no call. What it finds is for somebody to say.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pbx.core.letters import plain

__all__ = ["Match", "matching", "on_keys"]

_KEYS = {
    letter: key
    for key, letters in zip(
        "23456789", ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"], strict=True
    )
    for letter in letters
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
"""As German and Danish write them without their signs; both ways are found."""


class Match(msgspec.Struct, frozen=True):
    """An extension whose name begins with what was dialled; `exact` when a word of the name ends there too."""

    number: str
    name: str
    exact: bool


def on_keys(word: str) -> frozenset[str]:
    """The digits that somebody presses for a word: one way, or two where it has umlauts."""
    small = word.casefold()
    return frozenset(_digits(each) for each in (small, small.translate(_UMLAUTS)))


def matching(digits: str, people: Mapping[str, str], *, most: int = 9) -> list[Match]:
    """Who may be meant, of number → name; best first: whole words, then last names, then any other part of a name.

    The digits may go on into the next word: 5672 is "jo sc", for Jo Schmidt.
    """
    if not digits.isdigit() or not digits.isascii():
        return []
    found: list[tuple[tuple[bool, int, str, str], Match]] = []
    for number, name in people.items():
        words = [word for word in name.replace("-", " ").replace(",", " ").split() if any(on_keys(word))]
        ranked = [rank for rank in (_rank(digits, words, start) for start in range(len(words))) if rank]
        if ranked:
            inexact, place = min(ranked)
            order = (inexact, place, name.casefold(), number)
            found.append((order, Match(number, name, not inexact)))
    return [match for _, match in sorted(found, key=lambda pair: pair[0])[:most]]


def _rank(digits: str, words: list[str], start: int) -> tuple[bool, int] | None:
    """How good it is that the digits begin at this word: (not exact, how far from the last name)."""
    prefixes = {""}
    for word in words[start:]:
        prefixes = {before + after for before in prefixes for after in on_keys(word)}
        if digits in prefixes:
            return (False, len(words) - 1 - start)
        if any(each.startswith(digits) for each in prefixes):
            return (True, len(words) - 1 - start)
    return None


def _digits(small: str) -> str:
    """Without accents; what is on no key is left out."""
    return "".join(_KEYS.get(letter, letter if letter in "0123456789" else "") for letter in plain(small))
