"""Requests and responses (RFC 3261 7).

Headers are text as it came; the typed views below parse on first use, remember the result as long as the text stays
the same, and raise `ParseError` 400 when it is not what the RFC allows.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.fields import CSeq, Via
from pbx.sip.headers import Headers

__all__ = ["ParseError", "Request", "Response"]

T = TypeVar("T")


class _Views:
    """The typed views that requests and responses share."""

    __slots__ = ()

    headers: Headers
    body: bytes
    _views: dict[str, tuple[str, Any]]

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self._view("Via", Via.parse)

    @property
    def from_(self) -> NameAddr:
        return self._view("From", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        return self._view("To", NameAddr.parse)

    @property
    def cseq(self) -> CSeq:
        return self._view("CSeq", CSeq.parse)

    @property
    def call_id(self) -> str:
        value = self.headers.get("Call-ID")
        if not value:
            raise ParseError(400, "Missing Call-ID")
        return value

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact values; one with the URI "*" is the wildcard."""
        return [each for value in self.headers.all("Contact") for each in NameAddr.parse_list(value)]

    @property
    def from_tag(self) -> str | None:
        return self.from_.tag

    @property
    def to_tag(self) -> str | None:
        return self.to.tag

    def _view(self, name: str, parse: Callable[[str], T]) -> T:
        text = self.headers.get(name)
        if text is None:
            raise ParseError(400, f"Missing {name}")
        known = self._views.get(name)
        if known is not None and known[0] is text:
            return known[1]  # type: ignore[no-any-return]  # what `parse` returned
        value = parse(text)
        self._views[name] = (text, value)
        return value

    def _encode(self, start: str) -> bytes:
        self.headers.set("Content-Length", str(len(self.body)))
        lines = [start]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + self.body


@dataclass(slots=True)
class Request(_Views):
    """`METHOD uri SIP/2.0`."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""
    _views: dict[str, tuple[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    def encode(self) -> bytes:
        """The bytes for the wire; sets Content-Length."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")


@dataclass(slots=True)
class Response(_Views):
    """`SIP/2.0 status reason`."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""
    _views: dict[str, tuple[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    def encode(self) -> bytes:
        """The bytes for the wire; sets Content-Length."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")
