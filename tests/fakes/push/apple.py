"""Apple's push service, as its documentation says that it behaves: over HTTP/2 and TLS.

It checks the signature, key, team and age of tokens, how often they change, topic, push type, priority, expiration,
collapse id, size and form of the payload, and the phone's token; and answers with the documented status and reason.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.push.certificate import certificate, server_tls

TOKEN_LIFETIME_S = 3600
TOKEN_UPDATE_S = 1200
PUSH_TYPES = {
    "alert",
    "background",
    "voip",
    "location",
    "complication",
    "fileprovider",
    "mdm",
    "liveactivity",
}


@dataclass
class ApplePush:
    """One that was taken."""

    token: str
    headers: dict[str, str]
    payload: dict[str, Any]
    at: float
    connection: int


@dataclass
class Fault:
    """What comes in place of the next answer. `kind`: answer, reset, goaway (not processed), silence, drop."""

    kind: str = "answer"
    status: int = 500
    reason: str = "InternalServerError"
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    takes: bool = False
    """The push is taken all the same: only its answer is lost."""


class FakeApple:
    """The service. `now` is its clock."""

    key_id = "ABC123DEFG"
    team = "DEF123GHIJ"

    def __init__(self, folder: Path, topics: tuple[str, ...] = ("org.example.phone",)) -> None:
        self.folder = folder
        self.topics = {*topics, *(f"{each}.voip" for each in topics)}
        self.now: Callable[[], float] = time.time
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.key_file = folder / "AuthKey.p8"
        self.key_file.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.certificate = certificate(folder)
        self.pushes: list[ApplePush] = []
        self.refused: list[tuple[int, str]] = []
        self.faults: deque[Fault] = deque()
        self.unregistered: dict[str, int] = {}
        """Phone tokens that are dead, since when in ms."""
        self.on_push: Callable[[ApplePush], None] = lambda _: None
        self.goaway_every = 0
        self.most_streams = 100
        self.connections = 0
        self.provider_tokens: list[tuple[str, float]] = []
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def __aenter__(self) -> FakeApple:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, ssl=server_tls(self.certificate)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for each in list(self._open):
            each.transport.abort()

    def judge(self, headers: dict[str, str], body: bytes, connection: int) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer; a push that passes is noted."""
        status, reason = self._judge(headers, body)
        if status == 410:
            token = headers[":path"].rpartition("/")[2]
            return 410, {"reason": reason, "timestamp": self.unregistered[token]}
        if status != 200:
            self.refused.append((status, reason))
            return status, {"reason": reason}
        push = ApplePush(
            headers[":path"].rpartition("/")[2], headers, json.loads(body), time.monotonic(), connection
        )
        self.pushes.append(push)
        self.on_push(push)
        return 200, {}

    def _judge(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        if headers[":method"] != "POST":
            return 405, "MethodNotAllowed"
        found = re.fullmatch(r"/3/device/(.*)", headers[":path"])
        if found is None:
            return 404, "BadPath"
        if (refusal := self._authorization(headers.get("authorization", ""))) is not None:
            return refusal
        token = found.group(1)
        if not re.fullmatch(r"[0-9a-f]{64}", token):
            return 400, "BadDeviceToken"
        push_type, topic = headers.get("apns-push-type", ""), headers.get("apns-topic", "")
        if push_type not in PUSH_TYPES:
            return 400, "InvalidPushType"
        if not topic:
            return 400, "MissingTopic"
        if topic not in self.topics:
            return 400, "TopicDisallowed"
        if (push_type == "voip") != topic.endswith(".voip"):
            return 400, "DeviceTokenNotForTopic"
        if headers.get("apns-priority", "10") not in ("1", "5", "10"):
            return 400, "BadPriority"
        if not headers.get("apns-expiration", "0").isdecimal():
            return 400, "BadExpirationDate"
        if len(headers.get("apns-collapse-id", "").encode()) > 64:
            return 400, "BadCollapseId"
        if not body:
            return 400, "PayloadEmpty"
        if len(body) > (5120 if push_type == "voip" else 4096):
            return 413, "PayloadTooLarge"
        payload = json.loads(body)
        if not isinstance(payload.get("aps"), dict):
            return 400, "PayloadEmpty"
        if token in self.unregistered:
            return 410, "Unregistered"
        return 200, ""

    def _authorization(self, value: str) -> tuple[int, str] | None:
        scheme, _, token = value.partition(" ")
        if scheme != "bearer":
            return 403, "MissingProviderToken"
        try:
            if jwt.get_unverified_header(token).get("kid") != self.key_id:
                return 403, "InvalidProviderToken"
            claims = jwt.decode(
                token, self.key.public_key(), algorithms=["ES256"], options={"verify_iat": False}
            )
        except jwt.PyJWTError:
            return 403, "InvalidProviderToken"
        if claims.get("iss") != self.team:
            return 403, "InvalidProviderToken"
        age_s = self.now() - claims["iat"]
        if not -60 <= age_s <= TOKEN_LIFETIME_S:
            return 403, "ExpiredProviderToken"
        if not self.provider_tokens or self.provider_tokens[-1][0] != token:
            if self.provider_tokens and self.now() - self.provider_tokens[-1][1] < TOKEN_UPDATE_S:
                return 429, "TooManyProviderTokenUpdates"
            self.provider_tokens.append((token, self.now()))
        return None


class _Connection(asyncio.Protocol):
    def __init__(self, apple: FakeApple) -> None:
        self._apple = apple
        apple.connections += 1
        self._number = apple.connections
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._served = 0
        self._gone = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._apple._open.add(self)
        self._h2.local_settings.update(
            {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self._apple.most_streams}
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(1 << 24)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._apple._open.discard(self)

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if self._gone:
                break
            if isinstance(event, h2.events.RequestReceived):
                fields = {str(name): str(value) for name, value in event.headers or ()}
                self._requests[event.stream_id or 0] = (fields, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                number = event.stream_id or 0
                self._requests[number][1].extend(event.data or b"")
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
            elif isinstance(event, h2.events.StreamEnded):
                self._serve(event.stream_id or 0)
        self._flush()

    def _serve(self, number: int) -> None:
        headers, body = self._requests.pop(number)
        fault = self._apple.faults.popleft() if self._apple.faults else None
        self._served += 1
        if fault is None:
            status, answer = self._apple.judge(headers, bytes(body), self._number)
            self._answer(number, status, answer, {"apns-id": headers.get("apns-id", "")})
            if self._apple.goaway_every and self._served >= self._apple.goaway_every:
                self._goodbye(number)
            return
        if fault.takes:
            self._apple.judge(headers, bytes(body), self._number)
        if fault.kind == "answer":
            self._apple.refused.append((fault.status, fault.reason))
            self._answer(number, fault.status, {"reason": fault.reason, **fault.body}, fault.headers)
        elif fault.kind == "reset":
            self._h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif fault.kind == "goaway":
            self._goodbye(number - 2)
        elif fault.kind == "drop":
            self._gone = True
            self.transport.abort()
        else:
            assert fault.kind == "silence"

    def _goodbye(self, last: int) -> None:
        """GOAWAY: what is above `last` was not processed and never will be."""
        self._h2.close_connection(last_stream_id=max(0, last), additional_data=b'{"reason":"Shutdown"}')
        self._flush()
        self._gone = True

    def _answer(self, number: int, status: int, answer: dict[str, Any], headers: dict[str, str]) -> None:
        self._h2.send_headers(number, [(":status", str(status)), *headers.items()], end_stream=not answer)
        if answer:
            self._h2.send_data(number, json.dumps(answer).encode(), end_stream=True)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self.transport.write(data)
