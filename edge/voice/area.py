"""Puts the calls of an edge together, for `edge.app`: the tunnels of the offices, and Twilio's calls."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from edge.area import Area
from edge.background import Background
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.directory import Directories
from edge.model.base import new_id
from edge.offices import Offices
from edge.store import Store
from edge.tunnel.deliveries import Deliveries
from edge.tunnel.door import Door
from edge.tunnel.hub import Asks, Hub, Welcoming
from edge.twilio.errors import TwilioError
from edge.voice.answer import Answering, Elsewhere, say_closed
from edge.voice.outgoing import Outgoing, Places
from edge.voice.records import VoiceCall, VoiceCalls
from edge.voice.streams import Streams

__all__ = ["Provider", "Voice", "build_hub", "build_voice"]

log = logging.getLogger(__name__)

HOUR_S = 3600.0


class Provider(Places, Protocol):
    """What calls ask of Twilio: `edge.twilio.client.TwilioClient`."""


@dataclass(frozen=True, slots=True)
class Voice:
    """`streams` are the calls at work, `calls` what is written of them."""

    hub: Hub
    streams: Streams
    calls: VoiceCalls
    area: Area


def build_hub(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    offices: Offices,
    background: Background,
    *,
    directories: Directories,
    asks: Asks,
) -> Hub:
    """Before all areas: they deliver through it."""
    hub = Hub(
        offices,
        Deliveries(store, clock),
        background,
        clock,
        welcoming=Welcoming(new_id(clock.now_ms()), config.base),
        asks=asks,
    )
    hub.on_directory = directories.keep
    return hub


def build_voice(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    offices: Offices,
    background: Background,
    *,
    hub: Hub,
    directories: Directories,
    provider: Provider | None,
    elsewhere: Elsewhere = say_closed,
    ended: Callable[[str], Awaitable[None]] | None = None,
) -> Voice:
    """`provider` is Twilio, None without an account. `elsewhere` answers for offices that are offline; `ended` is told
    of every call that is over."""
    calls = VoiceCalls(store, clock)

    async def country_of(office: str) -> str:
        kept = await directories.of(office)
        return kept.directory.country if kept is not None else config.country

    async def leave(call: VoiceCall) -> bool:
        """Whether Twilio takes the call elsewhere by itself: the quickest way, also when the stream hangs."""
        if provider is None:
            return False
        try:
            await provider.update_call(call.call_sid, url=answering.goes_on(call.id, call.office))
        except TwilioError as error:
            log.warning("a call is sent on by ending its stream", extra={"reason": str(error)})
            return False
        return True

    async def nobody(_: str) -> None:
        """Nobody wants to know."""

    streams = Streams(hub, calls, background, country_of=country_of, leave=leave)
    answering = Answering(
        calls,
        base=config.base,
        online=hub.online,
        by_sip=hub,
        elsewhere=elsewhere,
        ended=ended or nobody,
        placed=lambda call, status: outgoing.heard(call, status),  # noqa: PLW0108  made below
    )
    outgoing = Outgoing(
        offices, calls, streams, background, provider=provider, placed_call=answering.placed_call
    )
    hub.on_place = outgoing.place
    door = Door(offices, hub, background, clock)

    async def hourly() -> None:
        while True:
            await calls.forget()
            await clock.sleep(HOUR_S)

    area = Area(
        webhooks=answering.webhooks,
        routes=[*door.routes(), *streams.routes()],
        work={"old calls": hourly},
    )
    return Voice(hub, streams, calls, area)
