"""More to do than time to do it: what is put off with a 503, early and cheaply, and what never is (RFC 3261 21.5.4).

How far behind the node is, is how long datagrams wait in its socket. Without this, waiting beyond T1 makes every phone
send again, which is more to do, and then nobody gets through.

    behind 300 to 600 ms    a growing part of what would begin something new is put off
           600 to 900 ms    and then of what comes from known phones: registered ones, and those with credentials
    never                   calls for help, what belongs to a dialog, CANCEL, ACK, responses, repeated requests

A burst is no overload: what counts is the shortest wait of the last half second (as in CoDel, RFC 8289 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.dialling import user_of

EARLY_S = 0.3
SPREAD_S = 0.3
"""From the first refusals to nothing but refusals."""
WINDOW_S = 0.5
RETRY_AFTER_S = 5
"""At least; up to twice that, so that those that were put off do not all come back at once."""


class Overload:
    """Decides by how long messages wait. `random` gives 0 ≤ x < 1. `is_known`: a phone to be served before others.

    `calls_for_help` knows the numbers that are never put off.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        random: Callable[[], float],
        is_known: Callable[[Request, Hop], bool] = lambda *_: False,
        calls_for_help: Callable[[str], bool] = lambda _number: False,
    ) -> None:
        self.is_known = is_known
        self.calls_for_help = calls_for_help
        self._monotonic = monotonic
        self._random = random
        self._began = -math.inf
        self._shortest_s = 0.0
        self._shortest_before_s = 0.0

    @property
    def behind_s(self) -> float:
        """The shortest wait lately; 0 when nothing was read for a while."""
        if self._monotonic() - self._began > 2 * WINDOW_S + self._shortest_s:
            return 0.0
        return min(self._shortest_s, self._shortest_before_s)

    @property
    def is_late(self) -> bool:
        """Whether anything may have to be put off."""
        return self._shortest_s > EARLY_S and self.behind_s > EARLY_S

    def waited(self, seconds: float) -> None:
        """A message that is read now has waited this long."""
        now = self._monotonic()
        age_s = now - self._began
        if age_s < WINDOW_S:
            self._shortest_s = min(self._shortest_s, seconds)
            return
        # After a silence there is no window before this one: nothing can have waited through it.
        self._shortest_before_s = self._shortest_s if age_s < 2 * WINDOW_S + self._shortest_s else 0.0
        self._shortest_s, self._began = seconds, now

    def retry_after(self, request: Request, hop: Hop) -> int:
        """Seconds after which a request that begins something may come again; 0 to take it now."""
        late_s = self.behind_s - EARLY_S
        if late_s <= 0 or request.method == "CANCEL" or request.to_tag:
            return 0
        if request.method == "INVITE" and self.calls_for_help(user_of(request.uri)):
            return 0
        if "Authorization" in request.headers or self.is_known(request, hop):
            late_s -= SPREAD_S
        if self._random() * SPREAD_S >= late_s:
            return 0
        return RETRY_AFTER_S + int(self._random() * (RETRY_AFTER_S + 1))
