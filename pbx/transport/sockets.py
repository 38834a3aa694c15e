"""All SIP sockets of a node: bound first, started later, closed last.

`bind` takes the ports before anything else of the node starts, so that "already in use" is told while nothing has to
be undone. A host of "::" means both families, "0.0.0.0" IPv4 only.
"""

from __future__ import annotations

import errno
import logging
import socket
import ssl
from collections.abc import Callable, Collection
from typing import Protocol

from pbx.core.errors import StartupError
from pbx.sip.hop import Hop
from pbx.transport.guard import Guard
from pbx.transport.stream import StreamLimits
from pbx.transport.tcp import StreamUser, TcpListener
from pbx.transport.udp import NOTHING, Inherited, ShutsOut, UdpListener
from pbx.transport.websocket import WebSocketListener

log = logging.getLogger(__name__)

ANY_IPV4 = "0.0.0.0"  # noqa: S104 what the setting asks for
_PORT_TRIES = 20
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class WireUser(StreamUser, Protocol):
    """What stands above a wire: the driver. `undeliverable`: the hop refused, or its connection has ended."""

    def received(self, data: bytes, hop: Hop) -> None:
        """One datagram."""
        ...

    def waited(self, seconds: float) -> None:
        """How long the datagram that comes next has been in the socket."""
        ...


class Wire(Protocol):
    """What carries messages: real sockets here, a lossy network in tests."""

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send, without waiting; False when the hop cannot be reached. Later failures go to `undeliverable`."""
        ...

    def is_open(self, connection: int) -> bool:
        """Whether a connection, of whatever transport, still stands."""
        ...


class SipSockets:
    """UDP and TCP on one port, TLS on another, and what the HTTP server hands over as WebSockets."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls_port: int | None = None,
        client_tls: Callable[[], ssl.SSLContext] | None = None,
        origins: Collection[str] = (),
        guard: Guard | None = None,
        limits: StreamLimits | None = None,
    ) -> None:
        """`tls_port` None means no TLS; `client_tls` gives the context of connections we open."""
        self.host = host
        self.port = port
        self.guard = guard if guard is not None else Guard()
        self.udp = UdpListener()
        limits = limits if limits is not None else StreamLimits()
        self.tcp = TcpListener(guard=self.guard, limits=limits)
        self.tls = TcpListener(guard=self.guard, limits=limits, transport_name="TLS", client_tls=client_tls)
        self.websocket = WebSocketListener(guard=self.guard, limits=limits, origins=origins)
        self._tls_port = tls_port

    @property
    def tls_port(self) -> int:
        """The port of TLS; 0 when there is none."""
        return self.tls.port

    def bind(self, inherited: Inherited = NOTHING) -> None:
        """Take the port for UDP and TCP; port 0 takes any that is free for both. `inherited`: see `UdpListener.bind`.

        Raises `StartupError` that names the setting to change.
        """
        tries = 1 if self.port else _PORT_TRIES
        for remaining in reversed(range(tries)):
            try:
                self._bind_both(inherited)
            except OSError as error:
                if remaining and error.errno == errno.EADDRINUSE:
                    continue
                raise self._startup_error(error) from error
            break
        if self._tls_port is None:
            return
        try:
            self.tls.bind(self._hosts(), self._tls_port)
        except OSError as error:
            self.udp.close()
            self.tcp.unbind()
            raise self._startup_error(error, tls=True) from error

    async def start(self, user: WireUser) -> None:
        """Begin to receive over UDP, TCP and WebSocket; messages go to `user`."""
        self.udp.start(user.received, user.undeliverable, user.waited)
        await self.tcp.start(user)
        self.websocket.start(user)

    async def start_tls(self, user: WireUser, server_tls: ssl.SSLContext) -> None:
        """Begin to receive over TLS too; its certificate may come later than the rest."""
        await self.tls.start(user, server_tls)

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send one encoded message to a hop."""
        if hop.transport == "UDP":
            return self.udp.send(data, hop.remote_host, hop.remote_port)
        if hop.transport == "TCP":
            return self.tcp.send(data, hop)
        if hop.transport == "TLS":
            return self.tls.send(data, hop)
        return self.websocket.send(data, hop)

    def guard_with(self, shuts_out: ShutsOut) -> None:
        """From now on nothing is read from addresses that `shuts_out` is true for."""
        for each in (self.udp, self.tcp, self.tls, self.websocket):
            each.shuts_out = shuts_out

    def cut(self) -> None:
        """End the open connections of addresses that are shut out by now."""
        for each in (self.tcp, self.tls, self.websocket):
            each.cut()

    def is_open(self, connection: int) -> bool:
        """Whether a connection, of whatever transport, still stands."""
        return any(each.is_open(connection) for each in (self.tcp, self.tls, self.websocket))

    async def probe(self, hop: Hop) -> str:
        """Whether a connection to this hop can be opened: "" when it can, else why not."""
        if hop.transport not in ("TCP", "TLS"):
            return ""
        return await (self.tls if hop.transport == "TLS" else self.tcp).probe(hop)

    async def close(self) -> None:
        """Close everything. May be called twice."""
        self.udp.close()
        await self.websocket.close()
        await self.tls.close()
        await self.tcp.close()

    def _hosts(self) -> tuple[str, ...]:
        if self.host not in ("::", ""):
            return (self.host,)
        return ("::", ANY_IPV4) if self.host == "::" and _has_ipv6() else (ANY_IPV4,)

    def _bind_both(self, inherited: Inherited) -> None:
        hosts = self._hosts()
        self.udp.bind(hosts, self.port, inherited)
        try:
            self.tcp.bind(hosts, self.udp.port)
        except BaseException:
            self.udp.close()
            raise
        self.port = self.udp.port

    def _startup_error(self, error: OSError, *, tls: bool = False) -> StartupError:
        what, port, setting, option = (
            ("SIP over TLS: port", self._tls_port, "sip_tls_port", "--sip-tls-port")
            if tls
            else ("SIP port", self.port, "sip_port", "--sip-port")
        )
        if error.errno == errno.EADDRINUSE:
            return StartupError(
                f"{what} {port} is already in use on {self.host}",
                path=setting,
                action=f"Stop the other program, or choose another port with {option}",
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return StartupError(
                f"{what} {port} may not be opened by this user",
                path=setting,
                action=f"Choose a port above 1023 with {option}",
            )
        return StartupError(
            f"the SIP address {self.host}:{port} cannot be opened: {error.strerror or error}",
            path="host",
            action=f"Check --host and {option}",
        )


def _has_ipv6() -> bool:
    """Whether this machine can bind an IPv6 address at all."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        log.info("no IPv6 here, SIP stays on IPv4", extra={"error": error.strerror})
        return False
    return True
