"""Puts SIP together: sockets to transactions to dialogs, who phones say they are, and where they can be reached."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec

from pbx.app.door import Entrance, build_entrance
from pbx.app.ground import Ground
from pbx.core.ids import word
from pbx.feature.browser_login import BrowserLogins
from pbx.feature.directory import Directory, Entry
from pbx.feature.identify import Identify
from pbx.feature.reachability import Reachability
from pbx.feature.refresh import Refreshes
from pbx.feature.registrar import Registrar, RegistrarPorts
from pbx.model.kinds import EXTENSION
from pbx.sip.binding import Limits
from pbx.sip.digest import Challenger
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import host_port
from pbx.store.records import RecordStore
from pbx.transport.agent import Agent
from pbx.transport.dns import CaresDns
from pbx.transport.driver import Driver
from pbx.transport.external import ExternalAddress
from pbx.transport.guard import Guard, Offence
from pbx.transport.known_names import KnownNames
from pbx.transport.local_address import LocalAddress
from pbx.transport.overload import Overload
from pbx.transport.resolver import Resolver
from pbx.transport.sockets import SipSockets

__all__ = ["SignalingParts", "build_signaling", "new_tag"]

SERVER = "Bellwire"
NONCE_LIFETIME_S = 300.0
METHODS = frozenset({"REGISTER", "OPTIONS", "MESSAGE", "SUBSCRIBE"})
"""What is answered outside a dialog, beside INVITE."""


class SignalingParts(msgspec.Struct, frozen=True):
    """What everything else stands on."""

    external: ExternalAddress
    local_address: LocalAddress
    names: KnownNames
    directory: Directory
    entrance: Entrance
    identify: Identify
    registrar: Registrar
    endpoint: Endpoint
    overload: Overload
    agent: Agent
    reachability: Reachability


def build_signaling(
    ground: Ground,
    *,
    sockets: SipSockets,
    guard: Guard,
    web_ports: Mapping[str, int],
    pages: BrowserLogins,
) -> SignalingParts:
    """`web_ports` are those of SIP over WebSocket, by transport."""
    config, stores, bus, clock = ground.config, ground.stores, ground.bus, ground.clock
    names = KnownNames(CaresDns(config.dns_servers), clock)
    external = ExternalAddress(configured=config.external_ip, server=config.stun_server, dns=names)
    local_address = LocalAddress(
        clock,
        bound_host=config.host,
        external=lambda: external.address,
        local_networks=config.local_networks,
    )
    directory = Directory(lambda: _load(stores.records))
    sip_ports = {"TLS": sockets.tls_port, **web_ports}
    entrance = build_entrance(
        config,
        sockets=sockets,
        directory=directory,
        local_address=local_address,
        bus=bus,
        clock=clock,
        metrics=ground.metrics,
        ports=lambda transport: sip_ports.get(transport, sockets.port),
    )
    identify = Identify(
        Challenger(
            secrets.token_bytes(32),
            realm=config.realm,
            algorithms=config.digest_algorithms,
            nonce_lifetime_s=NONCE_LIFETIME_S,
        ),
        directory,
        monotonic=clock.monotonic,
        door=entrance.door,
        pages=pages,
    )
    registrar = Registrar(
        RegistrarPorts(
            identify=identify,
            store=stores.bindings,
            bus=bus,
            clock=clock,
            limits=Limits(),
            new_tag=new_tag,
            service_route=lambda hop: f"<sip:{host_port(local_address(hop.remote_host), sockets.port)};lr>",
        )
    )
    overload = Overload(
        monotonic=clock.monotonic,
        random=secrets.SystemRandom().random,
        is_known=registrar.is_registered,
        calls_for_help=frozenset(config.emergency_numbers).__contains__,
    )
    endpoint = Endpoint(
        new_branch=_branch,
        new_tag=new_tag,
        counters={},
        server_name=SERVER,
        turns_away=entrance.door.turns_away,
    )
    agent = Agent(
        driver=Driver(endpoint, sockets, clock=clock, guard=guard, overload=overload, tap=entrance.trace),
        clock=clock,
        resolver=Resolver(clock, dns=names),
        local_address=local_address,
        local_port=sockets.port,
        local_ports=sip_ports,
        guard=guard,
        methods=METHODS,
    )
    reachability = Reachability(
        registrar,
        ask=agent.request,
        bus=bus,
        clock=clock,
        is_open=sockets.is_open,
        interval_s=config.options_interval_s,
        address=local_address,
    )
    registrar.can_be_rung = reachability.can_be_rung
    agent.on_dialled = entrance.belongs
    agent.driver.short_way = Refreshes(registrar, identify, entrance.door, clock=clock, new_tag=new_tag)
    entrance.door.on_failed = lambda host: _discard(guard.count(Offence.AUTH_FAILED, host))
    return SignalingParts(
        external=external,
        local_address=local_address,
        names=names,
        directory=directory,
        entrance=entrance,
        identify=identify,
        registrar=registrar,
        endpoint=endpoint,
        overload=overload,
        agent=agent,
        reachability=reachability,
    )


async def _load(records: RecordStore) -> dict[str, Entry]:
    return {
        each.number: Entry(each.extension(), each.sip_password or "")
        for each in await records.everything(EXTENSION)
    }


def _branch() -> str:
    return "z9hG4bK" + word(8)


def new_tag() -> str:
    """Of one side of a dialog."""
    return word(8)


def _discard(_value: object) -> None:
    """For callbacks whose caller wants no answer."""
