"""Idempotency-Key: whoever repeats a creating request gets the first answer, and nothing is made twice.

(draft-ietf-httpapi-idempotency-key-header.) The key belongs to the credential. Only answers that made something are
kept: what was refused may be tried again. A request of which the first is still being worked on is 409.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.store.answers import KeptAnswer

__all__ = ["HEADER", "REPLAYED", "once", "takes_key"]

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

Answering = Callable[[], Awaitable[web.StreamResponse]]


def takes_key(route: Route) -> bool:
    """Whether the route makes something new out of a body, for somebody who is known."""
    made = route.method == "POST" and route.status == 201
    with_body = route.request is not None or (route.forwarded and bool(route.request_types))
    return made and with_body and route.scope is not Scope.OPEN


async def once(route: Route, exchange: Exchange, answering: Answering) -> web.StreamResponse:
    """The answer to this request: the one of before, where there was one."""
    key = exchange.request.headers.get(HEADER)
    if key is None or not takes_key(route):
        return await answering()
    if not _KEY.fullmatch(key):
        raise ApiError(422, "idempotency-key", f"{HEADER} must be 1 to 128 visible ASCII characters.")
    credential, service = exchange.who.credential, exchange.service
    if (credential, key) in service.creating:
        raise ApiError(409, "idempotency-key", "The first request with this key is still being worked on.")
    service.creating.add((credential, key))
    try:
        return await _once(exchange, credential, key, answering)
    finally:
        service.creating.discard((credential, key))


async def _once(exchange: Exchange, credential: str, key: str, answering: Answering) -> web.StreamResponse:
    answers = exchange.service.deps.accounts.answers
    asked = _fingerprint(exchange)
    found = await answers.get(credential, key)
    if found is not None and found.request != asked:
        raise ApiError(422, "idempotency-key", f"This {HEADER} was used for another request.")
    if found is not None:
        kept = found.answer
        return web.Response(status=kept.status, headers={**kept.headers, REPLAYED: "true"}, body=kept.body)
    response = await answering()
    if isinstance(response, web.Response) and 200 <= response.status < 300:
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = response.body if isinstance(response.body, bytes) else None
        kept = KeptAnswer(status=response.status, headers=headers, body=body)
        await answers.put(credential, key, asked, kept)
    return response


def _fingerprint(exchange: Exchange) -> bytes:
    """Of all that makes a request the same: path, query and body."""
    digest = hashlib.sha256(exchange.request.rel_url.raw_path_qs.encode())
    digest.update(b"\0" + exchange.body)
    return digest.digest()
