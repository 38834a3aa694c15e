"""What an office has set for its receptionist at the edge: for callers while it is offline, for texts at any time."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.model.directory import E164

__all__ = ["HeldVoicemail", "HeldVoicemails", "Receptionist", "Tone", "Trial", "TrialAnswer"]

Tone = Literal["friendly", "formal", "brief"]
Line = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$(?!\n)"


class Receptionist(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record an office. All of it has defaults, so that an office that has set nothing is answered too."""

    greeting: Annotated[
        str,
        Meta(
            max_length=600,
            pattern=Line,
            title="Greeting",
            description="What callers hear first while the office is offline; empty: the built-in one.",
            extra_json_schema={"x-widget": "textarea"},
        ),
    ] = ""
    greeting_closed: Annotated[
        str,
        Meta(
            max_length=600,
            pattern=Line,
            title="Greeting when closed",
            description="Outside the opening hours; empty: the greeting above, and that the office is closed.",
            extra_json_schema={"x-widget": "textarea"},
        ),
    ] = ""
    facts: Annotated[
        str,
        Meta(
            max_length=8000,
            pattern=Line,
            title="What it may tell",
            description="One fact a line, with its topic. It is told word for word; nothing else is.",
            examples=["Address: 1 Main Street.\nParking: behind the house."],
            extra_json_schema={"x-widget": "textarea"},
        ),
    ] = ""
    tone: Annotated[Tone, Meta(title="Tone", description="Of replies to texts that a chat model writes.")] = (
        "friendly"
    )
    language: Annotated[
        Literal["", "en", "de"],
        Meta(title="Language", description="Of what callers hear; empty: that of the office."),
    ] = ""
    voice: Annotated[
        str,
        Meta(
            max_length=60,
            pattern=r"^[A-Za-z0-9.-]*$(?!\n)",
            title="Voice",
            description="A voice as Twilio names it; empty: Twilio's choice for the language.",
            examples=["Polly.Joanna"],
        ),
    ] = ""
    listens: Annotated[
        bool,
        Meta(
            title="Callers may speak",
            description="Off: the receptionist takes keys only. Twilio charges for speech recognition.",
        ),
    ] = True
    answers_texts: Annotated[
        bool, Meta(title="Answers texts", description="Off: texts wait for a person.")
    ] = True
    memory_days: Annotated[
        int,
        Meta(
            ge=0,
            le=365,
            title="Remembers texts for",
            description="How much of a conversation it looks at before it replies.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 7
    confidence: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Sure from",
            description="An answer that is less sure is asked back. 1: every answer is.",
        ),
    ] = 0.9
    fallback_number: Annotated[
        E164 | None,
        Meta(
            title="Front desk",
            description="Who is called for callers who want a person; empty: the office's fallback number.",
        ),
    ] = None
    mailbox: Annotated[
        str,
        Meta(
            max_length=12,
            pattern=r"^[0-9]*$(?!\n)",
            title="Messages for nobody in particular",
            description="The extension whose mailbox takes them; empty: the office decides.",
        ),
    ] = ""
    ring_s: Annotated[
        int,
        Meta(
            ge=5,
            le=60,
            title="Rings for",
            description="At a forwarding number.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 25
    rings_when_closed: Annotated[
        bool,
        Meta(
            title="Calls forwarding numbers when closed",
            description="Off: outside the opening hours callers leave a message.",
        ),
    ] = True
    max_message_s: Annotated[
        int, Meta(ge=10, le=600, title="Longest message", extra_json_schema={"x-unit": "s"})
    ] = 180
    transcription: Annotated[
        Literal["server", "twilio", "none"],
        Meta(
            title="Messages in writing",
            description="By the edge's own speech server where it has one; by Twilio, which knows English only and "
            "charges for it; or not here. The office may still write them down.",
        ),
    ] = "server"


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller says in a test, and what was said before. `settings` are tried before they are stored."""

    text: Annotated[str, Meta(max_length=400, title="Says")] = ""
    digits: Annotated[str, Meta(max_length=20, pattern=r"^[0-9*#]*$(?!\n)", title="Presses")] = ""
    state: Annotated[
        str, Meta(max_length=4000, description="As the answer before gave it; empty: the call begins.")
    ] = ""
    settings: Receptionist | None = None
    closed: Annotated[
        bool | None, Meta(description="As if the office were closed, or open; null: as it is now.")
    ] = None


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller would hear, what would happen, and why."""

    says: tuple[str, ...]
    does: Annotated[
        Literal["listens", "calls", "records", "hangs_up"],
        Meta(description="What comes after the words."),
    ]
    target: Annotated[str, Meta(description="Who would be called, or whose message it would be.")] = ""
    numbers: tuple[str, ...] = ()
    state: Annotated[str, Meta(description="For the next turn; empty when the call would be over.")] = ""
    understood: Annotated[
        str, Meta(description="transfer, voicemail, information, goodbye, unsure; empty without words.")
    ] = ""
    by: Annotated[str, Meta(description="Who understood it: the chat model or the built-in matcher.")] = ""
    confidence: float = 0.0
    why: str = ""
    directory_from: Annotated[
        int | None, Meta(description="When the office last sent its directory (ms since 1970).")
    ] = None


class HeldVoicemail(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the office does not have yet. `state` says what it waits for, `error` why that has failed."""

    id: str
    extension: str
    from_number: str
    to_number: str
    received_at: int
    duration_s: float
    state: Literal["fetching", "writing_down", "waiting", "refused", "lost"]
    transcript: str | None = None
    attempts: int = 0
    error: str = ""


class HeldVoicemails(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[HeldVoicemail, ...]
    total: int
