"""Webhooks: a JSON document by HTTP POST, signed so that the receiver knows who sent it, and when.

    X-Bellwire-Id:         the same for each attempt
    X-Bellwire-Signature:  t=<seconds since 1970>,v1=<hex of HMAC-SHA256(key, "<t>.<body>")>

aiohttp is imported with the first one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from pbx.core.imports import imported
from pbx.core.names import Lookup, http_names, system_lookup
from pbx.notify.errors import SendError

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["Webhooks", "signature"]

TIMEOUT_S = 15.0
GONE = 410


def signature(key: str, at: int, body: bytes) -> str:
    """The value of X-Bellwire-Signature."""
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """One HTTP client for all receivers. Redirects are not followed: the address is the administrator's choice."""

    def __init__(self, lookup: Lookup = system_lookup) -> None:
        self._lookup = lookup
        self._session: ClientSession | None = None

    async def send(self, url: str, body: bytes, *, id_: str, key: str | None, at: int) -> None:
        """Returns when the receiver has answered 2xx. Raises `SendError`."""
        await imported("aiohttp")
        import aiohttp

        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=http_names(self._lookup)),
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        headers = {"Content-Type": "application/json", "User-Agent": "Bellwire", "X-Bellwire-Id": id_}
        if key is not None:
            headers["X-Bellwire-Signature"] = signature(key, at, body)
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except TimeoutError:
            raise SendError(f"No answer within {TIMEOUT_S:.0f} s.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SendError(f"It cannot be reached: {error}") from error
        if not 200 <= status < 300:
            raise SendError(f"It answered {status}.", final=status == GONE)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
