"""The gauges and counters of a node that no part of it keeps for itself."""

from __future__ import annotations

import asyncio

from pbx.call.switch import Switch
from pbx.core.metrics import Registry
from pbx.feature.call_log import CallLog
from pbx.feature.registrar import Registrar
from pbx.media.engine import MediaEngine
from pbx.sip.endpoint import Endpoint
from pbx.transport.guard import Guard, Offence

__all__ = ["measure"]


def measure(
    metrics: Registry,
    *,
    guard: Guard,
    switch: Switch,
    registrar: Registrar,
    call_log: CallLog,
    endpoint: Endpoint,
    media: MediaEngine,
) -> None:
    metrics.gauge("pbx_calls", "Calls going on.", read=switch.__len__)
    metrics.gauge("pbx_tasks", "Tasks of the event loop.", read=lambda: len(asyncio.all_tasks()))
    metrics.gauge("pbx_registrations", "Phones registered.", read=lambda: len(registrar.all_bindings()))
    metrics.gauge("pbx_sip_transactions", "SIP transactions alive.", read=lambda: endpoint.live)
    metrics.counter(
        "pbx_sip_put_off_total",
        "Requests answered 503 because the node was late in its work.",
        read=lambda: endpoint.counters.get("refused_503", 0),
    )
    metrics.counter(
        "pbx_cdrs_dropped_total",
        "Call records lost because the store failed for long.",
        read=lambda: call_log.dropped,
    )
    metrics.counter(
        "pbx_media_refused_total",
        "What came to audio ports and was refused: checks of ICE, DTLS handshakes, SRTP, and others' packets.",
        labels=("what",),
        read=lambda: {(what,): float(count) for what, count in media.refusals().items()},
    )
    metrics.counter(
        "pbx_sip_offences_total",
        "What strangers and broken phones did wrong.",
        labels=("kind",),
        read=lambda: {(kind.value,): guard.totals[kind] for kind in Offence},
    )
