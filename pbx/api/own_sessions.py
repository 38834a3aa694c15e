"""Where one is logged in oneself, and ending that; and links by which somebody chooses their password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError, plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.session import hold_back_link, link_failed, link_worked, own_user
from pbx.api.users import RecordId, found_user, may_change
from pbx.api.views import Total
from pbx.core.errors import UserError
from pbx.model.base import Record
from pbx.model.grant import GrantKind
from pbx.model.own_session import OwnSession
from pbx.model.scalars import Password, Username
from pbx.store.audit import acting

__all__ = ["ROUTES"]

SessionId = Annotated[
    str, Meta(pattern=r"^(?:[0-9A-Z]{26}|[0-9a-f]{32})$(?!\n)", examples=["5f0c1e9b7a3d4c2e8b6f0a1d2c3e4f50"])
]
_SECRET = {"x-widget": "password", "writeOnly": True}


class OwnSessionList(Record, frozen=True, kw_only=True):
    """Every log-in of whoever asks that counts now, the latest first."""

    items: tuple[OwnSession, ...]
    total: Total


class Invitation(Record, frozen=True, kw_only=True):
    """Goes into a link to the admin site: `/invitation#token=…`."""

    token: Annotated[str, Meta(description="Shown this once.")]
    expires_at: datetime


class Redemption(Record, frozen=True, kw_only=True):
    """The token of a link, and the password that its user has chosen."""

    token: Annotated[str, Meta(max_length=200, extra_json_schema=_SECRET)]
    password: Password


class Redeemed(Record, frozen=True, kw_only=True):
    """Whose password it is now; they log in with it as ever."""

    username: Username


async def list_sessions(exchange: Exchange) -> OwnSessionList:
    user, accounts, who = own_user(exchange), exchange.service.deps.accounts, exchange.who
    found = [*await accounts.users.sessions_of(user, current=who.cookie)]
    kinds: tuple[GrantKind, ...] = ("site", "app")
    for kind in kinds:
        found += [
            OwnSession(
                id=grant.id,
                kind=grant.kind,
                name=grant.device,
                opened_at=grant.created_at,
                expires_at=grant.expires_at,
                current=who.grant is not None and who.grant.id == grant.id,
            )
            for grant in await accounts.grants.of(user, kind)
        ]
    found.sort(key=lambda each: each.opened_at.timestamp() if each.opened_at else 0.0, reverse=True)
    return OwnSessionList(items=tuple(found), total=len(found))


async def end_session(exchange: Exchange, *, id: str) -> None:
    user, accounts = own_user(exchange), exchange.service.deps.accounts
    if not (await accounts.users.end_session(user, id) or await accounts.grants.close(user, id)):
        raise plain_error(404, "You are not logged in there any more.")


async def invite(exchange: Exchange, *, id: str) -> Invitation:
    user = await found_user(exchange, id)
    may_change(exchange, user.role)
    if exchange.who.user is not None and exchange.who.user.id == id:
        raise ApiError(403, "own-account", "Change your own password with PUT /api/v1/session/password.")
    secret, until = await exchange.service.deps.accounts.invitations.make(user)
    return Invitation(token=secret, expires_at=until)


async def redeem(exchange: Exchange, *, body: Redemption) -> Redeemed:
    """A wrong link is counted, so that it cannot be tried for long."""
    hold_back_link(exchange)
    try:
        with acting("(link)", exchange.source):
            user = await exchange.service.deps.accounts.invitations.redeem(body.token, body.password)
    except UserError:
        await link_failed(exchange)
        raise
    link_worked(exchange)
    return Redeemed(username=user.username)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/sessions",
        scope=Scope.SESSION,
        name="listOwnSessions",
        tag="Session",
        summary="Where one is logged in",
        description="One's own log-ins only: browsers, sites elsewhere, apps.",
        response=OwnSessionList,
        handler=list_sessions,
    ),
    Route(
        method="DELETE",
        path="/api/v1/sessions/{id}",
        scope=Scope.SESSION,
        name="endOwnSession",
        tag="Session",
        summary="End one of one's own log-ins",
        description="Its live connections close within seconds.",
        path_types=(("id", SessionId),),
        status=204,
        handler=end_session,
    ),
    Route(
        method="POST",
        path="/api/v1/users/{id}/invitation",
        scope=Scope.USERS_WRITE,
        name="inviteUser",
        tag="Users",
        summary="Make a link by which a user chooses a password",
        description="It works once, within seven days; those made before stop working. The password that the user has "
        "now stays until then. Nobody invites somebody who may do more.",
        path_types=(("id", RecordId),),
        response=Invitation,
        status=201,
        handler=invite,
    ),
    Route(
        method="POST",
        path="/api/v1/invitation",
        scope=Scope.OPEN,
        name="redeemInvitation",
        tag="Session",
        summary="Choose a password by a link",
        description="Every session of the user ends; they log in with the new password. 403 when the link is spent.",
        request=Redemption,
        response=Redeemed,
        status=201,
        errors=(403, 429),
        handler=redeem,
    ),
)
