"""Phones that can be woken: an app says where, an administrator sees how well it works."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pbx.api.app_session import device_of
from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.push_phone import PushPhone, WakeService, WakeTest
from pbx.model.scalars import Label

__all__ = ["ROUTES"]

_SECRET = {"writeOnly": True}


class PushWrite(Record, frozen=True, kw_only=True):
    """Where the device can be woken."""

    service: WakeService
    token: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=4096,
            description="What the platform gave the app; for webpush the subscription as JSON.",
            extra_json_schema=_SECRET,
        ),
    ]
    alert_token: Annotated[
        str,
        Meta(
            max_length=4096,
            description="apns only: the token for what is no call, so that the iPhone is told of missed calls, "
            "voicemail and texts too.",
            extra_json_schema=_SECRET,
        ),
    ] = ""
    app: Annotated[
        str, Meta(max_length=200, description="The app at its platform, such as org.example.phone.")
    ] = ""
    sandbox: Annotated[bool, Meta(description="The app was installed by its developers.")] = False
    instance: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(
            description="The `+sip.instance` that it registers with. Without it the device counts as asleep until "
            "it has registered after a push.",
            examples=['"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'],
        ),
    ] = None


class PushState(Record, frozen=True, kw_only=True):
    """What becomes of it."""

    stored: bool
    news: Annotated[bool, Meta(description="Whether it is told of missed calls, voicemail and texts too.")]
    delivering: Annotated[bool, Meta(description="Whether this node can send to that service.")]
    detail: str


class PushServices(Record, frozen=True, kw_only=True):
    """What a device can be woken by."""

    services: tuple[str, ...]
    vapid_key: Annotated[
        str,
        Meta(description="What a browser subscribes with: its `applicationServerKey`; empty: no Web Push."),
    ]


class PushDecline(Record, frozen=True, kw_only=True):
    """A call that a phone was woken for is not wanted there."""

    decline: Annotated[
        str, Meta(max_length=100, description="The secret of the push.", extra_json_schema=_SECRET)
    ]


class PushPhoneList(Record, frozen=True, kw_only=True):
    """A page of the phones that can be woken."""

    items: tuple[PushPhone, ...]
    total: Total


_PHONES = Search(PushPhone, "PushPhoneQuery")


async def put_push(exchange: Exchange, *, body: PushWrite) -> PushState:
    device = device_of(exchange)
    deps = exchange.service.deps
    user = exchange.who.user
    phone = PushPhone(
        id=device.id,
        extension="" if user is None else user.extension or "",
        service=body.service,
        app=body.app,
        sandbox=body.sandbox,
        device=device.device,
        instance=_bare(body.instance),
        told_by="app",
        seen_at=deps.clock.now(),
    )
    await deps.push.put(phone, body.token, body.alert_token)
    delivering = body.service in deps.push.services()
    detail = ""
    if not delivering:
        detail = f"The token is kept. This node has no key for {body.service}, so nothing is sent."
    elif phone.nameless:
        detail = (
            "Say the instance too: without it, nobody knows that the device is awake, and pushes are wasted."
        )
    news = body.service != "apns" or bool(body.alert_token)
    return PushState(stored=True, news=news, delivering=delivering, detail=detail)


async def delete_push(exchange: Exchange) -> None:
    await exchange.service.deps.push.remove(device_of(exchange).id)


async def decline(exchange: Exchange, *, id: str, body: PushDecline) -> None:
    if not exchange.service.deps.push.decline(id, body.decline):
        raise plain_error(404, "This phone is not being woken for that call any more.")


async def get_services(exchange: Exchange) -> PushServices:
    push = exchange.service.deps.push
    return PushServices(services=tuple(sorted(push.services())), vapid_key=push.vapid_key())


async def list_phones(exchange: Exchange, *, query: msgspec.Struct) -> PushPhoneList:
    page, total = _PHONES.page(exchange.service.deps.push.all(), query)
    return PushPhoneList(items=page, total=total)


async def wake_phone(exchange: Exchange, *, id: str) -> WakeTest:
    return await exchange.service.deps.push.try_out(id)


async def delete_phone(exchange: Exchange, *, id: str) -> None:
    if not await exchange.service.deps.push.remove(id):
        raise plain_error(404, f"There is no phone {id} that can be woken.")


def _bare(instance: str | None) -> str | None:
    """Without the quotes, and with the brackets, that it has in a Contact."""
    bare = (instance or "").strip().strip('"')
    return f"<{bare}>" if bare.startswith("urn:") else bare or None


_PUT = Route(
    method="PUT",
    path="/api/v1/app/push",
    scope=Scope.APP,
    name="putAppPush",
    tag="App",
    summary="Say where this device can be woken",
    description="The token is stored, sealed. Whether anything can be sent to it is said in the answer.",
    request=PushWrite,
    response=PushState,
    handler=put_push,
)

ROUTES = (
    _PUT,
    Route(
        method="POST",
        path="/api/v1/app/push-token",
        scope=Scope.APP,
        name="addAppPushToken",
        tag="App",
        summary="Say where this device can be woken",
        description="The same as `PUT /api/v1/app/push`: a device has one token, the last that it said.",
        request=PushWrite,
        response=PushState,
        handler=put_push,
    ),
    Route(
        method="DELETE",
        path="/api/v1/app/push",
        scope=Scope.APP,
        name="deleteAppPush",
        tag="App",
        summary="Forget where this device can be woken",
        status=204,
        handler=delete_push,
    ),
    Route(
        method="GET",
        path="/api/v1/app/push",
        scope=Scope.APP,
        name="getAppPush",
        tag="App",
        summary="What a device can be woken by",
        response=PushServices,
        handler=get_services,
    ),
    Route(
        method="POST",
        path="/api/v1/app/push-calls/{id}/decline",
        scope=Scope.OPEN,
        cross_origin=True,
        name="declinePushCall",
        tag="App",
        summary="Decline a call on the phone that was woken for it",
        description="`id` is the `call_id` of the push, and what it carries as `decline` is the right to do so, once. "
        "The call stops there alone. 404 when it is over, or the phone has registered: then it declines by SIP.",
        path_types=(("id", Label),),
        request=PushDecline,
        status=204,
        errors=(404,),
        audited=False,
        handler=decline,
    ),
    Route(
        method="GET",
        path="/api/v1/push-phones",
        scope=Scope.REGISTRATIONS_READ,
        name="listPushPhones",
        tag="Registrations",
        summary="List the phones that can be woken, and how well they wake",
        description="`score` falls with each call that a phone did not wake for; `last_reason` says why.",
        query=_PHONES.query,
        response=PushPhoneList,
        handler=list_phones,
    ),
    Route(
        method="POST",
        path="/api/v1/push-phones/{id}/wake",
        scope=Scope.EXTENSIONS_WRITE,
        name="wakePushPhone",
        tag="Registrations",
        summary="Wake a phone now, and see whether it comes",
        description="It shows a call for a moment. Answers when the phone has registered, or its waking time is over.",
        path_types=(("id", Label),),
        response=WakeTest,
        errors=(404, 503),
        handler=wake_phone,
    ),
    Route(
        method="DELETE",
        path="/api/v1/push-phones/{id}",
        scope=Scope.EXTENSIONS_WRITE,
        name="deletePushPhone",
        tag="Registrations",
        summary="Wake a phone no more",
        description="Until it says its token again.",
        path_types=(("id", Label),),
        status=204,
        errors=(404,),
        handler=delete_phone,
    ),
)
