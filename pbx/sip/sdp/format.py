"""RTP formats: what a payload number means (RFC 3551 6, rtpmap and fmtp of RFC 8866)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

MAX_CACHED = 256

_RTPMAP = re.compile(r" *+([A-Za-z0-9\-_.]+)/([0-9]{1,6})(?:/([0-9]{1,2}))? *")
_NUMBERS = frozenset(str(number) for number in range(128))
_SPELLING = {"OPUS": "opus", "TELEPHONE-EVENT": "telephone-event", "ILBC": "iLBC", "SPEEX": "speex"}
_STATIC = {
    0: ("PCMU", 8000),
    3: ("GSM", 8000),
    4: ("G723", 8000),
    5: ("DVI4", 8000),
    6: ("DVI4", 16000),
    7: ("LPC", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    12: ("QCELP", 8000),
    13: ("CN", 8000),
    15: ("G728", 8000),
    16: ("DVI4", 11025),
    17: ("DVI4", 22050),
    18: ("G729", 8000),
}
_WRITTEN_BY_MISTAKE = {"OPUS": (48000, 2), "G722": (8000, 1)}
"""Clock and channels that RFC 7587 and RFC 3551 fix, whatever a phone writes."""

_MUST_AGREE: Mapping[str, tuple[str, str]] = {
    "ILBC": ("mode", "30"),
    "AMR": ("octet-align", "0"),
    "AMR-WB": ("octet-align", "0"),
    "G7221": ("bitrate", ""),
    "G7231": ("bitrate", ""),
}
"""Parameters that change the bits of the packets, with what counts when they are not given.

An Opus decoder takes any Opus, and Annex B of G.729 is only about silence: what they say is a wish, not a difference.
"""


class Format(msgspec.Struct, frozen=True):
    """One way to send audio. `encoding` is upper case; `clock_hz` is the RTP clock (8000 for G.722, RFC 3551 4.5.2)."""

    payload_type: int
    encoding: str
    clock_hz: int = 8000
    channels: int = 1
    fmtp: str | None = None
    key: tuple[str, int, int, str] = ("", 0, 0, "")
    """Formats with equal keys are the same codec: their packets differ only in the payload number. It follows from the
    rest, whatever is given."""

    def __post_init__(self) -> None:
        rule = _MUST_AGREE.get(self.encoding)
        agreed = "" if rule is None else _parameter(self.fmtp or "", *rule)
        msgspec.structs.force_setattr(self, "key", (self.encoding, self.clock_hz, self.channels, agreed))

    @property
    def encoding_name(self) -> str:
        """The spelling phones expect on the wire."""
        return _SPELLING.get(self.encoding, self.encoding)

    def matches(self, other: Format) -> bool:
        """Whether both are the same codec."""
        return self.key == other.key


def read_formats(numbers: Sequence[str], rtpmaps: Sequence[str], fmtps: Sequence[str]) -> tuple[Format, ...]:
    """The formats of an m= line, in its order; numbers without a meaning are left out."""
    maps = _by_number(rtpmaps)
    parameters = _by_number(fmtps)
    formats = []
    for text in dict.fromkeys(numbers):
        rtpmap, fmtp = maps.get(text), parameters.get(text)
        read = _cached if len(rtpmap or "") + len(fmtp or "") <= MAX_CACHED else _format
        found = read(text, rtpmap, fmtp)
        if found is not None:
            formats.append(found)
    return tuple(formats)


def write_format(each: Format) -> list[str]:
    """The a= lines of a format, without line ends."""
    number = each.payload_type
    channels = f"/{each.channels}" if each.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {each.encoding_name}/{each.clock_hz}{channels}"]
    if each.fmtp:
        lines.append(f"a=fmtp:{number} {each.fmtp}")
    return lines


def _by_number(lines: Sequence[str]) -> dict[str, str]:
    """`number text` lines by number."""
    found = {}
    for line in lines:
        number, _, text = line.partition(" ")
        found[number] = text
    return found


def _format(number: str, rtpmap: str | None, fmtp: str | None) -> Format | None:
    if number not in _NUMBERS:
        return None
    payload_type = int(number)
    fmtp = (fmtp or "").strip() or None
    if rtpmap is None:
        static = _STATIC.get(payload_type)
        return None if static is None else Format(payload_type, *static, fmtp=fmtp)
    found = _RTPMAP.fullmatch(rtpmap)
    if found is None or int(found[2]) == 0 or found[3] in ("0", "00"):
        return None
    encoding = found[1].upper()
    clock_hz, channels = _WRITTEN_BY_MISTAKE.get(encoding) or (int(found[2]), int(found[3] or 1))
    return Format(payload_type, encoding, clock_hz, channels, fmtp)


_cached = lru_cache(maxsize=1024)(_format)


def _parameter(fmtp: str, name: str, default: str) -> str:
    for part in fmtp.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return default
