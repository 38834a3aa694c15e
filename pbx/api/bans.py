"""Who is kept out at the door, and whose sign-ins are refused."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.query import Paging
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import BanList, RefusedSignInList
from pbx.model.ban import Ban, BanWrite

Banned = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$(?!\n)", examples=["192.0.2.7"])]


async def list_bans(exchange: Exchange, *, query: Paging) -> BanList:
    everything = exchange.service.deps.door.bans.everything()
    return BanList(items=tuple(everything[query.offset : query.offset + query.limit]), total=len(everything))


async def add_ban(exchange: Exchange, *, body: BanWrite) -> Ban:
    return exchange.service.deps.door.ban(body)


async def lift_ban(exchange: Exchange, *, address: str) -> None:
    if exchange.service.deps.door.lift(address) is None:
        raise plain_error(404, f"{address} is not banned.")


async def list_refused(exchange: Exchange, *, query: Paging) -> RefusedSignInList:
    everything = exchange.service.deps.door.refused()
    return RefusedSignInList(
        items=tuple(everything[query.offset : query.offset + query.limit]), total=len(everything)
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/bans",
        scope=Scope.BANS_READ,
        name="listBans",
        tag="Door",
        summary="List the addresses that are not listened to",
        description="The latest first. Bans end by themselves; each one in a row lasts longer.",
        query=Paging,
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
        query=Paging,
        response=RefusedSignInList,
        handler=list_refused,
    ),
)
