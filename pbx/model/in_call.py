"""What every event of a call says: which call, and when."""

from __future__ import annotations

from datetime import datetime

import msgspec


class InCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """`call` is the call's id, `at` is aware UTC."""

    call: str
    at: datetime
