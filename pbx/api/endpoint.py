"""From a row of the route table to an aiohttp handler.

In this order: credential, scope, CSRF, rate, path, query, body, what is one's own, Idempotency-Key, handler, answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from msgspec.structs import replace

from pbx.api.auditing import audited
from pbx.api.auth import (
    COOKIE,
    again,
    authenticate,
    check_csrf,
    check_origin,
    is_secure,
    on_this_machine,
    source_of,
    unauthorized,
)
from pbx.api.codec import decode, decode_old, decode_query, encode
from pbx.api.exchange import Answer, Exchange, Principal
from pbx.api.idempotency import once
from pbx.api.problem import ApiError, plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.service import Service

__all__ = ["BODY_S", "endpoint"]

BODY_S = 10.0
"""A body that takes longer than this to arrive is given up."""


def endpoint(route: Route, service: Service) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of `route`. Raises `ApiError` and `UserError`; `pbx.api.app` makes answers of them."""

    async def handle(request: web.Request) -> web.StreamResponse:
        principal = await _admitted(route, request, service)
        arguments: dict[str, Any] = _path_arguments(route, request)
        if route.query is not None:
            arguments["query"] = decode_query(request.query, route.query)
        body = await _body(route, request)
        if route.request is not None:
            old = route.brought_up
            arguments["body"] = (
                decode(body, route.request) if old is None else decode_old(body, route.request, old)
            )
        exchange = Exchange(
            request=request,
            service=service,
            principal=principal,
            source=source_of(request),
            secure=is_secure(request),
            body=body,
        )
        if exchange.own is not None and route.own is not None:
            await route.own(exchange, arguments)

        async def answering() -> web.StreamResponse:
            result = await audited(route, exchange, arguments, lambda: route.handler(exchange, **arguments))
            return _response(route, exchange, result)

        return await once(route, exchange, answering)

    return handle


async def _admitted(route: Route, request: web.Request, service: Service) -> Principal | None:
    """Who asks, if they may, and have not asked too often. Strangers are counted by address, a credential by itself."""
    if not route.limited:
        return await _principal(route, request, service)
    now_s, source = service.deps.clock.monotonic(), source_of(request)
    try:
        principal = await _principal(route, request, service)
    except ApiError as error:
        if error.status == 401:
            _refuse_for(service.strangers.take(source, now_s))
        raise
    if principal is not None:
        _refuse_for(service.rates.take(principal.credential, now_s))
    elif route.scope is Scope.OPEN:
        _refuse_for(service.strangers.take(source, now_s))
    return principal


def _refuse_for(wait_s: int) -> None:
    if wait_s:
        detail = f"Too many requests. Try again in {wait_s} s."
        raise ApiError(429, "too-many-requests", detail, headers={"Retry-After": str(wait_s)})


async def _principal(route: Route, request: web.Request, service: Service) -> Principal | None:
    """Who asks, after making sure that they may."""
    if route.scope is Scope.OPEN:
        if route.unsafe:
            check_origin(request, also=service.origins if route.cross_origin else ())
        return None
    principal = await _credential(route, request, service)
    if principal is None:
        if route.scope is Scope.METRICS_READ and on_this_machine(request):
            return None
        raise unauthorized("Sign in, or send a bearer token.")
    if route.scope is not Scope.SESSION and route.scope not in principal.scopes:
        raise ApiError(403, "scope", f"This credential lacks the scope {route.scope.value}.")
    if route.scope is Scope.APP:
        return _with_own_phone(principal, route, request)
    if principal.own is not None and route.scope is not Scope.SESSION:
        _check_own(route, principal)
    if route.unsafe:
        check_csrf(request, principal)
    return principal


async def _credential(route: Route, request: web.Request, service: Service) -> Principal | None:
    """Who asks; None without a credential. Raises `ApiError` 401 for one that is worth nothing."""
    if not route.tickets or "ticket" not in request.query:
        return await authenticate(request, service.deps.accounts, service.deps.clock.now())
    now_s = service.deps.clock.monotonic()
    found = service.tickets.redeem(request.query.getone("ticket"), now_s)
    principal = None if found is None else await again(found, service.deps.accounts)
    if principal is None:
        raise unauthorized("This ticket was used already, or is too old.", error="invalid_token")
    return principal


def _with_own_phone(principal: Principal, route: Route, request: web.Request) -> Principal:
    """Whatever their role, it is about their own extension. Raises `ApiError` 403 for who has none."""
    if route.unsafe:
        check_csrf(request, principal)
    own = principal.user.extension if principal.user is not None else None
    if not own:
        raise ApiError(403, "no-extension", "No extension belongs to this credential.")
    return replace(principal, own=own)


def _check_own(route: Route, principal: Principal) -> None:
    """Raises `ApiError` 403 where there is nothing that could be somebody's own, or they have nothing."""
    if route.own is None:
        raise ApiError(403, "scope", "This is not for those who see only what is their own.")
    if not principal.own:
        raise ApiError(403, "no-extension", "No extension belongs to this user.")


def _path_arguments(route: Route, request: web.Request) -> dict[str, Any]:
    """The path's parameters; one that cannot name anything is 404, like one that does not."""
    arguments = {}
    for name, kind in route.path_types:
        try:
            arguments[name] = msgspec.convert(request.match_info[name], kind)
        except msgspec.ValidationError:
            raise plain_error(404, f"There is no {request.rel_url.path}.") from None
    return arguments


async def _body(route: Route, request: web.Request) -> bytes:
    read_here = route.request is not None or route.forwarded
    wanted = route.request_types if read_here else route.upload_types
    if not wanted:
        return b""
    if request.content_type not in wanted:
        raise plain_error(415, f"The body must be {' or '.join(wanted)}.")
    if not read_here:
        return b""
    try:
        async with asyncio.timeout(BODY_S):
            return await request.clone(client_max_size=route.most_bytes).read()
    except web.HTTPRequestEntityTooLarge:
        raise plain_error(413, f"The body may have {route.most_bytes} bytes at most.") from None
    except TimeoutError:
        raise plain_error(408, f"The body did not arrive within {BODY_S:.0f} s.") from None
    except ConnectionResetError:
        raise plain_error(400, "The body did not arrive: whoever sent it is gone.") from None


def _response(
    route: Route, exchange: Exchange, result: msgspec.Struct | Answer | web.StreamResponse | None
) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    answer = result if isinstance(result, Answer) else Answer(body=result)
    response = web.Response(status=answer.status or route.status, headers=answer.headers)
    if answer.body is not None:
        response.body = encode(answer.body)
        response.content_type = route.response_type
    if answer.cookie is not None:
        _set_cookie(response, exchange, answer)
    return response


def _set_cookie(response: web.Response, exchange: Exchange, answer: Answer) -> None:
    response.set_cookie(
        COOKIE,
        answer.cookie or "",
        max_age=answer.cookie_age_s if answer.cookie else 0,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=exchange.secure,
    )
