"""Calls into a flow that is being drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.base import Record
from pbx.model.scalars import ExtensionNumber

__all__ = ["ROUTES"]


class FlowTestCallOrder(Record, frozen=True, kw_only=True):
    """Which state of the flow is to be called."""

    draft: Annotated[bool, Meta(description="The draft as it is stored; false: what is live.")] = True


class FlowTestCall(Record, frozen=True, kw_only=True):
    """What a phone of the office dials, once."""

    dial: Annotated[
        str, Meta(description="The user part of the address.", examples=["flow-test-Jx0c2VtNfQ8r"])
    ]
    expires_at: Annotated[datetime, Meta(description="Until then it can be dialled.")]
    revision: Annotated[int, Meta(ge=0, description="Which one the call walks; 0: the draft.")]


async def make(exchange: Exchange, *, number: str, body: FlowTestCallOrder) -> FlowTestCall:
    ticket = await exchange.service.deps.flows.test_call(number, "draft" if body.draft else "live")
    return FlowTestCall(dial=ticket.dial, expires_at=ticket.expires_at, revision=ticket.flow.revision)


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/flows/{number}/test-calls",
        scope=Scope.OFFICE_WRITE,
        name="testCallFlow",
        tag="Call flows",
        summary="Prepare a real call into a flow, to try it out",
        description="Answers with what any phone of the office can dial, once, within a minute. The call is a real "
        "one: phones ring, mail is sent. The history has it, marked as a test; no figure of the flow counts it. "
        "Refused with all `faults` when the flow cannot run.",
        path_types=(("number", ExtensionNumber),),
        request=FlowTestCallOrder,
        response=FlowTestCall,
        status=201,
        errors=(429,),
        handler=make,
    ),
)
