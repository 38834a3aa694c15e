"""How the node itself is: health, status, metrics, and the description of this API."""

from __future__ import annotations

import asyncio

from aiohttp import web

from pbx.api.exchange import Answer, Exchange
from pbx.api.health import Health, HealthLine, health, health_lines
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import NodeStatus, StatusCounts
from pbx.core.config_sources import Setting, settings
from pbx.core.metrics import CONTENT_TYPE
from pbx.model.base import Record
from pbx.model.kinds import EXTENSION
from pbx.model.node_report import DoctorCheck, StartupSetting


class Doctor(Record, frozen=True, kw_only=True):
    """What `pbx doctor` finds."""

    items: tuple[DoctorCheck, ...]
    failures: int


class StartupSettings(Record, frozen=True, kw_only=True):
    """All of them, in the order of `pbx serve --help`."""

    items: tuple[StartupSetting, ...]


async def get_health(exchange: Exchange) -> Answer:
    status, body = health(exchange.service.deps.health_checks)
    return Answer(body=body, status=status)


def check_all(exchange: Exchange) -> tuple[HealthLine, ...]:
    """Every health check of the node, asked now."""
    return health_lines(exchange.service.deps.health_checks)


async def counts(exchange: Exchange) -> StatusCounts:
    """How many there are of what an office is made of."""
    deps = exchange.service.deps
    registrations = deps.registrations()
    return StatusCounts(
        extensions=len(await deps.records.all(EXTENSION)),
        registrations=len(registrations),
        registered_extensions=len({one.extension for one in registrations}),
        calls=len(deps.live_calls()),
    )


async def get_status(exchange: Exchange) -> NodeStatus:
    service, deps = exchange.service, exchange.service.deps
    now = deps.clock.now()
    return NodeStatus(
        version=deps.version,
        started_at=deps.started_at,
        now=now,
        uptime_s=max(0, int((now - deps.started_at).total_seconds())),
        address=deps.address(),
        sip_port=service.sip_port,
        http_port=_own_port(exchange.request) or deps.config.http_port,
        rtp_port_min=deps.config.rtp_port_min,
        rtp_port_max=deps.config.rtp_port_max,
        counts=await counts(exchange),
        health=check_all(exchange),
    )


def _own_port(request: web.Request) -> int:
    """The port this request came in at; the configured one may be 0."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return int(name[1]) if isinstance(name, tuple) else 0


async def get_doctor(exchange: Exchange) -> Doctor:
    """One at a time, in a thread: it opens ports and asks servers."""
    async with exchange.service.examining:
        checks = await asyncio.to_thread(exchange.service.deps.examine)
    return Doctor(items=tuple(checks), failures=sum(each.grade == "failure" for each in checks))


async def get_startup(exchange: Exchange) -> StartupSettings:
    deps = exchange.service.deps
    return StartupSettings(
        items=tuple(
            StartupSetting(
                name=name,
                value=_shown(setting, getattr(deps.config, name)),
                source=deps.origins.get(name, "default"),  # type: ignore[arg-type]  # one of the words
                option=setting.option,
                variable=setting.variable,
                description=setting.description,
            )
            for name, setting in settings().items()
        )
    )


def _shown(setting: Setting, value: object) -> str:
    if setting.is_secret:
        return "(set)" if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


async def get_metrics(exchange: Exchange) -> web.Response:
    text = exchange.service.deps.metrics.expose()
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})


async def get_openapi(exchange: Exchange) -> web.Response:
    # Made when it is first asked for, with what the edge says of itself: that takes a moment.
    body = await asyncio.to_thread(exchange.service.openapi)
    return web.Response(body=body, content_type="application/json")


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/health",
        scope=Scope.OPEN,
        name="getHealth",
        limited=False,
        tag="Node",
        summary="Whether the node is well",
        description="For monitors and load balancers. 503 with the same body while a check fails.",
        response=Health,
        also=((503, Health),),
        handler=get_health,
    ),
    Route(
        method="GET",
        path="/api/v1/status",
        scope=Scope.STATUS_READ,
        name="getStatus",
        tag="Node",
        summary="Version, address, figures and health of the node",
        response=NodeStatus,
        handler=get_status,
    ),
    Route(
        method="GET",
        path="/api/v1/doctor",
        scope=Scope.STATUS_READ,
        name="getDoctor",
        tag="Node",
        summary="Examine the machine",
        description="The checks of `pbx doctor`, each with what to do. Takes some seconds.",
        response=Doctor,
        handler=get_doctor,
    ),
    Route(
        method="GET",
        path="/api/v1/settings/startup",
        scope=Scope.OFFICE_READ,
        name="getStartupSettings",
        tag="Settings",
        summary="Read the settings that need a restart",
        description="Ports, folders, servers: their values, and whether the command line, an environment variable or "
        "pbx.toml has set them.",
        response=StartupSettings,
        handler=get_startup,
    ),
    Route(
        method="GET",
        path="/metrics",
        scope=Scope.METRICS_READ,
        name="getMetrics",
        tag="Node",
        summary="Figures for Prometheus",
        description="Text exposition format 0.0.4. Needs no credential when asked from the node's own machine.",
        response_type="text/plain",
        handler=get_metrics,
    ),
    Route(
        method="GET",
        path="/api/v1/openapi.json",
        scope=Scope.OPEN,
        name="getOpenapi",
        tag="Node",
        summary="This document",
        response_type="application/json",
        handler=get_openapi,
    ),
)
