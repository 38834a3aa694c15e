"""Requests to a server that keeps objects: what S3, Azure and Google have in common.

A request is made again when the connection breaks or the server has a moment of weakness; what it answers otherwise
becomes a text for people.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from pbx.core.imports import imported
from pbx.core.names import Lookup, http_names, system_lookup
from pbx.store.replica_files import CHUNK, ReplicaFilesError
from pbx.store.replica_url import Credentials

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Body", "Objects", "listing", "md5_of", "saved", "size_of", "tail"]

ANSWER_S = 60.0
"""Without a byte for so long, a request has failed."""
MOST_DIGITS = 18
TRIES = 3
PAUSE_S = 0.5

Body = Callable[[], bytes | IO[bytes]]


class Objects:
    """One server. The session is made at the first request."""

    def __init__(self, server: str, credentials: Credentials, lookup: Lookup = system_lookup) -> None:
        self.server = server
        self._lookup = lookup
        self._credentials = credentials
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        target: str,
        headers: Callable[[], Awaitable[Mapping[str, str]]],
        *,
        body: Body | None = None,
        allowed: tuple[int, ...] = (),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """`target` is path and query, quoted; `headers` are made anew for each try, since they carry the time. Raises
        `ReplicaFilesError` for every answer from 300 on that is not `allowed`."""
        await imported("aiohttp")
        import aiohttp
        from yarl import URL

        url = URL(f"{self.server}{target}", encoded=True)
        answer: aiohttp.ClientResponse | None = None
        for attempt in range(1, TRIES + 1):
            data: Any = body() if body is not None else None
            try:
                answer = await self.client().request(method, url, data=data, headers=await headers())
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if attempt == TRIES:
                    raise ReplicaFilesError(
                        f"{self.server} cannot be reached: {str(error) or 'no answer'}"
                    ) from error
            else:
                if answer.status < 500 or answer.status in allowed or attempt == TRIES:
                    break
                answer.release()
            await asyncio.sleep(PAUSE_S * attempt)
        assert answer is not None
        async with answer:
            if answer.status >= 300 and answer.status not in allowed:
                raise ReplicaFilesError(f"{self.server} answers {answer.status}: {await _reason(answer)}")
            try:
                yield answer
            except (aiohttp.ClientError, TimeoutError) as error:
                raise ReplicaFilesError(f"{self.server} broke off: {str(error) or 'no answer'}") from error

    def client(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            trust = self._credentials.of("AWS_CA_BUNDLE", "SSL_CERT_FILE")
            context = ssl.create_default_context(cafile=trust) if trust else True
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=ANSWER_S),
                connector=aiohttp.TCPConnector(ssl=context, limit=8, resolver=http_names(self._lookup)),
                skip_auto_headers=("Content-Type",),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def tail(query: Mapping[str, str]) -> str:
    """A query, quoted and in order, with its question mark; "" without one."""
    text = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in sorted(query.items()))
    return f"?{text}" if text else ""


async def saved(answer: aiohttp.ClientResponse, path: Path) -> str:
    """Write what comes to `path`; its SHA-256."""
    digest = hashlib.sha256()
    with await asyncio.to_thread(path.open, "wb") as file:
        async for data in answer.content.iter_chunked(CHUNK):
            digest.update(data)
            await asyncio.to_thread(file.write, data)
    return digest.hexdigest()


async def md5_of(content: bytes | Path) -> str:
    """In base64, as HTTP writes it: servers compare it with what came, and so find what was damaged on the way."""

    def work() -> str:
        digest = hashlib.md5(usedforsecurity=False)
        if isinstance(content, bytes):
            digest.update(content)
        else:
            with content.open("rb") as file:
                while data := file.read(CHUNK):
                    digest.update(data)
        return base64.b64encode(digest.digest()).decode("ascii")

    return await asyncio.to_thread(work)


async def _reason(answer: aiohttp.ClientResponse) -> str:
    """The server's own words, which are XML or JSON."""
    body = (await answer.read())[:2000].decode("utf-8", "replace")
    for start, end in (("<Message>", "<"), ("<Code>", "<"), ('"message": "', '"'), ('"message":"', '"')):
        if (found := body.find(start)) >= 0:
            text = body[found + len(start) :]
            return text[: text.find(end)][:200]
    return answer.reason or ""


def listing(data: bytes) -> ET.Element:
    """A page of a list of objects, as S3 and Azure send it. Raises `ReplicaFilesError`."""
    try:
        return ET.fromstring(data)  # noqa: S314  expat of today expands nothing without a DTD
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ReplicaFilesError(f"the list of files cannot be read: {error}") from error


def size_of(text: str | None) -> int:
    """Bytes, as a list says them. Raises `ReplicaFilesError`."""
    text = text or "0"
    if len(text) > MOST_DIGITS or not (text.isascii() and text.isdigit()):
        raise ReplicaFilesError(f"the list of files says a size of {text[:20]!r}")
    return int(text)
