"""The subscriptions that phones have here: found by their dialog, by what is watched and by who watches.

A subscription is a plain record at any time, so that the next process goes on with the same dialog; the numbers it may
have used since the last save are skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from pbx.sip.dialog import Dialog
from pbx.sip.hop import Hop
from pbx.sip.subscription import Subscription
from pbx.transport.event_package import Package, Watcher
from pbx.transport.timer_queue import Timer
from pbx.transport.whereabouts import Whereabouts

__all__ = ["Kept", "Key", "Watch", "Watches"]

RESERVED: Final = 200
"""A saved record names a sequence number so far ahead; it is saved anew before that is reached."""

K = TypeVar("K")

Key = tuple[str, str]
"""Call-ID and our tag."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription on disk. `expires_at` in Unix seconds."""

    dialog: Dialog
    event: str
    event_id: str | None
    subscriber: str
    resource: str
    uri: str
    expires_at: float
    hop: Hop
    natted: bool
    user_agent: str = ""


class Watch(msgspec.Struct, eq=False):
    """A subscription with all that is needed to serve it."""

    key: Key
    watcher: Watcher
    package: Package
    event_id: str | None
    dialog: Dialog
    whereabouts: Whereabouts
    natted: bool
    machine: Subscription
    user_agent: str
    known: Any = None
    saved_up_to: int = 0
    timer: Timer | None = None

    @property
    def event_header(self) -> str:
        event = self.package.event
        return event if self.event_id is None else f"{event};id={self.event_id}"

    @property
    def resource_key(self) -> tuple[str, str]:
        return self.package.event, self.watcher.resource

    @property
    def needs_saving(self) -> bool:
        """Its sequence numbers come near those that the saved record skips."""
        return self.dialog.local_cseq + RESERVED // 2 >= self.saved_up_to

    def kept(self, expires_at: float) -> Kept:
        """For the disk. `expires_at` in Unix seconds."""
        self.saved_up_to = self.dialog.local_cseq + RESERVED
        return Kept(
            dialog=replace(self.dialog, local_cseq=self.saved_up_to),
            event=self.package.event,
            event_id=self.event_id,
            subscriber=self.watcher.subscriber,
            resource=self.watcher.resource,
            uri=self.watcher.uri,
            expires_at=expires_at,
            hop=self.whereabouts.hop,
            natted=self.natted,
            user_agent=self.user_agent,
        )


class Watches:
    """All of an office. What is new or different, and what is over, is remembered until it is saved."""

    def __init__(self) -> None:
        self._all: dict[Key, Watch] = {}
        self._of_resource: dict[tuple[str, str], dict[Key, Watch]] = {}
        self._of_subscriber: dict[str, dict[Key, Watch]] = {}
        self._unsaved: dict[Key, Watch | None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Watch]:
        """Those that there are now; one may be removed meanwhile."""
        return iter(list(self._all.values()))

    def __contains__(self, watch: Watch) -> bool:
        return watch.key in self._all

    def find(self, call_id: str, local_tag: str) -> Watch | None:
        return self._all.get((call_id, local_tag))

    def by_event(self) -> Mapping[str, int]:
        """How many subscriptions there are of each event."""
        return Counter(each.package.event for each in self._all.values())

    def resources(self, event: str) -> list[str]:
        """What is being watched."""
        return [resource for of, resource in self._of_resource if of == event]

    def of_resource(self, event: str, resource: str) -> list[Watch]:
        found = self._of_resource.get((event, resource))
        return list(found.values()) if found else []

    def of_subscriber(self, subscriber: str) -> list[Watch]:
        found = self._of_subscriber.get(subscriber)
        return list(found.values()) if found else []

    def enter(self, watch: Watch) -> None:
        self._all[watch.key] = watch
        self._of_resource.setdefault(watch.resource_key, {})[watch.key] = watch
        self._of_subscriber.setdefault(watch.watcher.subscriber, {})[watch.key] = watch
        self._unsaved[watch.key] = watch

    def remove(self, watch: Watch) -> bool:
        """It is over; False when it was already."""
        if self._all.pop(watch.key, None) is None:
            return False
        _remove(self._of_resource, watch.resource_key, watch.key)
        _remove(self._of_subscriber, watch.watcher.subscriber, watch.key)
        self._unsaved[watch.key] = None
        return True

    def changed(self, watch: Watch) -> None:
        """It is to be saved anew."""
        self._unsaved[watch.key] = watch

    def take_unsaved(self) -> Mapping[str, Watch | None]:
        """What is new or different since the last time, by the name it has on disk; None for what is over."""
        changed, self._unsaved = self._unsaved, {}
        return {_name(key): watch for key, watch in changed.items()}

    def clear(self) -> None:
        """Forget all, on disk nothing."""
        self._all.clear()
        self._of_resource.clear()
        self._of_subscriber.clear()


def _remove(index: dict[K, dict[Key, Watch]], name: K, key: Key) -> None:
    rest = index[name]
    del rest[key]
    if not rest:
        del index[name]


def _name(key: Key) -> str:
    return f"{key[1]} {key[0]}"
