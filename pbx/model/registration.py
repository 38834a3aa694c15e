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
