"""What a route is: method, path, the scope it demands, and the Structs that go in and out.

The table in `pbx.api.table` holds all of them. The aiohttp router and the OpenAPI document are both made from it, so a
route that is served is described, and one that is described is served.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from pbx.api.exchange import Answer, Exchange
from pbx.api.scopes import Scope

__all__ = ["JSON", "MAX_BODY", "MERGE_PATCH", "Handler", "Own", "Route"]

MAX_BODY = 64 * 1024
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

Handler = Callable[..., Awaitable[msgspec.Struct | Answer | web.StreamResponse | None]]
"""Called with the `Exchange`, then by name: each path parameter, `query` and `body` where the route declares them."""

Own = Callable[[Exchange, dict[str, Any]], Awaitable[None]]
"""Called with the `Exchange` and the handler's arguments, which it may narrow. Raises `ApiError` where it must."""

_IN_BRACES = re.compile(r"\{(\w+)\}")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. `path` is written as OpenAPI writes it; `path_types` gives each `{name}` its type.

    `errors` are the statuses this route may answer with beyond those that follow from the rest (see
    `pbx.api.openapi`); `also` are further statuses with a body of their own. `schemas` are named types that belong into
    the document though no body is made of them, such as the messages of a WebSocket. `upload_types` are those of a file
    that the handler reads by itself, as it comes. `own` lets in those who may see only what is theirs, and sees to it
    that they do; without it they are refused. What changes nothing, though its method is unsafe, is not `audited`.
    What is not `limited` is answered however often it is asked for. What is `forwarded` is answered by the edge, whose
    own document says what goes in and out; the body is read as it is, and its types are `request_types`.
    `cross_origin` lets the pages of other hosts in that the office names, though nobody has signed in yet. A route that
    takes `tickets` takes `?ticket=` in place of a credential. `brought_up` makes what programs of former versions send
    what this one reads; it may raise `UserError`.
    """

    method: str
    path: str
    scope: Scope
    name: str
    summary: str
    handler: Handler
    tag: str
    description: str = ""
    request: type[msgspec.Struct] | None = None
    brought_up: Callable[[object], object] | None = None
    request_types: tuple[str, ...] = (JSON,)
    most_bytes: int = MAX_BODY
    upload_types: tuple[str, ...] = ()
    query: type[msgspec.Struct] | None = None
    path_types: tuple[tuple[str, Any], ...] = ()
    response: type[msgspec.Struct] | None = None
    response_type: str = JSON
    status: int = 200
    errors: tuple[int, ...] = ()
    also: tuple[tuple[int, type[msgspec.Struct]], ...] = ()
    schemas: tuple[tuple[str, Any], ...] = ()
    own: Own | None = None
    audited: bool = True
    limited: bool = True
    cross_origin: bool = False
    tickets: bool = False
    forwarded: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path's braces."""
        return tuple(_IN_BRACES.findall(self.path))

    @property
    def unsafe(self) -> bool:
        """Whether the method changes something (RFC 9110 section 9.2.1)."""
        return self.method not in ("GET", "HEAD", "OPTIONS")
