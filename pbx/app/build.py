"""Puts a node together: every part is made here once and handed what it needs. No part looks another one up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from pbx.app.calling import build_calling
from pbx.app.calls import build_calls
from pbx.app.conferences import build_conferences
from pbx.app.desk import Control
from pbx.app.edge import build_edge
from pbx.app.extensions import build_extensions
from pbx.app.features import code_table, register_features
from pbx.app.flow_ports import build_flow_ports, leaves_message, without_mailbox
from pbx.app.flows import build_flows
from pbx.app.ground import Ground, Late
from pbx.app.keeping import CallKeeper
from pbx.app.lines import build_lines
from pbx.app.listening import Hearing
from pbx.app.measure import measure
from pbx.app.parts import Parts
from pbx.app.queues import build_queues
from pbx.app.recordings import build_recordings
from pbx.app.replica import Replica
from pbx.app.signaling import build_signaling
from pbx.app.sounds import build_sounds
from pbx.app.sync import build_sync
from pbx.app.trunk_network import TrunkNetwork
from pbx.app.uas import build_uas
from pbx.app.voicemail import build_voicemail
from pbx.call.switch import Switch
from pbx.core.clock import machine_zone
from pbx.core.config import NodeConfig
from pbx.feature.browser_login import BrowserLogins
from pbx.feature.call_log import CallLog
from pbx.feature.dialplan import Dialplan
from pbx.feature.going_on import GoingOn
from pbx.feature.lamps import Lamps
from pbx.feature.numbering import written
from pbx.feature.office import Office
from pbx.feature.trunk_test import TrunkTests
from pbx.flow.flows import OpenPorts
from pbx.flow.live_office import LiveOffice
from pbx.flow.live_reach import ReachParts
from pbx.media.engine import MediaEngine
from pbx.model.cdr import Cdr
from pbx.store.cdrs import CdrStore
from pbx.transport.guard import Guard
from pbx.transport.sockets import SipSockets

IDENTITY_FILE = "dtls.pem"


def build(
    ground: Ground,
    *,
    sockets: SipSockets,
    guard: Guard,
    web_ports: Mapping[str, int],
    hearing: Hearing,
    pages: BrowserLogins,
    keeper: CallKeeper,
    replication: Replica,
) -> Parts:
    """Make all parts. Nothing runs yet. `web_ports` are those of SIP over WebSocket, by transport."""
    config, stores = ground.config, ground.stores
    switch: Late[Switch] = Late()
    router: Late[Dialplan] = Late()
    ports_of_flow: Late[OpenPorts] = Late()
    sip = build_signaling(ground, sockets=sockets, guard=guard, web_ports=web_ports, pages=pages)
    media = _media(config)
    call_log = CallLog(partial(_write, stores.cdrs), ground.bus)
    office = Office(stores.records)
    sounds = build_sounds(ground, office)
    lines = build_lines(ground, office, sip, call_log=call_log, announcement=sounds.refusal)
    extensions = build_extensions(ground, office, sip, lines, sounds=sounds, rooms=media, switch=switch)
    edge = build_edge(ground, sip.agent, lines.trunks, switch=switch, lookup=sip.names.lookup)
    queues = build_queues(
        ground,
        office,
        extensions,
        switch=switch,
        router=router,
        signaling=edge.signaling,
        announcer=sounds.announce,
    )
    flows = build_flows(
        ground,
        ports=ports_of_flow,
        mailer=lines.guarding.mailer,
        edge=edge,
        lookup=sip.names.lookup,
    )
    recordings = build_recordings(
        ground, office, media=media, switch=switch, post=lines.guarding.notices.post
    )
    conferences = build_conferences(
        ground,
        extensions.ways,
        media=media,
        says=sounds.sounds,
        switch=switch,
        router=router,
        signaling=edge.signaling,
        recordings=recordings.rooms,
    )
    voicemail = build_voicemail(
        ground,
        office,
        sounds=sounds.sounds,
        mailer=lines.guarding.mailer,
        transcriber=hearing.transcriber,
    )
    features = code_table(office)
    dialplan = router.set(
        Dialplan(
            features=features,
            directory=sip.directory,
            extensions=extensions.calls,
            inbound=lines.inbound,
            outside=lines.outside,
            callers=lines.guarding.callers,
            groups=extensions.groups,
            transfers=extensions.desk.transfers,
            queues=queues.queues,
            flows=flows.flows,
            conferences=conferences.conferences,
            unknown=sounds.unknown_number,
            paging=extensions.paging,
        )
    )
    ports_of_flow.set(
        build_flow_ports(
            ground,
            LiveOffice(
                office,
                lines.guarding.callers,
                busy=lambda number: switch().is_busy(number),
                has_phone=lambda number: bool(sip.registrar.targets(number)),
                time_zone=machine_zone(),
            ),
            ReachParts(
                directory=sip.directory,
                plan=dialplan,
                extensions=extensions.calls,
                groups=extensions.groups,
                queues=queues.queues,
                paging=extensions.paging,
                parking=extensions.desk.parking,
                without_mailbox=partial(without_mailbox, is_mailbox=partial(leaves_message, features)),
                leave_message=voicemail.leave_message,
                check_messages=voicemail.check_messages,
                conference=conferences.conferences.lead,
            ),
            flows=flows,
            sounds=sounds.sounds,
            records=recordings.by_flow,
            listening=hearing.listening(media),
            chat=hearing.chat(),
        )
    )
    calls = build_calls(
        ground,
        sip,
        dialplan,
        media=media,
        signaling=edge.signaling,
        call_log=call_log,
        conversations=recordings.recordings,
        waker=extensions.wake,
        keeper=keeper,
        features=features,
        sip_port=sockets.port,
    )
    switch.set(calls.switch)
    register_features(
        features,
        dialplan=dialplan,
        directory=sip.directory,
        extensions=extensions.calls,
        office=office,
        records=stores.records,
        cdrs=stores.cdrs,
        block_lists=lines.guarding.block_lists,
        busy=calls.switch.is_busy,
        queues=queues,
        sounds=sounds,
        recording_settings=lambda: recordings.settings,
        country=config.country,
    )
    extensions.desk.register(features)
    calling = build_calling(
        ground,
        office,
        sip.registrar,
        switch=switch,
        router=router,
        signaling=edge.signaling,
        rooms=media,
        sounds=sounds,
    )
    uas = build_uas(
        ground,
        office,
        sip,
        lines,
        switch=calls.switch,
        features=features,
        mailboxes=voicemail.boxes,
        lamps=[queues.lamps(features), voicemail.lamps(features)],
        expected=lambda leg: calls.self_call.expected(leg) or edge.calls.expected(leg),
    )
    voicemail.attach(
        features,
        dialplan=dialplan,
        directory=sip.directory,
        extensions=extensions.calls,
        light=partial(_light, uas.lamps),
        ways=lambda number: (number, written(number, "national", config.country)),
    )
    queues.queues.agents.duty_changed = uas.lamps.named_changed
    pages.on_use = media.expect_browsers
    measure(
        ground.metrics,
        guard=guard,
        switch=calls.switch,
        registrar=sip.registrar,
        call_log=call_log,
        endpoint=sip.endpoint,
        media=media,
    )
    return Parts(
        agent=sip.agent,
        bus=ground.bus,
        call_log=call_log,
        call_ports=calls.ports,
        clock=ground.clock,
        directory=sip.directory,
        edge=edge,
        entrance=sip.entrance,
        fairness=extensions.fairness,
        going_on=GoingOn(
            dialplan,
            extensions.desk.parking,
            conferences.conferences,
            flows.flows,
            messages=voicemail,
            listeners=calling.supervision,
            codes=features,
        ),
        keeper=keeper,
        self_call=calls.self_call,
        guarding=lines.guarding,
        external=sip.external,
        features=features,
        hold_music=calls.hold_music,
        hearing=hearing,
        lamps=uas.lamps,
        local_address=sip.local_address,
        media=media,
        messages=uas.messages,
        names=sip.names,
        office=office,
        pages=pages,
        reachability=sip.reachability,
        registrar=sip.registrar,
        sip_port=sockets.port,
        sip_tls_port=sockets.tls_port,
        started_at=ground.clock.now(),
        switch=calls.switch,
        trunk_tests=TrunkTests(
            lines.trunks,
            TrunkNetwork(sip.agent, sockets),
            calls.ports,
            is_emergency=lines.outside.is_emergency,
            rtp_range=(config.rtp_port_min, config.rtp_port_max),
        ),
        trunks=lines.trunks,
        control=Control(calls.switch, extensions.desk.parking, calling.click_to_call, calling.supervision),
        settings=calling.settings,
        queues=queues,
        flows=flows,
        sounds=sounds,
        recordings=recordings,
        conferences=conferences,
        voicemail=voicemail,
        sync=build_sync(ground, flows.documents, client=flows.client, post=lines.guarding.notices.post),
        wake=extensions.wake,
        replication=replication,
    )


def _media(config: NodeConfig) -> MediaEngine:
    return MediaEngine(
        bind_host=config.host,
        port_min=config.rtp_port_min,
        port_max=config.rtp_port_max,
        threads=config.rtp_threads,
        silence_ms=round(config.rtp_timeout_s * 1000),
        loop=config.rtp_loop,
        identity_file=config.data_dir / IDENTITY_FILE,
        keeps=True,
    )


async def _write(cdrs: CdrStore, batch: Sequence[Cdr]) -> None:
    """The store's writer commits what is asked for together in one transaction."""
    await asyncio.gather(*(cdrs.put(cdr) for cdr in batch))


def _light(lamps: Lamps, extension: str) -> None:
    """Messages of an extension came or were heard: its message lamp, and the keys of the codes."""
    lamps.mailbox_changed(extension)
    lamps.named_changed()
