"""Header fields with a structure of their own: Via, CSeq, numbers, parameters, comma lists (RFC 3261 20, 25.1).

Each is first tried against the shape that nearly every message has; only what does not fit takes the slower path
that knows about white space, quotes and escapes. The patterns are possessive where they repeat, so that no input makes
them try twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from pbx.sip.errors import ParseError

MAX_CSEQ = 2**31 - 1
MAX_CACHED = 256
"""Longer texts are parsed each time, so that a cache holds little whatever a peer sends."""

TOKEN_CHARS = r"A-Za-z0-9\-.!%*_+`'~"  # noqa: S105 - the token of RFC 3261 25.1, no secret
TOKEN = f"[{TOKEN_CHARS}]"
PLAIN_PARAMS = rf"(?:;{TOKEN}++(?:=[{TOKEN_CHARS}:\[\]]*+)?)*+"
QUOTED = r'"(?:[^"\\]++|\\.)*+"'

_PLAIN_VIA = re.compile(
    rf"SIP/2\.0/({TOKEN}++) (\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9][A-Za-z0-9.\-_]*+)(?::([0-9]{{1,5}}+))?"
    rf"({PLAIN_PARAMS})"
)
_VIA = re.compile(
    rf"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+({TOKEN}++)[ \t]++"
    r"(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9][A-Za-z0-9.\-_]*+)[ \t]*+(?::[ \t]*+([0-9]{1,5}+)[ \t]*+)?(;.*+)?",
    re.IGNORECASE | re.DOTALL,
)
_PARAM = re.compile(
    rf'[ \t]*+;[ \t]*+({TOKEN}++)[ \t]*+(?:=[ \t]*+({QUOTED}|[^\s;,"<>]*+)[ \t]*+)?', re.DOTALL
)
_CSEQ = re.compile(rf"([0-9]{{1,10}}+)[ \t]++({TOKEN}++)")
_PLAIN_VALUE = re.compile(rf"[{TOKEN_CHARS}:\[\]]++")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ELEMENT = re.compile(rf'(?:[^,"<>]++|{QUOTED}|<[^<>]*+>)*+', re.DOTALL)


class CSeq(NamedTuple):
    """RFC 3261 20.16."""

    number: int
    method: str

    @staticmethod
    def parse(text: str) -> CSeq:
        """Raises `ParseError` 400."""
        return _cached_cseq(text) if len(text) <= MAX_CACHED else _cseq(text)

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def _cseq(text: str) -> CSeq:
    found = _CSEQ.fullmatch(text)
    if found is None or int(found[1]) > MAX_CSEQ:
        raise ParseError(400, "Bad CSeq")
    return CSeq(int(found[1]), found[2])


_cached_cseq = lru_cache(maxsize=1024)(_cseq)


class Via(msgspec.Struct, frozen=True, gc=False):
    """One hop (RFC 3261 20.42). `host` keeps its brackets when it is IPv6; `port` is None when not given.

    A Via goes back as it came, so `params` keep their quotes.
    """

    transport: str
    host: str
    port: int | None
    params: Mapping[str, str]

    @property
    def branch(self) -> str | None:
        return self.params.get("branch")

    @staticmethod
    def parse(text: str) -> Via:
        """Raises `ParseError` 400."""
        found = _PLAIN_VIA.fullmatch(text)
        if found is not None:
            transport, host, port, rest = found.groups()
            params = plain_params(rest)
        else:
            found = _VIA.fullmatch(text)
            if found is None:
                raise ParseError(400, "Bad Via")
            transport, host, port, rest = found.groups()
            params, end = read_params(rest or "", 0, unquoted=False)
            if end != len(rest or ""):
                raise ParseError(400, "Bad Via Parameter")
        number = int(port) if port else None
        if number is not None and number > 65535:
            raise ParseError(400, "Bad Via Port")
        return Via(transport.upper(), host, number, params)

    def __str__(self) -> str:
        host = self.host if self.port is None else f"{self.host}:{self.port}"
        params = "".join([f";{name}={value}" if value else f";{name}" for name, value in self.params.items()])
        return f"SIP/2.0/{self.transport} {host}{params}"


def plain_params(text: str) -> dict[str, str]:
    """`;name=value;name`, known to have neither white space nor quotes. A tag given twice raises `ParseError` 400."""
    params: dict[str, str] = {}
    for part in text.split(";")[1:]:
        name, _, value = part.partition("=")
        _put(params, name, value)
    return params


def read_params(text: str, at: int, *, unquoted: bool = True) -> tuple[dict[str, str], int]:
    """The parameters that begin at `at`, and where they end. A tag given twice raises `ParseError` 400."""
    params: dict[str, str] = {}
    while found := _PARAM.match(text, at):
        value = found[2] or ""
        _put(params, found[1], unquote(value) if unquoted and value[:1] == '"' else value)
        at = found.end()
    return params, at


def _put(params: dict[str, str], name: str, value: str) -> None:
    """The first of two with one name counts, except that nobody can have two tags."""
    name = name.lower()
    if name not in params:
        params[name] = value
    elif name == "tag":
        raise ParseError(400, "Two Tags")


def unquote(text: str) -> str:
    """What a quoted-string says."""
    return _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]


def quote(text: str) -> str:
    """A quoted-string that holds `text`; control characters become spaces, so nothing can break out of the header."""
    return '"' + _CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def param_value(text: str) -> str:
    """`text` as the value of a parameter, in quotes where it needs them."""
    return text if _PLAIN_VALUE.fullmatch(text) else quote(text)


def number(text: str, name: str) -> int:
    """A non-negative decimal header value of at most ten digits. Raises `ParseError` 400."""
    if not (text.isdigit() and text.isascii() and len(text) <= 10):
        raise ParseError(400, f"Bad {name}")
    return int(text)


def split_commas(text: str) -> list[str]:
    """A comma list, with commas in quotes and angle brackets left alone; what is left open goes on to the end."""
    if "," not in text:
        return [text]
    parts: list[str] = []
    at = 0
    while True:
        found = _ELEMENT.match(text, at)
        end = at if found is None else found.end()
        if text[end : end + 1] != ",":
            return [*parts, text[at:].strip(" \t")]
        parts.append(text[at:end].strip(" \t"))
        at = end + 1
