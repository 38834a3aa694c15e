"""The extensions of the office, and what a phone is set up with."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from pbx.api.exchange import Exchange
from pbx.api.outside_number import ExtensionDeleteQuery, ask_about_numbers, release_numbers
from pbx.api.own import own_extension
from pbx.api.problem import plain_error
from pbx.api.query import SipLoginQuery
from pbx.api.resource import DeleteQuery, Resource
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.sip_login import qr_svg, sip_login
from pbx.api.views import SipLogin
from pbx.core.ids import new_sip_password
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.model.scalars import ExtensionNumber


def with_password(body: ExtensionWrite) -> ExtensionWrite:
    if body.sip_password is not None:
        return body
    return msgspec.structs.replace(body, sip_password=new_sip_password())


async def get_sip_login(exchange: Exchange, *, number: str, query: SipLoginQuery) -> SipLogin:
    service = exchange.service
    records = service.deps.records
    found = await records.get(EXTENSION, number)
    password = await records.secret(EXTENSION, number)
    if found is None or password is None:
        raise plain_error(404, f"There is no extension {number}.")
    login = sip_login(
        found.record, password, service.deps.address(), service.sip_port, service.deps.sip_tls_port
    )
    return msgspec.structs.replace(login, qr_svg=qr_svg(login.softphone_uri)) if query.qr else login


EXTENSIONS = Resource(
    EXTENSION,
    read=Scope.EXTENSIONS_READ,
    write=Scope.EXTENSIONS_WRITE,
    prepare=with_password,
    notes={
        "list": "Sorted by number, shorter numbers first (99 before 100).",
        "create": "Without `sip_password` one is made up. Read it with `sip-login`: no other answer shows it.",
        "replace": "`number` must be the one of the path. Without `sip_password` the old one stays.",
        "patch": "A JSON merge patch (RFC 7396). `number` cannot change; `sip_password` null keeps the old one.",
        "delete": "Its phones are registered no longer. Calls that are going on go on; the history stays. With an "
        "outside number that was bought for it the answer is 409: repeat with `outside_number=release` or `keep`.",
    },
)


def _mended(route: Route) -> Route:
    """What is particular to extensions."""
    if route.name == "getExtension":
        return replace(route, own=own_extension)
    if route.name == "deleteExtension":
        return replace(
            route, query=ExtensionDeleteQuery, handler=delete_extension, errors=(403, 409, 412, 503)
        )
    return route


async def delete_extension(exchange: Exchange, *, number: str, query: ExtensionDeleteQuery) -> None:
    """The outside numbers that were bought with it go first: when Twilio keeps one, the extension stays too."""
    if query.outside_number == "ask":
        await ask_about_numbers(exchange, number)
    elif query.outside_number == "release":
        if not query.force:
            await EXTENSIONS.refuse_used(exchange, number)
        await release_numbers(exchange, number)
    await EXTENSIONS.delete(exchange, query=DeleteQuery(force=query.force), number=number)


ROUTES = (
    *map(_mended, EXTENSIONS.routes()),
    Route(
        method="GET",
        path=f"{EXTENSIONS.one}/sip-login",
        scope=Scope.SIP_LOGIN_READ,
        name="getSipLogin",
        tag="Extensions",
        summary="What a phone is set up with",
        description="The only answer that shows a SIP password.",
        path_types=(("number", ExtensionNumber),),
        query=SipLoginQuery,
        response=SipLogin,
        handler=get_sip_login,
    ),
)
