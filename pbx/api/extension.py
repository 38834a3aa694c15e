"""The extensions of the office: list, create, read, replace, change, delete, and what a phone is set up with."""

from __future__ import annotations

import secrets
import string

import msgspec

from pbx.api.codec import convert, decode_object, merge
from pbx.api.exchange import Answer, Exchange
from pbx.api.patch import patch_of
from pbx.api.problem import plain_error
from pbx.api.query import ExtensionQuery, SipLoginQuery
from pbx.api.route import JSON, MERGE_PATCH, Route
from pbx.api.scopes import Scope
from pbx.api.sip_login import qr_svg, sip_login
from pbx.api.views import ExtensionList, SipLogin
from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.scalars import ExtensionNumber

ExtensionPatch = patch_of(ExtensionWrite, "ExtensionPatch")

_ALPHABET = string.ascii_letters + string.digits
_PATH = "/api/v1/extensions"
_ONE = f"{_PATH}/{{number}}"
_NUMBER = (("number", ExtensionNumber),)


def new_sip_password() -> str:
    """20 letters and digits (119 bits): nothing that a phone's keypad or web form would change on the way."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


async def list_extensions(exchange: Exchange, *, query: ExtensionQuery) -> ExtensionList:
    store = exchange.service.deps.extensions
    if not query.q:
        page, total = await store.list(query.limit, query.offset)
        return ExtensionList(items=tuple(page), total=total)
    wanted = query.q.casefold()
    found = [one for one in await store.all() if wanted in one.number or wanted in one.name.casefold()]
    return ExtensionList(items=tuple(found[query.offset : query.offset + query.limit]), total=len(found))


async def create_extension(exchange: Exchange, *, body: ExtensionWrite) -> Answer:
    if body.sip_password is None:
        body = msgspec.structs.replace(body, sip_password=new_sip_password())
    made = await exchange.service.deps.extensions.create(body)
    return Answer(body=made, headers={"Location": f"{_PATH}/{made.number}"})


async def get_extension(exchange: Exchange, *, number: str) -> Extension:
    found = await exchange.service.deps.extensions.get(number)
    if found is None:
        raise plain_error(404, f"There is no extension {number}.")
    return found


async def replace_extension(exchange: Exchange, *, number: str, body: ExtensionWrite) -> Extension:
    async with exchange.service.changing:
        return await exchange.service.deps.extensions.replace(number, body)


async def patch_extension(exchange: Exchange, *, number: str, body: msgspec.Struct) -> Extension:
    """`body` has shown that the patch is well formed; what is merged is the JSON it came as."""
    async with exchange.service.changing:
        old = await get_extension(exchange, number=number)
        merged = merge(msgspec.to_builtins(old), decode_object(exchange.body))
        return await exchange.service.deps.extensions.replace(number, convert(merged, ExtensionWrite))


async def delete_extension(exchange: Exchange, *, number: str) -> None:
    async with exchange.service.changing:
        await exchange.service.deps.extensions.delete(number)


async def get_sip_login(exchange: Exchange, *, number: str, query: SipLoginQuery) -> SipLogin:
    service = exchange.service
    found = await get_extension(exchange, number=number)
    password = await service.deps.extensions.password(number)
    if password is None:  # deleted between the two reads
        raise plain_error(404, f"There is no extension {number}.")
    login = sip_login(found, password, service.deps.address(), service.sip_port)
    return msgspec.structs.replace(login, qr_svg=qr_svg(login.softphone_uri)) if query.qr else login


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        scope=Scope.EXTENSIONS_READ,
        name="listExtensions",
        tag="Extensions",
        summary="List the extensions",
        description="Sorted by number, shorter numbers first (99 before 100).",
        query=ExtensionQuery,
        response=ExtensionList,
        handler=list_extensions,
    ),
    Route(
        method="POST",
        path=_PATH,
        scope=Scope.EXTENSIONS_WRITE,
        name="createExtension",
        tag="Extensions",
        summary="Create an extension",
        description="Without `sip_password` one is made up. Read it with `sip-login`: no other answer shows it.",
        request=ExtensionWrite,
        response=Extension,
        status=201,
        errors=(409,),
        handler=create_extension,
    ),
    Route(
        method="GET",
        path=_ONE,
        scope=Scope.EXTENSIONS_READ,
        name="getExtension",
        tag="Extensions",
        summary="Read an extension",
        path_types=_NUMBER,
        response=Extension,
        handler=get_extension,
    ),
    Route(
        method="PUT",
        path=_ONE,
        scope=Scope.EXTENSIONS_WRITE,
        name="replaceExtension",
        tag="Extensions",
        summary="Replace an extension",
        description="`number` must be the one of the path. Without `sip_password` the old one stays.",
        path_types=_NUMBER,
        request=ExtensionWrite,
        response=Extension,
        handler=replace_extension,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        scope=Scope.EXTENSIONS_WRITE,
        name="patchExtension",
        tag="Extensions",
        summary="Change fields of an extension",
        description="A JSON merge patch (RFC 7396). `number` cannot change; `sip_password` null keeps the old one.",
        path_types=_NUMBER,
        request=ExtensionPatch,
        request_types=(MERGE_PATCH, JSON),
        response=Extension,
        handler=patch_extension,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        scope=Scope.EXTENSIONS_WRITE,
        name="deleteExtension",
        tag="Extensions",
        summary="Delete an extension",
        description="Its phones are registered no longer. Calls that are going on go on; the history stays.",
        path_types=_NUMBER,
        status=204,
        handler=delete_extension,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/sip-login",
        scope=Scope.SIP_LOGIN_READ,
        name="getSipLogin",
        tag="Extensions",
        summary="What a phone is set up with",
        description="The only answer that shows a SIP password.",
        path_types=_NUMBER,
        query=SipLoginQuery,
        response=SipLogin,
        handler=get_sip_login,
    ),
)
