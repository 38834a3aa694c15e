"""Where a request for a URI goes (RFC 3263): transport, address, port, in the order in which to try.

    IP literal              → it
    host:port               → A, AAAA
    host;transport=tcp      → SRV _sip._tcp.host, else A, AAAA
    host                    → NAPTR → SRV, else SRV of every transport, else A, AAAA

Answers are kept for as long as the DNS says; `KnownNames` holds them while it says nothing. A hop that failed stands
last for a while. One that has proven itself is still tried, last, when the DNS names others: it may be wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from random import SystemRandom

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.names import Lookup
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.uri import SipUri
from pbx.transport.dns import ADDRESS_TTL_S, Answer, CaresDns, Dns, Naptr, Srv
from pbx.transport.udp import family_of

__all__ = ["DEFAULT_PORT", "Resolver"]

log = logging.getLogger(__name__)

DEFAULT_PORT = {"UDP": 5060, "TCP": 5060, "TLS": 5061, "WS": 80, "WSS": 443}
FAILED_FRESH_S = 5.0
LONGEST_S = 3600.0
LOOKUP_S = 8.0
AVOID_S = 60.0
"""How long a hop that failed is tried last."""

PROVEN_S = 3600.0
"""How long a host that answered is tried when the DNS no longer names it."""

MAX_HOPS = 12
_MAX_CACHED = 1024

_SECURED = {"UDP": "TLS", "TCP": "TLS", "WS": "WSS"}
"""What a SIPS URI makes of a transport (RFC 3261 26.2.2, RFC 5630 3.1.3)."""

_SERVICES = {"SIP+D2U": "UDP", "SIP+D2T": "TCP", "SIPS+D2T": "TLS"}
_SRV_PREFIX = {"UDP": "_sip._udp.", "TCP": "_sip._tcp.", "TLS": "_sips._tcp."}


class Destination(msgspec.Struct, frozen=True):
    """What a URI asks for; `transport` "" leaves the choice to the DNS."""

    transport: str
    host: str
    port: int
    secure: bool = False

    @property
    def default_transport(self) -> str:
        return self.transport or ("TLS" if self.secure else "UDP")


class _Cached(msgspec.Struct):
    hops: tuple[Hop, ...]
    fresh_until: float


class _Addresses:
    """A plain look-up of addresses in the place of a DNS, without NAPTR and SRV."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def naptr(self, _name: str) -> Answer:
        return Answer((), ADDRESS_TTL_S)

    srv = naptr

    async def addresses(self, name: str) -> Answer:
        return Answer(tuple(await self._lookup(name)), ADDRESS_TTL_S)


class Resolver:
    """Next hops of URIs, with a small cache."""

    def __init__(self, clock: Clock, lookup: Lookup | None = None, *, dns: Dns | None = None) -> None:
        self._clock = clock
        self._dns: Dns = dns or (_Addresses(lookup) if lookup is not None else CaresDns())
        self._cache: dict[Destination, _Cached] = {}
        self._avoided: dict[tuple[str, str, int], float] = {}
        self._proven: dict[str, float] = {}
        self._random = SystemRandom().random

    # -- asking ----------------------------------------------------------------------------------------------------

    def known(self, uri: str) -> Hop | None:
        """The next hop when no look-up is needed: an IP literal, or a name resolved a moment ago."""
        hops = self.hops_known(uri)
        return hops[0] if hops else None

    def hops_known(self, uri: str) -> list[Hop]:
        """All next hops when no look-up is needed, best first, else none."""
        try:
            wanted = destination(uri)
        except PeerError:
            return []
        if family_of(wanted.host):
            return [_literal(wanted)]
        cached = self._fresh(wanted)
        return self._ordered(cached.hops) if cached is not None else []

    async def hops(self, uri: str) -> list[Hop]:
        """All next hops, best first. Raises `PeerError`: 404 for a name that does not resolve, 416 for a URI that
        is none of ours, 503 when the DNS fails, 504 when it takes too long."""
        wanted = destination(uri)
        if family_of(wanted.host):
            return [_literal(wanted)]
        cached = self._fresh(wanted) or await self._ask(wanted)
        if not cached.hops:
            raise PeerError(404, "Host Not Found")
        return self._ordered(cached.hops)

    def failed(self, hop: Hop) -> None:
        """Nothing useful comes from this hop: others first, for a while."""
        if len(self._avoided) >= _MAX_CACHED:
            self._avoided.clear()
        self._avoided[_place(hop)] = self._clock.monotonic() + AVOID_S

    def answered(self, hop: Hop) -> None:
        """The hop works (again)."""
        self._avoided.pop(_place(hop), None)
        self._proven.pop(hop.remote_host, None)
        self._proven[hop.remote_host] = self._clock.monotonic()
        if len(self._proven) > _MAX_CACHED:
            del self._proven[next(iter(self._proven))]

    def _ordered(self, hops: Iterable[Hop]) -> list[Hop]:
        now = self._clock.monotonic()
        return sorted(hops, key=lambda hop: self._avoided.get(_place(hop), 0.0) > now)

    def _fresh(self, wanted: Destination) -> _Cached | None:
        known = self._cache.get(wanted)
        return known if known is not None and known.fresh_until >= self._clock.monotonic() else None

    async def _ask(self, wanted: Destination) -> _Cached:
        try:
            async with asyncio.timeout(LOOKUP_S):
                hops, ttl_s = await self._look_up(wanted)
        except OSError as error:  # a TimeoutError is one too
            return self._unknown(wanted, error)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        if not hops:
            log.info("host name not found", extra={"host": wanted.host})
            ttl_s = FAILED_FRESH_S
        fresh_s = min(max(ttl_s, 1.0), LONGEST_S)
        if hops and (before := self._cache.get(wanted)) is not None:
            hops = [*hops, *self._no_longer_named(before.hops, hops)][:MAX_HOPS]
        self._cache[wanted] = cached = _Cached(tuple(hops), self._clock.monotonic() + fresh_s)
        return cached

    def _no_longer_named(self, before: Iterable[Hop], now: Iterable[Hop]) -> list[Hop]:
        """Those of before that have answered not long ago."""
        named = {_place(hop) for hop in now}
        proven_from = self._clock.monotonic() - PROVEN_S
        return [
            hop
            for hop in before
            if _place(hop) not in named and self._proven.get(hop.remote_host, proven_from) > proven_from
        ]

    def _unknown(self, wanted: Destination, error: OSError) -> _Cached:
        """Nobody has ever said where it is."""
        log.info("host name not resolved", extra={"host": wanted.host, "error": str(error)})
        if isinstance(error, TimeoutError):
            raise PeerError(504, "Resolver Time-out") from error
        self._cache[wanted] = cached = _Cached((), self._clock.monotonic() + FAILED_FRESH_S)
        return cached

    # -- RFC 3263 4 ------------------------------------------------------------------------------------------------

    async def _look_up(self, wanted: Destination) -> tuple[list[Hop], float]:
        if wanted.port:
            return await self._addresses(wanted, wanted.default_transport, wanted.host, wanted.port)
        if wanted.transport:
            services = [(wanted.transport, _SRV_PREFIX.get(wanted.transport, "") + wanted.host)]
            ttl_s = LONGEST_S
        else:
            services, ttl_s = await self._services(wanted)
        hops: list[Hop] = []
        answers = await asyncio.gather(*(self._dns.srv(name) for _, name in services if name != wanted.host))
        for (transport, _), answer in zip(services, answers, strict=False):
            if answer.records:
                ttl_s = min(ttl_s, answer.ttl_s)
            for srv in self._by_priority(answer.records):
                found, of_address_s = await self._addresses(wanted, transport, srv.target, srv.port)
                ttl_s = min(ttl_s, of_address_s) if found else ttl_s
                hops += [hop for hop in found if hop not in hops]
                if len(hops) >= MAX_HOPS:
                    return hops[:MAX_HOPS], ttl_s
        if hops or any(answer.records for answer in answers):
            return hops, ttl_s
        transport = wanted.default_transport
        return await self._addresses(wanted, transport, wanted.host, DEFAULT_PORT[transport])

    async def _services(self, wanted: Destination) -> tuple[list[tuple[str, str]], float]:
        """(transport, name to ask SRV for), best first: what NAPTR says, else one for each transport (4.1)."""
        answer = await self._dns.naptr(wanted.host)
        offered: list[Naptr] = [
            each
            for each in answer.records
            if each.flags.lower() == "s"
            and each.service.upper() in _SERVICES
            and (not wanted.secure or each.service.upper().startswith("SIPS+"))
        ]
        if offered:
            offered.sort(key=lambda each: (each.order, each.preference))
            return [(_SERVICES[each.service.upper()], each.replacement) for each in offered], answer.ttl_s
        transports = ("TLS",) if wanted.secure else ("UDP", "TCP", "TLS")
        return [(each, _SRV_PREFIX[each] + wanted.host) for each in transports], LONGEST_S

    async def _addresses(
        self, wanted: Destination, transport: str, host: str, port: int
    ) -> tuple[list[Hop], float]:
        name = wanted.host if transport in ("TLS", "WSS") else ""
        if family_of(host):
            return [Hop(transport, host, port, server_name=name)], LONGEST_S
        answer = await self._dns.addresses(host)
        return [Hop(transport, each, port, server_name=name) for each in answer.records], answer.ttl_s

    def _by_priority(self, records: Iterable[Srv]) -> list[Srv]:
        """RFC 2782: lowest priority number first, within it by a draw in which weight is the chance."""
        usable = [each for each in records if each.target]
        return sorted(
            usable, key=lambda each: (each.priority, -(self._random() ** (1 / max(each.weight, 0.01))))
        )


def destination(uri: str) -> Destination:
    """What a URI asks for. Raises `PeerError` 416, or 503 for a transport that is not spoken."""
    try:
        parsed = SipUri.parse(uri)
    except ParseError as error:
        raise PeerError(416, "Unsupported URI Scheme") from error
    secure = parsed.scheme == "sips"
    transport = (parsed.params.get("transport") or "").upper()
    if secure and transport in _SECURED:
        transport = _SECURED[transport]
    if transport and transport not in DEFAULT_PORT:
        raise PeerError(503, "Transport Not Supported")
    host = (parsed.params.get("maddr") or parsed.host).strip("[]").rstrip(".")
    return Destination(transport, host, parsed.port or 0, secure)


def _literal(wanted: Destination) -> Hop:
    transport = wanted.default_transport
    return Hop(transport, wanted.host, wanted.port or DEFAULT_PORT[transport])


def _place(hop: Hop) -> tuple[str, str, int]:
    return (hop.transport, hop.remote_host, hop.remote_port)
