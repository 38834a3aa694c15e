"""Where a call stands between two questions of Twilio's. All of it travels in the address that Twilio asks next.

Twilio signs that address, so nobody else can have made it, and any edge can go on with the call.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import msgspec

from edge.ai.directory import Turn

__all__ = ["MOST_ANSWERS", "Place", "State", "Target"]

Place = Literal["menu", "receptionist", "confirm", "choose", "dialled", "recorded"]
"""What is waited for: a key of the menu, a wish, yes or no, one of several, the end of a `<Dial>`, of a `<Record>`."""

MOST_ANSWERS = 40
"""After so many the caller is asked for a message, whatever they say."""
TURNS = 4
LETTERS = 120


class Target(msgspec.Struct, frozen=True, array_like=True):
    """Whom a caller wants: an extension, all of a department, or ("person") whoever is at the front desk."""

    kind: Literal["extension", "department", "person"] = "person"
    name: str = ""


class State(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`answers` counts ours, `tries` those in a row that led nowhere. `wants` is what `targets` are for."""

    at: Place = msgspec.field(default="menu", name="a")
    answers: int = msgspec.field(default=0, name="n")
    tries: int = msgspec.field(default=0, name="t")
    wants: Literal["transfer", "voicemail"] = msgspec.field(default="transfer", name="w")
    targets: tuple[Target, ...] = msgspec.field(default=(), name="x")
    said: tuple[str, ...] = msgspec.field(default=(), name="s")
    """The last things said, the caller's with ">" before them."""

    @property
    def target(self) -> Target:
        return self.targets[0] if self.targets else Target()

    def heard(self, text: str) -> State:
        """With something more that the caller has said."""
        return self._with(f">{text[:LETTERS]}")

    def told(self, text: str) -> State:
        return self._with(f"<{text[:LETTERS]}")

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(Turn("caller" if each[:1] == ">" else "us", each[1:]) for each in self.said)

    def _with(self, turn: str) -> State:
        return msgspec.structs.replace(self, said=(*self.said, turn)[-TURNS:])

    def text(self) -> str:
        """For an address: letters, digits, - and _."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def of_text(cls, text: str) -> State | None:
        """None for what is no state, as another version may have written it."""
        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(data, type=cls)
        except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
            return None
