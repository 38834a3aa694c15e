"""A session description as far as a telephone system reads it (RFC 8866)."""

from __future__ import annotations

from dataclasses import dataclass, field

Attributes = dict[str, list[str]]
"""`a=name:value` by name, in the order the names first appear; a flag has the value ""."""


@dataclass(slots=True)
class Media:
    """One m= section. `kind` is lower case, `protocol` upper; `host` is its own c= address, None for the session's."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    attributes: Attributes = field(default_factory=dict, repr=False)  # a=crypto lines are keys

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of this name, "" for a flag, None when it is not there."""
        values = self.attributes.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return self.attributes.get(name, [])


@dataclass(slots=True)
class SessionDescription:
    """The whole. `origin` is the o= line's text, `host` the session's c= address."""

    origin: str = ""
    host: str | None = None
    attributes: Attributes = field(default_factory=dict, repr=False)  # a=crypto lines are keys
    media: list[Media] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """As of `Media`."""
        values = self.attributes.get(name)
        return values[0] if values else None
