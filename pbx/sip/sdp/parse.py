"""SDP text → `SessionDescription` (RFC 8866 5). Forgives missing s= and t= lines, which phones forget."""
from __future__ import annotations

import re

from pbx.sip.errors import ParseError
from pbx.sip.sdp.model import Attribute, Media, SessionDescription

MAX_BYTES = 32 * 1024
MAX_MEDIA = 16
MAX_FORMATS = 64
MAX_ATTRIBUTES = 256

_LINE = re.compile(r"([a-z])=(.*)")
_MEDIA = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) (\d{1,5})(?:/\d{1,5})? ([A-Za-z0-9/\-.]+)((?: [^ ]+)*) *")
_CONNECTION = re.compile(r"IN +(IP[46]) +([0-9A-Za-z:.\-%]+)(?:/\d+){0,2} *", re.IGNORECASE)


def parse(data: bytes) -> SessionDescription:
    """Raises `ParseError` 400 for bad syntax, 488 for more than any phone needs."""
    if len(data) > MAX_BYTES:
        raise ParseError(488, "SDP Too Large")
    text = data.decode("utf-8", "replace")
    session = SessionDescription()
    seen_version = False
    media: Media | None = None
    attributes = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip("\r \t\0"):
            continue
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            raise ParseError(400, "Bad SDP Line")
        kind, value = found.groups()
        if not seen_version:
            if kind != "v" or value.strip() != "0":
                raise ParseError(400, "Bad SDP Version")
            seen_version = True
        elif kind == "m":
            media = _media(value)
            session.media.append(media)
            if len(session.media) > MAX_MEDIA:
                raise ParseError(488, "Too Many Media Lines")
        elif kind == "c":
            host = _connection(value)
            if media is None:
                session.host = host
            else:
                media.host = media.host or host
        elif kind == "a":
            attributes += 1
            if attributes > MAX_ATTRIBUTES:
                raise ParseError(488, "Too Many SDP Attributes")
            name, colon, rest = value.partition(":")
            (session if media is None else media).attributes.append(
                Attribute(name.strip(), rest if colon else None)
            )
        elif kind == "o":
            session.origin = value
    if not seen_version:
        raise ParseError(400, "Empty SDP")
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
    return found[2]
