"""Documents of older programs, brought to the format of this one; those of newer programs are refused.

A document says its format in the field `format`; without it, it is of the first. A new field that may be left out needs
no new format. One that goes, or means something else, does: then the next number gets a step here, which changes the
raw document from the format before, and `FORMAT` follows. Steps stay for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pbx.core.errors import UserError

__all__ = ["FIELD", "FORMAT", "STEPS", "brought_up"]

FIELD = "format"
STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By the format that they lead to; nothing has changed since the first."""
FORMAT = 1 + len(STEPS)


def brought_up(
    raw: object, steps: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = STEPS
) -> object:
    """The document in the format of this program, without the field that says so. Raises `UserError`.

    What is no object is handed back as it is: whoever checks documents says what is wrong with it.
    """
    if not isinstance(raw, dict):
        return raw
    known = 1 + len(steps)
    document = {name: value for name, value in raw.items() if name != FIELD}
    found = raw.get(FIELD)
    if found is None:
        found = 1
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise UserError(
            "this is no format of a document", path=f"$.{FIELD}", got=found, needed=f"1 to {known}"
        )
    if found > known:
        raise UserError(
            "the document is of a newer program, nothing has been changed",
            http_status=422,
            path=f"$.{FIELD}",
            got=found,
            needed=f"1 to {known}",
            action="Install the version that made it, or export it there once more with this one",
        )
    for number in range(found + 1, known + 1):
        document = steps[number](document)
    return document
