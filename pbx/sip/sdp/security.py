"""Whether and how the audio of a session is encrypted: SDES (RFC 4568), DTLS-SRTP (RFC 5763), or not.

  | m= line's protocol         | with a=fingerprint | with a=crypto    | with neither |
  |----------------------------|--------------------|------------------|--------------|
  | RTP/AVP, RTP/AVPF          | DTLS (RFC 8643)    | SDES (RFC 8643)  | plain RTP    |
  | RTP/SAVP, RTP/SAVPF        | SDES if both, else DTLS | SDES        | unusable     |
  | UDP/TLS/RTP/SAVP, …/SAVPF  | DTLS               | unusable         | unusable     |

The node's policy leaves some of these: `off` plain RTP only, `required` the encrypted ones only. Browsers know nothing
but DTLS with ICE (RFC 8445) on one port, and get that under any policy. Pure: keys come from `pbx.call.encryption`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from pbx.model.stream import Fingerprint, IceCredentials
from pbx.sip.sdp import crypto
from pbx.sip.sdp.ice import read_ice
from pbx.sip.sdp.model import Media, SessionDescription

SrtpPolicy = Literal["off", "optional", "required"]

PLAIN_PROTOCOLS = ("RTP/AVP", "RTP/AVPF")
SDES_PROTOCOLS = ("RTP/SAVP", "RTP/SAVPF")
DTLS_PROTOCOLS = ("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF")
PROTOCOLS = PLAIN_PROTOCOLS + SDES_PROTOCOLS + DTLS_PROTOCOLS

_DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Hashes that prove something; SHA-1 and MD5 do not any more (RFC 8122 5)."""
_FINGERPRINT = re.compile(r" *([A-Za-z0-9-]{1,16}) +((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2}) *")


class Way(enum.Enum):
    """How audio travels."""

    PLAIN = "plain"
    SDES = "sdes"
    DTLS = "dtls"


class Security(msgspec.Struct, frozen=True):
    """What one side's m= section says about encryption. `setup` is lower case, "" when it is not there.

    `ice`: it wants its path checked, on one port for RTP and RTCP; `needs_ice`: it takes nothing else.
    """

    protocol: str = "RTP/AVP"
    cryptos: tuple[crypto.Crypto, ...] = ()
    crypto_lines: int = 0
    fingerprints: tuple[Fingerprint, ...] = ()
    setup: str = ""
    needs_ice: bool = False
    ice: IceCredentials | None = None

    @property
    def way(self) -> Way | None:
        """The way this asks for; None when it asks for one and does not say enough."""
        if self.protocol in DTLS_PROTOCOLS:
            return Way.DTLS if self.fingerprints and (self.ice is not None or not self.needs_ice) else None
        if self.protocol in SDES_PROTOCOLS and self.cryptos:
            return Way.SDES
        if self.fingerprints:
            return Way.DTLS
        if self.cryptos:
            return Way.SDES
        return Way.PLAIN if self.protocol in PLAIN_PROTOCOLS else None

    @property
    def encrypted(self) -> bool:
        """Whether this asks for encryption; browsers are not asked."""
        return self.way is not Way.PLAIN and self.ice is None

    def allowed(self, policy: SrtpPolicy) -> Way | None:
        """What comes of it under the node's policy; None: not acceptable."""
        if policy == "off" and self.ice is None:
            return Way.PLAIN if self.protocol in PLAIN_PROTOCOLS else None
        return None if policy == "required" and self.way is Way.PLAIN else self.way


class Ours(msgspec.Struct, frozen=True):
    """Our own side, for the m= section we write: its protocol and the a= lines, without line ends.

    With `ice`, checks of the path are answered by that name, and RTCP goes over the RTP port.
    """

    protocol: str = "RTP/AVP"
    lines: tuple[str, ...] = ()
    ice: IceCredentials | None = None

    def __repr__(self) -> str:
        return f"<Ours {self.protocol}, {len(self.lines)} lines>"  # the lines are keys


def read(media: Media, session: SessionDescription) -> Security:
    """What a section says; the session's fingerprint and setup count where it has none of its own."""
    lines = media.all("crypto")
    fingerprints = media.all("fingerprint") or session.attributes.get("fingerprint", [])
    return Security(
        protocol=media.protocol,
        cryptos=crypto.usable(lines),
        crypto_lines=len(lines),
        fingerprints=tuple(_fingerprints(fingerprints)),
        setup=(media.attribute("setup") or session.attribute("setup") or "").strip().lower(),
        needs_ice=_is_browser(media, session),
        ice=read_ice(media, session) if _may_use_ice(media) else None,
    )


def _may_use_ice(media: Media) -> bool:
    """With DTLS and one port only: phones with more than that are found by their packets."""
    return media.protocol in DTLS_PROTOCOLS and "rtcp-mux" in media.attributes


def _is_browser(media: Media, session: SessionDescription) -> bool:
    """RFC 8829 5.2.1: a browser bundles, and takes no answer without ICE."""
    bundles = any(value.upper().startswith("BUNDLE") for value in session.attributes.get("group", []))
    return bundles and ("ice-ufrag" in media.attributes or "ice-ufrag" in session.attributes)


def preferred(sections: Iterable[Security | None], policy: SrtpPolicy) -> int | None:
    """Which of the sections to take (None stands for one that is no audio): the first encrypted one, else the first."""
    found: int | None = None
    for index, security in enumerate(sections):
        way = None if security is None else security.allowed(policy)
        if way is not None and way is not Way.PLAIN:
            return index
        if way is not None and found is None:
            found = index
    return found


def is_active(theirs: str, *, offered: str) -> bool | None:
    """Our DTLS role after the peer's `a=setup` in an answer to `offered` (RFC 4145 4.1); None: it does not fit."""
    if theirs not in ("active", "passive") or theirs == offered:
        return None
    return theirs == "passive"


def sdes_lines(cryptos: Iterable[crypto.Crypto]) -> tuple[str, ...]:
    return tuple(f"a=crypto:{crypto.write(each)}" for each in cryptos)


def dtls_lines(fingerprint: Fingerprint, setup: str) -> tuple[str, ...]:
    digest = ":".join(f"{byte:02X}" for byte in fingerprint.digest)
    return (f"a=fingerprint:{fingerprint.algorithm} {digest}", f"a=setup:{setup}")


def _fingerprints(values: Iterable[str]) -> Iterable[Fingerprint]:
    for value in values:
        line = _FINGERPRINT.fullmatch(value)
        if line is None:
            continue
        found = Fingerprint(line[1].lower(), bytes.fromhex(line[2].replace(":", "")))
        if _DIGEST_BYTES.get(found.algorithm) == len(found.digest):
            yield found
