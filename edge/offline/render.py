"""An answer of the dialogue as TwiML. After what listens or records there is always a way on, for silence too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.offline.state import State
from edge.offline.steps import Answer, Ask, HangUp, Ring, Take
from edge.twilio import twiml

__all__ = ["Addresses", "render"]

SILENCE_S = 8
"""So long nothing is said in a message, and it is over."""
HINT_LETTERS = 4000


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Twilio asks on. `recording` and `transcription` get whose message it is."""

    next: Callable[[State], str]
    recording: Callable[[str], str]
    transcription: Callable[[str], str]


def render(
    answer: Answer, addresses: Addresses, *, language: str, voice: str = "", transcribed: bool = False
) -> str:
    """`transcribed`: Twilio is to write messages down."""
    says = [twiml.say(text, language=language, voice=voice or None) for text in answer.says]
    return twiml.response(*_verbs(says, answer, addresses, language, transcribed))


def _verbs(
    says: list[twiml.Verb], answer: Answer, addresses: Addresses, language: str, transcribed: bool
) -> list[twiml.Verb]:
    does = answer.does
    if isinstance(does, HangUp):
        return [*says, twiml.hangup()]
    onward = addresses.next(does.then)
    if isinstance(does, Ask):
        return [_gather(says, does, onward, language), twiml.redirect(onward)]
    if isinstance(does, Ring):
        numbers = [twiml.number(each) for each in does.numbers]
        return [
            *says,
            twiml.dial(*numbers, action=onward, timeout_s=does.seconds, caller_id=does.shown or None),
            twiml.redirect(onward),
        ]
    return [*says, _record(does, addresses, onward, transcribed), twiml.redirect(onward)]


def _gather(says: list[twiml.Verb], does: Ask, onward: str, language: str) -> twiml.Verb:
    return twiml.gather(
        *says,
        action=onward,
        input="speech dtmf" if does.speech else "dtmf",
        timeout_s=does.wait_s,
        digits=does.most_digits,
        finish_on="#",
        language=language if does.speech else None,
        hints=_hints(does.hints) if does.speech else None,
        speech_timeout="auto" if does.speech else None,
    )


def _record(does: Take, addresses: Addresses, onward: str, transcribed: bool) -> twiml.Verb:
    return twiml.record(
        action=onward,
        callback=addresses.recording(does.extension),
        longest_s=does.seconds,
        silence_s=SILENCE_S,
        transcribe_callback=addresses.transcription(does.extension) if transcribed else None,
        finish_on="#",
    )


def _hints(hints: tuple[str, ...]) -> str | None:
    said = ""
    for each in hints:
        if len(said) + len(each) + 2 > HINT_LETTERS:
            break
        said = f"{said}, {each}" if said else each
    return said or None
