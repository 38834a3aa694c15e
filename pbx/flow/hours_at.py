"""What happens at a moment: the verdicts of a flow's time switches, without a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pbx.core.errors import UserError
from pbx.feature.opening import zone_of
from pbx.flow import public_holidays
from pbx.flow.document import read_node
from pbx.flow.node import NodeError
from pbx.flow.nodes.time_switch import TimeSwitch
from pbx.model.flow_hours import FlowHours, HoursVerdict

if TYPE_CHECKING:
    from pbx.flow.ports import Office
    from pbx.model.flow import Flow

__all__ = ["hours_at"]


async def hours_at(
    flow: Flow, at: datetime | None, *, now: datetime, flags: Mapping[str, bool], office: Office
) -> FlowHours:
    """At `at`, on the wall clock of the office where it has no zone. Raises `UserError` 422 for what cannot be told."""
    moment = _in_office(at, now, office)
    items = []
    for id in sorted(flow.nodes):
        node = read_node(id, flow.nodes[id])
        if not isinstance(node, TimeSwitch):
            continue
        if node.holiday_country is not None and not public_holidays.loaded():
            await asyncio.to_thread(public_holidays.load)
        try:
            verdict = node.verdict(office, moment, flag=lambda name: flags.get(name, False))
        except NodeError as error:
            raise UserError(str(error), http_status=422, path=f"$.nodes.{id}") from error
        items.append(HoursVerdict(node=id, exit=verdict.exit, because=verdict.because))
    return FlowHours(flow=flow.number, at=moment, items=tuple(items))


def _in_office(at: datetime | None, now: datetime, office: Office) -> datetime:
    if at is None:
        return now
    return at if at.tzinfo is not None else at.replace(tzinfo=zone_of(office.time_zone) or UTC)
