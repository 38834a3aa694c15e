"""Who is kept out at the door, and whose sign-ins are refused."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import BanList, RefusedSignInList
from pbx.model.ban import Ban, BanWrite, RefusedSignIn

Banned = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$(?!\n)", examples=["192.0.2.7"])]


_BANS = Search(Ban, "BanQuery")
_REFUSED = Search(RefusedSignIn, "RefusedSignInQuery")


async def list_bans(exchange: Exchange, *, query: msgspec.Struct) -> BanList:
    page, total = _BANS.page(exchange.service.deps.door.bans.everything(), query)
    return BanList(items=page, total=total)


async def add_ban(exchange: Exchange, *, body: BanWrite) -> Ban:
    return exchange.service.deps.door.ban(body)


async def lift_ban(exchange: Exchange, *, address: str) -> None:
    if exchange.service.deps.door.lift(address) is None:
        raise plain_error(404, f"{address} is not banned.")


async def list_refused(exchange: Exchange, *, query: msgspec.Struct) -> RefusedSignInList:
    page, total = _REFUSED.page(exchange.service.deps.door.refused(), query)
    return RefusedSignInList(items=page, total=total)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/bans",
        scope=Scope.BANS_READ,
        name="listBans",
        tag="Door",
        summary="List the addresses that are not listened to",
        description="The latest first. Bans end by themselves; each one in a row lasts longer.",
        query=_BANS.query,
        response=BanList,
        handler=list_bans,
    ),
    Route(
        method="POST",
        path="/api/v1/bans",
        scope=Scope.BANS_WRITE,
        name="addBan",
        tag="Door",
        summary="Ban an address or a network",
        description="Replaces the ban of that address, if there is one. Only SIP is banned; this API is not.",
        request=BanWrite,
        response=Ban,
        status=201,
        errors=(409,),
        handler=add_ban,
    ),
    Route(
        method="DELETE",
        path="/api/v1/bans/{address}",
        scope=Scope.BANS_WRITE,
        name="liftBan",
        tag="Door",
        summary="Lift a ban",
        description="What led to it is forgotten. A network is written with %2F in place of its slash.",
        path_types=(("address", Banned),),
        status=204,
        handler=lift_ban,
    ),
    Route(
        method="GET",
        path="/api/v1/refused-sign-ins",
        scope=Scope.BANS_READ,
        name="listRefusedSignIns",
        tag="Door",
        summary="List the phones with wrong passwords",
        description="Of the last hour, the latest first. `notice` says in plain words what is wrong.",
        query=_REFUSED.query,
        response=RefusedSignInList,
        handler=list_refused,
    ),
)
