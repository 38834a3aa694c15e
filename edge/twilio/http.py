"""The HTTP under the `twilio` library: ours, so that its address, its time limit and its errors are ours.

Imported with the first request, see `edge.twilio.account`. What matters is whether a request that got no answer may
have been carried out: where no connection came about it was not, everything after that is uncertain.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
import msgspec
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from yarl import URL

from edge.twilio.errors import TwilioError

__all__ = ["Http", "at_base", "read_error"]

MOST_BYTES = 8 << 20
AT_ONCE = 20
KEPT_S = 10.0
"""Idle connections are dropped before Twilio drops them: a request on a dead one would be uncertain."""


class Http(AsyncTwilioHttpClient):  # type: ignore[misc]
    """`base` replaces scheme and host of every address of Twilio's; empty leaves them."""

    def __init__(self, base: str, time_limit_s: float) -> None:
        super().__init__(pool_connections=False, timeout=time_limit_s, logger=logging.getLogger(__name__))
        self.base = base
        self._limit = aiohttp.ClientTimeout(total=time_limit_s, connect=time_limit_s / 2)
        self._session: aiohttp.ClientSession | None = None

    async def request(  # noqa: PLR0917  (the library's signature)
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Raises `TwilioError` when Twilio refuses it, with status 0 when there is no answer."""
        body = urlencode(data, doseq=True).encode() if data else None
        query = urlencode(params, doseq=True) if params else ""
        address = at_base(self.base, url)
        if query:
            address += ("&" if "?" in address else "?") + query
        status, answered, content = await self.exchange(
            method, address, body=body, headers=headers, auth=auth
        )
        if status >= 400:
            raise read_error(status, content)
        return Response(status, content.decode("utf-8", "replace"), answered)

    async def exchange(
        self,
        method: str,
        address: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body; redirections are not followed."""
        try:
            async with self._opened().request(
                method,
                URL(address, encoded=True),
                data=body,
                headers={**(headers or {}), **_authorization(auth)},
                timeout=self._limit,
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await _bounded(response, most_bytes)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise TwilioError(0, None, f"Twilio cannot be reached: {_why(error)}", uncertain=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TwilioError(0, None, f"Twilio did not answer: {_why(error)}", uncertain=True) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=KEPT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def at_base(base: str, url: str) -> str:
    """The same path at another host. A base may have a path of its own, which goes in front."""
    if not base:
        return url
    asked, ours = urlsplit(url), urlsplit(base)
    return urlunsplit((ours.scheme, ours.netloc, ours.path.rstrip("/") + asked.path, asked.query, ""))


def read_error(status: int, content: bytes) -> TwilioError:
    """The error of a document in one of Twilio's two forms, or of a page that somebody in between has sent."""
    try:
        told = msgspec.json.decode(content, type=_Refusal)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        told = _Refusal()
    return TwilioError(status, told.code, told.message or told.detail or told.title)


class _Refusal(msgspec.Struct, frozen=True):
    code: int | None = None
    message: str = ""
    title: str = ""
    detail: str = ""


def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


def _why(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__


async def _bounded(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_chunked(65536):
        content += piece
        if len(content) > most_bytes:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {most_bytes} bytes")
    return bytes(content)
