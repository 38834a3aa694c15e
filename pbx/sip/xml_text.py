"""Text from people and phones inside XML: escaped, and without the characters that XML 1.0 forbids."""

from __future__ import annotations

import re
from typing import Final

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE: Final = _TEXT | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


def text(value: str) -> str:
    """Between two tags."""
    return _FORBIDDEN.sub(" ", value).translate(_TEXT)


def attribute(value: str) -> str:
    """An attribute's value, with its quotes."""
    return f'"{_FORBIDDEN.sub(" ", value).translate(_ATTRIBUTE)}"'
