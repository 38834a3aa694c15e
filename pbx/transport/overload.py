"""More to do than time to do it: what is put off with a 503, early and cheaply, and what never is (RFC 3261 21.5.4).

How far behind the node is, is how long datagrams wait in its socket. Without this, waiting beyond T1 makes every phone
send again, which is more to do, and then nobody gets through.

    waited 100 to 250 ms    a growing part of what would begin something new is put off
           250 to 400 ms    and then of what comes from known phones: registered ones, and those with credentials
    never                   what belongs to a dialog, CANCEL, ACK, responses, repeated requests
"""

from __future__ import annotations

from collections.abc import Callable

from pbx.sip.hop import Hop
from pbx.sip.message import Request

EARLY_S = 0.1
SPREAD_S = 0.15
"""From the first refusals to nothing but refusals."""
RETRY_AFTER_S = 5
"""At least; up to twice that, so that those that were put off do not all come back at once."""


class Overload:
    """Decides by the latest waiting time. `random` gives 0 ≤ x < 1. `is_known`: a phone to be served before others."""

    def __init__(
        self, *, random: Callable[[], float], is_known: Callable[[Request, Hop], bool] = lambda *_: False
    ) -> None:
        self.is_known = is_known
        self._random = random
        self._waited_s = 0.0

    @property
    def waited_s(self) -> float:
        """How long messages waited lately."""
        return self._waited_s

    def waited(self, seconds: float) -> None:
        """A message waited this long. More is believed at once, less by halves."""
        self._waited_s = seconds if seconds > self._waited_s else (self._waited_s + seconds) / 2

    def retry_after(self, request: Request, hop: Hop) -> int:
        """Seconds after which a request that begins something may come again; 0 to take it now."""
        late_s = self._waited_s - EARLY_S
        if late_s <= 0 or request.method == "CANCEL" or request.to_tag:
            return 0
        if "Authorization" in request.headers or self.is_known(request, hop):
            late_s -= SPREAD_S
        if self._random() * SPREAD_S >= late_s:
            return 0
        return RETRY_AFTER_S + int(self._random() * (RETRY_AFTER_S + 1))
