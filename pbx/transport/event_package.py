"""An event package (RFC 6665 5.4), as the notifier asks it: who may watch what, and what a body says."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from pbx.core.errors import PeerError
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.sip.subscription import Expiries
from pbx.sip.uri import SipUri

__all__ = ["Package", "Watcher", "watcher_of"]


class Watcher(msgspec.Struct, frozen=True):
    """`subscriber` is an extension; it watches `resource`, the user part of `uri`, as it wrote it."""

    subscriber: str
    resource: str
    uri: str


class Package(Protocol):
    """What is told of one kind of event."""

    event: str
    content_type: str
    expiries: Expiries

    def allow(self, watcher: Watcher) -> None:
        """Raises `PeerError` 403 or 404."""
        ...

    def state(self, watcher: Watcher) -> Any:
        """What there is to tell; two that are equal need no NOTIFY between them."""
        ...

    def body(self, watcher: Watcher, version: int, state: Any, known: Any | None) -> bytes:
        """`known` is what the phone has confirmed to know, None when that is not certain."""
        ...


def watcher_of(request: Request, subscriber: str) -> Watcher:
    """Who asks for what in a SUBSCRIBE. Raises `PeerError` 404 when the Request-URI names nobody."""
    try:
        uri = SipUri.parse(request.uri)
    except ParseError as error:
        raise PeerError(error.status, error.reason) from error
    if not uri.user or len(request.uri) > 300:
        raise PeerError(404, "Not Found")
    return Watcher(subscriber, uri.user, str(SipUri(uri.scheme, uri.user, uri.host, uri.port)))
