"""Offers and answers about one audio stream (RFC 3264): the part of SDP that calls are made of."""
from __future__ import annotations

import re
from dataclasses import dataclass

from pbx.core.errors import PeerError
from pbx.sip.sdp.format import Format, read_formats, write_format
from pbx.sip.sdp.model import Media, SessionDescription

__all__ = [
    "KNOWN",
    "AudioSession",
    "Format",
    "Local",
    "audio_of",
    "common",
    "payload_map",
    "write_answer",
    "write_offer",
]

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_PTIME = re.compile(r"[1-9][0-9]{0,2}")
_PROTOCOLS = ("RTP/AVP", "RTP/AVPF")
_NOWHERE = ("0.0.0.0", "::")  # noqa: S104 - RFC 2543 hold, not an address to bind

KNOWN: tuple[Format, ...] = (
    Format(107, "OPUS", 48000, 2, "useinbandfec=1"),
    Format(9, "G722"),
    Format(0, "PCMU"),
    Format(8, "PCMA"),
    Format(101, "TELEPHONE-EVENT", 8000, 1, "0-16"),
    Format(102, "TELEPHONE-EVENT", 48000, 1, "0-16"),
)
"""What this node offers when it offers first, best sound first."""


@dataclass(frozen=True, slots=True)
class AudioSession:
    """The audio a peer offers or answers with.

    `host` and the ports are where it wants to receive. `held` means it wants to hear nothing from us: sendonly,
    inactive, or the old way, address 0.0.0.0. `direction` is the peer's. `media` is every m= line of the description,
    `media_index` says which one this is.
    """

    host: str
    rtp_port: int
    rtcp_host: str
    rtcp_port: int
    rtcp_mux: bool
    direction: str
    ptime_ms: int | None
    formats: tuple[Format, ...]
    held: bool
    protocol: str
    media_index: int
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of a session: where we receive, and the o= line's id and version."""

    host: str
    rtp_port: int
    rtcp_port: int
    session_id: int
    version: int


def audio_of(session: SessionDescription) -> AudioSession:
    """The first audio stream that plain RTP can carry. Raises `PeerError` 488 when there is none."""
    for index, media in enumerate(session.media):
        if media.kind == "audio" and media.port and media.protocol in _PROTOCOLS:
            return _audio(session, media, index)
    raise PeerError(488, "Not Acceptable Here")


def _audio(session: SessionDescription, media: Media, index: int) -> AudioSession:
    host = media.host or session.host
    if host is None:
        raise PeerError(400, "SDP Without Connection")
    direction = next(
        (
            name
            for attributes in (media.attributes, session.attributes)
            for name in (each.name for each in attributes)
            if name in DIRECTIONS
        ),
        "sendrecv",
    )
    rtcp_port, rtcp_host = _rtcp(media, host)
    ptime = media.attribute("ptime")
    return AudioSession(
        host=host,
        rtp_port=media.port,
        rtcp_host=rtcp_host,
        rtcp_port=rtcp_port,
        rtcp_mux=media.attribute("rtcp-mux") is not None,
        direction=direction,
        ptime_ms=int(ptime) if ptime and _PTIME.fullmatch(ptime) else None,
        formats=read_formats(media.formats, media.all("rtpmap"), media.all("fmtp")),
        held=direction in ("sendonly", "inactive") or host in _NOWHERE,
        protocol=media.protocol,
        media_index=index,
        media=tuple(session.media),
    )


def _rtcp(media: Media, host: str) -> tuple[int, str]:
    """RFC 3605: `a=rtcp:port [IN IP4 address]`."""
    parts = (media.attribute("rtcp") or "").split()
    if parts and parts[0].isascii() and parts[0].isdigit() and 0 < int(parts[0]) <= 65535:
        return int(parts[0]), parts[3] if len(parts) == 4 else host
    return min(media.port + 1, 65535), host


def common(offered: tuple[Format, ...], ours: tuple[Format, ...]) -> tuple[Format, ...]:
    """What both lists hold, in the order, numbers and parameters of `offered`.

    telephone-event is kept only with a clock of a codec that is kept too (RFC 4733 2.1), where there is a choice.
    """
    both = tuple(each for each in offered if any(each.matches(other) for other in ours))
    clocks = {each.clock_hz for each in both if each.encoding != "TELEPHONE-EVENT"}
    fitting = tuple(each for each in both if each.encoding != "TELEPHONE-EVENT" or each.clock_hz in clocks)
    return fitting if any(each.encoding == "TELEPHONE-EVENT" for each in fitting) else both


def payload_map(from_formats: tuple[Format, ...], to_formats: tuple[Format, ...]) -> dict[int, int]:
    """Payload number to payload number, for every codec that is in both lists."""
    mapped: dict[int, int] = {}
    for each in from_formats:
        for other in to_formats:
            if each.matches(other):
                mapped.setdefault(each.payload_type, other.payload_type)
                break
    return mapped


def write_offer(
    local: Local, formats: tuple[Format, ...], direction: str = "sendrecv", ptime_ms: int | None = None
) -> bytes:
    """An offer of one audio stream."""
    return _encode([*_session(local), *_stream(local, formats, direction, "RTP/AVP", ptime_ms)])


def write_answer(
    offer: AudioSession, local: Local, formats: tuple[Format, ...], direction: str = "sendrecv"
) -> bytes:
    """The answer to `offer`: as many m= lines in the same order, all but the one audio stream refused (port 0).

    `direction` is what we would like; the offer narrows it (RFC 3264 6.1).
    """
    lines = _session(local)
    for index, media in enumerate(offer.media):
        if index == offer.media_index:
            lines += _stream(local, formats, narrowed(offer.direction, direction), offer.protocol, None)
        else:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats) or '0'}")
    return _encode(lines)


def narrowed(offered: str, wanted: str) -> str:
    """Our direction in an answer: at most what the offer's direction leaves."""
    allowed = _MIRROR[offered]
    send = allowed in ("sendrecv", "sendonly") and wanted in ("sendrecv", "sendonly")
    receive = allowed in ("sendrecv", "recvonly") and wanted in ("sendrecv", "recvonly")
    return {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get(
        (send, receive), "inactive"
    )


def _session(local: Local) -> list[str]:
    family = "IP6" if ":" in local.host else "IP4"
    return [
        "v=0",
        f"o=- {local.session_id} {local.version} IN {family} {local.host}",
        "s=-",
        f"c=IN {family} {local.host}",
        "t=0 0",
    ]


def _stream(
    local: Local, formats: tuple[Format, ...], direction: str, protocol: str, ptime_ms: int | None
) -> list[str]:
    numbers = " ".join(str(each.payload_type) for each in formats)
    lines = [f"m=audio {local.rtp_port} {protocol} {numbers}"]
    for each in formats:
        lines += write_format(each)
    if local.rtcp_port != local.rtp_port + 1:
        lines.append(f"a=rtcp:{local.rtcp_port}")
    if ptime_ms is not None:
        lines.append(f"a=ptime:{ptime_ms}")
    lines.append(f"a={direction}")
    return lines


def _encode(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
