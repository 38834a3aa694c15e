"""What happened to registrations, as the live screen and metrics are told."""

from __future__ import annotations

import msgspec


class Registered(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="registered"):
    """A phone that was not there before registered."""

    extension: str
    contact_uri: str
    user_agent: str = ""


class Unregistered(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unregistered"):
    """A phone is gone. `reason` is "unregistered" (it said so) or "expired" (it no longer refreshed)."""

    extension: str
    contact_uri: str
    reason: str


class Reachable(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reachable"):
    """A registered phone answers a question of ours, and did not before."""

    extension: str
    contact_uri: str


class Unreachable(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unreachable"):
    """A registered phone no longer answers, or its connection has closed: it cannot be rung."""

    extension: str
    contact_uri: str
    reason: str


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a phone can be rung; `reachable` None while that is not known. `checked_at` in Unix seconds."""

    reachable: bool | None = None
    round_trip_ms: float | None = None
    checked_at: float | None = None
