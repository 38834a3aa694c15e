"""Calls on demand: click to call, hang up, send on, hold, park, listen in; and what is parked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Answer, Exchange
from pbx.api.listing import CallId
from pbx.api.own import own_call, own_caller
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.live_call import LiveCall, ParkedCall
from pbx.model.scalars import Destination, ExtensionNumber
from pbx.model.supervision import How, Supervised

__all__ = [
    "ROUTES",
    "CallRequest",
    "HoldRequest",
    "ListenRequest",
    "ParkRequest",
    "ParkedList",
    "TransferRequest",
]

Leg = Annotated[str, Meta(pattern=r"^(a|b[0-9]{1,4})$(?!\n)", title="Leg")]


class CallRequest(Record, frozen=True, kw_only=True):
    """Call somebody from an extension's own phone."""

    from_extension: Annotated[
        ExtensionNumber, Meta(description="Whose phone rings first, and who then calls.")
    ]
    to: Destination


class HoldRequest(Record, frozen=True, kw_only=True):
    """Let one side wait with music, or talk again."""

    leg: Annotated[Leg, Meta(description='Who waits: "a" is the caller.')]
    on: bool


class ParkRequest(Record, frozen=True, kw_only=True):
    """Let one side wait in a parking slot, from which any phone can fetch it; the other is hung up."""

    leg: Annotated[Leg, Meta(description='Who waits: "a" is the caller.')] = "a"
    slot: Annotated[
        str, Meta(pattern=r"^[1-9]?$(?!\n)", title="Slot", description="Empty: the next one that is free.")
    ] = ""


class ListenRequest(Record, frozen=True, kw_only=True):
    """Listen to a call with the phone of an extension."""

    extension: Annotated[ExtensionNumber, Meta(description="Whose phone rings, and who then listens.")]
    how: Annotated[
        How,
        Meta(description="listen: nobody hears them. whisper: one of the two does. barge: both do."),
    ] = "listen"
    leg: Annotated[
        Leg | None,
        Meta(
            description="Who hears a whisper; null: who is of the office, the one called before the caller."
        ),
    ] = None


class TransferRequest(Record, frozen=True, kw_only=True):
    """Send one side of a call on; the other side is hung up when somebody has answered."""

    to: Destination
    leg: Annotated[Leg, Meta(description='Who is sent on: "a" is the caller.')] = "a"


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


async def make_call(exchange: Exchange, *, body: CallRequest) -> Answer:
    call = exchange.service.deps.control.call(body.from_extension, body.to)
    return Answer(body=call, headers={"Location": f"/api/v1/calls/{call.id}"})


async def hold(exchange: Exchange, *, id: str, body: HoldRequest) -> LiveCall:
    await get_call(exchange, id=id)
    if not exchange.service.deps.control.hold(id, body.leg, on=body.on):
        raise plain_error(409, f"{body.leg} talks with nobody in this call.")
    return await get_call(exchange, id=id)


async def park(exchange: Exchange, *, id: str, body: ParkRequest) -> LiveCall:
    call = await get_call(exchange, id=id)
    if not exchange.service.deps.control.park(id, body.leg, body.slot):
        raise plain_error(
            409,
            "Only a call in which two people talk can be parked, and one of them has to be of this office.",
        )
    return call


async def listen(exchange: Exchange, *, id: str, body: ListenRequest) -> Supervised:
    asked_by = exchange.principal.name if exchange.principal is not None else ""
    return exchange.service.deps.control.listen(id, body.extension, body.how, to=body.leg, asked_by=asked_by)


async def list_parked(exchange: Exchange) -> ParkedList:
    parked = tuple(exchange.service.deps.control.parked())
    return ParkedList(items=parked, total=len(parked))


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/calls",
        scope=Scope.CALLS_WRITE,
        name="makeCall",
        tag="Calls",
        summary="Call somebody from an extension's phone",
        description=(
            "Click to call: the extension's own phones ring first. When one is picked up, `to` is dialled as if it had "
            "been dialled there: with the rights and the limits of the extension. The answer comes at once."
        ),
        request=CallRequest,
        response=LiveCall,
        status=201,
        errors=(404, 409),
        own=own_caller,
        handler=make_call,
    ),
    Route(
        method="POST",
        path="/api/v1/calls/{id}/hold",
        scope=Scope.CALLS_WRITE,
        name="holdCall",
        tag="Calls",
        summary="Put one side of a call on hold",
        description="It hears the hold music, the other side nothing, until it is resumed with `on` false.",
        path_types=(("id", CallId),),
        request=HoldRequest,
        response=LiveCall,
        errors=(404, 409),
        own=own_call,
        handler=hold,
    ),
    Route(
        method="POST",
        path="/api/v1/calls/{id}/park",
        scope=Scope.CALLS_WRITE,
        name="parkCall",
        tag="Calls",
        summary="Park one side of a call",
        description=(
            "It waits in a slot with music until somebody dials the slot; after a while the phone that it talked with "
            "rings. The answer comes at once."
        ),
        path_types=(("id", CallId),),
        request=ParkRequest,
        response=LiveCall,
        status=202,
        errors=(404, 409),
        own=own_call,
        handler=park,
    ),
    Route(
        method="POST",
        path="/api/v1/calls/{id}/listen",
        scope=Scope.CALLS_SUPERVISE,
        name="listenToCall",
        tag="Calls",
        summary="Listen to a call, whisper to one side, or talk with both",
        description=(
            "The extension's phone rings; picked up, it hears both sides. Asked again for the same extension, it "
            "changes how; so do the keys 4 (listen), 5 (whisper) and 6 (barge) on its phone. What the two hear of it "
            "is the setting `supervision.notice`. It stands in the call's record either way. Hang up the call of the "
            "answer to end it."
        ),
        path_types=(("id", CallId),),
        request=ListenRequest,
        response=Supervised,
        status=202,
        errors=(404, 409),
        handler=listen,
    ),
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
