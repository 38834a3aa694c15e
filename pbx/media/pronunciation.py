"""How a word is said that no dictionary has: English letters to the sounds of the ARPAbet, by rules.

A guess. It is right for names that are written as they are said, and wrong for many names of other languages.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["pronounce"]

_RULES: dict[str, str] = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "eigh": "EY",
    "sch": "SH", "tch": "CH", "igh": "AY", "ing": "IH NG", "dge": "JH", "eau": "OW", "tsch": "CH", "zsch": "CH",
    "owski": "AO F S K IY", "ski": "S K IY", "sky": "S K IY", "cz": "CH", "sz": "SH", "rz": "ZH", "dz": "Z",
    "th": "TH", "sh": "SH", "ch": "CH", "ph": "F", "gh": "G", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W",
    "kn": "N", "wr": "R", "ps": "S", "dt": "T", "tz": "T S", "ts": "T S", "rh": "R", "nk": "NG K", "mb": "M",
    "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "ai": "EY", "ay": "EY",
    "ei": "AY", "ey": "IY", "ie": "IY", "au": "AO", "aw": "AO", "oa": "OW", "ue": "UW", "ui": "UW", "ia": "IY AH",
    "io": "IY OW", "ae": "EY", "oe": "OW", "eu": "OY", "ew": "UW", "uu": "UW", "aa": "AA", "ya": "Y AA",
    "ar": "AA R", "er": "ER", "ir": "ER", "ur": "ER", "or": "AO R",
    "ce": "S EH", "ci": "S IH", "cy": "S IY", "ge": "JH EH", "gi": "JH IH",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "IH", "z": "Z",
}  # fmt: skip
"""The longest that fits is taken."""
_FIRST: dict[str, str] = {
    "y": "Y",
    "x": "Z",
    "ng": "N",
    "mc": "M AH K",
    "mac": "M AH K",
    "io": "Y OW",
    "ia": "Y AA",
}
_LAST: dict[str, str] = {
    "e": "", "y": "IY", "i": "IY", "o": "OW", "a": "AH", "u": "UW", "ed": "D", "es": "Z", "le": "AH L", "ce": "S",
    "ge": "JH", "ie": "IY", "ow": "OW", "gh": "",
}  # fmt: skip
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_VOWELS = "aeiouy"
LONGEST = 5


@lru_cache(maxsize=4096)
def pronounce(word: str) -> str:
    """The sounds of a word of the letters a to z, with spaces between; "" for none."""
    sounds: list[str] = []
    at = 0
    while at < len(word):
        piece, said = _piece(word, at)
        if said and not (sounds and sounds[-1] == said.split()[0] and said[0] not in "AEIOU"):
            sounds += said.split()
        at += len(piece)
    return " ".join(sounds)


def _piece(word: str, at: int) -> tuple[str, str]:
    """The letters that go together here, and how they sound."""
    if _is_long(word, at):
        return word[at], _LONG[word[at]]
    for size in range(min(LONGEST, len(word) - at), 0, -1):
        piece = word[at : at + size]
        if at == 0 and piece in _FIRST and size < len(word):
            return piece, _FIRST[piece]
        if at > 0 and at + size == len(word) and piece in _LAST:
            return piece, _LAST[piece]
        if piece in _RULES:
            return piece, _RULES[piece]
    return word[at], ""


def _is_long(word: str, at: int) -> bool:
    """A vowel, one consonant, and a silent e at the end: "kate"."""
    return (
        word[at] in _LONG
        and at + 3 == len(word)
        and word[at + 1] not in _VOWELS
        and word[at + 2] == "e"
        and (at == 0 or word[at - 1] not in _VOWELS)
    )
