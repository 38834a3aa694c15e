"""How the conferences are doing, who is in them, and what is to be done about that."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import Total
from pbx.core.errors import PeerError
from pbx.model.base import Record
from pbx.model.conference_status import (
    ConferenceInvitation,
    ConferenceMember,
    ConferenceOrder,
    ConferenceStatus,
    InvitedMember,
    MemberOrder,
)
from pbx.model.scalars import ExtensionNumber

__all__ = ["ROUTES", "ConferenceStatusList"]

MemberNumber = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,8}$(?!\n)", title="Member")]


class ConferenceStatusList(Record, frozen=True, kw_only=True):
    """How the conferences are doing."""

    items: tuple[ConferenceStatus, ...]
    total: Total


_STATUSES = Search(ConferenceStatus, "ConferenceStatusQuery")


async def list_statuses(exchange: Exchange, *, query: msgspec.Struct) -> ConferenceStatusList:
    page, total = _STATUSES.page(exchange.service.deps.conferences.statuses(), query)
    return ConferenceStatusList(items=page, total=total)


async def get_status(exchange: Exchange, *, conference: str) -> ConferenceStatus:
    return exchange.service.deps.conferences.status(conference)


async def order(exchange: Exchange, *, conference: str, body: ConferenceOrder) -> ConferenceStatus:
    return await exchange.service.deps.conferences.order(conference, body)


async def end(exchange: Exchange, *, conference: str) -> None:
    exchange.service.deps.conferences.end(conference)


async def invite(exchange: Exchange, *, number: str, body: ConferenceInvitation) -> InvitedMember:
    try:
        return exchange.service.deps.conferences.invite(number, body)
    except PeerError as error:
        raise plain_error(503, "No more calls are taken now.") from error


async def order_member(
    exchange: Exchange, *, number: str, member: str, body: MemberOrder
) -> ConferenceMember:
    return exchange.service.deps.conferences.order_member(number, int(member), body)


async def remove(exchange: Exchange, *, number: str, member: str) -> None:
    exchange.service.deps.conferences.remove(number, int(member))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/conference-statuses",
        scope=Scope.CALLS_READ,
        name="listConferenceStatuses",
        tag="Conferences",
        summary="How the conferences are doing",
        description="Who is in them, who talks, and whether they are locked or recorded.",
        query=_STATUSES.query,
        response=ConferenceStatusList,
        handler=list_statuses,
    ),
    Route(
        method="GET",
        path="/api/v1/conference-statuses/{conference}",
        scope=Scope.CALLS_READ,
        name="getConferenceStatus",
        tag="Conferences",
        summary="How a conference is doing",
        path_types=(("conference", ExtensionNumber),),
        response=ConferenceStatus,
        errors=(404,),
        handler=get_status,
    ),
    Route(
        method="PUT",
        path="/api/v1/conference-statuses/{conference}",
        scope=Scope.CALLS_WRITE,
        name="orderConference",
        tag="Conferences",
        summary="Lock a conference, mute all, record it",
        description="What is left out stays as it is. All members are told. All of it ends with the last member.",
        path_types=(("conference", ExtensionNumber),),
        request=ConferenceOrder,
        response=ConferenceStatus,
        errors=(404, 409, 503),
        handler=order,
    ),
    Route(
        method="DELETE",
        path="/api/v1/conference-statuses/{conference}",
        scope=Scope.CALLS_WRITE,
        name="endConference",
        tag="Conferences",
        summary="End a conference",
        description="Its members are told, and hung up. The record stays.",
        path_types=(("conference", ExtensionNumber),),
        status=204,
        errors=(404, 409),
        handler=end,
    ),
    Route(
        method="POST",
        path="/api/v1/conferences/{number}/members",
        scope=Scope.CALLS_WRITE,
        name="inviteToConference",
        tag="Conferences",
        summary="Call somebody into a conference",
        description="An extension comes in when it answers; somebody outside must press 1 first. The answer comes at "
        "once: what becomes of the call is told by its events.",
        path_types=(("number", ExtensionNumber),),
        request=ConferenceInvitation,
        response=InvitedMember,
        status=202,
        errors=(404, 409, 503),
        handler=invite,
    ),
    Route(
        method="PUT",
        path="/api/v1/conferences/{number}/members/{member}",
        scope=Scope.CALLS_WRITE,
        name="orderConferenceMember",
        tag="Conferences",
        summary="Mute a member, or let it speak",
        description="Who is muted so cannot undo it by key. Who may speak again is heard at once.",
        path_types=(("number", ExtensionNumber), ("member", MemberNumber)),
        request=MemberOrder,
        response=ConferenceMember,
        errors=(404,),
        handler=order_member,
    ),
    Route(
        method="DELETE",
        path="/api/v1/conferences/{number}/members/{member}",
        scope=Scope.CALLS_WRITE,
        name="removeConferenceMember",
        tag="Conferences",
        summary="Remove a member",
        description="It is told, and hung up. It may come again, unless the conference is locked.",
        path_types=(("number", ExtensionNumber), ("member", MemberNumber)),
        status=204,
        errors=(404,),
        handler=remove,
    ),
)
