"""Lamps and presence: what phones are told about extensions, and what the live screen shows of them.

One fold over the events of all calls feeds everything: subscriptions of phones, the API, the live screen. Should the
bus have dropped events, the fold begins anew from the calls that go on, so that no lamp is left on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import msgspec

from pbx.core.events import EventBus, Published
from pbx.core.tasks import Supervisor
from pbx.feature.event_packages import Mailboxes, is_extension
from pbx.feature.message_notice import MessageNotice
from pbx.model.extension_state import Activity, ExtensionState, ExtensionStateChanged
from pbx.model.registration import Reachable, Registered
from pbx.sip import dialog_info, message_summary, pidf
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.store.errors import StoreError
from pbx.transport.notifier import Notifier
from pbx.transport.watches import Kept

if TYPE_CHECKING:
    from pbx.feature.directory import Directory
    from pbx.feature.extension_fold import ExtensionFold, LegState
    from pbx.feature.identify import Identify
    from pbx.model.call_event import CallEvent
    from pbx.store.state import StateStore

__all__ = ["Lamps", "LampsPorts"]

log = logging.getLogger(__name__)

KEEP = "subscription/"
SAVE_S = 1.0
NEW_S = 0.02
"""Until new subscriptions are written down: a phone makes those of all its lamps at once."""
GATHER_S = 0.02
"""Until lamps are looked at: a call rings and is answered in several events, and a busy moment is several calls."""
QUEUE = 20_000


class RunningCalls(Protocol):
    """Implemented by `pbx.call.switch`."""

    def events(self) -> list[CallEvent]: ...


class LampsPorts(msgspec.Struct, frozen=True):
    """What lamps need. `reachable` tells whether a phone of an extension can be rung."""

    identify: Identify
    directory: Directory
    fold: ExtensionFold
    notifier: Notifier
    notice: MessageNotice
    mailboxes: Mailboxes
    reachable: Callable[[str], bool]
    calls: Callable[[], RunningCalls]
    bus: EventBus
    state: StateStore


class Lamps:
    """`run` must be running."""

    def __init__(self, ports: LampsPorts) -> None:
        self._ports = ports
        self._saving = asyncio.Lock()
        self._unsaved: dict[str, Kept | None] = {}
        self._failing = False
        self._new = asyncio.Event()

    def subscribe(self, request: Request, hop: Hop) -> Response:
        """Answer a SUBSCRIBE outside any dialog. Raises `PeerError` 401, 403, 404, 423, 489 …"""
        subscriber = self._ports.identify.extension(request, hop)
        response = self._ports.notifier.subscribe(request, hop, subscriber.number)
        self._new.set()  # a phone that was told yes and then forgotten would show this state for good
        return response

    # -- how extensions are ----------------------------------------------------------------------------------------

    def state(self, number: str) -> ExtensionState | None:
        """What an extension does now; None when there is none of that number."""
        entry = self._ports.directory.find(number)
        if entry is None:
            return None
        legs = self._ports.fold.legs(number)
        activity, about = _activity(legs)
        return ExtensionState(
            number=number,
            state=activity,
            registered=self._ports.reachable(number),
            do_not_disturb=entry.extension.do_not_disturb,
            calls=len(legs),
            with_number=about.remote.number if about is not None else "",
            with_name=about.remote.name if about is not None else "",
        )

    def states(self) -> list[ExtensionState]:
        """All extensions, shorter numbers first."""
        numbers = sorted(self._ports.directory.numbers(), key=lambda each: (len(each), each))
        return [state for number in numbers if (state := self.state(number)) is not None]

    # -- what changes ----------------------------------------------------------------------------------------------

    def records_changed(self) -> None:
        """Extensions, codes or flags are different: some may no longer be watched, some show something else."""
        notifier = self._ports.notifier
        notifier.review(lambda number: is_extension(self._ports.directory, number))
        for event in (dialog_info.EVENT, pidf.EVENT):
            for resource in notifier.watches.resources(event):
                notifier.changed(event, resource)
        self._ports.bus.publish("extension_state", ExtensionStateChanged(number=""))

    def named_changed(self) -> None:
        """A lamp that is no extension is on or off now."""
        for resource in self._ports.notifier.watches.resources(dialog_info.EVENT):
            if self._ports.directory.find(resource) is None:
                self._ports.notifier.changed(dialog_info.EVENT, resource)

    def mailbox_changed(self, extension: str) -> None:
        """Messages came or were heard. Phones that have not subscribed are told all the same."""
        self._ports.notifier.changed(message_summary.EVENT, extension)
        self._tell_unasked(extension)

    def _tell_unasked(self, extension: str) -> None:
        waiting = self._ports.mailboxes.waiting(extension)
        if waiting is not None and not self._ports.notifier.has_subscribed(extension, message_summary.EVENT):
            self._ports.notice.tell(extension, waiting)

    # -- following the office --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Bring back the last run's subscriptions, then follow calls and registrations for ever."""
        kept = await self._ports.state.with_prefix(KEEP, Kept)
        self._ports.notifier.restore(kept.values())
        self._ports.notifier.review(lambda number: is_extension(self._ports.directory, number))
        async with Supervisor() as tasks:
            self._ports.notice.spawn = tasks.spawn
            tasks.spawn("save subscriptions", self._save_always())
            with self._ports.bus.follow(
                "call",
                "registration",
                take=self._take,
                lost=self._lost,
                limit=QUEUE,
                gather_s=GATHER_S,
            ):
                self._begin_anew()
                await asyncio.get_running_loop().create_future()

    def _lost(self) -> None:
        log.warning("events were lost, all lamps are looked at again")
        self._begin_anew()

    def _begin_anew(self) -> None:
        fold = self._ports.fold
        before = set(fold.busy())
        fold.rebuild(self._ports.calls().events())
        self._changed(before | set(fold.busy()))
        self.named_changed()

    def _take(self, published: Published) -> None:
        event = published.event
        if published.topic == "call":
            extensions, slots = self._ports.fold.take(event)  # type: ignore[arg-type]  # the topic says what it is
            self._changed(extensions)
            if slots:
                self.named_changed()
            return
        extension = getattr(event, "extension", "")
        self._changed({extension})
        if isinstance(event, (Registered, Reachable)):
            self._ports.notifier.heard_from(extension)
        if isinstance(event, Registered):
            waiting = self._ports.mailboxes.waiting(extension)
            if waiting is not None and waiting.new:
                self._tell_unasked(extension)

    def _changed(self, extensions: Iterable[str]) -> None:
        for number in extensions:
            self._ports.notifier.changed(dialog_info.EVENT, number)
            self._ports.notifier.changed(pidf.EVENT, number)
            self._ports.bus.publish("extension_state", ExtensionStateChanged(number=number))

    # -- the next process ------------------------------------------------------------------------------------------

    async def _save_always(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SAVE_S):
                    await self._new.wait()
                    await asyncio.sleep(NEW_S)
            self._new.clear()
            await self.save()

    async def save(self) -> None:
        """Write down what is new, so that the next process goes on with it. What a broken disk does not take is tried
        again with the next."""
        async with self._saving:
            put, remove = self._ports.notifier.take_unsaved()
            self._unsaved.update(put)
            self._unsaved.update(dict.fromkeys(remove))
            if not self._unsaved:
                return
            try:
                await self._ports.state.change(
                    {KEEP + name: kept for name, kept in self._unsaved.items() if kept is not None},
                    [KEEP + name for name, kept in self._unsaved.items() if kept is None],
                )
            except StoreError as error:
                if not self._failing:  # once, not every second that the disk stays full
                    log.error("subscriptions could not be stored", extra={"error": str(error)})  # noqa: TRY400
                self._failing = True
            else:
                self._failing = False
                self._unsaved.clear()

    async def close(self) -> None:
        """Save, and send nothing more."""
        await self.save()
        self._ports.notifier.close()


def _activity(legs: list[LegState]) -> tuple[Activity, LegState | None]:
    """What an extension does, and the call that says so."""
    order: tuple[tuple[Activity, Callable[[LegState], bool]], ...] = (
        ("ringing", lambda leg: not leg.outward and leg.progress == "early"),
        ("talking", lambda leg: leg.progress == "confirmed" and not leg.held),
        ("held", lambda leg: leg.progress == "confirmed"),
        ("calling", lambda leg: leg.outward),
    )
    for activity, fits in order:
        for leg in legs:
            if fits(leg):
                return activity, leg
    return "free", None
