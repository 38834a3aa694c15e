"""Web Push (RFC 8030) for the browser phone: encrypted for it (RFC 8291), signed with the gateway's key (RFC 8292).

A subscription names the address to send to, and comes from the browser. It must be one of a known push service, or
anybody could have this gateway send requests into its own network.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp
import http_ece  # type: ignore[import-untyped]
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from mobile_push.clock import Clock
from mobile_push.model import OF_A_CALL, PlatformStatus
from mobile_push.provider import Answer, Message, data_of, seconds_of
from mobile_push.vapid import public_text

HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "push.services.mozilla.com",
    "notify.windows.com",
    "web.push.apple.com",
)
VAPID_S = 12 * 3600.0
MOST_DATA = 3800
"""RFC 8291 4: 4096 bytes encrypted, less what the encryption adds."""


class _Keys(msgspec.Struct, frozen=True):
    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """What a browser gives. Without keys a push is a knock without content, as RFC 8599 has it."""

    endpoint: str
    keys: _Keys | None = None


class SubscriptionError(Exception):
    """It can never work."""


class WebPush:
    """Every push service of a browser."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        contact: str,
        http: aiohttp.ClientSession,
        clock: Clock,
        *,
        hosts: Sequence[str] = (),
    ) -> None:
        self._key = key
        self._contact = contact
        self._http = http
        self._clock = clock
        self._hosts = (*HOSTS, *hosts)
        self._tokens: dict[str, tuple[str, float]] = {}
        self.public_key = public_text(key)

    async def send(self, message: Message, timeout_s: float) -> Answer:
        try:
            subscription = self.read(message.token)
            body = b"" if subscription.keys is None else encrypt(message, subscription.keys)
        except SubscriptionError as error:
            return Answer("gone", str(error))
        if len(body) > 4096:
            return Answer("refused", "the message is too long")
        headers = self._headers(message, subscription.endpoint)
        if body:
            headers |= {"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._http.post(
                    subscription.endpoint, data=body, headers=headers, allow_redirects=False
                ) as reply,
            ):
                said = (await reply.content.read(300)).decode("utf-8", "replace")
                return _answer(reply.status, said, seconds_of(reply.headers.get("Retry-After")))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer("again", str(error) or "the push service does not answer")

    def read(self, token: str) -> Subscription:
        """Raises `SubscriptionError`."""
        try:
            found = msgspec.json.decode(token, type=Subscription)
            parts = urlsplit(found.endpoint)
            host = parts.hostname or ""
            port = parts.port
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise SubscriptionError("this is no subscription") from error
        if port and f"{host}:{port}" in self._hosts and parts.scheme in ("https", "http"):
            return found  # named by the operator with its port: a push service of one's own
        if parts.scheme != "https" or port not in (None, 443):
            raise SubscriptionError("the subscription does not lead to a push service")
        if not any(host == each or host.endswith(f".{each}") for each in self._hosts):
            raise SubscriptionError(f"{host} is no push service that this gateway knows")
        return found

    def _headers(self, message: Message, endpoint: str) -> dict[str, str]:
        push, now = message.push, self._clock.time()
        headers = {
            "TTL": str(max(0, int(message.expires_at - now))),
            "Urgency": "high" if push.kind in OF_A_CALL else "normal",
            "Authorization": f"vapid t={self._vapid(endpoint)}, k={self.public_key}",
        }
        if push.call_id:  # a push that was not delivered yet is replaced by its cancel (RFC 8030 5.4)
            topic = _written(push.call_id.encode())
            headers["Topic"] = topic[-32:]
        return headers

    def _vapid(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        origin, now = f"{parts.scheme}://{parts.netloc}", self._clock.time()
        known = self._tokens.get(origin)
        if known is not None and known[1] > now:
            return known[0]
        claims = {"aud": origin, "exp": int(now + VAPID_S), "sub": self._contact}
        made = jwt.encode(claims, self._key, algorithm="ES256")
        if len(self._tokens) > 1000:
            self._tokens.clear()
        self._tokens[origin] = (made, now + VAPID_S / 2)
        return made

    def status(self) -> PlatformStatus:
        return PlatformStatus(configured=True)

    async def run(self) -> None:
        """Nothing to keep: aiohttp holds the connections."""

    async def aclose(self) -> None:
        pass


def encrypt(message: Message, keys: _Keys) -> bytes:
    """RFC 8291: a key pair of its own for each push. Raises `SubscriptionError`."""
    data = msgspec.json.encode(data_of(message))
    if len(data) > MOST_DATA:
        return bytes(4097)
    try:
        body: bytes = http_ece.encrypt(
            data,
            salt=os.urandom(16),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_read(keys.p256dh),
            auth_secret=_read(keys.auth),
            version="aes128gcm",
        )
    except (ValueError, binascii.Error, http_ece.ECEException) as error:
        raise SubscriptionError("the keys of the subscription are no keys") from error
    return body


def _answer(status: int, said: str, wait: float | None) -> Answer:
    if 200 <= status < 300:
        return Answer("sent", status=status)
    if status in (404, 410):
        return Answer("gone", f"status {status}", status)
    if status == 429 or status >= 500:
        return Answer("again", f"status {status}", status, wait)
    return Answer("refused", f"status {status} {said}".strip()[:200], status)


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
