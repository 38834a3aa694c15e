"""Requests and responses (RFC 3261 7).

Headers are text as it came; the typed views below are parsed on first use, remembered as long as the text stays the
same, and raise `ParseError` 400 when it is not what the RFC allows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pbx.core.errors import InternalError
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.fields import CSeq, Via
from pbx.sip.headers import Headers

__all__ = ["Request", "Response"]


class _Views:
    """The typed views that requests and responses share."""

    __slots__ = ()

    headers: Headers
    body: bytes

    @property
    def via(self) -> Via:
        """The topmost Via."""
        known: Via | None = self.headers.views.get("Via")
        return known or self.headers.view("Via", Via.parse)

    @property
    def from_(self) -> NameAddr:
        known: NameAddr | None = self.headers.views.get("From")
        return known or self.headers.view("From", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        known: NameAddr | None = self.headers.views.get("To")
        return known or self.headers.view("To", NameAddr.parse)

    @property
    def cseq(self) -> CSeq:
        known: CSeq | None = self.headers.views.get("CSeq")
        return known or self.headers.view("CSeq", CSeq.parse)

    @property
    def call_id(self) -> str:
        values = self.headers.fields.get("Call-ID")
        if not values or not values[0]:
            raise ParseError(400, "Missing Call-ID")
        return values[0]

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact values; one with the URI "*" is the wildcard."""
        return [each for value in self.headers.all("Contact") for each in NameAddr.parse_list(value)]

    @property
    def from_tag(self) -> str | None:
        return self.from_.params.get("tag")

    @property
    def to_tag(self) -> str | None:
        known: NameAddr | None = self.headers.views.get("To")
        return (known or self.to).params.get("tag")

    def _encode(self, start: str) -> bytes:
        self.headers.set("Content-Length", str(len(self.body)))
        lines = [start, *self.headers.lines(), "", ""]
        text = "\r\n".join(lines)
        # What a peer sent cannot hold a line end (the parser refuses it), so one that is there is a mistake of ours.
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
            raise InternalError("a header field holds a line end")
        return text.encode("utf-8", "replace") + self.body


@dataclass(slots=True)
class Request(_Views):
    """`METHOD uri SIP/2.0`."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """The bytes for the wire; sets Content-Length. Raises `InternalError` for a line end within a field."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")


@dataclass(slots=True)
class Response(_Views):
    """`SIP/2.0 status reason`."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """The bytes for the wire; sets Content-Length. Raises `InternalError` for a line end within a field."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")
