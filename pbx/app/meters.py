"""The figures of a node that are read when a monitor asks: its process, phones, lines, queues, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pbx.app.installed import program_version
from pbx.core import process
from pbx.core.metrics import Registry

if TYPE_CHECKING:
    from pbx.app.parts import Parts
    from pbx.app.watching import Watching

__all__ = ["measure_node"]

Figures = Mapping[tuple[str, ...], float]


def measure_node(metrics: Registry, watching: Watching) -> None:
    _process(metrics, watching)
    _audio(metrics, watching.parts)
    _calls(metrics, watching)
    _phones_and_lines(metrics, watching)
    _queues(metrics, watching.parts)
    _waiting(metrics, watching.parts)


def _process(metrics: Registry, watching: Watching) -> None:
    metrics.gauge(
        "pbx_build_info",
        "Always 1; the label is the version.",
        ("version",),
        read=lambda: {(program_version(),): 1.0},
    )
    started = watching.parts.started_at.timestamp()
    metrics.gauge("pbx_started_timestamp_seconds", "When the node started.", read=lambda: started)
    metrics.counter("pbx_process_cpu_seconds_total", "CPU time of all threads.", read=process.cpu_seconds)
    metrics.gauge(
        "pbx_process_resident_bytes", "Memory of the process.", read=lambda: float(process.memory_bytes())
    )
    metrics.gauge(
        "pbx_process_open_files", "Descriptors that are open.", read=lambda: float(process.open_files())
    )
    metrics.gauge(
        "pbx_process_open_files_limit",
        "How many may be; -1 without a limit.",
        read=lambda: float(-1 if (limit := process.files_limit()) is None else limit),
    )
    metrics.gauge(
        "pbx_disk_free_bytes",
        "Free on the disk of the data directory; -1 before it was looked at.",
        read=lambda: float(-1 if watching.disk_free is None else watching.disk_free),
    )
    metrics.counter(
        "pbx_clock_jumps_total",
        "Times that the clock was set.",
        read=lambda: float(watching.parts.clock.jumps),
    )


def _audio(metrics: Registry, parts: Parts) -> None:
    media = parts.media
    metrics.counter(
        "pbx_audio_thread_cpu_seconds_total",
        "CPU time of each audio thread: its rate is the load, 1 is all it can do.",
        ("thread",),
        read=lambda: {(str(number),): used for number, used in enumerate(media.native.cpu_seconds())},
    )
    metrics.gauge("pbx_audio_streams", "Audio streams that are open.", read=lambda: float(media.streams))
    metrics.gauge(
        "pbx_audio_ports_free",
        "Pairs of audio ports that are free.",
        read=lambda: float(media.ports_available),
    )


def _calls(metrics: Registry, watching: Watching) -> None:
    switch, ceilings = watching.parts.switch, watching.ceilings
    metrics.gauge("pbx_calls_limit", "Calls that may go on at once.", read=lambda: float(switch.limit))
    metrics.counter(
        "pbx_calls_refused_total",
        "Calls answered 503 because something was used up: calls, ports, files or memory.",
        ("reason",),
        read=lambda: {
            ("calls",): float(switch.refused),
            **{(what,): float(count) for what, count in ceilings.refused.items()},
        },
    )
    metrics.gauge(
        "pbx_cdrs_waiting",
        "Call records that are in memory only, because the disk is full or slow.",
        read=lambda: float(watching.parts.call_log.waiting),
    )


def _phones_and_lines(metrics: Registry, watching: Watching) -> None:
    parts = watching.parts
    metrics.counter(
        "pbx_registrations_lost_total",
        "Registrations that ended without the phone saying so.",
        read=lambda: float(watching.lost_phones.lost),
    )
    metrics.gauge(
        "pbx_phones_unreachable",
        "Registered phones that do not answer.",
        read=lambda: float(
            sum(parts.reachability.of(each).reachable is False for each in parts.registrar.all_bindings())
        ),
    )

    def trunks(field: str) -> Figures:
        values: dict[tuple[str, ...], float] = {}
        for each in parts.trunks.statuses():
            if field == "up":
                values[each.trunk,] = float(each.state == "up")
            elif field == "calls":
                values[each.trunk,] = float(each.calls)
            elif each.round_trip_ms is not None:
                values[each.trunk,] = each.round_trip_ms / 1000
        return values

    metrics.gauge("pbx_trunk_up", "Whether a line can be used.", ("trunk",), read=lambda: trunks("up"))
    metrics.gauge("pbx_trunk_calls", "Calls over a line.", ("trunk",), read=lambda: trunks("calls"))
    metrics.gauge(
        "pbx_trunk_round_trip_seconds",
        "How long a line's server takes to answer a question.",
        ("trunk",),
        read=lambda: trunks("round_trip"),
    )


def _queues(metrics: Registry, parts: Parts) -> None:
    queues = parts.queues.queues

    def agents() -> Figures:
        counts: dict[tuple[str, ...], float] = {}
        for queue in queues.statuses():
            for agent in queue.agents:
                key = (queue.queue, agent.state)
                counts[key] = counts.get(key, 0.0) + 1
        return counts

    def today() -> Figures:
        return {
            (each.queue, outcome): float(count)
            for each in queues.statuses()
            for outcome, count in (
                ("answered", each.answered),
                ("abandoned", each.abandoned),
                ("overflowed", each.overflowed),
            )
        }

    metrics.gauge(
        "pbx_queue_waiting",
        "Callers in a queue.",
        ("queue",),
        read=lambda: {(each.queue,): float(each.waiting) for each in queues.statuses()},
    )
    metrics.gauge(
        "pbx_queue_longest_wait_seconds",
        "The longest wait of those who wait now.",
        ("queue",),
        read=lambda: {(each.queue,): each.longest_wait_s for each in queues.statuses()},
    )
    metrics.gauge("pbx_queue_agents", "Agents of a queue, by state.", ("queue", "state"), read=agents)
    metrics.gauge(
        "pbx_queue_calls_today", "Callers since midnight, by how they left.", ("queue", "outcome"), read=today
    )
    metrics.gauge(
        "pbx_queue_service_level_ratio",
        "Callers since midnight that were answered in time, a part of 1.",
        ("queue",),
        read=lambda: {
            (each.queue,): each.service_level for each in queues.statuses() if each.service_level is not None
        },
    )


def _waiting(metrics: Registry, parts: Parts) -> None:
    texts, mails = parts.flows.texts, parts.flows.outbox
    metrics.gauge(
        "pbx_outbox_waiting",
        "Texts and mails of flows that wait to be sent.",
        ("what",),
        read=lambda: {("texts",): float(texts.waiting), ("mails",): float(mails.waiting)},
    )
    metrics.counter(
        "pbx_outbox_total",
        "Texts and mails of flows: sent, given up, or to be repeated.",
        ("what", "outcome"),
        read=lambda: {
            (what, outcome): float(count)
            for what, counts in (("texts", texts.counts), ("mails", mails.counts))
            for outcome, count in counts.items()
        },
    )
