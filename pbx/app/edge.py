"""The edges of an office: one inside this node, when it has a Twilio account, and those that its settings name.

`edge` is imported when there is one to be run: most nodes read nothing of it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.api.edge_door import EdgeReply, NoEdge
from pbx.core.errors import StartupError, UserError
from pbx.core.tasks import Supervisor, cancelled
from pbx.feature.edge_calls import SOURCE, ByTransport, EdgeCalls
from pbx.model.edge_event import EDGE_TOPICS, EdgeEvent
from pbx.model.settings import OfficeSettings
from pbx.transport.tunnel.link import Link, NoEntry, web_socket
from pbx.transport.tunnel.requests import TunnelDown
from pbx.transport.tunnel.tunnel import Tunnel

if TYPE_CHECKING:
    from aiohttp.web import Application

    from edge.edge import Edge
    from pbx.app.ground import Ground
    from pbx.call.ports import Signaling
    from pbx.call.switch import Switch
    from pbx.core.clock import SystemClock
    from pbx.core.config import NodeConfig
    from pbx.core.events import EventBus
    from pbx.core.names import Lookup
    from pbx.feature.edge_delivery import EdgeDelivery
    from pbx.feature.edge_directory import EdgeDirectories
    from pbx.feature.trunks import Trunks
    from pbx.store.sealed_state import SealedState
    from pbx.store.settings import SettingStore

__all__ = ["EDGE_KEY", "LOOPBACKS", "EdgeParts", "build_edge"]

log = logging.getLogger(__name__)

LOCAL = "local"
FOLDER = "edge"
EDGE_KEY = "edge key"
"""What the office shows to its edges, in the state of the node."""
LOOPBACKS = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 looked up, not bound to
_SHARED = (
    "public_url", "fallback_url", "twilio_account_sid", "twilio_auth_token", "twilio_api_url", "country", "chat_url",
    "chat_model", "chat_key_file", "speech_url", "speech_model", "speech_key_file", "smtp_host", "smtp_port",
    "smtp_security", "smtp_username", "smtp_password", "smtp_from",
)  # fmt: skip
"""Settings that the edge inside has from the node."""


class EdgeParts:
    """What the node has of its edges. Implements `EdgeDoor`."""

    def __init__(
        self, config: NodeConfig, calls: EdgeCalls, signaling: Signaling, clock: SystemClock, lookup: Lookup
    ) -> None:
        self.calls = calls
        self.signaling = signaling
        self.local: Edge | None = None
        self._config = config
        self._clock = clock
        self._lookup = lookup
        self._tls: Callable[[], ssl.SSLContext] | None = None
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._settings = OfficeSettings()
        self._changing = asyncio.Lock()
        self._supervisor: Supervisor | None = None
        self._key: SealedState | None = None

    @property
    def is_there(self) -> bool:
        """Whether the office has an edge at all, be it out of reach just now."""
        return self.is_embedded or bool(self.calls.tunnels)

    @property
    def is_embedded(self) -> bool:
        """Whether an edge runs in this node."""
        config = self._config
        return config.edge or bool(config.twilio_account_sid and config.twilio_auth_token)

    def attach(self, directories: EdgeDirectories, delivery: EdgeDelivery, supervisor: Supervisor) -> None:
        """What the edges are told of the office, and who takes what they bring."""

        def tell(_: bytes) -> None:
            supervisor.spawn("directory for the edges", self.calls.tell_directory())

        directories.changed.append(tell)
        self.calls.document = lambda: directories.document
        self.calls.takes = delivery.take
        supervisor.spawn("directory", directories.run())

    # -- EdgeDoor ---------------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> EdgeReply:
        """The first edge that can be reached is asked: they share what they know. Raises `UserError` 503, 504."""
        tunnel = next(self.calls.up(), None)
        if tunnel is None and not self.calls.tunnels:
            return await NoEdge().request(method, path)
        if tunnel is None:
            raise UserError(
                "the edge cannot be reached now", http_status=503, action="Try again in a moment."
            )
        try:
            reply = await tunnel.request(
                method, path, query=query, actor=actor[:256], type=content_type[:256], body=body
            )
        except TunnelDown as error:
            status = 504 if error.late else 503
            raise UserError(f"the edge cannot be asked: {error.reason}", http_status=status) from error
        return EdgeReply(status=reply.status, content_type=reply.type, headers=reply.headers, body=reply.body)

    # -- the edge inside --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the edge inside, if there is to be one. Raises `StartupError`."""
        if not self.is_embedded:
            return
        from edge.app import build
        from edge.config import EdgeConfig
        from edge.errors import StartError

        given = {name: getattr(self._config, name) for name in _SHARED}
        try:
            self.local = await build(EdgeConfig(data_dir=self._config.data_dir / FOLDER, **given))
        except StartError as error:
            raise StartupError(error.message, action=error.action) from error
        await self.local.offices.ensure_local()

    def add_to(self, application: Application) -> None:
        """Serve what Twilio and other offices ask of the edge inside, on the node's own HTTP port."""
        if self.local is not None:
            for route in self.local.application.router.routes():
                where = route.resource
                if where is not None and route.method != "HEAD":
                    application.router.add_route(route.method, where.canonical, route.handler)

    def start_local(self, supervisor: Supervisor) -> None:
        """The tunnel to it is two queues."""
        if self.local is not None:
            self.local.start()
            self._add(LOCAL, self._connect_inside, supervisor)

    async def _connect_inside(self) -> Link:
        from edge.tunnel.link import LocalLink

        if self.local is None:
            raise NoEntry(0, "the edge of this node has stopped")
        ours, theirs = LocalLink.pair()
        self.local.background.spawn("tunnel inside", self.local.hub.serve(LOCAL, theirs))
        return ours

    async def close(self) -> None:
        """After calls have ended: the edge inside stops."""
        for name in list(self._running):
            await self._remove(name)
        if self.local is not None:
            local, self.local = self.local, None
            await local.close()

    # -- edges elsewhere --------------------------------------------------------------------------------------------

    async def set_key(self, key: str) -> None:
        """What this office shows to its edges: sealed, and used from now on; "" for none."""
        if self._key is None:
            raise UserError("this node is not ready yet", http_status=503)
        await self._key.put(key)
        await self._use(self._settings)

    async def follow(
        self,
        supervisor: Supervisor,
        settings: SettingStore,
        *,
        key: SealedState,
        tls: Callable[[], ssl.SSLContext],
    ) -> None:
        """Keep a tunnel to each edge that the settings name, for ever. `key`: see `set_key`."""
        self._supervisor, self._key, self._tls = supervisor, key, tls
        await settings.follow(self._use)

    async def _use(self, settings: OfficeSettings) -> None:
        async with self._changing:
            self._settings = settings
            set_key = await self._key.get() if self._key is not None else None
            key = self._config.edge_key if set_key is None else set_key
            wanted = dict.fromkeys((*self._config.edge_url, *settings.edges) if key else ())
            for name, (known, _) in list(self._running.items()):
                if name != LOCAL and (name not in wanted or known != key):
                    await self._remove(name)
            for name in wanted:
                if name not in self._running and self._supervisor is not None:
                    self._add(
                        name,
                        partial(web_socket, name, key, self._tls_of(name), self._lookup),
                        self._supervisor,
                        key,
                    )

    def _tls_of(self, address: str) -> ssl.SSLContext | None:
        return self._tls() if self._tls is not None and address.startswith("https") else None

    def _add(self, name: str, connect: Callable[[], Any], supervisor: Supervisor, key: str = "") -> None:
        tunnel = Tunnel(
            name,
            connect,
            self.calls,
            supervisor=supervisor,
            clock=self._clock,
            sip=self._config.edge_sip,
            outlives=name != LOCAL,
        )
        self.calls.add(tunnel)
        self._running[name] = (key, supervisor.spawn(f"tunnel to {name}", tunnel.run()))

    async def _remove(self, name: str) -> None:
        _, task = self._running.pop(name)
        await cancelled(task)
        self.calls.tunnels.pop(name, None)


def build_edge(
    ground: Ground,
    sip: Signaling,
    trunks: Trunks,
    *,
    switch: Callable[[], Switch],
    lookup: Lookup,
) -> EdgeParts:
    """`switch` is asked late: it is made after all features. `sip` makes the legs that go through no tunnel."""
    config = ground.config
    calls = EdgeCalls(
        switch,
        host=LOOPBACKS.get(config.host, config.host),
        country=config.country,
        trunk=lambda: trunks.edge() or SOURCE,
        publish=partial(_publish, ground.bus),
    )
    trunks.edge_up = lambda: any(calls.up())
    calls.on_change = lambda _: trunks.edge_changed()
    return EdgeParts(config, calls, ByTransport(sip, calls), ground.clock, lookup)


def _publish(bus: EventBus, topic: str, id: str, document: bytes) -> None:
    for known in EDGE_TOPICS:
        if known == topic:
            bus.publish("edge", EdgeEvent(topic=known, id=id, document=msgspec.Raw(document)))
