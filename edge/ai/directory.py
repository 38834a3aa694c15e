"""Whom and what callers can ask for, and what became of asking: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Choice", "Directory", "Fact", "Intent", "IntentKind", "Turn"]

ChoiceKind = Literal["transfer", "voicemail", "goodbye"]
IntentKind = Literal["transfer", "voicemail", "information", "goodbye", "unsure"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A way on: `exit` and `target` are the asker's own words for it, `names` what callers call it."""

    exit: str
    names: tuple[str, ...]
    target: str = ""
    kind: ChoiceKind = "transfer"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the office tells everybody, in its own words."""

    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Directory:
    """All that may be answered. Nothing else ever is."""

    choices: tuple[Choice, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said."""

    who: Literal["caller", "us"]
    text: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What the caller wants.

    `choice` is one of the directory's, and None for information and "unsure". `fact` is one of the directory's too.
    `candidates`, best first, are those between which it is unsure. `confidence` goes from 0 to 1.
    """

    kind: IntentKind = "unsure"
    choice: Choice | None = None
    fact: Fact | None = None
    confidence: float = 0.0
    candidates: tuple[Choice, ...] = ()
    by: Literal["matcher", "model"] = "matcher"

    @property
    def say(self) -> str:
        """What to tell the caller: only ever the office's own words."""
        return self.fact.text if self.fact is not None else ""
