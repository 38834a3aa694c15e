"""The WebSocket of live events: who may open it, and one connection's life."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Meta

from pbx.api.auth import again, check_origin, unauthorized
from pbx.api.exchange import Exchange, Principal
from pbx.api.live import ALL_TOPICS, HEARTBEAT_S, OWN_TOPICS, LiveClient, OwnThings, TooManyClientsError
from pbx.api.live_message import LiveMessage
from pbx.api.own import own_mailbox
from pbx.api.problem import ApiError, plain_error
from pbx.api.query import EventsQuery
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.base import Record

_CLOSE = {
    "slow": (WSCloseCode.TRY_AGAIN_LATER, b"too slow: connect again with ?since="),
    "signed out": (WSCloseCode.POLICY_VIOLATION, b"signed out"),
    "fault": (WSCloseCode.INTERNAL_ERROR, b"our fault: connect again"),
    "shutdown": (WSCloseCode.GOING_AWAY, b"the node is stopping"),
}
_SCOPES: dict[str, Scope] = {
    "conversations": Scope.TEXTS_READ,
    "campaigns": Scope.CAMPAIGNS_READ,
    "numbers": Scope.NUMBERS_READ,
}
"""Topics that need more than the right to live events: they tell what people outside have written."""
SEND_S = 10.0
"""A single message that cannot be handed to the network for this long means that nobody reads."""


async def get_events(exchange: Exchange, *, query: EventsQuery) -> web.StreamResponse:
    principal = exchange.principal
    if principal is None:  # the scope check has seen to that
        raise unauthorized("Sign in first.")
    by_ticket = bool(query.ticket)
    check_origin(
        exchange.request,
        required=principal.session is not None and not by_ticket,
        also=exchange.service.origins if by_ticket else (),
    )
    socket = web.WebSocketResponse(heartbeat=2 * HEARTBEAT_S, max_msg_size=4096, compress=False)
    if not socket.can_prepare(exchange.request).ok:
        raise ApiError(
            426,
            "upgrade-required",
            "This is a WebSocket.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )
    own = await _own_things(exchange)
    topics = _topics(principal, query.topics) if own is None else _own_topics(query.topics)
    try:
        async with exchange.service.hub.client(topics, principal.credential, query.since, own) as client:
            try:
                await socket.prepare(exchange.request)
            except ConnectionError:  # it has gone meanwhile: nobody reads an answer
                return web.Response(status=400)
            await _serve(exchange, principal, socket, client)
    except TooManyClientsError:
        raise plain_error(503, "Too many live connections are open.", headers={"Retry-After": "10"}) from None
    return socket


def _topics(principal: Principal, wanted: str) -> Sequence[str]:
    """Those asked for, else all that this credential may read. Raises `ApiError` 403."""
    kept = {topic for topic, scope in _SCOPES.items() if scope not in principal.scopes}
    if not wanted:
        return [topic for topic in ALL_TOPICS if topic not in kept]
    topics = wanted.split(",")
    for topic in kept.intersection(topics):
        raise ApiError(403, "scope", f"The topic {topic} needs the scope {_SCOPES[topic].value}.")
    return topics


def _own_topics(wanted: str) -> Sequence[str]:
    """Those asked for, else all that hold something of one's own. Raises `ApiError` 403."""
    topics = wanted.split(",") if wanted else OWN_TOPICS
    for topic in set(topics).difference(OWN_TOPICS):
        raise ApiError(403, "scope", f"The topic {topic} is for people who may see the whole office.")
    return topics


async def _own_things(exchange: Exchange) -> OwnThings | None:
    """None for those who see all."""
    if exchange.own is None:
        return None
    try:
        return OwnThings(exchange.own, await own_mailbox(exchange))
    except ApiError:
        return OwnThings(exchange.own, None)


async def _own_events(_exchange: Exchange, _arguments: dict[str, Any]) -> None:
    """Lets those in who see only their own things: what they are told is sorted out as it happens."""


async def _serve(
    exchange: Exchange, principal: Principal, socket: web.WebSocketResponse, client: LiveClient
) -> None:
    """Send until the client leaves or has to. The three tasks end each other."""
    async with asyncio.TaskGroup() as group:
        others = [
            group.create_task(_read(socket, client)),
            group.create_task(_check_credential(exchange, principal, client)),
        ]
        try:
            with suppress(ConnectionError, TimeoutError):
                await _send(socket, client)
            code, message = _CLOSE.get(client.end, (WSCloseCode.OK, b""))
            if not socket.closed:
                with suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(2.0):
                        await socket.close(code=code, message=message)
        finally:
            for task in others:
                task.cancel()


async def _send(socket: web.WebSocketResponse, client: LiveClient) -> None:
    async for data in client.messages():
        async with asyncio.timeout(SEND_S):
            await socket.send_str(data.decode())


async def _read(socket: web.WebSocketResponse, client: LiveClient) -> None:
    """Nothing is expected from the client but its close; reading also answers pings."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            break
    client.stop("left")


async def _check_credential(exchange: Exchange, principal: Principal, client: LiveClient) -> None:
    """A session that ends, a token that is deleted, a right that is taken away, ends its connections."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        now = await again(principal, exchange.service.deps.accounts)
        if now is None or Scope.EVENTS_READ not in now.scopes:
            client.stop("signed out")
            return


class EventTicket(Record, frozen=True, kw_only=True):
    """Lets one WebSocket in: `/events?ticket=…`."""

    ticket: Annotated[str, Meta(description="Good once, for 30 seconds.")]


async def make_ticket(exchange: Exchange) -> EventTicket:
    service = exchange.service
    return EventTicket(ticket=service.tickets.issue(exchange.who, service.deps.clock.monotonic()))


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/events/ticket",
        scope=Scope.EVENTS_READ,
        name="makeEventTicket",
        tag="Live",
        summary="Get a ticket for a WebSocket from another host",
        description="Browsers send neither a header nor, from another host, a cookie with a WebSocket.",
        response=EventTicket,
        own=_own_events,
        audited=False,
        handler=make_ticket,
    ),
    Route(
        method="GET",
        path="/api/v1/events",
        scope=Scope.EVENTS_READ,
        name="getEvents",
        tag="Live",
        summary="Live events over a WebSocket",
        description=(
            "Upgrades to a WebSocket (RFC 6455). The first message is a `LiveSnapshot`, or a `LiveResumed` when "
            "`since` could be honoured; then every change follows, each with its `seq`. A client that cannot keep up "
            "is closed with 1013 and may come back with `since`. "
            "Who may see only their own things is told of these alone, and always begins with a snapshot. "
            "With a session cookie the Origin must be this node's."
        ),
        query=EventsQuery,
        own=_own_events,
        tickets=True,
        status=101,
        errors=(403, 426, 503),
        schemas=(("LiveMessage", LiveMessage),),
        handler=get_events,
    ),
)
