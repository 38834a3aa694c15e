"""A session description as far as a telephone system reads it (RFC 8866)."""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Attribute:
    """`a=name:value`; `value` is None for a flag."""

    name: str
    value: str | None = None


@dataclass(slots=True)
class Media:
    """One m= section. `host` is its own c= address, None when the session's counts."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    attributes: list[Attribute] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of this name, "" for a flag, None when it is not there."""
        return next((each.value or "" for each in self.attributes if each.name == name), None)

    def all(self, name: str) -> list[str]:
        return [each.value or "" for each in self.attributes if each.name == name]


@dataclass(slots=True)
class SessionDescription:
    """The whole. `origin` is the o= line's text, `host` the session's c= address."""

    origin: str = ""
    host: str | None = None
    attributes: list[Attribute] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        return next((each.value or "" for each in self.attributes if each.name == name), None)
