"""Values of a site in a document: `{{site.number_prefix}}01` becomes `301` where the site's prefix is `3`.

A text that is nothing but one name becomes the value itself, so that numbers and switches can be values too; within a
longer text it is written out. Other names in braces belong to call flows and stay. A value is not looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pbx.core.errors import UserError

__all__ = ["TEMPLATE", "filled"]

TEMPLATE = re.compile(r"\{\{\s*site\.([^{}]*?)\s*\}\}")

Values = Mapping[str, str | int | float | bool]


def filled(document: Any, values: Values | None, found: list[UserError], path: str = "$") -> Any:
    """The document of one site; what cannot be filled in goes to `found`. `values` None: there is no site."""
    if isinstance(document, str):
        return _text(document, values, found, path)
    if isinstance(document, list):
        return [filled(each, values, found, f"{path}[{index}]") for index, each in enumerate(document)]
    if isinstance(document, dict):
        return {
            str(_text(name, values, found, path)): filled(each, values, found, f"{path}.{name}")
            for name, each in document.items()
        }
    return document


def _text(text: str, values: Values | None, found: list[UserError], path: str) -> str | int | float | bool:
    whole = TEMPLATE.fullmatch(text)
    if whole is not None:
        return _value(whole[1], values, found, path)
    return TEMPLATE.sub(lambda slot: _written(_value(slot[1], values, found, path)), text)


def _value(name: str, values: Values | None, found: list[UserError], path: str) -> str | int | float | bool:
    if values is not None and name in values:
        return values[name]
    found.append(
        UserError(
            f"the site has no value {name}" if values is not None else f"site.{name} is the value of a site",
            path=path,
            got=name,
            needed=f"one of: {', '.join(sorted(values))}" if values is not None else None,
            action="Add it to the file of the site" if values is not None else "Say which site with --site",
        )
    )
    return ""


def _written(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
