"""One end of ICE that answers and never asks (RFC 8445 2.5, "lite"): who may send audio here, and where it goes.

    request of the browser                      │ answer        │ what comes of it
    ────────────────────────────────────────────┼───────────────┼─────────────────────────────────────
    no STUN, or for another's name              │ none          │ MALFORMED, UNKNOWN
    no signature, or not with our password      │ 400, 401      │ UNSIGNED, WRONG_PASSWORD
    the same request from another address       │ none          │ REPLAYED: somebody has copied it
    it wants to be the one who does not choose  │ 487           │ ROLE: neither do we (7.3.1.1)
    an attribute that must be understood        │ 420           │ ATTRIBUTE
    right                                       │ its address   │ CHECKED: a source, which may do DTLS
    … with USE-CANDIDATE                        │ its address   │ NOMINATED: audio goes there

The latest nomination counts: browsers that face a lite agent nominate the path they use, and only that one. After a
restart the names of before are still answered to, until a path has been nominated under the new ones (9.3.1).

Pure: no sockets and no clock. STUN is aioice's; it is loaded when the first browser comes.
"""

from __future__ import annotations

import enum
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pbx.model.stream import IceCredentials

if TYPE_CHECKING:
    from aioice.stun import Message

__all__ = ["Fate", "IceLite", "Taken"]

Address = tuple[str, int]

MAX_MESSAGE = 548
"""RFC 8489 6.1: what fits into any path; a check has some 120 bytes."""
MAX_TRANSACTIONS = 1024
MAX_SOURCES = 32
_REQUEST, _COOKIE = b"\x00\x01", b"\x21\x12\xa4\x42"
_HEADER_BYTES = 20
_INTEGRITY, _OPTIONAL = 0x0008, 0x8000


class Fate(enum.Enum):
    """What became of a datagram. The value is a metric's label."""

    CHECKED = "checked"
    NOMINATED = "nominated"
    MALFORMED = "malformed"
    UNKNOWN = "unknown_name"
    UNSIGNED = "unsigned"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  the name of a mistake
    REPLAYED = "replayed"
    ROLE = "role_conflict"
    ATTRIBUTE = "unknown_attribute"

    @property
    def good(self) -> bool:
        return self in (Fate.CHECKED, Fate.NOMINATED)


class Taken(msgspec.Struct, frozen=True):
    """A datagram's fate, and the answer to send back."""

    fate: Fate
    answer: bytes | None = None


@dataclass(slots=True)
class _Generation:
    """What was agreed at one time: our credentials, and the peer's name when it is known."""

    ours: IceCredentials
    theirs: IceCredentials | None
    start: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.ours.ufrag.encode() + b":"

    def is_meant(self, username: str) -> bool:
        ours, _, theirs = username.partition(":")
        return ours == self.ours.ufrag and (self.theirs is None or theirs == self.theirs.ufrag)


class IceLite:
    """The checks that come to one audio port."""

    def __init__(self) -> None:
        self._generations: list[_Generation] = []
        self._seen: OrderedDict[bytes, Address] = OrderedDict()
        self._sources: OrderedDict[Address, None] = OrderedDict()

    def use(self, ours: IceCredentials, theirs: IceCredentials | None) -> None:
        """What signalling has said. New names of ours are a restart; what stands is only completed."""
        latest = self._generations[-1] if self._generations else None
        if latest is not None and latest.ours == ours:
            latest.theirs = theirs or latest.theirs
        else:
            self._generations = [*self._generations[-1:], _Generation(ours, theirs)]

    def knows(self, source: Address) -> bool:
        """Whether somebody there has shown that they know our password."""
        return source in self._sources

    def take(self, data: bytes, source: Address) -> Taken:
        """Judge what begins as STUN does."""
        if not self._could_be_for_us(data):
            return Taken(Fate.MALFORMED)
        generation = next((each for each in self._generations if each.start in data), None)
        if generation is None:  # before anything is computed: strangers cannot know the name
            return Taken(Fate.UNKNOWN)
        message = _read(data)
        if message is None:
            return Taken(Fate.MALFORMED)
        fate = self._judge(message, generation, source, data)
        if fate is Fate.NOMINATED and generation is self._generations[-1]:
            self._generations = [generation]
        return Taken(fate, _answer(fate, message, generation.ours.password, source, data))

    def _could_be_for_us(self, data: bytes) -> bool:
        return (
            _HEADER_BYTES <= len(data) <= MAX_MESSAGE
            and data[:2] == _REQUEST
            and data[4:8] == _COOKIE
            and int.from_bytes(data[2:4], "big") + _HEADER_BYTES == len(data)
            and len(data) % 4 == 0
        )

    def _judge(self, message: Message, generation: _Generation, source: Address, data: bytes) -> Fate:
        mistake = _mistake(message, generation)
        if mistake is not None:
            return mistake
        if self._seen.setdefault(message.transaction_id, source) != source:
            return Fate.REPLAYED
        if len(self._seen) > MAX_TRANSACTIONS:
            self._seen.popitem(last=False)
        if unknown_attributes(data):
            return Fate.ATTRIBUTE
        if "ICE-CONTROLLED" in message.attributes:
            return Fate.ROLE
        self._sources[source] = None
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        return Fate.NOMINATED if "USE-CANDIDATE" in message.attributes else Fate.CHECKED


def _mistake(message: Message, generation: _Generation) -> Fate | None:
    """Why it is not from who knows our password; None when it is."""
    said = message.attributes
    if not {"MESSAGE-INTEGRITY", "USERNAME", "FINGERPRINT"} <= said.keys():
        return Fate.UNSIGNED
    if not generation.is_meant(said["USERNAME"]):
        return Fate.UNKNOWN
    if not message.check_message_integrity(generation.ours.password.encode()):
        return Fate.WRONG_PASSWORD
    return None


def _read(data: bytes) -> Message | None:
    from aioice import stun

    if attribute_kinds(data) is None:
        return None
    try:
        message = stun.parse_message(data)
    except (ValueError, struct.error):
        return None
    return message


def attribute_kinds(data: bytes) -> list[int] | None:
    """What the message has, in order; None when its attributes do not fill it just so (aioice is not that strict)."""
    kinds, at = [], _HEADER_BYTES
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("!HH", data, at)
        kinds.append(kind)
        at += 4 + size + -size % 4
    return kinds if at == len(data) else None


def unknown_attributes(data: bytes) -> list[int]:
    """Those before the signature that have to be understood, and are not (RFC 8489 6.3.1)."""
    from aioice import stun

    kinds = attribute_kinds(data) or []
    signed = kinds[: kinds.index(_INTEGRITY)] if _INTEGRITY in kinds else kinds
    return [each for each in signed if each < _OPTIONAL and each not in stun.ATTRIBUTES_BY_TYPE]


_ERRORS = {
    Fate.UNSIGNED: (400, "Bad Request"),
    Fate.WRONG_PASSWORD: (401, "Unauthenticated"),
    Fate.ROLE: (487, "Role Conflict"),
    Fate.ATTRIBUTE: (420, "Unknown Attribute"),
}


def _answer(fate: Fate, request: Message, password: str, source: Address, data: bytes) -> bytes | None:
    """Signed, but to who has not shown that they know the password (RFC 8489 9.1.4)."""
    from aioice import stun

    if fate.good:
        answer = stun.Message(request.message_method, stun.Class.RESPONSE, request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = source
    elif fate in _ERRORS:
        answer = stun.Message(request.message_method, stun.Class.ERROR, request.transaction_id)
        answer.attributes["ERROR-CODE"] = _ERRORS[fate]
    else:
        return None
    if fate in (Fate.UNSIGNED, Fate.WRONG_PASSWORD):
        answer.add_fingerprint()
        return bytes(answer)
    if fate is Fate.ATTRIBUTE:
        return _with_unknown(answer, unknown_attributes(data), password)
    answer.add_message_integrity(password.encode())
    return bytes(answer)


def _with_unknown(answer: Message, kinds: list[int], password: str) -> bytes:
    """UNKNOWN-ATTRIBUTES, which aioice does not have (RFC 8489 14.9)."""
    from aioice import stun

    value = struct.pack(f"!{len(kinds)}H", *kinds)
    body = bytes(answer) + struct.pack("!HH", 0x000A, len(value)) + value + bytes(-len(value) % 4)
    body = stun.set_body_length(body, len(body) - stun.HEADER_LENGTH)
    body += struct.pack("!HH", 0x0008, 20) + stun.message_integrity(body, password.encode())
    body += struct.pack("!HHI", 0x8028, 4, stun.message_fingerprint(body))
    return stun.set_body_length(body, len(body) - stun.HEADER_LENGTH)
