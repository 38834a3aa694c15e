"""Puts together what the nodes of flows work with in real calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from pbx.app.flows import FlowParts
from pbx.app.ground import Ground
from pbx.call.call import Call
from pbx.feature.features import Features
from pbx.feature.sounds import Sounds
from pbx.flow.flows import OpenPorts
from pbx.flow.live_line import LiveLine, Records
from pbx.flow.live_messages import LiveMessages
from pbx.flow.live_office import LiveOffice
from pbx.flow.live_reach import LiveReach, ReachParts
from pbx.flow.live_web import LiveWeb
from pbx.flow.ports import Chat, Listening, Ports
from pbx.media.tones import tone_of
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding

__all__ = ["build_flow_ports", "leaves_message", "without_mailbox"]


def build_flow_ports(
    ground: Ground,
    office: LiveOffice,
    reach: ReachParts,
    *,
    flows: FlowParts,
    sounds: Sounds,
    records: Records,
    listening: Callable[[Call, LiveLine], Listening],
    chat: Chat,
) -> OpenPorts:
    """What opens the ports of a call for as long as it walks a flow."""
    config = ground.config
    web = LiveWeb(flows.client, ground.clock, ground.stores.records.flow_secrets.open)

    @asynccontextmanager
    async def open_ports(call: Call) -> AsyncIterator[Ports]:
        line = LiveLine(
            call,
            sounds,
            tone=lambda name: tone_of(name, config.country),
            records=records,
        )
        ports = Ports(
            line=line,
            reach=LiveReach(call, line, reach),
            office=office,
            web=web,
            messages=LiveMessages(call, flows.outbox, reach.queues, reach.directory, texts=flows.texts),
            listening=listening(call, line),
            chat=chat,
        )
        try:
            yield ports
        finally:
            await line.release()

    return open_ports


def without_mailbox(extension: Extension, is_mailbox: Callable[[str], bool]) -> Extension:
    """The extension without any way to a mailbox. `is_mailbox` tells whether dialling something leaves a message."""
    kept = {
        name: place
        for name, place in msgspec.structs.asdict(extension.forward).items()
        if not (isinstance(place, str) and is_mailbox(place))
    }
    changes: dict[str, object] = {"forward": Forwarding(**kept)}
    if "mailbox" in extension.__struct_fields__:
        changes["mailbox"] = None
    return msgspec.structs.replace(extension, **changes)


def leaves_message(features: Features, dialled: str) -> bool:
    """Whether dialling this leaves a message in a mailbox."""
    found = features.find(dialled)
    return found is not None and found.info.name == "voicemail_leave"
