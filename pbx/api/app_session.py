"""The app on a phone: let in with a password or a link, refreshed, and taken back device by device.

What it holds opens `/api/v1/app` and nothing else, whatever role its user has.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from pbx.api import access
from pbx.api.auth import unauthorized
from pbx.api.exchange import Answer, Exchange
from pbx.api.jwt import Refresh
from pbx.api.problem import ApiError, plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.session import own_user, proven
from pbx.api.sip_login import qr_svg
from pbx.api.users import RecordId, may_change
from pbx.api.views import Total
from pbx.core.errors import UserError
from pbx.model.base import Record
from pbx.model.grant import Grant
from pbx.model.kinds import EXTENSION
from pbx.model.scalars import ExtensionNumber, Label
from pbx.model.user import Code, Login, User
from pbx.store.audit import acting
from pbx.store.grants import LINK_S, Granted

__all__ = ["ROUTES", "device_of"]

_TAG = "App"
_SECRET = {"x-widget": "password", "writeOnly": True}


class AppLogin(Record, frozen=True, kw_only=True):
    """With an extension and its user's password, or with a link that an administrator has made."""

    device: Annotated[Label, Meta(description="What the device calls itself.", examples=["Alice's phone"])]
    login: Annotated[
        str,
        Meta(max_length=64, description="The number of the extension, or the user name.", examples=["101"]),
    ] = ""
    password: Annotated[
        str,
        Meta(max_length=256, description="Of the user; a voicemail PIN is none.", extra_json_schema=_SECRET),
    ] = ""
    code: Code | None = None
    link: Annotated[
        str,
        Meta(
            max_length=200,
            description="The secret of a link; then nothing else is asked for.",
            extra_json_schema=_SECRET,
        ),
    ] = ""


class DeviceWrite(Record, frozen=True, kw_only=True):
    """A browser that is to be a device of its own."""

    device: Annotated[Label, Meta(description="What it is called.", examples=["Chrome on Android"])]


class AppTokens(Record, frozen=True, kw_only=True):
    """What the app is let in with."""

    access_token: Annotated[str, Meta(description="Sent as bearer token; good for ten minutes.")]
    expires_at: Annotated[datetime, Meta(description="When the access token ends.")]
    refresh_token: Annotated[str, Meta(description="For the next pair; good once.")]
    extension: ExtensionNumber
    device: Grant


class DeviceList(Record, frozen=True, kw_only=True):
    """The devices of a user, the newest first."""

    items: tuple[Grant, ...]
    total: Total


class AppLinkWrite(Record, frozen=True, kw_only=True):
    """A link for the phone of an extension."""

    extension: ExtensionNumber


class AppLink(Record, frozen=True, kw_only=True):
    """Lets one device in, once. It is shown once."""

    secret: str
    uri: Annotated[str, Meta(description="What the app opens: the node's address and the secret.")]
    qr_svg: Annotated[str, Meta(description="The URI as a QR code.")]
    expires_at: datetime
    user: User


async def log_in(exchange: Exchange, *, body: AppLogin) -> AppTokens:
    user = await (_by_link(exchange, body.link) if body.link else _by_password(exchange, body))
    if not user.extension:
        raise ApiError(403, "no-extension", "No extension belongs to this user.")
    with acting(user.username, exchange.source):
        granted = await exchange.service.deps.accounts.grants.open(user, "app", body.device)
    return _tokens(exchange, granted)


async def let_browser_in(exchange: Exchange, *, body: DeviceWrite) -> AppTokens:
    """What it gets may do no more than any app, whatever the role of who asks."""
    user = own_user(exchange)
    with acting(user.username, exchange.source):
        granted = await exchange.service.deps.accounts.grants.open(user, "app", body.device)
    return _tokens(exchange, granted)


async def _by_password(exchange: Exchange, body: AppLogin) -> User:
    found = await exchange.service.deps.users.of_extension(body.login)
    name = body.login if found is None else found.username
    return await proven(exchange, Login(username=name, password=body.password, code=body.code))


async def _by_link(exchange: Exchange, secret: str) -> User:
    found = await exchange.service.deps.accounts.grants.redeem(secret)
    if found is None:
        raise unauthorized(
            "This link was used already, or is too old. Ask for a new one.", error="invalid_token"
        )
    return found


async def refresh(exchange: Exchange, *, body: Refresh) -> AppTokens:
    granted = await exchange.service.deps.accounts.grants.refresh(body.refresh_token, "app")
    if granted is None or not granted.user.extension:
        raise unauthorized("This refresh token is not valid. Sign in again.", error="invalid_token")
    return _tokens(exchange, granted)


def _tokens(exchange: Exchange, granted: Granted) -> AppTokens:
    deps = exchange.service.deps
    token, until = access.make(deps.accounts.key, granted.grant.id, granted.user.id, deps.clock.now())
    return AppTokens(
        access_token=token,
        expires_at=until,
        refresh_token=granted.secret,
        extension=granted.user.extension or "",
        device=granted.grant,
    )


async def log_out(exchange: Exchange) -> None:
    device = device_of(exchange)
    await exchange.service.deps.accounts.grants.close(_user(exchange), device.id)


async def list_devices(exchange: Exchange) -> DeviceList:
    found = await exchange.service.deps.accounts.grants.of(_user(exchange), "app")
    return DeviceList(items=tuple(found), total=len(found))


async def revoke_device(exchange: Exchange, *, id: str) -> None:
    if not await exchange.service.deps.accounts.grants.close(_user(exchange), id, kind="app"):
        raise plain_error(404, f"There is no device {id} of yours.")


async def make_link(exchange: Exchange, *, body: AppLinkWrite) -> Answer:
    """The extension's user is made with it, when there is none: without a password, for the app alone."""
    deps = exchange.service.deps
    async with exchange.service.changing:
        user = await deps.users.of_extension(body.extension)
        if user is None:
            may_change(exchange, "user")
            if await deps.records.get(EXTENSION, body.extension) is None:
                raise UserError(
                    f"there is no extension {body.extension}",
                    http_status=422,
                    path="$.extension",
                    got=body.extension,
                )
            user = await deps.users.create(body.extension, None, role="user", extension=body.extension)
    may_change(exchange, user.role)
    secret = await deps.accounts.grants.new_link(user)
    scheme = "https" if exchange.secure else "http"
    uri = f"bellwire://login?node={scheme}://{exchange.request.host}&link={secret}"
    until = deps.clock.now() + timedelta(seconds=LINK_S)
    return Answer(body=AppLink(secret=secret, uri=uri, qr_svg=qr_svg(uri), expires_at=until, user=user))


def _user(exchange: Exchange) -> User:
    user = exchange.who.user
    if user is None:  # the scope's check has seen to that
        raise ApiError(403, "no-extension", "No extension belongs to this credential.")
    return user


def device_of(exchange: Exchange) -> Grant:
    """The app that asks. Raises `ApiError` 403 for a browser or a program."""
    grant = exchange.who.grant
    if grant is None or grant.kind != "app":
        raise ApiError(403, "no-device", "Only an app that has signed in can do this.")
    return grant


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/app/login",
        scope=Scope.OPEN,
        cross_origin=True,
        name="logInApp",
        tag=_TAG,
        summary="Let an app in",
        description="With the extension and its user's password (and code, where one is asked for: 401 with the type "
        "urn:bellwire:problem:second-factor), or with a one-time link.",
        request=AppLogin,
        response=AppTokens,
        status=201,
        errors=(401, 403),
        handler=log_in,
    ),
    Route(
        method="POST",
        path="/api/v1/app/refresh",
        scope=Scope.OPEN,
        cross_origin=True,
        name="refreshApp",
        tag=_TAG,
        summary="Get a new pair of tokens for an app",
        description="A refresh token is good once. One that comes again later ends the device's log-in.",
        request=Refresh,
        response=AppTokens,
        errors=(401, 403),
        handler=refresh,
    ),
    Route(
        method="DELETE",
        path="/api/v1/app/login",
        scope=Scope.APP,
        name="logOutApp",
        tag=_TAG,
        summary="Sign this app out",
        status=204,
        handler=log_out,
    ),
    Route(
        method="GET",
        path="/api/v1/app/devices",
        scope=Scope.APP,
        name="listAppDevices",
        tag=_TAG,
        summary="List one's devices",
        response=DeviceList,
        handler=list_devices,
    ),
    Route(
        method="POST",
        path="/api/v1/app/devices",
        scope=Scope.APP,
        name="addAppDevice",
        tag=_TAG,
        summary="Make the browser that one is signed in with a device",
        description="For who is signed in to the site. It gets tokens as an app has: so it can be woken, and takes "
        "calls, when the session has ended. It is listed and revoked like any device.",
        request=DeviceWrite,
        response=AppTokens,
        status=201,
        handler=let_browser_in,
    ),
    Route(
        method="DELETE",
        path="/api/v1/app/devices/{id}",
        scope=Scope.APP,
        name="revokeAppDevice",
        tag=_TAG,
        summary="Sign one of one's devices out",
        path_types=(("id", RecordId),),
        status=204,
        handler=revoke_device,
    ),
    Route(
        method="POST",
        path="/api/v1/app-links",
        scope=Scope.USERS_WRITE,
        name="createAppLink",
        tag=_TAG,
        summary="Make a link that lets an app in, once",
        description="For a day. Makes the extension's user where there is none. A link made before stops working.",
        request=AppLinkWrite,
        response=AppLink,
        status=201,
        errors=(409,),
        handler=make_link,
    ),
)
