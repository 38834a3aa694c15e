"""One request and what a handler needs to answer it: who asks, with which right, and the node behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from pbx.api.problem import ApiError
from pbx.api.scopes import Scope

if TYPE_CHECKING:
    import msgspec

    from pbx.api.service import Service
    from pbx.model.grant import Grant
    from pbx.model.user import Session, User

__all__ = ["Answer", "Exchange", "Principal"]


class Principal(msgspec.Struct, frozen=True):
    """Who asks: somebody with a session cookie, or a program with a bearer token.

    `credential` names what was shown without giving it away: when it ends, so do the connections that were opened with
    it. `user` is None for a program that nobody vouches for (a token of the command line). `own` is the extension that
    everything is about which they may see or change; None: there is no such limit. `until` is when a token expires.
    `grant` is what a site elsewhere, or an app, was let in with.
    """

    name: str
    scopes: frozenset[Scope]
    credential: str
    user: User | None = None
    own: str | None = None
    until: datetime | None = None
    grant: Grant | None = None
    session: Session | None = None
    cookie: str = ""
    token: str = ""


class Answer(msgspec.Struct, frozen=True):
    """A handler's answer when it is more than a Struct with the route's own status."""

    body: msgspec.Struct | None = None
    status: int | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    cookie: str | None = None
    """The session secret to set; an empty text takes the cookie away."""
    cookie_age_s: int = 0


class Exchange(msgspec.Struct, frozen=True):
    """One request. `principal` is None only on open routes without a (valid) credential."""

    request: web.Request
    service: Service
    principal: Principal | None
    source: str
    secure: bool
    body: bytes = b""

    @property
    def own(self) -> str | None:
        """The one extension that this request is about; None: no such limit."""
        return None if self.principal is None else self.principal.own

    @property
    def who(self) -> Principal:
        """Raises `ApiError` 401 on a route that is open to anybody."""
        if self.principal is None:
            raise ApiError(401, "unauthorized", "Sign in first.")
        return self.principal
