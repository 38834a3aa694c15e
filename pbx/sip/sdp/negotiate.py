"""Offers and answers about one audio stream (RFC 3264): the part of SDP that calls are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

import msgspec

from pbx.core.errors import PeerError
from pbx.model.stream import IceCredentials
from pbx.sip.sdp.format import Format, read_formats, write_format
from pbx.sip.sdp.ice import LITE, ice_lines
from pbx.sip.sdp.model import Attributes, Media, SessionDescription
from pbx.sip.sdp.security import PROTOCOLS, Ours, Security, SrtpPolicy, Way, preferred, read

__all__ = [
    "KNOWN",
    "AudioSession",
    "Local",
    "audio_of",
    "common",
    "payload_map",
    "spoken",
    "write_answer",
    "write_offer",
]

PLAIN = Ours()
DEFAULT_PTIME_MS = 20
MAX_PTIME_MS = 60
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}

OWN_MID = "0"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")

KNOWN: tuple[Format, ...] = (
    Format(107, "OPUS", 48000, 2, "useinbandfec=1"),
    Format(9, "G722"),
    Format(0, "PCMU"),
    Format(8, "PCMA"),
    Format(101, "TELEPHONE-EVENT", 8000, 1, "0-16"),
    Format(102, "TELEPHONE-EVENT", 48000, 1, "0-16"),
)
"""What this node offers when it offers first, best sound first."""

_CODECS = {**{each.encoding: each for each in KNOWN}, "L16": Format(108, "L16", 16000)}
_EVENTS = (*KNOWN[-2:], Format(103, "TELEPHONE-EVENT", 16000, 1, "0-16"))


def spoken(names: Sequence[str]) -> tuple[Format, ...]:
    """The formats of a node that speaks these codecs, in this order, with telephone-event at their clocks."""
    voices = tuple([_CODECS[name.upper()] for name in dict.fromkeys(names)])
    clocks = {each.clock_hz for each in voices}
    return (*voices, *[each for each in _EVENTS if each.clock_hz in clocks])


class AudioSession(msgspec.Struct, frozen=True):
    """The audio a peer offers or answers with.

    `host` (an IP literal) and the ports are where it wants to receive. `held` means it wants to hear nothing from us:
    sendonly, inactive, or the old way, address 0.0.0.0. `direction` is the peer's. `media` is every m= line of the
    description, `media_index` says which one this is.
    """

    host: str
    rtp_port: int
    rtcp_host: str
    rtcp_port: int
    rtcp_mux: bool
    direction: str
    ptime_ms: int | None
    max_ptime_ms: int | None
    formats: tuple[Format, ...]
    held: bool
    protocol: str
    security: Security
    media_index: int
    media: tuple[Media, ...]
    bundles: bool = False

    @property
    def ice(self) -> IceCredentials | None:
        """Who the peer is when it checks the path; None: packets show where it is."""
        return self.security.ice

    @property
    def mid(self) -> str:
        """The name of the audio (RFC 5888), "" without one."""
        return _mid(self.media[self.media_index])

    @property
    def packet_ms(self) -> int:
        """How much sound a packet to this phone should hold (RFC 8866 6.4, 6.5)."""
        return min(self.ptime_ms or DEFAULT_PTIME_MS, self.max_ptime_ms or MAX_PTIME_MS)


class Local(msgspec.Struct, frozen=True):
    """Our side of a session: where we receive, and the o= line's id and version. `candidates` are hosts, for ICE."""

    host: str
    rtp_port: int
    rtcp_port: int
    session_id: int
    version: int
    candidates: tuple[str, ...] = ()


def audio_of(session: SessionDescription, policy: SrtpPolicy = "optional") -> AudioSession:
    """The audio stream to talk over: the first encrypted one, else the first. Raises `PeerError` 488 for none."""
    formats = {
        index: found
        for index, media in enumerate(session.media)
        if media.kind == "audio" and media.port and media.protocol in PROTOCOLS
        if (found := read_formats(media.formats, media.all("rtpmap"), media.all("fmtp")))
    }
    sections = enumerate(session.media)
    securities = [read(media, session) if index in formats else None for index, media in sections]
    chosen = preferred(securities, policy)
    security = None if chosen is None else securities[chosen]
    if chosen is None or security is None:
        plain = any(each is not None and each.way is Way.PLAIN for each in securities)
        raise PeerError(488, "Encryption Required" if plain else "Not Acceptable Here")
    return _audio(session, chosen, formats[chosen], security)


def _audio(
    session: SessionDescription, index: int, formats: tuple[Format, ...], security: Security
) -> AudioSession:
    media = session.media[index]
    host, kind = _host(media, session, security)
    direction = _direction(media.attributes) or _direction(session.attributes) or "sendrecv"
    rtcp_port, rtcp_host = _rtcp(media, host)
    return AudioSession(
        host=host,
        rtp_port=media.port,
        rtcp_host=rtcp_host,
        rtcp_port=rtcp_port,
        rtcp_mux="rtcp-mux" in media.attributes,
        direction=direction,
        ptime_ms=_milliseconds(media.attribute("ptime")),
        max_ptime_ms=_milliseconds(media.attribute("maxptime")),
        formats=formats,
        held=direction in ("sendonly", "inactive") or (kind == "nowhere" and security.ice is None),
        protocol=media.protocol,
        security=security,
        media_index=index,
        media=tuple(session.media),
        bundles=_bundles(media, session),
    )


def _host(media: Media, session: SessionDescription, security: Security) -> tuple[str, str]:
    """Where it wants to receive, and what kind of address that is. Raises `PeerError` for none that can be used."""
    if security.ice is not None:
        return "0.0.0.0", "nowhere"  # noqa: S104  the path is found by checks, whatever is written there
    host = media.host or session.host
    if host is None:
        raise PeerError(400, "SDP Without Connection")
    kind = _kind_of(host)
    if not kind:  # a name would need a resolver, a group would make us a loudspeaker
        raise PeerError(488, "Unusable Address In SDP")
    return host, kind


def _mid(media: Media) -> str:
    mid = (media.attribute("mid") or "").strip()
    return mid if _TOKEN.fullmatch(mid) else ""


def _bundles(media: Media, session: SessionDescription) -> bool:
    """Whether a group of the session holds this stream (RFC 9143)."""
    mid = _mid(media)
    groups = [each.split() for each in session.attributes.get("group", [])]
    return any(each and each[0].upper() == "BUNDLE" and mid in each[1:] for each in groups)


def _milliseconds(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:4]) < 1000 else None


def _direction(attributes: Attributes) -> str | None:
    return next((name for name in attributes if name in DIRECTIONS), None)


def _rtcp(media: Media, host: str) -> tuple[int, str]:
    """RFC 3605: `a=rtcp:port [IN IP4 address]`, by default the next port."""
    parts = (media.attribute("rtcp") or "").split()
    if parts and parts[0].isascii() and parts[0].isdigit() and 0 < int(parts[0][:6]) <= 65535:
        return int(parts[0]), parts[3] if len(parts) == 4 and _kind_of(parts[3]) == "unicast" else host
    return min(media.port + 1, 65535), host


@lru_cache(maxsize=1024)
def _kind_of(host: str) -> str:
    """ "unicast", "nowhere" (0.0.0.0, how RFC 2543 holds), or "" for what no media can be sent to."""
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if address.is_unspecified:
        return "nowhere"
    return "" if address.is_multicast or host == "255.255.255.255" or "%" in host else "unicast"


def common(offered: tuple[Format, ...], ours: tuple[Format, ...]) -> tuple[Format, ...]:
    """What both lists hold, in the order, numbers and parameters of `offered`.

    telephone-event is kept only with a clock of a codec that is kept too (RFC 4733 2.1), where there is a choice.
    """
    known = {each.key for each in ours}
    both = tuple([each for each in offered if each.key in known])
    clocks = {each.clock_hz for each in both if each.encoding != "TELEPHONE-EVENT"}
    fitting = tuple(each for each in both if each.encoding != "TELEPHONE-EVENT" or each.clock_hz in clocks)
    return fitting if any(each.encoding == "TELEPHONE-EVENT" for each in fitting) else both


def payload_map(from_formats: tuple[Format, ...], to_formats: tuple[Format, ...]) -> dict[int, int]:
    """Payload number to payload number, for every codec that is in both lists."""
    numbers: dict[tuple[str, int, int, str], int] = {}
    for other in to_formats:
        numbers.setdefault(other.key, other.payload_type)
    return {each.payload_type: numbers[each.key] for each in from_formats if each.key in numbers}


def write_offer(
    local: Local,
    formats: tuple[Format, ...],
    direction: str = "sendrecv",
    ptime_ms: int | None = None,
    security: Ours = PLAIN,
    *,
    before: AudioSession | None = None,
) -> bytes:
    """An offer of one audio stream. A browser is offered as many m= lines as it had `before`, under their names."""
    if security.ice is None:
        return _encode([*_session(local, security), *_stream(local, formats, direction, security, ptime_ms)])
    mid = before.mid if before is not None else OWN_MID
    lines = _session(local, security, mid)
    media = before.media if before is not None else (None,)
    for index, each in enumerate(media):
        if each is None or (before is not None and index == before.media_index):
            lines += _stream(local, formats, direction, security, ptime_ms, mid=mid)
        else:
            lines += _refused(each)
    return _encode(lines)


def write_answer(
    offer: AudioSession,
    local: Local,
    formats: tuple[Format, ...],
    direction: str = "sendrecv",
    security: Ours | None = None,
) -> bytes:
    """The answer to `offer`: as many m= lines in the same order, all but the one audio stream refused (port 0).

    `direction` is what we would like; the offer narrows it (RFC 3264 6.1). No `formats` refuse the audio too. RTCP goes
    over the RTP port when the offer asks for that (RFC 5761 5.1.1).
    """
    said = security or Ours(offer.protocol)
    mid = offer.mid if said.ice is not None else ""
    lines = _session(local, said, mid if offer.bundles else "")
    for index, media in enumerate(offer.media):
        if index == offer.media_index and formats:
            ours = narrowed(offer.direction, direction)
            lines += _stream(local, formats, ours, said, None, rtcp_mux=offer.rtcp_mux, mid=mid)
        else:
            lines += _refused(media, named=said.ice is not None)
    return _encode(lines)


def _refused(media: Media, *, named: bool = True) -> list[str]:
    """Browsers know their m= lines by name."""
    line = f"m={media.kind} 0 {media.protocol} {' '.join(media.formats) or '0'}"
    return [line, f"a=mid:{_mid(media)}", "a=inactive"] if named and _mid(media) else [line]


def narrowed(offered: str, wanted: str) -> str:
    """Our direction in an answer: at most what the offer's direction leaves."""
    allowed = _MIRROR[offered]
    send = allowed in ("sendrecv", "sendonly") and wanted in ("sendrecv", "sendonly")
    receive = allowed in ("sendrecv", "recvonly") and wanted in ("sendrecv", "recvonly")
    return {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get(
        (send, receive), "inactive"
    )


def _session(local: Local, security: Ours, bundled: str = "") -> list[str]:
    """`bundled`: the stream that stands in a group of its own."""
    family = "IP6" if ":" in local.host else "IP4"
    lines = [
        "v=0",
        f"o=- {local.session_id} {local.version} IN {family} {local.host}",
        "s=-",
        f"c=IN {family} {local.host}",
        "t=0 0",
    ]
    if bundled:
        lines.append(f"a=group:BUNDLE {bundled}")
    return [*lines, LITE] if security.ice is not None else lines


def _stream(
    local: Local,
    formats: tuple[Format, ...],
    direction: str,
    security: Ours,
    ptime_ms: int | None,
    *,
    rtcp_mux: bool = False,
    mid: str = "",
) -> list[str]:
    numbers = " ".join([str(each.payload_type) for each in formats])
    lines = [f"m=audio {local.rtp_port} {security.protocol} {numbers}"]
    for each in formats:
        lines += write_format(each)
    if mid:
        lines.append(f"a=mid:{mid}")
    if security.ice is not None:
        lines += ice_lines(security.ice, local.candidates or (local.host,), local.rtp_port)
    if rtcp_mux or security.ice is not None:
        lines.append("a=rtcp-mux")
    elif local.rtcp_port != local.rtp_port + 1:
        lines.append(f"a=rtcp:{local.rtcp_port}")
    if ptime_ms is not None:
        lines.append(f"a=ptime:{ptime_ms}")
    lines += security.lines
    if security.ice is not None:
        lines.append("a=msid:bellwire audio")  # else a page is given a track without a stream
    lines.append(f"a={direction}")
    return lines


def _encode(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
