"""The kinds of records of an office, in the order of its document: a record only names kinds that stand before it,
where it can.
"""

from __future__ import annotations

from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.kind import Kind

__all__ = ["EXTENSION", "KINDS", "kind_named"]

EXTENSION = Kind(
    name="extension",
    plural="extensions",
    title="Extensions",
    record=Extension,
    write=ExtensionWrite,
    key="number",
    secret="sip_password",  # noqa: S106  the field's name
    numbered=True,
)

KINDS: tuple[Kind, ...] = (EXTENSION,)


def kind_named(name: str) -> Kind:
    """Raises `KeyError`."""
    return next(each for each in KINDS if each.name == name)
