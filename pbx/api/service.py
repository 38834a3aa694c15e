"""What lives as long as the application: the node's parts, the live hub, the back-off and the figures."""

from __future__ import annotations

import asyncio
from functools import cached_property

from pbx.api.backoff import Backoff, code_backoff
from pbx.api.deps import ApiDeps
from pbx.api.early import count_requests
from pbx.api.live import LiveHub
from pbx.api.rates import Rates
from pbx.api.tickets import Tickets
from pbx.api.webhook_feed import WebhookFeed
from pbx.core.metrics import Counter

__all__ = ["BURST_S", "Service"]

BURST_S = 20.0
"""So many seconds' worth of requests may come at once."""


class Service:
    """One node's API behind the routes."""

    def __init__(self, deps: ApiDeps) -> None:
        self.deps = deps
        self.backoff = Backoff()
        self.code_backoff = code_backoff()
        per_s = float(deps.config.api_rate)
        self.rates = Rates(per_s, int(per_s * BURST_S))
        self.strangers = Rates(per_s / 5, int(per_s * BURST_S / 5))
        self.tickets = Tickets()
        self.origins: frozenset[str] = frozenset()
        """Other hosts whose pages may talk with this node."""
        self.creating: set[tuple[str, str]] = set()
        """Credential and Idempotency-Key of the requests that are being worked on."""
        self.hub = LiveHub(deps)
        self.feed = WebhookFeed(deps, self.hub)
        self.backing_up, self.examining = asyncio.Lock(), asyncio.Lock()
        self.changing = asyncio.Lock()
        """Held while a record is read, merged with a patch and written: two patches at once both count."""
        self.requests: Counter = deps.requests or count_requests(deps.metrics)
        self.failed_logins: Counter = deps.metrics.counter(
            "pbx_http_failed_logins_total", "Log-ins and set-ups refused, by reason.", ("reason",)
        )
        deps.metrics.gauge(
            "pbx_http_live_clients", "Open live-event connections.", read=lambda: float(self.hub.clients)
        )
        self.dropped_clients = deps.metrics.counter(
            "pbx_http_live_dropped_total",
            "Live-event connections closed because they could not keep up.",
            read=lambda: float(self.hub.dropped),
        )

    @property
    def sip_port(self) -> int:
        return self.deps.sip_port or self.deps.config.sip_port

    @cached_property
    def _openapi(self) -> bytes:
        from pbx.api.openapi import encoded

        return encoded(self.deps.edge_document())

    def openapi(self) -> bytes:
        """The OpenAPI document; made when it is first asked for."""
        return self._openapi
