"""TwiML, the markup that tells Twilio what to do with a call or a text: https://www.twilio.com/docs/voice/twiml.

Verbs are values and `response` writes them down. Text and addresses are escaped there, and characters that XML cannot
hold are left out, so whatever a caller or an office's name contains, the document stays well formed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.sax.saxutils import escape

__all__ = [
    "Verb",
    "connect_stream",
    "dial",
    "gather",
    "hangup",
    "message",
    "number",
    "pause",
    "play",
    "record",
    "redirect",
    "reject",
    "response",
    "say",
    "sip",
]

Attribute: TypeAlias = str | int | bool | None
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ATTRIBUTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@dataclass(frozen=True, slots=True)
class Verb:
    """One element. An attribute that is None is left out; booleans become `true` and `false`."""

    name: str
    text: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    inside: tuple[Verb, ...] = ()

    def __str__(self) -> str:
        shown = "".join(
            f' {name}="{_attribute(value)}"' for name, value in self.attributes.items() if value is not None
        )
        content = _text(self.text) + "".join(map(str, self.inside))
        return f"<{self.name}{shown}>{content}</{self.name}>" if content else f"<{self.name}{shown}/>"


def response(*verbs: Verb) -> str:
    """The whole document."""
    return f'<?xml version="1.0" encoding="UTF-8"?>{Verb("Response", inside=verbs)}'


def say(text: str, *, language: str | None = None, voice: str | None = None) -> Verb:
    return Verb("Say", text, {"language": language, "voice": voice})


def play(url: str, *, loop: int | None = None) -> Verb:
    return Verb("Play", url, {"loop": loop})


def pause(seconds: int) -> Verb:
    return Verb("Pause", attributes={"length": seconds})


def gather(
    *inside: Verb,
    action: str,
    input: str = "dtmf",
    timeout_s: int | None = None,
    digits: int | None = None,
    finish_on: str | None = None,
    language: str | None = None,
    hints: str | None = None,
    speech_timeout: str | None = None,
    on_nothing: bool | None = None,
) -> Verb:
    """Digits or speech, sent to `action`. `on_nothing` asks `action` even when the caller said nothing."""
    attributes = {
        "action": action,
        "method": "POST",
        "input": input,
        "timeout": timeout_s,
        "numDigits": digits,
        "finishOnKey": finish_on,
        "language": language,
        "hints": hints,
        "speechTimeout": speech_timeout,
        "actionOnEmptyResult": on_nothing,
    }
    return Verb("Gather", attributes=attributes, inside=inside)


def record(
    *,
    action: str,
    callback: str,
    longest_s: int,
    silence_s: int | None = None,
    beep: bool = True,
    transcribe_callback: str | None = None,
    finish_on: str | None = None,
) -> Verb:
    """A recording. `callback` hears when the file is ready; `action` says how the call goes on."""
    attributes: dict[str, Attribute] = {
        "action": action,
        "method": "POST",
        "maxLength": longest_s,
        "timeout": silence_s,
        "finishOnKey": finish_on,
        "playBeep": beep,
        "recordingStatusCallback": callback,
        "recordingStatusCallbackMethod": "POST",
        "transcribe": True if transcribe_callback else None,
        "transcribeCallback": transcribe_callback,
    }
    return Verb("Record", attributes=attributes)


def number(e164: str, *, status_callback: str | None = None, url: str | None = None) -> Verb:
    """A number to dial. `url`: what the one who answers hears before both are joined."""
    events = "initiated ringing answered completed" if status_callback else None
    return Verb(
        "Number", e164, {"url": url, "statusCallback": status_callback, "statusCallbackEvent": events}
    )


def sip(uri: str, *, username: str | None = None, password: str | None = None) -> Verb:
    return Verb("Sip", uri, {"username": username, "password": password})


def dial(
    *targets: Verb,
    action: str | None = None,
    timeout_s: int | None = None,
    caller_id: str | None = None,
    answer_on_bridge: bool | None = None,
    time_limit_s: int | None = None,
    ring_tone: str | None = None,
) -> Verb:
    attributes = {
        "action": action,
        "method": "POST" if action else None,
        "timeout": timeout_s,
        "callerId": caller_id,
        "answerOnBridge": answer_on_bridge,
        "timeLimit": time_limit_s,
        "ringTone": ring_tone,
    }
    return Verb("Dial", attributes=attributes, inside=targets)


def connect_stream(
    url: str,
    parameters: Mapping[str, str] | None = None,
    *,
    status_callback: str | None = None,
    action: str | None = None,
) -> Verb:
    """Audio both ways over a WebSocket. Twilio takes no query in `url`: what it should tell goes into `parameters`."""
    told = tuple(
        Verb("Parameter", attributes={"name": name, "value": value})
        for name, value in (parameters or {}).items()
    )
    stream = Verb("Stream", attributes={"url": url, "statusCallback": status_callback}, inside=told)
    return Verb(
        "Connect", attributes={"action": action, "method": "POST" if action else None}, inside=(stream,)
    )


def redirect(url: str) -> Verb:
    return Verb("Redirect", url, {"method": "POST"})


def reject(reason: str = "rejected") -> Verb:
    """`reason`: `rejected` or `busy`. Only as the first verb; the caller pays nothing."""
    return Verb("Reject", attributes={"reason": reason})


def hangup() -> Verb:
    return Verb("Hangup")


def message(body: str, media: tuple[str, ...] = (), *, status_callback: str | None = None) -> Verb:
    """A text in answer to a text."""
    inside = (Verb("Body", body), *(Verb("Media", url) for url in media))
    return Verb("Message", attributes={"action": status_callback}, inside=inside)


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("", value))


def _attribute(value: str | int | bool) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return escape(_NOT_XML.sub("", text), _IN_ATTRIBUTES)
