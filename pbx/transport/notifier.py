"""The notifier: subscriptions of phones as dialogs, and their NOTIFYs (RFC 6665 4.2, RFC 3261 12).

Performs what the machine of each subscription (`pbx.sip.subscription`) wants. Knows no event package: what a body says,
and who may see it, packages tell (`event_package`). What subscriptions there are stands in `watches`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from pbx.core.errors import InternalError, PeerError
from pbx.sip.build import response_to
from pbx.sip.dialog import Dialog
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.subscription import (
    Action,
    Notify,
    Phase,
    Subscription,
    Wanted,
    check_accept,
    read_subscribe,
)
from pbx.transport.admission import check_options
from pbx.transport.dialling import is_secure
from pbx.transport.event_package import Package, Watcher, watcher_of
from pbx.transport.identity import contact
from pbx.transport.watches import Kept, Watch, Watches
from pbx.transport.whereabouts import Whereabouts, is_behind_nat

if TYPE_CHECKING:
    from pbx.transport.leg_host import LegHost

__all__ = ["Notifier"]

log = logging.getLogger(__name__)

MOST_EACH: Final = 200
"""Subscriptions of one extension: several phones with all their keys."""
MOST_IN_ALL: Final = 20_000
SPREAD_S: Final = 0.004
"""After a start, the lamps are sent one after the other: 250 a second."""


class Notifier:
    """All subscriptions of the office.

    `locate(extension, contact_uri)` tells where a registered contact was last heard from: newer than the subscription,
    where a phone has registered anew from another port or connection.
    """

    def __init__(
        self,
        host: LegHost,
        packages: Iterable[Package],
        *,
        new_tag: Callable[[], str],
        locate: Callable[[str, str], Hop | None] = lambda _extension, _uri: None,
        wall: Callable[[], float],
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        """NOTIFYs by event and outcome."""
        self._host = host
        self._packages = {each.event: each for each in packages}
        self._expiries = {each.event: each.expiries for each in self._packages.values()}
        self._new_tag = new_tag
        self._locate = locate
        self._wall = wall
        self.watches = Watches()

    def __len__(self) -> int:
        return len(self.watches)

    @property
    def events(self) -> str:
        """What may be subscribed to, as Allow-Events says it."""
        return ", ".join(sorted(self._packages))

    def has_subscribed(self, subscriber: str, event: str) -> bool:
        """Whether an extension has a subscription to this event at all."""
        return any(each.package.event == event for each in self.watches.of_subscriber(subscriber))

    # -- SUBSCRIBE -------------------------------------------------------------------------------------------------

    def subscribe(self, request: Request, hop: Hop, subscriber: str) -> Response:
        """Answer a SUBSCRIBE outside any dialog of a phone that has proved who it is. Raises `PeerError`."""
        wanted = read_subscribe(request, self._expiries)
        package = self._packages[wanted.event]
        check_accept(request, package.content_type)
        watcher = watcher_of(request, subscriber)
        package.allow(watcher)
        if len(request.contacts) != 1:
            raise PeerError(400, "Missing Contact")
        if len(self.watches.of_subscriber(subscriber)) >= MOST_EACH or len(self.watches) >= MOST_IN_ALL:
            self.counts[wanted.event, "too_many"] += 1
            raise PeerError(403, "Too Many Subscriptions")
        watch = self._opened(request, hop, watcher, wanted)
        self.watches.enter(watch)
        response = self._accepted(request, watch, wanted.expires_s)
        self._move(watch, [])
        return response

    def _opened(self, request: Request, hop: Hop, watcher: Watcher, wanted: Wanted) -> Watch:
        here = self._host.facing(hop)
        ours = contact(watcher.resource, here, secure=is_secure(request))
        response = response_to(request, 200, to_tag=self._new_tag())
        response.headers.set("Contact", ours)
        dialog = Dialog.uas(request, response)
        natted = is_behind_nat(request, hop)
        return Watch(
            key=(dialog.call_id, dialog.local_tag),
            watcher=watcher,
            package=self._packages[wanted.event],
            event_id=wanted.event_id,
            dialog=dialog,
            whereabouts=Whereabouts(self._host, hop, natted=natted),
            natted=natted,
            machine=Subscription(wanted.expires_s, self._now()),
            user_agent=(request.headers.get("User-Agent") or "")[:200],
        )

    def _accepted(self, request: Request, watch: Watch, expires_s: int) -> Response:
        response = response_to(request, 200, to_tag=watch.dialog.local_tag)
        response.headers.set("Contact", watch.dialog.local_target)
        response.headers.set("Expires", str(expires_s))
        return response

    def refreshed(self, transaction: TransactionId, request: Request, hop: Hop) -> bool:
        """Answer a SUBSCRIBE in a dialog; False when it is none of ours. Raises `PeerError`."""
        watch = self.watches.find(request.call_id, request.to_tag or "")
        if watch is None or watch.dialog.remote_tag != (request.from_tag or ""):
            return False
        check_options(request)
        if not watch.dialog.accepts(request):
            raise PeerError(500, "CSeq Out Of Order")
        wanted = read_subscribe(request, self._expiries)
        same = (wanted.event, wanted.event_id) == (watch.package.event, watch.event_id)
        if not same or watch.machine.phase is not Phase.ACTIVE:
            raise PeerError(481, "Subscription Does Not Exist")
        watch.package.allow(watch.watcher)
        watch.whereabouts.heard_from(hop)
        watch.dialog.refresh_target(request)
        self._host.driver.respond(transaction, self._accepted(request, watch, wanted.expires_s))
        self.watches.changed(watch)
        self._move(watch, watch.machine.refreshed(wanted.expires_s, self._now()))
        return True

    # -- what changes ----------------------------------------------------------------------------------------------

    def changed(self, event: str, resource: str) -> None:
        """Something about a resource is different: whoever watches it is told."""
        for watch in self.watches.of_resource(event, resource):
            self._move(watch, watch.machine.changed(self._now()))

    def heard_from(self, subscriber: str) -> None:
        """A phone of an extension has just registered: what it did not answer is tried again."""
        for watch in self.watches.of_subscriber(subscriber):
            self._move(watch, watch.machine.hurry(self._now()))

    def review(self, may_watch: Callable[[str], bool]) -> None:
        """End what is no longer allowed: of extensions that are gone, to resources that are gone."""
        for watch in self.watches:
            try:
                if not may_watch(watch.watcher.subscriber):
                    raise PeerError(403, "Forbidden")  # noqa: TRY301
                watch.package.allow(watch.watcher)
            except PeerError as error:
                reason = "noresource" if error.sip_status == 404 else "rejected"
                self._move(watch, watch.machine.end(reason, self._now()))

    # -- what the machines want ------------------------------------------------------------------------------------

    def _move(self, watch: Watch, actions: list[Action]) -> None:
        """Perform the actions, then see to it that the machine is woken when it wants to be."""
        for action in actions:
            if isinstance(action, Notify):
                self._notify(watch, action)
            else:
                self._forget(watch, action.why)
                return
        self._arm(watch)

    def _arm(self, watch: Watch) -> None:
        wake_at = watch.machine.wake_at
        if watch.timer is not None:
            if watch.timer.at == wake_at and watch.timer.callback is not None:
                return
            watch.timer.cancel()
        if wake_at is not None and watch in self.watches:
            watch.timer = self._host.driver.timers.call_at(wake_at, lambda: self._wake(watch, wake_at))

    def _wake(self, watch: Watch, at: float) -> None:
        watch.timer = None
        self._move(watch, watch.machine.due(max(at, self._now())))  # timers fire a trifle early

    def _notify(self, watch: Watch, action: Notify) -> None:
        state = watch.package.state(watch.watcher)
        known = None if action.full else watch.known
        if known is not None and known == state:
            self._move(watch, watch.machine.answered(200, self._now()))  # it is as it was: nothing to tell
            return
        try:
            body = watch.package.body(watch.watcher, watch.dialog.local_cseq, state, known)
            request = watch.dialog.request(
                "NOTIFY",
                body=body,
                headers=(
                    ("Event", watch.event_header),
                    ("Subscription-State", action.state),
                    ("User-Agent", self._host.settings.user_agent),
                    ("Content-Type", watch.package.content_type),
                ),
            )
        except InternalError:  # the last sequence number is used up
            self._forget(watch, "its dialog is used up")
            return
        if watch.needs_saving:
            self.watches.changed(watch)
        self.counts[watch.package.event, "sent"] += 1
        self._host.driver.request(request, self._hop(watch), _Sent(self, watch, state))

    def _hop(self, watch: Watch) -> Hop:
        """Where the phone is: by its registration where it has one for the same contact, else by its SUBSCRIBE."""
        if not watch.dialog.route_set:
            found = self._locate(watch.watcher.subscriber, watch.dialog.remote_target)
            if found is not None:
                return self._host.facing(found)
        return watch.whereabouts.of(watch.dialog)

    def answered(self, watch: Watch, status: int, state: Any, retry_after_s: int | None) -> None:
        """What came of a NOTIFY."""
        if watch not in self.watches:
            return
        good = status < 300
        watch.known = state if good else None
        if not good:
            self.counts[watch.package.event, "unanswered" if status == 408 else "refused"] += 1
        self._move(watch, watch.machine.answered(status, self._now(), retry_after_s=retry_after_s))

    def _forget(self, watch: Watch, why: str) -> None:
        if not self.watches.remove(watch):
            return
        if watch.timer is not None:
            watch.timer.cancel()
        log.debug(
            "subscription over",
            extra={"extension": watch.watcher.subscriber, "watched": watch.watcher.resource, "why": why},
        )

    def _now(self) -> float:
        return self._host.clock.monotonic()

    # -- the next process ------------------------------------------------------------------------------------------

    def take_unsaved(self) -> tuple[dict[str, Kept], list[str]]:
        """What is new or different since the last time, and the names of what is over."""
        changed = self.watches.take_unsaved()
        put = {
            name: watch.kept(self._expires_at(watch)) for name, watch in changed.items() if watch is not None
        }
        return put, [name for name, watch in changed.items() if watch is None]

    def _expires_at(self, watch: Watch) -> float:
        return self._wall() + watch.machine.expires_in(self._now())

    def restore(self, kept: Iterable[Kept]) -> None:
        """Go on with what the last process left; every lamp is sent anew."""
        for number, each in enumerate(kept):
            package = self._packages.get(each.event)
            left_s = each.expires_at - self._wall()
            if package is None or len(self.watches) >= MOST_IN_ALL:
                continue
            hop = Hop(each.hop.transport, each.hop.remote_host, each.hop.remote_port)  # connections are gone
            here = self._host.facing(hop)  # and our address may be another one
            each.dialog.local_target = contact(each.resource, here, secure=each.dialog.secure)
            watch = Watch(
                key=(each.dialog.call_id, each.dialog.local_tag),
                watcher=Watcher(each.subscriber, each.resource, each.uri),
                package=package,
                event_id=each.event_id,
                dialog=each.dialog,
                whereabouts=Whereabouts(self._host, hop, natted=each.natted),
                natted=each.natted,
                machine=Subscription(max(left_s, 0), self._now(), first_after_s=number * SPREAD_S),
                user_agent=each.user_agent,
            )
            self.watches.enter(watch)
            self._arm(watch)

    def close(self) -> None:
        """Send nothing more. The phones' subscriptions go on in the next process."""
        for watch in self.watches:
            if watch.timer is not None:
                watch.timer.cancel()
        self.watches.clear()


class _Sent:
    """A NOTIFY under way."""

    __slots__ = ("_notifier", "_state", "_watch")

    def __init__(self, notifier: Notifier, watch: Watch, state: Any) -> None:
        self._notifier = notifier
        self._watch = watch
        self._state = state

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status < 200:
            return
        if response.status < 300 and response.contacts:
            self._watch.dialog.refresh_target(response)
        text = (response.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0].strip()
        retry_after_s = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
        self._notifier.answered(self._watch, response.status, self._state, retry_after_s)

    def failed(self, status: int) -> None:
        self._notifier.answered(self._watch, status, self._state, None)
