"""What a request must satisfy before anybody looks at what it wants (RFC 3261 8.2.1 to 8.2.3, 16.3).

Each rule raises `PeerError` with the status and the headers the RFC asks for.
"""

from __future__ import annotations

from pbx.core.errors import PeerError
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.transport.abilities import ACCEPT, missing_options
from pbx.transport.bodies import is_understood

SCHEMES = ("sip:", "sips:", "tel:")


def check_invite(request: Request) -> None:
    """An INVITE that would start a call."""
    check_hops(request)
    if not request.uri.lower().startswith(SCHEMES):
        raise PeerError(416, "Unsupported URI Scheme")
    check_offer_carrier(request)


def check_offer_carrier(request: Request) -> None:
    """An INVITE or UPDATE, in or out of a dialog."""
    check_options(request)
    check_body(request)
    try:
        contacts = request.contacts
    except ParseError as error:
        raise PeerError(400, "Bad Contact") from error
    if len(contacts) != 1:
        raise PeerError(400, "Missing Contact" if not contacts else "More Than One Contact")
    if not contacts[0].uri.lower().startswith(("sip:", "sips:")):
        raise PeerError(400, "Bad Contact")


def check_hops(request: Request) -> None:
    """A request that has been forwarded too often: here calls are passed on, so the counter ends here."""
    text = (request.headers.get("Max-Forwards") or "70").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise PeerError(400, "Bad Max-Forwards")
    if int(text) == 0:
        raise PeerError(483, "Too Many Hops")


def check_options(request: Request) -> None:
    """Extensions the peer insists on."""
    missing = missing_options(request.headers)
    if missing:
        raise PeerError(420, "Bad Extension", headers=(("Unsupported", missing),))


def check_body(request: Request) -> None:
    """A body nobody here can read."""
    if not is_understood(request):
        raise PeerError(
            415, "Unsupported Media Type", headers=(("Accept", ACCEPT), ("Accept-Encoding", "identity"))
        )
