"""One trunk at work: its registration, whether it answers, how many calls it carries, and what a call over it says."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from pbx.feature.numbering import written
from pbx.model.party import Credentials, DialTarget, Party
from pbx.model.trunk import TrunkStatus, TrunkWrite
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.registration import Registration, RegistrationState, plain_words
from pbx.sip.uri import SipUri

__all__ = ["TrunkLine"]

_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}


class TrunkLine:
    """The state of one trunk. `trunk` carries its password; whoever owns the line drives its registration."""

    def __init__(self, trunk: TrunkWrite, *, country: str) -> None:
        self.trunk = trunk
        self.token = f"{trunk.id}-{secrets.token_hex(8)}"
        """The user part of our Contact: nobody else knows it, so a call to it comes from the provider."""
        self.registration: Registration | None = None
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
        port = f":{trunk.port}" if trunk.port else ""
        return f"sip:{trunk.proxy or trunk.host}{port};transport={trunk.transport}"

    @property
    def registrar(self) -> str:
        transport = "" if self.trunk.transport == "udp" else f";transport={self.trunk.transport}"
        return f"sip:{self.trunk.host}{transport}"

    @property
    def aor(self) -> str:
        return f"sip:{self.trunk.username}@{self.trunk.from_domain or self.trunk.host}"

    def servers(self) -> Iterator[str]:
        """Host names of the provider's servers."""
        yield self.trunk.proxy or self.trunk.host
        yield self.trunk.host

    def named(self) -> Iterator[str]:
        """Further host names that calls may come from."""
        return (each for each in self.trunk.accept_from if not list(_networks((each,))))

    def found(self, servers: Iterable[str], named: Iterable[str]) -> None:
        """Take over what the look-up found; a resolver that fails for a while takes no provider's calls away."""
        self._named = frozenset(named) or self._named
        self.addresses = (frozenset(servers) or self.addresses) | self._named

    def sends_from(self, hop: Hop) -> bool:
        """Whether a request that came this way is the provider's.

        From the server's own address it must come from the server's port, for phones may stand behind the same address;
        what was named in `accept_from` may use any.
        """
        if hop.remote_host in self.addresses:
            port = self.trunk.port or _DEFAULT_PORT[self.trunk.transport]
            return hop.transport != "UDP" or hop.remote_port == port or hop.remote_host in self._named
        try:
            address = ipaddress.ip_address(hop.remote_host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    # -- calls ---------------------------------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        return self.state == "up"

    @property
    def state(self) -> Literal["up", "trying", "down", "off"]:
        if not self.trunk.enabled:
            return "off"
        if self.trunk.register:
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
        self, dialled: str, caller: Party, *, shown: str | None, anonymous: bool = False
    ) -> DialTarget:
        """Where an INVITE for `dialled` goes, and whose call it says it is.

        `shown` is the caller's outside number; without one the trunk's own is shown, and without that the user name.
        """
        trunk = self.trunk
        number = f"{trunk.prefix}{written(dialled, trunk.number_format, self._country)[trunk.strip_digits :]}"
        own = shown or trunk.outside_number
        identity = written(own, trunk.number_format, self._country) if own else trunk.username
        uri = f"sip:{number}@{trunk.host}{f':{trunk.port}' if trunk.port else ''}"
        return DialTarget(
            uri=uri if trunk.transport == "udp" else f"{uri};transport={trunk.transport}",
            to_uri=f"sip:{number}@{trunk.host}",
            transport=trunk.transport.upper(),
            route=(f"<{self.uri};lr>",) if trunk.proxy else (),
            label=dialled,
            credentials=Credentials(trunk.auth_username or trunk.username, trunk.password)
            if trunk.password
            else None,
            caller=Party("" if anonymous else identity, "" if anonymous else caller.name),
            caller_domain=trunk.from_domain or trunk.host,
            headers=tuple(self._identity(identity, anonymous=anonymous)),
        )

    def _identity(self, identity: str, *, anonymous: bool) -> Iterator[tuple[str, str]]:
        """The headers that tell the provider who calls, whatever From shows (RFC 3323, 3325, and RPID before them)."""
        address = f"<sip:{identity}@{self.trunk.from_domain or self.trunk.host}>"
        if self.trunk.caller_id == "rpid":
            yield "Remote-Party-ID", f"{address};party=calling;privacy={'full' if anonymous else 'off'}"
        if anonymous:
            yield "P-Asserted-Identity", address
            yield "Privacy", "id"

    def called(self, request_user: str, to_user: str, called_party: str) -> str:
        """The number that was called, as the provider wrote it: not in the Request-URI when that is our Contact."""
        if request_user not in (self.token, self.trunk.username):
            return request_user
        return _user(called_party) or to_user or request_user

    # -- status --------------------------------------------------------------------------------------------------------

    def view(self, now: float) -> TrunkStatus:
        registration = self.registration
        registered = registration is not None and registration.state is RegistrationState.REGISTERED
        state = self.state
        error = registration.error if registration is not None else ""
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
    try:
        return SipUri.parse(value.partition("<")[2].partition(">")[0] or value.strip()).user or ""
    except ParseError:
        return ""
