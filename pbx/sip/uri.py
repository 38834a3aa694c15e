"""SIP and tel URIs (RFC 3261 19.1, RFC 3966)."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote, unquote

from pbx.sip.errors import ParseError

_NONE: Mapping[str, str] = MappingProxyType({})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_HOST_PORT = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%25[\w.\-]+)?\]|[A-Za-z0-9](?:[A-Za-z0-9.\-_]*[A-Za-z0-9.])?)(?::(?P<port>[0-9]{1,5}))?"
)
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#\[\]{}|\\^`<>\"]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*")
_PARAM = re.compile(r"(?:[\[\]/:&+$A-Za-z0-9\-_.!~*'()]|%[0-9A-Fa-f]{2})+")
_UNRESERVED = "-_.!~*'()&=+$,;?/"
_DISTINCT = ("user", "ttl", "method", "maddr", "transport")
_TEL = re.compile(r"\+?[0-9A-Fa-f*#\-.()]+")


@dataclass(frozen=True, slots=True)
class SipUri:
    """`sip:user:password@host:port;params?headers`.

    `user` is unescaped, `host` lower case and in brackets when it is IPv6, parameters without a value are "".
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    params: Mapping[str, str] = field(default_factory=lambda: _NONE)
    headers: str = ""
    password: str | None = None

    @staticmethod
    def parse(text: str) -> SipUri:
        """Raises `ParseError` 416 for another scheme, 400 for bad syntax."""
        return _parse(text)

    def __str__(self) -> str:
        text = f"{self.scheme}:"
        if self.user is not None:
            text += quote(self.user, safe=_UNRESERVED)
            if self.password is not None:
                text += f":{self.password}"
            text += "@"
        text += self.host if self.port is None else f"{self.host}:{self.port}"
        for name, value in self.params.items():
            text += f";{name}={value}" if value else f";{name}"
        return f"{text}?{self.headers}" if self.headers else text

    def matches(self, other: SipUri) -> bool:
        """Whether both mean the same resource (RFC 3261 19.1.4)."""
        if (self.scheme, self.user, self.password, self.host, self.port) != (
            other.scheme,
            other.user,
            other.password,
            other.host,
            other.port,
        ):
            return False
        for name in {*self.params, *other.params}:
            mine, theirs = self.params.get(name), other.params.get(name)
            if mine is None or theirs is None:
                if name in _DISTINCT:
                    return False
            elif mine.lower() != theirs.lower():
                return False
        return _header_set(self.headers) == _header_set(other.headers)


def tel_number(text: str) -> str | None:
    """The digits of a `tel:` URI without visual separators; None for anything else."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() != "tel":
        return None
    number = rest.partition(";")[0]
    return re.sub(r"[\-.()]", "", number) if _TEL.fullmatch(number) else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> SipUri:
    found = _SCHEME.match(text)
    if found is None:
        raise ParseError(400, "Bad URI")
    scheme = found[1].lower()
    if scheme not in ("sip", "sips"):
        raise ParseError(416, "Unsupported URI Scheme")
    rest = text[found.end() :]
    user: str | None = None
    password: str | None = None
    # The user part may hold ; and ?, and nothing may hold an unescaped @, so the first one ends it.
    before, at, after = rest.partition("@")
    if at:
        user, password = _userinfo(before)
        rest = after
    where, _, headers = rest.partition("?")
    host_port, *params = where.split(";")
    address = _HOST_PORT.fullmatch(host_port)
    if address is None:
        raise ParseError(400, "Bad URI Host")
    port = int(address["port"]) if address["port"] else None
    if port is not None and port > 65535:
        raise ParseError(400, "Bad URI Port")
    return SipUri(scheme, user, address["host"].lower(), port, _params(params), headers, password)


def _userinfo(text: str) -> tuple[str, str | None]:
    name, colon, secret = text.partition(":")
    if not name or not _USER.fullmatch(name) or not _USER.fullmatch(secret):
        raise ParseError(400, "Bad URI User")
    return unquote(name), secret if colon else None


def _params(parts: list[str]) -> Mapping[str, str]:
    if not parts:
        return _NONE
    params: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not _PARAM.fullmatch(name) or (equals and not _PARAM.fullmatch(value)):
            raise ParseError(400, "Bad URI Parameter")
        params.setdefault(name.lower(), value)
    return MappingProxyType(params)


def _header_set(text: str) -> frozenset[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return frozenset((name.lower(), unquote(value)) for name, _, value in pairs)
