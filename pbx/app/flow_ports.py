"""Puts together what the nodes of flows work with in real calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from os import environ
from pathlib import Path

import msgspec

from pbx.call.call import Call
from pbx.core.clock import Clock
from pbx.feature.callers import CallerRules
from pbx.feature.features import Features
from pbx.feature.flow_texts import FlowTexts
from pbx.feature.office import Office
from pbx.feature.sounds import Sounds
from pbx.flow.live_line import LiveLine, Records
from pbx.flow.live_messages import LiveMessages
from pbx.flow.live_office import LiveOffice
from pbx.flow.live_reach import LiveReach, ReachParts
from pbx.flow.live_web import LiveWeb
from pbx.flow.ports import Chat, Listening, Ports
from pbx.media.tones import tone_of
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.notify.http_client import HttpClient
from pbx.notify.outbox import Outbox

__all__ = ["NAMES", "OpenPorts", "build_flow_ports", "leaves_message", "machine_zone", "without_mailbox"]

NAMES = "names"
"""The folder, in the data directory, of names that callers say; each lasts as long as its call."""

OpenPorts = Callable[[Call], AbstractAsyncContextManager[Ports]]


def build_flow_ports(
    *,
    office: Office,
    callers: CallerRules,
    reach: ReachParts,
    sounds: Sounds,
    client: HttpClient,
    outbox: Outbox,
    clock: Clock,
    busy: Callable[[str], bool],
    has_phone: Callable[[str], bool],
    data_dir: Path,
    country: str,
    records: Records | None = None,
    listening: Callable[[Call, LiveLine], Listening] | None = None,
    chat: Chat | None = None,
    texts: FlowTexts | None = None,
    unseal: Callable[[str], str] = str,
) -> OpenPorts:
    """What opens the ports of a call for as long as it walks a flow."""
    live_office = LiveOffice(office, callers, busy=busy, has_phone=has_phone, time_zone=machine_zone())
    web = LiveWeb(client, clock, unseal)

    @asynccontextmanager
    async def open_ports(call: Call) -> AsyncIterator[Ports]:
        line = LiveLine(
            call,
            sounds,
            tone=lambda name: tone_of(name, country),
            names_folder=data_dir / NAMES,
            records=records,
        )
        ports = Ports(
            line=line,
            reach=LiveReach(call, line, reach),
            office=live_office,
            web=web,
            messages=LiveMessages(call, outbox, reach.queues, reach.directory, texts=texts),
            listening=listening(call, line) if listening is not None else None,
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


def machine_zone() -> str:
    """The machine's time zone by name; "" where it has none."""
    if named := environ.get("TZ", "").lstrip(":"):
        return named
    link = Path("/etc/localtime")
    target = str(link.resolve()) if link.is_symlink() else ""
    return target.partition("/zoneinfo/")[2]
