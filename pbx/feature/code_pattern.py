"""Feature codes as patterns: what dialled digits a code is for, and which part of them is its argument."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from pbx.model.feature import NUMBER

__all__ = ["CodePattern", "pattern_of"]

DIALLED = re.compile(r"[0-9*#+]{1,32}")
"""What may stand for NUMBER."""


class CodePattern(msgspec.Struct, frozen=True):
    """`before` and `after` stand around the NUMBER of a code that `takes` one."""

    before: str
    after: str = ""
    takes: bool = False

    def argument(self, dialled: str) -> str | None:
        """What stands for NUMBER, "" in a code without one; None: not this code."""
        if not self.takes:
            return "" if dialled == self.before else None
        if not dialled.startswith(self.before) or not dialled.endswith(self.after):
            return None
        middle = dialled[len(self.before) : len(dialled) - len(self.after)]
        return middle if DIALLED.fullmatch(middle) else None

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The greatest one that fits is meant: no two that fit have the same."""
        return (not self.takes, len(self.before), len(self.after))

    def hides(self, other: CodePattern) -> bool:
        """Whether somebody who dials this code and then digits may find themselves at the other one."""
        beyond = other.before[len(self.before) :]
        return self.takes and other.before.startswith(self.before) and beyond[:1].isdigit()


@lru_cache(maxsize=1024)
def pattern_of(code: str) -> CodePattern:
    """The pattern of a feature code."""
    before, number, after = code.partition(NUMBER)
    return CodePattern(before, after, takes=bool(number))
