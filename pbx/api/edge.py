"""What the edge answers: texts, campaigns, outside numbers, the receptionist. Each row is passed on as it came.

The node decides who may ask, counts, and writes the audit log; the edge knows the records. Its own document
(`site/schema/edge.json`) says what goes in and out, and a test compares the two tables.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pbx.api.edge_door import EdgeReply
from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError, FieldProblem, plain_error
from pbx.api.route import JSON, MAX_BODY, Route
from pbx.api.scopes import Scope

__all__ = ["PREFIX", "ROUTES", "forward"]

PREFIX = "/api/v1"
LARGEST_LIST = 4 << 20
LARGEST_FILE = 6 << 20
HEADERS = frozenset({"content-disposition", "etag", "last-modified", "location", "retry-after"})
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "text/csv", JSON)
"""What a browser may show by itself. All else that somebody sent is saved, never opened as a page of this origin."""
URN = "urn:"
_KNOWN = frozenset(each.value for each in HTTPStatus)

PathPart = Annotated[str, Meta(min_length=1, max_length=200)]


class _Refusal(msgspec.Struct):
    """A problem document, as far as it is passed on."""

    type: str = ""
    title: str = ""
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()


async def forward(exchange: Exchange, **path: str) -> web.Response:
    """Ask the edge what was asked here. Raises `ApiError` with what it refuses, `UserError` 503 without an edge."""
    request = exchange.request
    reply = await exchange.service.deps.edge.request(
        request.method,
        request.rel_url.raw_path.removeprefix(PREFIX),
        query=request.rel_url.raw_query_string,
        actor=exchange.who.name,
        content_type=request.content_type if exchange.body else "",
        body=exchange.body,
    )
    if reply.status >= 400:
        raise _refused(reply)
    response = web.Response(status=reply.status, headers=_passed(reply, HEADERS))
    if reply.status != 204:
        response.body = reply.body
        kind = reply.content_type.partition(";")[0].strip().lower()
        response.content_type = kind if kind.startswith(SHOWN) else "application/octet-stream"
        if response.content_type != kind:
            response.headers["Content-Disposition"] = "attachment"
    return response


def _passed(reply: EdgeReply, names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name.lower() in names}


def _refused(reply: EdgeReply) -> ApiError:
    """What the edge refused, in its words. That it failed is not said with its own 500, which would look like ours."""
    if reply.status == 500 or reply.status not in _KNOWN:
        return plain_error(502, "The edge failed. Its log has the details.")
    try:
        problem = msgspec.json.decode(reply.body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Refusal()
    error = plain_error(
        reply.status, problem.detail or problem.title, headers=_passed(reply, frozenset({"retry-after"}))
    )
    error.slug = problem.type.rsplit(":", 1)[-1] if problem.type.startswith(URN) else error.slug
    error.errors = problem.errors
    return error


def _row(
    method: str,
    path: str,
    name: str,
    scope: Scope,
    *,
    status: int = 200,
    takes: tuple[str, ...] = (),
    most_bytes: int = MAX_BODY,
    audited: bool = True,
) -> Route:
    return Route(
        method=method,
        path=PREFIX + path,
        path_types=tuple((each, PathPart) for each in re.findall(r"\{(\w+)\}", path)),
        scope=scope,
        name=name,
        tag="Edge",
        summary="",
        request_types=takes,
        most_bytes=most_bytes,
        status=status,
        errors=(502, 503, 504),
        audited=audited,
        forwarded=True,
        handler=forward,
    )


_BODY = (JSON,)

ROUTES = (
    _row("GET", "/conversations", "listConversations", Scope.TEXTS_READ),
    _row("GET", "/conversations/{from}/{to}", "getConversation", Scope.TEXTS_READ),
    _row("POST", "/conversations/reply", "replyToConversation", Scope.TEXTS_WRITE, takes=_BODY),
)
