"""Who calls: what an INVITE from a trunk says about it, and what one to a trunk says of us.

RFC 3325 (P-Asserted-Identity, P-Preferred-Identity), RFC 3323 (Privacy), and Remote-Party-ID, which providers had
before them. Numbers become E.164 on the way in; phones show them as people in this country write them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pbx.feature.numbering import is_outside, to_e164, written
from pbx.model.party import Party
from pbx.model.trunk import Trunk
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import host_port
from pbx.sip.message import Request
from pbx.sip.uri import SipUri, tel_number
from pbx.transport.identity import one_line, quoted, user_part

__all__ = ["OutsideCaller", "read_caller", "user_of"]

_NOBODY = frozenset({"", "anonymous", "unknown", "restricted", "unavailable", "private", "withheld"})
_HIDES = frozenset({"id", "user", "full"})


class OutsideCaller(msgspec.Struct, frozen=True):
    """Whose call it is on a trunk: `shown` in From, `own` the number of ours that stands for it."""

    shown: Party
    own: str
    name: str
    anonymous: bool = False

    def headers(self, trunk: Trunk, domain: str) -> Iterator[tuple[str, str]]:
        """What tells the provider who calls, whatever From shows."""
        who = quoted(self.name) if trunk.show_names and not self.anonymous else ""
        address = f"{who} <sip:{user_part(self.own)}@{host_port(domain, 0)}>".strip()
        if trunk.caller_id == "rpid":
            privacy = "full" if self.anonymous else "off"
            yield "Remote-Party-ID", f"{address};party=calling;screen=yes;privacy={privacy}"
        if trunk.caller_id == "pai":
            yield "P-Asserted-Identity", address
        elif trunk.caller_id == "ppi":
            yield "P-Preferred-Identity", address
        if self.anonymous and trunk.caller_id != "from":
            yield "Privacy", "id"


def read_caller(request: Request, trunk: Trunk, country: str) -> Party:
    """Who calls, as the provider says: the asserted identity before From.

    Somebody who wants to stay unknown has no number here, whatever the provider still tells.
    """
    address = _identity(request)
    name = address.display or request.from_.display
    if wants_privacy(request):
        return Party("")
    number = user_of(address.uri)
    if number.lower() in _NOBODY:
        return Party("", "" if name.lower() in _NOBODY else one_line(name))
    if trunk.kind == "office":
        return _of_office(number, name, trunk, country)
    full = to_e164(number, country, plus_left_out=trunk.number_format == "e164")
    if full is None:
        return Party(number, name, shown=f"{trunk.callback_prefix}{number}")
    return Party(full, name, shown=f"{trunk.callback_prefix}{written(full, 'national', country)}")


def _of_office(number: str, name: str, trunk: Trunk, country: str) -> Party:
    """An extension of the other office, under the number it has here; or an outside caller who came over it."""
    if is_outside(number):
        return Party(number, name, shown=written(number, "national", country))
    return Party(f"{trunk.callback_prefix}{number}", name)


def _identity(request: Request) -> NameAddr:
    """The first identity that names a number; P-Asserted-Identity may hold a sip and a tel URI."""
    for header in ("P-Asserted-Identity", "Remote-Party-ID"):
        for value in request.headers.all(header):
            try:
                found = NameAddr.parse_list(value)
            except ParseError:
                continue
            for each in found:
                if user_of(each.uri):
                    return each
    return request.from_


def wants_privacy(request: Request) -> bool:
    """Whether nobody is to see who sends this (RFC 3323)."""
    said = (request.headers.get("Privacy") or "").lower().replace(",", ";").split(";")
    if _HIDES & {each.strip() for each in said}:
        return True
    party = (request.headers.get("Remote-Party-ID") or "").lower().replace(" ", "")
    return ";privacy=full" in party or ";privacy=uri" in party


def user_of(uri: str) -> str:
    """The number or name in a sip or tel URI, without the visual separators of numbers; "" when there is none."""
    tel = tel_number(uri)
    if tel is not None:
        return tel
    try:
        user = SipUri.parse(uri).user or ""
    except ParseError:
        return ""
    user = user.partition(";")[0]  # a telephone-subscriber's parameters (RFC 3261 19.1.6)
    digits = user.translate(_SEPARATORS)
    return digits if digits.lstrip("+").isdigit() else user


_SEPARATORS = {ord(each): None for each in "-.() "}
