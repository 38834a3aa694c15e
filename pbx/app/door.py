"""The door and the SIP trace of a node, wired."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from pbx.core.clock import Clock
from pbx.core.config import NodeConfig
from pbx.core.events import EventBus
from pbx.core.metrics import Registry
from pbx.feature.directory import Directory
from pbx.feature.door import Door, DoorPorts, DoorState
from pbx.feature.sip_trace import SipTraces
from pbx.model.ban import Ban
from pbx.sip.hop import Hop
from pbx.store.state import StateStore
from pbx.transport.local_address import LocalAddress
from pbx.transport.sockets import SipSockets
from pbx.transport.trace import Trace

__all__ = ["Entrance", "build_entrance"]

STATE_KEY = "door"
MAX_DIALOGS = 4096
"""SIP Call-IDs whose call is remembered."""
PAUSE_S = 2.0
"""At least this long between two writes: an attack makes the list change all the time."""


class Entrance(msgspec.Struct):
    """What stands between the sockets and everything else. `is_friend` is set when the trunks are there."""

    door: Door
    trace: Trace | None
    traces: SipTraces | None
    changed: asyncio.Event
    is_friend: Callable[[str], bool] = lambda _: False
    _calls: OrderedDict[str, str] = msgspec.field(default_factory=OrderedDict)

    def belongs(self, call: str, call_id: str) -> None:
        """A leg of a call has this SIP Call-ID."""
        self._calls[call_id] = call
        self._calls.move_to_end(call_id)
        if len(self._calls) > MAX_DIALOGS:
            self._calls.popitem(last=False)
        if self.trace is not None:
            self.trace.belongs(call, call_id)

    def call_of(self, call_id: str) -> str | None:
        """The call that a SIP Call-ID belongs to, or belonged to lately."""
        return self._calls.get(call_id)

    async def load(self, state: StateStore) -> None:
        """Bring back the bans and homes of the last run. Before anything is read from a socket."""
        self.door.load(await state.get(STATE_KEY, DoorState) or DoorState())

    async def remember(self, state: StateStore) -> None:
        """Store every change. Runs until it is cancelled."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            await state.keep(STATE_KEY, self.door.state)
            await asyncio.sleep(PAUSE_S)


def build_entrance(
    config: NodeConfig,
    *,
    sockets: SipSockets,
    directory: Directory,
    local_address: LocalAddress,
    bus: EventBus,
    clock: Clock,
    metrics: Registry,
    ports: Callable[[str], int],
) -> Entrance:
    """`ports` gives the port that is listened on, by transport."""

    def shut(_: Ban) -> None:
        sockets.cut()

    def is_friend(host: str) -> bool:
        return entrance.is_friend(host)

    def local(hop: Hop) -> tuple[str, int]:
        return local_address(hop.remote_host), ports(hop.transport)

    def exists(number: str) -> bool:
        return directory.password(number) is not None

    changed = asyncio.Event()
    door = Door(
        DoorPorts(
            bus=bus,
            clock=clock,
            exists=exists,
            is_local=local_address.is_local,
            is_friend=is_friend,
            never=config.never_banned,
            shut=shut,
            changed=changed.set,
        )
    )
    trace = Trace(config.sip_trace_mb * 1_000_000) if config.sip_trace_mb else None
    if trace is not None:
        door.on_proved = trace.welcome
    traces = SipTraces(trace, clock, local) if trace is not None else None
    entrance = Entrance(door, trace, traces, changed)
    sockets.guard_with(door.shuts_out)
    directory.on_change(lambda: door.homes.keep_only(exists))
    _measure(metrics, entrance)
    return entrance


def _measure(metrics: Registry, entrance: Entrance) -> None:
    door = entrance.door
    metrics.gauge("pbx_bans", "Addresses that are not listened to.", read=lambda: len(door.bans))
    metrics.counter("pbx_bans_total", "Bans that the node made by itself.", read=lambda: door.struck)
    metrics.counter(
        "pbx_turned_away_total",
        "Messages and connections dropped unanswered because of who sent them.",
        read=lambda: door.turned_away,
    )
    trace = entrance.trace
    if trace is not None:
        metrics.gauge("pbx_sip_trace_bytes", "Memory that kept SIP messages take.", read=lambda: trace.size)
