"""Files in a bucket of S3, or of what speaks like it. Signed by AWS Signature Version 4, which is four HMACs.

A body is signed with its SHA-256, so the server itself refuses what was damaged on the way.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pbx.core.names import Lookup, system_lookup
from pbx.store.replica_http import Body, Objects, listing, saved, size_of, tail
from pbx.store.replica_url import Credentials, ReplicaUrl

if TYPE_CHECKING:
    import aiohttp

__all__ = ["S3Files", "signature"]

EMPTY = hashlib.sha256(b"").hexdigest()


def signature(  # noqa: PLR0917
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    secret: str,
    scope: tuple[str, str, str, str],
) -> str:
    """The signature of a request. `path` is quoted; `headers` have lower-case names and are all signed; `scope` is
    date, region, service, and the moment as in x-amz-date."""
    date, region, service, moment = scope
    asked = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in sorted(query.items()))
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"{method}\n{path}\n{asked}\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{date}/{region}/{service}/aws4_request\n{_sha(request)}"
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


class S3Files:
    """One bucket, below one path."""

    def __init__(self, url: ReplicaUrl, credentials: Credentials, lookup: Lookup = system_lookup) -> None:
        if url.endpoint:
            server, self._root = url.endpoint, f"/{url.bucket}"
        else:
            server, self._root = f"https://{url.bucket}.s3.{url.region}.amazonaws.com", ""
        self._url = url
        self._credentials = credentials
        self._objects = Objects(server, credentials, lookup)

    async def get(self, name: str) -> bytes | None:
        async with self._ask("GET", name, allowed=(404,)) as answer:
            return None if answer.status == 404 else await answer.read()

    async def put(self, name: str, content: bytes) -> None:
        async with self._ask("PUT", name, body=lambda: content, sha256=_sha(content)):
            return

    async def create(self, name: str, content: bytes) -> bool:
        """By If-None-Match where the server knows it; those that do not, answer as if there had been nothing. So a look
        goes before it."""
        if await self.get(name) is not None:
            return False
        extra = {"if-none-match": "*"}
        async with self._ask(
            "PUT", name, body=lambda: content, sha256=_sha(content), extra=extra, allowed=(409, 412, 501)
        ) as answer:
            if answer.status != 501:
                return answer.status == 200
        await self.put(name, content)
        return True

    async def list(self, folder: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        start = len(self._url.joined("")) + 1 if self._url.path else 0
        query = {"list-type": "2", "prefix": self._url.joined(folder) + "/"}
        while True:
            async with self._ask("GET", None, query=query) as answer:
                tree = listing(await answer.read())
            space = tree.tag.partition("}")[0] + "}" if tree.tag.startswith("{") else ""
            for entry in tree.iter(f"{space}Contents"):
                key = entry.findtext(f"{space}Key") or ""
                found[key[start:]] = size_of(entry.findtext(f"{space}Size"))
            more = tree.findtext(f"{space}NextContinuationToken")
            if not more:
                return found
            query["continuation-token"] = more

    async def upload(self, path: Path, name: str, sha256: str) -> None:
        async with self._ask("PUT", name, body=lambda: path.open("rb"), sha256=sha256):
            return

    async def download(self, name: str, path: Path) -> str:
        async with self._ask("GET", name) as answer:
            return await saved(answer, path)

    async def delete(self, name: str) -> None:
        async with self._ask("DELETE", name, allowed=(204, 404)):
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
        sha256: str = EMPTY,
        extra: Mapping[str, str] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        path = quote(
            f"{self._root}/{self._url.joined(name)}" if name is not None else f"{self._root}/", safe="/~"
        )
        asked = query or {}

        async def headers() -> Mapping[str, str]:
            return self._headers(method, path, asked, sha256, extra or {})

        return self._objects.ask(method, path + tail(asked), headers, body=body, allowed=allowed)

    def _headers(
        self, method: str, path: str, query: Mapping[str, str], sha256: str, extra: Mapping[str, str]
    ) -> dict[str, str]:
        now = datetime.now(UTC)
        date, moment = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
        headers = {
            "host": urlsplit(self._objects.server).netloc,
            "x-amz-content-sha256": sha256,
            "x-amz-date": moment,
            **extra,
        }
        if token := self._credentials.of("AWS_SESSION_TOKEN"):
            headers["x-amz-security-token"] = token
        scope = (date, self._url.region, "s3", moment)
        signed = signature(method, path, query, headers, self._credentials.secret_key, scope)
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{date}/{self._url.region}/s3/aws4_request, "
            f"SignedHeaders={';'.join(sorted(headers))}, Signature={signed}"
        )
        return headers


def _sha(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
