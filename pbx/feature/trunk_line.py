"""One trunk at work: its registration, whether it answers, how many calls it carries, and what a call over it says."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from pbx.feature.caller_id import OutsideCaller, user_of
from pbx.feature.diversion import diversion_headers
from pbx.feature.numbering import is_outside, to_e164, written
from pbx.model.party import Credentials, DialTarget, Diversion, Party
from pbx.model.trunk import TrunkStatus, TrunkWrite
from pbx.sip.hop import Hop, host_port
from pbx.sip.registration import Registration, RegistrationState, plain_words

__all__ = ["TrunkLine"]

_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}


class TrunkLine:
    """The state of one trunk. `trunk` carries its password; whoever owns the line drives its registration."""

    def __init__(
        self, trunk: TrunkWrite, *, country: str, edge_up: Callable[[], bool] = lambda: False
    ) -> None:
        self.trunk = trunk
        self._edge_up = edge_up
        self.token = f"{trunk.id}-{secrets.token_hex(8)}"
        """The user part of our Contact: nobody else knows it, so a call to it comes from the provider."""
        self.registration: Registration | None = None
        self.flow: Hop | None = None
        """The connection the registration was made over; None over UDP, which has none."""
        self.wake = asyncio.Event()
        """Set when the registration is due earlier than it was."""
        self.addresses: frozenset[str] = frozenset()
        self._named: frozenset[str] = frozenset()  # those of `accept_from`
        self.answers: bool | None = None  # to OPTIONS; None: not asked yet
        self.status = 0
        self.round_trip_ms: float | None = None
        self.calls = 0
        self._country = country
        self._networks = tuple(_networks(trunk.accept_from))

    # -- addresses -----------------------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """Where requests of this trunk go."""
        trunk = self.trunk
        return f"sip:{host_port(trunk.proxy or trunk.host, trunk.port)};transport={trunk.transport}"

    @property
    def registrar(self) -> str:
        transport = "" if self.trunk.transport == "udp" else f";transport={self.trunk.transport}"
        return f"sip:{host_port(self.trunk.host, 0)}{transport}"

    @property
    def aor(self) -> str:
        return f"sip:{self.trunk.username}@{host_port(self.trunk.from_domain or self.trunk.host, 0)}"

    def servers(self) -> Iterator[str]:
        """Host names of the provider's servers."""
        if self.is_edge:
            return
        yield self.trunk.proxy or self.trunk.host
        yield self.trunk.host

    def named(self) -> Iterator[str]:
        """Further host names that calls may come from."""
        return (each for each in self.trunk.accept_from if not list(_networks((each,))))

    def found(self, servers: Iterable[str], named: Iterable[str]) -> None:
        """Take over what the look-up found; a resolver that fails for a while takes no provider's calls away."""
        self._named = frozenset(named) or self._named
        self.addresses = (frozenset(servers) or self.addresses) | self._named

    def is_at(self, host: str) -> bool:
        """Whether an address is one of the provider's."""
        if host in self.addresses:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def sends_from(self, hop: Hop) -> bool:
        """Whether a request that came this way is the provider's.

        From the server's own address it must come from the server's port, for phones may stand behind the same address;
        what was named in `accept_from` may use any. An office proves its password, or comes over TLS.
        """
        if self.is_edge or (self.is_office and (self.trunk.password or hop.transport != "TLS")):
            return False
        if hop.remote_host in self.addresses:
            port = self.trunk.port or _DEFAULT_PORT[self.trunk.transport]
            if hop.transport != "UDP" or hop.remote_port == port or hop.remote_host in self._named:
                return True
        try:
            address = ipaddress.ip_address(hop.remote_host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    # -- calls ---------------------------------------------------------------------------------------------------------

    @property
    def is_office(self) -> bool:
        """Whether it leads to another office of the same people: then its calls reach extensions."""
        return self.trunk.kind == "office"

    @property
    def is_edge(self) -> bool:
        """Whether calls go out through the tunnel to an edge."""
        return self.trunk.kind == "edge"

    @property
    def registers(self) -> bool:
        return self.trunk.register and self.trunk.kind == "provider"

    @property
    def is_checked(self) -> bool:
        """Whether it is asked by OPTIONS."""
        return bool(self.trunk.check_every_s) and not self.is_edge

    @property
    def is_up(self) -> bool:
        return self.state == "up"

    @property
    def state(self) -> Literal["up", "trying", "down", "off"]:
        if not self.trunk.enabled:
            return "off"
        if self.is_edge:
            return "up" if self._edge_up() else "down"
        return self._sip_state

    @property
    def _sip_state(self) -> Literal["up", "trying", "down"]:
        if self.is_office and not self.trunk.password and self.trunk.transport != "tls":
            return "down"
        if self.registers:
            state = self.registration.state if self.registration else RegistrationState.IDLE
            if state is RegistrationState.REGISTERED:
                return "down" if self.answers is False else "up"
            return "down" if state is RegistrationState.WAITING else "trying"
        if self.trunk.check_every_s == 0:
            return "up"
        return "trying" if self.answers is None else "up" if self.answers else "down"

    @property
    def has_room(self) -> bool:
        return self.calls < self.trunk.max_channels

    def seize(self) -> Callable[[], None]:
        """Take a channel for a leg; what is returned gives it back, once."""
        self.calls += 1
        held = [self]

        def release() -> None:
            if held:
                held.pop().calls -= 1

        return release

    def target(
        self,
        dialled: str,
        caller: Party,
        *,
        shown: str | None,
        anonymous: bool = False,
        diverted: Sequence[Diversion] = (),
    ) -> DialTarget:
        """Where an INVITE for `dialled` goes, and whose call it says it is.

        `shown` is the caller's outside number; without one the trunk's own is shown, and without that the user name.
        """
        trunk = self.trunk
        if self.is_edge:
            return self._through_edge(dialled, shown)
        number = f"{trunk.prefix}{self._written(dialled)[trunk.strip_digits :]}"
        who = self._caller(caller, shown, anonymous=anonymous)
        domain = trunk.from_domain or trunk.host
        uri = f"sip:{number}@{host_port(trunk.host, trunk.port)}"
        return DialTarget(
            uri=uri if trunk.transport == "udp" else f"{uri};transport={trunk.transport}",
            to_uri=f"sip:{number}@{host_port(trunk.host, 0)}",
            transport=trunk.transport.upper(),
            route=self.route,
            label=dialled,
            credentials=self.credentials,
            caller=who.shown,
            caller_domain=domain,
            headers=(
                *who.headers(trunk, domain),
                *diversion_headers([self._sender(each) for each in diverted], number, domain),
            ),
            sets_identity=True,
            codecs=trunk.codecs,
        )

    def _through_edge(self, dialled: str, shown: str | None) -> DialTarget:
        """Twilio shows numbers of the office only, so the caller's own is not tried."""
        number = to_e164(dialled, self._country) or dialled
        return DialTarget(
            uri=f"tel:{number}",
            to_uri=f"tel:{number}",
            transport="EDGE",
            host="127.0.0.1",
            label=number,
            caller=Party(shown or self.trunk.outside_number or ""),
            sets_identity=True,
            inside=True,
        )

    @property
    def route(self) -> tuple[str, ...]:
        """The way of requests of this trunk: the outbound proxy, then what the registrar said (RFC 3608 5)."""
        learned = self.registration.service_route if self.registration is not None else ()
        return (f"<{self.uri};lr>", *learned) if self.trunk.proxy else learned

    @property
    def credentials(self) -> Credentials | None:
        trunk = self.trunk
        if not trunk.password:
            return None
        return Credentials(trunk.auth_username or trunk.username, trunk.password)

    def _caller(self, caller: Party, shown: str | None, *, anonymous: bool) -> OutsideCaller:
        trunk = self.trunk
        if trunk.kind == "office":  # extensions know each other by their numbers
            party = Party("") if anonymous else Party(caller.number, caller.name)
            return OutsideCaller(party, party.number or "anonymous", party.name, anonymous)
        own = shown or trunk.outside_number
        identity = written(own, trunk.number_format, self._country) if own else trunk.username
        name = caller.name if trunk.show_names else ""
        if anonymous:
            return OutsideCaller(Party(""), identity, name, anonymous=True)
        number = trunk.username if trunk.from_shows == "account" and trunk.username else identity
        if trunk.forwarded_caller == "caller" and caller.extension is None and is_outside(caller.number):
            number = written(caller.number, trunk.number_format, self._country)
        return OutsideCaller(Party(number, name), identity, name)

    def _sender(self, diversion: Diversion) -> Diversion:
        """Somebody who sent the call on, as the provider wants to see numbers; an extension of ours is no number
        there, the trunk's own stands for it."""
        trunk = self.trunk
        if trunk.kind == "office":
            return diversion
        number = diversion.number if is_outside(diversion.number) else trunk.outside_number
        number = written(number, trunk.number_format, self._country) if number else trunk.username
        return Diversion(number or diversion.number, diversion.reason)

    def _written(self, dialled: str) -> str:
        trunk = self.trunk
        return dialled if trunk.kind == "office" else written(dialled, trunk.number_format, self._country)

    def called(self, request_user: str, to_user: str, called_party: str) -> str:
        """The number that was called, as the provider wrote it: not in the Request-URI when that is our Contact."""
        trunk = self.trunk
        user = request_user
        if user in (self.token, trunk.username) and trunk.kind != "office":
            user = _user(called_party) or to_user or user
        return f"{trunk.called_prefix}{user[trunk.called_strip_digits :]}"

    # -- status --------------------------------------------------------------------------------------------------------

    def view(self, now: float) -> TrunkStatus:
        registration = self.registration
        registered = registration is not None and registration.state is RegistrationState.REGISTERED
        state = self.state
        error = registration.error if registration is not None else ""
        if self.is_office and not self.trunk.password and self.trunk.transport != "tls":
            error = "Another office needs a user name and a password, the same in both, or TLS."
        if self.is_edge and state == "down":
            error = "No edge is connected."
        if not error and state == "down":
            error = plain_words(self.status or 408)
        return TrunkStatus(
            trunk=self.trunk.id,
            state=state,
            error=error if state in ("down", "trying") else "",
            sip_status=registration.status if registration is not None else self.status,
            registered_for_s=max(0, round(registration.expires_at - now))
            if registered and registration
            else None,
            round_trip_ms=self.round_trip_ms,
            calls=self.calls,
        )


def _networks(texts: tuple[str, ...]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for each in texts:
        try:
            yield ipaddress.ip_network(each, strict=False)
        except ValueError:
            continue


def _user(value: str) -> str:
    """The user part of a P-Called-Party-ID value."""
    return user_of(value.partition("<")[2].partition(">")[0] or value.strip())
