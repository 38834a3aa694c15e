"""Twilio's webhooks: each is proved to be Twilio's, belongs to an office, and is answered the same however often it
is asked.

Twilio asks again when an answer did not come in time, and signs that as it signed the first. The header
I-Twilio-Idempotency-Token is then the same; where it is missing, what was sent says whether it is the same question.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from multidict import MultiDict

from edge.clock import Clock
from edge.model.office import Office
from edge.offices import Offices
from edge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["EMPTY", "Hook", "Signature", "Webhook", "Webhooks"]

log = logging.getLogger(__name__)

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
KEEP_MS = 24 * 3600 * 1000
TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105  the name of a header
FORM = "application/x-www-form-urlencoded"
ONLY = "This is for Twilio only."


@dataclass(frozen=True, slots=True)
class Hook:
    """One question of Twilio's: the form it sent, the query of the address, and whose number it is about."""

    office: Office
    form: Mapping[str, str]
    query: Mapping[str, str]
    path: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """`handler` gives TwiML, or "" where Twilio wants none. What it does must stand being done twice: a crash may come
    between doing and remembering. `nobody` is the answer where no office has the number."""

    path: str
    handler: Callable[[Hook], Awaitable[str]]
    nobody: str = EMPTY
    remembered: bool = True


class Signature(Protocol):
    """Whether a request is Twilio's: `url` is the one that Twilio was given, `form` may have a field twice."""

    def is_valid(self, url: str, form: Mapping[str, str], signature: str) -> bool: ...


class Webhooks:
    """`signature` None (no credentials): nobody is let in."""

    def __init__(
        self, store: Store, offices: Offices, clock: Clock, *, signature: Signature | None, public_url: str
    ) -> None:
        self._store = store
        self._offices = offices
        self._clock = clock
        self._signature = signature
        self._public_url = public_url.rstrip("/")
        self._under_way: dict[str, asyncio.Future[None]] = {}

    def routes(self, hooks: Sequence[Webhook]) -> list[web.RouteDef]:
        """To be added to the application."""
        return [web.post(hook.path, self._serve(hook)) for hook in hooks]

    def _serve(self, hook: Webhook) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            if request.can_read_body and request.content_type != FORM:
                raise web.HTTPForbidden(text=ONLY)  # a file of anybody's is not even read
            try:
                posted = MultiDict((name, str(value)) for name, value in (await request.post()).items())
            except (ValueError, LookupError):  # no text, or in letters that nobody knows
                raise web.HTTPForbidden(text=ONLY) from None
            form = dict(posted)
            if not self._is_twilio(request, posted):
                log.warning("a webhook was not signed by Twilio", extra={"path": request.path})
                raise web.HTTPForbidden(text=ONLY)
            body = await self._answer(hook, request, form)
            return web.Response(text=body, content_type="text/xml")

        return serve

    def _is_twilio(self, request: web.Request, form: Mapping[str, str]) -> bool:
        given = request.headers.get("X-Twilio-Signature", "")
        if self._signature is None or not given.isascii() or not given:
            return False
        return self._signature.is_valid(self._public_url + request.raw_path, form, given)

    async def _answer(self, hook: Webhook, request: web.Request, form: Mapping[str, str]) -> str:
        office = await self._office(form, request.query)
        if office is None:
            log.warning("nobody has this number", extra={"path": hook.path, "to": form.get("To", "")})
            return hook.nobody
        asked = Hook(office, form, dict(request.query), request.path)
        if not hook.remembered:
            return await hook.handler(asked)
        key = _key(request, form)
        async with self._alone(key):
            row = await self._store.one("SELECT body FROM webhook_answer WHERE key = $1", key)
            if row is not None:
                return str(row["body"])
            body = await hook.handler(asked)
            kept = await self._store.one(
                "INSERT INTO webhook_answer (key, body, at) VALUES ($1, $2, $3)"
                " ON CONFLICT (key) DO UPDATE SET at = webhook_answer.at RETURNING body",
                key, body, self._clock.now_ms(),
            )  # fmt: skip
            return str(kept["body"]) if kept is not None else body

    async def _office(self, form: Mapping[str, str], query: Mapping[str, str]) -> Office | None:
        """By the number that was called; of what the office itself sends, by the one it comes from. Some questions name
        no number: then the address says whose they are, which Twilio has signed."""
        if (named := query.get("office")) and (found := await self._offices.get(named)) is not None:
            return found
        outbound = form.get("Direction", form.get("SmsStatus", "")).startswith(
            ("outbound", "sent", "deliver", "undel")
        )
        names = ("From", "To") if outbound else ("To", "From")
        for name in names:
            if form.get(name) and (found := await self._offices.of_number(form[name])) is not None:
                return found
        offices = await self._offices.list()
        return offices[0] if len(offices) == 1 else None

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """The second who asks the same waits for the first."""
        while (other := self._under_way.get(key)) is not None:
            await asyncio.wait([other])
        mine = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._under_way[key]
            mine.set_result(None)

    async def forget(self) -> None:
        """Drop the answers that nobody asks for any more."""
        await self._store.run("DELETE FROM webhook_answer WHERE at < $1", self._clock.now_ms() - KEEP_MS)


def _key(request: web.Request, form: Mapping[str, str]) -> str:
    token = request.headers.get(TOKEN, "")
    said = [token] if token else [part for name in sorted(form) for part in (name, form[name])]
    return hashlib.sha256("\0".join([request.path_qs, *said]).encode()).hexdigest()
