"""RTP formats: what a payload number means (RFC 3551 6, rtpmap and fmtp of RFC 8866)."""
from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[0-9]{1,3}")
_RTPMAP = re.compile(r"([0-9]{1,3}) +([A-Za-z0-9\-_.]+)/([1-9][0-9]{0,5})(?:/([1-9][0-9]?))? *")
_FMTP = re.compile(r"([0-9]{1,3}) +(.*)")


@dataclass(frozen=True, slots=True)
class Format:
    """One way to send audio. `encoding` is upper case; `clock_hz` is the RTP clock (8000 for G.722, RFC 3551 4.5.2)."""

    payload_type: int
    encoding: str
    clock_hz: int = 8000
    channels: int = 1
    fmtp: str | None = None

    @property
    def encoding_name(self) -> str:
        """The spelling phones expect on the wire."""
        return _SPELLING.get(self.encoding, self.encoding)

    def matches(self, other: Format) -> bool:
        """Whether both are the same codec, so that packets of one need only another number to be the other's."""
        if (self.encoding, self.clock_hz, self.channels) != (other.encoding, other.clock_hz, other.channels):
            return False
        return _MUST_AGREE.get(self.encoding, _agree)(self.fmtp, other.fmtp)


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


def _agree(_mine: str | None, _theirs: str | None) -> bool:
    return True


def _ilbc(mine: str | None, theirs: str | None) -> bool:
    return ("mode=20" in (mine or "")) == ("mode=20" in (theirs or ""))


_MUST_AGREE = {"ILBC": _ilbc}
"""Codecs whose parameters change the bits. Opus decoders take any Opus; G.729 Annex B is only about silence."""


def read_formats(numbers: tuple[str, ...], rtpmaps: list[str], fmtps: list[str]) -> tuple[Format, ...]:
    """The formats of an m= line, in its order; numbers without a meaning are left out."""
    maps = {int(found[1]): found for text in rtpmaps if (found := _RTPMAP.fullmatch(text))}
    parameters = {int(found[1]): found[2].strip() or None for text in fmtps if (found := _FMTP.fullmatch(text))}
    formats: list[Format] = []
    for payload_type in dict.fromkeys(int(text) for text in numbers if _NUMBER.fullmatch(text)):
        if payload_type > 127:
            continue
        found = maps.get(payload_type)
        if found is not None:
            formats.append(
                Format(
                    payload_type,
                    found[2].upper(),
                    int(found[3]),
                    int(found[4] or 1),
                    parameters.get(payload_type),
                )
            )
        elif payload_type in _STATIC:
            encoding, clock_hz = _STATIC[payload_type]
            formats.append(Format(payload_type, encoding, clock_hz, 1, parameters.get(payload_type)))
    return tuple(formats)


def write_format(each: Format) -> list[str]:
    """The a= lines of a format, without line ends."""
    channels = f"/{each.channels}" if each.channels > 1 else ""
    lines = [f"a=rtpmap:{each.payload_type} {each.encoding_name}/{each.clock_hz}{channels}"]
    if each.fmtp:
        lines.append(f"a=fmtp:{each.payload_type} {each.fmtp}")
    return lines
