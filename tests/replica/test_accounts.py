"""Getting in at Azure and Google: what is signed, and what is said when the account is missing."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pbx.core.errors import StartupError
from pbx.store.litestream import Litestream, Source
from pbx.store.replica_azure import signature
from pbx.store.replica_files import ReplicaFilesError, files_at
from pbx.store.replica_gcs import GRANT
from pbx.store.replica_url import Credentials, parse

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


class Google:
    """A token for whoever signs with the key of the account, and an empty bucket for whoever shows the token."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.damages = False
        self.port = 0

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == GRANT
        audience = f"http://127.0.0.1:{self.port}/token"
        claims = jwt.decode(str(form["assertion"]), KEY.public_key(), ["RS256"], audience=audience)
        assert claims["iss"] == "node@office"
        assert claims["scope"].endswith("/devstorage.read_write")
        assert claims["exp"] - claims["iat"] <= 3600
        self.asked.append("token")
        return web.json_response({"access_token": "let me in", "expires_in": 3599})

    async def storage(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer let me in":
            return web.json_response({"error": {"code": 401, "message": "Invalid Credentials"}}, status=401)
        self.asked.append(f"{request.method} {request.path}")
        if request.method == "POST":
            return web.json_response(
                {"name": "x", "md5Hash": "other" if self.damages else "XUFAKrxLKna5cZ2REBfFkg=="}
            )
        return web.Response(status=204) if request.method == "DELETE" else web.json_response({"items": []})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/token", self.token)
        app.router.add_route("*", "/{rest:.*}", self.storage)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            yield f"http://127.0.0.1:{self.port}"
        finally:
            await runner.cleanup()


def account(folder: Path, server: str, key: str = PEM) -> Credentials:
    path = folder / "account.json"
    content = {"client_email": "node@office", "private_key": key, "token_uri": f"{server}/token", "type": "x"}
    path.write_text(json.dumps(content))
    return Credentials(environment={"GOOGLE_APPLICATION_CREDENTIALS": str(path)})


async def test_google_is_shown_one_token_for_many_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = Google()
    async with google.serving() as server:
        monkeypatch.setattr("pbx.store.replica_gcs.SERVER", server)
        files = files_at(parse("gs://bucket/office"), account(tmp_path, server))
        try:
            assert await files.list("owners") == {}
            assert await files.create("owners/1", b"hello")
            google.damages = True
            with pytest.raises(ReplicaFilesError, match="damaged on its way"):
                await files.put("owners/1", b"hello")
        finally:
            await files.close()
    upload = "POST /upload/storage/v1/b/bucket/o"
    remove = "DELETE /storage/v1/b/bucket/o/office/owners/1"
    assert google.asked == ["token", "GET /storage/v1/b/bucket/o", upload, upload, remove]


async def test_a_broken_key_of_google_is_named(tmp_path: Path) -> None:
    files = files_at(parse("gs://bucket/office"), account(tmp_path, "http://127.0.0.1:9", "no key"))
    try:
        with pytest.raises(ReplicaFilesError, match="the key of node@office cannot be used"):
            await files.list("owners")
    finally:
        await files.close()


@pytest.mark.parametrize(
    ("url", "environment", "words"),
    [
        ("gs://b/o", {}, "GOOGLE_APPLICATION_CREDENTIALS is not set"),
        ("gs://b/o", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "/nowhere cannot be read"),
        ("gs://b/o", {"GOOGLE_APPLICATION_CREDENTIALS": __file__}, "is not the key of a service account"),
        ("abs://a@c/o", {}, "the key of the storage account a is missing"),
        ("abs://a@c/o", {"AZURE_STORAGE_KEY": "?"}, "the key of the storage account a is missing"),
    ],
)  # fmt: skip
def test_a_missing_account_is_named(url: str, environment: dict[str, str], words: str) -> None:
    with pytest.raises(StartupError) as caught:
        files_at(parse(url), Credentials(environment=environment))
    assert words in caught.value.message


def test_litestream_is_told_the_account_in_its_own_words(tmp_path: Path) -> None:
    """0.3 knows Google as gcs, and 0.5 as gs; each refuses the other."""
    azure = parse("abs://account@box/office?endpoint=blob.core.example.org/")
    google = parse("gs://bucket/office")
    credentials = Credentials(environment={"AZURE_STORAGE_KEY": "a2V5"})
    for version, place, kind in (((0, 3, 13), "replicas", "gcs"), ((0, 5, 17), "replica", "gs")):
        for url in (azure, google):
            source = Source("pbx", tmp_path / "a.sqlite3")
            made = Litestream("x", version).config(url, credentials, 1, [source], keep_days=7)
            found = made["dbs"][0][place]
            replica = found[0] if isinstance(found, list) else found
            assert replica["bucket"] == ("box" if url is azure else "bucket")
            assert replica["type"] == ("abs" if url is azure else kind)
            if url is azure:
                assert replica["endpoint"] == "https://blob.core.example.org"
                assert (replica["account-name"], replica["account-key"]) == ("account", "a2V5")


def test_what_azure_is_asked_is_signed_with_all_that_matters() -> None:
    """Azurite checks the signature itself (`test_files.py`); here, that nothing can be changed under it."""
    key = base64.b64decode("a2V5")
    headers = {"x-ms-date": "now", "content-length": "5", "content-md5": "m", "if-none-match": "*"}
    given = ("PUT", "account", "/box/a", {"comp": "x"}, headers, key)
    signed = signature(*given)
    changes: tuple[tuple[int, object], ...] = (
        (0, "GET"), (1, "other"), (2, "/box/b"), (3, {"comp": "y"}), (4, headers | {"content-md5": "n"}),
        (4, headers | {"if-none-match": ""}), (4, headers | {"x-ms-date": "then"}), (5, b"other"),
    )  # fmt: skip
    for place, value in changes:
        changed = list(given)
        changed[place] = value  # type: ignore[call-overload]
        assert signature(*changed) != signed  # type: ignore[arg-type]
