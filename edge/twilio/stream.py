"""Twilio's media streams: the messages of one WebSocket, both ways.

https://www.twilio.com/docs/voice/media-streams/websocket-messages: `connected`, `start`, `media`, `dtmf`, `mark` and
`stop` come from Twilio; `media`, `mark` and `clear` go there. Sound is μ-law at 8 kHz, in base64. No sockets here.
Twilio may add fields and kinds of messages, so what is not known is passed over; the rest is a `BadMessage`.
"""

from __future__ import annotations

import binascii
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

__all__ = [
    "MOST_BYTES",
    "BadMessage",
    "Connected",
    "Dtmf",
    "FromTwilio",
    "Mark",
    "Media",
    "Start",
    "Stop",
    "Writer",
    "read",
]

MOST_BYTES = 64 * 1024
"""A message of Twilio's holds 20 ms, some 300 bytes."""

Text = Annotated[str, Meta(max_length=1024)]


class BadMessage(Exception):  # noqa: N818 - what the other side did
    """Not a message of a media stream."""


class _Format(Struct):
    encoding: Text
    sample_rate: int = msgspec.field(name="sampleRate")
    channels: int


class _Begun(Struct):
    stream_sid: Text = msgspec.field(name="streamSid")
    call_sid: Text = msgspec.field(name="callSid")
    format: _Format = msgspec.field(name="mediaFormat")
    account_sid: Text = msgspec.field(name="accountSid", default="")
    parameters: dict[str, str] = msgspec.field(name="customParameters", default={})


class _Sound(Struct):
    payload: bytes
    track: Text = "inbound"
    timestamp: str | int = ""


class _Key(Struct):
    digit: Text


class _Name(Struct):
    name: Text


class Connected(Struct, tag_field="event", tag="connected"):
    """The first message."""


class Start(Struct, tag_field="event", tag="start"):
    """The second: which call it is, and the parameters that stood in the TwiML."""

    start: _Begun

    @property
    def is_ulaw(self) -> bool:
        form = self.start.format
        return (form.encoding.lower(), form.sample_rate, form.channels) == ("audio/x-mulaw", 8000, 1)


class Media(Struct, tag_field="event", tag="media"):
    """Some sound of the caller, mostly 20 ms."""

    media: _Sound

    @property
    def at_ms(self) -> int | None:
        """When it was said, from the start of the stream."""
        try:
            return int(self.media.timestamp)
        except ValueError:
            return None


class Dtmf(Struct, tag_field="event", tag="dtmf"):
    """The caller has pressed a key."""

    dtmf: _Key


class Mark(Struct, tag_field="event", tag="mark"):
    """All that was sent before this mark has been played, or was cleared."""

    mark: _Name


class Stop(Struct, tag_field="event", tag="stop"):
    """The stream or the call is over."""


FromTwilio = Connected | Start | Media | Dtmf | Mark | Stop

_decoder: msgspec.json.Decoder[FromTwilio] = msgspec.json.Decoder(FromTwilio)


class _Any(Struct):
    event: str


_any = msgspec.json.Decoder(_Any)
_KNOWN = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})


def read(text: str | bytes) -> FromTwilio | None:
    """A message of Twilio's; None for a kind that is not known here. Raises `BadMessage`."""
    if len(text) > MOST_BYTES:
        raise BadMessage(f"{len(text)} characters, at most {MOST_BYTES}")
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if _is_new(text):
            return None
        raise BadMessage(f"no message of a media stream: {error}") from None


def _is_new(text: str | bytes) -> bool:
    try:
        return _any.decode(text).event not in _KNOWN
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


class Writer:
    """What we say on one stream. The JSON around sound is always the same, so it is made once."""

    def __init__(self, stream_sid: str) -> None:
        sid = msgspec.json.encode(stream_sid).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":'
        self.clear = f'{{"event":"clear","streamSid":{sid}}}'
        """What Twilio has still to play is dropped; all marks come back."""

    def media(self, ulaw: bytes) -> str:
        return f'{self._media}{binascii.b2a_base64(ulaw, newline=False).decode("ascii")}"}}}}'

    def mark(self, name: str) -> str:
        return f"{self._mark}{msgspec.json.encode(name).decode()}}}}}"
