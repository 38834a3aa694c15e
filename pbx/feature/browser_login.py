"""Passwords for phones in pages: made for one log-in of the site, good for hours, and stored nowhere.

    user name   101~68f1a2b3~Qm9iJ3MgcGFnZQ     extension, end in hexadecimal seconds, which log-in
    password    HMAC-SHA256 of the user name, under a key of the node

So a password can be worked out when it is needed, and ends with its time, with the log-in it was made for, and with the
right of who made it. Connections that were proved with one are cut when it ends.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from pbx.core.clock import Clock
from pbx.store.errors import StoreError

__all__ = ["ANY", "LIFETIME_S", "BrowserLogin", "BrowserLogins", "owner_of"]

log = logging.getLogger(__name__)

LIFETIME_S = 12 * 3600
FOLLOW_S = 5.0
MAX_CONNECTIONS = 32
"""Of one log-in; older ones have ended when a page comes so often."""
ANY = "*"
"""What a log-in may speak for: an extension, or this for all of them."""
_MARK = "~"


class BrowserLogin(msgspec.Struct, frozen=True):
    """What a page registers with. `instance` is the same for every password of one log-in."""

    username: str
    password: str
    expires_at: datetime
    instance: str


def owner_of(username: str) -> str:
    """The extension that a user name is of: itself, unless a page has it. Nothing is proved by it."""
    return username.partition(_MARK)[0]


class BrowserLogins:
    """Makes and judges passwords of pages. `load` gives the log-ins that count now, and what each may speak for."""

    def __init__(
        self,
        key: bytes,
        clock: Clock,
        load: Callable[[], Awaitable[Mapping[str, str]]],
        *,
        cut: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._key = key
        self._clock = clock
        self._load = load
        self._cut = cut
        self._alive: dict[str, str] = {}
        self._connections: dict[str, set[int]] = {}
        self.on_use: Callable[[], None] = lambda: None
        """Told that a page has, or shows, a password: it may call soon."""

    def issue(self, extension: str, credential: str, *, scope: str) -> BrowserLogin:
        """A password for `extension` that ends with `credential`, which may speak for `scope`."""
        until = int(self._clock.now().timestamp()) + LIFETIME_S
        reference = self._reference(credential)
        self._alive[reference] = scope
        self.on_use()
        username = f"{extension}{_MARK}{until:x}{_MARK}{reference}"
        instance = UUID(bytes=self._digest("instance " + credential)[:16], version=4)
        return BrowserLogin(
            username, self._password(username), datetime.fromtimestamp(until, UTC), f"urn:uuid:{instance}"
        )

    def password(self, username: str) -> str | None:
        """What the digest is checked against, whether or not it counts still; None for what is no page's name."""
        return self._password(username) if _parts(username) is not None else None

    def counts(self, username: str, connection: int = 0) -> bool:
        """Whether a password that was proved is good now. `connection` is cut when it is not any more."""
        parts = _parts(username)
        if parts is None or parts[1] <= self._clock.now().timestamp():
            return False
        extension, _, reference = parts
        if self._alive.get(reference) not in (extension, ANY):
            return False
        if connection:
            known = self._connections.setdefault(reference, set())
            known.add(connection)
            if len(known) > MAX_CONNECTIONS:  # they are numbered in order
                known.remove(min(known))
        self.on_use()
        return True

    async def refresh(self) -> None:
        """Look which log-ins there are still, and cut the connections of those that are gone."""
        found = {self._reference(name): scope for name, scope in (await self._load()).items()}
        gone = [each for each in self._connections if found.get(each) != self._alive.get(each)]
        self._alive = found
        for each in gone:
            for connection in self._connections.pop(each):
                self._cut(connection)

    async def follow(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                await self.refresh()
            except StoreError:
                log.warning("the log-ins of pages could not be read", exc_info=True)
            await asyncio.sleep(FOLLOW_S)

    def _reference(self, credential: str) -> str:
        return base64.urlsafe_b64encode(self._digest(credential)[:15]).decode()

    def _password(self, username: str) -> str:
        return base64.urlsafe_b64encode(self._digest("password " + username)[:24]).decode()

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "replace"), hashlib.sha256)


def _parts(username: str) -> tuple[str, int, str] | None:
    """Extension, end, and which log-in."""
    parts = username.split(_MARK)
    if len(parts) != 3 or not 1 <= len(parts[1]) <= 12:
        return None
    try:
        return parts[0], int(parts[1], 16), parts[2]
    except ValueError:
        return None
