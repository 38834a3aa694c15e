"""Damaged sign-ins, pushes, documents, answers of other servers and backups: `python -m tests.fuzz sign-in` (push,
document, answer, place, backup).

Whoever reads them refuses with the error that is meant for it.
"""

from __future__ import annotations

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Coroutine
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from aiohttp.test_utils import make_mocked_request
from cryptography.hazmat.primitives.asymmetric import ec
from multidict import CIMultiDict, CIMultiDictProxy

from edge.twilio.http import read_error
from mobile_push import apns, fcm, webpush
from mobile_push.errors import PushError
from mobile_push.http import read_body
from mobile_push.model import DeviceWrite, Push, Target
from mobile_push.provider import Message
from pbx.api import access, auth, codec
from pbx.api.edge import refused
from pbx.api.problem import ApiError
from pbx.core.errors import StartupError, UserError
from pbx.feature.documents import decode
from pbx.flow import live_web
from pbx.flow.document import load
from pbx.flow.expression import ExpressionError, compile_expression
from pbx.flow.template import fill
from pbx.model.extension import Extension
from pbx.model.flow import Flow
from pbx.store import backup
from pbx.store.backup_restore import restore
from pbx.store.database import FILE_NAME
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_http import listing, size_of
from pbx.sync.bundle import verify
from pbx.sync.errors import SyncError
from pbx.transport.websocket import WebSocketListener

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32
MESSAGE = Message(Push(kind="incoming", targets=(Target(device="d"),)), "token", 60.0)
ISSUED = access.make(KEY, "grant", "user", NOW)[0].encode()
SIGN_IN = [
    b"Authorization: Bearer " + ISSUED + b"\nOrigin: https://office.example:8443",
    b'Authorization: bearer id.secret\nCookie: pbx_session=abc; other="x y"\nX-CSRF-Token: t',
    b"Cookie: pbx_session=\xc3\xa9\nOrigin: http://[::1]:8080\nX-Forwarded-For: 192.0.2.7, [2001:db8::1]",
    b"Origin: http://[\nX-Forwarded-Proto: https\nAuthorization: Basic YTpi",
]
SUBSCRIPTION = (
    b'{"endpoint":"https://updates.push.services.mozilla.com/wpush/v2/x","expirationTime":null,"keys":{"p256dh":"BCVxsr7N_eNg'
    b'VRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}'
)
PUSH = [
    SUBSCRIPTION,
    b'{"kind":"incoming","call_id":"c","targets":[{"platform":"apns","token":"abcd","app":"org.example"}],"good_for_s":30.0}',
    b'{"platform":"fcm","token":"x","app":"org.example"}',
    b'{"error":{"code":404,"status":"NOT_FOUND","message":"m","details":[{"errorCode":"UNREGISTERED","a":"b"}]}}',
    b'{"reason":"Unregistered","timestamp":1700000000000}',
]
DOCUMENT = [
    b'{"format":1,"extensions":[{"number":"101","name":"Anna","sip_password":"long enough 1"}]}',
    b'{"flows":[{"number":"800","name":"M","entry":"a","nodes":{"a":{"type":"menu","parameters":{"prompt":"p","tries":3}}},'
    b'"wires":{"a":{"1":"a","none":""}}}]}',
    b'{"number":"800","name":"M","entry":"a","nodes":{"a":{"type":"webhook","parameters":{"url":"https://x.test/{{caller.name}}"}}}}',
    b'(caller.number == "101" or not flag.night) and digits >= 3.50 and (name != "x")',
    b'{"signed":"{\\"format\\":1}","signature":"AAAA"}',
]
ANSWER = [
    b'{"type":"urn:bellwire:error:x","title":"T","detail":"D","errors":[{"path":"$.a","message":"no"}]}',
    b'{"code":20404,"message":"The requested resource was not found","status":404}',
    b'{"a":"x","b":[1,2.50,{"c":null}],"d":1e400,"e":"\xff"}',
    b"<html>a page of a captive portal</html>",
]
PLACE = [
    b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents>'
    b"<Key>office/blobs/ab</Key><Size>12</Size></Contents><NextContinuationToken>x</NextContinuationToken></ListBucketResult>",
    b"<EnumerationResults><Blobs><Blob><Name>office/a</Name><Properties><Content-Length>7</Content-Length></Properties>"
    b"</Blob></Blobs><NextMarker/></EnumerationResults>",
    b'<?xml version="1.0" encoding="x-unknown"?><!DOCTYPE a [<!ENTITY b "cccccccccc">]><a>&b;&b;</a>',
]


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it returns, without a loop: nothing in it waits."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    raise AssertionError("it waits")


class Nobody:
    """In the place of accounts: knows nobody."""

    key = KEY

    def __getattr__(self, _name: str) -> Any:
        return self

    async def authenticate(self, secret: str) -> None:
        secret.encode()

    session = get = authenticate


_LISTENER = WebSocketListener(guard=None, limits=None)  # type: ignore[arg-type]  # not looked at here


def sign_in_target(data: bytes) -> None:
    """Headers of a request, as aiohttp hands them on."""
    headers = CIMultiDict[str]()
    for line in data.replace(b"\r", b"").replace(b"\0", b"").split(b"\n"):
        name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
        if colon and name.isascii() and name.replace("-", "").isalpha():
            headers.add(name, value.strip())
    request = make_mocked_request("GET", "/", headers={"Host": "office.example"})
    request._headers = CIMultiDictProxy(
        headers
    )  # as they come from the wire, which the maker of requests refuses
    with suppress(ApiError):
        found = done(auth.authenticate(request, Nobody(), NOW))  # type: ignore[arg-type]  # enough of accounts
        assert found is None, "let in"
    with suppress(ApiError):
        auth.check_origin(request, required=True)
    auth.is_secure(request)
    auth.on_this_machine(request)
    _LISTENER._is_welcome(headers.get("Origin"), "office.example")
    token = data.decode("ascii", "ignore")
    assert access.read(KEY, token, NOW) in (None, "grant")


def push_target(data: bytes) -> None:
    """What a node asks of the gateway, what a browser and a phone have given, what Apple and Google answer."""
    for kind in (Push, DeviceWrite):
        with suppress(PushError):
            read_body(data, kind)
    for status in (200, 400, 404, 410, 429, 503):
        fcm._answer(status, data, None)
    apns._said(data)
    with suppress(webpush.SubscriptionError):
        found = _gateway().read(data.decode("utf-8", "replace"))
        assert found.endpoint.lower().startswith("https://")
        if found.keys is not None:
            webpush.encrypt(MESSAGE, found.keys)


@cache
def _gateway() -> webpush.WebPush:
    key = ec.generate_private_key(ec.SECP256R1())
    return webpush.WebPush(key, "mailto:a@b.test", None, None)  # type: ignore[arg-type]


def document_target(data: bytes) -> None:
    """An office's document, a flow, a condition, a template, a signed bundle."""
    with suppress(UserError):
        decode(data)
    with suppress(ApiError):
        load(codec.decode(data, Flow), 0)
    with suppress(ApiError):
        codec.decode(data, Extension)
    with suppress(ApiError):
        codec.merge({}, codec.decode_object(data))
    text = data.decode("utf-8", "replace")
    with suppress(ExpressionError):
        compile_expression(text).holds({"caller.number": "101", "digits": 3, "flag.night": True})
    assert len(fill(text, {"caller.name": "{{caller.name}}" * 500})) <= 2000
    with suppress(SyncError):
        verify(data, ["A" * 44])


def answer_target(data: bytes) -> None:
    """What other servers answer: an edge, Twilio, a flow's webhook."""
    for status in (400, 404, 409, 500):
        refused(_Reply(status, data))  # type: ignore[arg-type]  # enough of a reply
        read_error(status, data)
    live_web._fields(data)


class _Reply(msgspec.Struct):
    status: int
    body: bytes
    headers: dict[str, str] = {}


def place_target(data: bytes) -> None:
    """A list of a bucket's files."""
    with suppress(ReplicaFilesError):
        for each in listing(data).iter():
            size_of(each.text)


def packed(files: dict[str, bytes], form: str = backup.FORMATS[-1]) -> bytes:
    """A backup of these."""
    manifest = backup.Manifest(format=form, version="1", made_at=NOW, layout=1, folders=("sounds",))
    whole = {backup.MANIFEST: msgspec.json.encode(manifest), **files}
    whole[backup.END] = msgspec.json.encode(backup.End(files=len(files)))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in whole.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("PRAGMA page_size=512; CREATE TABLE t (a); PRAGMA user_version=1")
        return connection.serialize()


BACKUP = [
    packed({FILE_NAME: database(), "sounds/a.wav": b"RIFF"}),
    packed({FILE_NAME: database(), "edge/edge.sqlite3": database(), "../../out": b"x"}),
    packed({"sounds/a.wav": b"RIFF", "/etc/out": b"x"}, form="bellwire-backup-1"),
    b"bellwire-lock",
]


def backup_target(data: bytes) -> None:
    """It is refused, and then nothing is there; or it is put back where it belongs, and nowhere else."""
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name) / "data", Path(name) / "file"
        file.write_bytes(data)
        try:
            restore(file, folder)
        except StartupError:
            assert not folder.exists() or not list(folder.iterdir()), "something stayed behind"
        assert {each.name for each in Path(name).iterdir()} <= {"data", "file"}


TARGETS = {
    "sign-in": (sign_in_target, SIGN_IN),
    "push": (push_target, PUSH),
    "document": (document_target, DOCUMENT),
    "answer": (answer_target, ANSWER),
    "place": (place_target, PLACE),
    "backup": (backup_target, BACKUP),
}
