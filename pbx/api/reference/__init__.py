"""The reference page: three static files that draw themselves from openapi.json. They pass the strict CSP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope

__all__ = ["ROUTES"]

FOLDER = Path(__file__).parent
TYPES = {"index.html": "text/html", "reference.js": "text/javascript", "reference.css": "text/css"}


def _serving(name: str) -> Callable[[Exchange], Awaitable[web.Response]]:
    async def serve(exchange: Exchange) -> web.Response:
        body = (FOLDER / name).read_bytes()  # small, and in the page cache
        return web.Response(body=body, headers={"Content-Type": f"{TYPES[name]}; charset=utf-8"})

    return serve


def _route(path: str, name: str, operation: str, summary: str) -> Route:
    return Route(
        method="GET",
        path=f"/api/v1/{path}",
        scope=Scope.OPEN,
        name=operation,
        tag="Node",
        summary=summary,
        response_type=TYPES[name],
        handler=_serving(name),
    )


ROUTES = (
    _route("", "index.html", "getReference", "This API as a page"),
    _route("reference.js", "reference.js", "getReferenceScript", "The script of that page"),
    _route("reference.css", "reference.css", "getReferenceStyle", "The style of that page"),
)
