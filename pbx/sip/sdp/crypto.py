"""Keys for SRTP in the description itself (SDES): a=crypto lines of RFC 4568, with the suites of RFC 7714.

    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20
             tag suite                 key and salt, base64                     lifetime

Pure: random bytes come from the caller. Keys never stand in a repr or an error. What a line asks for beyond a plain
key (a master key identifier, a key derivation rate, anything unencrypted or unauthenticated) makes it unusable: the
peer's next line is tried.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from pbx.core.errors import PeerError
from pbx.sip.errors import ParseError

MAX_TAG = 999_999_999
MAX_LIFETIME = 2**48  # packets, RFC 3711 9.2

_LINE = re.compile(r" *([0-9]{1,9})[ \t]+([A-Za-z0-9_]+)[ \t]+([^ \t]+)((?:[ \t]+[^ \t]+)*)[ \t]*")
_INLINE = re.compile(r"inline:([A-Za-z0-9+/]+={0,2})((?:\|[^|;]*)*)", re.IGNORECASE)
_LIFETIME = re.compile(r"2\^([0-9]{1,2})|([0-9]{1,15})")


class Suite(msgspec.Struct, frozen=True):
    """A crypto suite. `profile` is its number in DTLS-SRTP (RFC 5764 4.1.2, RFC 7714 14.2), which the engine speaks."""

    name: str
    profile: int
    key_bytes: int
    salt_bytes: int
    tag_bits: int

    @property
    def material_bytes(self) -> int:
        return self.key_bytes + self.salt_bytes


SUITES = (
    Suite("AEAD_AES_256_GCM", 8, 32, 12, 128),
    Suite("AEAD_AES_128_GCM", 7, 16, 12, 128),
    Suite("AES_CM_128_HMAC_SHA1_80", 1, 16, 14, 80),
    Suite("AES_CM_128_HMAC_SHA1_32", 2, 16, 14, 32),
)
"""What this node speaks, in the order in which it offers."""

_BY_NAME = {suite.name: suite for suite in SUITES}
_WEAK_TAG_BITS = 32


@dataclass(frozen=True, slots=True)
class Crypto:
    """One usable line: who writes it sends with this key. `material` is the master key, then the master salt."""

    tag: int
    suite: Suite
    material: bytes = field(repr=False)

    @property
    def key(self) -> bytes:
        return self.material[: self.suite.key_bytes]

    @property
    def salt(self) -> bytes:
        return self.material[self.suite.key_bytes :]


def parse(value: str) -> Crypto:
    """The value of one a=crypto attribute. Raises `ParseError` 488 when it cannot be used, without repeating it."""
    line = _LINE.fullmatch(value)
    if line is None:
        raise ParseError(488, "Bad SDP Crypto Line")
    suite = _BY_NAME.get(line[2].upper())
    if suite is None:
        raise ParseError(488, "Unknown Crypto Suite")
    for parameter in line[4].split():
        _check_session_parameter(parameter)
    return Crypto(int(line[1]), suite, _material(line[3], suite))


def _check_session_parameter(text: str) -> None:
    """RFC 4568 6.3: a window size is only a hint; names with a minus may be ignored; all others change the packets."""
    if not text.startswith("-") and not text.upper().startswith("WSH="):
        raise ParseError(488, "Unsupported Crypto Session Parameter")


def _material(text: str, suite: Suite) -> bytes:
    """RFC 4568 6.1: `inline:` key and salt, then perhaps a lifetime; an identifier (MKI) is not taken."""
    found = _INLINE.fullmatch(text)
    if found is None:
        raise ParseError(488, "Bad Crypto Key")
    rest = found[2].split("|")[1:]
    if len(rest) > 1 or any(":" in each for each in rest):
        raise ParseError(488, "Master Key Identifiers Not Supported")
    if rest:
        _check_lifetime(rest[0])
    body = found[1].rstrip("=")
    try:
        material = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        material = b""
    if len(material) != suite.material_bytes:
        raise ParseError(488, "Bad Crypto Key Length")
    return material


def _check_lifetime(text: str) -> None:
    """The sender changes its key in time; we only see that the number is one (RFC 4568 6.1)."""
    found = _LIFETIME.fullmatch(text)
    packets = 0 if found is None else 2 ** int(found[1]) if found[1] else int(found[2])
    if not 0 < packets <= MAX_LIFETIME:
        raise ParseError(488, "Bad Crypto Lifetime")


def write(crypto: Crypto) -> str:
    """The value of the a=crypto attribute, without lifetime (the suite's own counts) and without MKI."""
    return f"{crypto.tag} {crypto.suite.name} inline:{base64.b64encode(crypto.material).decode()}"


def usable(values: Iterable[str]) -> tuple[Crypto, ...]:
    """The lines of an offer that can be used, in the offer's order; of two with one tag neither (RFC 4568 5.1.1)."""
    found: list[Crypto] = []
    seen: list[int] = []
    for value in values:
        tag = re.match(r" *([0-9]{1,9})[ \t]", value)
        if tag is not None:
            seen.append(int(tag[1]))
        try:
            found.append(parse(value))
        except ParseError:
            continue
    return tuple(crypto for crypto in found if seen.count(crypto.tag) == 1)


def choose(offered: Iterable[Crypto]) -> Crypto | None:
    """The line to answer: the offerer's first choice (RFC 4568 5.1.2); a 32-bit tag only where there is no other."""
    lines = tuple(offered)
    strong = (crypto for crypto in lines if crypto.suite.tag_bits > _WEAK_TAG_BITS)
    return next(strong, lines[0] if lines else None)


def offer(random_bytes: Callable[[int], bytes], suites: Iterable[Suite] = SUITES) -> tuple[Crypto, ...]:
    """A line for each suite with tags from 1, each with a key of its own (RFC 4568 5.1.1)."""
    return tuple(
        Crypto(tag, suite, random_bytes(suite.material_bytes)) for tag, suite in enumerate(suites, start=1)
    )


def answer(chosen: Crypto, random_bytes: Callable[[int], bytes]) -> Crypto:
    """Our side of the chosen line: its tag and suite, and a key of our own."""
    return Crypto(chosen.tag, chosen.suite, random_bytes(chosen.suite.material_bytes))


def accepted(offered: Iterable[Crypto], values: Iterable[str]) -> tuple[Crypto, Crypto]:
    """(ours, theirs) after the peer's answer: which of our lines it took, and its own key.

    Raises `PeerError` 488 unless there is exactly one line and it is one of ours (RFC 4568 5.1.3), or when the peer
    has sent our own key back, under which both would use the same keystream.
    """
    lines = list(values)
    if len(lines) != 1:
        raise PeerError(488, "Answer Needs One Crypto Line")
    theirs = parse(lines[0])
    ours = next((each for each in offered if (each.tag, each.suite) == (theirs.tag, theirs.suite)), None)
    if ours is None:
        raise PeerError(488, "Crypto Line Not Offered")
    if ours.material == theirs.material:
        raise PeerError(488, "Crypto Key Not Its Own")
    return ours, theirs
