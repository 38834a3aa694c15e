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
from pbx.api.route import JSON, MAX_BODY, MERGE_PATCH, Route
from pbx.api.scopes import Scope

__all__ = ["PREFIX", "ROUTES", "forward", "refused"]

PREFIX = "/api/v1"
LARGEST_LIST = 30 << 20
LARGEST_FILE = 5 << 20
HEADERS = frozenset({"content-disposition", "etag", "last-modified", "location", "retry-after"})
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "text/csv", JSON)
"""What a browser may show by itself. All else that somebody sent is saved, never opened as a page of this origin."""
FILES = (
    *(
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/heic",
        "video/3gpp",
        "video/mp4",
        "audio/mp4",
    ),
    *("audio/amr", "audio/ogg", "audio/wav", "audio/mpeg", "application/pdf", "text/vcard"),
)
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
        raise refused(reply)
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


def refused(reply: EdgeReply) -> ApiError:
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
_PATCH = (JSON, MERGE_PATCH)

_TEXTS, _TEXTS_CHANGE = Scope.TEXTS_READ, Scope.TEXTS_WRITE
_CAMPAIGNS, _CAMPAIGNS_CHANGE = Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE
_NUMBERS, _NUMBERS_CHANGE = Scope.NUMBERS_READ, Scope.NUMBERS_WRITE
_DESK, _DESK_CHANGE = Scope.RECEPTIONIST_READ, Scope.RECEPTIONIST_WRITE
_PAIR = "/conversations/{from}/{to}"

TEXTS = (
    _row("GET", "/conversations", "listConversations", _TEXTS),
    _row("POST", "/conversations/reply", "replyToConversation", _TEXTS_CHANGE, takes=_BODY, status=201),
    _row("GET", _PAIR, "getConversation", _TEXTS),
    _row("POST", _PAIR + "/read", "readConversation", _TEXTS_CHANGE, audited=False),
    _row("POST", _PAIR + "/unread", "unreadConversation", _TEXTS_CHANGE, audited=False),
    _row("POST", _PAIR + "/take-over", "takeOverConversation", _TEXTS_CHANGE),
    _row("POST", _PAIR + "/hand-back", "handBackConversation", _TEXTS_CHANGE),
    _row("PUT", _PAIR + "/assignment", "assignConversation", _TEXTS_CHANGE, takes=_BODY),
    _row("PUT", _PAIR + "/typing", "typeInConversation", _TEXTS_CHANGE, takes=_BODY, audited=False),
    _row("POST", _PAIR + "/notes", "addConversationNote", _TEXTS_CHANGE, takes=_BODY, status=201),
    _row("DELETE", _PAIR + "/notes/{id}", "deleteConversationNote", _TEXTS_CHANGE, status=204),
    _row("POST", "/sms/send", "sendSms", _TEXTS_CHANGE, takes=_BODY, status=201),
    _row("POST", "/texts/messages/{id}/again", "sendTextAgain", _TEXTS_CHANGE, status=201),
    _row(
        "POST",
        "/texts/media",
        "uploadTextMedia",
        _TEXTS_CHANGE,
        takes=FILES,
        most_bytes=LARGEST_FILE,
        status=201,
    ),
    _row("GET", "/texts/media/{id}", "getTextMedia", _TEXTS),
    _row("GET", "/texts/templates", "listTextTemplates", _TEXTS),
    _row("POST", "/texts/templates", "createTextTemplate", _TEXTS_CHANGE, takes=_BODY, status=201),
    _row("PUT", "/texts/templates/{id}", "putTextTemplate", _TEXTS_CHANGE, takes=_BODY),
    _row("DELETE", "/texts/templates/{id}", "deleteTextTemplate", _TEXTS_CHANGE, status=204),
    _row("GET", "/texts/settings", "getTextSettings", _TEXTS),
    _row("PUT", "/texts/settings", "putTextSettings", _TEXTS_CHANGE, takes=_BODY),
    _row("GET", "/texts/consents", "listConsents", _TEXTS),
    _row("POST", "/texts/consents", "putConsent", _TEXTS_CHANGE, takes=_BODY),
    _row("GET", "/analytics/sms", "getSmsAnalytics", _TEXTS),
    _row("POST", "/erasure", "erasePerson", _TEXTS_CHANGE, takes=_BODY, status=201),
    _row("GET", "/erasure/{id}", "getErasure", _TEXTS),
    _row("POST", "/texts/try", "tryTexts", _TEXTS, takes=_BODY, audited=False),
)
CAMPAIGNS = (
    _row("GET", "/campaigns", "list_campaigns", _CAMPAIGNS),
    _row(
        "POST",
        "/campaigns",
        "create_campaign",
        _CAMPAIGNS_CHANGE,
        takes=_BODY,
        most_bytes=LARGEST_LIST,
        status=201,
    ),
    _row(
        "POST",
        "/campaigns/preview",
        "preview_new_campaign",
        _CAMPAIGNS_CHANGE,
        takes=_BODY,
        most_bytes=LARGEST_LIST,
        audited=False,
    ),
    _row("GET", "/campaigns/settings", "get_campaign_settings", _CAMPAIGNS),
    _row("PUT", "/campaigns/settings", "put_campaign_settings", _CAMPAIGNS_CHANGE, takes=_BODY),
    _row("GET", "/campaigns/{id}.csv", "export_campaign", _CAMPAIGNS),
    _row("GET", "/campaigns/{id}", "get_campaign", _CAMPAIGNS),
    _row(
        "PATCH",
        "/campaigns/{id}",
        "change_campaign",
        _CAMPAIGNS_CHANGE,
        takes=_PATCH,
        most_bytes=LARGEST_LIST,
    ),
    _row("DELETE", "/campaigns/{id}", "delete_campaign", _CAMPAIGNS_CHANGE, status=204),
    _row("GET", "/campaigns/{id}/recipients", "list_campaign_recipients", _CAMPAIGNS),
    _row("GET", "/campaigns/{id}/preview", "preview_campaign", _CAMPAIGNS),
    _row("POST", "/campaigns/{id}/start", "start_campaign", _CAMPAIGNS_CHANGE, takes=_BODY),
    _row("POST", "/campaigns/{id}/pause", "pause_campaign", _CAMPAIGNS_CHANGE),
    _row("POST", "/campaigns/{id}/resume", "resume_campaign", _CAMPAIGNS_CHANGE),
    _row("POST", "/campaigns/{id}/cancel", "cancel_campaign", _CAMPAIGNS_CHANGE),
    _row("POST", "/campaigns/{id}/settle", "settle_campaign", _CAMPAIGNS_CHANGE, takes=_BODY),
)
NUMBERS = (
    _row("GET", "/numbers", "listNumbers", _NUMBERS),
    _row("GET", "/numbers/search", "searchNumbers", _NUMBERS),
    _row("GET", "/numbers/unassigned", "listUnassignedNumbers", _NUMBERS),
    _row("GET", "/numbers/{number}", "getNumber", _NUMBERS),
    _row("POST", "/numbers/check", "checkNumbers", _NUMBERS, audited=False),
    _row("POST", "/numbers", "buyNumber", _NUMBERS_CHANGE, takes=_BODY, status=201),
    _row("POST", "/numbers/adopt", "adoptNumber", _NUMBERS_CHANGE, takes=_BODY, status=201),
    _row("PATCH", "/numbers/{number}", "changeNumber", _NUMBERS_CHANGE, takes=_PATCH),
    _row("POST", "/numbers/{number}/repair", "repairNumber", _NUMBERS_CHANGE),
    _row("DELETE", "/numbers/{number}", "releaseNumber", _NUMBERS_CHANGE, status=204),
)
RECEPTIONIST = (
    _row("GET", "/receptionist", "getReceptionist", _DESK),
    _row("PUT", "/receptionist", "putReceptionist", _DESK_CHANGE, takes=_BODY),
    _row("POST", "/receptionist/try", "tryReceptionist", _DESK, takes=_BODY, audited=False),
    _row("GET", "/receptionist/voicemails", "listHeldVoicemails", _DESK),
    _row("GET", "/receptionist/voicemails/{id}/audio", "hearHeldVoicemail", _DESK),
    _row("POST", "/receptionist/voicemails/{id}/again", "retryHeldVoicemail", _DESK_CHANGE, status=204),
    _row("DELETE", "/receptionist/voicemails/{id}", "dropHeldVoicemail", _DESK_CHANGE, status=204),
)
ROUTES = (*TEXTS, *CAMPAIGNS, *NUMBERS, *RECEPTIONIST)
