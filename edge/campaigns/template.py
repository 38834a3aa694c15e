"""The text of a campaign with its fields: `Hello {name|there}`. `{{` is a brace. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["Template", "TemplateError"]

_PARTS = re.compile(r"\{\{|\}\}|\{([^{}|]*)(?:\|([^{}]*))?\}|[{}]|[^{}]+")


class TemplateError(ValueError):
    """Where the template is wrong, as a sentence."""


@dataclass(frozen=True, slots=True)
class Template:
    """Parts in order: words as they are, or a field with what stands for it when somebody has none."""

    parts: tuple[str | tuple[str, str], ...]

    @staticmethod
    def read(text: str) -> Template:
        """Raises `TemplateError`."""
        parts: list[str | tuple[str, str]] = []
        for match in _PARTS.finditer(text):
            words, field = match.group(), match.group(1)
            if words in ("{{", "}}"):
                parts.append(words[0])
            elif words in ("{", "}"):
                raise TemplateError(f"The brace {words} has no partner. To write a brace, type it twice.")
            elif field is None:
                parts.append(words)
            elif not field.strip():
                raise TemplateError(f"{words} names no field.")
            else:
                parts.append((_key(field), match.group(2) or ""))
        return Template(tuple(parts))

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(part[0] for part in self.parts if isinstance(part, tuple))

    def unknown(self, fields: Collection[str]) -> list[str]:
        """Fields that nobody can have."""
        return sorted(self.fields - frozenset(fields))

    def lacking(self, values: Mapping[str, str]) -> list[str]:
        """Fields that stay empty for this person."""
        return [
            part[0] for part in self.parts if isinstance(part, tuple) and not (values.get(part[0]) or part[1])
        ]

    def render(self, values: Mapping[str, str]) -> str:
        return "".join(
            part if isinstance(part, str) else values.get(part[0]) or part[1] for part in self.parts
        ).strip()


def _key(field: str) -> str:
    return "_".join(field.casefold().split())
