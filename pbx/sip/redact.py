"""Takes the secrets out of a message's bytes, so that it can be shown. Every byte keeps its place.

What is a secret: the answer to a digest challenge (with it a password can be guessed at leisure), any other credential,
SDES keys (RFC 4568), ICE passwords (RFC 8839), the tokens that wake phones (RFC 8599), and the keys that a phone
presses by INFO: they may be a PIN. What stands there instead is as long as it was, so Content-Length and what a
dissector makes of it stay right.
"""

from __future__ import annotations

import re

__all__ = ["redacted"]

_CREDENTIALS = re.compile(
    rb"^(?:Proxy-)?(?:Authorization|Authentication-Info)[ \t]*:(?:[^\r\n]|\r?\n[ \t])*",
    re.IGNORECASE | re.MULTILINE,
)
_DIGEST = re.compile(rb":\s*Digest\s", re.IGNORECASE)
_RESPONSE = re.compile(
    rb"(?<![\w-])(?:response|rspauth)\s*=\s*(\"(?:[^\"\\]|\\.)*\"?|[^\s,]+)", re.IGNORECASE | re.DOTALL
)
_SCHEME = re.compile(rb":\s*\S+\s+(\S.*)", re.DOTALL)
_KEYS = re.compile(rb"^a=crypto:[^\r\n]*?inline:|^a=ice-pwd:|^k=[a-z0-9]+:", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(rb";[ \t]*pn-prid[ \t]*=[ \t]*([^;>?\s]+)", re.IGNORECASE)
_KEY = re.compile(rb"[^\s|;]+")
_PRESSED = re.compile(rb"(?:^|signal\s*=)\s*([0-9A-D*#]+)[ \t]*(?=\r|\n|$)", re.IGNORECASE | re.MULTILINE)
_INLINE = re.compile(rb"inline:([^\s|;]+)", re.IGNORECASE)


def redacted(data: bytes) -> bytes:
    """The same message without its secrets."""
    if data.startswith(b"INFO "):
        data = _without_digits(data)
    if b"uth" not in data and b"UTH" not in data and not _KEYS.search(data) and not _TOKEN.search(data):
        return data
    out = bytearray(data)
    for field in _CREDENTIALS.finditer(data):
        text = field[0]
        is_digest = _DIGEST.search(text) is not None or b"nfo" in text[:22].lower()
        for secret in (_RESPONSE if is_digest else _SCHEME).finditer(text):
            _blank(out, field.start() + secret.start(1), field.start() + secret.end(1))
    for token in _TOKEN.finditer(data):
        _blank(out, *token.span(1))
    for key in _KEYS.finditer(data):
        line_end = _end_of_line(data, key.end())
        if key[0].lower().startswith(b"a=crypto"):
            for inline in _INLINE.finditer(data, key.start(), line_end):
                _blank(out, *inline.span(1))
        else:
            found = _KEY.match(data, key.end(), line_end)
            if found is not None:
                _blank(out, *found.span())
    return bytes(out)


def _without_digits(data: bytes) -> bytes:
    """An INFO request without the key in its body (application/dtmf-relay, application/dtmf)."""
    out = bytearray(data)
    for digit in _PRESSED.finditer(data, max(0, data.find(b"\r\n\r\n"))):
        _blank(out, *digit.span(1))
    return bytes(out)


def _blank(out: bytearray, start: int, end: int) -> None:
    """Quotes and white space stay, so that the field can still be read."""
    for at in range(start, end):
        if out[at] not in b'" \t\r\n':
            out[at] = 0x78  # x


def _end_of_line(data: bytes, start: int) -> int:
    found = data.find(b"\n", start)
    return len(data) if found < 0 else found
