"""Header fields with a structure of their own: Via, CSeq, numbers."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pbx.sip.errors import ParseError

_VIA = re.compile(
    r"\s*SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.\-_]*)(?:\s*:\s*([0-9]{1,5}))?\s*(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
_VIA_PARAM = re.compile(r';\s*([A-Za-z0-9\-.!%*_+`\'~]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*)?')
_CSEQ = re.compile(r"([0-9]{1,10})\s+([A-Za-z0-9\-.!%*_+`'~]+)")
_NUMBER = re.compile(r"[0-9]{1,10}")
MAX_CSEQ = 2**31 - 1


class CSeq(NamedTuple):
    """RFC 3261 20.16."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        found = _CSEQ.fullmatch(text)
        if found is None or int(found[1]) > MAX_CSEQ:
            raise ParseError(400, "Bad CSeq")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class Via:
    """One hop (RFC 3261 20.42). `host` keeps its brackets when it is IPv6; `port` is None when not given."""

    transport: str
    host: str
    port: int | None
    params: Mapping[str, str]

    @property
    def branch(self) -> str | None:
        return self.params.get("branch")

    @classmethod
    def parse(cls, text: str) -> Via:
        """Raises `ParseError` 400."""
        found = _VIA.fullmatch(text)
        if found is None:
            raise ParseError(400, "Bad Via")
        port = int(found[3]) if found[3] else None
        if port is not None and port > 65535:
            raise ParseError(400, "Bad Via Port")
        params: dict[str, str] = {}
        rest, at = found[4] or "", 0
        while param := _VIA_PARAM.match(rest, at):
            params.setdefault(param[1].lower(), param[2] or "")
            at = param.end()
        if rest[at:].strip():
            raise ParseError(400, "Bad Via Parameter")
        return cls(found[1].upper(), found[2], port, params)

    def __str__(self) -> str:
        host = self.host if self.port is None else f"{self.host}:{self.port}"
        params = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.params.items())
        return f"SIP/2.0/{self.transport} {host}{params}"


def number(text: str, name: str) -> int:
    """A non-negative decimal header value. Raises `ParseError` 400."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ParseError(400, f"Bad {name}")
    return int(text)


def split_commas(text: str) -> list[str]:
    """A comma list, with commas in quotes and angle brackets left alone."""
    if "," not in text:
        return [text]
    parts: list[str] = []
    quoted = bracketed = escaped = False
    start = 0
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            bracketed = char == "<"
        elif char == "," and not bracketed:
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return parts
