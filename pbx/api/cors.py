"""Pages of other hosts (CORS, Fetch standard section 3.2): those that the office names, and never with cookies.

Such a page signs in with tokens. `Access-Control-Allow-Credentials` is never sent, so a cookie never works from there.
"""

from __future__ import annotations

from aiohttp import web

from pbx.api.problem import ApiError
from pbx.api.service import Service
from pbx.store.settings import TOPIC

__all__ = ["allow", "follow_origins", "preflight", "read_origins"]

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = "Authorization, Content-Type, If-Match, Idempotency-Key, Range"
_SHOWN = "ETag, Location, Retry-After, Content-Disposition, Content-Range, Idempotency-Replayed"
_MAX_AGE_S = "600"
_OPEN_TO_ALL = "/api/v1/health"
"""Says nothing that needs a log-in. A page that may not talk with this node learns that there is one."""


def preflight(request: web.Request, service: Service) -> web.Response | None:
    """The answer to a browser that asks whether it may; None for any other request. Raises `ApiError` 403."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asks or not request.path.startswith("/api/"):
        return None
    if request.headers.get("Origin", "") not in service.origins:
        raise ApiError(403, "origin", "Pages of this host may not talk with this node.")
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _TAKEN,
            "Access-Control-Max-Age": _MAX_AGE_S,
        },
    )


def allow(request: web.Request, response: web.StreamResponse, service: Service) -> None:
    """Let a page that may read the answer do so."""
    origin = request.headers.get("Origin")
    if origin is None or not request.path.startswith("/api/"):
        return
    response.headers.add("Vary", "Origin")
    if origin in service.origins or request.path == _OPEN_TO_ALL:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN


async def read_origins(service: Service) -> None:
    service.origins = frozenset((await service.deps.settings.get()).cors_origins)


async def follow_origins(service: Service) -> None:
    """Keep the list as the settings have it."""
    with service.deps.bus.subscribe(TOPIC) as changes:
        await read_origins(service)
        async for _ in changes:
            await read_origins(service)
