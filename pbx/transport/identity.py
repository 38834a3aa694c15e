"""Writing caller IDs and contacts into headers so that nothing can escape from its place.

Names and numbers come from the directory, from other phones and from trunks. Whatever is in them, the header stays one
line and one address: control characters vanish, quotes and backslashes are escaped, user parts are percent-encoded.
"""

from __future__ import annotations

import re
import urllib.parse
from functools import lru_cache

from pbx.model.party import Party
from pbx.sip.hop import Hop, host_port

MAX_DISPLAY = 128
MAX_USER = 128

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_USER_SAFE = "-_.!~*'()&=+$,;?/"
"""RFC 3261 25.1: what may stand in the user part of a SIP URI besides letters and digits."""


def one_line(value: str) -> str:
    """A header value without control characters: CR and LF cannot start another header."""
    return _CONTROL.sub(" ", value).strip()


def quoted(name: str) -> str:
    """A display name as a quoted string; "" stays empty."""
    text = one_line(name)[:MAX_DISPLAY]
    if not text:
        return ""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def user_part(number: str) -> str:
    """A number or name as the user part of a URI."""
    return urllib.parse.quote(one_line(number)[:MAX_USER], safe=_USER_SAFE)


@lru_cache(maxsize=1024)
def party_address(party: Party, host: str) -> str:
    """From and P-Asserted-Identity: the party at this node. A party without a number is anonymous (RFC 3323)."""
    if not party.number:
        return f"{quoted(party.name) or quoted('Anonymous')} <sip:anonymous@anonymous.invalid>"
    name = quoted(party.name)
    uri = f"<sip:{user_part(party.shown or party.number)}@{host_port(host, 0)}>"
    return f"{name} {uri}" if name else uri


@lru_cache(maxsize=1024)
def contact(user: str, hop: Hop, *, secure: bool = False) -> str:
    """Our Contact, as the peer at the other end of `hop` can reach us; a SIPS URI where the peer used one
    (RFC 3261 12.1.1, RFC 5630 5.1.1.2), which says by itself that it means TLS."""
    at = host_port(hop.local_host, hop.local_port)
    scheme = "sips" if secure and hop.transport in ("TLS", "WSS") else "sip"
    plain = hop.transport == "UDP" or (scheme == "sips" and hop.transport == "TLS")
    transport = "" if plain else f";transport={hop.transport.lower()}"
    return f"<{scheme}:{user_part(user)}@{at}{transport}>" if user else f"<{scheme}:{at}{transport}>"
