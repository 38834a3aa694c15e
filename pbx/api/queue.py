"""How the queues are doing, and what their agents are to do."""

from __future__ import annotations

import msgspec

from pbx.api.exchange import Exchange
from pbx.api.own import own_agent
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.queue_status import AgentDuty, AgentStatus, QueueStatus
from pbx.model.scalars import ExtensionNumber

__all__ = ["ROUTES", "QueueStatusList"]


class QueueStatusList(Record, frozen=True, kw_only=True):
    """How the queues are doing."""

    items: tuple[QueueStatus, ...]
    total: Total


_STATUSES = Search(QueueStatus, "QueueStatusQuery")


async def list_statuses(exchange: Exchange, *, query: msgspec.Struct) -> QueueStatusList:
    page, total = _STATUSES.page(exchange.service.deps.queues.statuses(), query)
    return QueueStatusList(items=page, total=total)


async def get_status(exchange: Exchange, *, queue: str) -> QueueStatus:
    found = next((each for each in exchange.service.deps.queues.statuses() if each.queue == queue), None)
    if found is None:
        raise plain_error(404, f"There is no queue {queue}.")
    return found


async def set_duty(exchange: Exchange, *, queue: str, extension: str, body: AgentDuty) -> AgentStatus:
    return exchange.service.deps.queues.set_duty(queue, extension, body)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/queue-statuses",
        scope=Scope.CALLS_READ,
        name="listQueueStatuses",
        tag="Queues",
        summary="How the queues are doing",
        description="Who waits, what the agents do, and the figures since midnight.",
        query=_STATUSES.query,
        response=QueueStatusList,
        handler=list_statuses,
    ),
    Route(
        method="GET",
        path="/api/v1/queue-statuses/{queue}",
        scope=Scope.CALLS_READ,
        name="getQueueStatus",
        tag="Queues",
        summary="How a queue is doing",
        path_types=(("queue", ExtensionNumber),),
        response=QueueStatus,
        errors=(404,),
        handler=get_status,
    ),
    Route(
        method="PUT",
        path="/api/v1/queue-statuses/{queue}/agents/{extension}",
        scope=Scope.CALLS_WRITE,
        name="setAgentDuty",
        tag="Queues",
        summary="Log an agent in or out, pause or go on",
        description="As the agent would by code. A call that the agent is in goes on.",
        path_types=(("queue", ExtensionNumber), ("extension", ExtensionNumber)),
        request=AgentDuty,
        response=AgentStatus,
        errors=(404,),
        own=own_agent,
        handler=set_duty,
    ),
)
