"""Keys pressed in a call: which are a code of ours, and which belong to the other side.

A key that may begin a code is held back until it is clear. Time is the caller's: `give_up` when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

__all__ = ["Heard", "KeyFilter"]

K = TypeVar("K")


class Heard(msgspec.Struct, Generic[K], frozen=True):
    """What came of a key: the codes that are complete, and the keys that go on to the other side, in order."""

    commands: tuple[str, ...] = ()
    passed: tuple[K, ...] = ()


class KeyFilter(msgspec.Struct, Generic[K]):
    """`codes` maps what is pressed to a word; `waiting` are the keys held back, each with what belongs to it."""

    codes: Mapping[str, str]
    waiting: list[tuple[str, K]] = msgspec.field(default_factory=list)

    def press(self, digit: str, key: K) -> Heard[K]:
        """One more key."""
        self.waiting.append((digit, key))
        commands: list[str] = []
        passed: list[K] = []
        while self.waiting:
            pressed = "".join(each for each, _ in self.waiting)
            if pressed in self.codes:
                commands.append(self.codes[pressed])
                self.waiting.clear()
            elif any(code.startswith(pressed) for code in self.codes):
                break
            else:
                passed.append(self.waiting.pop(0)[1])
        return Heard(tuple(commands), tuple(passed))

    def give_up(self) -> tuple[K, ...]:
        """No key has followed: what was held back was for the other side."""
        passed = tuple(key for _, key in self.waiting)
        self.waiting.clear()
        return passed
