"""Registrations that are lost: told when they mean something, which a phone that is switched off does not.

    one phone loses its registration for the third time within a day     its network, or its router's patience
    three and more of them, and a good part of the office, at once        a switch, the Internet, the power
    a line to the outside is down for two minutes, and when it is back    the provider, or the way there

Phones that can be woken by push come and go by nature, and are left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from pbx.core.clock import Clock
from pbx.feature.told_lately import ToldLately
from pbx.model.notice import Post
from pbx.model.registration import Unreachable, Unregistered
from pbx.model.trunk import TrunkStatus

__all__ = ["LostPhones"]

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TIMES = 3
AT_ONCE = timedelta(minutes=2)
AT_ONCE_PHONES = 3
AT_ONCE_PART = 0.4
DOWN_S = 120.0
MOST = 2000
SAME = timedelta(minutes=5)
"""One loss may be told of twice: the phone does not answer, and then its registration ends."""


class LostPhones:
    """`registered` counts the extensions that have phones; `wakes` says of whom one can be woken."""

    def __init__(
        self,
        post: Post,
        *,
        clock: Clock,
        registered: Callable[[], int],
        wakes: Callable[[str], bool],
    ) -> None:
        self.lost = 0
        """Registrations that ended without a word."""
        self._post = post
        self._clock = clock
        self._registered = registered
        self._wakes = wakes
        self._losses: dict[str, deque[datetime]] = {}
        self._lately: deque[tuple[datetime, str]] = deque(maxlen=MOST)
        self._told: ToldLately[str] = ToldLately()
        self._down: dict[str, tuple[float, str]] = {}
        self._told_down: set[str] = set()

    def take(self, event: msgspec.Struct) -> None:
        """An event of the topics "registration" and "trunk"."""
        if isinstance(event, Unregistered) and event.reason == "expired":
            self.lost += 1
            self._loss(event.extension)
        elif isinstance(event, Unreachable):
            self._loss(event.extension)
        elif isinstance(event, TrunkStatus):
            self._line(event)

    def tick(self) -> None:
        """Called about once a second: lines that have been down for long."""
        now = self._clock.monotonic()
        for trunk, (since, error) in self._down.items():
            if trunk not in self._told_down and now - since >= DOWN_S:
                self._told_down.add(trunk)
                self._post(
                    "alarm",
                    f"The line {trunk} is down",
                    f"The line {trunk} has not worked for two minutes: no call comes in or goes out over it. {error}",
                    {"what": "line_down", "about": f"line {trunk}", "line": trunk, "error": error},
                )

    # -- below ---------------------------------------------------------------------------------------------------------

    def _line(self, status: TrunkStatus) -> None:
        if status.state == "down":
            since, _ = self._down.get(status.trunk, (self._clock.monotonic(), ""))
            self._down[status.trunk] = (since, status.error)
        elif status.state in ("up", "off"):
            self._down.pop(status.trunk, None)
            if status.trunk in self._told_down and status.state == "up":
                self._post(
                    "alarm",
                    f"The line {status.trunk} works again",
                    f"The line {status.trunk} is up again.",
                    {"what": "line_up", "about": f"line {status.trunk}", "line": status.trunk},
                )
            self._told_down.discard(status.trunk)

    def _loss(self, extension: str) -> None:
        if self._wakes(extension):
            return
        now = self._clock.now()
        losses = self._losses.setdefault(extension, deque(maxlen=TIMES))
        if losses and timedelta() <= now - losses[-1] < SAME:
            return
        losses.append(now)
        if len(self._losses) > MOST:
            del self._losses[next(iter(self._losses))]
        self._lately.append((now, extension))
        gone = sorted({each for at, each in self._lately if now - at <= AT_ONCE})
        if len(gone) >= AT_ONCE_PHONES and len(gone) >= AT_ONCE_PART * (self._registered() + len(gone)):
            self._tell_many(gone, now)
        elif (
            len(losses) == TIMES
            and now - losses[0] <= DAY
            and self._told.is_due(f"extension {extension}", now, DAY)
        ):
            self._post(
                "alarm",
                f"The phone of extension {extension} gets lost again and again",
                f"The registration of extension {extension} was lost {TIMES} times within a day: it cannot be rung "
                "until it comes back. Look at its network (Wi-Fi, cable, VPN). If it stands behind another router, let "
                "it send keep-alives, or use TCP or TLS, and let it register every two minutes.",
                {
                    "what": "phone_lost",
                    "about": f"extension {extension}",
                    "extension": extension,
                    "count": str(TIMES),
                },
            )

    def _tell_many(self, gone: list[str], now: datetime) -> None:
        if not self._told.is_due("phones", now, HOUR):
            return
        shown = ", ".join(gone[:10]) + (" …" if len(gone) > 10 else "")
        self._post(
            "alarm",
            f"{len(gone)} phones were lost at once",
            f"Within two minutes the phones of {len(gone)} extensions were lost ({shown}). They have something in "
            "common: a switch, a Wi-Fi access point, the way to this node, or the power.",
            {"what": "phones_lost", "about": "phones", "count": str(len(gone)), "extensions": shown},
        )
