"""What goes through the tunnel, as `pbx/docs/tunnel.md` writes it down: the office's side of the format.

      0      1             5             9
      +------+-------------+-------------+-----------------+
      | kind | stream (BE) | number (BE) | payload …       |   binary: sound, and pieces of bodies
      +------+-------------+-------------+-----------------+

Text frames are JSON objects that say what they are in `t`. Whatever is none of these is a `BadFrame`, which ends the
connection. No sockets here.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

__all__ = [
    "BODY",
    "DELIVERY",
    "MOST_TEXT",
    "PIECE",
    "SOUND",
    "VERSION",
    "Answer",
    "BadFrame",
    "Body",
    "Call",
    "Clear",
    "Deliver",
    "Delivered",
    "Digit",
    "Digits",
    "Directory",
    "Event",
    "Expect",
    "FromOffice",
    "Hangup",
    "Hello",
    "HttpAnswer",
    "HttpRequest",
    "OfCall",
    "Ping",
    "Place",
    "PlaceAnswered",
    "PlaceFailed",
    "Placed",
    "Pong",
    "Refuse",
    "Ringing",
    "ToOffice",
    "Undelivered",
    "Welcome",
    "encode",
    "pack",
    "read_binary",
    "read_text",
]

VERSION = 1
SOUND, BODY, DELIVERY = 1, 2, 3
"""Kinds of binary frames: 20 ms of μ-law, a piece of a request's or an answer's body, a piece of a delivery."""
PIECE = 16 * 1024
MOST_TEXT = 4 * 1024 * 1024
"""The directory of a large office is the longest text."""

MOST_CALLS = 10_000

_HEAD = struct.Struct("!BII")

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$(?!\n)")]
Number = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Count = Annotated[int, Meta(ge=0)]
Line = Annotated[str, Meta(max_length=256)]
Keys = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-D*#]+$(?!\n)")]
Phone = Annotated[str, Meta(max_length=64)]
Path = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"^/")]
Status = Annotated[int, Meta(ge=100, le=699)]
HttpStatus = Annotated[int, Meta(ge=100, le=599)]


class BadFrame(Exception):  # noqa: N818 - what the other side did, not what failed here
    """A frame that the tunnel does not know; the message says what is wrong with it, for the other side's log."""


class _Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A text frame."""


class _Counted(_Message, frozen=True, kw_only=True):
    """One that must arrive, once: `n` is its number in the session."""

    n: Count = 0


# -- either way ---------------------------------------------------------------------------------------------------


class Ringing(_Counted, frozen=True, kw_only=True, tag_field="t", tag="ringing"):
    call: Id


class Hangup(_Counted, frozen=True, kw_only=True, tag_field="t", tag="hangup"):
    """The call is over. `cause` is a word of `pbx.model.leg_event.LegCause`."""

    call: Id
    cause: Line = "normal"


# -- from the office ----------------------------------------------------------------------------------------------


class Hello(_Message, frozen=True, kw_only=True, tag_field="t", tag="hello"):
    """The first frame. A session is one life of the node; `got` is the last numbered message taken in it. `sip`: where
    Twilio is to bring calls by SIP, in place of streams. `calls` are those that the node has from its last life."""

    version: int
    session: Id
    got: Count = 0
    sip: Annotated[
        str, Meta(max_length=255, pattern=r"^([A-Za-z0-9.:\[\]-]+(;transport=(udp|tcp|tls))?)?$(?!\n)")
    ] = ""
    calls: Annotated[tuple[Id, ...], Meta(max_length=MOST_CALLS)] = ()


class Directory(_Message, frozen=True, kw_only=True, tag_field="t", tag="directory"):
    document: msgspec.Raw


class Answer(_Counted, frozen=True, kw_only=True, tag_field="t", tag="answer"):
    call: Id


class Refuse(_Counted, frozen=True, kw_only=True, tag_field="t", tag="refuse"):
    """The call is not taken. `status` is that of SIP."""

    call: Id
    status: Status
    reason: Line = ""


class Digits(_Counted, frozen=True, kw_only=True, tag_field="t", tag="digits"):
    """Keys that the caller is to hear."""

    call: Id
    digits: Keys


class Clear(_Counted, frozen=True, kw_only=True, tag_field="t", tag="clear"):
    """What was sent and is not yet played is not to be."""

    call: Id


class Place(_Counted, frozen=True, kw_only=True, tag_field="t", tag="place"):
    """Call an outside number; `call` is the office's own name for it."""

    call: Id
    from_: Phone = msgspec.field(name="from")
    to: Phone
    timeout_s: Annotated[int, Meta(ge=5, le=600)] = 120


class HttpRequest(_Message, frozen=True, kw_only=True, tag_field="t", tag="http"):
    """A request of the office's API; `size` bytes of body follow in pieces."""

    id: Number
    method: Annotated[str, Meta(pattern=r"^[A-Z]{3,7}$(?!\n)")]
    path: Path
    query: Annotated[str, Meta(max_length=8192)] = ""
    actor: Line = ""
    type: Line = ""
    size: Count = 0


class Delivered(_Message, frozen=True, kw_only=True, tag_field="t", tag="delivered"):
    id: Id


class Undelivered(_Message, frozen=True, kw_only=True, tag_field="t", tag="undelivered"):
    """The office will never take this delivery."""

    id: Id
    reason: Line


class Pong(_Message, frozen=True, kw_only=True, tag_field="t", tag="pong"):
    got: Count


# -- to the office ------------------------------------------------------------------------------------------------


class Welcome(_Message, frozen=True, kw_only=True, tag_field="t", tag="welcome"):
    """The answer to `hello`. Without `resumed` the edge knows nothing of that session: both begin anew. `calls` are
    those of `hello` that go on, with the streams of their sound; 0 for one of which a hang-up follows."""

    version: int
    edge: Id
    public_url: Line = ""
    numbers: tuple[Phone, ...] = ()
    got: Count = 0
    resumed: bool = False
    calls: Annotated[dict[Id, Number], Meta(max_length=MOST_CALLS)] = {}


class Call(_Counted, frozen=True, kw_only=True, tag_field="t", tag="call"):
    """Somebody calls one of the office's numbers. Its sound has `stream` for its number; `at` is ms since 1970."""

    call: Id
    stream: Number
    from_: Phone = msgspec.field(name="from")
    to: Phone
    name: Line = ""
    at: Count = 0


class Expect(_Counted, frozen=True, kw_only=True, tag_field="t", tag="expect"):
    """A call comes by SIP, and its INVITE shows this token, once."""

    call: Id
    token: Id
    from_: Phone = msgspec.field(name="from")
    to: Phone
    name: Line = ""


class Digit(_Counted, frozen=True, kw_only=True, tag_field="t", tag="digit"):
    call: Id
    digit: Annotated[str, Meta(pattern=r"^[0-9A-D*#]$(?!\n)")]


class Placed(_Counted, frozen=True, kw_only=True, tag_field="t", tag="placed"):
    """The provider has taken the call; `sid` is its name for it."""

    call: Id
    sid: Line = ""


class PlaceAnswered(_Counted, frozen=True, kw_only=True, tag_field="t", tag="answered"):
    call: Id
    stream: Number


class PlaceFailed(_Counted, frozen=True, kw_only=True, tag_field="t", tag="failed"):
    call: Id
    status: Status
    reason: Line = ""


class HttpAnswer(_Message, frozen=True, kw_only=True, tag_field="t", tag="http"):
    id: Number
    status: HttpStatus
    type: Line = ""
    headers: dict[str, str] = {}
    size: Count = 0


class Deliver(_Message, frozen=True, kw_only=True, tag_field="t", tag="deliver"):
    """Something that the office gets exactly once: it remembers `id` until it is sure. `body` numbers its pieces."""

    id: Id
    kind: Line
    document: msgspec.Raw
    body: Number = 0
    size: Count = 0


class Event(_Message, frozen=True, kw_only=True, tag_field="t", tag="event"):
    topic: Line
    id: Line
    document: msgspec.Raw


class Ping(_Message, frozen=True, kw_only=True, tag_field="t", tag="ping"):
    got: Count


FromOffice = (
    Hello
    | Directory
    | Ringing
    | Answer
    | Refuse
    | Hangup
    | Digits
    | Clear
    | Place
    | HttpRequest
    | Delivered
    | Undelivered
    | Pong
)
OfCall = Call | Expect | Digit | Hangup | Ringing | Placed | PlaceAnswered | PlaceFailed
"""What the edge says of calls; all of it is numbered."""
ToOffice = Welcome | OfCall | HttpAnswer | Deliver | Event | Ping

_encoder = msgspec.json.Encoder()


@cache
def _decoder() -> msgspec.json.Decoder[ToOffice]:
    """Made with the first frame: an office without an edge never needs it."""
    return msgspec.json.Decoder(ToOffice)


class Body(Struct, frozen=True):
    """A binary frame."""

    kind: int
    stream: int
    number: int
    payload: bytes


def read_text(text: str) -> ToOffice:
    """A text frame of the edge. Raises `BadFrame`."""
    if len(text) > MOST_TEXT:
        raise BadFrame(f"a text of {len(text)} characters, at most {MOST_TEXT}")
    try:
        message: ToOffice = _decoder().decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadFrame(f"no message of the tunnel: {error}") from None
    return message


def read_binary(frame: bytes) -> Body:
    """A binary frame of the edge. Raises `BadFrame`."""
    if len(frame) < _HEAD.size:
        raise BadFrame(f"a binary frame of {len(frame)} bytes, at least {_HEAD.size}")
    kind, stream, number = _HEAD.unpack_from(frame)
    if kind not in (SOUND, BODY, DELIVERY):
        raise BadFrame(f"a binary frame of kind {kind}")
    if len(frame) > _HEAD.size + PIECE:
        raise BadFrame(f"a binary frame of {len(frame)} bytes, at most {_HEAD.size + PIECE}")
    return Body(kind, stream, number, frame[_HEAD.size :])


def encode(message: FromOffice) -> str:
    return _encoder.encode(message).decode()


def pack(kind: int, stream: int, number: int, payload: bytes) -> bytes:
    """A binary frame; `number` counts from 0 and wraps."""
    return _HEAD.pack(kind, stream, number & 0xFFFFFFFF) + payload
