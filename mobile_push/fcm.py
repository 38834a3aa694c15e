"""Google's push service (FCM HTTP v1), authorised with a service account (RFC 7523).

Everything is a data message, which the app gets while it sleeps; high priority wakes it at once.
Source: firebase.google.com/docs/reference/fcm/rest/v1 (ErrorCode, AndroidConfig).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import msgspec

from mobile_push.clock import Clock
from mobile_push.errors import SetupError
from mobile_push.model import OF_A_CALL, PlatformStatus
from mobile_push.provider import Answer, Message, data_of, seconds_of, shown

URL = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EARLY_S = 300.0
"""An access token is not used in its last minutes."""


class ServiceAccount(msgspec.Struct, frozen=True):
    """The file that Google gives for a service account, as far as it is needed."""

    project_id: str
    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105  an address


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class NotGrantedError(Exception):
    """Google gave no access token; `final` when it never will."""

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final


def read_account(path: Path) -> ServiceAccount:
    """Raises `SetupError`."""
    try:
        account = msgspec.json.decode(path.read_bytes(), type=ServiceAccount)
        jwt.encode({}, account.private_key, algorithm="RS256")
    except (OSError, msgspec.MsgspecError, ValueError, TypeError, jwt.PyJWTError) as error:
        raise SetupError(f"the FCM service account {path} cannot be used: {error}") from error
    return account


class Fcm:
    """One project."""

    def __init__(
        self, account: ServiceAccount, http: aiohttp.ClientSession, clock: Clock, *, url: str = URL
    ) -> None:
        self._account = account
        self._http = http
        self._clock = clock
        self._url = f"{url}/v1/projects/{account.project_id}/messages:send"
        self._access = ""
        self._until = 0.0
        self._asking = asyncio.Lock()
        self.fault = ""

    async def send(self, message: Message, timeout_s: float) -> Answer:
        body = msgspec.json.encode({"message": message_of(message, self._clock.time())})
        try:
            async with asyncio.timeout(timeout_s):
                access = await self._token()
                headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/json"}
                async with self._http.post(self._url, data=body, headers=headers) as reply:
                    said = await reply.read()
                    status, wait = reply.status, seconds_of(reply.headers.get("Retry-After"))
        except NotGrantedError as error:
            self.fault = str(error)
            return Answer("refused" if error.final else "again", str(error))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer("again", str(error) or "Google does not answer")
        if status == 401 and access == self._access:
            self._access = ""
        answer = _answer(status, said, wait)
        self.fault = answer.reason if status in (401, 403, 429) else ""
        return answer

    async def _token(self) -> str:
        """An access token, asked for by one while the others wait."""
        if self._access and self._clock.time() < self._until:
            return self._access
        async with self._asking:
            if not self._access or self._clock.time() >= self._until:
                granted = await self._ask()
                self._access = granted.access_token
                self._until = self._clock.time() + max(30.0, granted.expires_in - EARLY_S)
            return self._access

    async def _ask(self) -> _Granted:
        account, now = self._account, int(self._clock.time())
        claims = {
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + 3600,
        }
        assertion = jwt.encode(
            claims, account.private_key, algorithm="RS256", headers={"kid": account.private_key_id}
        )
        form = {"grant_type": GRANT, "assertion": assertion}
        async with self._http.post(account.token_uri, data=form) as reply:
            said = await reply.read()
            if reply.status != 200:
                raise NotGrantedError(
                    f"Google refuses the service account: {said[:200].decode('utf-8', 'replace')}",
                    final=400 <= reply.status < 500 and reply.status != 429,
                )
        try:
            return msgspec.json.decode(said, type=_Granted)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise NotGrantedError("Google's grant cannot be read", final=False) from error

    def status(self) -> PlatformStatus:
        return PlatformStatus(configured=True, apps=(self._account.project_id,), detail=self.fault)

    async def run(self) -> None:
        """Nothing to keep: aiohttp holds the connections."""

    async def aclose(self) -> None:
        pass


def message_of(message: Message, now: float) -> dict[str, Any]:
    """The `Message` of FCM's v1 API."""
    push = message.push
    data = data_of(message)
    if push.kind not in OF_A_CALL:
        title, text = shown(push)
        data |= {"title": title, "text": text}
    android: dict[str, Any] = {"priority": "HIGH", "ttl": f"{max(0, int(message.expires_at - now))}s"}
    if push.call_id and push.kind not in OF_A_CALL:  # at most four collapse keys are kept for a phone
        android["collapse_key"] = push.kind
    return {"token": message.token, "data": data, "android": android}


class _Error(msgspec.Struct):
    status: str = ""
    message: str = ""
    details: list[dict[str, Any]] = []


class _Refusal(msgspec.Struct):
    error: _Error


def _answer(status: int, body: bytes, wait: float | None) -> Answer:
    if status == 200:
        return Answer("sent", status=200)
    try:
        error = msgspec.json.decode(body, type=_Refusal).error
    except (msgspec.MsgspecError, ValueError, RecursionError):
        error = _Error()
    codes = [str(each["errorCode"]) for each in error.details if "errorCode" in each]
    reason = codes[0] if codes else error.status or f"status {status}"
    if reason in ("UNREGISTERED", "SENDER_ID_MISMATCH") or (status == 404 and not codes):
        return Answer("gone", reason, status)
    if reason == "INVALID_ARGUMENT" and _names_token(error):
        return Answer("gone", reason, status)
    if status in (401, 429) or status >= 500:
        return Answer("again", reason, status, 0.0 if status == 401 else wait)
    return Answer("refused", f"{reason}: {error.message}"[:200] if error.message else reason, status)


def _names_token(error: _Error) -> bool:
    """Whether it is the token that is invalid, and not what we have made of it."""
    fields = [
        violation.get("field")
        for detail in error.details
        for violation in detail.get("fieldViolations", ())
        if isinstance(violation, dict)
    ]
    return "message.token" in fields or "registration token" in error.message
