"""An office that follows a bundle on a real web host, and whoever makes the bundles. Time stands still."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pbx.core.metrics import Registry
from pbx.core.secret import SecretBox
from pbx.feature.documents import Documents
from pbx.flow.importing import FlowImport
from pbx.flow.publishing import Publishing
from pbx.model.sync import SyncState
from pbx.notify.http_client import HttpClient
from pbx.store.database import Database
from pbx.store.flows import FlowStore
from pbx.store.records import RecordStore
from pbx.store.sync import SyncStore
from pbx.sync.bundle import BUNDLE, Manifest, document_name, entry_of, sign
from pbx.sync.keys import public_text
from pbx.sync.service import Following, Sync
from pbx.sync.source import BundleSource
from tests.fresh import fresh

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ANOTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ALICE = {"number": "101", "name": "Alice"}
BOB = {"number": "102", "name": "Bob"}


def office_document(*extensions: dict[str, Any], **more: Any) -> bytes:
    return msgspec.json.encode({"extensions": extensions, **more})


def bundle(
    sequence: int,
    *documents: bytes,
    offices: Sequence[str] = ("berlin", "paris"),
    key: Ed25519PrivateKey = KEY,
    **more: Any,
) -> dict[str, bytes]:
    """The files of a bundle; `more` goes into its manifest as it is."""
    entries = [entry_of(name, each) for name, each in zip(offices, documents, strict=False)]
    plain = {"format": 1, "sequence": sequence, "created": NOW, "offices": entries, **more}
    return {BUNDLE: signed(plain, key)} | {
        document_name(entry): each for entry, each in zip(entries, documents, strict=True)
    }


def signed(manifest: Any, key: Ed25519PrivateKey = KEY) -> bytes:
    """Signs whatever it is given, as somebody with the key could."""
    plain = msgspec.json.encode(manifest)
    if isinstance(manifest, Manifest):
        return sign(manifest, key)
    signature = key.sign(b"bellwire configuration bundle\n" + plain)
    return msgspec.json.encode({"signed": plain.decode(), "signature": base64.b64encode(signature).decode()})


class Stopped:
    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return NOW


@dataclass
class Host:
    """A web host: files, what was asked for, and answers that it gives in place of a file."""

    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, web.Response] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    after: list[dict[str, bytes]] = field(default_factory=list)
    """What the host holds after the next request, and the ones after."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        found = self._found(request, name)
        self.asked.append((name, found.status))
        if self.after:
            self.files = self.after.pop(0)
        return found

    def _found(self, request: web.Request, name: str) -> web.Response:
        if name in self.answers:
            return self.answers.pop(name)
        data = self.files.get(name)
        if data is None:
            return web.Response(status=404)
        etag = f'"{hash(data)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=data, headers={"ETag": etag})


@dataclass
class Follower:
    """One office, which follows the host."""

    sync: Sync
    host: Host
    documents: Documents
    records: RecordStore
    flows: FlowStore
    database: Database
    metrics: Registry
    notices: list[tuple[str, str, dict[str, str]]]

    async def offer(self, files: dict[str, bytes]) -> SyncState:
        self.host.files = files
        return await self.sync.check()

    async def everything(self) -> bytes:
        return await self.documents.export(with_secrets=True)


@asynccontextmanager
async def following(
    folder: Path, *, office: str = "berlin", keys: Sequence[Ed25519PrivateKey] = (KEY,)
) -> AsyncIterator[Follower]:
    host, notices, metrics = Host(), [], Registry()
    app = web.Application()
    app.router.add_get("/bundle/{name:.*}", host.answer)
    client = HttpClient()
    async with (
        TestServer(app, host="127.0.0.1") as server,
        await fresh(folder / "office.sqlite3", poll_s=0) as database,
    ):
        box = SecretBox(bytes(32))
        records, flows = RecordStore(database, box), FlowStore(database)
        importing = FlowImport(records, Publishing(records, flows, Stopped()), flows)
        documents = Documents(records, importing, emergency=("112",))
        url = str(server.make_url("/bundle/"))

        def post(kind: str, title: str, text: str = "", facts: dict[str, str] | None = None) -> None:
            assert kind == "sync"
            notices.append((title, text, facts or {}))

        sync = Sync(
            documents,
            SyncStore(database, box),
            Stopped(),
            new_secret=lambda: "made-up-password",
            following=Following(
                source=BundleSource(client, url, [public_text(each) for each in keys]),
                url=url,
                office=office,
                interval_s=60,
                random=lambda: 0.5,
            ),
            post=post,
            metrics=metrics,
        )
        yield Follower(sync, host, documents, records, flows, database, metrics, notices)
        await client.close()
