"""Questions to the DNS, for the resolver of next hops: NAPTR (RFC 3403), SRV (RFC 2782), A and AAAA.

Asked through c-ares, which never blocks the loop, reads /etc/hosts for addresses, and tries the servers in turn. It is
imported with the first question: an office whose phones are all known by address never needs it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pbx.core.names import system_lookup

if TYPE_CHECKING:
    import aiodns

TRY_S = 2.0
TRIES = 2
ADDRESS_TTL_S = 60
"""How long an address is good for when nothing says so: from /etc/hosts, or from the system."""

_NOT_IN_DNS = (".local", ".localhost")


class Naptr(msgspec.Struct, frozen=True):
    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(msgspec.Struct, frozen=True):
    priority: int
    weight: int
    port: int
    target: str


class Answer(msgspec.Struct, frozen=True):
    """Records of one kind, none when the name has none, and for how long that holds."""

    records: tuple[Any, ...]
    ttl_s: float


class Dns(Protocol):
    """What the resolver asks. Each raises `TimeoutError` when no server answers and `OSError` when one refuses;
    a name that does not exist, or has no such record, is an empty answer."""

    async def naptr(self, name: str) -> Answer: ...

    async def srv(self, name: str) -> Answer: ...

    async def addresses(self, name: str) -> Answer: ...


def is_of_this_machine(name: str) -> bool:
    """Whether it is no name server's: one of the machine's own names, or mDNS."""
    return "." not in name or name.endswith(_NOT_IN_DNS)


class CaresDns:
    """The DNS through c-ares. `servers` stand in place of the system's ("192.0.2.53", "192.0.2.53:5353")."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._servers = tuple(servers)
        self._asker: aiodns.DNSResolver | None = None

    async def naptr(self, name: str) -> Answer:
        return await self._query(name, "NAPTR", 35, _naptr)

    async def srv(self, name: str) -> Answer:
        return await self._query(name, "SRV", 33, _srv)

    async def addresses(self, name: str) -> Answer:
        if is_of_this_machine(name):
            try:
                return Answer(tuple(await system_lookup(name)), ADDRESS_TTL_S)
            except socket.gaierror:
                return Answer((), ADDRESS_TTL_S)
        import aiodns

        try:
            found = await self._made().getaddrinfo(name, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            return _nothing(error)
        nodes = [(node.addr[0], node.ttl) for node in found.nodes]
        texts = (host.decode() if isinstance(host, bytes) else str(host) for host, _ in nodes)
        ttl_s = min((ttl for _, ttl in nodes), default=0)
        return Answer(tuple(dict.fromkeys(texts)), ttl_s if ttl_s > 0 else ADDRESS_TTL_S)

    async def close(self) -> None:
        """Give up what is being asked."""
        asker, self._asker = self._asker, None
        if asker is not None:
            await asker.close()

    async def _query(self, name: str, kind: str, number: int, read: Any) -> Answer:
        import aiodns

        try:
            found = await self._made().query_dns(name, kind)
        except aiodns.error.DNSError as error:
            return _nothing(error)
        mine = [record for record in found.answer if int(record.type) == number]
        return Answer(
            tuple(read(record.data) for record in mine), min((each.ttl for each in mine), default=0)
        )

    def _made(self) -> aiodns.DNSResolver:
        if self._asker is None:
            import aiodns

            self._asker = aiodns.DNSResolver(
                nameservers=self._servers or None, timeout=TRY_S, tries=TRIES, loop=asyncio.get_running_loop()
            )
        return self._asker


def _naptr(data: Any) -> Naptr:
    return Naptr(data.order, data.preference, data.flags, data.service, data.replacement.rstrip("."))


def _srv(data: Any) -> Srv:
    return Srv(data.priority, data.weight, data.port, data.target.rstrip("."))


def _nothing(error: Exception) -> Answer:
    """An empty answer, if that is what the error says; else raises `TimeoutError` or `OSError`."""
    import pycares

    code = error.args[0] if error.args else None
    if code in (pycares.errno.ARES_ENODATA, pycares.errno.ARES_ENOTFOUND):
        return Answer((), 0)
    text = str(error.args[-1]) if error.args else "no answer"
    if code == pycares.errno.ARES_ETIMEOUT:
        raise TimeoutError(text) from error
    raise OSError(text) from error
