"""Tokens of programs: what they may do, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Answer, Exchange
from pbx.api.problem import ApiError, plain_error
from pbx.api.query import Paging
from pbx.api.route import Route
from pbx.api.scopes import Scope, named_scopes
from pbx.api.users import RecordId, may_change
from pbx.api.views import Total
from pbx.core.errors import UserError
from pbx.model.base import Record
from pbx.model.scalars import Label
from pbx.model.token import Token, TokenCreated

__all__ = ["ROUTES", "TokenList", "TokenWrite"]


class TokenWrite(Record, frozen=True, kw_only=True):
    """A new token."""

    name: Label
    scopes: Annotated[
        tuple[Scope, ...],
        Meta(min_length=1, title="Scopes", description="What it may do: no more than who makes it."),
    ]
    expires_at: (
        Annotated[datetime, Meta(tz=True, title="Expires", description="Without it, never.")] | None
    ) = None


class TokenList(Record, frozen=True, kw_only=True):
    """A page of tokens."""

    items: tuple[Token, ...]
    total: Total


async def list_tokens(exchange: Exchange, *, query: Paging) -> TokenList:
    items, total = await exchange.service.deps.tokens.list(query.limit, query.offset)
    return TokenList(items=tuple(items), total=total)


async def create_token(exchange: Exchange, *, body: TokenWrite) -> Answer:
    who, deps = exchange.who, exchange.service.deps
    for index, scope in enumerate(body.scopes):
        if scope in (Scope.OPEN, Scope.SESSION):
            path = f"$.scopes[{index}]"
            raise UserError("every token has this", http_status=422, path=path, got=scope.value)
        if scope not in who.scopes:
            raise ApiError(403, "scope", f"You lack the scope {scope.value}, so you cannot give it.")
    if body.expires_at is not None and body.expires_at <= deps.clock.now():
        raise UserError("this time has passed", http_status=422, path="$.expires_at", got=body.expires_at)
    if who.until is not None and (body.expires_at is None or body.expires_at > who.until):
        raise ApiError(403, "expiry", "A token cannot make one that lasts longer than itself.")
    made = await deps.tokens.create(
        body.name,
        scopes=tuple(dict.fromkeys(each.value for each in body.scopes)),
        expires_at=body.expires_at,
        user_id=None if who.user is None else who.user.id,
    )
    return Answer(body=made)


async def delete_token(exchange: Exchange, *, id: str) -> None:
    """Somebody else's, only when they may do no more than who asks."""
    deps, who = exchange.service.deps, exchange.who
    found = await deps.tokens.get(id)
    if found is None:
        raise plain_error(404, f"There is no token {id}.")
    owner = await deps.users.get(found.user_id) if found.user_id is not None else None
    if owner is not None and (who.user is None or owner.id != who.user.id):
        may_change(exchange, owner.role)
    if owner is None and not named_scopes(found.scopes) <= who.scopes | {Scope.OPEN, Scope.SESSION}:
        raise ApiError(403, "scope", "This token may do more than you.")
    await deps.tokens.delete(id)
    exchange.service.hub.sign_out(f"token:{id}")


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tokens",
        scope=Scope.TOKENS_READ,
        name="listTokens",
        tag="Users",
        summary="List the tokens of programs",
        description="The oldest first. What a token is itself is shown once, when it is made.",
        query=Paging,
        response=TokenList,
        handler=list_tokens,
    ),
    Route(
        method="POST",
        path="/api/v1/tokens",
        scope=Scope.TOKENS_WRITE,
        name="createToken",
        tag="Users",
        summary="Create a token for a program",
        description="With no more rights than who asks has. When these lose a right, so does the token.",
        request=TokenWrite,
        response=TokenCreated,
        status=201,
        handler=create_token,
    ),
    Route(
        method="DELETE",
        path="/api/v1/tokens/{id}",
        scope=Scope.TOKENS_WRITE,
        name="deleteToken",
        tag="Users",
        summary="Delete a token",
        description="It opens nothing from then on; its live connections end.",
        path_types=(("id", RecordId),),
        status=204,
        handler=delete_token,
    ),
)
