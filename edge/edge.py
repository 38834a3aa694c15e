"""A running edge: its parts, made by `edge.app` and handed to whoever embeds it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from edge.api.dispatch import Dispatch
from edge.area import Area
from edge.background import Background
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.events import Events
from edge.offices import Offices
from edge.store import Store
from edge.tunnel.hub import Hub
from edge.twilio.client import TwilioClient

__all__ = ["Edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`application` serves Twilio and the tunnels; `dispatch` answers what offices ask, `hub` knows which are
    connected."""

    config: EdgeConfig
    store: Store
    clock: Clock
    offices: Offices
    events: Events
    background: Background
    twilio: TwilioClient | None
    dispatch: Dispatch
    hub: Hub
    areas: Sequence[Area]
    application: web.Application

    def start(self) -> None:
        """Start what runs as long as the edge. The application is served by whoever made the edge."""
        for area in self.areas:
            for name, work in area.work.items():
                self.background.spawn(name, work())

    async def close(self) -> None:
        """End the work, then what it used, then the store."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.close)
            for area in self.areas:
                stack.push_async_callback(area.close)
            stack.push_async_callback(self.background.close)
