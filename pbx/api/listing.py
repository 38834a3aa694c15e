"""What is registered, what is being talked, and what was: the lists that are only read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pbx.api import cdr_csv
from pbx.api.exchange import Exchange
from pbx.api.own import own_call, own_extension_query
from pbx.api.problem import plain_error
from pbx.api.query import CdrQuery, CdrSelection
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import CallList, CdrList, ExtensionStateList, RegistrationList, RegistrationView
from pbx.feature.office_time import office_zone
from pbx.model.cdr import Cdr
from pbx.model.extension_state import ExtensionState
from pbx.model.live_call import LiveCall
from pbx.store.cdrs import CdrFilter

CallId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$(?!\n)", examples=["01J9ZQ4V7N3T8K2M5R6W1X0YAB"])]


_REGISTRATIONS = Search(RegistrationView, "RegistrationQuery")
_EXTENSION_STATES = Search(ExtensionState, "ExtensionStateQuery")
_CALLS = Search(LiveCall, "CallQuery")


async def list_registrations(exchange: Exchange, *, query: msgspec.Struct) -> RegistrationList:
    everything = sorted(
        exchange.service.deps.registrations(),
        key=lambda one: (len(one.extension), one.extension, one.contact),
    )
    page, total = _REGISTRATIONS.page(everything, query)
    return RegistrationList(items=page, total=total)


async def list_extension_states(exchange: Exchange, *, query: msgspec.Struct) -> ExtensionStateList:
    page, total = _EXTENSION_STATES.page(exchange.service.deps.extension_states(), query)
    return ExtensionStateList(items=page, total=total)


async def list_calls(exchange: Exchange, *, query: msgspec.Struct) -> CallList:
    everything = sorted(
        exchange.service.deps.live_calls(), key=lambda one: (one.started_at, one.id), reverse=True
    )
    page, total = _CALLS.page(everything, query)
    return CallList(items=page, total=total)


def selected(query: CdrSelection) -> CdrFilter:
    """The store's filter for a query."""
    return CdrFilter(
        since=query.since,
        until=query.until,
        extension=query.extension or None,
        number=query.number or None,
        disposition=query.disposition,
        flow=query.flow or None,
        direction=query.direction,
        did=query.did or None,
        trunk=query.trunk or None,
        queue=query.queue or None,
        missed=query.missed,
        min_talk_s=query.min_talk_s,
        q=query.q,
    )


async def list_cdrs(exchange: Exchange, *, query: CdrQuery) -> CdrList:
    page, total = await exchange.service.deps.cdrs.list(
        query.limit, query.offset, selected(query), query.sort
    )
    return CdrList(items=tuple(page), total=total)


async def export_cdrs(exchange: Exchange, *, query: CdrSelection) -> web.StreamResponse:
    """Chunk after chunk, each as fast as the client takes it: so much memory is needed for any number of calls."""
    deps = exchange.service.deps
    zone = office_zone((await deps.settings.get()).time_zone)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="calls.csv"',
        }
    )
    await response.prepare(exchange.request)
    await response.write(cdr_csv.head())
    async for chunk in deps.cdrs.chunks(selected(query)):
        await response.write(cdr_csv.rows(chunk, zone))
    await response.write_eof()
    return response


async def get_cdr(exchange: Exchange, *, id: str) -> Cdr:
    found = await exchange.service.deps.cdrs.get(id)
    if found is None:
        raise plain_error(404, f"There is no call {id} in the history.")
    return found


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/registrations",
        scope=Scope.REGISTRATIONS_READ,
        name="listRegistrations",
        tag="Phones",
        summary="List the registered phones",
        description="Sorted by extension, shorter numbers first, then by contact.",
        query=_REGISTRATIONS.query,
        response=RegistrationList,
        handler=list_registrations,
    ),
    Route(
        method="GET",
        path="/api/v1/extension-states",
        scope=Scope.CALLS_READ,
        name="listExtensionStates",
        tag="Phones",
        summary="Who is free, who rings, who talks",
        description="Every extension, shorter numbers first: what the lamps of phones show of it.",
        query=_EXTENSION_STATES.query,
        response=ExtensionStateList,
        handler=list_extension_states,
    ),
    Route(
        method="GET",
        path="/api/v1/calls",
        scope=Scope.CALLS_READ,
        name="listCalls",
        tag="Calls",
        summary="List the calls that are going on",
        description="The newest first.",
        query=_CALLS.query,
        response=CallList,
        handler=list_calls,
    ),
    Route(
        method="GET",
        path="/api/v1/cdrs",
        scope=Scope.CDRS_READ,
        name="listCdrs",
        tag="Calls",
        summary="Read the call history",
        description="The newest first. `events` is empty here; read one record to see them.",
        query=CdrQuery,
        response=CdrList,
        own=own_extension_query,
        handler=list_cdrs,
    ),
    Route(
        method="GET",
        path="/api/v1/cdrs.csv",
        scope=Scope.CDRS_READ,
        name="exportCdrs",
        tag="Calls",
        summary="The call history as a table for spreadsheets",
        description="CSV (RFC 4180) with a line of titles, the newest first, sent as it is read. Times are the "
        "office's. A text that a spreadsheet would take for a formula has an apostrophe before it.",
        query=CdrSelection,
        response_type="text/csv",
        handler=export_cdrs,
    ),
    Route(
        method="GET",
        path="/api/v1/cdrs/{id}",
        scope=Scope.CDRS_READ,
        name="getCdr",
        tag="Calls",
        summary="Read one call of the history with its events",
        path_types=(("id", CallId),),
        response=Cdr,
        own=own_call,
        handler=get_cdr,
    ),
)
