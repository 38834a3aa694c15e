"""Texts as the API speaks of them: conversations, messages, pictures, notes.

A conversation is a pair of numbers. Its address is written as an incoming text's is: `from` is the other side, `to` is
the office's number.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.model.base import Record

__all__ = [
    "E164",
    "MOST_LETTERS",
    "Attachment",
    "Author",
    "Conversation",
    "ConversationAssignment",
    "ConversationDetail",
    "ConversationEvent",
    "ConversationNote",
    "ConversationNoteWrite",
    "ConversationQuery",
    "ConversationReply",
    "Conversations",
    "DetailQuery",
    "ListQuery",
    "Mode",
    "Moment",
    "Name",
    "Ours",
    "SmsSend",
    "State",
    "TextMessage",
    "TextTrial",
    "TextTrialAnswer",
    "TextTrialTurn",
    "TypingState",
    "Words",
]

MOST_LETTERS = 1600
"""Twilio takes no more in one message."""

E164 = Annotated[
    str,
    Meta(pattern=r"^\+[1-9][0-9]{4,14}$(?!\n)", description="A number in E.164.", examples=["+12025550123"]),
]
Ours = Annotated[
    str,
    Meta(
        pattern=r"^\+[1-9][0-9]{4,14}$(?!\n)",
        description="A number of the office.",
        examples=["+12025550123"],
    ),
]
Words = Annotated[str, Meta(max_length=MOST_LETTERS, extra_json_schema={"x-widget": "textarea"})]
Moment = Annotated[int, Meta(description="ms since 1970, UTC")]
Name = Annotated[str, Meta(max_length=100)]

Mode = Literal["ai", "waiting", "person"]
"""Who answers: the AI; the AI what it surely knows, while a person is waited for; a person only."""
State = Literal["received", "queued", "sending", "sent", "delivered", "failed", "uncertain"]
Author = Literal["them", "person", "ai", "keyword", "flow", "campaign"]


class ListQuery(Record, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    q: Annotated[str, Meta(max_length=100, description="Words to look for.")] = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, or another file of a message. `wanted`: it is still being fetched."""

    id: str
    type: str
    size: int
    state: Literal["wanted", "stored", "failed"]
    reason: str = ""


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `reason` says in plain words what is wrong with one that failed or is uncertain."""

    id: str
    from_: str = msgspec.field(name="from")
    to: str
    direction: Literal["in", "out"]
    author: Author
    actor: str
    text: str
    at: Moment
    state: State
    code: Annotated[int, Meta(description="Twilio's number of the error; 0 without one.")] = 0
    reason: str = ""
    segments: int = 0
    campaign: str = ""
    media: tuple[Attachment, ...] = ()


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """As the list shows it. `last_id` names what was last; a reply says which it has seen."""

    from_: str = msgspec.field(name="from")
    to: str
    mode: Mode
    assigned_to: str
    unread: int
    last_id: str
    last_at: Moment
    last_text: str
    last_direction: Literal["in", "out"]
    last_writer: str
    typing: Annotated[str, Meta(description="Who of the office is writing just now.")] = ""
    opted_out: bool = False


class Conversations(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Conversation, ...]
    total: int
    unread: Annotated[int, Meta(description="How many conversations of the office have unread texts.")]


class ConversationQuery(ListQuery, frozen=True, kw_only=True):
    unread: bool = False
    mode: Mode | None = None
    assigned_to: Annotated[str, Meta(max_length=100, description="A name, or - for nobody.")] = ""
    number: Annotated[str, Meta(max_length=20, description="One of the office's numbers.")] = ""


class ConversationNote(msgspec.Struct, frozen=True, kw_only=True):
    """Only the office reads it."""

    id: str
    actor: str
    at: Moment
    text: str


class ConversationNoteWrite(Record, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=4000, extra_json_schema={"x-widget": "textarea"})]


class ConversationDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` are the latest, oldest first; `more`: there are older ones."""

    conversation: Conversation
    messages: tuple[TextMessage, ...]
    notes: tuple[ConversationNote, ...]
    more: bool


class DetailQuery(Record, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    before: Annotated[str, Meta(max_length=26, description="Older than this message.")] = ""


class ConversationReply(Record, frozen=True, kw_only=True):
    """An answer by a person. `seen` is the `last_id` that was on the screen; with `anyway` nobody is asked."""

    from_: E164 = msgspec.field(name="from")
    to: Ours
    text: Words = ""
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    seen: Annotated[str, Meta(max_length=26)] = ""
    anyway: bool = False


class SmsSend(Record, frozen=True, kw_only=True):
    """A text to anybody. The same `id` twice is one text."""

    to: E164
    text: Words = ""
    from_: Annotated[
        Ours | None,
        Meta(description="Which of the office's numbers; null: the one they last wrote to, or the first."),
    ] = msgspec.field(name="from", default=None)
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    id: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")] = ""
    author: Annotated[
        Literal["person", "flow"], Meta(description="Who speaks: a flow does not take a thread over.")
    ] = "person"


class TypingState(Record, frozen=True, kw_only=True):
    typing: bool = True


class ConversationAssignment(Record, frozen=True, kw_only=True):
    to: Annotated[Name, Meta(description="Who looks after it; empty: nobody in particular.")] = ""


class TextTrialTurn(Record, frozen=True, kw_only=True):
    who: Literal["them", "us"]
    text: Words


class TextTrial(Record, frozen=True, kw_only=True):
    """A made-up conversation, oldest first."""

    turns: Annotated[tuple[TextTrialTurn, ...], Meta(min_length=1, max_length=50)]


class TextTrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`hands_over`: a person would be called. `facts` are the topics it used."""

    text: str
    hands_over: bool
    facts: tuple[str, ...]
    by: Literal["matcher", "model"]


class ConversationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Told live on the topic `conversations`."""

    what: Literal["message", "state", "conversation", "note", "settings", "gone"]
    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    conversation: Conversation | None = None
    message: TextMessage | None = None
