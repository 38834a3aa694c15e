"""What a platform is to the gateway: something that takes one message for one token and says what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from mobile_push.model import PlatformStatus, Push

Verdict = Literal["sent", "gone", "refused", "again", "unconfigured"]


@dataclass(frozen=True, slots=True)
class Message:
    """A push for one phone. `expires_at` is in Unix seconds."""

    push: Push
    token: str
    expires_at: float
    app: str = ""
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt came to. `again` is worth another, after `retry_after_s` where the platform said so.

    `dead_since` is when a token that is gone died, where that is known.
    """

    verdict: Verdict
    reason: str = ""
    status: int = 0
    retry_after_s: float | None = None
    dead_since: float | None = None


class Provider(Protocol):
    """Apple, Google, or a browser's push service."""

    async def send(self, message: Message, timeout_s: float) -> Answer:
        """One attempt; answers in time, whatever the platform does."""
        ...

    def status(self) -> PlatformStatus: ...

    async def run(self) -> None:
        """What keeps it ready: connections, for one."""
        ...

    async def aclose(self) -> None: ...


def seconds_of(text: str | None) -> float | None:
    """Retry-After in seconds; a date, which no platform sends, counts as nothing."""
    try:
        return max(0.0, min(float(text), 3600.0)) if text else None
    except ValueError:
        return None


def data_of(message: Message) -> dict[str, str]:
    """What the app gets to read, whichever the platform: only strings, nothing that is empty."""
    push = message.push
    data = {
        "kind": push.kind,
        "call_id": push.call_id,
        "caller": push.caller,
        "caller_name": push.caller_name,
        "extension": push.extension,
        "title": push.title,
        "text": push.text,
        "decline": push.decline,
        "reason": push.reason,
        "by": push.by,
        "expires_at": str(int(message.expires_at)),
    }
    return {name: value for name, value in data.items() if value}


TITLES = {"missed": "Missed call", "voicemail": "New voice message", "message": "New message"}


def shown(push: Push) -> tuple[str, str]:
    """Title and text of a notice, where the office has said none."""
    return push.title or TITLES.get(push.kind, ""), push.text or push.caller_name or push.caller
