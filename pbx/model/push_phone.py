"""A phone that can be woken by a push, and how well that works."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["PushNotice", "PushPhone", "PushResult", "WakeService", "WakeTest"]

WakeService = Literal["apns", "fcm", "webpush"]


class PushPhone(Record, frozen=True, kw_only=True):
    """One phone; its token is never part of it."""

    id: str
    extension: str
    service: WakeService
    app: Annotated[str, Meta(description="The app at its platform; empty: the gateway's first.")] = ""
    sandbox: Annotated[bool, Meta(description="The app was installed by its developers.")] = False
    device: Annotated[str, Meta(description="What the device calls itself.")] = ""
    instance: Annotated[
        str | None, Meta(description="Its `+sip.instance`, by which its registrations are known.")
    ] = None
    told_by: Annotated[
        Literal["register", "app"],
        Meta(description="register: by its REGISTER (RFC 8599); app: by an app that has signed in."),
    ]
    seen_at: Annotated[datetime, Meta(description="When it last said that it can be woken.")]
    pushes: Annotated[int, Meta(ge=0, description="How often it was to be woken for a call.")] = 0
    woke: Annotated[int, Meta(ge=0, description="How often it was there in time.")] = 0
    score: Annotated[
        float,
        Meta(ge=0, le=1, description="How surely it wakes: 1 always, 0 never; the last calls count most."),
    ] = 1.0
    last_push_at: datetime | None = None
    last_woke_ms: Annotated[
        float | None, Meta(description="From the push to its REGISTER, the last time that it woke.")
    ] = None
    last_reason: Annotated[str, Meta(description="Why it did not wake the last time; empty: it did.")] = ""
    dead: Annotated[
        bool, Meta(description="Its token is dead: it is woken no more until it says a new one.")
    ] = False
    news: Annotated[
        bool,
        Meta(
            description="Whether it is told of missed calls, voicemail and texts too: an iPhone needs a token for that."
        ),
    ] = True

    @property
    def nameless(self) -> bool:
        """Whether nobody knows what its registrations look like."""
        return self.told_by == "app" and self.instance is None


class WakeTest(Record, frozen=True, kw_only=True):
    """What came of waking a phone now."""

    state: Annotated[
        Literal["woke", "awake", "silent", "refused"],
        Meta(
            description="woke: it has registered; awake: the push was taken, and it was awake before; silent: the "
            "push was taken, but it did not register in time; refused: the push was not taken."
        ),
    ]
    after_ms: Annotated[float | None, Meta(description="From the push to its REGISTER.")] = None
    reason: Annotated[str, Meta(description="Why it did not wake.")] = ""


CallOver = Literal["", "elsewhere", "declined", "gave_up", "no_answer"]
"""Why a call rings no more on a phone: somebody else has it, somebody declined it for all, its caller hung up, or
nobody came in time."""


class PushNotice(Record, frozen=True, kw_only=True):
    """What a phone is told."""

    kind: Literal["incoming", "cancel", "missed", "voicemail", "message"]
    phone: PushPhone
    token: str
    call_id: str = ""
    caller: str = ""
    caller_name: str = ""
    title: str = ""
    text: str = ""
    decline: str = ""
    """With this the phone declines the call that it is woken for, once, before it has registered."""
    reason: CallOver = ""
    """Of a cancel: why the call rings no more."""
    by: str = ""
    """Of a cancel: who answered, where it was not another phone of the same extension."""
    good_for_s: float = 30.0


class PushResult(Record, frozen=True, kw_only=True):
    """What became of it: `sent` was taken by the platform; of a `gone` phone the token is dead."""

    state: Literal["sent", "gone", "failed"]
    reason: str = ""
