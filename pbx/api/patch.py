"""The Struct of a merge patch (RFC 7396), made from the Struct that a PUT takes: every field may be left out."""

from __future__ import annotations

from functools import cache
from typing import Any, Union, get_type_hints

import msgspec

__all__ = ["patch_of"]


@cache
def patch_of(write: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    """A Struct called `name` with the fields of `write`, all optional; those with a default also take null."""
    hints = get_type_hints(write, include_extras=True)
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(write):
        hint = hints[field.name]
        choices = (hint, msgspec.UnsetType) if field.required else (hint, None, msgspec.UnsetType)
        fields.append((field.name, Union[choices], msgspec.UNSET))  # noqa: UP007  made at run time
    made: type[msgspec.Struct] = msgspec.defstruct(
        name,
        fields,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
        namespace={
            "__doc__": f"A change to {write.__name__}: a field left out stays, null brings its default back (RFC 7396)."
        },
    )
    return made
