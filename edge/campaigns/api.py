"""What an office can ask about campaigns."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.api.operation import Asked, ListQuery, Operation, Reply
from edge.campaigns.conduct import Conduct
from edge.campaigns.drafts import Drafts
from edge.campaigns.export import table
from edge.campaigns.office_settings import put_settings, settings_of
from edge.campaigns.planning import Planning
from edge.campaigns.records import campaign, campaigns, recipients
from edge.model.campaigns import (
    Campaign,
    CampaignPatch,
    CampaignPreview,
    CampaignRecipient,
    CampaignRecipients,
    Campaigns,
    CampaignSettings,
    CampaignSettle,
    CampaignStart,
    CampaignState,
    CampaignWrite,
    RecipientState,
)
from edge.store import Store

__all__ = ["operations"]

MOST_BYTES = 30 << 20
TAG = "Campaigns"
PAGE = 500


class CampaignQuery(ListQuery, frozen=True, kw_only=True):
    state: Annotated[CampaignState | None, Meta(description="Only those in this state.")] = None


class CampaignRecipientQuery(ListQuery, frozen=True, kw_only=True):
    state: Annotated[RecipientState | None, Meta(description="Only those in this state.")] = None


def operations(store: Store, planning: Planning, drafts: Drafts, conduct: Conduct) -> list[Operation]:
    """Reading, drafts, the course of a campaign, settings."""
    asked = _Asked(store, planning, drafts, conduct)
    return [*_reading(asked), *_drafts(asked), *_course(asked), *_settings(asked)]


class _Asked:
    """The handlers."""

    def __init__(self, store: Store, planning: Planning, drafts: Drafts, conduct: Conduct) -> None:
        self._store = store
        self._planning = planning
        self._drafts = drafts
        self._conduct = conduct

    async def list(self, asked: Asked, *, query: CampaignQuery) -> Campaigns:
        return await campaigns(
            self._store,
            asked.office,
            state=query.state or "",
            q=query.q,
            limit=query.limit,
            offset=query.offset,
        )

    async def get(self, asked: Asked, *, id: str) -> Campaign:
        return await campaign(self._store, asked.office, id)

    async def recipients(self, asked: Asked, *, id: str, query: CampaignRecipientQuery) -> CampaignRecipients:
        return await recipients(
            self._store,
            asked.office,
            id,
            state=query.state,
            q=query.q,
            limit=query.limit,
            offset=query.offset,
        )

    async def export(self, asked: Asked, *, id: str) -> Reply:
        people: list[CampaignRecipient] = []
        while True:
            page = await recipients(
                self._store, asked.office, id, state=None, q="", limit=PAGE, offset=len(people)
            )
            people += page.items
            if len(people) >= page.total or not page.items:
                break
        headers = {"Content-Disposition": f'attachment; filename="campaign-{id}.csv"'}
        return Reply(200, table(people), "text/csv", headers)

    async def create(self, asked: Asked, *, body: CampaignWrite) -> Campaign:
        return await self._drafts.create(asked.office, asked.actor, body)

    async def change(self, asked: Asked, *, id: str, body: CampaignPatch) -> Campaign:
        return await self._drafts.change(asked.office, id, body)

    async def delete(self, asked: Asked, *, id: str) -> None:
        await self._drafts.delete(asked.office, id)

    async def preview(self, asked: Asked, *, id: str) -> CampaignPreview:
        return await self._planning.of(asked.office, id)

    async def preview_new(self, asked: Asked, *, body: CampaignWrite) -> CampaignPreview:
        return await self._planning.of_new(asked.office, body)

    async def start(self, asked: Asked, *, id: str, body: CampaignStart) -> Campaign:
        return await self._conduct.start(asked.office, asked.actor, id, body)

    async def pause(self, asked: Asked, *, id: str) -> Campaign:
        return await self._conduct.pause(asked.office, id)

    async def resume(self, asked: Asked, *, id: str) -> Campaign:
        return await self._conduct.resume(asked.office, id)

    async def cancel(self, asked: Asked, *, id: str) -> Campaign:
        return await self._conduct.cancel(asked.office, id)

    async def settle(self, asked: Asked, *, id: str, body: CampaignSettle) -> Campaign:
        return await self._conduct.settle(asked.office, id, body)

    async def settings(self, asked: Asked) -> CampaignSettings:
        return await settings_of(self._store, asked.office)

    async def put_settings(self, asked: Asked, *, body: CampaignSettings) -> CampaignSettings:
        await put_settings(self._store, asked.office, body)
        return body


def _reading(asked: _Asked) -> list[Operation]:
    return [
        Operation(
            method="GET", path="/campaigns", name="list_campaigns", summary="List campaigns, the newest first",
            scope="campaigns:read", tag=TAG, handler=asked.list, query=CampaignQuery, response=Campaigns,
        ),
        Operation(
            method="GET", path="/campaigns/{id}.csv", name="export_campaign",
            summary="Everybody of a campaign and what became of them, as CSV", scope="campaigns:read", tag=TAG,
            handler=asked.export, response_type="text/csv",
        ),
        Operation(
            method="GET", path="/campaigns/{id}", name="get_campaign", summary="One campaign with its counts",
            scope="campaigns:read", tag=TAG, handler=asked.get, response=Campaign,
        ),
        Operation(
            method="GET", path="/campaigns/{id}/recipients", name="list_campaign_recipients",
            summary="The people of a campaign", scope="campaigns:read", tag=TAG, handler=asked.recipients,
            query=CampaignRecipientQuery, response=CampaignRecipients,
        ),
        Operation(
            method="GET", path="/campaigns/{id}/preview", name="preview_campaign",
            summary="Who would get what, the estimate, and what stands in the way", scope="campaigns:read", tag=TAG,
            handler=asked.preview, response=CampaignPreview,
        ),
    ]  # fmt: skip


def _drafts(asked: _Asked) -> list[Operation]:
    return [
        Operation(
            method="POST", path="/campaigns", name="create_campaign", summary="Make a draft",
            scope="campaigns:write", tag=TAG, handler=asked.create, request=CampaignWrite, response=Campaign,
            status=201, most_bytes=MOST_BYTES,
        ),
        Operation(
            method="POST", path="/campaigns/preview", name="preview_new_campaign",
            summary="Preview a campaign without keeping it", scope="campaigns:write", tag=TAG,
            handler=asked.preview_new, request=CampaignWrite, response=CampaignPreview, most_bytes=MOST_BYTES,
        ),
        Operation(
            method="PATCH", path="/campaigns/{id}", name="change_campaign", summary="Change a draft",
            scope="campaigns:write", tag=TAG, handler=asked.change, request=CampaignPatch, response=Campaign,
            errors=(409,), most_bytes=MOST_BYTES,
        ),
        Operation(
            method="DELETE", path="/campaigns/{id}", name="delete_campaign", summary="Delete a draft",
            scope="campaigns:write", tag=TAG, handler=asked.delete, errors=(409,),
        ),
    ]  # fmt: skip


def _course(asked: _Asked) -> list[Operation]:
    def one(name: str, summary: str) -> Operation:
        return Operation(
            method="POST", path=f"/campaigns/{{id}}/{name}", name=f"{name}_campaign", summary=summary,
            scope="campaigns:write", tag=TAG, handler=getattr(asked, name), response=Campaign, errors=(409,),
        )  # fmt: skip

    return [
        Operation(
            method="POST", path="/campaigns/{id}/start", name="start_campaign", summary="Start it, now or at a time",
            description="Refused with all that stands in the way: no consent record, an unregistered number and so on.",
            scope="campaigns:write", tag=TAG, handler=asked.start, request=CampaignStart, response=Campaign,
            errors=(409,),
        ),
        one("pause", "Stop sending until it is resumed"),
        one("resume", "Go on"),
        one("cancel", "Stop for good"),
        Operation(
            method="POST", path="/campaigns/{id}/settle", name="settle_campaign",
            summary="Decide about people of whom nobody knows whether they got the text",
            scope="campaigns:write", tag=TAG, handler=asked.settle, request=CampaignSettle, response=Campaign,
            errors=(409,),
        ),
    ]  # fmt: skip


def _settings(asked: _Asked) -> list[Operation]:
    return [
        Operation(
            method="GET", path="/campaigns/settings", name="get_campaign_settings",
            summary="Prices, rates, hours and the opt-out line", scope="campaigns:read", tag=TAG,
            handler=asked.settings, response=CampaignSettings,
        ),
        Operation(
            method="PUT", path="/campaigns/settings", name="put_campaign_settings", summary="Set them",
            scope="campaigns:write", tag=TAG, handler=asked.put_settings, request=CampaignSettings,
            response=CampaignSettings,
        ),
    ]  # fmt: skip
