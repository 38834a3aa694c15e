"""Where each extension has proved itself: its homes. What others do wrong is never held against a phone at home.

A home is an address from which the right password came. Within it, a flow (transport, port, connection) is the phone
itself: two phones behind one NAT share the address and not the flow.

Bounded by the office, not by the Internet: only the right password adds to an extension's own few homes, so nobody
can push out somebody else's. Pure: times are handed in, in seconds of the wall clock, for they outlive a restart.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from pbx.sip.hop import Hop

__all__ = ["Home", "Homes", "StoredHome"]

Flow = tuple[str, int, int]
"""Transport, port, number of the connection."""

HOMES_EACH = 8
FLOWS_EACH = 8
KEPT_S = 30 * 86400.0
"""How long after its last right password an address is a home."""
WRITTEN_S = 86400.0
"""A home that is used every minute is not stored every minute."""
WRONG_IN_A_ROW = 5
"""A flow that shows so many wrong passwords in a row is no longer the phone it was."""


class Home(msgspec.Struct):
    """When the right password last came from here, by which flows, and how often each has failed since."""

    last_at: float
    flows: dict[Flow, int] = msgspec.field(default_factory=dict)


class StoredHome(msgspec.Struct, frozen=True, array_like=True):
    """A home as it is kept over a restart: of its flows the ports over UDP, for connections end with the node."""

    last_at: float
    ports: tuple[int, ...] = ()


class Homes:
    """Homes by extension and address. `changed` is called when something worth storing happened."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._of: dict[str, OrderedDict[str, Home]] = {}
        self._at: dict[str, set[str]] = {}

    def proved(self, extension: str, host: str, hop: Hop, now: float) -> None:
        """The right password came over `hop`; `host` is its address."""
        homes = self._of.setdefault(extension, OrderedDict())
        home = homes.get(host)
        if home is None:
            home = homes[host] = Home(now)
            self._at.setdefault(host, set()).add(extension)
            if len(homes) > HOMES_EACH:
                self._leave(extension, homes.popitem(last=False)[0])
            self._changed()
        elif now - home.last_at > WRITTEN_S:
            self._changed()
        home.last_at = now
        homes.move_to_end(host)
        flow = flow_of(hop)
        if home.flows.pop(flow, None) is None and hop.transport == "UDP":
            self._changed()
        home.flows[flow] = 0
        if len(home.flows) > FLOWS_EACH:
            del home.flows[next(iter(home.flows))]

    def clock_jumped(self, by_s: float) -> None:
        """The wall clock was set: every home was proved as long ago as before."""
        for homes in self._of.values():
            for home in homes.values():
                home.last_at += by_s

    def failed(self, extension: str, host: str, hop: Hop) -> None:
        """A wrong password came over `hop`."""
        home = self._home(extension, host)
        flow = flow_of(hop)
        if home is None or flow not in home.flows:
            return
        home.flows[flow] += 1
        if home.flows[flow] >= WRONG_IN_A_ROW:
            del home.flows[flow]

    def is_home(self, extension: str, host: str, now: float) -> bool:
        home = self._home(extension, host)
        return home is not None and now - home.last_at < KEPT_S

    def is_the_phone(self, extension: str, host: str, hop: Hop, now: float) -> bool:
        """Whether `hop` is the very flow over which the right password came."""
        home = self._home(extension, host)
        return home is not None and now - home.last_at < KEPT_S and flow_of(hop) in home.flows

    def has_phone(self, extension: str, host: str, now: float) -> bool:
        """Whether any flow from this address is the extension's phone."""
        home = self._home(extension, host)
        return home is not None and now - home.last_at < KEPT_S and bool(home.flows)

    def at(self, host: str, now: float) -> list[str]:
        """The extensions that are at home at an address."""
        return [each for each in self._at.get(host, ()) if self.is_home(each, host, now)]

    def keep_only(self, exists: Callable[[str], bool]) -> None:
        """Forget the homes of extensions that are gone."""
        for extension in [each for each in self._of if not exists(each)]:
            for host in self._of.pop(extension):
                self._leave(extension, host)
            self._changed()

    def stored(self, now: float) -> dict[str, dict[str, StoredHome]]:
        """What is kept over a restart."""
        return {
            extension: {
                host: StoredHome(home.last_at, tuple(port for name, port, _ in home.flows if name == "UDP"))
                for host, home in homes.items()
                if now - home.last_at < KEPT_S
            }
            for extension, homes in self._of.items()
        }

    def load(self, stored: dict[str, dict[str, StoredHome]]) -> None:
        for extension, hosts in stored.items():
            newest = sorted(hosts.items(), key=lambda each: each[1].last_at)
            for host, home in newest[-HOMES_EACH:]:
                flows: dict[Flow, int] = {("UDP", port, 0): 0 for port in home.ports[-FLOWS_EACH:]}
                self._of.setdefault(extension, OrderedDict())[host] = Home(home.last_at, flows)
                self._at.setdefault(host, set()).add(extension)

    def _home(self, extension: str, host: str) -> Home | None:
        homes = self._of.get(extension)
        return None if homes is None else homes.get(host)

    def _leave(self, extension: str, host: str) -> None:
        here = self._at.get(host)
        if here is not None:
            here.discard(extension)
            if not here:
                del self._at[host]


def flow_of(hop: Hop) -> Flow:
    return (hop.transport, hop.remote_port, hop.connection)
