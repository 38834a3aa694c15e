"""The built-in matcher: names, departments and topics in a sentence, by spelling and by sound.

Every stretch of up to four words is compared with every name (rapidfuzz, words in alphabetical order). A likeness of 80
of 100 counts, and only when nothing else comes within 5 of it: who is taken for another is asked, not guessed. It reads
no grammar: "not Alice" is Alice, so whoever uses it asks before it acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from edge.ai.directory import Choice, Directory, Fact, Intent
from edge.ai.folding import fold, sound
from edge.ai.words import ASIDES, GENERIC, GOODBYES, MESSAGES, SAME, TOPICS

__all__ = ["ACCEPT", "GAP", "ranked", "understand"]

ACCEPT = 80.0
GAP = 5.0
MOST_LETTERS = 600
LETTERS_OF_NAME = 80
MOST_WORDS = 32
WINDOW = 4
NAMESAKES = 3

# What a likeness is worth, by what is alike.
WHOLE, LAST, PART, SYNONYM, TOPIC, MESSAGE, GOODBYE = 1.0, 0.96, 0.93, 0.88, 0.90, 0.98, 0.85
BY_SOUND = 0.95
SPELT_LIKE = 90.0
"""Common words are taken only when they are spelt so: too many are alike."""

Wish = Choice | Fact


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Parallel lists: what may be said, what it is worth, and whose it is."""

    texts: list[str]
    worth: list[float]
    wish: list[Wish]

    def add(self, text: str, worth: float, wish: Wish) -> None:
        self.texts.append(_sorted(text))
        self.worth.append(worth)
        self.wish.append(wish)


@dataclass(frozen=True, slots=True)
class _Index:
    spelt: _Phrases
    common: _Phrases
    spoken: _Phrases


def understand(text: str, directory: Directory) -> Intent:
    """What somebody who says this wants, of what the directory has."""
    scores = ranked(text, directory)
    if not scores:
        return Intent()
    best, likeness = scores[0]
    message = next(
        (wish for wish, _ in scores if isinstance(wish, Choice) and wish.kind == "voicemail"), None
    )
    if message is not None and _asks_for(MESSAGES, text):
        return Intent("voicemail", message, confidence=MESSAGE)
    near = [wish for wish, score in scores if likeness - score < GAP]
    if len(near) > 1:
        choices = tuple(wish for wish in near if isinstance(wish, Choice))
        return Intent(confidence=likeness / 100, candidates=choices[:NAMESAKES])
    if isinstance(best, Fact):
        return Intent("information", fact=best, confidence=likeness / 100)
    return Intent(best.kind, best, confidence=likeness / 100)


def ranked(text: str, directory: Directory) -> list[tuple[Wish, float]]:
    """What is at least `ACCEPT` like something in the text, best first; the order of the directory does not matter."""
    index = _index(directory)
    said = fold(text[:MOST_LETTERS]).split()[:MOST_WORDS]
    best: dict[Wish, float] = {}
    for window in set(_windows(said)):
        _look_up(_sorted(window), index.common, SPELT_LIKE, 1.0, best)
    for window in set(_windows(_content(said))):
        _look_up(_sorted(window), index.spelt, ACCEPT, 1.0, best)
        _look_up(_sorted(sound(window)), index.spoken, ACCEPT, BY_SOUND, best)
    found = [(wish, score) for wish, score in best.items() if score >= ACCEPT]
    return sorted(found, key=lambda pair: (-pair[1], _order(pair[0])))


def _look_up(window: str, phrases: _Phrases, least: float, worth: float, best: dict[Wish, float]) -> None:
    if len(window) < 2:
        return
    for _, likeness, at in process.extract(
        window, phrases.texts, scorer=fuzz.ratio, processor=None, score_cutoff=least, limit=None
    ):
        score = likeness * phrases.worth[at] * worth
        wish = phrases.wish[at]
        if score > best.get(wish, 0.0):
            best[wish] = score


@lru_cache(maxsize=8)
def _index(directory: Directory) -> _Index:
    index = _Index(_Phrases([], [], []), _Phrases([], [], []), _Phrases([], [], []))
    for choice in directory.choices:
        _add_choice(index, choice)
    for fact in directory.facts:
        topic = fold(fact.topic)
        index.common.add(topic, TOPIC, fact)
        for other in _also(topic, TOPICS):
            index.common.add(other, TOPIC, fact)
    return index


def _add_choice(index: _Index, choice: Choice) -> None:
    for other in {"voicemail": MESSAGES, "goodbye": GOODBYES}.get(choice.kind, ()):
        index.common.add(other, MESSAGE if choice.kind == "voicemail" else GOODBYE, choice)
    for name in dict.fromkeys(fold(name[:LETTERS_OF_NAME]) for name in choice.names):
        if not name:
            continue
        index.spelt.add(name, WHOLE, choice)
        if len(name) > 3:
            index.spoken.add(sound(name), WHOLE, choice)
        for part, worth in _parts(name):
            index.spelt.add(part, worth, choice)
            if len(part) > 3:
                index.spoken.add(sound(part), worth, choice)
        for other in _also(name, SAME):
            index.common.add(other, SYNONYM, choice)


def _parts(name: str) -> Iterator[tuple[str, float]]:
    """The words of a name that mean it by themselves; the last is the surest."""
    words = name.split()
    if len(words) > 1:
        for place, word in enumerate(words, 1):
            if len(word) > 1 and word not in GENERIC:
                yield word, LAST if place == len(words) else PART


def _also(name: str, table: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    """Other words for it."""
    words = {name, *name.split()}
    for line in table:
        if words & set(line) - GENERIC:
            yield from (other for other in line if other != name)


def _content(said: list[str]) -> list[str]:
    """The words that say who is wanted. Letters that were spelt one by one become a word."""
    words = ASIDES.sub(" ", " ".join(said)).split() or said
    spelt: list[str] = []
    joined: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1:
            spelt.append(word)
            continue
        joined += ["".join(spelt)] if len(spelt) > 2 else spelt
        spelt = []
        if word:
            joined.append(word)
    return joined


def _windows(words: list[str]) -> Iterator[str]:
    for size in range(1, WINDOW + 1):
        for start in range(len(words) - size + 1):
            window = words[start : start + size]
            if size > 1 or window[0] not in GENERIC:
                yield " ".join(window)


def _asks_for(phrases: tuple[str, ...], text: str) -> bool:
    said = f" {fold(text[:MOST_LETTERS])} "
    return any(f" {phrase} " in said for phrase in phrases)


def _sorted(text: str) -> str:
    return " ".join(sorted(text.split()))


def _order(wish: Wish) -> tuple[str, ...]:
    if isinstance(wish, Fact):
        return ("~", wish.topic, wish.text)
    return (wish.exit, wish.target, *wish.names)
