"""Addresses in header fields: `"Display" <uri>;params` (RFC 3261 20.10, 25.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import msgspec

from pbx.sip.errors import ParseError
from pbx.sip.fields import (
    MAX_CACHED,
    PLAIN_PARAMS,
    QUOTED,
    TOKEN_CHARS,
    param_value,
    plain_params,
    quote,
    read_params,
    unquote,
)

_NONE: Mapping[str, str] = MappingProxyType({})

# What nearly all phones write. The rest takes the way of `_one`.
_PLAIN = re.compile(
    rf'(?:"([^"\\]*+)" ?+|([{TOKEN_CHARS} ]*+))<([A-Za-z][A-Za-z0-9+.\-]*+:[^<>"\s]++)>({PLAIN_PARAMS})'
)
_SPACE = re.compile(r"[ \t]*+")
_QUOTED_DISPLAY = re.compile(rf"({QUOTED})[ \t]*+", re.DOTALL)
_DISPLAY = re.compile(rf"([{TOKEN_CHARS} \t\x80-\U0010ffff]*+)(?=<)")
_BRACKETED = re.compile(r'<[ \t]*+([A-Za-z][A-Za-z0-9+.\-]*+:[^\s<>"]++)[ \t]*+>')
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+:[^\s;,?<>\"]++(?!\?)")


__all__ = ["NameAddr"]


class NameAddr(msgspec.Struct, frozen=True, gc=False):
    """One address. `display` is unquoted; `uri` is text, "*" for the Contact that means all.

    `params` are unquoted, their names in lower case; "" stands for one without a value.
    """

    display: str
    uri: str
    params: Mapping[str, str] = msgspec.field(default_factory=lambda: _NONE)

    @property
    def tag(self) -> str | None:
        return self.params.get("tag")

    @staticmethod
    def parse(text: str) -> NameAddr:
        """Exactly one address. Raises `ParseError` 400."""
        return _cached(text) if len(text) <= MAX_CACHED else _parse(text)

    @staticmethod
    def parse_list(text: str) -> list[NameAddr]:
        """Addresses separated by commas. Raises `ParseError` 400."""
        if "," not in text:
            return [NameAddr.parse(text)]
        found: list[NameAddr] = []
        at = 0
        while True:
            address, at = _one(text, at)
            found.append(address)
            if at >= len(text):
                return found
            at += 1

    def __str__(self) -> str:
        if self.uri == "*":
            return "*"
        text = f"{quote(self.display)} <{self.uri}>" if self.display else f"<{self.uri}>"
        for name, value in self.params.items():
            text += f";{name}={param_value(value)}" if value else f";{name}"
        return text


def _parse(text: str) -> NameAddr:
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        quoted, words, uri, rest = plain.groups()
        display = quoted if quoted is not None else words.strip(" ")
        return NameAddr(display, uri, plain_params(rest) if rest else _NONE)
    if text.strip(" \t") == "*":
        return NameAddr("", "*")
    address, end = _one(text, 0)
    if end != len(text):
        raise ParseError(400, "Bad Address")
    return address


_cached = lru_cache(maxsize=4096)(_parse)


def _one(text: str, at: int) -> tuple[NameAddr, int]:
    """The address that begins at `at`, and where it ends: at a comma or the end."""
    display, at = _display(text, _skip(text, at))
    bracketed = _BRACKETED.match(text, at)
    if bracketed is not None:
        uri, at = bracketed[1], bracketed.end()
    else:
        # RFC 3261 20: without brackets the URI has no ; , or ? of its own, and no display before it.
        bare = None if display else _BARE.match(text, at)
        if bare is None:
            raise ParseError(400, "Bad Address")
        uri, at = bare[0], bare.end()
    params, at = read_params(text, at)
    at = _skip(text, at)
    if at < len(text) and text[at] != ",":
        raise ParseError(400, "Bad Address Parameter")
    return NameAddr(display, uri, params or _NONE), at


def _display(text: str, at: int) -> tuple[str, int]:
    quoted = _QUOTED_DISPLAY.match(text, at)
    if quoted is not None:
        if text[quoted.end() : quoted.end() + 1] != "<":
            raise ParseError(400, "Bad Address")
        return unquote(quoted[1]), quoted.end()
    words = _DISPLAY.match(text, at)
    return (words[1].strip(" \t"), words.end()) if words is not None else ("", at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
