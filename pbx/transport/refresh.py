"""Keeping a session alive, and finding out that it is not (RFC 4028, RFC 3311).

One alarm per leg: at half the interval where refreshing is our part, else shortly before the interval ends. A refresh
is an UPDATE without SDP where the peer allows UPDATE, and a re-INVITE with the SDP we sent last (same version) where
it does not. Either says whom the peer talks with (RFC 5876).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import ref

from pbx.core.errors import PeerError
from pbx.model.leg_event import LegCause
from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.sip.session_timer import SessionOffer, SessionTimer
from pbx.transport.abilities import ALLOW
from pbx.transport.proof import send_in_dialog
from pbx.transport.timer_queue import Timer

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

RETRY_S = 5.0
"""After a refresh that was refused for the moment."""

RESUMED_S = 10.0
"""After a restart, when all calls have their session timers to refresh."""

NOT_UNDERSTOOD = (405, 501)
GONE = (408, 481)


class Update:
    """One UPDATE without SDP. `done(status, response)`: the final response, or None with 408 or 503 for silence."""

    __slots__ = ("_asked_longer", "_done", "_leg", "_session")

    def __init__(self, leg: SipLeg, done: Callable[[int, Response | None], None]) -> None:
        self._leg = leg
        self._done = done
        self._asked_longer = False
        self._session = SessionOffer.within(leg.host.settings.session, leg.refresh.timer)

    def send(self) -> None:
        leg = self._leg
        headers: tuple[tuple[str, str], ...] = (("Allow", ALLOW), ("Supported", "timer"), *leg.identity)
        if leg.refresh.timer is not None:
            headers = (*headers, *self._session.headers())
        dialog = leg.agreed_dialog
        send_in_dialog(leg, dialog, dialog.request("UPDATE", headers=headers), self)

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status < 200:
            return
        if response.status == 422 and self._asks_longer(response):
            self.send()
            return
        if response.status < 300 and not self._leg.is_over:
            self._leg.whereabouts.heard_from(hop)
            self._leg.agreed_dialog.refresh_target(response)
            if self._leg.refresh.timer is not None:
                self._leg.refresh.agreed(self._session.accepted(response))
        self._done(response.status, response)

    def _asks_longer(self, response: Response) -> bool:
        """422: somebody on the way wants a longer interval by now; asked for once (RFC 4028 7.4)."""
        if self._asked_longer or self._leg.is_over or self._leg.refresh.timer is None:
            return False
        self._asked_longer = True
        try:
            self._session = self._session.after_422(response)
        except PeerError:
            return False
        return True

    def failed(self, status: int) -> None:
        self._done(status, None)


class SessionRefresh:
    """The session timer of one leg. `timer` is what both sides agreed on last, None when nothing expires."""

    __slots__ = ("_alarm", "_give_up_at", "_owner", "timer")

    def __init__(self, leg: SipLeg) -> None:
        self.timer: SessionTimer | None = None
        self._owner = ref(leg)  # which owns this: a circle of the two would wait for the garbage collector
        self._alarm: Timer | None = None
        self._give_up_at = 0.0

    @property
    def _leg(self) -> SipLeg:
        leg = self._owner()
        if leg is None:
            raise RuntimeError("the session timer of a leg that is gone")
        return leg

    def agreed(self, timer: SessionTimer | None) -> None:
        """A 2xx to INVITE or UPDATE, either way: the interval starts anew."""
        self.stop()
        self.timer = timer
        if timer is None or self._leg.is_over:
            return
        now = self._leg.host.clock.monotonic()
        self._give_up_at = timer.give_up_at(now)
        refresh_at = timer.refresh_at(now)
        self._set_alarm(self._give_up_at if refresh_at is None else refresh_at)

    def resume(self, timer: SessionTimer, random: float) -> None:
        """The timer of an earlier process: how much of the interval is left is not known, so a refresh of ours comes
        soon, at another moment in each call. `random` is 0 to 1.
        """
        self.timer = timer
        now = self._leg.host.clock.monotonic()
        self._give_up_at = timer.give_up_at(now)
        soon = now + RESUMED_S + random * min(RESUMED_S, timer.interval_s / 10)
        self._set_alarm(soon if timer.we_refresh else self._give_up_at)

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set_alarm(self, at: float) -> None:
        self.stop()
        self._alarm = self._leg.host.driver.timers.call_at(min(at, self._give_up_at), self._due)

    def _due(self) -> None:
        self._alarm = None
        leg = self._leg
        if leg.is_over or self.timer is None:
            return
        now = leg.host.clock.monotonic()
        if now >= self._give_up_at - 0.001:
            leg.expired()
            return
        if leg.whereabouts.is_away:  # nothing could be sent
            self._set_alarm(now + RETRY_S)
        elif leg.peer_updates:
            self._set_alarm(self._give_up_at)
            Update(leg, self._updated).send()
        elif leg.refresh_by_reinvite():
            self._set_alarm(self._give_up_at)
        else:
            self._set_alarm(now + RETRY_S)

    def _updated(self, status: int, response: Response | None) -> None:
        leg = self._leg
        if leg.is_over or 200 <= status < 300:
            return
        if response is None or status in GONE:
            leg.lost(status, LegCause.SESSION_EXPIRED)
            return
        if status in NOT_UNDERSTOOD:
            leg.peer_updates = False
        self._set_alarm(leg.host.clock.monotonic() + RETRY_S)
