"""Puts an edge together: the only place that knows all its areas."""

from __future__ import annotations

import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from edge.api.dispatch import Dispatch
from edge.api.operation import Operation, Reply
from edge.area import Area
from edge.background import Background
from edge.campaigns.area import build_campaigns
from edge.campaigns.erasing import CampaignEraser
from edge.clock import Clock, SystemClock
from edge.config import EdgeConfig
from edge.directory import Directories, Receptionists
from edge.edge import Edge
from edge.events import Events
from edge.numbers.area import numbers_area
from edge.offices import Offices
from edge.offline.area import build_offline, chat_of
from edge.offline.erasing import OfflineEraser
from edge.store import Store, open_store
from edge.store.open import FILE_NAME
from edge.texts.area import build_texts
from edge.tunnel.frames import HttpRequest
from edge.twilio.webhooks import Signature, Webhooks
from edge.voice.area import build_hub, build_voice
from edge.voice.erasing import CallEraser

if TYPE_CHECKING:
    from edge.twilio.client import TwilioClient

__all__ = ["build", "operations"]

HOUR_S = 3600.0
MOST_BYTES = 1 << 20


async def build(config: EdgeConfig, *, store: Store | None = None, clock: Clock | None = None) -> Edge:
    """An edge that is not started yet. Raises `StartError`."""
    clock = clock or SystemClock()
    store = store or await open_store(config.db_dsn or config.data_dir / FILE_NAME)
    offices = Offices(store, clock)
    events, background = Events(), Background()
    webhooks = Webhooks(store, offices, clock, signature=_signature(config), public_url=config.public_url)
    twilio = _twilio(config)
    directories, receptionists = Directories(store, clock), Receptionists(store, clock)

    async def asks(office: str, asked: HttpRequest, body: bytes) -> Reply:
        return await dispatch.ask(
            office=office,
            actor=asked.actor,
            method=asked.method,
            path=asked.path,
            query=asked.query,
            body=body,
            type=asked.type,
        )

    hub = build_hub(config, store, clock, offices, background, directories=directories, asks=asks)
    events.listen(hub.tell)
    offline = build_offline(
        config,
        store,
        clock,
        directories=directories,
        receptionists=receptionists,
        understanding=chat_of(config),
        provider=twilio,
        deliver=hub.deliver,
    )
    voice = build_voice(
        config,
        store,
        clock,
        offices,
        background,
        hub=hub,
        directories=directories,
        provider=twilio,
        elsewhere=offline.calls.begin,
        ended=offline.calls.ended,
    )
    texts, texting = build_texts(
        config,
        store,
        clock,
        offices,
        events,
        directories=directories,
        receptionists=receptionists,
        provider=twilio,
        erasers=[CampaignEraser(), OfflineEraser(clock), CallEraser()],
    )
    campaigns = build_campaigns(
        config, store, clock, events, offices, twilio=twilio, outbox=texts.outbox, consent=texts.consent
    )
    areas: list[Area] = [
        Area(work={"old answers": lambda: _forget(webhooks, clock)}),
        voice.area,
        offline.area,
        numbers_area(config, store, clock, offices=offices, events=events, twilio=twilio),
        texting,
        campaigns,
    ]
    dispatch = Dispatch([one for area in areas for one in area.operations], clock)
    return Edge(
        config=config,
        store=store,
        clock=clock,
        offices=offices,
        events=events,
        background=background,
        twilio=twilio,
        dispatch=dispatch,
        hub=hub,
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
    """None without credentials: then nobody proves to be Twilio."""
    if not config.twilio_auth_token:
        return None
    from edge.twilio.signature import TwilioSignature  # Twilio's library is slow to read

    return TwilioSignature(config.twilio_auth_token)


def _twilio(config: EdgeConfig) -> TwilioClient | None:
    if not (config.twilio_account_sid and config.twilio_auth_token):
        return None
    from edge.twilio.client import TwilioClient

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
