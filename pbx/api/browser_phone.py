"""What a phone in a page is set up with: a password for hours, where to connect, who relays audio, what to dial."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError, plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.sip_login import bracketed
from pbx.core.config import NodeConfig
from pbx.core.errors import UserError
from pbx.feature.browser_login import ANY, BrowserLogin
from pbx.feature.park import SLOTS
from pbx.model.base import Record
from pbx.model.extension import Extension
from pbx.model.feature_code import DEFAULT_CODES, FeatureCode
from pbx.model.kinds import EXTENSION, FEATURE_CODE
from pbx.model.scalars import ExtensionNumber

__all__ = ["ROUTES", "turn_servers"]


class BrowserPhoneWrite(Record, frozen=True, kw_only=True):
    """Whose phone the page is."""

    extension: Annotated[
        ExtensionNumber | None,
        Meta(description="One's own without it; another's for those who may read SIP logins."),
    ] = None


class IceServer(Record, frozen=True, kw_only=True):
    """Who relays audio for a browser that cannot reach the node: an entry of RTCConfiguration.iceServers."""

    urls: tuple[str, ...]
    username: str
    credential: str


class BrowserPhone(Record, frozen=True, kw_only=True):
    """The login of a phone in a page."""

    extension: str
    name: str
    uri: Annotated[str, Meta(examples=["sip:101@192.0.2.10"])]
    authorization_username: Annotated[str, Meta(description="For the digest; it is not the extension.")]
    password: str
    expires_at: Annotated[
        datetime, Meta(description="Ask again before. It ends with the session that asked, too.")
    ]
    instance: Annotated[
        str, Meta(description="The `+sip.instance` to register with.", examples=["urn:uuid:f81d4fae-7dec-…"])
    ]
    web_sockets: Annotated[
        tuple[str, ...], Meta(description="SIP over WebSocket; the first is where the page itself is from.")
    ]
    ice_servers: tuple[IceServer, ...]
    echo_test: Annotated[str, Meta(description="What is dialled for it; empty: the office has no code.")]
    voicemail: Annotated[str, Meta(description="What is dialled for one's messages; empty: likewise.")]
    park_slots: Annotated[tuple[str, ...], Meta(description="A call transferred to one of these is parked.")]
    emergency_numbers: tuple[str, ...]


async def open_phone(exchange: Exchange, *, body: BrowserPhoneWrite) -> BrowserPhone:
    number, scope = _whose(exchange, body.extension)
    deps = exchange.service.deps
    found = await deps.records.get(EXTENSION, number)
    if found is None:
        raise plain_error(404, f"There is no extension {number}.")
    extension: Extension = found.record
    if not extension.enabled:
        raise ApiError(403, "extension-disabled", f"The extension {number} is switched off.")
    if deps.pages is None:
        raise UserError("this place has no phones in pages", http_status=503)
    login = deps.pages.issue(number, exchange.who.credential, scope=scope)
    codes = await deps.records.all(FEATURE_CODE) or DEFAULT_CODES
    slot_code = _code(codes, "park_slot", number=True)
    return BrowserPhone(
        extension=number,
        name=extension.name,
        uri=f"sip:{number}@{bracketed(deps.address())}",
        authorization_username=login.username,
        password=login.password,
        expires_at=login.expires_at,
        instance=login.instance,
        web_sockets=_web_sockets(exchange),
        ice_servers=turn_servers(deps.config, login),
        echo_test=_code(codes, "echo"),
        voicemail=_code(codes, "voicemail"),
        park_slots=tuple(slot_code.replace("NUMBER", slot) for slot in SLOTS) if slot_code else (),
        emergency_numbers=deps.config.emergency_numbers,
    )


def turn_servers(config: NodeConfig, login: BrowserLogin) -> tuple[IceServer, ...]:
    """Credentials that end with the login's, as coturn makes them (draft-uberti-behave-turn-rest-00)."""
    if not config.turn_server or not config.turn_secret:
        return ()
    username = f"{int(login.expires_at.timestamp())}:{login.username}"
    digest = hmac.digest(config.turn_secret.encode(), username.encode(), "sha1")
    return (
        IceServer(urls=config.turn_server, username=username, credential=base64.b64encode(digest).decode()),
    )


def _whose(exchange: Exchange, wanted: str | None) -> tuple[str, str]:
    """The extension, and what the credential may speak for. Raises `ApiError` 403."""
    who = exchange.who
    own = who.user.extension if who.user is not None else None
    if wanted is not None and wanted != own:
        if Scope.SIP_LOGIN_READ not in who.scopes:
            raise ApiError(403, "not-yours", "This is somebody else's extension.")
        return wanted, ANY
    if not own or Scope.APP not in who.scopes:
        raise ApiError(403, "no-extension", "No extension belongs to this credential.")
    return own, own if Scope.SIP_LOGIN_READ not in who.scopes else ANY


def _web_sockets(exchange: Exchange) -> tuple[str, ...]:
    """Where the page came from; from plain HTTP the way over TLS as well, if the certificate is trusted."""
    host, config = exchange.request.host, exchange.service.deps.config
    if exchange.secure:
        return (f"wss://{host}/ws/sip",)
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    secure = (f"wss://{name}:{config.https_port}/ws/sip",) if config.tls and config.https_port else ()
    return (f"ws://{host}/ws/sip", *secure)


def _code(codes: Sequence[FeatureCode], feature: str, *, number: bool = False) -> str:
    """What is dialled for a feature, with a `number` in it or without; "" when nothing is."""
    found = (each.code for each in codes if each.feature == feature and each.enabled)
    return next((each for each in found if ("NUMBER" in each) is number), "")


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/app/browser-phone",
        scope=Scope.SESSION,
        name="openBrowserPhone",
        tag="App",
        summary="Get the login of a phone in a page",
        description="The password is good for twelve hours, and only as long as the session or token that asked. "
        "Nothing is stored, and others that were given before stay good.",
        request=BrowserPhoneWrite,
        response=BrowserPhone,
        errors=(403, 404, 503),
        audited=False,
        handler=open_phone,
    ),
)
