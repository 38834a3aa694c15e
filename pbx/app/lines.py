"""Puts together what leads in and out of an office: trunks, the numbers on them, the routes, and their guard."""

from __future__ import annotations

from functools import partial

import msgspec

from pbx.app.ground import Ground
from pbx.app.guarding import Guarding, build_guarding
from pbx.app.signaling import SignalingParts
from pbx.core.events import EventBus
from pbx.feature.call_log import CallLog
from pbx.feature.inbound import InboundCalls
from pbx.feature.office import Office
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.feature.refusal import Announcement
from pbx.feature.trunks import Trunks
from pbx.model.kinds import INBOUND_NUMBER, OUTBOUND_ROUTE, TRUNK
from pbx.model.node_event import ExternalAddressChanged
from pbx.transport.local_address import LocalAddress

__all__ = ["LineParts", "build_lines"]


class LineParts(msgspec.Struct, frozen=True):
    """`inbound` and `outside` are the calls over `trunks`; `guarding` says which of them may be."""

    trunks: Trunks
    inbound: InboundCalls
    outside: OutsideCalls
    guarding: Guarding


def build_lines(
    ground: Ground,
    office: Office,
    sip: SignalingParts,
    *,
    call_log: CallLog,
    announcement: Announcement,
) -> LineParts:
    """Make them. No trunk registers yet. `announcement` says why a call cannot be made."""
    config, bus = ground.config, ground.bus
    trunks = Trunks(
        sip.agent,
        ground.clock,
        partial(ground.stores.records.everything, TRUNK),
        country=config.country,
        changed=lambda status: bus.publish("trunk", status),
    )
    sip.external.on_change = partial(_moved, sip.local_address, bus, trunks)
    sip.entrance.is_friend = lambda host: any(line.is_at(host) for line in trunks.lines.values())
    passed_on = PassedOn()
    inbound = InboundCalls(
        trunks, partial(office.all, INBOUND_NUMBER), country=config.country, passed_on=passed_on
    )
    guarding = build_guarding(
        ground, office, call_log=call_log, colleague=inbound.is_from_office, lookup=sip.names.lookup
    )
    outside = OutsideCalls(
        trunks,
        partial(office.all, OUTBOUND_ROUTE),
        emergency=config.emergency_numbers,
        passed_on=passed_on,
        limits=guarding.limits,
        announcement=announcement,
    )
    return LineParts(trunks, inbound, outside, guarding)


def _moved(local_address: LocalAddress, bus: EventBus, trunks: Trunks, before: str, now: str) -> None:
    local_address.forget()
    trunks.moved()
    bus.publish("node", ExternalAddressChanged(before=before, now=now))
