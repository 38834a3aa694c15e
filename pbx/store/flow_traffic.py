"""How many calls went which way through flows: counted when a call's record is closed, in the same transaction.

A day's rows are as many as there are exits and lengths of stay, which are kept with two digits. So a question costs by
the size of the flow and the days, not by the number of calls.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pbx.model.cdr import Cdr
from pbx.model.flow_path import FlowStep, path_of
from pbx.model.flow_traffic import ExitTraffic, FlowTraffic, NodeTraffic

__all__ = ["count_call", "first_day", "traffic_of"]

ALL = "*"
"""Stands for the flow where a node would, and for the node where an exit would: neither can be called so."""

DAY_S = 86_400
Place = tuple[str, int, str, str]
"""Flow, revision, node, exit."""


def count_call(connection: sqlite3.Connection, cdr: Cdr) -> None:
    """Add one finished call."""
    steps = path_of(cdr.events)
    if not steps or cdr.ended_at is None or cdr.test:
        return
    day = int(cdr.started_at.timestamp() // DAY_S)
    rows = [
        (flow, day, revision, node, exit, two_digits(seconds))
        for (flow, revision, node, exit), seconds in _stays(steps, cdr.ended_at).items()
    ]
    connection.executemany(_COUNT, rows)


def traffic_of(
    connection: sqlite3.Connection, flow: str, since: datetime, revision: int | None
) -> FlowTraffic:
    """All finished calls since that day."""
    first = first_day(since)
    day = int(first.timestamp()) // DAY_S
    stays: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    rows = connection.execute(_READ, {"flow": flow, "day": day, "revision": revision})
    for node, exit, seconds, calls in rows:
        stays[node, exit].append((seconds, calls))
    whole = stays.pop((ALL, ALL), [])
    exits: dict[str, list[ExitTraffic]] = defaultdict(list)
    for (node, exit), each in stays.items():
        if exit != ALL:
            exits[node].append(ExitTraffic(exit=exit, calls=_calls(each), median_s=median(each)))
    return FlowTraffic(
        flow=flow,
        revision=revision,
        since=first,
        calls=_calls(whole),
        median_s=median(whole),
        nodes=tuple(
            NodeTraffic(node=node, calls=_calls(each), median_s=median(each), exits=tuple(exits[node]))
            for (node, exit), each in stays.items()
            if exit == ALL
        ),
    )


def first_day(since: datetime) -> datetime:
    """When the day of UTC began."""
    return since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def two_digits(seconds: float) -> float:
    """0.37, 4.2, 58, 1200: as near as two digits come, from a hundredth of a second on."""
    return round(float(f"{max(seconds, 0.0):.1e}"), 2)


def median(stays: Sequence[tuple[float, int]]) -> float:
    """Of (seconds, how often), the shortest first; 0 of none."""
    half = (_calls(stays) + 1) // 2
    for seconds, calls in stays:
        half -= calls
        if half <= 0:
            return seconds
    return 0.0


def _calls(stays: Sequence[tuple[float, int]]) -> int:
    return sum(calls for _, calls in stays)


def _stays(steps: Sequence[FlowStep], ended_at: datetime) -> dict[Place, float]:
    """How long one call was in each flow, at each node, and there before it left by each exit."""
    found: dict[Place, timedelta] = defaultdict(timedelta)
    for step in steps:
        stayed = max((step.left_at or ended_at) - step.at, timedelta())
        for node, exit in ((ALL, ALL), (step.node, ALL), (step.node, step.exit or "")):
            found[step.flow, step.revision, node, exit] += stayed
    return {place: stayed.total_seconds() for place, stayed in found.items()}


_COUNT = """
INSERT INTO flow_traffic (flow, day, revision, node, exit, seconds, calls) VALUES (?, ?, ?, ?, ?, ?, 1)
ON CONFLICT DO UPDATE SET calls = calls + 1
"""

_READ = """
SELECT node, exit, seconds, sum(calls) FROM flow_traffic
WHERE flow = :flow AND day >= :day AND (:revision IS NULL OR revision = :revision)
GROUP BY node, exit, seconds ORDER BY node, exit, seconds
"""
