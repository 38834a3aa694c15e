"""The HTTP side of a node: the API, the admin site and what else is served beside them, as one aiohttp server.

Everything that HTTP needs is imported at the top: `pbx.app.web_side` imports this module when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from aiohttp.web import Application, AppRunner, HTTPNotFound, Request, Response

from pbx.api.app import build
from pbx.api.deps import ApiDeps
from pbx.api.views import registration_view
from pbx.app.installed import BUILT_SITE, program_version
from pbx.store.call_figures import FigureStore
from pbx.store.webhook_deliveries import DeliveryStore

if TYPE_CHECKING:
    from pbx.app.web_side import HttpNeeds
    from pbx.core.config import NodeConfig
    from pbx.core.metrics import Counter
    from pbx.model.node_report import DoctorCheck
    from pbx.transport.websocket import WebSocketListener

__all__ = ["http_server"]

SHUTDOWN_S = 2.0
"""How long a stop waits for requests under way; open WebSockets are told to come back."""


def http_server(needs: HttpNeeds, requests: Counter) -> AppRunner:
    """One that was not set up yet: that belongs to the event loop, and this does not. It will answer, but not listen;
    its `cleanup` ends the connections that it was given.
    """
    config, parts, stores = needs.config, needs.parts, needs.stores
    application = build(
        ApiDeps(
            config=config,
            clock=parts.clock,
            bus=parts.bus,
            metrics=needs.metrics,
            requests=requests,
            records=stores.records,
            cdrs=stores.cdrs,
            accounts=needs.accounts,
            figures=FigureStore(needs.database),
            deliveries=DeliveryStore(needs.database),
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
            mail_password=needs.mail_password,
            edge=parts.edge,
            edge_key=parts.edge.set_key,
            examine=partial(_examine, config),
            origins=needs.origins,
            started_at=parts.started_at,
            address=parts.address,
            sip_port=parts.sip_port,
            sip_tls_port=parts.sip_tls_port,
            version=program_version(),
            site_dir=config.site_dir or BUILT_SITE,
            replication=parts.replication,
            health_checks=needs.checks,
        )
    )
    _add_sip(application, needs.sip_websocket, needs.ca_certificate)
    if needs.public_certificate is not None:
        needs.public_certificate.add_to(application)
    parts.edge.add_to(application)
    return AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_S)


def _add_sip(
    application: Application, sip_websocket: WebSocketListener, ca_certificate: Callable[[], bytes | None]
) -> None:
    """What is served beside the API, to anybody: SIP over WebSocket, and the certificate to trust for TLS."""

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
