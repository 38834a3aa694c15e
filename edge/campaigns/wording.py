"""The text as one person gets it: the template filled in, and how to opt out where they have not been told. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.campaigns.template import Template

__all__ = ["MOST_LETTERS", "text_for"]

MOST_LETTERS = 1600
"""Twilio takes no more (error 21617)."""

_SAYS_STOP = re.compile(r"\bSTOP\b")


def text_for(template: Template, values: Mapping[str, str], opt_out_line: str) -> str:
    """`opt_out_line` is empty for who has been told; a text that names STOP itself needs no second line."""
    text = template.render(values)
    if not opt_out_line or _SAYS_STOP.search(text):
        return text
    return f"{text}\n{opt_out_line}" if text else opt_out_line
