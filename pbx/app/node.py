"""One node: takes its ports, starts, serves, and stops in order.

The order of the start is a promise: ports first (a port in use stops the start before anything else has
happened), then the database, then audio, then SIP answers; the HTTP ports are served last, and most of what
serves them is loaded with the first request (`pbx.app.web_side`). The stop is the reverse: phones are told,
calls are recorded, then the files are closed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from pbx.app import demo
from pbx.app.build import build
from pbx.app.edge import EDGE_KEY
from pbx.app.ground import Ground, Stores
from pbx.app.hold_music import follow_hold_music
from pbx.app.keeping import CallKeeper, open_keeper
from pbx.app.listening import Hearing
from pbx.app.listening_ports import Ports, take_ports
from pbx.app.parts import Parts
from pbx.app.push import news_of, start_push
from pbx.app.replica import prepare_replica
from pbx.app.revive import go_on, leave
from pbx.app.servers import Servers
from pbx.app.watching import Watching
from pbx.app.welcome import greet
from pbx.core import log as logs
from pbx.core.clock import SystemClock, machine_zone
from pbx.core.config import NodeConfig
from pbx.core.events import EventBus
from pbx.core.memory import collapse_heap
from pbx.core.metrics import Registry
from pbx.core.secret import SecretBox
from pbx.core.service import Service
from pbx.core.tasks import Supervisor
from pbx.feature.browser_login import ANY, BrowserLogins
from pbx.model.kinds import WEBHOOK
from pbx.store.accounts import Accounts
from pbx.store.bindings import BindingStore
from pbx.store.cdrs import CdrStore
from pbx.store.credentials import live_credentials
from pbx.store.database import FILE_NAME, Database, lock_data_dir
from pbx.store.edge_deliveries import EdgeDeliveryStore
from pbx.store.flows import FlowStore
from pbx.store.key_rotation import settled_key
from pbx.store.messages import MessageStore
from pbx.store.push_phones import PushPhoneStore
from pbx.store.recordings import RecordingStore
from pbx.store.records import RecordStore
from pbx.store.sealed_state import SealedState
from pbx.store.settings import SettingStore
from pbx.store.state import StateStore
from pbx.store.sweep import Sweep
from pbx.store.sync import SyncStore
from pbx.store.voicemail import VoicemailStore
from pbx.transport.tls import ServerTls

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck
    from pbx.app.acme import PublicCertificate

log = logging.getLogger(__name__)

SWEEP_S = 1.0
GC_THRESHOLDS = (50_000, 5, 5)
"""A call makes some thousand objects and nearly no cycles: Python's 700 would look through all live calls ten times
for each new one. What is left of a call that rang in vain (a traceback holds its frame) waits for some hundred calls.
"""


def run(config: NodeConfig, origins: Mapping[str, str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or SIGUSR2; the exit status. Raises `StartupError` when the node cannot start."""
    logs.setup(config.log_level, config.log_format)
    uvloop.run(_serve(config, origins or {}))
    return 0


async def _serve(config: NodeConfig, origins: Mapping[str, str]) -> None:
    """SIGUSR2 leaves the calls to a process that is started at once, as a restart by systemd does; else they end."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
        loop.add_signal_handler(each, told.put_nowait, each)
    async with node(config, origins) as parts:
        number = await told.get()
        service = parts.keeper.service
        if number == signal.SIGUSR2 or (number == signal.SIGTERM and await service.restarts()):
            log.info("leaving the calls to the next process", extra={"calls": len(parts.switch)})
            await leave(parts)
        service.stopping()
        log.info("stopping")


@asynccontextmanager
async def node(config: NodeConfig, origins: Mapping[str, str] | None = None) -> AsyncIterator[Parts]:
    """A running node. Leaving the context stops it; every phone in a call is told. `origins`: what set its settings."""
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        ports = take_ports(config)
        stack.push_async_callback(ports.sip.close)
        stack.callback(ports.close_http)
        stack.callback(lock_data_dir(config.data_dir).release)
        metrics = Registry()
        replication = await prepare_replica(config, stack, metrics)
        database = await Database.open(config.data_dir / FILE_NAME, metrics=metrics)
        stack.push_async_callback(database.close)
        bus = EventBus()
        box = SecretBox(settled_key(config.data_dir, locked=True))
        stores = _stores(database, box, bus)
        keeper = stack.enter_context(open_keeper(config.data_dir, box, ports.service))
        supervisor = await stack.enter_async_context(Supervisor())
        parts = build(
            Ground(
                config=config,
                stores=stores,
                bus=bus,
                clock=SystemClock(),
                metrics=metrics,
                supervisor=supervisor,
            ),
            sockets=ports.sip,
            guard=ports.guard,
            web_ports=ports.web_ports(),
            hearing=Hearing(config),
            pages=_page_logins(box, database, ports),
            keeper=keeper,
            replication=replication,
        )
        watching = Watching(config, parts, metrics)
        made = await demo.fill(stores.records) if config.demo else []
        await _prepare(stores, parts)
        await _start_audio(stack, parts, stores, keeper)
        stack.push_async_callback(parts.hearing.close)
        stop_sip = await _start_sip(stack, ports, parts, supervisor, bus)
        log.info(
            "SIP is answered", extra={"port": ports.sip.port, "after_s": round(time.monotonic() - started, 3)}
        )
        tls = await _start_tls(ports, parts, supervisor) if config.tls else None
        public_certificate = _public_certificate(config, ports, parts, tls)
        stack.push_async_callback(parts.guarding.webhooks.close)
        parts.guarding.start(supervisor, parts.switch, stores.state)
        supervisor.spawn("door", parts.entrance.remember(stores.state))
        supervisor.spawn("ring groups", parts.fairness.remember(stores.state))
        supervisor.spawn("hold music", follow_hold_music(parts.hold_music, stores.settings))
        servers = Servers(config, parts.guarding.mailer, parts.hearing, state=stores.state, box=box)
        _follow_settings(supervisor, parts, servers, stores.settings, bus)
        supervisor.spawn("messages", parts.messages.run())
        stack.push_async_callback(parts.flows.client.close)
        await start_push(config, parts.wake, supervisor, stack, parts.names.lookup)
        await watching.start(config, supervisor, stores, database)
        _run_features(supervisor, parts, stores)
        delivered = EdgeDeliveryStore(database)
        await _start_edges(
            config, stack, ports, parts, supervisor, stores=stores, delivered=delivered, bus=bus, box=box
        )
        accounts = Accounts.of(database, box)
        await _start_web(
            config,
            stack,
            ports,
            parts,
            supervisor,
            stores=stores,
            accounts=accounts,
            database=database,
            metrics=metrics,
            origins=origins or {},
            mail_password=servers.set_mail_password,
            public_certificate=public_certificate,
            checks=_checks(watching, public_certificate),
            tls=tls,
        )
        _follow_certificate(supervisor, public_certificate)
        stack.push_async_callback(stop_sip)  # phones in browsers are told before their connections go
        await greet(made, accounts.users, parts.address(), ports.sip.port, ports.http.getsockname()[1])
        log.info(
            "ready",
            extra={"http": ports.http.getsockname()[1], "after_s": round(time.monotonic() - started, 3)},
        )
        _run_last(
            supervisor, parts, ports.service, Sweep(stores.settings, accounts, stores.cdrs, parts.clock)
        )
        yield parts


def _stores(database: Database, box: SecretBox, bus: EventBus) -> Stores:
    return Stores(
        RecordStore(database, box, bus),
        BindingStore(database),
        CdrStore(database),
        StateStore(database),
        MessageStore(database),
        SettingStore(database, bus),
        FlowStore(database, bus),
        RecordingStore(database),
        VoicemailStore(database),
        SyncStore(database, box),
        PushPhoneStore(database, box),
    )


def _follow_settings(
    supervisor: Supervisor, parts: Parts, servers: Servers, settings: SettingStore, bus: EventBus
) -> None:
    supervisor.spawn("settings", parts.settings.follow())
    supervisor.spawn("servers", servers.follow(settings))
    supervisor.spawn("prompts", parts.sounds.prompts.follow(bus))


def _run_features(supervisor: Supervisor, parts: Parts, stores: Stores) -> None:
    supervisor.spawn("names", parts.names.run(stores.state))
    parts.flows.start(supervisor, stores.state)
    supervisor.spawn("queues", parts.queues.run(stores.state))
    supervisor.spawn("voicemail", parts.voicemail.run())
    supervisor.spawn("recordings", parts.recordings.library.run())
    supervisor.spawn("recording settings", parts.recordings.follow(stores.settings, parts.sounds.sounds))
    news = news_of(parts.wake, parts.office, parts.registrar, stores, parts.clock)
    parts.call_log.tell(news.take, *news.KINDS)
    supervisor.spawn("push of news", news.run(parts.bus))
    supervisor.spawn("trunks", parts.trunks.reload())  # not before TLS, which some of them speak


def _public_certificate(
    config: NodeConfig, ports: Ports, parts: Parts, tls: ServerTls | None
) -> PublicCertificate | None:
    """None where no name asks for one; then nothing of it is imported."""
    if not config.acme_domain or tls is None:
        return None
    from pbx.app.acme import PublicCertificate

    return PublicCertificate(config, ports.secure, tls, parts.guarding.notices.post)


def _checks(watching: Watching, certificate: PublicCertificate | None) -> Sequence[HealthCheck]:
    return (*watching.checks(), *((certificate.check,) if certificate is not None else ()))


def _follow_certificate(supervisor: Supervisor, certificate: PublicCertificate | None) -> None:
    """Once the node answers HTTP: the CA may ask there."""
    if certificate is not None:
        supervisor.spawn("public certificate", certificate.run())


def _page_logins(box: SecretBox, database: Database, ports: Ports) -> BrowserLogins:
    key = box.derive("browser phone")
    return BrowserLogins(
        key, SystemClock(), partial(live_credentials, database, ANY), cut=ports.sip.websocket.end
    )


def _run_last(supervisor: Supervisor, parts: Parts, service: Service, sweep: Sweep) -> None:
    supervisor.spawn("sweep", sweep.run())
    supervisor.spawn("configuration bundle", parts.sync.run())
    parts.replication.start(parts.guarding.notices.post, parts.names.lookup, parts.bus.publish)
    _settle(service, supervisor)


def _settle(service: Service, supervisor: Supervisor) -> None:
    """All is there. What the start has made stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(*GC_THRESHOLDS)
    service.ready()
    supervisor.spawn("watchdog", service.live())
    log.debug("settled", extra={"large_pages": collapse_heap()})


async def _prepare(stores: Stores, parts: Parts) -> None:
    """Bring back what the last run left: extensions, bindings, who waits where."""
    await parts.names.load(stores.state)
    await stores.records.seal_flows()
    await parts.office.reload()
    await parts.flows.flows.reload()
    await parts.directory.reload()
    await parts.registrar.load()
    await parts.wake.phones.load()
    await parts.entrance.load(stores.state)
    await parts.fairness.load(stores.state)
    await parts.queues.queues.load(stores.state)
    await parts.recordings.load(stores.settings)
    await parts.settings.load()
    await parts.conferences.prepare()
    await parts.voicemail.prepare()


async def _start_audio(stack: AsyncExitStack, parts: Parts, stores: Stores, keeper: CallKeeper) -> None:
    """And let the calls of the last run go on."""
    await parts.media.start(keeper.held())
    stack.push_async_callback(parts.media.stop)
    await go_on(parts, stores, keeper)


async def _start_sip(
    stack: AsyncExitStack, ports: Ports, parts: Parts, supervisor: Supervisor, bus: EventBus
) -> Callable[[], Awaitable[None]]:
    """Returns what stops it; also called when the node stops, unless it has been by then."""
    supervisor.spawn("call log", parts.call_log.run())
    supervisor.spawn("records", _follow_records(parts, bus))
    supervisor.spawn("flows", parts.flows.follow(bus))
    supervisor.spawn("registrations", _every(SWEEP_S, parts.registrar.sweep))
    supervisor.spawn("bans", _every(SWEEP_S, parts.entrance.door.sweep))
    supervisor.spawn("phones", parts.reachability.run())
    await parts.pages.refresh()
    supervisor.spawn("log-ins of pages", parts.pages.follow())
    supervisor.spawn("external address", parts.external.follow())
    await ports.sip.start(parts.agent.driver)
    supervisor.spawn("lamps", parts.lamps.run())
    stopped = False

    async def stop() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            await parts.switch.drain()
            await parts.recordings.recordings.close()
            await parts.trunks.close()
            await parts.lamps.close()
            await parts.agent.close()
            await parts.call_log.flush()

    stack.push_async_callback(stop)
    return stop


async def _start_edges(
    config: NodeConfig,
    stack: AsyncExitStack,
    ports: Ports,
    parts: Parts,
    supervisor: Supervisor,
    *,
    stores: Stores,
    delivered: EdgeDeliveryStore,
    bus: EventBus,
    box: SecretBox,
) -> None:
    """The edge inside, if there is one, the tunnels to all, and what they are told and bring. SIP is answered before
    any of it is read."""
    from pbx.feature.edge_delivery import EdgeDelivery
    from pbx.feature.edge_directory import EdgeDirectories
    from pbx.feature.edge_history import EDGE

    directories = EdgeDirectories(
        parts.office,
        lambda: parts.settings.now,
        bus,
        parts.clock,
        country=config.country,
        language=config.language,
        time_zone=machine_zone(),
    )
    delivery = EdgeDelivery(
        delivered, parts.voicemail.shelf, parts.voicemail.boxes, parts.office, parts.clock
    )
    delivery.trunk = lambda: parts.trunks.edge() or EDGE
    parts.edge.attach(directories, delivery, supervisor)
    await parts.edge.open()
    stack.push_async_callback(parts.edge.close)
    following = parts.edge.follow(
        supervisor, stores.settings, key=SealedState(stores.state, box, EDGE_KEY), tls=ports.secure.client
    )
    supervisor.spawn("edges", following)
    parts.edge.start_local(supervisor)


async def _start_tls(ports: Ports, parts: Parts, supervisor: Supervisor) -> ServerTls:
    """After SIP is answered: on the first start, making the certificate takes a moment."""
    ports.secure.external = lambda: parts.external.address
    tls = await ports.secure.prepare()
    await ports.sip.start_tls(parts.agent.driver, tls.context)
    supervisor.spawn("certificate", ports.secure.watch())
    return tls


async def _start_web(
    config: NodeConfig,
    stack: AsyncExitStack,
    ports: Ports,
    parts: Parts,
    supervisor: Supervisor,
    *,
    stores: Stores,
    accounts: Accounts,
    database: Database,
    metrics: Registry,
    origins: Mapping[str, str],
    mail_password: Callable[[str], Awaitable[None]],
    public_certificate: PublicCertificate | None,
    checks: Sequence[HealthCheck],
    tls: ServerTls | None,
) -> None:
    from pbx.app.web_side import HttpNeeds, WebSide

    needs = HttpNeeds(
        config=config,
        parts=parts,
        stores=stores,
        accounts=accounts,
        database=database,
        metrics=metrics,
        sip_websocket=ports.sip.websocket,
        ca_certificate=lambda: ports.secure.ca_certificate,
        origins=origins,
        mail_password=mail_password,
        public_certificate=public_certificate,
        checks=checks,
    )
    web = WebSide(needs, supervisor)
    stack.push_async_callback(web.close)
    if parts.edge.is_embedded or await stores.records.all(WEBHOOK):
        await web.load()
    else:
        supervisor.spawn("webhooks", web.load_with_the_first_webhook(stores.records, parts.bus))
    await web.listen(ports.http)
    if tls is not None and ports.https is not None:  # browsers give the microphone to secure pages only
        await web.listen(ports.https, tls.web_context)


async def _follow_records(parts: Parts, bus: EventBus) -> None:
    """Keep office, directory and trunks as the store has them, and the registrations as the directory allows."""
    with bus.subscribe("records") as changes:
        async for _ in changes:
            await parts.office.reload()
            await parts.directory.reload()
            await parts.trunks.reload()
            await parts.conferences.reload()
            await parts.registrar.prune(lambda number: parts.directory.password(number) is not None)


async def _every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        result = work()
        if asyncio.iscoroutine(result):
            await result
