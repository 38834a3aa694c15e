"""Push notification parameters of a Contact (RFC 8599): who wakes the phone, and by which name.

`pn-provider` is the service, `pn-prid` the phone's token there, `pn-param` what else the service needs: for Apple the
team and the app (`DEF123GHIJ.org.example.phone.voip`), for Google the project. Some phones give Apple's tokens for
calls and for notices together (`token:voip&token:remote`); a phone that takes notices alone cannot be rung.
"""

from __future__ import annotations

import json
import re
from typing import Literal

import msgspec

from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.sip.uri import SipUri

__all__ = ["PushParams", "asked_providers", "params_of", "without_token"]

MAX_PRID_CHARS = 1024
_TEAM = re.compile(r"[A-Z0-9]{10}\.")
_KINDS = re.compile(r"\.(?:voip|remote)(?:&(?:voip|remote))*$")
_PRID = re.compile(r"(;pn-prid=)[^;>?]*", re.IGNORECASE)

Service = Literal["apns", "fcm", "webpush"]
_SERVICES: dict[str, Service] = {"apns": "apns", "fcm": "fcm", "webpush": "webpush"}


class PushParams(msgspec.Struct, frozen=True):
    """How one phone is woken; tokens as the gateway takes them. `alert_token` is Apple's for what is no call."""

    service: Service
    token: str
    app: str = ""
    alert_token: str = ""


def asked_providers(request: Request) -> list[str]:
    """The `pn-provider` of each Contact that has one; "" asks which there are (RFC 8599 4.1)."""
    found = []
    for contact in request.contacts:
        params = _params(contact)
        if "pn-provider" in params:
            found.append(params["pn-provider"].lower())
    return found


def params_of(contact: NameAddr) -> PushParams | None:
    """None for a phone that is not to be woken, or says too little."""
    params = _params(contact)
    service = _SERVICES.get(params.get("pn-provider", "").lower())
    prid = params.get("pn-prid", "")
    if service is None or not prid or len(prid) > MAX_PRID_CHARS:
        return None
    param = params.get("pn-param", "")
    if service == "apns":
        tokens = _by_kind(prid, param)
        app = _KINDS.sub("", _TEAM.sub("", param, count=1))
        if not (token := tokens.get("voip", "")):
            return None
        return PushParams(service, token, app, tokens.get("remote", ""))
    if service == "webpush":
        return PushParams(service, json.dumps({"endpoint": prid}))
    return PushParams(service, prid, param)


def without_token(uri: str) -> str:
    """A contact as it may be logged."""
    return _PRID.sub(r"\1…", uri)


def _by_kind(prid: str, param: str) -> dict[str, str]:
    """Each token under what it is for; one that does not say it is for what `pn-param` names, and for calls."""
    kinds = _KINDS.search(param)
    alone = "remote" if kinds is not None and kinds[0] == ".remote" else "voip"
    tokens = [each.partition(":") for each in prid.split("&")]
    return {kind or alone: token for token, _, kind in tokens}


def _params(contact: NameAddr) -> dict[str, str]:
    """Those of the URI; of the header where a phone puts them there."""
    if contact.uri == "*":
        return {}
    try:
        inside = SipUri.parse(contact.uri).params
    except ParseError:
        return {}
    return {**contact.params, **inside}
