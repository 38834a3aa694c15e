"""The commands about users and tokens, beside a running node or without one."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import msgspec

from pbx.api.scopes import Scope
from pbx.app.office import Office, checked, opened
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.config_sources import nearest
from pbx.core.errors import UserError
from pbx.model.kinds import EXTENSION
from pbx.model.scalars import Label
from pbx.model.token import EVERYTHING, Token
from pbx.model.user import User, UserWrite

__all__ = [
    "change_password",
    "change_user",
    "create_token",
    "create_user",
    "delete_token",
    "delete_user",
    "list_tokens",
    "list_users",
]


class _Named(msgspec.Struct):
    name: Label


async def create_token(config: NodeConfig, name: str, scopes: list[str], days: int | None) -> None:
    """Prints the token alone on standard output, so that a script can take it."""
    checked({"name": name}, _Named)
    _check_scopes(scopes)
    if days is not None and days < 1:
        raise UserError("a token expires in one day at the earliest", got=days)
    expires_at = None if days is None else SystemClock().now() + timedelta(days=days)
    async with opened(config) as office:
        created = await office.tokens.create(name, scopes=scopes or [EVERYTHING], expires_at=expires_at)
    print(created.secret)
    print("pbx: this token is shown once; send it as `Authorization: Bearer …`", file=sys.stderr)
    if not scopes:
        print("pbx: it may do everything; --scope gives it less", file=sys.stderr)


async def list_tokens(config: NodeConfig) -> None:
    async with opened(config, make=False) as office:
        found, _ = await office.tokens.list(limit=10_000)
    for each in found:
        print(_token_line(each))


async def delete_token(config: NodeConfig, id_: str) -> None:
    async with opened(config, make=False) as office:
        await office.tokens.delete(id_)
    print(f"Token {id_} deleted.")


async def create_user(config: NodeConfig, name: str, password: str, role: str, extension: str | None) -> None:
    raw = {"username": name, "password": password, "role": role, "extension": extension}
    wanted = checked(raw, UserWrite)
    async with opened(config) as office:
        await _check_extension(office, wanted.extension)
        await office.users.create(
            wanted.username, wanted.password, role=wanted.role, extension=wanted.extension
        )
    print(f"{wanted.role.capitalize()} {name} created.")


async def change_password(config: NodeConfig, name: str, password: str) -> None:
    wanted = checked({"username": name, "password": password}, UserWrite)
    async with opened(config, make=False) as office:
        await office.users.set_password(wanted.username, wanted.password)
    print(f"The password of {name} is changed, their sessions have ended.")


async def change_user(config: NodeConfig, name: str, changes: dict[str, Any]) -> None:
    """Fields of `User`."""
    async with opened(config, make=False) as office:
        user = await _found(office, name)
        await _check_extension(office, changes.get("extension"))
        await office.users.change(user.id, lambda old: msgspec.structs.replace(old, **changes))
    print(f"{name} is changed.")


async def delete_user(config: NodeConfig, name: str) -> None:
    async with opened(config, make=False) as office:
        await office.users.delete((await _found(office, name)).id)
    print(f"{name} is deleted.")


async def list_users(config: NodeConfig) -> None:
    async with opened(config, make=False) as office:
        found = await office.users.list()
    for each in found:
        words = [each.username, each.role, each.extension or "-"]
        words += ["second factor"] if each.second_factor else []
        words += [] if each.enabled else ["disabled"]
        print("  ".join(words))


async def _found(office: Office, name: str) -> User:
    found = await office.users.named(name)
    if found is None:
        known = [each.username for each in await office.users.list()]
        guess = nearest(name, known)
        raise UserError(
            f"there is no user {name}", action=f"Did you mean {guess}?" if guess else "See: pbx admin list"
        )
    return found


async def _check_extension(office: Office, number: str | None) -> None:
    if number is not None and await office.records.get(EXTENSION, number) is None:
        raise UserError(f"there is no extension {number}")


def _check_scopes(scopes: list[str]) -> None:
    known = [each.value for each in Scope if each not in (Scope.OPEN, Scope.SESSION)]
    for each in scopes:
        if each not in known:
            guess = nearest(each, known)
            raise UserError(
                f"there is no scope {each}",
                needed=f"one of: {', '.join(known)}",
                action=f"Did you mean {guess}?" if guess else "",
            )


def _token_line(token: Token) -> str:
    used = "never used" if token.last_used_at is None else f"used {token.last_used_at:%Y-%m-%d %H:%M}"
    until = "" if token.expires_at is None else f"  until {token.expires_at:%Y-%m-%d %H:%M}"
    return f"{token.id}  {token.name}  {','.join(token.scopes)}  {used}{until}"
