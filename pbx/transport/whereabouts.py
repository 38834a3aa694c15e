"""Where the peer of a leg is, and so where the next request in the dialog goes (RFC 3261 12.2.1.1, RFC 3581).

The dialog's route set or remote target decides. A peer behind NAT is where its packets come from, whatever its Contact
says; a connection it opened is used as long as it stands.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pbx.core.errors import PeerError
from pbx.sip.dialog import Dialog
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri
from pbx.transport.dialling import leaves_tls

if TYPE_CHECKING:
    from pbx.transport.leg_host import LegHost

log = logging.getLogger(__name__)


class Whereabouts:
    """One peer. `hop` is where it was last heard from, or where the INVITE went."""

    __slots__ = ("_away", "_host", "hop", "natted")

    def __init__(self, host: LegHost, hop: Hop, *, natted: bool) -> None:
        """`natted`: the peer's Contact is not where it can be reached, its packets are."""
        self.hop = hop
        self._away = 0
        self._host = host
        self.natted = natted

    def heard_from(self, hop: Hop) -> None:
        """The peer's latest message came over this hop; behind NAT, or on a new connection, that is where it is."""
        known = self.hop
        if hop.transport == known.transport and (
            self.natted or hop.connection or hop.remote_host == known.remote_host
        ):
            self.hop = hop
            if self._away and hop.connection:
                away, self._away = self._away, 0
                self._host.driver.arrived(away, hop)

    def lost_connection(self, *, away: bool) -> None:
        """The connection ended with an earlier process. `away`: the phone is who opens the next one."""
        hop = self.hop
        self._away = self._host.driver.expect() if away and hop.reliable else 0
        self.hop = replace(hop, connection=self._away)

    @property
    def is_away(self) -> bool:
        """Whether the phone has yet to connect again."""
        return self._away != 0

    def of(self, dialog: Dialog) -> Hop:
        """Where the next request in `dialog` goes, with our address filled in."""
        here = self.hop
        if self._away:
            return self._host.facing(here)
        try:
            uri = dialog.next_hop
        except ParseError:
            return self._host.facing(here)
        if self.natted and not dialog.route_set and not leaves_tls(uri, here):
            return self._host.facing(here)
        hop = self._host.resolver.known(uri)
        if hop is None:
            # A name that is not known yet: the peer is also where its packets come from. Next time it is known.
            self._host.spawn("resolve", self._learn(uri))
            return self._host.facing(here)
        if here.connection and hop.transport == here.transport:
            hop = Hop(hop.transport, hop.remote_host, hop.remote_port, connection=here.connection)
        return self._host.facing(hop)

    async def _learn(self, uri: str) -> None:
        try:
            await self._host.resolver.hops(uri)
        except PeerError as error:
            log.info("next hop not found", extra={"uri": uri, "status": error.sip_status})


def is_behind_nat(request: Request, hop: Hop) -> bool:
    """Whether the sender does not know its own address: its only Via names another host than its packets."""
    if len(request.headers.all("Via")) != 1:
        return False
    if request.via.host == hop.remote_host:
        return False
    try:
        said = ipaddress.ip_address(request.via.host.strip("[]"))
        seen = ipaddress.ip_address(hop.remote_host.partition("%")[0])
    except ValueError:
        return False
    return said != seen


def same_place(uri: str, other: str) -> bool:
    """Whether two contacts are one phone's: user, host and port; what else they say differs from request to request."""
    try:
        a, b = SipUri.parse(uri), SipUri.parse(other)
    except ParseError:
        return False
    return (a.user, a.host, a.port) == (b.user, b.host, b.port)
