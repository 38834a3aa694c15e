"""Users: who can sign in, and as what. Nobody gives rights that they do not have themselves."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta

from pbx.api.exchange import Answer, Exchange
from pbx.api.problem import ApiError, plain_error
from pbx.api.query import Limit, Offset
from pbx.api.route import JSON, MERGE_PATCH, Route
from pbx.api.scopes import Scope, scopes_of
from pbx.api.views import Total
from pbx.core.errors import UserError
from pbx.model.base import Record
from pbx.model.kinds import EXTENSION
from pbx.model.user import Role, User, UserPatch, UserWrite

__all__ = ["ROUTES", "RecordId", "UserList", "UserQuery", "found_user", "may_change"]

RecordId = Annotated[str, Meta(pattern=r"^[0-9A-Z]{26}$(?!\n)", examples=["01J9ZQ4V7N3T8K2M5R6W1X0YAB"])]
_ID = (("id", RecordId),)
_ONE = "/api/v1/users/{id}"


class UserQuery(Record, frozen=True, kw_only=True):
    """Which users."""

    limit: Limit = 100
    offset: Offset = 0
    q: Annotated[
        str, Meta(max_length=80, description="Only those whose name or extension contains this text.")
    ] = ""
    role: Annotated[Role, Meta(description="Only those with this role.")] | None = None


class UserList(Record, frozen=True, kw_only=True):
    """A page of users."""

    items: tuple[User, ...]
    total: Total


async def list_users(exchange: Exchange, *, query: UserQuery) -> UserList:
    wanted = query.q.casefold()
    found = [
        each
        for each in await exchange.service.deps.users.list()
        if wanted in f"{each.username}\n{each.extension or ''}".casefold() and query.role in (None, each.role)
    ]
    return UserList(items=tuple(found[query.offset : query.offset + query.limit]), total=len(found))


async def create_user(exchange: Exchange, *, body: UserWrite) -> Answer:
    may_change(exchange, body.role)
    await _check_extension(exchange, body.extension)
    made = await exchange.service.deps.users.create(
        body.username, body.password, role=body.role, extension=body.extension, enabled=body.enabled
    )
    return Answer(body=made, headers={"Location": f"/api/v1/users/{made.id}"})


async def get_user(exchange: Exchange, *, id: str) -> User:
    return await found_user(exchange, id)


async def patch_user(exchange: Exchange, *, id: str, body: UserPatch) -> User:
    async with exchange.service.changing:
        old = await found_user(exchange, id)
        may_change(exchange, old.role)
        if body.role is not None:
            may_change(exchange, body.role)
        if exchange.who.user is not None and exchange.who.user.id == id:
            _check_own_account(body)
        if body.extension is not UNSET:
            await _check_extension(exchange, body.extension)
        return await exchange.service.deps.users.change(
            id, lambda user: _changed(user, body), password=body.password
        )


async def delete_user(exchange: Exchange, *, id: str) -> None:
    async with exchange.service.changing:
        may_change(exchange, (await found_user(exchange, id)).role)
        await exchange.service.deps.users.delete(id)


async def found_user(exchange: Exchange, id_: str) -> User:
    """Raises `ApiError` 404."""
    found = await exchange.service.deps.users.get(id_)
    if found is None:
        raise plain_error(404, f"There is no user {id_}.")
    return found


def may_change(exchange: Exchange, role: Role) -> None:
    """Whether who asks may make or change somebody with this role. Raises `ApiError` 403."""
    if not scopes_of(role) <= exchange.who.scopes | {Scope.OPEN, Scope.SESSION}:
        raise ApiError(
            403, "role", f"You cannot change somebody with the role {role}: they may do more than you."
        )


def _changed(user: User, patch: UserPatch) -> User:
    given = {
        name: value
        for name in ("role", "enabled", "second_factor")
        if (value := getattr(patch, name)) is not None
    }
    if patch.extension is not UNSET:
        given["extension"] = patch.extension
    return msgspec.structs.replace(user, **given)


def _check_own_account(patch: UserPatch) -> None:
    """A browser that was left open must not be enough to take an account over. Raises `ApiError` 403."""
    if patch.password is not None or patch.second_factor is not None:
        raise ApiError(
            403,
            "own-account",
            "Change your own password with PUT /api/v1/session/password, your second factor with "
            "/api/v1/session/second-factor: both ask for your password.",
        )


async def _check_extension(exchange: Exchange, number: str | None) -> None:
    if number is not None and await exchange.service.deps.records.get(EXTENSION, number) is None:
        raise UserError(f"there is no extension {number}", http_status=422, path="$.extension", got=number)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/users",
        scope=Scope.USERS_READ,
        name="listUsers",
        tag="Users",
        summary="List the users",
        description="By name.",
        query=UserQuery,
        response=UserList,
        handler=list_users,
    ),
    Route(
        method="POST",
        path="/api/v1/users",
        scope=Scope.USERS_WRITE,
        name="createUser",
        tag="Users",
        summary="Create a user",
        description="With a role that may do no more than who asks. The role user needs an extension.",
        request=UserWrite,
        response=User,
        status=201,
        errors=(409,),
        handler=create_user,
    ),
    Route(
        method="GET",
        path=_ONE,
        scope=Scope.USERS_READ,
        name="getUser",
        tag="Users",
        summary="Read a user",
        path_types=_ID,
        response=User,
        handler=get_user,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        scope=Scope.USERS_WRITE,
        name="patchUser",
        tag="Users",
        summary="Change a user",
        description="What is left out stays. A new password, a second factor taken away and being disabled end their "
        "sessions. The last owner stays one.",
        path_types=_ID,
        request=UserPatch,
        request_types=(MERGE_PATCH, JSON),
        response=User,
        errors=(409,),
        handler=patch_user,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        scope=Scope.USERS_WRITE,
        name="deleteUser",
        tag="Users",
        summary="Delete a user",
        description="Their sessions end, and the tokens that they made with them. The last owner stays.",
        path_types=_ID,
        status=204,
        errors=(409,),
        handler=delete_user,
    ),
)
