"""Files in a container of Azure Blob Storage. Signed with the account's key (“Shared Key”), which is one HMAC.

A body carries its MD5, so the server itself refuses what was damaged on the way.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pbx.core.errors import StartupError
from pbx.core.names import Lookup, system_lookup
from pbx.store.replica_http import Body, Objects, listing, md5_of, saved, size_of, tail
from pbx.store.replica_url import Credentials, ReplicaUrl

if TYPE_CHECKING:
    import aiohttp

__all__ = ["AzureFiles", "signature"]

VERSION = "2021-12-02"
"""Of the API: the first with blobs of 5000 MiB in one request, and more."""
SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
          "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")  # fmt: skip


def signature(  # noqa: PLR0917
    method: str, account: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], key: bytes
) -> str:
    """The signature of a request. `path` is quoted and begins with a slash; `headers` have lower-case names."""
    lines = [method]
    lines += [headers.get(name, "") for name in SIGNED]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
    lines.append(f"/{account}{path}")
    lines += [f"{name}:{query[name]}" for name in sorted(query)]
    return base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), "sha256")).decode("ascii")


class AzureFiles:
    """One container, below one path. Raises `StartupError` without the account's key."""

    def __init__(self, url: ReplicaUrl, credentials: Credentials, lookup: Lookup = system_lookup) -> None:
        server = urlsplit(url.endpoint or f"https://{url.user}.blob.core.windows.net")
        self._url = url
        self._container = f"{server.path}/{url.bucket}"
        self._objects = Objects(f"{server.scheme}://{server.netloc}", credentials, lookup)
        try:
            self._key = base64.b64decode(credentials.azure_key, validate=True)
        except binascii.Error:
            self._key = b""
        if not self._key:
            raise StartupError(
                f"the key of the storage account {url.user} is missing, or is not base64",
                path="replica_credentials",
                action="Write AZURE_STORAGE_KEY=… into the file that replica_credentials names",
            )

    async def get(self, name: str) -> bytes | None:
        async with self._ask("GET", name, allowed=(404,)) as answer:
            return None if answer.status == 404 else await answer.read()

    async def put(self, name: str, content: bytes) -> None:
        async with self._ask("PUT", name, body=lambda: content, extra=await _block(content)):
            return

    async def create(self, name: str, content: bytes) -> bool:
        extra = await _block(content) | {"if-none-match": "*"}
        async with self._ask("PUT", name, body=lambda: content, extra=extra, allowed=(409, 412)) as answer:
            return answer.status == 201

    async def list(self, folder: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        start = len(self._url.joined("")) + 1 if self._url.path else 0
        query = {"restype": "container", "comp": "list", "prefix": self._url.joined(folder) + "/"}
        while True:
            async with self._ask("GET", None, query=query) as answer:
                tree = listing(await answer.read())
            for blob in tree.iter("Blob"):
                size = size_of(blob.findtext("Properties/Content-Length"))
                found[(blob.findtext("Name") or "")[start:]] = size
            more = tree.findtext("NextMarker")
            if not more:
                return found
            query["marker"] = more

    async def upload(self, path: Path, name: str, sha256: str) -> None:
        async with self._ask("PUT", name, body=lambda: path.open("rb"), extra=await _block(path)):
            return

    async def download(self, name: str, path: Path) -> str:
        async with self._ask("GET", name) as answer:
            return await saved(answer, path)

    async def delete(self, name: str) -> None:
        async with self._ask("DELETE", name, allowed=(404,)):
            return

    async def close(self) -> None:
        await self._objects.close()

    def _ask(
        self,
        method: str,
        name: str | None,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        extra: Mapping[str, str] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        path = quote(self._container + (f"/{self._url.joined(name)}" if name is not None else ""), safe="/~")
        asked = query or {}

        async def headers() -> Mapping[str, str]:
            now = format_datetime(datetime.now(UTC), usegmt=True)
            found = {"x-ms-date": now, "x-ms-version": VERSION, **(extra or {})}
            signed = signature(method, self._url.user, path, asked, found, self._key)
            return found | {"Authorization": f"SharedKey {self._url.user}:{signed}"}

        return self._objects.ask(method, path + tail(asked), headers, body=body, allowed=allowed)


async def _block(content: bytes | Path) -> dict[str, str]:
    """What a body is sent with. One without length is signed as if the header were not there."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size  # noqa: ASYNC240  one look
    found = {"x-ms-blob-type": "BlockBlob", "content-md5": await md5_of(content)}
    return found | ({"content-length": str(size)} if size else {})
