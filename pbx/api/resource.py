"""The six routes that every kind of record has: list, create, read, replace, change, delete.

    GET    /api/v1/ring-groups?q=&sort=&limit=&offset=&enabled=   a page
    POST   /api/v1/ring-groups                        201, Location, ETag
    GET    /api/v1/ring-groups/{key}                  ETag
    PUT    /api/v1/ring-groups/{key}                  If-Match: only when nobody has changed it since
    PATCH  /api/v1/ring-groups/{key}                  RFC 7396; If-Match
    DELETE /api/v1/ring-groups/{key}?force=           409 with who still uses it, unless forced; If-Match

Changes are made one after another, so that what a check has seen still holds when the record is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from pbx.api.codec import convert, decode_object, merge
from pbx.api.exchange import Answer, Exchange
from pbx.api.patch import patch_of
from pbx.api.problem import ApiError, FieldProblem, plain_error
from pbx.api.route import JSON, MAX_BODY, MERGE_PATCH, Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.office_check import check_record, users_of
from pbx.model.base import Record
from pbx.model.kind import Kind
from pbx.model.kinds import FLOW, KINDS
from pbx.store.records import RecordStore, Stored

__all__ = ["DeleteQuery", "Resource", "etag_of"]


class DeleteQuery(Record, frozen=True, kw_only=True):
    """How a record is deleted."""

    force: Annotated[bool, Meta(description="Also when other records still name it.")] = False


class Resource:
    """The routes of one kind. `prepare` may complete what a create takes (a password that was left out)."""

    def __init__(
        self,
        kind: Kind,
        *,
        read: Scope,
        write: Scope,
        prepare: Callable[[Any], Any] = lambda body: body,
        notes: dict[str, str] | None = None,
        most_bytes: int = MAX_BODY,
    ) -> None:
        self.kind = kind
        self._most_bytes = most_bytes
        self.path = f"/api/v1/{kind.plural.replace('_', '-')}"
        self.one = f"{self.path}/{{{kind.key}}}"
        self._read = read
        self._write = write
        self._prepare = prepare
        self._notes = notes or {}
        self._key = ((kind.key, get_type_hints(kind.write, include_extras=True)[kind.key]),)
        name = kind.record.__name__
        self._patch = patch_of(kind.write, f"{name}Patch")
        self._search = Search(kind.record, f"{name}Query")
        self._list = msgspec.defstruct(
            f"{name}List",
            [
                ("items", tuple[kind.record, ...]),  # type: ignore[name-defined]
                (
                    "total",
                    Annotated[int, Meta(ge=0, description="How many there are in all, beyond this page.")],
                ),
            ],
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
            namespace={"__doc__": f"A page of {kind.plural.replace('_', ' ')}."},
        )

    # -- handlers --------------------------------------------------------------------------------------------------

    async def list_all(self, exchange: Exchange, *, query: msgspec.Struct) -> msgspec.Struct:
        page, total = self._search.page(await self._store(exchange).all(self.kind), query)
        return self._list(items=page, total=total)

    async def create(self, exchange: Exchange, *, body: msgspec.Struct) -> Answer:
        async with exchange.service.changing:
            body = self._prepare(body)
            await self._check(exchange, body)
            made = await self._store(exchange).create(self.kind, body)
        location = {"Location": f"{self.path}/{self.kind.key_of(made.record)}"}
        return Answer(body=made.record, headers=location | etag_of(made))

    async def get(self, exchange: Exchange, **path: str) -> Answer:
        found = await self._found(exchange, path[self.kind.key])
        return Answer(body=found.record, headers=etag_of(found))

    async def replace(self, exchange: Exchange, *, body: msgspec.Struct, **path: str) -> Answer:
        async with exchange.service.changing:
            return await self._replace(exchange, path[self.kind.key], body)

    async def patch(self, exchange: Exchange, *, body: msgspec.Struct, **path: str) -> Answer:
        """`body` has shown that the patch is well formed; what is merged is the JSON it came as."""
        async with exchange.service.changing:
            old = await self._found(exchange, path[self.kind.key])
            merged = merge(msgspec.to_builtins(old.record), decode_object(exchange.body))
            return await self._replace(exchange, path[self.kind.key], convert(merged, self.kind.write))

    async def delete(self, exchange: Exchange, *, query: DeleteQuery, **path: str) -> None:
        key = path[self.kind.key]
        async with exchange.service.changing:
            revision = await self._wanted_revision(exchange, key)
            if not query.force:
                await self.refuse_used(exchange, key)
            await self._store(exchange).delete(self.kind, key, if_revision=revision)

    # -- below -----------------------------------------------------------------------------------------------------

    async def _replace(self, exchange: Exchange, key: str, body: msgspec.Struct) -> Answer:
        revision = await self._wanted_revision(exchange, key)
        await self._check(exchange, body)
        stored = await self._store(exchange).replace(self.kind, key, body, if_revision=revision)
        return Answer(body=stored.record, headers=etag_of(stored))

    async def _found(self, exchange: Exchange, key: str) -> Stored:
        found = await self._store(exchange).get(self.kind, key)
        if found is None:
            raise plain_error(404, f"There is no {self.kind.words} {key}.")
        return found

    async def _wanted_revision(self, exchange: Exchange, key: str) -> int | None:
        """The revision that If-Match asks for; None without it. Raises `ApiError` 404 or 412."""
        wanted = exchange.request.headers.get("If-Match", "").strip()
        if not wanted or wanted == "*":
            return None
        found = await self._found(exchange, key)
        if etag_of(found)["ETag"] not in [each.strip() for each in wanted.split(",")]:
            detail = f"The {self.kind.words} {key} was changed by somebody else meanwhile."
            raise plain_error(412, detail, headers=etag_of(found))
        return found.revision

    async def _check(self, exchange: Exchange, body: msgspec.Struct) -> None:
        if getattr(body, "holiday_country", None):
            await public_holidays.ready()  # what is checked
        office = await self._office(exchange)
        emergency = exchange.service.deps.config.emergency_numbers
        if problems := tuple(check_record(office, self.kind, body, emergency=emergency)):
            first = problems[0]
            raise UserError(first.message, http_status=first.http_status, problems=problems)

    async def refuse_used(self, exchange: Exchange, key: str) -> None:
        """Raises `ApiError` 409 with who names the record."""
        users = (
            *users_of(await self._office(exchange), self.kind, key),
            *await exchange.service.deps.flows.users_of(self.kind, key),
        )
        if self.kind is FLOW and await exchange.service.deps.flows.is_live(key):
            raise ApiError(
                409, "in-use", f"The flow {key} takes calls. Unpublish it, or repeat with force=true."
            )
        if users:
            errors = tuple(
                FieldProblem(path=each.path, message=f"The {each.kind.words} {each.key} still uses it.")
                for each in users
            )
            detail = f"The {self.kind.words} {key} is still in use. Repeat with force=true to delete it all the same."
            raise ApiError(409, "in-use", detail, errors=errors)

    async def _office(self, exchange: Exchange) -> dict[str, list[Any]]:
        store = self._store(exchange)
        return {kind.name: await store.all(kind) for kind in KINDS}

    def _store(self, exchange: Exchange) -> RecordStore:
        return exchange.service.deps.records

    # -- routes ----------------------------------------------------------------------------------------------------

    def routes(self) -> tuple[Route, ...]:
        kind = self.kind
        name = kind.record.__name__
        common: dict[str, Any] = {"tag": kind.title}
        return (
            Route(
                method="GET",
                path=self.path,
                scope=self._read,
                name=f"list{name}s",
                summary=f"List the {kind.plural.replace('_', ' ')}",
                description=self._notes.get("list", ""),
                query=self._search.query,
                response=self._list,
                handler=self.list_all,
                **common,
            ),
            Route(
                method="POST",
                path=self.path,
                scope=self._write,
                name=f"create{name}",
                summary=f"Create {kind.a_one}",
                description=self._notes.get("create", ""),
                most_bytes=self._most_bytes,
                request=kind.write,
                response=kind.record,
                status=201,
                errors=(409,),
                handler=self.create,
                **common,
            ),
            Route(
                method="GET",
                path=self.one,
                scope=self._read,
                name=f"get{name}",
                summary=f"Read {kind.a_one}",
                path_types=self._key,
                response=kind.record,
                handler=self.get,
                **common,
            ),
            Route(
                method="PUT",
                path=self.one,
                scope=self._write,
                name=f"replace{name}",
                summary=f"Replace {kind.a_one}",
                description=self._notes.get("replace", f"`{kind.key}` must be the one of the path."),
                path_types=self._key,
                most_bytes=self._most_bytes,
                request=kind.write,
                response=kind.record,
                errors=(409, 412),
                handler=self.replace,
                **common,
            ),
            Route(
                method="PATCH",
                path=self.one,
                scope=self._write,
                name=f"patch{name}",
                summary=f"Change fields of {kind.a_one}",
                description=self._notes.get(
                    "patch", f"A JSON merge patch (RFC 7396). `{kind.key}` cannot change."
                ),
                path_types=self._key,
                most_bytes=self._most_bytes,
                request=self._patch,
                request_types=(MERGE_PATCH, JSON),
                response=kind.record,
                errors=(409, 412),
                handler=self.patch,
                **common,
            ),
            Route(
                method="DELETE",
                path=self.one,
                scope=self._write,
                name=f"delete{name}",
                summary=f"Delete {kind.a_one}",
                description=self._notes.get("delete", ""),
                path_types=self._key,
                query=DeleteQuery,
                status=204,
                errors=(409, 412),
                handler=self.delete,
                **common,
            ),
        )


def etag_of(stored: Stored) -> dict[str, str]:
    """The header that names this state of a record."""
    return {"ETag": f'"{stored.revision}"'}
