"""The settings of the office."""

from __future__ import annotations

import msgspec

from pbx.api.codec import convert, decode_object, merge
from pbx.api.exchange import Exchange
from pbx.api.patch import patch_of
from pbx.api.problem import plain_error
from pbx.api.route import JSON, MERGE_PATCH, Route
from pbx.api.scopes import Scope
from pbx.feature.office_time import check_zone
from pbx.model.server_settings import EdgeKey, MailPassword
from pbx.model.settings import OfficeSettings

__all__ = ["ROUTES"]


async def get_settings(exchange: Exchange) -> OfficeSettings:
    return await exchange.service.deps.settings.get()


async def patch_settings(exchange: Exchange, *, body: msgspec.Struct) -> OfficeSettings:
    """`body` has shown that the patch is well formed; what is merged is the JSON it came as."""
    store = exchange.service.deps.settings
    async with exchange.service.changing:
        old = msgspec.to_builtins(await store.get())
        wanted = convert(merge(old, decode_object(exchange.body)), OfficeSettings)
        check_zone(wanted.time_zone)
        await store.put(wanted)
    return wanted


async def put_mail_password(exchange: Exchange, *, body: MailPassword) -> None:
    store = exchange.service.deps.mail_password
    if store is None:
        raise plain_error(409, "This place sends no mail.")
    await store(body.password)


async def put_edge_key(exchange: Exchange, *, body: EdgeKey) -> None:
    store = exchange.service.deps.edge_key
    if store is None:
        raise plain_error(409, "This place has no edges.")
    await store(body.key)


ROUTES = (
    Route(
        method="PUT",
        path="/api/v1/settings/edge-key",
        scope=Scope.OFFICE_WRITE,
        name="putEdgeKey",
        tag="Settings",
        summary="Set the key that this office shows to its edges",
        description="Of the servers in the setting `edges`. It is kept sealed, and no answer shows it.",
        request=EdgeKey,
        status=204,
        errors=(409,),
        handler=put_edge_key,
    ),
    Route(
        method="PUT",
        path="/api/v1/settings/mail-password",
        scope=Scope.OFFICE_WRITE,
        name="putMailPassword",
        tag="Settings",
        summary="Set the password at the mail server",
        description="Of the server in the setting `mail`. It is kept sealed, and no answer shows it.",
        request=MailPassword,
        status=204,
        errors=(409,),
        handler=put_mail_password,
    ),
    Route(
        method="GET",
        path="/api/v1/settings",
        scope=Scope.OFFICE_READ,
        name="getSettings",
        tag="Settings",
        summary="Read the settings of the office",
        response=OfficeSettings,
        handler=get_settings,
    ),
    Route(
        method="PATCH",
        path="/api/v1/settings",
        scope=Scope.OFFICE_WRITE,
        name="patchSettings",
        tag="Settings",
        summary="Change settings of the office",
        description="A JSON merge patch (RFC 7396). A change counts for the next call.",
        request=patch_of(OfficeSettings, "OfficeSettingsPatch"),
        request_types=(MERGE_PATCH, JSON),
        response=OfficeSettings,
        handler=patch_settings,
    ),
)
