"""What can be done with calls that are going on: hang up, send on, see what is parked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.listing import CallId
from pbx.api.own import own_call
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.live_call import LiveCall, ParkedCall
from pbx.model.scalars import Destination

__all__ = ["ROUTES", "ParkedList", "TransferRequest"]


class TransferRequest(Record, frozen=True, kw_only=True):
    """Send one side of a call on; the other side is hung up when somebody has answered."""

    to: Destination
    leg: Annotated[
        str,
        Meta(
            pattern=r"^(a|b[0-9]{1,4})$(?!\n)",
            title="Leg",
            description='Who is sent on: "a" is the caller. Without one, whoever called or came in from outside.',
        ),
    ] = "a"


class ParkedList(Record, frozen=True, kw_only=True):
    """What waits in parking slots, by slot."""

    items: tuple[ParkedCall, ...]
    total: Total


async def get_call(exchange: Exchange, *, id: str) -> LiveCall:
    found = next((each for each in exchange.service.deps.live_calls() if each.id == id), None)
    if found is None:
        raise plain_error(404, f"There is no call {id} going on.")
    return found


async def hang_up(exchange: Exchange, *, id: str) -> None:
    if not exchange.service.deps.control.hang_up(id):
        raise plain_error(404, f"There is no call {id} going on.")


async def transfer(exchange: Exchange, *, id: str, body: TransferRequest) -> LiveCall:
    call = await get_call(exchange, id=id)
    if not exchange.service.deps.control.transfer(id, body.leg, body.to):
        raise plain_error(
            409,
            "Only a call in which two people talk can be transferred, and one of them has to be of this office.",
        )
    return call


async def list_parked(exchange: Exchange) -> ParkedList:
    parked = tuple(exchange.service.deps.control.parked())
    return ParkedList(items=parked, total=len(parked))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/calls/{id}",
        scope=Scope.CALLS_READ,
        name="getCall",
        tag="Calls",
        summary="Read a call that is going on",
        path_types=(("id", CallId),),
        response=LiveCall,
        errors=(404,),
        own=own_call,
        handler=get_call,
    ),
    Route(
        method="DELETE",
        path="/api/v1/calls/{id}",
        scope=Scope.CALLS_WRITE,
        name="hangUp",
        tag="Calls",
        summary="Hang up a call",
        description="All its phones are told at once. The call stays in the history.",
        path_types=(("id", CallId),),
        status=204,
        errors=(404,),
        own=own_call,
        handler=hang_up,
    ),
    Route(
        method="POST",
        path="/api/v1/calls/{id}/transfer",
        scope=Scope.CALLS_WRITE,
        name="transferCall",
        tag="Calls",
        summary="Send one side of a call on",
        description=(
            "To an extension, an outside number, a parking slot, whatever can be dialled. The answer comes at once; "
            "when nobody can be reached there, the two talk on."
        ),
        path_types=(("id", CallId),),
        request=TransferRequest,
        response=LiveCall,
        status=202,
        errors=(404, 409),
        own=own_call,
        handler=transfer,
    ),
    Route(
        method="GET",
        path="/api/v1/parked-calls",
        scope=Scope.CALLS_READ,
        name="listParkedCalls",
        tag="Calls",
        summary="List what waits in parking slots",
        response=ParkedList,
        handler=list_parked,
    ),
)
