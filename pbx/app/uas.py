"""Puts together the UAS: what answers an INVITE, a MESSAGE or a SUBSCRIBE once it is known who sends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from pbx.app.ground import Ground
from pbx.app.lamps import build_lamps
from pbx.app.lines import LineParts
from pbx.app.signaling import SignalingParts, new_tag
from pbx.call.incoming import Incoming
from pbx.call.switch import Switch
from pbx.core.ids import new_id
from pbx.feature.event_packages import Mailboxes
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.lamps import Lamps
from pbx.feature.messages import Messages
from pbx.feature.named_lamps import LampSource
from pbx.feature.office import Office
from pbx.transport.sip_leg import SipLeg

__all__ = ["UasParts", "build_uas"]


class UasParts(msgspec.Struct, frozen=True):
    """What runs on for those who sent a MESSAGE or a SUBSCRIBE; calls are the switch's."""

    messages: Messages
    lamps: Lamps


def build_uas(
    ground: Ground,
    office: Office,
    sip: SignalingParts,
    lines: LineParts,
    *,
    switch: Switch,
    features: Features,
    mailboxes: Mailboxes,
    lamps: Sequence[LampSource],
    expected: Callable[[SipLeg], Incoming | None],
) -> UasParts:
    """From now on the agent hands over what it receives. `lamps` are those of codes; `expected` knows the calls that
    this node or an edge has told of.
    """
    messages = Messages(
        ground.stores.messages,
        directory=sip.directory,
        targets=sip.registrar.awake,
        send=sip.agent.request,
        bus=ground.bus,
        clock=ground.clock,
        address=sip.local_address,
        new_id=new_id,
    )
    subscriptions = build_lamps(
        ground, office, sip, switch=switch, features=features, mailboxes=mailboxes, sources=lamps
    )

    def for_help(number: str) -> bool:
        return lines.outside.emergency_number(number) is not None

    gatekeeper = Gatekeeper(
        identify=sip.identify,
        registrar=sip.registrar,
        switch=switch,
        new_tag=new_tag,
        inbound=lines.inbound,
        messages=messages,
        subscribe=subscriptions.subscribe,
        on_offered=sip.entrance.belongs,
        expected=expected,
        is_emergency=for_help,
    )
    sip.agent.calls_for_help = sip.overload.calls_for_help = for_help
    sip.agent.on_invite = gatekeeper.invite
    sip.agent.on_challenge = gatekeeper.challenge
    sip.agent.on_request = gatekeeper.request
    return UasParts(messages, subscriptions)
