"""Finding the SDP in a message (RFC 3261 7.4, 20.15; multipart by RFC 5621), and the digit in an INFO."""

from __future__ import annotations

import re

from pbx.model.leg_event import InfoDigit
from pbx.sip.headers import Headers
from pbx.sip.message import Request, Response
from pbx.transport.abilities import DTMF, DTMF_RELAY, SDP, content_type

MAX_PARTS = 16
MAX_DEPTH = 2
MAX_DIGIT_MS = 10_000

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PART_TYPE = re.compile(rb"^content-type\s*:\s*application/sdp\s*(?:;|\r?$)", re.IGNORECASE | re.MULTILINE)
_WITHIN = re.compile(rb"^content-type\s*:\s*(multipart/[^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_SIGNAL = re.compile(rb"^\s*signal\s*=\s*([0-9A-D*#])\s*$", re.IGNORECASE | re.MULTILINE)
_DURATION = re.compile(rb"^\s*duration\s*=\s*(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)
_BARE_DIGIT = re.compile(rb"\s*([0-9A-D*#])\s*", re.IGNORECASE)
_EVENT_NUMBER = {b"10": b"*", b"11": b"#"}


def sdp_of(message: Request | Response) -> bytes | None:
    """The session description in a message, None when there is none."""
    body = message.body
    if not body:
        return None
    kind = content_type(message.headers)
    if kind == SDP or (not kind and body.startswith(b"v=")):
        return body
    if kind.startswith("multipart/"):
        return _sdp_part(body, message.headers.get("Content-Type") or "")
    return None


def is_understood(message: Request) -> bool:
    """Whether the body, if any, is one we can read or may ignore; otherwise the answer is 415."""
    headers = message.headers
    if not message.body:
        return True
    if (headers.get("Content-Encoding") or "identity").strip().lower() != "identity":
        return False
    if sdp_of(message) is not None:
        return True
    return _is_optional(headers)


def digit_of(message: Request) -> InfoDigit | None:
    """The DTMF digit of an INFO request, None when it has none."""
    kind = content_type(message.headers)
    body = message.body
    if kind == DTMF_RELAY:
        body = re.sub(rb"(?i)(signal\s*=\s*)(10|11)(?=\s*$)", _event_number, body, flags=re.MULTILINE)
        signal = _SIGNAL.search(body)
        if signal is None:
            return None
        duration = _DURATION.search(body)
        duration_ms = min(int(duration[1]), MAX_DIGIT_MS) if duration else 160
        return InfoDigit(signal[1].decode().upper(), duration_ms)
    if kind == DTMF:
        digit = _BARE_DIGIT.fullmatch(body)
        return InfoDigit(digit[1].decode().upper()) if digit else None
    return None


def _event_number(found: re.Match[bytes]) -> bytes:
    return found[1] + _EVENT_NUMBER[found[2]]


def _is_optional(headers: Headers) -> bool:
    disposition = (headers.get("Content-Disposition") or "").lower()
    return re.search(r";\s*handling\s*=\s*optional\b", disposition) is not None


def _sdp_part(body: bytes, kind: str, depth: int = 0) -> bytes | None:
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        return None
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    for part in body.split(mark, MAX_PARTS)[1:]:
        head = _HEADER_END.search(part)
        if head is not None and _PART_TYPE.search(part[: head.start()] + b"\r"):
            content = part[head.end() :]
            content = content.removesuffix(b"\r\n")  # belongs to the boundary (RFC 2046 5.1.1)
            return content if content.endswith(b"\n") else content + b"\r\n"
        within = _WITHIN.search(part[: head.start()] + b"\r") if head is not None else None
        if head is not None and within is not None and depth < MAX_DEPTH:
            found = _sdp_part(part[head.end() :], within[1].decode("latin-1"), depth + 1)
            if found is not None:
                return found
    return None
