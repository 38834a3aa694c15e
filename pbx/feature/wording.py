"""The sentences that the node says, by name and language.

    phrases/en/<area>.json         {"forward_off": "Call forwarding is off.",
                                    "voicemail_new": {"one": "You have one new message.", "other": "You have {count}…"}}

A sentence with forms goes by its value `count`: the form named like the number, else "one" for 1, else "other". The
same folders in the node's data directory add languages, and replace sentences of those that are there. What a language
lacks is said in English.
"""

from __future__ import annotations

import json
import logging
import string
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from pbx.feature.spoken_values import Value, Words, spoken

__all__ = ["BUILT_IN", "ENGLISH", "Sentence", "Wording"]

log = logging.getLogger(__name__)

BUILT_IN = Path(__file__).with_name("phrases")
ENGLISH = "en"


class Sentence(msgspec.Struct, frozen=True):
    """What to say, and in which language it is written."""

    text: str
    language: str


class Wording:
    """Reads a language when it is first asked for. Later folders go before earlier ones."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders or (BUILT_IN,)
        self._read: dict[str, Words] = {}

    def sentence(self, name: str, language: str, values: Mapping[str, Value], now: datetime) -> Sentence:
        """Raises `KeyError` for a name that English does not have either, or a value that is missing."""
        for each in (*_ways(language), ENGLISH):
            words = self.words(each)
            form = _form(words.get(name), values.get("count"))
            if form is None:
                continue
            try:
                filled = string.Formatter().vformat(
                    form, (), {key: spoken(value, each, words, now) for key, value in values.items()}
                )
            except (LookupError, ValueError, AttributeError) as error:
                if each == ENGLISH:
                    raise KeyError(f"the phrase {name} cannot be filled: {error}") from error
                log.warning(
                    "a phrase is wrong", extra={"phrase": name, "language": each, "reason": repr(error)}
                )
                continue
            return Sentence(
                filled, language if each != ENGLISH or _ways(language)[-1] == ENGLISH else ENGLISH
            )
        raise KeyError(name)

    def words(self, language: str) -> Words:
        """All phrases of one language; none for one that nobody has written. Blocks when it reads."""
        found = self._read.get(language)
        if found is None:
            found = {}
            for folder in self._folders:
                for path in sorted((folder / language).glob("*.json")):
                    found |= _file(path)
            self._read[language] = found
        return found


def _ways(language: str) -> Sequence[str]:
    """The language with its country, then without."""
    tag = language.lower()
    base = tag.partition("-")[0]
    return (tag,) if tag == base else (tag, base)


def _form(phrase: object, count: object) -> str | None:
    if isinstance(phrase, Mapping):
        wanted = [str(count), *(["one"] if count == 1 else []), "other"]
        phrase = next((phrase[each] for each in wanted if each in phrase), None)
    return phrase if isinstance(phrase, str) else None


def _file(path: Path) -> Words:
    try:
        found = json.loads(path.read_bytes())
        return dict(found)
    except (OSError, ValueError, TypeError) as error:
        log.warning("a file of phrases cannot be read", extra={"file": str(path), "reason": str(error)})
        return {}
