"""Webhooks: web addresses that are told what the live screen is told, and how each of these deliveries went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.notice import SigningKey
from pbx.model.scalars import Label, Slug

__all__ = ["TOPICS", "Topic", "Webhook", "WebhookDelivery", "WebhookWrite"]

Topic = Literal[
    "calls",
    "registrations",
    "extensions",
    "extension_states",
    "conferences",
    "mailboxes",
    "queues",
    "trunks",
    "recordings",
    "flows",
    "health",
    "drills",
    "settings",
    "conversations",
    "campaigns",
    "numbers",
    "edge",
]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""What the live events are about."""


class Webhook(Record, frozen=True, kw_only=True):
    """A web address to which live events are sent by POST, in their order, one after the other."""

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[!-~]{1,500}$(?!\n)",
            max_length=512,
            title="Address",
            description="Answers 2xx when it has taken an event. 4xx: it never will; anything else is tried again.",
            examples=["https://office.example/hooks/bellwire"],
        ),
    ]
    topics: Annotated[
        tuple[Topic, ...], Meta(max_length=20, title="Only these", description="None: all topics.")
    ] = ()


class WebhookWrite(Webhook, frozen=True, kw_only=True):
    """A webhook as it is written. Without `signing_key` an existing one keeps the key it has."""

    signing_key: SigningKey | None = None


class WebhookDelivery(Record, frozen=True, kw_only=True):
    """One event on its way to one webhook."""

    id: Annotated[str, Meta(description="Stays the same over all attempts: X-Bellwire-Id.")]
    webhook: str
    topic: str
    at: datetime
    state: Literal["waiting", "sent", "failed"] = "waiting"
    attempts: int = 0
    next_at: Annotated[datetime | None, Meta(description="When it is tried again.")] = None
    done_at: datetime | None = None
    status: Annotated[int, Meta(description="Of the last answer; 0 without one.")] = 0
    error: Annotated[str, Meta(description="Why the last attempt failed.")] = ""
    body: Annotated[str, Meta(description="What is sent, as JSON.")] = ""
