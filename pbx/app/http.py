"""The HTTP side of a node. aiohttp is imported when it starts, after SIP is answered: it takes a while."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aiohttp.web import Application, AppRunner, Request, Response

    from pbx.api.ports.health import HealthCheck
    from pbx.app.acme import PublicCertificate
    from pbx.app.ground import Stores
    from pbx.app.parts import Parts
    from pbx.core.config import NodeConfig
    from pbx.core.metrics import Registry
    from pbx.model.node_report import DoctorCheck
    from pbx.store.accounts import Accounts
    from pbx.store.call_figures import FigureStore
    from pbx.store.webhook_deliveries import DeliveryStore
    from pbx.transport.websocket import WebSocketListener

BUILT_SITE = Path(__file__).parents[1] / "web"
SHUTDOWN_S = 2.0
"""How long a stop waits for requests under way; open WebSockets are told to come back."""


async def start_http(
    config: NodeConfig,
    listener: socket.socket,
    parts: Parts,
    *,
    stores: Stores,
    accounts: Accounts,
    figures: FigureStore,
    deliveries: DeliveryStore,
    metrics: Registry,
    sip_websocket: WebSocketListener,
    ca_certificate: Callable[[], bytes | None],
    origins: Mapping[str, str],
    mail_password: Callable[[str], Awaitable[None]],
    checks: Sequence[HealthCheck],
    public_certificate: PublicCertificate | None = None,
) -> AppRunner:
    """Serve the API and the admin site on `listener`; `cleanup` of the result stops it."""
    from aiohttp.web import AppRunner, SockSite

    from pbx.api.app import build
    from pbx.api.deps import ApiDeps
    from pbx.api.views import registration_view

    application = build(
        ApiDeps(
            config=config,
            clock=parts.clock,
            bus=parts.bus,
            metrics=metrics,
            records=stores.records,
            cdrs=stores.cdrs,
            accounts=accounts,
            figures=figures,
            deliveries=deliveries,
            live_calls=parts.switch.live_calls,
            registrations=lambda: [
                registration_view(each, parts.reachability.of(each))
                for each in parts.registrar.all_bindings()
            ],
            control=parts.control,
            queues=parts.queues.queues,
            recordings=parts.recordings,
            conferences=parts.conferences.conferences,
            voicemail=parts.voicemail.shelf,
            push=parts.wake.phones,
            pages=parts.pages,
            transcribes=lambda: parts.voicemail.writing_down.there,
            trunks=parts.trunks.statuses,
            settings=stores.settings,
            messages=stores.messages,
            flows=parts.flows.publishing,
            documents=parts.flows.documents,
            sync=parts.sync,
            send_message=parts.messages.submit,
            test_trunk=parts.trunk_tests.run,
            extension_states=parts.lamps.states,
            usage=parts.guarding.limits.report,
            notices=parts.guarding.notices.newest,
            post_notice=parts.guarding.notices.post,
            door=parts.entrance.door,
            sip_traces=parts.entrance.traces,
            call_of=parts.entrance.call_of,
            prompts=parts.sounds.prompts,
            mail_password=mail_password,
            edge=parts.edge,
            edge_key=parts.edge.set_key,
            examine=partial(_examine, config),
            origins=origins,
            started_at=parts.started_at,
            address=parts.address,
            sip_port=parts.sip_port,
            sip_tls_port=parts.sip_tls_port,
            version=program_version(),
            site_dir=config.site_dir or BUILT_SITE,
            replication=parts.replication,
            health_checks=(
                *checks,
                *((public_certificate.check,) if public_certificate is not None else ()),
            ),
        )
    )
    _add_sip(application, sip_websocket, ca_certificate)
    if public_certificate is not None:
        public_certificate.add_to(application)
    parts.edge.add_to(application)
    runner = AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    await SockSite(runner, listener).start()
    return runner


async def serve_https(runner: AppRunner, listener: socket.socket, context: ssl.SSLContext) -> None:
    """The same over TLS: browsers give the microphone to secure pages only."""
    from aiohttp.web import SockSite

    await SockSite(runner, listener, ssl_context=context).start()


def _add_sip(
    application: Application, sip_websocket: WebSocketListener, ca_certificate: Callable[[], bytes | None]
) -> None:
    """What is served beside the API, to anybody: SIP over WebSocket, and the certificate to trust for TLS."""
    from aiohttp.web import HTTPNotFound, Response

    async def certificate(_: Request) -> Response:
        found = ca_certificate()
        if found is None:
            raise HTTPNotFound
        return Response(
            body=found,
            content_type="application/x-x509-ca-cert",
            headers={"Content-Disposition": 'attachment; filename="bellwire-ca.crt"'},
        )

    async def end_connections(_: Application) -> None:
        await sip_websocket.close()

    application.router.add_get("/ws/sip", sip_websocket.handle, name="sip")
    application.router.add_get("/ca.crt", certificate, name="ca")
    application.on_shutdown.append(end_connections)


def _examine(config: NodeConfig) -> Sequence[DoctorCheck]:
    from pbx.app.doctor import Grade, examine
    from pbx.model.node_report import DoctorCheck

    grades: dict[Grade, Literal["ok", "warning", "failure"]] = {
        Grade.OK: "ok",
        Grade.WARNING: "warning",
        Grade.FAILURE: "failure",
    }
    return [
        DoctorCheck(name=each.name, grade=grades[each.grade], text=each.text, action=each.action)
        for each in examine(config)
    ]


@cache
def program_version() -> str:
    """The installed version; "dev" in a source tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bellwire")
    except PackageNotFoundError:
        return "dev"
