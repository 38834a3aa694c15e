"""An extension with an outside number of its own: the edge buys it at Twilio, the node leads its calls there.

Both halves may break apart: a number that was bought for the extension, and that nothing leads from yet, is taken
before another is bought.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.api.edge import refused
from pbx.api.edge_door import EdgeReply
from pbx.api.exchange import Answer, Exchange
from pbx.api.idempotency import HEADER
from pbx.api.problem import ApiError, FieldProblem, plain_error
from pbx.api.resource import DeleteQuery, etag_of
from pbx.api.route import JSON, Route
from pbx.api.scopes import Scope
from pbx.core.errors import UserError
from pbx.core.ids import new_id
from pbx.model.base import Record
from pbx.model.inbound_number import InboundNumber
from pbx.model.kinds import EXTENSION, INBOUND_NUMBER
from pbx.model.scalars import E164, CountryCode, ExtensionNumber

__all__ = ["ROUTES", "ExtensionDeleteQuery", "ask_about_numbers", "release_numbers"]

MOST_NUMBERS = 500
LONGEST_NAME = 64


class ExtensionDeleteQuery(DeleteQuery, frozen=True, kw_only=True):
    """How an extension is deleted."""

    outside_number: Annotated[
        Literal["ask", "keep", "release"],
        Meta(description="What becomes of an outside number that was bought for it; ask: the answer is 409."),
    ] = "ask"


class OutsideNumberOrder(Record, frozen=True, kw_only=True):
    """Which number to buy: this one, or the first that fits. It costs money every month."""

    number: E164 | None = None
    country: CountryCode = "US"
    kind: Literal["local", "toll_free", "mobile"] = "local"
    area_code: Annotated[str, Meta(pattern=r"^[0-9]{3}$(?!\n)", examples=["202"])] | None = None
    sms: Annotated[bool, Meta(description="Only a number that can text.")] = True
    address_sid: (
        Annotated[
            str,
            Meta(
                pattern=r"^AD[0-9a-fA-F]{32}$(?!\n)",
                description="An address registered at Twilio, where the country wants one.",
            ),
        ]
        | None
    ) = None


class _EdgeNumber(msgspec.Struct):
    """A number as the edge shows it, as far as it matters here."""

    number: str
    extension: str = ""
    state: str = ""


class _EdgeNumbers(msgspec.Struct):
    items: tuple[_EdgeNumber, ...]


async def give_outside_number(exchange: Exchange, *, number: str, body: OutsideNumberOrder) -> Answer:
    """Buy a number for the extension and lead its calls there."""
    found = await exchange.service.deps.records.get(EXTENSION, number)
    if found is None:
        raise plain_error(404, f"There is no extension {number}.")
    name = found.record.name
    mine = await _unconnected(exchange, number, body)
    outside = mine or await _buy(exchange, number, f"{name} ({number})"[:LONGEST_NAME], body)
    return await _connect(exchange, number, outside, name)


async def ask_about_numbers(exchange: Exchange, number: str) -> None:
    """Raises `ApiError` 409 when the extension has numbers of its own, or when nobody can tell."""
    try:
        found = await _numbers_of(exchange, number)
    except UserError as error:
        raise ApiError(
            409,
            "outside-number",
            f"The edge cannot say whether an outside number was bought for extension {number} ({error.message}). "
            "Repeat with outside_number=keep to delete the extension all the same.",
        ) from None
    if not found:
        return
    told = ", ".join(each.number for each in found)
    raise ApiError(
        409,
        "outside-number",
        f"{told} was bought for extension {number}. Repeat with outside_number=release to give it back to Twilio: it "
        "stops working at once, and it may be impossible to have it again. Or repeat with outside_number=keep: it "
        "stays the office's, and costs on.",
        errors=tuple(
            FieldProblem(path="query.outside_number", message=f"{each.number} was bought for it.")
            for each in found
        ),
    )


async def release_numbers(exchange: Exchange, number: str) -> None:
    """Give the extension's numbers back to Twilio, and end what leads from them. Raises `ApiError`."""
    if Scope.NUMBERS_WRITE not in exchange.who.scopes:
        raise plain_error(403, f"Releasing a number needs the right {Scope.NUMBERS_WRITE.value}.")
    records = exchange.service.deps.records
    for each in await _numbers_of(exchange, number):
        escaped = "%2B" + each.number.removeprefix("+")
        await _ask(exchange, "DELETE", f"/numbers/{escaped}", query=f"confirm={escaped}")
        async with exchange.service.changing:
            inbound = await records.get(INBOUND_NUMBER, each.number)
            if inbound is not None and inbound.record.destination == number:
                await records.delete(INBOUND_NUMBER, each.number)


async def _numbers_of(exchange: Exchange, number: str) -> Sequence[_EdgeNumber]:
    """The numbers that were bought for the extension; an office without an edge has none."""
    try:
        reply = await _ask(exchange, "GET", "/numbers", query=f"limit={MOST_NUMBERS}")
    except ApiError as error:
        if error.slug == "no-edge":
            return ()
        raise
    listed = msgspec.json.decode(reply.body, type=_EdgeNumbers).items
    return [each for each in listed if each.extension == number]


async def _unconnected(exchange: Exchange, number: str, body: OutsideNumberOrder) -> str | None:
    """A number that was bought for the extension when what came after failed."""
    known = {each.number for each in await exchange.service.deps.records.all(INBOUND_NUMBER)}
    for each in await _numbers_of(exchange, number):
        fits = body.number in {None, each.number} and each.number.startswith(f"+1{body.area_code or ''}")
        if each.number not in known and each.state != "missing" and (fits or body.number == each.number):
            return each.number
    return None


async def _buy(exchange: Exchange, number: str, name: str, body: OutsideNumberOrder) -> str:
    wish = msgspec.to_builtins(body) | {"name": name, "extension": number, "order": _order(exchange)}
    reply = await _ask(exchange, "POST", "/numbers", body=msgspec.json.encode(wish))
    return msgspec.json.decode(reply.body, type=_EdgeNumber).number


def _order(exchange: Exchange) -> str:
    """Who repeats the request with the same Idempotency-Key repeats the order, and gets the same number."""
    key = exchange.request.headers.get(HEADER)
    if key is None:
        return new_id()
    return hashlib.sha256(f"{exchange.who.credential}\0{key}".encode()).hexdigest()[:32]


async def _connect(exchange: Exchange, number: str, outside: str, name: str) -> Answer:
    """The outside number leads to the extension from now on."""
    records = exchange.service.deps.records
    async with exchange.service.changing:
        made = await records.get(INBOUND_NUMBER, outside)
        if made is None:
            record = InboundNumber(number=outside, name=name, destination=number)
            made = await records.create(INBOUND_NUMBER, record)
    return Answer(
        body=made.record, headers={"Location": f"/api/v1/inbound-numbers/%2B{outside[1:]}"} | etag_of(made)
    )


async def _ask(
    exchange: Exchange, method: str, path: str, *, query: str = "", body: bytes = b""
) -> EdgeReply:
    reply = await exchange.service.deps.edge.request(
        method,
        path,
        query=query,
        actor=exchange.who.name,
        content_type=JSON if body else "",
        body=body,
    )
    if reply.status >= 400:
        raise refused(reply)
    return reply


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/extensions/{number}/outside-number",
        scope=Scope.NUMBERS_WRITE,
        name="giveOutsideNumber",
        tag="Extensions",
        summary="Buy an outside number for an extension",
        description="The edge buys it at Twilio, which costs money every month, and its calls ring the extension. The "
        "answer is the inbound number that was made. With an `Idempotency-Key` a repeated request buys nothing twice.",
        path_types=(("number", ExtensionNumber),),
        request=OutsideNumberOrder,
        response=InboundNumber,
        status=201,
        errors=(404, 409, 502, 503, 504),
        handler=give_outside_number,
    ),
)
