"""Signing in without a cookie, for an admin site that another host serves: access and refresh tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api import access
from pbx.api.auth import unauthorized
from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.session import grant_view, proven
from pbx.api.views import SessionView
from pbx.model.base import Record
from pbx.model.user import Login
from pbx.store.audit import acting
from pbx.store.grants import Granted

__all__ = ["ROUTES", "Refresh", "TokenPair"]

_SECRET = {"x-widget": "password", "writeOnly": True}


class TokenPair(Record, frozen=True, kw_only=True):
    """What a client without a cookie is let in with."""

    access_token: Annotated[str, Meta(description="Sent as bearer token; good for ten minutes.")]
    expires_at: Annotated[datetime, Meta(description="When the access token ends.")]
    refresh_token: Annotated[str, Meta(description="For the next pair; good once.")]
    session: SessionView


class Refresh(Record, frozen=True, kw_only=True):
    """For a new pair."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=_SECRET)]


async def log_in(exchange: Exchange, *, body: Login) -> TokenPair:
    user = await proven(exchange, body)
    with acting(user.username, exchange.source):
        granted = await exchange.service.deps.accounts.grants.open(user, "site")
    return await pair(exchange, granted)


async def refresh(exchange: Exchange, *, body: Refresh) -> TokenPair:
    granted = await exchange.service.deps.accounts.grants.refresh(body.refresh_token, "site")
    if granted is None:
        raise unauthorized("This refresh token is not valid. Sign in again.", error="invalid_token")
    return await pair(exchange, granted)


async def log_out(exchange: Exchange) -> None:
    who = exchange.who
    if who.grant is None or who.grant.kind != "site" or who.user is None:
        raise ApiError(403, "no-session", "Only what was got from here can be given back.")
    await exchange.service.deps.accounts.grants.close(who.user, who.grant.id)
    exchange.service.hub.sign_out(who.credential)


async def pair(exchange: Exchange, granted: Granted) -> TokenPair:
    """What the client is given."""
    deps = exchange.service.deps
    token, until = access.make(deps.accounts.key, granted.grant.id, granted.user.id, deps.clock.now())
    return TokenPair(
        access_token=token,
        expires_at=until,
        refresh_token=granted.secret,
        session=await grant_view(exchange, granted.user, granted.grant),
    )


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/jwt",
        scope=Scope.OPEN,
        cross_origin=True,
        name="logInElsewhere",
        tag="Session",
        summary="Sign in from a site on another host",
        description="That host must be among the setting cors_origins. Back-off and second factor: as for a session.",
        request=Login,
        response=TokenPair,
        status=201,
        errors=(401, 403),
        handler=log_in,
    ),
    Route(
        method="POST",
        path="/api/v1/jwt/refresh",
        scope=Scope.OPEN,
        cross_origin=True,
        name="refreshJwt",
        tag="Session",
        summary="Get a new pair of tokens",
        description="A refresh token is good once. One that comes again later ends the log-in: somebody has a copy.",
        request=Refresh,
        response=TokenPair,
        errors=(401, 403),
        handler=refresh,
    ),
    Route(
        method="DELETE",
        path="/api/v1/jwt",
        scope=Scope.SESSION,
        name="logOutElsewhere",
        tag="Session",
        summary="Sign out of a site on another host",
        description="Its tokens open nothing from then on; its live connections end.",
        status=204,
        handler=log_out,
    ),
)
