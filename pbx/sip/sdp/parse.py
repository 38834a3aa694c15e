"""SDP text → `SessionDescription` (RFC 8866 5). Forgives missing s= and t= lines, which phones forget."""
from __future__ import annotations

import re

from pbx.sip.errors import ParseError
from pbx.sip.sdp.model import Attribute, Media, SessionDescription

MAX_BYTES = 32 * 1024
MAX_MEDIA = 16
MAX_FORMATS = 64
MAX_ATTRIBUTES = 256

_LINE = re.compile(r"([a-z])=([^\r\n\0]*)")
_MEDIA = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([0-9]{1,5})(?:/[0-9]{1,5})? ([A-Za-z0-9/\-.]+)((?: [^ \t]+)*) *")
_CONNECTION = re.compile(r"IN +(IP[46]) +([0-9A-Za-z:.\-%]+)(?:/[0-9]+){0,2} *", re.IGNORECASE)


def parse(data: bytes) -> SessionDescription:
    """Raises `ParseError` 400 for bad syntax, 488 for more than any phone needs."""
    if len(data) > MAX_BYTES:
        raise ParseError(488, "SDP Too Large")
    lines = _lines(data.decode("utf-8", "replace"))
    if not lines:
        raise ParseError(400, "Empty SDP")
    if lines[0][0] != "v" or lines[0][1].strip() != "0":
        raise ParseError(400, "Bad SDP Version")
    session = SessionDescription()
    part: SessionDescription | Media = session
    attributes = 0
    for kind, value in lines[1:]:
        if kind == "m":
            part = _media(value)
            session.media.append(part)
            if len(session.media) > MAX_MEDIA:
                raise ParseError(488, "Too Many Media Lines")
        elif kind == "c":
            part.host = part.host or _connection(value)
        elif kind == "a":
            attributes += 1
            if attributes > MAX_ATTRIBUTES:
                raise ParseError(488, "Too Many SDP Attributes")
            name, colon, rest = value.partition(":")
            part.attributes.append(Attribute(name.strip(), rest if colon else None))
        elif kind == "o":
            session.origin = value
    return session


def _lines(text: str) -> list[tuple[str, str]]:
    """Letter and value of each line; empty lines are forgiven."""
    found: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip("\r \t\0"):
            continue
        pair = _LINE.fullmatch(line.rstrip("\r"))
        if pair is None:
            raise ParseError(400, "Bad SDP Line")
        found.append((pair[1], pair[2]))
    return found


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
    return found[2]
