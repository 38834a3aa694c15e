"""Why a call is over, and who ended it."""

from __future__ import annotations

import msgspec

from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import LegCause


class Ending(msgspec.Struct, frozen=True):
    """`by` is "a", "b1" … or "node"; `reason` and `headers` go into the refusal of a call never answered."""

    cause: LegCause
    status: int = 0
    by: str = "node"
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, error: PeerError) -> Ending:
        """The ending of a call that is refused with `error`."""
        return cls(
            cause_of_status(error.sip_status), error.sip_status, reason=error.reason, headers=error.headers
        )
