"""What may be said, as a grammar of the Java Speech Grammar Format, and what each of its sentences means.

A name may be said whole, or by any of its words; "please" and "I would like to speak to" may go around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pbx.core.letters import plain

__all__ = ["Grammar", "grammar_for"]

MOST_PHRASES = 1000
WORDS_OF_PHRASE = 6
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]")
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SMALL = frozenset(
    {"a", "an", "and", "at", "by", "department", "for", "in", "of", "office", "on", "team", "the", "to"}
)
"""Nobody is meant by one of these alone."""
_BEFORE = (
    "[ hello | hi ] ( [ i would like to | i want to | can i | could i | may i ] ( speak | talk ) ( to | with )"
    " | [ please ] connect me to | [ please ] put me through to | i need | hello | hi )"
)
_JSGF = """#JSGF V1.0;
grammar names;
public <said> = [ <before> ] <name> [ please ];
<before> = {before};
<name> = {ways};
"""
_WHOLE, _PART = 4, 1
"""A whole name is likelier than one word of it."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """`text` is the JSGF, `words` all that it needs pronounced."""

    text: str
    words: tuple[str, ...]
    _meanings: dict[str, str] = field(repr=False)

    def meaning(self, sentence: str) -> str:
        """The phrase as it was expected, or the word of one, that the sentence says; "" for half a sentence."""
        words = f" {sentence}".removesuffix(" please").split()
        for start in range(len(words)):
            found = self._meanings.get(" ".join(words[start:]))
            if found is not None:
                return found
        return ""


@lru_cache(maxsize=16)
def grammar_for(expected: Sequence[str]) -> Grammar:
    """`expected` is a tuple. Phrases without a letter that can be said are left out."""
    meanings: dict[str, str] = {}
    weights: dict[str, int] = {}
    spoken = [(phrase, _spoken(phrase)) for phrase in dict.fromkeys(expected)]
    for phrase, said in spoken[:MOST_PHRASES]:
        if said:
            meanings.setdefault(" ".join(said), phrase)
            weights[" ".join(said)] = _WHOLE
    for _, said in spoken[:MOST_PHRASES]:
        for word in dict.fromkeys(said) if len(said) > 1 else ():
            if word in _SMALL:
                continue
            meanings.setdefault(word, word)
            weights.setdefault(word, _PART)
    ways = " | ".join(f"/{weight}/ {words}" for words, weight in weights.items())
    words = tuple(sorted(set(re.findall(r"[a-z']+", f"{_BEFORE} please {ways}"))))
    return Grammar(_JSGF.format(before=_BEFORE, ways=ways) if ways else "", words, meanings)


def _spoken(phrase: str) -> list[str]:
    """Its words as the dictionary writes them; digits by their names."""
    words = _WORD.findall(plain(phrase).replace("’", "'"))
    return [_DIGITS[int(word)] if word.isdigit() else word for word in words[:WORDS_OF_PHRASE]]
