"""One request and what a handler needs to answer it: who asks, with which right, and the node behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from pbx.api.scopes import Scope

if TYPE_CHECKING:
    import msgspec

    from pbx.api.service import Service
    from pbx.model.user import Session

__all__ = ["Answer", "Exchange", "Principal"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: an administrator with a session cookie, or a program with a bearer token."""

    name: str
    scopes: frozenset[Scope]
    session: Session | None = None
    cookie: str = ""
    token: str = ""

    @property
    def credential(self) -> str:
        """What was shown: when it ends, so do the connections that were opened with it."""
        return self.cookie or self.token


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer when it is more than a Struct with the route's own status."""

    body: msgspec.Struct | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    """The session secret to set; an empty text takes the cookie away."""
    cookie_age_s: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `principal` is None only on open routes without a (valid) credential."""

    request: web.Request
    service: Service
    principal: Principal | None
    source: str
    secure: bool
    body: bytes = b""
