"""Puts a node together: every part is made here once and handed what it needs. No part looks another one up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from pbx.app.calling import build_calling
from pbx.app.conferences import build_conferences
from pbx.app.desk import Control, build_desk, phones_of
from pbx.app.edge import LOOPBACKS, build_edge
from pbx.app.features import code_table, register_features
from pbx.app.flow_ports import build_flow_ports, leaves_message, without_mailbox
from pbx.app.flows import build_flows
from pbx.app.groups import build_groups
from pbx.app.guarding import build_guarding
from pbx.app.keeping import CallKeeper
from pbx.app.lamps import build_lamps
from pbx.app.listening import Hearing
from pbx.app.measure import measure
from pbx.app.office_settings import CurrentSettings
from pbx.app.parts import Parts, Stores
from pbx.app.push import build_wake, measure_push
from pbx.app.queues import build_queues
from pbx.app.recordings import build_recordings
from pbx.app.replica import Replica
from pbx.app.signaling import build_signaling, new_tag
from pbx.app.sounds import build_sounds
from pbx.app.sync import build_sync
from pbx.app.trunk_network import TrunkNetwork
from pbx.app.voicemail import build_voicemail
from pbx.app.ways import Ways
from pbx.call.codecs import codecs_of
from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.events import EventBus
from pbx.core.ids import new_id
from pbx.core.metrics import Registry
from pbx.core.tasks import Supervisor
from pbx.feature.browser_login import BrowserLogins
from pbx.feature.call_log import CallLog
from pbx.feature.dialplan import Dialplan
from pbx.feature.extension import ExtensionCalls
from pbx.feature.flow_texts import FlowTexts
from pbx.feature.follow_me import FollowMeCalls
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.going_on import GoingOn
from pbx.feature.inbound import InboundCalls
from pbx.feature.lamps import Lamps
from pbx.feature.messages import Messages
from pbx.feature.numbering import written
from pbx.feature.office import Office
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.feature.ring_group import Fairness
from pbx.feature.self_call import SelfCall
from pbx.feature.trunk_test import TrunkTests
from pbx.feature.trunks import Trunks
from pbx.flow.live_reach import ReachParts
from pbx.media.engine import MediaEngine
from pbx.media.hold_music import HoldMusic
from pbx.media.tones import tone_of
from pbx.model.cdr import Cdr
from pbx.model.kinds import INBOUND_NUMBER, OUTBOUND_ROUTE, TRUNK
from pbx.model.node_event import ExternalAddressChanged
from pbx.notify.outbox import Outbox
from pbx.sip.sdp.negotiate import spoken
from pbx.store.cdrs import CdrStore
from pbx.store.flow_secrets import FlowSecrets
from pbx.transport.guard import Guard
from pbx.transport.local_address import LocalAddress, source_address
from pbx.transport.sockets import SipSockets

IDENTITY_FILE = "dtls.pem"
SOUNDS = "sounds"


def build(
    config: NodeConfig,
    *,
    sockets: SipSockets,
    guard: Guard,
    stores: Stores,
    bus: EventBus,
    metrics: Registry,
    supervisor: Supervisor,
    web_ports: Mapping[str, int],
    hearing: Hearing,
    pages: BrowserLogins,
    keeper: CallKeeper,
    replication: Replica,
    flow_secrets: FlowSecrets,
) -> Parts:
    """Make all parts. Nothing runs yet. `web_ports` are those of SIP over WebSocket, by transport."""
    clock = SystemClock()
    sip = build_signaling(
        config,
        sockets=sockets,
        guard=guard,
        stores=stores,
        bus=bus,
        metrics=metrics,
        clock=clock,
        web_ports=web_ports,
        pages=pages,
    )
    media = MediaEngine(
        bind_host=config.host,
        port_min=config.rtp_port_min,
        port_max=config.rtp_port_max,
        threads=config.rtp_threads,
        silence_ms=round(config.rtp_timeout_s * 1000),
        loop=config.rtp_loop,
        identity_file=config.data_dir / IDENTITY_FILE,
        keeps=True,
    )
    call_log = CallLog(lambda batch: _write(stores.cdrs, batch), bus)
    office = Office(stores.records)
    trunks = Trunks(
        sip.agent,
        clock,
        partial(stores.records.everything, TRUNK),
        country=config.country,
        changed=lambda status: bus.publish("trunk", status),
    )
    sip.external.on_change = partial(_moved, sip.local_address, bus, trunks)
    sip.entrance.is_friend = lambda host: any(line.is_at(host) for line in trunks.lines.values())
    passed_on = PassedOn()
    fairness = Fairness()
    inbound = InboundCalls(
        trunks, partial(office.all, INBOUND_NUMBER), country=config.country, passed_on=passed_on
    )
    guarding = build_guarding(
        config,
        office,
        records=stores.records,
        cdrs=stores.cdrs,
        bus=bus,
        clock=clock,
        call_log=call_log,
        colleague=inbound.is_from_office,
        lookup=sip.names.lookup,
    )
    sounds = build_sounds(config, office, stores.records, clock=clock, supervisor=supervisor)
    outside = OutsideCalls(
        trunks,
        partial(office.all, OUTBOUND_ROUTE),
        emergency=config.emergency_numbers,
        passed_on=passed_on,
        limits=guarding.limits,
        announcement=sounds.refusal,
    )
    extensions = ExtensionCalls(
        sip.registrar,
        is_ours=lambda host: host in (sip.external.address, source_address(host)),
        busy=lambda number: switch.is_busy(number),  # noqa: PLW0108  the switch is made below
        callers=guarding.callers,
    )
    hold_music = HoldMusic(config.data_dir / SOUNDS)
    wake = build_wake(office, sip.registrar, stores.push_phones, clock, supervisor)
    measure_push(metrics, wake.phones)
    extensions.follow = FollowMeCalls(
        partial(phones_of, office, extensions),
        outside,
        redirect=extensions.redirect,
        question=sounds.question,
    ).ring
    edge = build_edge(
        config, sip.agent, trunks, switch=lambda: switch, bus=bus, clock=clock, lookup=sip.names.lookup
    )
    desk = build_desk(office, sip.directory, extensions, switch=lambda: switch)
    queues = build_queues(
        office,
        extensions,
        Ways(office, extensions, outside, config.country),
        switch=lambda: switch,
        router=lambda: dialplan,
        signaling=edge.signaling,
        clock=clock,
        bus=bus,
        new_id=new_id,
        announcer=sounds.announce,
    )
    flows = build_flows(
        stores.records,
        stores.flows,
        clock,
        open_ports=lambda call: open_ports(call),  # noqa: PLW0108  made below
        outbox=Outbox(
            guarding.mailer.send, sender=lambda: guarding.mailer.sender, clock=clock, new_id=new_id
        ),
        texts=FlowTexts(
            edge, has_edge=lambda: edge.is_there, country=config.country, clock=clock, new_id=new_id
        ),
        country=config.country,
        emergency=config.emergency_numbers,
        lookup=sip.names.lookup,
    )
    groups, paging = build_groups(office, extensions, fairness=fairness, rooms=media, switch=lambda: switch)
    recordings = build_recordings(
        config,
        office,
        store=stores.recordings,
        media=media,
        switch=lambda: switch,
        clock=clock,
        bus=bus,
        post=guarding.notices.post,
        metrics=metrics,
        supervisor=supervisor,
    )
    conferences = build_conferences(
        records=stores.records,
        media=media,
        recorder=media,
        says=sounds.sounds,
        ways=Ways(office, extensions, outside, config.country),
        switch=lambda: switch,
        router=lambda: dialplan,
        signaling=edge.signaling,
        clock=clock,
        bus=bus,
        supervisor=supervisor,
        metrics=metrics,
        new_id=new_id,
        recordings=recordings.rooms,
        data_dir=config.data_dir,
    )
    features = code_table(office)
    dialplan = Dialplan(
        features=features,
        directory=sip.directory,
        extensions=extensions,
        inbound=inbound,
        outside=outside,
        callers=guarding.callers,
        groups=groups,
        transfers=desk.transfers,
        queues=queues.queues,
        flows=flows.flows,
        conferences=conferences.conferences,
        unknown=sounds.unknown_number,
        paging=paging,
    )
    voicemail = build_voicemail(
        config,
        office,
        stores=stores,
        sounds=sounds.sounds,
        mailer=guarding.mailer,
        bus=bus,
        clock=clock,
        metrics=metrics,
        supervisor=supervisor,
        transcriber=hearing.transcriber,
    )
    open_ports = build_flow_ports(
        office=office,
        callers=guarding.callers,
        reach=ReachParts(
            directory=sip.directory,
            plan=dialplan,
            extensions=extensions,
            groups=groups,
            queues=queues.queues,
            paging=paging,
            parking=desk.parking,
            without_mailbox=partial(without_mailbox, is_mailbox=partial(leaves_message, features)),
            leave_message=voicemail.leave_message,
            check_messages=voicemail.check_messages,
            conference=conferences.conferences.lead,
        ),
        sounds=sounds.sounds,
        records=recordings.by_flow,
        client=flows.client,
        unseal=flow_secrets.open,
        outbox=flows.outbox,
        texts=flows.texts,
        clock=clock,
        busy=lambda number: switch.is_busy(number),  # noqa: PLW0108  likewise
        has_phone=lambda number: bool(sip.registrar.targets(number)),
        data_dir=config.data_dir,
        country=config.country,
        listening=hearing.listening(media),
        chat=hearing.chat(),
    )
    ports = CallPorts(
        media=media,
        signaling=edge.signaling,
        log=call_log,
        clock=clock,
        rtp_timeout_s=config.rtp_timeout_s,
        new_session_id=lambda: secrets.randbits(62),
        local_host=sip.local_address,
        candidates=sip.local_address.candidates,
        hold_tone=hold_music,
        ringback=partial(tone_of, "ringback", config.country),
        srtp=config.srtp,
        codecs=codecs_of(spoken(config.codecs), media),
        transcoder=media,
        recorder=media,
        conversations=recordings.recordings,
        belongs=sip.entrance.belongs,
        waker=wake,
        keeper=keeper,
    )
    switch = Switch(ports, dialplan, supervisor=supervisor, new_id=new_id, limit=config.max_calls)
    self_call = SelfCall(ports, features, lambda: (LOOPBACKS.get(config.host, config.host), sockets.port))
    register_features(
        features,
        dialplan=dialplan,
        directory=sip.directory,
        extensions=extensions,
        office=office,
        records=stores.records,
        cdrs=stores.cdrs,
        block_lists=guarding.block_lists,
        busy=switch.is_busy,
        queues=queues,
        sounds=sounds,
        recording_settings=lambda: recordings.settings,
        country=config.country,
    )
    desk.register(features)
    calling = build_calling(
        office,
        sip.registrar,
        switch=lambda: switch,
        router=lambda: dialplan,
        signaling=edge.signaling,
        rooms=media,
        sounds=sounds,
        settings=CurrentSettings(stores.settings, bus),
        new_id=new_id,
    )
    messages = Messages(
        stores.messages,
        directory=sip.directory,
        targets=sip.registrar.awake,
        send=sip.agent.request,
        bus=bus,
        clock=clock,
        address=sip.local_address,
        new_id=new_id,
    )
    lamps = build_lamps(
        agent=sip.agent,
        identify=sip.identify,
        directory=sip.directory,
        office=office,
        features=features,
        registrar=sip.registrar,
        switch=switch,
        bus=bus,
        clock=clock,
        state=stores.state,
        metrics=metrics,
        new_tag=new_tag,
        address=sip.local_address,
        mailboxes=voicemail.boxes,
        sources=[queues.lamps(features), voicemail.lamps(features)],
    )
    voicemail.attach(
        features,
        dialplan=dialplan,
        directory=sip.directory,
        extensions=extensions,
        light=partial(_light, lamps),
        ways=lambda number: (number, written(number, "national", config.country)),
    )
    gatekeeper = Gatekeeper(
        identify=sip.identify,
        registrar=sip.registrar,
        switch=switch,
        new_tag=new_tag,
        inbound=inbound,
        messages=messages,
        subscribe=lamps.subscribe,
        on_offered=sip.entrance.belongs,
        expected=lambda leg: self_call.expected(leg) or edge.calls.expected(leg),
        is_emergency=lambda number: outside.emergency_number(number) is not None,
    )
    sip.agent.on_invite = gatekeeper.invite
    sip.agent.on_challenge = gatekeeper.challenge
    sip.agent.on_request = gatekeeper.request
    queues.queues.agents.duty_changed = lamps.named_changed
    measure(
        metrics,
        guard=guard,
        switch=switch,
        registrar=sip.registrar,
        call_log=call_log,
        endpoint=sip.endpoint,
        media=media,
    )
    pages.on_use = media.expect_browsers
    return Parts(
        agent=sip.agent,
        bus=bus,
        call_log=call_log,
        call_ports=ports,
        clock=clock,
        directory=sip.directory,
        edge=edge,
        endpoint=sip.endpoint,
        entrance=sip.entrance,
        fairness=fairness,
        going_on=GoingOn(
            dialplan,
            desk.parking,
            conferences.conferences,
            flows.flows,
            messages=voicemail,
            listeners=calling.supervision,
            codes=features,
        ),
        keeper=keeper,
        self_call=self_call,
        guarding=guarding,
        external=sip.external,
        features=features,
        hold_music=hold_music,
        hearing=hearing,
        lamps=lamps,
        local_address=sip.local_address,
        media=media,
        messages=messages,
        names=sip.names,
        office=office,
        pages=pages,
        reachability=sip.reachability,
        registrar=sip.registrar,
        sip_port=sockets.port,
        sip_tls_port=sockets.tls_port,
        started_at=clock.now(),
        switch=switch,
        trunk_tests=TrunkTests(
            trunks,
            TrunkNetwork(sip.agent, sockets),
            ports,
            is_emergency=outside.is_emergency,
            rtp_range=(config.rtp_port_min, config.rtp_port_max),
        ),
        trunks=trunks,
        control=Control(switch, desk.parking, calling.click_to_call, calling.supervision),
        settings=calling.settings,
        queues=queues,
        flows=flows,
        sounds=sounds,
        recordings=recordings,
        conferences=conferences,
        voicemail=voicemail,
        sync=build_sync(
            config,
            flows.documents,
            stores.sync,
            clock,
            client=flows.client,
            post=guarding.notices.post,
            metrics=metrics,
        ),
        wake=wake,
        replication=replication,
    )


async def _write(cdrs: CdrStore, batch: Sequence[Cdr]) -> None:
    """The store's writer commits what is asked for together in one transaction."""
    await asyncio.gather(*(cdrs.put(cdr) for cdr in batch))


def _moved(local_address: LocalAddress, bus: EventBus, trunks: Trunks, before: str, now: str) -> None:
    local_address.forget()
    trunks.moved()
    bus.publish("node", ExternalAddressChanged(before=before, now=now))


def _light(lamps: Lamps, extension: str) -> None:
    """Messages of an extension came or were heard: its message lamp, and the keys of the codes."""
    lamps.mailbox_changed(extension)
    lamps.named_changed()
