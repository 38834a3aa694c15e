"""SDP text → `SessionDescription` (RFC 8866 5). Forgives missing s= and t= lines, which phones forget."""

from __future__ import annotations

import re

from pbx.sip.errors import ParseError
from pbx.sip.fields import TOKEN
from pbx.sip.sdp.model import Media, SessionDescription

MAX_BYTES = 32 * 1024
MAX_MEDIA = 16
MAX_FORMATS = 64
MAX_ATTRIBUTES = 256

_MEDIA = re.compile(
    rf"({TOKEN}++) ++([0-9]{{1,5}})(?:/[0-9]{{1,5}})? ++({TOKEN}++(?:/{TOKEN}++)*+)((?: ++[^\s]++)*+) *+"
)
_CONNECTION = re.compile(r"IN ++IP[46] ++([0-9A-Za-z:.\-%]++)(?:/[0-9]++){0,2} *+", re.IGNORECASE)
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])


def parse(data: bytes) -> SessionDescription:
    """Raises `ParseError` 400 for bad syntax, 488 for more than any phone needs."""
    if len(data) > MAX_BYTES:
        raise ParseError(488, "SDP Too Large")
    data = data.strip(b" \t\r\n\0")
    if len(data.translate(None, _CONTROLS)) != len(data):
        raise ParseError(400, "Control Character In SDP")
    first, *lines = data.decode("utf-8", "replace").split("\n")
    if first.rstrip() != "v=0":
        raise ParseError(400, "Bad SDP Version")
    if len(lines) > 2 * MAX_ATTRIBUTES:
        raise ParseError(488, "Too Many SDP Lines")
    session = SessionDescription()
    section: SessionDescription | Media = session
    for line in lines:
        kind, value = line[:2], line[2:].strip("\r")
        if kind == "a=":
            name, _, text = value.partition(":")
            section.attributes.setdefault(name.rstrip(" "), []).append(text)
        elif kind == "m=":
            section = _media(value)
            session.media.append(section)
        elif kind == "c=":
            section.host = section.host or _connection(value)
        elif kind == "o=":
            session.origin = value
        elif kind[1:] != "=" and line.strip():
            raise ParseError(400, "Bad SDP Line")
    _check_limits(session)
    return session


def _media(text: str) -> Media:
    found = _MEDIA.fullmatch(text)
    if found is None or int(found[2]) > 65535:
        raise ParseError(400, "Bad SDP Media Line")
    formats = tuple(found[4].split())
    if len(formats) > MAX_FORMATS:
        raise ParseError(488, "Too Many Formats")
    return Media(found[1].lower(), int(found[2]), found[3].upper(), formats)


def _connection(text: str) -> str:
    found = _CONNECTION.fullmatch(text)
    if found is None:
        raise ParseError(400, "Bad SDP Connection")
    return found[1]


def _check_limits(session: SessionDescription) -> None:
    if len(session.media) > MAX_MEDIA:
        raise ParseError(488, "Too Many Media Lines")
    everything = [session.attributes, *[media.attributes for media in session.media]]
    if sum(len(values) for attributes in everything for values in attributes.values()) > MAX_ATTRIBUTES:
        raise ParseError(488, "Too Many SDP Attributes")
