"""Dial patterns: which dialled numbers a rule is for.

X  0-9   Z  1-9   N  2-9   [15-7]  1, 5, 6 or 7   .  one or more of anything   !  the same, or nothing
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["matches"]

_PARTS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


def matches(pattern: str, dialled: str) -> bool:
    """Whether the whole of `dialled` is what `pattern` says."""
    return _compiled(pattern).fullmatch(dialled) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    rest = pattern
    while rest:
        if rest[0] == "[" and "]" in rest:
            choice, _, rest = rest[1:].partition("]")
            parts.append(_choice(choice))
        else:
            parts.append(_PARTS.get(rest[0]) or re.escape(rest[0]))
            rest = rest[1:]
    return re.compile("".join(parts))


def _choice(choice: str) -> str:
    """`15-7`; a range that runs backwards or is cut off is taken letter by letter."""
    wanted: set[str] = set()
    for first, last in re.findall(r"([0-9])-([0-9])", choice):
        wanted.update(str(digit) for digit in range(int(first), int(last) + 1))
    wanted.update(re.findall(r"[0-9]", re.sub(r"[0-9]-[0-9]", "", choice)))
    return f"[{''.join(sorted(wanted))}]" if wanted else "(?!)"
