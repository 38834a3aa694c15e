"""Sees to it that every request that changes something is in the audit log.

The stores write their entries in the transaction of the change. What is no change of theirs (a call hung up, an address
banned) gets an entry here, when it has happened. Should that fail, the request is answered with an error and the log of
the node has what the audit log has not.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.store.audit import acting, shown
from pbx.store.errors import StoreError

__all__ = ["audited", "note"]

log = logging.getLogger(__name__)

R = TypeVar("R")

_PREFIX = "/api/v1/"
MOST_ITEMS = 20
_PRIVATE = ("text", "old", "new", "code", "link")
"""Fields of bodies that are nobody else's, beside those that name a secret."""


async def audited(
    route: Route, exchange: Exchange, arguments: dict[str, Any], work: Callable[[], Awaitable[R]]
) -> R:
    """What `work` gives; whatever it changes was changed by who asks."""
    if not route.unsafe:
        return await work()
    name = exchange.principal.name if exchange.principal is not None else ""
    with acting(name, exchange.source) as who:
        result = await work()
        if route.audited and route.scope is not Scope.OPEN and not who.noted:
            kind, key, after = _told(route, exchange, arguments)
            await note(exchange, _action(route.name), kind, key, after=after)
    return result


async def note(
    exchange: Exchange,
    action: str,
    kind: str,
    key: str,
    *,
    actor: str | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """An entry of its own. `actor` where it is not who asks (somebody who signs in). Raises `StoreError`."""
    told = None if after is None else shown(after)
    with nullcontext() if actor is None else acting(actor, exchange.source):
        try:
            await exchange.service.deps.accounts.audit.add(action, kind, key, after=told)
        except StoreError:
            who = actor or (exchange.principal.name if exchange.principal is not None else "")
            fields = {"actor": who, "source": exchange.source, "action": action, "kind": kind, "key": key}
            log.error("not in the audit log", extra=fields | {"after": told})  # noqa: TRY400  it is raised
            raise


def _told(
    route: Route, exchange: Exchange, arguments: dict[str, Any]
) -> tuple[str, str, dict[str, Any] | None]:
    """Kind, key, and what was asked for."""
    key = "/".join(str(arguments[name]) for name, _ in route.path_types)
    kind = route.path.removeprefix(_PREFIX).split("/", 1)[0].replace("-", "_")
    kind = kind.removesuffix("es") if kind.endswith("ses") else kind.removesuffix("s")
    body: object = arguments.get("body")
    fields = _plain(exchange.body) if route.forwarded else None if body is None else msgspec.to_builtins(body)
    if fields is None:
        return kind, key, None
    private = {*_PRIVATE, *(() if body is None else _write_only(cast(Hashable, type(body))))}
    return kind, key, {name: "(hidden)" if name in private else value for name, value in fields.items()}


@cache
def _write_only(kind: Hashable) -> frozenset[str]:
    """The fields of a body that are never read again, as its schema says."""
    found = inspect.type_info(kind)
    fields = found.fields if isinstance(found, inspect.StructType) else ()
    return frozenset(
        field.encode_name
        for field in fields
        for each in (field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,))
        if isinstance(each, inspect.Metadata) and (each.extra_json_schema or {}).get("writeOnly")
    )


def _plain(body: bytes) -> dict[str, Any] | None:
    """What the edge was asked for, as far as it is JSON; long lists (who gets a campaign) by their length."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return {
        name: f"({len(value)} items)" if isinstance(value, list) and len(value) > MOST_ITEMS else value
        for name, value in fields.items()
    }


def _action(name: str) -> str:
    """A route's name in the words of the log: hangUp becomes hang_up."""
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)
