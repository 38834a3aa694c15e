"""The live hub: what is going on now, told to every open page as it changes.

The hub keeps the last known state of each topic. When the bus says that something happened, it asks the node for the
state as it is, compares, and sends what differs. So nothing is ever missed for good: an event lost on a full queue is
made up for by the next comparison, at the latest with the next heartbeat. While nobody watches, nothing is compared.

    bus ─► dirty topics ─► compare ─► ring of the last changes ─► bounded queue of each client ─► WebSocket
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from pbx.api.codec import encode
from pbx.api.deps import ApiDeps
from pbx.api.health import health_lines
from pbx.api.live_message import (
    CallChange,
    CampaignChange,
    ConferenceChange,
    ConversationChange,
    DrillChange,
    EdgeChange,
    ExtensionChange,
    ExtensionStateChange,
    FlowChange,
    HealthChange,
    LiveHeartbeat,
    LiveResumed,
    LiveSnapshot,
    MailboxChange,
    NumberChange,
    QueueChange,
    RecordingChange,
    RegistrationChange,
    SettingsChange,
    TrunkChange,
)
from pbx.core.events import Subscription
from pbx.core.tasks import Supervisor
from pbx.model.edge_event import EDGE_TOPICS, EdgeEvent
from pbx.model.kinds import EXTENSION
from pbx.model.webhook import TOPICS
from pbx.store.recordings import RecordingFilter

__all__ = ["ALL_TOPICS", "OWN_TOPICS", "LiveClient", "LiveHub", "OwnThings", "TooManyClientsError"]

ALL_TOPICS = TOPICS
OWN_TOPICS = ("calls", "registrations", "extensions", "extension_states", "mailboxes")
"""Topics with things that are somebody's own."""
_COMPARED = tuple(topic for topic in TOPICS if topic not in EDGE_TOPICS)
"""Topics whose state is at hand here."""
_TOPICS_OF = {
    "call": ("calls",),
    "registration": ("registrations",),
    "records": ("extensions", "queues", "trunks", "flows"),
    "extension_state": ("extension_states",),
    "conference": ("conferences",),
    "voicemail": ("mailboxes",),
    "queue": ("queues",),
    "trunk": ("trunks",),
    "recording": ("recordings",),
    "flows": ("flows",),
    "settings": ("settings",),
    "drill": ("drills",),
    "edge": (),
}
"""What of the bus may change which topics; what the edge says is passed on as it is.
Health tells nobody: it is looked at with every heartbeat."""
_CHANGE = {
    "calls": CallChange,
    "registrations": RegistrationChange,
    "extensions": ExtensionChange,
    "extension_states": ExtensionStateChange,
    "conferences": ConferenceChange,
    "mailboxes": MailboxChange,
    "queues": QueueChange,
    "trunks": TrunkChange,
    "recordings": RecordingChange,
    "flows": FlowChange,
    "health": HealthChange,
    "drills": DrillChange,
    "settings": SettingsChange,
    "conversations": ConversationChange,
    "campaigns": CampaignChange,
    "numbers": NumberChange,
    "edge": EdgeChange,
}
NEWEST_RECORDINGS = 100

RING = 2048
QUEUE = 2048
"""A compared topic is sent at once, so this has room for every phone of a large office to change together."""
MOST_CLIENTS = 64
HEARTBEAT_S = 15.0
PAUSE_S = 0.05
"""At least this long between two comparisons: a busy node sends 20 times a second, not for each event."""


class TooManyClientsError(Exception):
    """No room for another live connection."""


class _Kept(NamedTuple):
    seq: int
    topic: str
    data: bytes


class OwnThings(msgspec.Struct, frozen=True):
    """What somebody may see who may see only their own things: an extension, and its mailbox where it has one."""

    extension: str
    mailbox: str | None

    def holds(self, topic: str, item: Any) -> bool:
        """What the phones are counts, not what they show: a stranger may show any number."""
        if topic == "calls":
            return any(leg.extension == self.extension for leg in item.legs)
        if topic == "mailboxes":
            return self.mailbox is not None and item.number == self.mailbox
        whose = item.extension if topic == "registrations" else item.number
        return bool(whose == self.extension)


class LiveClient(msgspec.Struct, eq=False):
    """One connection's queue. `end` says why it ends: "slow", "signed out", "shutdown", "fault", "left".

    With `own` it is told of those things alone; `shown` are the ones it knows of.
    """

    topics: frozenset[str]
    credential: str
    own: OwnThings | None = None
    shown: set[tuple[str, str]] = msgspec.field(default_factory=set)
    queue: deque[bytes] = msgspec.field(default_factory=deque)
    wake: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    end: str = ""

    def push(self, data: bytes) -> bool:
        """Queue a message; False when the client is, or has just become, too slow."""
        if not self.end and len(self.queue) >= QUEUE:
            self.stop("slow")
        if self.end:
            return False
        self.queue.append(data)
        self.wake.set()
        return True

    def stop(self, reason: str) -> None:
        self.end = self.end or reason
        self.wake.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """What is queued, until `stop`; what a slow client has not read by then is not sent."""
        while not self.end:
            if not self.queue:
                self.wake.clear()
                await self.wake.wait()
                continue
            yield self.queue.popleft()


class LiveHub:
    """Compares, numbers and spreads changes. Lives on one event loop."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps
        self._now = _in_memory(deps)
        self._state: dict[str, dict[str, msgspec.Struct]] = {topic: {} for topic in _COMPARED}
        # Starts at the time of day, so that a number from before a restart is never taken for one of this run.
        self._seq = int(deps.clock.now().timestamp() * 1000)
        self._oldest = self._seq  # changes after this one are in the ring
        self._ring: deque[_Kept] = deque()
        self._clients: set[LiveClient] = set()
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._comparing = asyncio.Lock()
        self._tasks: Supervisor | None = None
        self._subscription: Subscription | None = None
        self.dropped = 0

    @property
    def clients(self) -> int:
        return len(self._clients)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The hub's tasks live inside this."""
        async with Supervisor() as self._tasks:
            try:
                yield
            finally:
                self.shut_down()

    def shut_down(self) -> None:
        """Let every client go."""
        for client in self._clients:
            client.stop("shutdown")
        self._rest()

    def sign_out(self, credential: str) -> None:
        """Close the connections that were opened with this credential."""
        for client in self._clients:
            if client.credential == credential:
                client.stop("signed out")

    @asynccontextmanager
    async def client(
        self, topics: Iterable[str], credential: str, since: int | None, own: OwnThings | None = None
    ) -> AsyncIterator[LiveClient]:
        """A connection; its queue starts with a snapshot, or with all it missed since `since`.

        What was somebody's own at that time nobody knows later: with `own` it is always a snapshot.
        """
        if len(self._clients) >= MOST_CLIENTS:
            raise TooManyClientsError
        client = LiveClient(frozenset(topics), credential, own)
        self._watch()
        await self._compare(_COMPARED)
        # From here to the end of _welcome nothing awaits: no change comes between state and queue.
        self._clients.add(client)
        self._welcome(client, since)
        try:
            yield client
        finally:
            self._clients.discard(client)
            if not self._clients:
                self._rest()

    def _welcome(self, client: LiveClient, since: int | None) -> None:
        if client.own is not None:
            since = None
        missed = [
            kept
            for kept in self._ring
            if since is not None and kept.seq > since and kept.topic in client.topics
        ]
        if since is not None and self._oldest <= since <= self._seq and len(missed) < QUEUE - 1:
            client.push(encode(LiveResumed(seq=since)))
            for kept in missed:
                client.push(kept.data)
        else:
            client.push(encode(self._snapshot(client)))

    def _snapshot(self, client: LiveClient) -> LiveSnapshot:
        own = client.own
        wanted: dict[str, tuple[msgspec.Struct, ...]] = {}
        for topic in _COMPARED:
            if topic in client.topics:
                state = self._state[topic]
                seen = {key: item for key, item in state.items() if own is None or own.holds(topic, item)}
                wanted[topic] = tuple(seen.values())
                if own is not None:
                    client.shown.update((topic, key) for key in seen)
        return LiveSnapshot(seq=self._seq, **wanted)  # type: ignore[arg-type]  # each topic holds its own record type

    # -- what makes it go ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Listen to the bus, unless that is being done."""
        if self._subscription is None and self._tasks is not None:
            self._subscription = self._deps.bus.subscribe(*_TOPICS_OF, limit=256)
            self._tasks.spawn("live events", self._run(self._subscription))

    def _rest(self) -> None:
        """Nobody watches: stop listening. The state and the ring stay, so that a client can still resume."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
            self._wake.set()

    async def _run(self, subscription: Subscription) -> None:
        """Until nobody watches. Should this fail, the clients are let go: when they come back, it starts anew."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(subscription))
                group.create_task(self._beat(subscription))
        finally:
            if self._subscription is subscription:
                self._rest()
                for client in self._clients:
                    client.stop("fault")

    async def _listen(self, subscription: Subscription) -> None:
        async for published in subscription:
            if isinstance(published.event, EdgeEvent):
                self._change(published.event.topic, published.event.id, published.event.document)
                continue
            self._dirty.update(_TOPICS_OF[published.topic])
            self._wake.set()

    async def _beat(self, subscription: Subscription) -> None:
        """Compare what is dirty as soon as it is, and everything once per heartbeat."""
        loop = asyncio.get_running_loop()
        heartbeat_at = loop.time() + HEARTBEAT_S
        while self._subscription is subscription:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(heartbeat_at):
                    await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = self._dirty, set()
            if loop.time() >= heartbeat_at:
                heartbeat_at = loop.time() + HEARTBEAT_S
                await self._compare(_COMPARED)
                self._send(encode(LiveHeartbeat(seq=self._seq)))
            else:
                await self._compare(dirty)
            await asyncio.sleep(PAUSE_S)

    async def _compare(self, topics: Iterable[str]) -> None:
        async with self._comparing:
            for topic in topics:
                now = await self._read(topic)
                known, self._state[topic] = self._state[topic], now
                for key in known.keys() - now.keys():
                    self._change(topic, key, None)
                for key, item in now.items():
                    if known.get(key) != item:
                        self._change(topic, key, item)

    async def _read(self, topic: str) -> dict[str, msgspec.Struct]:
        """The state of a topic as it is, by key."""
        if topic in self._now:
            return self._now[topic]()
        deps = self._deps
        if topic == "recordings":
            newest, _ = await deps.recordings.page(RecordingFilter(), NEWEST_RECORDINGS, 0)
            return {one.id: one for one in newest}
        if topic == "flows":
            return {one.flow: one for one in await deps.flows.states()}
        if topic == "settings":
            return {"office": await deps.settings.get()}
        return {one.number: one for one in await deps.records.all(EXTENSION)}

    def _change(self, topic: str, key: str, item: msgspec.Struct | msgspec.Raw | None) -> None:
        self._seq += 1
        data = encode(_CHANGE[topic](seq=self._seq, id=key, item=item))
        self._ring.append(_Kept(self._seq, topic, data))
        if len(self._ring) > RING:
            self._oldest = self._ring.popleft().seq
        self._send(data, topic)
        for client in self._clients:
            if client.own is not None and topic in client.topics:
                mine = item is not None and client.own.holds(topic, item)
                gone = not mine and (topic, key) in client.shown
                if gone:  # it is over, or theirs no more
                    client.shown.discard((topic, key))
                if mine:
                    client.shown.add((topic, key))
                told = encode(_CHANGE[topic](seq=self._seq, id=key, item=None)) if gone else data
                if (mine or gone) and not client.end and not client.push(told):
                    self.dropped += 1

    def _send(self, data: bytes, topic: str | None = None) -> None:
        """To everybody; of a topic, to those who see all of it."""
        for client in self._clients:
            wants = topic is None or (topic in client.topics and client.own is None)
            if wants and not client.end and not client.push(data):
                self.dropped += 1


def _last_drill(deps: ApiDeps) -> dict[str, msgspec.Struct]:
    last = deps.replication.state().last_drill
    return {"replica": last} if last is not None else {}


def _in_memory(deps: ApiDeps) -> dict[str, Callable[[], dict[str, msgspec.Struct]]]:
    """What is known at once, without a look into the database."""
    return {
        "calls": lambda: {one.id: one for one in deps.live_calls()},
        "registrations": lambda: {one.id: one for one in deps.registrations()},
        "extension_states": lambda: {one.number: one for one in deps.extension_states()},
        "conferences": lambda: {one.conference: one for one in deps.conferences.statuses()},
        "mailboxes": lambda: (
            {one.number: one for one in deps.voicemail.states()} if deps.voicemail is not None else {}
        ),
        "queues": lambda: {one.queue: one for one in deps.queues.statuses()},
        "trunks": lambda: {one.trunk: one for one in deps.trunks()},
        "health": lambda: {one.name: one for one in health_lines(deps.health_checks)},
        "drills": lambda: _last_drill(deps),
    }
