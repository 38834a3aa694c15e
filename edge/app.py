"""Puts an edge together: the only place that knows all its areas."""

from __future__ import annotations

import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from edge.api.dispatch import Dispatch
from edge.api.operation import Operation
from edge.area import Area
from edge.background import Background
from edge.clock import Clock, SystemClock
from edge.config import EdgeConfig
from edge.edge import Edge
from edge.events import Events
from edge.offices import Offices
from edge.store import Store, open_store
from edge.store.open import FILE_NAME
from edge.twilio.client import TwilioClient
from edge.twilio.signature import TwilioSignature
from edge.twilio.webhooks import Signature, Webhooks

__all__ = ["build", "operations"]

HOUR_S = 3600.0
MOST_BYTES = 1 << 20


async def build(config: EdgeConfig, *, store: Store | None = None, clock: Clock | None = None) -> Edge:
    """An edge that is not started yet. Raises `StartError`."""
    clock = clock or SystemClock()
    store = store or await open_store(config.db_dsn or config.data_dir / FILE_NAME)
    offices = Offices(store, clock)
    events, background = Events(), Background()
    twilio = _client(config)
    webhooks = Webhooks(store, offices, clock, signature=_signature(config), public_url=config.public_url)
    areas: list[Area] = [Area(work={"old answers": lambda: _forget(webhooks, clock)})]
    return Edge(
        config=config,
        store=store,
        clock=clock,
        offices=offices,
        events=events,
        background=background,
        twilio=twilio,
        dispatch=Dispatch([one for area in areas for one in area.operations], clock),
        areas=areas,
        application=_application(areas, webhooks, store),
    )


async def operations() -> list[Operation]:
    """All that an office can ask, for the document that describes it."""
    with tempfile.TemporaryDirectory() as folder:
        edge = await build(EdgeConfig(data_dir=Path(folder)))
        await edge.close()
    return list(edge.dispatch.operations)


def _signature(config: EdgeConfig) -> Signature | None:
    return TwilioSignature(config.twilio_auth_token) if config.twilio_auth_token else None


def _client(config: EdgeConfig) -> TwilioClient | None:
    """None where nobody has said whose account it is."""
    if not config.twilio_account_sid or not config.twilio_auth_token:
        return None
    return TwilioClient(config.twilio_account_sid, config.twilio_auth_token, config.twilio_api_url)


def _application(areas: Sequence[Area], webhooks: Webhooks, store: Store) -> web.Application:
    async def health(_: web.Request) -> web.Response:
        await store.one("SELECT 1 AS one")
        return web.json_response({"status": "ok"})

    application = web.Application(client_max_size=MOST_BYTES)
    application.add_routes([web.get("/edge/health", health)])
    for area in areas:
        application.add_routes([*webhooks.routes(area.webhooks), *area.routes])
    return application


def _forget(webhooks: Webhooks, clock: Clock) -> Coroutine[Any, Any, None]:
    async def hourly() -> None:
        while True:
            await webhooks.forget()
            await clock.sleep(HOUR_S)

    return hourly()
