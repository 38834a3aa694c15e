"""Puts the HTTP side of a node together: one aiohttp application made from `ApiDeps`.

The caller runs it (`aiohttp.web.AppRunner`); nothing here opens a socket. Only HTTP needs this module, so the node
imports it with the first request.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from pbx.api.codec import encode
from pbx.api.cors import allow, follow_origins, preflight, read_origins
from pbx.api.deps import ApiDeps
from pbx.api.endpoint import endpoint
from pbx.api.problem import PROBLEM_TYPE, ApiError, from_user_error, plain_error
from pbx.api.route import MAX_BODY
from pbx.api.security import secure_headers
from pbx.api.service import Service
from pbx.api.site import StaticSite
from pbx.api.table import ROUTES
from pbx.core.errors import UserError
from pbx.core.tasks import Supervisor
from pbx.store.errors import StoreError

__all__ = ["build"]

log = logging.getLogger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(deps: ApiDeps) -> web.Application:
    """The application that answers /api, /metrics and the admin site."""
    service = Service(deps)
    app = web.Application(
        client_max_size=MAX_BODY, middlewares=[_answering(service, StaticSite(deps.site_dir))]
    )
    for route in ROUTES:
        app.router.add_route(route.method, route.path, endpoint(route, service), name=route.name)
    app.on_response_prepare.append(secure_headers)

    async def cross_origin(request: web.Request, response: web.StreamResponse) -> None:
        allow(request, response, service)

    app.on_response_prepare.append(cross_origin)

    async def live(_: web.Application) -> AsyncIterator[None]:
        async with service.hub.running(), Supervisor() as tasks:
            await read_origins(service)  # the first request may already come from elsewhere
            tasks.spawn("sites elsewhere", follow_origins(service))
            tasks.spawn("webhooks", service.feed.run())
            yield

    async def let_clients_go(_: web.Application) -> None:
        service.hub.shut_down()

    app.cleanup_ctx.append(live)
    app.on_shutdown.append(let_clients_go)
    return app


def _answering(service: Service, site: StaticSite) -> Middleware:
    @web.middleware
    async def answering(request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Make an answer of whatever happens, and count it."""
        name = request.match_info.route.name or "site"
        try:
            response = preflight(request, service) or await handler(request)
        except web.HTTPNotFound:
            response = await _unrouted(request, site)
        except Exception as error:
            response = _problem(request, _as_api_error(request, error))
        service.requests.inc(name, str(response.status))
        return response

    return answering


async def _unrouted(request: web.Request, site: StaticSite) -> web.StreamResponse:
    """A path that is not in the table: the site's, unless it looks like the API."""
    outside = request.path == "/api" or request.path.startswith("/api/")
    if outside or request.method not in ("GET", "HEAD"):
        return _problem(request, plain_error(404, f"There is no {request.method} {request.rel_url.path}."))
    return await site.respond(request)


def _as_api_error(request: web.Request, error: Exception) -> ApiError:
    """What to answer when a handler did not."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UserError):
        return from_user_error(error)
    if isinstance(error, web.HTTPException):
        return _from_aiohttp(error)
    if isinstance(error, StoreError):
        log.error("the database refused a request", extra={"path": request.path, "error": str(error)})
        return plain_error(503, str(error), headers={"Retry-After": "5"})
    log.error("request failed", exc_info=error, extra={"method": request.method, "path": request.path})
    return plain_error(500, "This is our fault; the node's log has the details.")


def _from_aiohttp(error: web.HTTPException) -> ApiError:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return plain_error(413, f"The body may have {MAX_BODY} bytes at most.")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return plain_error(405, f"Allowed here: {allowed}.", headers={"Allow": allowed})
    return plain_error(error.status, error.text or "")


def _problem(request: web.Request, error: ApiError) -> web.Response:
    # The charset is part of JSON, so none is named (RFC 8259 section 11).
    headers = {**error.headers, "Content-Type": PROBLEM_TYPE}
    return web.Response(status=error.status, body=encode(error.problem()), headers=headers)
