"""What an office can ask about its outside numbers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.api.operation import Asked, ListQuery, Operation
from edge.model.base import Record
from edge.model.numbers import (
    Adoption,
    Country,
    ForSaleList,
    NumberChange,
    NumberKind,
    NumberOrder,
    OutsideNumber,
    OutsideNumberList,
    UnassignedList,
)
from edge.numbers.numbers import Numbers

__all__ = ["NumberSearchQuery", "ReleaseQuery", "operations"]

TAG = "Numbers"


class NumberSearchQuery(Record, frozen=True, kw_only=True):
    country: Country = "US"
    kind: NumberKind = "local"
    area_code: Annotated[
        str, Meta(pattern=r"^([0-9]{3})?$(?!\n)", description="Three digits, in the US and Canada.")
    ] = ""
    contains: Annotated[
        str, Meta(pattern=r"^[0-9A-Za-z*]{0,16}$(?!\n)", description="Digits or letters; * is any.")
    ] = ""
    place: Annotated[str, Meta(max_length=64, description="A town.")] = ""
    sms: bool = False
    mms: bool = False
    limit: Annotated[int, Meta(ge=1, le=50)] = 20


class ReleaseQuery(Record, frozen=True, kw_only=True):
    confirm: Annotated[str, Meta(max_length=20, description="The number, once more.")] = ""
    keep: Annotated[
        bool, Meta(description="Only the office gives it up; it stays in the account and costs on.")
    ] = False


def operations(numbers: Numbers) -> list[Operation]:
    return [*_reading(_Handlers(numbers)), *_writing(_Handlers(numbers))]


def _reading(on: _Handlers) -> list[Operation]:
    return [
        Operation(
            method="GET",
            path="/numbers",
            name="listNumbers",
            summary="The office's outside numbers, as they were last seen at Twilio",
            scope="numbers:read",
            tag=TAG,
            handler=on.list,
            query=ListQuery,
            response=OutsideNumberList,
        ),
        Operation(
            method="GET",
            path="/numbers/search",
            name="searchNumbers",
            summary="Numbers that Twilio would sell now",
            scope="numbers:read",
            tag=TAG,
            handler=on.search,
            query=NumberSearchQuery,
            response=ForSaleList,
            errors=(409, 503),
        ),
        Operation(
            method="GET",
            path="/numbers/unassigned",
            name="listUnassignedNumbers",
            summary="Numbers of the Twilio account that no office uses",
            scope="numbers:read",
            tag=TAG,
            handler=on.unassigned,
            response=UnassignedList,
            errors=(403, 409, 503),
        ),
        Operation(
            method="GET",
            path="/numbers/{number}",
            name="getNumber",
            summary="One number",
            scope="numbers:read",
            tag=TAG,
            handler=on.get,
            response=OutsideNumber,
        ),
        Operation(
            method="POST",
            path="/numbers/check",
            name="checkNumbers",
            summary="Look at Twilio whether the numbers are set as they should be",
            scope="numbers:read",
            tag=TAG,
            handler=on.check,
            response=OutsideNumberList,
            errors=(409, 503),
        ),
    ]


def _writing(on: _Handlers) -> list[Operation]:
    return [
        Operation(
            method="POST",
            path="/numbers",
            name="buyNumber",
            summary="Buy a number and set it up; it costs money every month",
            description="Sent again with the same `order`, it is not bought twice.",
            scope="numbers:write",
            tag=TAG,
            handler=on.buy,
            request=NumberOrder,
            response=OutsideNumber,
            status=201,
            errors=(409, 503),
        ),
        Operation(
            method="POST",
            path="/numbers/adopt",
            name="adoptNumber",
            summary="Take over a number that the Twilio account has",
            scope="numbers:write",
            tag=TAG,
            handler=on.adopt,
            request=Adoption,
            response=OutsideNumber,
            status=201,
            errors=(403, 404, 409, 503),
        ),
        Operation(
            method="PATCH",
            path="/numbers/{number}",
            name="changeNumber",
            summary="Call a number something else",
            scope="numbers:write",
            tag=TAG,
            handler=on.change,
            request=NumberChange,
            response=OutsideNumber,
            errors=(409, 503),
        ),
        Operation(
            method="POST",
            path="/numbers/{number}/repair",
            name="repairNumber",
            summary="Set a number at Twilio as it should be",
            scope="numbers:write",
            tag=TAG,
            handler=on.repair,
            response=OutsideNumber,
            errors=(409, 502, 503),
        ),
        Operation(
            method="DELETE",
            path="/numbers/{number}",
            name="releaseNumber",
            summary="Give a number back to Twilio; without its confirmation the answer is 409",
            scope="numbers:write",
            tag=TAG,
            handler=on.release,
            query=ReleaseQuery,
            errors=(409, 503),
        ),
    ]


class _Handlers:
    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    async def list(self, asked: Asked, *, query: ListQuery) -> OutsideNumberList:
        wanted = query.q.casefold()
        found = [
            one
            for one in await self._numbers.list(asked.office)
            if wanted in f"{one.number} {one.name} {one.extension}".casefold()
        ]
        shown = found[query.offset : query.offset + query.limit]
        return OutsideNumberList(items=tuple(shown), total=len(found))

    async def get(self, asked: Asked, *, number: str) -> OutsideNumber:
        return await self._numbers.get(asked.office, number)

    async def search(self, asked: Asked, *, query: NumberSearchQuery) -> ForSaleList:
        found = await self._numbers.search(
            country=query.country,
            kind=query.kind,
            area_code=query.area_code or None,
            contains=query.contains or None,
            place=query.place or None,
            sms=query.sms,
            mms=query.mms,
            limit=query.limit,
        )
        return ForSaleList(items=tuple(found))

    async def unassigned(self, asked: Asked) -> UnassignedList:
        return UnassignedList(items=tuple(await self._numbers.unassigned()))

    async def check(self, asked: Asked) -> OutsideNumberList:
        found = tuple(await self._numbers.check(asked.office))
        return OutsideNumberList(items=found, total=len(found))

    async def buy(self, asked: Asked, *, body: NumberOrder) -> OutsideNumber:
        return await self._numbers.buy(asked.office, body)

    async def adopt(self, asked: Asked, *, body: Adoption) -> OutsideNumber:
        return await self._numbers.adopt(asked.office, body)

    async def change(self, asked: Asked, *, number: str, body: NumberChange) -> OutsideNumber:
        return await self._numbers.rename(asked.office, number, body.name)

    async def repair(self, asked: Asked, *, number: str) -> OutsideNumber:
        return await self._numbers.repair(asked.office, number)

    async def release(self, asked: Asked, *, number: str, query: ReleaseQuery) -> None:
        await self._numbers.release(asked.office, number, confirm=query.confirm, keep=query.keep)
