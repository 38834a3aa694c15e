"""Files in a bucket of Google Cloud Storage, by its JSON API.

A service account's key signs a request for a token (RFC 7523), which is good for an hour. As with Google's own
libraries, the account is a file that GOOGLE_APPLICATION_CREDENTIALS names, and STORAGE_EMULATOR_HOST names a server for
tests that wants none. What the server has is compared by MD5 with what was sent.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from pbx.core.errors import StartupError
from pbx.core.names import Lookup, system_lookup
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_http import Body, Objects, md5_of, saved, size_of, tail
from pbx.store.replica_url import Credentials, ReplicaUrl

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Account", "GcsFiles"]

SERVER = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
TOKEN_S = 3600
RENEW_S = 300.0
"""A token is not used in its last minutes."""
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

T = TypeVar("T")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed of the file that Google makes for a service account."""

    client_email: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105  an address


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = TOKEN_S


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    size: str = "0"
    md5_hash: str = ""


class _Listing(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[_Entry, ...] = ()
    next_page_token: str = ""


class GcsFiles:
    """One bucket, below one path. Raises `StartupError` without an account."""

    def __init__(self, url: ReplicaUrl, credentials: Credentials, lookup: Lookup = system_lookup) -> None:
        emulator = credentials.of("STORAGE_EMULATOR_HOST").rstrip("/")
        if emulator and "://" not in emulator:
            emulator = f"http://{emulator}"
        self._url = url
        self._account = None if emulator else _account(credentials)
        self._objects = Objects(emulator or SERVER, credentials, lookup)
        self._token = ""
        self._until = 0.0

    async def get(self, name: str) -> bytes | None:
        async with self._ask("GET", self._object(name), {"alt": "media"}, allowed=(404,)) as answer:
            return None if answer.status == 404 else await answer.read()

    async def put(self, name: str, content: bytes) -> None:
        await self._small(name, content, {})

    async def create(self, name: str, content: bytes) -> bool:
        return await self._small(name, content, {"ifGenerationMatch": "0"})

    async def list(self, folder: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        start = len(self._url.joined("")) + 1 if self._url.path else 0
        query = {"prefix": self._url.joined(folder) + "/"}
        while True:
            async with self._ask("GET", f"/storage/v1/b/{self._url.bucket}/o", query) as answer:
                listing = _decode(await answer.read(), _Listing)
            found |= {entry.name[start:]: size_of(entry.size) for entry in listing.items}
            if not listing.next_page_token:
                return found
            query["pageToken"] = listing.next_page_token

    async def upload(self, path: Path, name: str, sha256: str) -> None:
        query = {"uploadType": "media", "name": self._url.joined(name)}
        await self._send(name, query, lambda: path.open("rb"), "application/octet-stream", await md5_of(path))

    async def download(self, name: str, path: Path) -> str:
        async with self._ask("GET", self._object(name), {"alt": "media"}) as answer:
            return await saved(answer, path)

    async def delete(self, name: str) -> None:
        async with self._ask("DELETE", self._object(name), {}, allowed=(404,)):
            return

    async def close(self) -> None:
        await self._objects.close()

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{self._url.bucket}/o/{quote(self._url.joined(name), safe='')}"

    async def _small(self, name: str, content: bytes, only: Mapping[str, str]) -> bool:
        """With its MD5 before it (multipart/related, RFC 2387): the server refuses what does not fit. False when `only`
        does not hold."""
        md5 = await md5_of(content)
        about = msgspec.json.encode({"name": self._url.joined(name), "md5Hash": md5})
        mark = secrets.token_hex(16)
        parts = (("application/json", about), ("application/octet-stream", content))
        body = b"".join(
            b"--%s\r\nContent-Type: %s\r\n\r\n%s\r\n" % (mark.encode(), kind.encode(), part)
            for kind, part in parts
        )
        query = {"uploadType": "multipart", **only}
        kind = f"multipart/related; boundary={mark}"
        return await self._send(name, query, lambda: b"%s--%s--\r\n" % (body, mark.encode()), kind, md5)

    async def _send(self, name: str, query: Mapping[str, str], body: Body, kind: str, md5: str) -> bool:
        """What has come otherwise than it went does not stay."""
        path = f"/upload/storage/v1/b/{self._url.bucket}/o"
        async with self._ask("POST", path, query, body=body, kind=kind, allowed=(412,)) as answer:
            if answer.status == 412:
                return False
            entry = _decode(await answer.read(), _Entry)
        if entry.md5_hash != md5:
            await self.delete(name)
            raise ReplicaFilesError(f"{name} was damaged on its way to {self._objects.server}")
        return True

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Body | None = None,
        kind: str = "",
        allowed: tuple[int, ...] = (),
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        async def headers() -> Mapping[str, str]:
            found = {"Content-Type": kind} if kind else {}
            if self._account is not None:
                found["Authorization"] = f"Bearer {await self._authorized(self._account)}"
            return found

        return self._objects.ask(method, path + tail(query), headers, body=body, allowed=allowed)

    async def _authorized(self, account: Account) -> str:
        """A token that holds for some minutes at least."""
        if time.monotonic() < self._until:
            return self._token
        import jwt

        now = int(time.time())
        claims = {"iss": account.client_email, "scope": SCOPE, "aud": account.token_uri, "iat": now}
        try:
            signed = jwt.encode(claims | {"exp": now + TOKEN_S}, account.private_key, "RS256")
        except (ValueError, jwt.PyJWTError) as error:
            raise ReplicaFilesError(f"the key of {account.client_email} cannot be used: {error}") from error
        form = {"grant_type": GRANT, "assertion": signed}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self._objects.client().post(account.token_uri, data=form, headers=kind) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise ReplicaFilesError(f"Google refuses {account.client_email}: {answer.status}")
        token = _decode(content, _Token)
        self._token, self._until = token.access_token, time.monotonic() + token.expires_in - RENEW_S
        return self._token


def _account(credentials: Credentials) -> Account:
    name = credentials.of("GOOGLE_APPLICATION_CREDENTIALS")
    why = "GOOGLE_APPLICATION_CREDENTIALS is not set"
    try:
        if name:
            return msgspec.json.decode(Path(name).read_bytes(), type=Account)
    except OSError as error:
        why = f"{name} cannot be read: {error.strerror}"
    except msgspec.MsgspecError:
        why = f"{name} is not the key of a service account"
    raise StartupError(
        f"there is no account for Google's storage: {why}",
        path="replica_credentials",
        action="Make a key (JSON) for a service account, and write GOOGLE_APPLICATION_CREDENTIALS=/path/of/key.json "
        "into the file that replica_credentials names",
    )


def _decode(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise ReplicaFilesError(f"Google's storage answers what is not known here: {error}") from error
