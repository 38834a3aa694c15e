"""What may be watched: extensions and named lamps (dialog), people (presence), mailboxes (message-summary).

Any phone of this office may watch any extension and every lamp; its mailbox is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.feature.extension_fold import ExtensionFold, LegState
from pbx.feature.named_lamps import Lamp, LampSource
from pbx.model.leg_event import DialogName
from pbx.model.party import Party
from pbx.sip import dialog_info, message_summary, pidf
from pbx.sip.dialog_info import DialogEntry, Identity
from pbx.sip.message_summary import Waiting
from pbx.sip.subscription import Expiries
from pbx.transport.event_package import Watcher
from pbx.transport.identity import user_part

__all__ = ["DialogPackage", "Mailboxes", "PresencePackage", "SummaryPackage"]

PARTIAL_ABOVE = 900
"""A longer body may not fit into a datagram with its headers: then only what differs is told."""

DialogOf = Callable[[str, str], DialogName | None]
"""How a Replaces header names a leg of a call."""


class Mailboxes(Protocol):
    """Where messages wait."""

    def waiting(self, extension: str) -> Waiting | None:
        """None: the extension has no mailbox."""
        ...


class DialogPackage:
    """The lamps (RFC 4235): calls of an extension, or a named lamp."""

    event = dialog_info.EVENT
    content_type = dialog_info.CONTENT_TYPE
    expiries = Expiries()

    def __init__(
        self, directory: Directory, fold: ExtensionFold, named: LampSource, dialog_of: DialogOf
    ) -> None:
        self._directory = directory
        self._fold = fold
        self._named = named
        self._dialog_of = dialog_of

    def allow(self, watcher: Watcher) -> None:
        if not is_extension(self._directory, watcher.resource) and self._lamp(watcher) is None:
            raise PeerError(404, "Not Found")

    def state(self, watcher: Watcher) -> tuple[DialogEntry, ...]:
        entry = self._directory.find(watcher.resource)
        if entry is None:
            lamp = self._lamp(watcher)
            return () if lamp is None or not lamp.on else (_lamp_dialog(watcher, lamp),)
        name = entry.extension.name
        return tuple(self._entry(watcher, leg, name) for leg in self._fold.legs(watcher.resource))

    def body(
        self,
        watcher: Watcher,
        version: int,
        state: tuple[DialogEntry, ...],
        known: tuple[DialogEntry, ...] | None,
    ) -> bytes:
        whole = dialog_info.full(watcher.uri, version, state)
        if known is None or len(whole) <= PARTIAL_ABOVE:
            return whole
        return dialog_info.partial(watcher.uri, version, known, state)

    def _lamp(self, watcher: Watcher) -> Lamp | None:
        return self._named.lamp(watcher.resource, watcher.subscriber)

    def _entry(self, watcher: Watcher, leg: LegState, name: str) -> DialogEntry:
        rings = leg.progress == "early" and not leg.outward
        own = watcher.subscriber == watcher.resource
        # Whoever knows the tags of a dialog may take its place: what rings is to be picked up, talks are private.
        dialog = self._dialog_of(leg.call, leg.leg) if rings or own else None
        return DialogEntry(
            id=f"{leg.call}-{leg.leg}",
            direction="initiator" if leg.outward else "recipient",
            state=leg.progress,
            local=Identity(watcher.uri, name),
            remote=self._identity(watcher, leg.remote),
            call_id=dialog.call_id if dialog is not None else "",
            local_tag=dialog.remote_tag if dialog is not None else "",
            remote_tag=dialog.local_tag if dialog is not None else "",
            held=leg.held,
        )

    def _identity(self, watcher: Watcher, who: Party) -> Identity | None:
        if not who.number:
            return None
        known = self._directory.find(who.number)
        name = who.name or (known.extension.name if known is not None else "")
        return _identity(watcher, who.number, name)


class PresencePackage:
    """Who is there, who talks, who does not want to be disturbed (RFC 3856)."""

    event = pidf.EVENT
    content_type = pidf.CONTENT_TYPE
    expiries = Expiries()

    def __init__(self, directory: Directory, fold: ExtensionFold, reachable: Callable[[str], bool]) -> None:
        self._directory = directory
        self._fold = fold
        self._reachable = reachable

    def allow(self, watcher: Watcher) -> None:
        if not is_extension(self._directory, watcher.resource):
            raise PeerError(404, "Not Found")

    def state(self, watcher: Watcher) -> tuple[bool, str, str]:
        number = watcher.resource
        entry = self._directory.find(number)
        reachable = entry is not None and self._reachable(number)
        legs = self._fold.legs(number)
        if any(leg.progress == "confirmed" or leg.outward for leg in legs):
            return reachable, "on-the-phone", "On the phone"
        if entry is not None and entry.extension.do_not_disturb:
            return reachable, "busy", "Do not disturb"
        if legs:
            return reachable, "", "Ringing"
        return reachable, "", "Online" if reachable else "Offline"

    def body(self, watcher: Watcher, version: int, state: tuple[bool, str, str], known: object) -> bytes:
        reachable, activity, note = state
        return pidf.write(watcher.uri, reachable=reachable, activity=activity, note=note)


class SummaryPackage:
    """The message lamp (RFC 3842)."""

    event = message_summary.EVENT
    content_type = message_summary.CONTENT_TYPE
    expiries = Expiries()

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    def allow(self, watcher: Watcher) -> None:
        if watcher.resource != watcher.subscriber:
            raise PeerError(403, "Not Your Mailbox")

    def state(self, watcher: Watcher) -> Waiting:
        return self._mailboxes.waiting(watcher.resource) or Waiting()

    def body(self, watcher: Watcher, version: int, state: Waiting, known: object) -> bytes:
        return message_summary.write(watcher.uri, state)


def is_extension(directory: Directory, number: str) -> bool:
    """Whether this is an extension that may be watched: one that is switched off may not."""
    return directory.password(number) is not None


def _identity(watcher: Watcher, number: str, name: str) -> Identity:
    """Somebody at this node, as the watcher would call them."""
    return Identity(f"sip:{user_part(number)}@{watcher.uri.rpartition('@')[2]}", name)


def _lamp_dialog(watcher: Watcher, lamp: Lamp) -> DialogEntry:
    """A lamp that is on, as a dialog: phones know no other way to light it."""
    who = lamp.remote
    return DialogEntry(
        id=f"lamp-{watcher.resource}",
        direction="recipient",
        state="early" if lamp.blinks else "confirmed",
        local=Identity(watcher.uri, lamp.title),
        remote=_identity(watcher, who.number, who.name) if who is not None and who.number else None,
    )
