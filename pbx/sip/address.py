"""Addresses in header fields: `"Display" <uri>;params` (RFC 3261 20.10, 25.1)."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pbx.sip.errors import ParseError

_NONE: Mapping[str, str] = MappingProxyType({})
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_BARE = re.compile(r'[^;,? \t"<>]*')
_DISPLAY = re.compile(r"[^<>\";,]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARAM = re.compile(r'\s*;\s*([A-Za-z0-9\-.!%*_+`\'~]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"<>]+)\s*)?')
_PLAIN_PARAM_VALUE = re.compile(r"[A-Za-z0-9\-.!%*_+`'~:\[\]]+")
_SIMPLE = re.compile(r'(?:"([^"\\]*)"\s*|([A-Za-z0-9\-.!%*_+`\'~ ]*))<([^<>"\s]+)>(?:;tag=([A-Za-z0-9\-.!%*_+`\'~]+))?')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """One address. `display` is unquoted; `uri` is text, "*" for the Contact that means all."""

    display: str
    uri: str
    params: Mapping[str, str] = field(default_factory=lambda: _NONE)

    @property
    def tag(self) -> str | None:
        return self.params.get("tag")

    @staticmethod
    def parse(text: str) -> NameAddr:
        """Exactly one address. Raises `ParseError` 400."""
        simple = _SIMPLE.fullmatch(text)
        if simple is not None:
            quoted, plain, uri, tag = simple.groups()
            display = quoted if quoted is not None else plain.strip()
            if not _SCHEME.fullmatch(uri):
                raise ParseError(400, "Bad Address")
            return NameAddr(display, uri, {"tag": tag} if tag else _NONE)
        address, end = _one(text, 0)
        if text[end:].strip():
            raise ParseError(400, "Bad Address")
        return address

    @staticmethod
    def parse_list(text: str) -> list[NameAddr]:
        """Addresses separated by commas. Raises `ParseError` 400."""
        found: list[NameAddr] = []
        at = 0
        while True:
            address, at = _one(text, at)
            found.append(address)
            if at >= len(text):
                return found
            if text[at] != ",":
                raise ParseError(400, "Bad Address")
            at += 1

    def __str__(self) -> str:
        text = f"{quote(self.display)} <{self.uri}>" if self.display else f"<{self.uri}>"
        for name, value in self.params.items():
            text += f";{name}={_param(value)}" if value else f";{name}"
        return text


def quote(text: str) -> str:
    """A quoted-string that holds `text`; control characters become spaces, so nothing can break out of the header."""
    clean = "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _param(value: str) -> str:
    return value if _PLAIN_PARAM_VALUE.fullmatch(value) else quote(value)


def _one(text: str, at: int) -> tuple[NameAddr, int]:
    """The address that begins at `at`, and where it ends (at a comma or the end)."""
    display, at = _display(text, _skip_blanks(text, at))
    uri, at = _uri(text, at)
    params, at = _params(text, at)
    if at < len(text) and text[at] != ",":
        raise ParseError(400, "Bad Address Parameter")
    return NameAddr(display, uri, params or _NONE), at


def _display(text: str, at: int) -> tuple[str, int]:
    """The display name, "" for none, and where the URI begins."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        if text[quoted.end() : quoted.end() + 1] != "<":
            raise ParseError(400, "Bad Address")
        return _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    plain = _DISPLAY.match(text, at)
    if plain is None or text[plain.end() : plain.end() + 1] != "<":
        return "", at
    display = plain[0].strip()
    if not all(_TOKEN.fullmatch(word) or not word.isascii() for word in display.split()):
        raise ParseError(400, "Bad Display Name")
    return display, plain.end()


def _uri(text: str, at: int) -> tuple[str, int]:
    """The URI, in angle brackets or bare, and where it ends."""
    if text[at : at + 1] == "<":
        end = text.find(">", at)
        if end < 0:
            raise ParseError(400, "Unclosed Address")
        uri, at = text[at + 1 : end].strip(), end + 1
    else:
        found = _BARE.match(text, at)
        assert found is not None  # it may be empty
        uri, at = found[0], found.end()
        if text[at : at + 1] == "?":  # RFC 3261 20: a URI with ? must be in angle brackets
            raise ParseError(400, "Bad Address")
    if uri != "*" and not _SCHEME.fullmatch(uri):
        raise ParseError(400, "Bad Address")
    return uri, at


def _params(text: str, at: int) -> tuple[dict[str, str], int]:
    params: dict[str, str] = {}
    while found := _PARAM.match(text, at):
        name, value = found[1].lower(), found[2] or ""
        if name in params and name == "tag":
            raise ParseError(400, "Two Tags")
        params.setdefault(name, _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value)
        at = found.end()
    return params, _skip_blanks(text, at)


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at
