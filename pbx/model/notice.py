"""Notices: what the administrator is told, and to whom they are sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Label, Slug

__all__ = ["Delivery", "Notice", "NoticeKind", "NoticeList", "NoticeTarget", "NoticeTargetWrite", "Post"]

NoticeKind = Literal["emergency", "limit", "recording", "replication", "sync", "certificate", "alarm", "test"]

Post = Callable[[NoticeKind, str, str, dict[str, str]], object]
"""Tells the administrator: kind, title, text, and what differs from time to time. Returns at once."""

SigningKey = Annotated[
    str,
    Meta(
        min_length=16,
        max_length=128,
        pattern=r"^[\x21-\x7e]*$(?!\n)",
        title="Signing key",
        description="What a webhook is signed with (HMAC-SHA256): 16 to 128 printable ASCII characters.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]


class NoticeTarget(Record, frozen=True, kw_only=True):
    """Where notices are sent: a mailbox (by the mail server of the node's settings), or a web address (by POST)."""

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    address: Annotated[
        str,
        Meta(
            pattern=r"^(?:https?://[!-~]{1,500}|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253})$(?!\n)",
            max_length=512,
            title="Address",
            description="A mail address, or the http(s) address of a webhook.",
            examples=["boss@office.example", "https://office.example/hooks/bellwire"],
        ),
    ]
    kinds: Annotated[
        tuple[NoticeKind, ...], Meta(max_length=10, title="Only these", description="None: all notices.")
    ] = ()

    @property
    def is_webhook(self) -> bool:
        return self.address.startswith(("http://", "https://"))


class NoticeTargetWrite(NoticeTarget, frozen=True, kw_only=True):
    """A target as it is written. Without `signing_key` an existing one keeps the key it has."""

    signing_key: SigningKey | None = None


class Delivery(Record, frozen=True, kw_only=True):
    """A notice on its way to one target."""

    target: str
    state: Literal["waiting", "sent", "failed"] = "waiting"
    attempts: int = 0
    next_at: datetime | None = None
    error: Annotated[str, Meta(description="Why the last attempt failed.")] = ""


class Notice(Record, frozen=True, kw_only=True):
    """Something the administrator should know. Its `id` stays the same over all attempts to send it."""

    id: str
    at: datetime
    kind: NoticeKind
    title: str
    text: Annotated[str, Meta(description="What happened and what to do, in plain words.")] = ""
    facts: Annotated[dict[str, str], Meta(description="The same for programs.")] = msgspec.field(
        default_factory=dict
    )
    deliveries: tuple[Delivery, ...] = ()


class NoticeList(Record, frozen=True, kw_only=True):
    """A page of notices."""

    items: tuple[Notice, ...]
    total: Annotated[int, Meta(ge=0, description="How many there are in all, beyond this page.")]
