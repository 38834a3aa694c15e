"""One HTTP request and its answer, within a time and a size.

Redirects are not followed: the address is the administrator's choice, and an answer may not choose another. Addresses
in the office's own network are allowed, since that is where most programs that know its customers run; link-local
ones, where clouds keep the credentials of their machines, are not, whatever name leads to them.

aiohttp is imported with the first request.
"""

from __future__ import annotations

from collections.abc import Mapping
from errno import EACCES
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from pbx.core.imports import imported
from pbx.core.names import Lookup, http_names, system_lookup
from pbx.notify.errors import SendError

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["HttpAnswer", "HttpClient"]

MOST_BYTES = 64 * 1024


class HttpAnswer(msgspec.Struct, frozen=True):
    """What came back; `body` is as it was sent."""

    status: int
    body: bytes
    etag: str = ""


class HttpClient:
    """One session for all requests. `close` it."""

    def __init__(self, lookup: Lookup = system_lookup) -> None:
        self._lookup = lookup
        self._session: ClientSession | None = None

    async def ask(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
        most_bytes: int = MOST_BYTES,
    ) -> HttpAnswer:
        """Raises `SendError` when there is no answer in time, or one that is too large."""
        await imported("aiohttp")
        import aiohttp

        if not is_allowed(urlsplit(url).hostname or ""):
            raise SendError("Its address may not be asked.")
        if self._session is None:
            self._session = _session(self._lookup)
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers={"User-Agent": "Bellwire", "Accept-Encoding": "identity", **(headers or {})},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as answer:
                read = b""
                async for chunk in answer.content.iter_any():
                    read += chunk
                    if len(read) > most_bytes:
                        raise SendError(f"It answered with more than {most_bytes} bytes.")
                return HttpAnswer(answer.status, read, answer.headers.get("ETag", ""))
        except TimeoutError:
            raise SendError(f"No answer within {timeout_s:g} s.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SendError(f"It cannot be reached: {error}") from error

    async def fetch(
        self, url: str, *, etag: str = "", timeout_s: float, most_bytes: int = MOST_BYTES
    ) -> HttpAnswer:
        """GET, unless what is there still has this ETag: then it answers 304 (RFC 9110 13.1.2). Raises `SendError`."""
        headers = {"If-None-Match": etag} if etag else {}
        return await self.ask("GET", url, headers=headers, timeout_s=timeout_s, most_bytes=most_bytes)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def is_allowed(host: str) -> bool:
    """Whether this may be asked; a name is judged again by what it leads to."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host != ""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return is_allowed(str(mapped))
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)


def _session(lookup: Lookup) -> ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_resolver(lookup), limit=100, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _resolver(lookup: Lookup) -> AbstractResolver:
    import socket

    from aiohttp.abc import AbstractResolver

    class Judging(AbstractResolver):
        def __init__(self) -> None:
            self._names = http_names(lookup)

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await self._names.resolve(host, port, family)
            allowed = [each for each in found if is_allowed(each["host"])]
            if not allowed:
                raise PermissionError(EACCES, "its address may not be asked")
            return allowed

        async def close(self) -> None:
            await self._names.close()

    return Judging()
