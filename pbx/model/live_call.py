"""A call that is going on, as the live screen shows it: a fold over the same events as the CDR."""

from __future__ import annotations

from datetime import datetime

import msgspec


class LiveLeg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One leg. `state` is "dialling", "ringing", "talking", "held"; `audio` is "none", "flowing" or "silent"."""

    leg: str
    party: str
    state: str
    audio: str = "none"


class LiveCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call. `state` is "routing", "ringing", "talking", "held" or "ended"."""

    id: str
    from_number: str
    from_name: str
    dialled: str
    to_name: str
    state: str
    started_at: datetime
    answered_at: datetime | None
    legs: tuple[LiveLeg, ...]
