"""One Twilio account behind the `twilio` library, which is imported with the first request: it costs 27 MB and 0.5 s.

Everything that goes wrong becomes a `TwilioError`.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from edge.twilio.errors import TwilioError

if TYPE_CHECKING:
    from edge.twilio.http import Http

__all__ = ["Account"]

T = TypeVar("T")


class Account:
    """`api_url` is another host that stands in for all of Twilio's; empty for Twilio itself."""

    def __init__(self, sid: str, auth_token: str, api_url: str = "", *, time_limit_s: float = 15.0) -> None:
        self.sid = sid
        self.api_url = api_url.rstrip("/")
        self._auth_token = auth_token
        self._time_limit_s = time_limit_s
        self._opening = asyncio.Lock()
        self._http: Http | None = None
        self._rest: Any = None

    def __repr__(self) -> str:
        return f"Account({self.sid!r}, {self.api_url!r})"

    async def ask(self, question: Callable[[Any], Awaitable[T]]) -> T:
        """What the library's client answers to `question`. Raises `TwilioError`."""
        rest, _ = await self._opened()
        from twilio.base.exceptions import TwilioException

        answering = question(rest)
        try:
            return await answering
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
            said = f"Twilio's answer cannot be read: {type(error).__name__}: {error}"
            raise TwilioError(0, None, said[:200], uncertain=True) from None

    async def get(
        self, address: str, *, signed: bool, most_bytes: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        """A file; `signed` sends our credentials along."""
        _, http = await self._opened()
        auth = (self.sid, self._auth_token) if signed else None
        return await http.exchange("GET", address, auth=auth, most_bytes=most_bytes)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _opened(self) -> tuple[Any, Http]:
        async with self._opening:
            if self._http is None:
                await asyncio.to_thread(_load)
                from twilio.rest import Client

                from edge.twilio.http import Http

                self._http = Http(self.api_url, self._time_limit_s)
                self._rest = Client(self.sid, self._auth_token, http_client=self._http, environment={"": ""})
        return self._rest, self._http


def _load() -> None:
    """Half a second of reading modules, in a thread so that calls go on."""
    for name in (
        "twilio.base.exceptions",
        "twilio.rest",
        "twilio.rest.api.v2010.account",
        "edge.twilio.http",
    ):
        importlib.import_module(name)
