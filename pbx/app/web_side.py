"""The HTTP side of a node while nobody uses it: it listens, answers monitors, and knows when the rest is needed.

The API and aiohttp are a fifth of a node's memory, and most nodes are looked at rarely. They are imported with the
first request that is more than a monitor's, in a thread, and stay. Two things need them before any request: webhooks,
which tell what an open page is told, and an edge in this process, whose calls come by HTTP.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pbx.api.early import EarlyAnswers, count_requests
from pbx.core.imports import aside
from pbx.model.kinds import WEBHOOK
from pbx.model.records_changed import RecordsChanged
from pbx.transport.http_front import HttpFront, ServerProtocol

if TYPE_CHECKING:
    import socket
    import ssl

    from aiohttp.web import AppRunner

    from pbx.api.ports.health import HealthCheck
    from pbx.app.acme import PublicCertificate
    from pbx.app.ground import Stores
    from pbx.app.parts import Parts
    from pbx.core.config import NodeConfig
    from pbx.core.events import EventBus
    from pbx.core.metrics import Counter, Registry
    from pbx.core.tasks import Supervisor
    from pbx.store.accounts import Accounts
    from pbx.store.database import Database
    from pbx.store.records import RecordStore
    from pbx.transport.websocket import WebSocketListener

__all__ = ["HttpNeeds", "WebSide"]

log = logging.getLogger(__name__)


class HttpNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is made of. `origins`: what has set the settings of the start."""

    config: NodeConfig
    parts: Parts
    stores: Stores
    accounts: Accounts
    database: Database
    metrics: Registry
    sip_websocket: WebSocketListener
    ca_certificate: Callable[[], bytes | None]
    origins: Mapping[str, str]
    mail_password: Callable[[str], Awaitable[None]]
    checks: Sequence[HealthCheck]
    public_certificate: PublicCertificate | None


class WebSide:
    """`listen`, then `load` it or let it be loaded."""

    def __init__(self, needs: HttpNeeds, supervisor: Supervisor) -> None:
        self._needs = needs
        self._runner: AppRunner | None = None
        self._requests = count_requests(needs.metrics)
        early = EarlyAnswers(needs.checks, self._requests)
        self._front = HttpFront(early.answer, self._load, supervisor.spawn)

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        await self._front.listen(listener, tls)

    async def load(self) -> None:
        """Whether or not somebody asks."""
        await self._front.load()

    async def load_with_the_first_webhook(self, records: RecordStore, bus: EventBus) -> None:
        """Returns when there is one and the server is loaded."""
        with bus.subscribe("records") as changes:
            there = bool(await records.all(WEBHOOK))
            while not there:
                event = (await anext(changes)).event
                if isinstance(event, RecordsChanged) and event.kind in ("", WEBHOOK.name):
                    there = bool(await records.all(WEBHOOK))
        await self.load()

    async def close(self) -> None:
        await self._front.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _load(self) -> ServerProtocol:
        started = time.monotonic()
        try:
            runner = await aside(partial(_made, self._needs, self._requests))
        except ImportError as error:
            raise RuntimeError(
                "the HTTP server cannot be loaded; was the program replaced while it ran?"
            ) from error
        await runner.setup()
        self._runner = runner
        gc.freeze()  # it stays until the end, as what the start has made does
        log.info(
            "the admin page and the API are loaded", extra={"took_s": round(time.monotonic() - started, 3)}
        )
        assert runner.server is not None
        return runner.server


def _made(needs: HttpNeeds, requests: Counter) -> AppRunner:
    from pbx.app.http import http_server

    return http_server(needs, requests)
