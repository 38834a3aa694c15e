"""Google's token server and FCM's HTTP v1 API, as documented: the grant is checked, then the message."""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeGoogle:
    """Both services on one port."""

    project = "office-phone"
    email = "push@office-phone.iam.gserviceaccount.com"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now: Callable[[], float] = time.time
        self.access: dict[str, float] = {}
        self.grants = 0
        self.messages: list[dict[str, Any]] = []
        self.faults: deque[tuple[int, dict[str, Any], dict[str, str]]] = deque()
        self.grant_faults: deque[int] = deque()
        self.unregistered: set[str] = set()
        self.expires_in = 3600
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def account_file(self) -> Path:
        path = self.folder / "account.json"
        account = {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "k1",
            "private_key": _RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "client_email": self.email,
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(account))
        return path

    async def __aenter__(self) -> FakeGoogle:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_post("/v1/projects/{project}/messages:send", self._send)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.grant_faults:
            return web.json_response({"error": "internal_failure"}, status=self.grant_faults.popleft())
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        try:
            claims = jwt.decode(
                str(form.get("assertion")),
                _RSA.public_key(),
                algorithms=["RS256"],
                audience=f"{self.url}/token",
                issuer=self.email,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            return web.json_response({"error": "invalid_grant", "error_description": str(error)}, status=400)
        if claims["scope"] != "https://www.googleapis.com/auth/firebase.messaging":
            return web.json_response({"error": "invalid_scope"}, status=400)
        if not (0 < claims["exp"] - claims["iat"] <= 3600 and abs(self.now() - claims["iat"]) < 300):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.grants += 1
        access = f"ya29.{secrets.token_urlsafe(20)}"
        self.access[access] = self.now() + self.expires_in
        return web.json_response(
            {"access_token": access, "expires_in": self.expires_in, "token_type": "Bearer"}
        )

    async def _send(self, request: web.Request) -> web.Response:
        scheme, _, access = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or self.access.get(access, 0.0) <= self.now():
            return refusal(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")
        if request.match_info["project"] != self.project:
            return refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")
        if self.faults:
            status, body, headers = self.faults.popleft()
            return web.json_response(body, status=status, headers=headers)
        body = await request.json()
        message = body.get("message", {})
        unknown = set(body) - {"message", "validate_only"} | set(message) - {"token", "data", "android"}
        android = message.get("android", {})
        data = message.get("data", {})
        if unknown or not all(isinstance(each, str) for each in data.values()):
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message")
        if {"from", "message_type"} & set(data) or any(each.startswith(("google", "gcm")) for each in data):
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.data")
        if android.get("priority") not in ("HIGH", "NORMAL") or not android.get("ttl", "").endswith("s"):
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.android")
        if len(json.dumps(data)) > 4096:
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.data")
        if len(message.get("token", "")) < 20:
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.token")
        if message["token"] in self.unregistered:
            return refusal(404, "NOT_FOUND", "UNREGISTERED")
        self.messages.append(message)
        return web.json_response({"name": f"projects/{self.project}/messages/{len(self.messages)}"})


def refusal(status: int, word: str, code: str, *, field: str = "") -> web.Response:
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    ]
    if field:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": field, "description": "invalid"}],
            }
        )
    error = {"code": status, "status": word, "message": word.lower(), "details": details}
    return web.json_response({"error": error}, status=status)
