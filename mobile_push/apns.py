"""Apple's push service over HTTP/2, with token authentication.

A VoIP push wakes an app that must show a call for each of them, or iOS stops it; so only calls and their cancels go
that way, and all else is an ordinary alert on the app's plain topic.
Source: "Sending notification requests to APNs", "Handling notification responses from APNs" (developer.apple.com).
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from aiohttp.abc import AbstractResolver
from hpack import NeverIndexedHeaderTuple

from mobile_push.apns_token import ProviderToken
from mobile_push.clock import Clock
from mobile_push.http2 import BrokenOffError, Header, Http2, Reply, UnprocessedError
from mobile_push.model import OF_A_CALL, PlatformStatus
from mobile_push.provider import Answer, Message, data_of, seconds_of, shown

log = logging.getLogger(__name__)

PRODUCTION = "https://api.push.apple.com"
SANDBOX = "https://api.sandbox.push.apple.com"
CONNECT_S = 5.0
PING_EVERY_S = 300.0
PING_S = 5.0
MOST_VOIP, MOST_ALERT = 5120, 4096
GONE = frozenset({"Unregistered", "ExpiredToken", "BadDeviceToken"})
_TOKEN = re.compile(r"[0-9a-fA-F]{64,200}")


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent, and how Apple is to treat it."""

    topic: str
    push_type: str
    priority: str
    body: bytes
    most: int


class Apns:
    """Both of Apple's services, over one warm connection each. `apps` are the bundles that the key may send to."""

    def __init__(
        self,
        token: ProviderToken,
        apps: Sequence[str],
        clock: Clock,
        *,
        url: str = PRODUCTION,
        sandbox_url: str = SANDBOX,
        sandbox_only: bool = False,
        tls: ssl.SSLContext | None = None,
        names: AbstractResolver | None = None,
    ) -> None:
        self._token = token
        self._apps = tuple(apps)
        self._clock = clock
        self._sandbox_only = sandbox_only
        tls = tls or ssl.create_default_context()
        tls.set_alpn_protocols(["h2"])
        self._services = {False: _Service(url, tls, names), True: _Service(sandbox_url, tls, names)}
        self.fault = ""

    async def send(self, message: Message, timeout_s: float) -> Answer:
        app = (message.app or self._apps[0]).removesuffix(".voip")
        if app not in self._apps:
            return Answer("unconfigured", f"this gateway has no key for the app {app}")
        if not _TOKEN.fullmatch(message.token):
            return Answer("gone", "BadDeviceToken")
        payload = payload_of(message, app)
        if len(payload.body) > payload.most:
            return Answer("refused", "PayloadTooLarge")
        token = self._token.get()
        service = self._services[self._sandbox_only or message.sandbox]
        try:
            reply = await service.request(
                self._headers(service, message, payload, token), payload.body, timeout_s
            )
        except UnprocessedError as error:
            return Answer("again", str(error), retry_after_s=0.0)
        except (BrokenOffError, OSError, TimeoutError) as error:
            return Answer("again", str(error) or "Apple does not answer")
        answer = self._answer(reply, token)
        self.fault = answer.reason if answer.status in (403, 429) else ""
        return answer

    def _headers(self, service: _Service, message: Message, payload: Payload, token: str) -> list[Header]:
        """What many requests share is sent once on a connection; the rest must not push it out of the table."""
        headers: list[Header] = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", service.authority),
            NeverIndexedHeaderTuple(":path", f"/3/device/{message.token.lower()}"),
            ("authorization", f"bearer {token}"),
            ("apns-topic", payload.topic),
            ("apns-push-type", payload.push_type),
            ("apns-priority", payload.priority),
            NeverIndexedHeaderTuple("apns-expiration", str(int(message.expires_at))),
            NeverIndexedHeaderTuple("apns-id", str(uuid.uuid4())),
        ]
        if message.push.call_id:
            headers.append(NeverIndexedHeaderTuple("apns-collapse-id", message.push.call_id))
        return headers

    def _answer(self, reply: Reply, token: str) -> Answer:
        if reply.status == 200:
            return Answer("sent", status=200)
        said = _said(reply.body)
        reason = said.reason or f"status {reply.status}"
        if said.reason in GONE or reply.status == 410:
            since = None if said.timestamp is None else said.timestamp / 1000
            return Answer("gone", reason, reply.status, dead_since=since)
        if said.reason == "ExpiredProviderToken":
            verdict = "again" if self._token.expired(token) else "refused"
            return Answer("again" if verdict == "again" else "refused", reason, reply.status, 0.0)
        if reply.status == 429 or reply.status >= 500:
            return Answer("again", reason, reply.status, seconds_of(reply.headers.get("retry-after")))
        return Answer("refused", reason, reply.status)

    def status(self) -> PlatformStatus:
        service = self._services[self._sandbox_only]
        return PlatformStatus(
            configured=True, apps=self._apps, connected=service.connected, detail=self.fault or service.fault
        )

    async def run(self) -> None:
        """Keep the main connection warm."""
        service = self._services[self._sandbox_only]
        pause_s = 1.0
        while True:
            if await service.keep_warm():
                pause_s = 1.0
                await service.until_closed(PING_EVERY_S)
            else:
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, 60.0)

    async def aclose(self) -> None:
        for service in self._services.values():
            service.close()


class _Service:
    """One address of Apple's, and the connection to it."""

    def __init__(self, url: str, tls: ssl.SSLContext, names: AbstractResolver | None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._tls = tls if parts.scheme == "https" else None
        self._names = names
        self._connection: Http2 | None = None
        self._opening = asyncio.Lock()
        self.authority = parts.netloc
        self.fault = ""

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.usable

    async def request(self, headers: list[Header], body: bytes, timeout_s: float) -> Reply:
        connection = await self._get(timeout_s)
        try:
            return await connection.request(headers, body, timeout_s)
        except BrokenOffError:  # what does not answer once is not trusted with the next
            connection.drain()
            raise

    async def _get(self, timeout_s: float) -> Http2:
        connection = self._connection
        if connection is not None and connection.usable:
            return connection
        async with self._opening:
            if self._connection is None or not self._connection.usable:
                try:
                    self._connection = await Http2.open(
                        self._host, self._port, self._tls, min(timeout_s, CONNECT_S), self._names
                    )
                except (OSError, TimeoutError) as error:
                    self.fault = f"no connection: {str(error) or 'no answer'}"
                    raise
                self.fault = ""
            return self._connection

    async def keep_warm(self) -> bool:
        """Whether there is a connection that answers."""
        try:
            connection = await self._get(CONNECT_S)
        except (OSError, TimeoutError) as error:
            log.warning("no connection to Apple's push service", extra={"error": str(error) or "no answer"})
            return False
        if not await connection.ping(PING_S):
            connection.close()
            return False
        return True

    async def until_closed(self, longest_s: float) -> None:
        if self._connection is not None:
            await asyncio.wait([self._connection.closed], timeout=longest_s)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Said(msgspec.Struct):
    reason: str = ""
    timestamp: int | None = None


def _said(body: bytes) -> _Said:
    try:
        return msgspec.json.decode(body, type=_Said)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Said()


def payload_of(message: Message, app: str) -> Payload:
    """The body for Apple, and its headers."""
    data = data_of(message)
    if message.push.kind in OF_A_CALL:
        body = msgspec.json.encode({"aps": {}, **data})
        return Payload(f"{app}.voip", "voip", "10", body, MOST_VOIP)
    title, text = shown(message.push)
    alert = {"alert": {"title": title, "body": text}, "sound": "default"}
    return Payload(app, "alert", "10", msgspec.json.encode({"aps": alert, **data}), MOST_ALERT)
