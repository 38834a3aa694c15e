"""Push notification parameters of a Contact (RFC 8599): who wakes the phone, and by which name.

`pn-provider` is the service, `pn-prid` the phone's token there, `pn-param` what else the service needs: for Apple the
team and the app (`DEF123GHIJ.org.example.phone.voip`), for Google the project. Some phones give Apple's tokens for
calls and for notices together (`token:voip&token:remote`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class PushParams:
    """How one phone is woken; `token` as the gateway takes it."""

    service: Service
    token: str
    app: str = ""


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
        return PushParams(service, _for_calls(prid), _KINDS.sub("", _TEAM.sub("", param, count=1)))
    if service == "webpush":
        return PushParams(service, json.dumps({"endpoint": prid}))
    return PushParams(service, prid, param)


def without_token(uri: str) -> str:
    """A contact as it may be logged."""
    return _PRID.sub(r"\1…", uri)


def _for_calls(prid: str) -> str:
    tokens = [each.partition(":") for each in prid.split("&")]
    return next((token for token, _, kind in tokens if kind == "voip"), tokens[0][0])


def _params(contact: NameAddr) -> dict[str, str]:
    """Those of the URI; of the header where a phone puts them there."""
    if contact.uri == "*":
        return {}
    try:
        inside = SipUri.parse(contact.uri).params
    except ParseError:
        return {}
    return {**contact.params, **inside}
