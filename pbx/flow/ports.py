"""What nodes may do with a call and with the world, as small Protocols.

A telephone call and a simulated caller both fit them, so "try this flow without a phone" runs the very nodes that a
call runs. What a party hears is described, not sounded: `Say` names a prompt, a text or a phrase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from pbx.model.schedule import Schedule

__all__ = [
    "Answer",
    "CallOver",
    "Chat",
    "Choice",
    "Line",
    "Listening",
    "Messages",
    "Office",
    "Phrase",
    "Ports",
    "Prompt",
    "Reach",
    "Reached",
    "Say",
    "Text",
    "Wanted",
    "Web",
    "WebAnswer",
    "WebRequest",
]


class Prompt(msgspec.Struct, frozen=True):
    """A sound of the office, by its key."""

    id: str


class Text(msgspec.Struct, frozen=True):
    """Words for the voice of the node."""

    text: str
    language: str = ""


class Phrase(msgspec.Struct, frozen=True):
    """A sentence of the system, with what belongs into it."""

    name: str
    values: Mapping[str, str | int | datetime] = msgspec.field(default_factory=dict)
    language: str = ""


Say = Prompt | Text | Phrase

Reached = Literal["talked", "no_answer", "busy", "unreachable", "refused", "left"]
"""What became of it: somebody talked with the caller, or was there (the call is over, or comes back when that room
lets it); nobody took it; all are in a call; no phone is there; it may not be; the caller left by a key."""


class CallOver(Exception):  # noqa: N818  the ordinary end of a call is no error
    """The call has been ended; the walk stops where it is."""


class Line(Protocol):
    """The caller, alone with the node."""

    @property
    def now(self) -> datetime:
        """Aware."""
        ...

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        """Answer, and play; returns the key that cut it short, "" when all was heard."""
        ...

    async def ask(
        self,
        *what: Say,
        most: int = 1,
        end: str = "#",
        first_s: float = 5.0,
        between_s: float = 3.0,
        barge_in: bool = True,
    ) -> str:
        """Answer, play, and collect up to `most` keys without the `end` key; "" when none comes."""
        ...

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        """Let time pass, unanswered where the call is; returns a key that was pressed, which ends it."""
        ...

    def show(self, *, number: str | None = None, name: str | None = None) -> None:
        """From now on, those who are rung see this of the caller."""
        ...

    async def record(self, do: Literal["on", "off", "pause", "resume"]) -> None:
        """The recording of the call. Raises `NodeError`."""
        ...

    async def hang_up(self, status: int = 0, *, tone: Literal["", "busy", "congestion"] = "") -> None:
        """End the call: unanswered with this SIP status, answered after the tone. Raises `CallOver`."""
        ...


class Reach(Protocol):
    """Whom the caller can be given to. Each returns when that is over. Raises `NodeError` for what is not there."""

    async def extension(self, number: str, *, ring_s: int | None, voicemail: bool) -> Reached:
        """Its phones, with its forwarding and follow-me; `voicemail`: its mailbox may take the call too."""
        ...

    async def ring_group(self, number: str) -> Reached: ...

    async def queue(self, number: str, *, priority: int = 0) -> Reached: ...

    async def dial(
        self, destination: str, *, rights: str | None = None, ring_s: int | None = None
    ) -> Reached:
        """What an extension would dial to get there; an outside number needs the `rights` of an extension."""
        ...

    async def transfer(self, destination: str, *, rights: str | None = None) -> Reached:
        """The same, and the flow is over whatever becomes of it."""
        ...

    async def voicemail(self, mailbox: str, *, greeting: bool = True) -> Reached:
        """Leave a message."""
        ...

    async def check_voicemail(self, mailbox: str | None) -> Reached:
        """The menu of a mailbox; None asks for which."""
        ...

    async def conference(self, number: str) -> Reached: ...

    async def park(self, slot: str = "") -> Reached: ...

    async def page(self, group: str) -> Reached: ...


class Office(Protocol):
    """What nodes may know of the office."""

    def caller_list(self, number: str) -> Literal["allow", "block", "vip", ""]:
        """What the office's rules say of this caller."""
        ...

    def flag(self, id: str) -> bool:
        """Whether a switch of the office (night mode) is on. Raises `NodeError` when there is none."""
        ...

    def is_holiday(self, at: datetime, country: str, region: str = "") -> str:
        """The name of the public holiday that this day is; "" for none."""
        ...

    def schedule(self, id: str) -> Schedule:
        """Raises `NodeError` when there is none."""
        ...

    def people(self) -> Mapping[str, str]:
        """Number → name of the extensions that are listed in the directory."""
        ...

    def exists(self, number: str) -> bool:
        """Whether an extension, group, queue or room of the office has it."""
        ...

    def state_of(self, number: str) -> Literal["free", "busy", "unreachable", ""]:
        """An extension, as its lamp shows it; "" for none."""
        ...

    @property
    def time_zone(self) -> str: ...


class WebRequest(msgspec.Struct, frozen=True):
    """`signing_key` signs the body; "" does not."""

    method: Literal["GET", "POST"]
    url: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    signing_key: str = ""
    timeout_s: float = 5.0


class WebAnswer(msgspec.Struct, frozen=True):
    """`fields` are those of a JSON object, else none."""

    status: int
    fields: Mapping[str, object]


class Web(Protocol):
    async def request(self, request: WebRequest) -> WebAnswer:
        """Raises `NodeError` when there is no answer in time."""
        ...


class Messages(Protocol):
    """What is sent for a call; each is queued and tried again, so none waits for a server."""

    async def mail(self, to: str, subject: str, text: str) -> None:
        """Raises `NodeError` when the node has no mail server."""
        ...

    async def text(self, to: str, text: str) -> None:
        """A text message. Raises `NodeError` when the office has no way to send one."""
        ...

    async def call_back(self, number: str, destination: str, note: str) -> None:
        """Have the number called back, and given to the destination."""
        ...


class Answer(msgspec.Struct, frozen=True):
    """What a caller said: the words, as far as they were understood, and how sure that is (0 to 1); or a key."""

    text: str = ""
    confidence: float = 0.0
    key: str = ""


class Listening(Protocol):
    """Speech recognition. `expected` are the names and words that may be said."""

    async def listen(
        self, *what: Say, expected: Sequence[str], language: str = "", max_s: float = 8.0
    ) -> Answer:
        """Play, and listen; a key ends it. Raises `NodeError` when there is no recogniser."""
        ...


class Choice(msgspec.Struct, frozen=True):
    """What a caller may want: an exit of the node, and the words that mean it."""

    exit: str
    target: str
    words: tuple[str, ...]


class Wanted(msgspec.Struct, frozen=True):
    """One of the choices, or none of them (`exit` ""); `say` is what to tell the caller.

    `candidates` are those between which it is not sure.
    """

    exit: str = ""
    target: str = ""
    say: str = ""
    sure: bool = False
    candidates: tuple[Choice, ...] = ()


class Chat(Protocol):
    """Understands what a caller wants, among `choices` only."""

    async def decide(
        self, said: Sequence[tuple[Literal["caller", "us"], str]], *, choices: Sequence[Choice], facts: str
    ) -> Wanted: ...


class Ports(msgspec.Struct, frozen=True):
    """All of them, for one call. Without `listening` there is no speech; without `chat` nobody understands it."""

    line: Line
    reach: Reach
    office: Office
    web: Web
    messages: Messages
    listening: Listening | None = None
    chat: Chat | None = None
