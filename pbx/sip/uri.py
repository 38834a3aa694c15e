"""SIP and tel URIs (RFC 3261 19.1, RFC 3966)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote, unquote

import msgspec

from pbx.sip.errors import ParseError
from pbx.sip.fields import MAX_CACHED

_NONE: Mapping[str, str] = MappingProxyType({})
_HOST = r"(?:\[[0-9A-Fa-f:.]++(?:%25[\w.\-]++)?\]|[A-Za-z0-9](?:[A-Za-z0-9.\-_]*[A-Za-z0-9.])?)"

# Phones write # { } | and the like in the user part, which RFC 3261 wants escaped; they are let in and escaped on the
# way out. What would end the URI or its brackets is not.
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#\[\]{}|\\^`\x80-\U0010ffff]++|%[0-9A-Fa-f]{2})++")
_PASSWORD = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]++|%[0-9A-Fa-f]{2})*+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):")
_HOST_PORT = re.compile(rf"({_HOST})(?::([0-9]{{1,5}}))?", re.ASCII)
_P = r"(?:[\[\]/:&+$A-Za-z0-9\-_.!~*'()]++|%[0-9A-Fa-f]{2})++"
_PARAMS = re.compile(rf"(?:;{_P}(?:={_P})?)++")
_HEADERS = re.compile(r"(?:[\[\]/?:+$&=A-Za-z0-9\-_.!~*'()]++|%[0-9A-Fa-f]{2})*+")
_TEL = re.compile(r"\+?+[0-9A-Fa-f*#\-.()]++")
_SEPARATORS = re.compile(r"[\-.()]")

_KEEP_IN_USER = "-_.!~*'()&=+$,;?/"
_KEEP_IN_PARAM = "[]/:&+$-_.!~*'()"
_NEVER_IGNORED = ("user", "ttl", "method", "maddr", "transport")
"""Parameters that make two URIs differ when only one of them has it."""


class SipUri(msgspec.Struct, frozen=True):
    """`sip:user:password@host:port;params?headers`.

    `user` and `params` are unescaped, `host` is lower case and in brackets when it is IPv6, parameter names are lower
    case and "" stands for no value; `password` and `headers` are as they stood.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    params: Mapping[str, str] = msgspec.field(default_factory=lambda: _NONE)
    headers: str = ""
    password: str | None = None

    @staticmethod
    def parse(text: str) -> SipUri:
        """Raises `ParseError` 416 for another scheme, 400 for bad syntax."""
        return _cached(text) if len(text) <= MAX_CACHED else _parse(text)

    def __str__(self) -> str:
        text = f"{self.scheme}:"
        if self.user is not None:
            text += quote(self.user, safe=_KEEP_IN_USER)
            if self.password is not None:
                text += f":{self.password}"
            text += "@"
        text += self.host if self.port is None else f"{self.host}:{self.port}"
        for name, value in self.params.items():
            text += f";{_escaped(name)}={_escaped(value)}" if value else f";{_escaped(name)}"
        return f"{text}?{self.headers}" if self.headers else text

    def matches(self, other: SipUri) -> bool:
        """Whether both mean the same resource (RFC 3261 19.1.4)."""
        if (self.scheme, self.user, self.host, self.port) != (
            other.scheme,
            other.user,
            other.host,
            other.port,
        ):
            return False
        if self.password != other.password and _plain(self.password) != _plain(other.password):
            return False
        for name in {*self.params, *other.params}:
            mine, theirs = self.params.get(name), other.params.get(name)
            if mine is None or theirs is None:
                if name in _NEVER_IGNORED:
                    return False
            elif mine.lower() != theirs.lower():
                return False
        return _header_set(self.headers) == _header_set(other.headers)


def scheme_of(text: str) -> str:
    """The scheme of any URI in lower case. Raises `ParseError` 400 when it has none."""
    found = _SCHEME.match(text)
    if found is None:
        raise ParseError(400, "Bad URI")
    return found[1].lower()


def tel_number(text: str) -> str | None:
    """The digits of a `tel:` URI without visual separators; None for anything else."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() != "tel":
        return None
    number = rest.partition(";")[0]
    return _SEPARATORS.sub("", number) if _TEL.fullmatch(number) else None


def _parse(text: str) -> SipUri:
    scheme = scheme_of(text)
    if scheme not in ("sip", "sips"):
        raise ParseError(416, "Unsupported URI Scheme")
    # The user part may hold ; and ? as they are, but an @ stands only at its end.
    before, at, where = text[len(scheme) + 1 :].rpartition("@")
    user, password = _userinfo(before) if at else (None, None)
    where, _, headers = where.partition("?")
    host_port, semicolon, params = where.partition(";")
    address = _HOST_PORT.fullmatch(host_port)
    if address is None:
        raise ParseError(400, "Bad URI Host")
    port = int(address[2]) if address[2] else None
    if port is not None and port > 65535:
        raise ParseError(400, "Bad URI Port")
    if headers and not _HEADERS.fullmatch(headers):
        raise ParseError(400, "Bad URI Headers")
    return SipUri(scheme, user, address[1].lower(), port, _params(semicolon + params), headers, password)


_cached = lru_cache(maxsize=4096)(_parse)


def _userinfo(text: str) -> tuple[str, str | None]:
    name, colon, secret = text.partition(":")
    if not _USER.fullmatch(name) or not _PASSWORD.fullmatch(secret):
        raise ParseError(400, "Bad URI User")
    return _unescaped(name), secret if colon else None


def _params(text: str) -> Mapping[str, str]:
    if not text:
        return _NONE
    if not _PARAMS.fullmatch(text):
        raise ParseError(400, "Bad URI Parameter")
    params: dict[str, str] = {}
    for part in text[1:].split(";"):
        name, _, value = part.partition("=")
        params.setdefault(_unescaped(name).lower(), _unescaped(value))
    return params


def _unescaped(text: str) -> str:
    """What percent signs hide: UTF-8, or Latin-1 where it is not that."""
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return unquote(text, encoding="latin-1")


def _escaped(text: str) -> str:
    return quote(text, safe=_KEEP_IN_PARAM)


def _plain(text: str | None) -> str | None:
    return None if text is None else _unescaped(text)


def _header_set(text: str) -> frozenset[tuple[str, str]]:
    if not text:
        return frozenset()
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return frozenset((_unescaped(name).lower(), _unescaped(value)) for name, _, value in pairs)
