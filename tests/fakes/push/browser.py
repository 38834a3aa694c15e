"""A browser and its push service: subscribes, checks the signature (RFC 8292), and decrypts by RFC 8291's own steps.

The decryption uses nothing but HKDF and AES-GCM, so that it shares no code with what encrypts.
"""

from __future__ import annotations

import base64
import json
import time
from collections import deque
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8188 2.1 for the header, RFC 8291 3.4 for the keys. One record."""
    salt, record_size, id_length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender = body[21 : 21 + id_length]
    record = body[21 + id_length :]
    assert len(record) <= record_size
    ours = point(key.public_key())
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\x00" + ours + sender
    material = HKDF(SHA256(), 32, salt=auth, info=info).derive(shared)
    content_key = HKDF(SHA256(), 16, salt=salt, info=b"Content-Encoding: aes128gcm\x00").derive(material)
    nonce = HKDF(SHA256(), 12, salt=salt, info=b"Content-Encoding: nonce\x00").derive(material)
    padded = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\x00")
    assert padded[-1:] == b"\x02"
    return padded[:-1]


class FakeBrowser:
    """One subscription, and the service that it leads to."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))
        self.pushes: list[tuple[dict[str, str], dict[str, Any] | None]] = []
        self.faults: deque[tuple[int, dict[str, str]]] = deque()
        self.vapid_key = ""
        self.gone = False
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def subscription(self, *, keys: bool = True) -> str:
        made: dict[str, Any] = {"endpoint": f"{self.origin}/push/abc", "expirationTime": None}
        if keys:
            made["keys"] = {"p256dh": written(point(self.key.public_key())), "auth": written(self.auth)}
        return json.dumps(made)

    async def __aenter__(self) -> FakeBrowser:
        app = web.Application()
        app.router.add_post("/push/abc", self._push)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _push(self, request: web.Request) -> web.Response:
        if self.faults:
            status, headers = self.faults.popleft()
            return web.Response(status=status, headers=headers)
        if self.gone:
            return web.Response(status=410)
        if (refused := self._authorization(request.headers.get("Authorization", ""))) is not None:
            return web.Response(status=403, text=refused)
        if not request.headers.get("TTL", "").isdecimal():
            return web.Response(status=400, text="TTL is needed")
        topic = request.headers.get("Topic")
        if topic is not None and not (
            0 < len(topic) <= 32 and topic.replace("-", "").replace("_", "").isalnum()
        ):
            return web.Response(status=400, text="bad Topic")
        body = await request.read()
        if len(body) > 4096:
            return web.Response(status=413)
        if body and request.headers.get("Content-Encoding") != "aes128gcm":
            return web.Response(status=400, text="not encrypted")
        said = json.loads(decrypt(body, self.key, self.auth)) if body else None
        self.pushes.append((dict(request.headers), said))
        return web.Response(status=201, headers={"Location": f"{self.origin}/message/1"})

    def _authorization(self, value: str) -> str | None:
        scheme, _, rest = value.partition(" ")
        fields = dict(each.strip().split("=", 1) for each in rest.split(",") if "=" in each)
        if scheme != "vapid" or "t" not in fields or fields.get("k") != self.vapid_key:
            return "no vapid, or not the key of the subscription"
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), read(fields["k"]))
        try:
            claims = jwt.decode(fields["t"], public, algorithms=["ES256"], audience=self.origin)
        except jwt.PyJWTError as error:
            return str(error)
        if claims["exp"] > time.time() + 86400:
            return "exp is more than a day away"
        if not claims.get("sub", "").startswith(("mailto:", "https:")):
            return "no sub"
        return None
