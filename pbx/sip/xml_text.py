"""Text from people and phones inside XML: escaped, and without the characters that XML 1.0 forbids."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> str:
    """Between two tags."""
    return escape(_FORBIDDEN.sub(" ", value))


def attribute(value: str) -> str:
    """An attribute's value, with its quotes."""
    return quoteattr(_FORBIDDEN.sub(" ", value))
