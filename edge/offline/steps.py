"""What the edge does in a call, and what goes into its history. No TwiML in here.

An answer is always words and one thing to do, so that no answer ends in silence: who listens, calls or records is asked
again afterwards, and only `HangUp` ends a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edge.ai.directory import Intent
from edge.offline.state import State

__all__ = ["Answer", "Ask", "Does", "HangUp", "Happened", "Heard", "Ring", "Take"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of the last answer. `intent` is what `speech` was understood as, `about` whose message is meant.

    `dialled` is Twilio's word for the end of a `<Dial>`, "" for none; `sure` is how sure Twilio is of the words.
    """

    digits: str = ""
    speech: str = ""
    sure: float = 1.0
    intent: Intent | None = None
    dialled: str = ""
    talked_s: int = 0
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Listen for keys, and for words where `speech` says so."""

    then: State
    speech: bool = False
    most_digits: int = 1
    wait_s: int = 5
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ring:
    """Call these outside numbers at once; the first who answers has the call."""

    then: State
    numbers: tuple[str, ...]
    seconds: int
    shown: str = ""
    """The number that they see, "" for the caller's."""


@dataclass(frozen=True, slots=True)
class Take:
    """Take a message for `extension`, "" for nobody in particular."""

    then: State
    extension: str
    seconds: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """After the words."""


Does = Ask | Ring | Take | HangUp


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a call's history."""

    kind: Literal[
        "menu",
        "receptionist",
        "no_extension",
        "told",
        "ringing",
        "talked",
        "not_reached",
        "recording",
        "goodbye",
    ]
    extension: str = ""
    name: str = ""
    number: str = ""
    detail: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Words, then one thing to do."""

    says: tuple[str, ...]
    does: Does
    happened: tuple[Happened, ...] = field(default=())
    why: str = ""
    """For whoever tries it out."""
