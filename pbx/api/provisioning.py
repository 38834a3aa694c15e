"""Setting a softphone up without typing: a link, as a QR code too, that gives it its login once.

Linphone fetches its settings as XML ("remote provisioning"). Other softphones scan the plain `sip:` URI that
`sip-login?qr=true` of the extension shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Answer, Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.sip_login import bracketed, qr_svg, sip_login
from pbx.api.views import SipLogin
from pbx.model.base import Record
from pbx.model.kinds import EXTENSION
from pbx.model.scalars import ExtensionNumber
from pbx.sip import xml_text

__all__ = ["ROUTES", "linphone_xml"]

_TAG = "Extensions"
_XML = "application/xml"
REGISTER_S = 3600
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ProvisioningWrite(Record, frozen=True, kw_only=True):
    """A link for a softphone of an extension."""

    extension: ExtensionNumber


class ProvisioningLink(Record, frozen=True, kw_only=True):
    """Sets one softphone up, once. It is shown once."""

    url: Annotated[str, Meta(description="What Linphone is told as its remote provisioning address.")]
    qr_svg: Annotated[str, Meta(description="The same as a QR code.")]
    expires_at: datetime


async def make_link(exchange: Exchange, *, body: ProvisioningWrite) -> Answer:
    deps = exchange.service.deps
    if await deps.records.get(EXTENSION, body.extension) is None:
        raise plain_error(404, f"There is no extension {body.extension}.")
    secret, until = await deps.accounts.provisioning.new_link(body.extension)
    scheme = "https" if exchange.secure else "http"
    host = _seen_from_phones(exchange.request.host, deps.address())
    url = f"{scheme}://{host}/api/v1/provisioning/{secret}"
    return Answer(body=ProvisioningLink(url=url, qr_svg=qr_svg(url), expires_at=until))


def _seen_from_phones(host: str, address: str) -> str:
    """Where the site was opened, unless that is this very machine: a phone is another."""
    parts = urlsplit(f"//{host}")
    if parts.hostname not in LOOPBACK:
        return host
    return bracketed(address) if parts.port is None else f"{bracketed(address)}:{parts.port}"


async def provision(exchange: Exchange, *, secret: str) -> web.Response:
    deps = exchange.service.deps
    number = await deps.accounts.provisioning.redeem(secret)
    found = None if number is None else await deps.records.get(EXTENSION, number)
    password = None if number is None else await deps.records.secret(EXTENSION, number)
    if found is None or password is None:
        raise plain_error(404, "This link was used already, or is too old. Ask for a new one.")
    service = exchange.service
    login = sip_login(found.record, password, deps.address(), service.sip_port, deps.sip_tls_port)
    trusted = deps.config.tls_cert is not None
    body = linphone_xml(login, realm=deps.config.realm, transport="tls" if trusted else "tcp")
    return web.Response(body=body.encode(), headers={"Content-Type": _XML, "Cache-Control": "no-store"})


def linphone_xml(login: SipLogin, *, realm: str, transport: str) -> str:
    """Linphone's settings. TLS only where phones can trust the certificate without being told."""
    wanted = {each.transport.lower(): each.port for each in login.transports}
    port = wanted[transport]
    host = bracketed(login.domain.strip("[]"))
    name = login.display_name.replace("\\", "").replace('"', "")
    sections = {
        "sip": {"default_proxy": "0"},
        "auth_info_0": {
            "username": login.username,
            "passwd": login.password,
            "realm": realm,
            "domain": host,
        },
        "proxy_0": {
            "reg_proxy": f"<sip:{host}:{port};transport={transport}>",
            "reg_identity": f'"{name}" <sip:{login.username}@{host}>',
            "reg_expires": str(REGISTER_S),
            "reg_sendregister": "1",
            "push_notification_allowed": "1",
            "publish": "0",
        },
    }
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">',
    ]
    for section, entries in sections.items():
        lines.append(f'  <section name="{section}">')
        lines += [
            f'    <entry name="{key}" overwrite="true">{xml_text.text(value)}</entry>'
            for key, value in entries.items()
        ]
        lines.append("  </section>")
    return "\n".join([*lines, "</config>", ""])


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/provisioning-links",
        scope=Scope.SIP_LOGIN_READ,
        name="createProvisioningLink",
        tag=_TAG,
        summary="Make a link that sets a softphone up, once",
        description="For a day. It gives away the SIP password, so it needs the right to see that. A link made before "
        "for the same extension stops working.",
        request=ProvisioningWrite,
        response=ProvisioningLink,
        status=201,
        errors=(404,),
        handler=make_link,
    ),
    Route(
        method="GET",
        path="/api/v1/provisioning/{secret}",
        scope=Scope.OPEN,
        name="getProvisioning",
        tag=_TAG,
        summary="Fetch the settings of a softphone, once",
        description="Linphone's remote provisioning (XML). 404 for one that was used, is too old, or was never made.",
        path_types=(("secret", Annotated[str, Meta(max_length=200)]),),
        response_type=_XML,
        errors=(404,),
        handler=provision,
    ),
)
