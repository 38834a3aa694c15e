"""The INVITE that starts an outgoing leg (RFC 3261 8.1.1, 13.2.1; RFC 3325 for P-Asserted-Identity)."""

from __future__ import annotations

import re

import msgspec

from pbx.model.party import DialTarget, Party
from pbx.sip.headers import Headers, canonical
from pbx.sip.message import Request
from pbx.transport.abilities import ALLOW, SDP, SUPPORTED
from pbx.transport.identity import one_line, party_address
from pbx.transport.leg_host import AgentSettings

_NOT_TOKEN = re.compile(r"[^A-Za-z0-9.!%*_+`'~-]")
"""What may not stand in a header name (RFC 3261 25.1)."""


class Ours(msgspec.Struct, frozen=True):
    """What is ours in an INVITE: Contact value, From tag, Call-ID, address, and the session timer's headers."""

    contact: str
    tag: str
    call_id: str
    host: str
    session: tuple[tuple[str, str], ...]


def invite_request(
    target: DialTarget,
    caller: Party,
    ours: Ours,
    *,
    settings: AgentSettings,
    offer: bytes | None,
    extra: tuple[tuple[str, str], ...] = (),
) -> Request:
    """Everything but Via. `extra` headers replace those of the same name."""
    address = party_address(caller, target.caller_domain or ours.host)
    fields = {
        "Max-Forwards": [str(settings.max_forwards)],
        "From": [f"{address};tag={ours.tag}"],
        "To": [_bracketed(_uri(target.to_uri or target.uri))],
        "Call-ID": [ours.call_id],
        "CSeq": ["1 INVITE"],
        "Contact": [ours.contact],
        "User-Agent": [settings.user_agent],
        "Allow": [ALLOW],
        "Supported": [SUPPORTED],
    }
    if target.route:
        fields["Route"] = [_bracketed(one_line(route)) for route in target.route]
    if caller.number and not target.sets_identity:
        fields["P-Asserted-Identity"] = [address]
    if offer:
        fields["Content-Type"] = [SDP]
    headers = Headers(fields)
    for name, value in ours.session:
        headers.add(name, value)
    replaced: set[str] = set()
    for given, value in extra:
        name = canonical(_NOT_TOKEN.sub("", given))
        if name not in replaced:
            headers.remove(name)
            replaced.add(name)
        headers.add(name, one_line(value))
    return Request("INVITE", _uri(target.uri), headers, offer or b"")


def _bracketed(value: str) -> str:
    return value if value.startswith("<") else f"<{value}>"


def _uri(text: str) -> str:
    """A URI that can end neither its brackets nor the line it stands in."""
    return one_line(text).replace("<", "").replace(">", "").replace(" ", "")
