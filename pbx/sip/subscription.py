"""One subscription at its notifier (RFC 6665 4.2): when a NOTIFY is sent, and when it is over.

    ACTIVE ──Expires: 0, expiry, end()──▶ ENDING ──answer or silence──▶ OVER
    ACTIVE ──481, or answered by nobody for long──────────────────────▶ OVER

One NOTIFY is under way at a time, so that a phone never sees states out of order. Changes that come meanwhile, or too
soon after the last NOTIFY, become one: the state is read when it is sent, so the last one always is. A phone that is
silent is tried again for a while: it may only have lost its network, and would not learn of a subscription that was
dropped before it refreshes. Time is an argument; whoever owns the machine performs its actions and calls `due` at
`wake_at`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

from pbx.core.errors import PeerError
from pbx.sip.errors import ParseError
from pbx.sip.fields import read_params
from pbx.sip.message import Request

GATHER_S: Final = 0.03
"""Changes of one moment (a leg goes from one call to another) are told as one."""
PAUSE_S: Final = 0.2
"""At least this long between two NOTIFYs: five a second."""
RETRY_S: Final = 2.0
RETRY_MAX_S: Final = 120.0
MOST_MISSES: Final = 8
"""So many NOTIFYs without an answer in a row, some ten minutes, and the phone counts as gone."""

GONE: Final = frozenset({404, 405, 410, 416, *range(480, 486), 489, 501, 604})
"""Answers to a NOTIFY that end the subscription, unless they name a time to come back (RFC 6665 4.2.2)."""


class Expiries(msgspec.Struct, frozen=True):
    """How long subscriptions may last, in seconds."""

    least_s: int = 60
    default_s: int = 3600
    most_s: int = 7200


class Wanted(msgspec.Struct, frozen=True):
    """What a SUBSCRIBE asks for. `event_id` is the Event header's `id`, None when it has none."""

    event: str
    event_id: str | None
    expires_s: int


class Notify(msgspec.Struct, frozen=True):
    """Send a NOTIFY. `state` is Subscription-State; `full`: what the phone knows is not certain."""

    state: str
    full: bool


class Drop(msgspec.Struct, frozen=True):
    """The subscription is over: forget it."""

    why: str


Action = Notify | Drop


class Phase(Enum):
    ACTIVE = "active"
    ENDING = "ending"
    OVER = "over"


class Subscription:
    """The machine. Each input returns what is to be done now; then look at `wake_at`."""

    __slots__ = (
        "_full",
        "_in_flight",
        "_misses",
        "_not_before",
        "_owed",
        "_reason",
        "expires_at",
        "phase",
    )

    def __init__(self, expires_s: float, now: float, *, first_after_s: float = 0.0) -> None:
        """A full NOTIFY is owed at once, or `first_after_s` later. `expires_s` 0 asks for the state and no more."""
        self.phase = Phase.ACTIVE if expires_s > 0 else Phase.ENDING
        self.expires_at = now + expires_s
        self._reason = "timeout"
        self._owed = self._full = True
        self._in_flight = False
        self._misses = 0
        self._not_before = now + first_after_s

    @property
    def wake_at(self) -> float | None:
        """When `due` wants to be called; None: only an answer or another input moves it on."""
        if self.phase is Phase.OVER or self._in_flight:
            return self.expires_at if self.phase is Phase.ACTIVE else None
        if self.phase is Phase.ENDING:
            return self._not_before
        return min(self._not_before, self.expires_at) if self._owed else self.expires_at

    def expires_in(self, now: float) -> int:
        """Whole seconds left; at least 0."""
        return max(0, round(self.expires_at - now))

    # -- inputs ----------------------------------------------------------------------------------------------------

    def refreshed(self, expires_s: int, now: float) -> list[Action]:
        """SUBSCRIBE in the dialog: it lasts on, or ends with 0. The whole state is told again (RFC 6665 4.2.1.2)."""
        if self.phase is not Phase.ACTIVE:
            return []
        self.expires_at = now + expires_s
        self._owed = self._full = True
        self._misses = 0
        self._not_before = now
        if expires_s == 0:
            self.phase = Phase.ENDING
        return []  # not before the 200 has gone: `wake_at` is now

    def changed(self, now: float) -> list[Action]:
        """The state is another one."""
        if self.phase is Phase.ACTIVE and not self._owed:
            self._owed = True
            self._not_before = max(self._not_before, now + GATHER_S)
        return []

    def hurry(self, now: float) -> list[Action]:
        """The phone has been heard from: what it did not answer is tried again now."""
        if self._misses and not self._in_flight:
            self._not_before = now
        return self.due(now)

    def end(self, reason: str, now: float) -> list[Action]:
        """End it from here; `reason` is RFC 6665's word: "noresource", "rejected", "deactivated" …"""
        if self.phase is Phase.ACTIVE:
            self.phase = Phase.ENDING
            self._reason = reason
            self._owed = self._full = True
            self._not_before = now
        return self.due(now)

    def due(self, now: float) -> list[Action]:
        """Time has passed."""
        if self.phase is Phase.ACTIVE and now >= self.expires_at:
            self.phase = Phase.ENDING
            self._owed = self._full = True
            self._not_before = now
        if self.phase is Phase.OVER or self._in_flight or not self._owed or now < self._not_before:
            return []
        self._in_flight = True
        self._owed = False
        full, self._full = self._full, False
        self._not_before = now + PAUSE_S
        if self.phase is Phase.ENDING:
            return [Notify(f"terminated;reason={self._reason}", full)]
        return [Notify(f"active;expires={self.expires_in(now)}", full)]

    def answered(self, status: int, now: float, *, retry_after_s: int | None = None) -> list[Action]:
        """The final response to the NOTIFY under way; 408 for silence, 503 where nothing could be sent."""
        if not self._in_flight:
            return []
        self._in_flight = False
        if self.phase is Phase.ENDING and not self._owed:
            return self._over("ended")
        if status < 300:
            self._misses = 0
            return self.due(now)
        if status in GONE and retry_after_s is None:
            return self._over(f"refused with {status}")
        return self._missed(status, now, retry_after_s)

    def _missed(self, status: int, now: float, retry_after_s: int | None) -> list[Action]:
        self._misses += 1
        if self._misses >= MOST_MISSES:
            return self._over(f"no good answer, last {status}")
        self._owed = self._full = True
        if self.phase is Phase.ACTIVE:
            pause_s = RETRY_S * 2**self._misses if retry_after_s is None else max(retry_after_s, RETRY_S)
            self._not_before = now + min(pause_s, RETRY_MAX_S)
        return self.due(now)

    def _over(self, why: str) -> list[Action]:
        self.phase = Phase.OVER
        self._owed = False
        return [Drop(why)]


def read_subscribe(request: Request, packages: Mapping[str, Expiries]) -> Wanted:
    """What a SUBSCRIBE asks for. Raises `PeerError` 400, 423 with Min-Expires, 489 with Allow-Events."""
    event, event_id = _event(request)
    limits = packages.get(event)
    if limits is None:
        raise PeerError(489, "Bad Event", headers=(("Allow-Events", ", ".join(sorted(packages))),))
    text = (request.headers.get("Expires") or "").strip()
    if not text:
        return Wanted(event, event_id, limits.default_s)
    if not (text.isascii() and text.isdigit()):
        raise PeerError(400, "Bad Expires")
    expires_s = min(int(text[:10]), limits.most_s)
    if 0 < expires_s < limits.least_s:
        raise PeerError(423, "Interval Too Brief", headers=(("Min-Expires", str(limits.least_s)),))
    return Wanted(event, event_id, expires_s)


def check_accept(request: Request, content_type: str) -> None:
    """Raises `PeerError` 406 when the phone does not take bodies of this type; without Accept it takes the usual."""
    values = request.headers.all("Accept")
    if not values:
        return
    taken = {part.partition(";")[0].strip().lower() for value in values for part in value.split(",")}
    if not taken & {content_type, content_type.partition("/")[0] + "/*", "*/*"}:
        raise PeerError(406, "Not Acceptable", headers=(("Accept", content_type),))


def _event(request: Request) -> tuple[str, str | None]:
    values = request.headers.all("Event")
    if len(values) > 1:
        raise PeerError(400, "More Than One Event")
    name, semicolon, rest = (values[0] if values else "").partition(";")
    try:
        params, _ = read_params(semicolon + rest, 0)
    except ParseError as error:
        raise PeerError(400, "Bad Event") from error
    return name.strip().lower(), params.get("id")
