"""How events fare on their way to webhooks, and a button that sends one."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.query import Limit, Offset
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.kinds import WEBHOOK
from pbx.model.scalars import Slug
from pbx.model.webhook import WebhookDelivery

__all__ = ["ROUTES"]


class DeliveryQuery(Record, frozen=True, kw_only=True):
    """Which deliveries."""

    limit: Limit = 100
    offset: Offset = 0
    webhook: Annotated[str, Meta(max_length=64, description="Only those to this webhook.")] = ""
    state: (
        Annotated[Literal["waiting", "sent", "failed"], Meta(description="Only those that went like this.")]
        | None
    ) = None


class WebhookDeliveryList(Record, frozen=True, kw_only=True):
    """A page of deliveries."""

    items: tuple[WebhookDelivery, ...]
    total: Total


async def list_deliveries(exchange: Exchange, *, query: DeliveryQuery) -> WebhookDeliveryList:
    items, total = await exchange.service.deps.deliveries.page(
        webhook=query.webhook or None, state=query.state, limit=query.limit, offset=query.offset
    )
    return WebhookDeliveryList(items=tuple(items), total=total)


async def test_webhook(exchange: Exchange, *, id: str) -> WebhookDelivery:
    found = await exchange.service.deps.records.get(WEBHOOK, id)
    if found is None:
        raise plain_error(404, f"There is no webhook {id}.")
    return await exchange.service.feed.test(found.record)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/webhook-deliveries",
        scope=Scope.OFFICE_READ,
        name="listWebhookDeliveries",
        tag="Webhooks",
        summary="How events fare on their way to webhooks",
        description="The newest first. For each webhook the newest 2000 are kept, and 1000 may wait.",
        query=DeliveryQuery,
        response=WebhookDeliveryList,
        handler=list_deliveries,
    ),
    Route(
        method="POST",
        path="/api/v1/webhooks/{id}/test",
        scope=Scope.OFFICE_WRITE,
        name="testWebhook",
        tag="Webhooks",
        summary="Send a test event to a webhook",
        description="At once and only once, also while it is off. The answer says how it went; takes up to 15 s.",
        path_types=(("id", Slug),),
        response=WebhookDelivery,
        handler=test_webhook,
    ),
)
