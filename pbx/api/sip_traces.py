"""The SIP messages of calls: a list, a ladder, and a file for Wireshark."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.query import TraceQuery
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import SipTraceList
from pbx.feature.sip_trace import SipTraces
from pbx.model.sip_trace import SipTrace

PCAP = "application/vnd.tcpdump.pcap"
Traced = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]{1,256}$(?!\n)",
        description="A call's id in the history, or a SIP Call-ID.",
        examples=["01J9ZQ4V7N3T8K2M5R6W1X0YAB"],
    ),
]


async def list_traces(exchange: Exchange, *, query: TraceQuery) -> SipTraceList:
    everything = await _desk(exchange).summaries(query.peer)
    return SipTraceList(
        items=tuple(everything[query.offset : query.offset + query.limit]), total=len(everything)
    )


async def get_trace(exchange: Exchange, *, call: str) -> SipTrace:
    found = await _desk(exchange).trace(call)
    if found is None:
        raise _gone(call)
    return found


async def get_capture(exchange: Exchange, *, call: str) -> web.Response:
    found = await _desk(exchange).capture(call)
    if found is None:
        raise _gone(call)
    name = quote(call, safe="")
    return web.Response(
        body=found,
        content_type=PCAP,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}.pcap"},
    )


def _desk(exchange: Exchange) -> SipTraces:
    desk = exchange.service.deps.sip_traces
    if desk is None:
        raise plain_error(503, "SIP messages are not kept here: sip_trace_mb is 0.")
    return desk


def _gone(call: str) -> Exception:
    return plain_error(404, f"No SIP messages of {call} are kept (any more).")


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/sip-traces",
        scope=Scope.SIP_TRACES_READ,
        name="listSipTraces",
        tag="SIP traces",
        summary="List the calls and registrations whose SIP messages are kept",
        description="The latest first. Messages are kept in memory until newer ones need the room.",
        query=TraceQuery,
        response=SipTraceList,
        errors=(503,),
        handler=list_traces,
    ),
    Route(
        method="GET",
        path="/api/v1/sip-traces/{call}.pcap",
        scope=Scope.SIP_TRACES_READ,
        name="getSipCapture",
        tag="SIP traces",
        summary="Download the SIP messages of a call for Wireshark",
        description="Each message is one UDP datagram, whatever it went over. Passwords and keys are crossed out.",
        path_types=(("call", Traced),),
        response_type=PCAP,
        errors=(503,),
        handler=get_capture,
    ),
    Route(
        method="GET",
        path="/api/v1/sip-traces/{call}",
        scope=Scope.SIP_TRACES_READ,
        name="getSipTrace",
        tag="SIP traces",
        summary="Read the SIP messages of a call",
        description="All its legs, in the order of time. Passwords and keys are crossed out.",
        path_types=(("call", Traced),),
        response=SipTrace,
        errors=(503,),
        handler=get_trace,
    ),
)
