"""UDP sockets: one per address family, read straight from the event loop.

Plain sockets rather than a `DatagramProtocol`, because the kernel's error queue matters here: with IP_RECVERR an ICMP
"port unreachable" names the destination that caused it, so an INVITE to a phone that is gone fails at once and not
after 32 seconds. Must never know what is in a datagram.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import lru_cache
from typing import Protocol

from pbx.core.errors import StartupError
from pbx.sip.hop import Hop

log = logging.getLogger(__name__)

SOCKET_BUFFER_BYTES = 4 << 20
"""Asked for in both directions; the kernel gives what net.core.rmem_max allows."""

_MAX_DATAGRAM = 65535
_READS_PER_WAKE = 64
_FRESH_S = 0.0005
"""A datagram read so soon is nearly always alone: whether another follows is left to the next wake, which costs
nothing when none does."""
_CLOCK_WAS_SET_S = 32.0
"""The kernel stamps with the wall clock: what seems to have waited so long (64·T1) was stamped before that was set."""

_IP_MTU_DISCOVER = 10
_IPV6_MTU_DISCOVER = 23
_MAY_FRAGMENT = 0
"""A message above the MTU that has to go over UDP goes in fragments, rather than not at all."""

_IP_RECVERR = 11
_IPV6_RECVERR = 25
_MSG_ERRQUEUE = 0x2000

_SO_TIMESTAMPNS = 35
_TIMESTAMP = struct.Struct("@ll")
"""timespec: seconds, nanoseconds."""

_ROOM_FOR_TIMESTAMP = socket.CMSG_SPACE(_TIMESTAMP.size)

Received = Callable[[bytes, Hop], None]
Undeliverable = Callable[[Hop], None]
Waited = Callable[[float], None]
ShutsOut = Callable[[str], bool]
"""Whether nothing from an address is read."""


def nobody(_host: str) -> bool:
    """Shuts nobody out."""
    return False


@lru_cache(maxsize=4096)
def family_of(host: str) -> int:
    """AF_INET or AF_INET6 for an IP literal, 0 for anything else (a name here would block in the resolver)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host.partition("%")[0])
    except (OSError, ValueError):
        return 0
    return int(family)


def bind_udp(host: str, port: int) -> socket.socket:
    """A bound, non-blocking UDP socket with large buffers. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        # Some kernels (qemu-user as one) have no stamps: then nobody knows how long a datagram has waited.
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _MAY_FRAGMENT)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _MAY_FRAGMENT)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def name_of(host: str) -> str:
    """What the socket of a host is called while nobody has it open."""
    return "sip-udp-6" if ":" in host else "sip-udp-4"


class Inherited(Protocol):
    """The sockets that an earlier process has had open, by name. What does not fit is closed by whoever took it, and
    then let go by whoever keeps it, or its port stays in use.
    """

    def take(self, name: str) -> list[socket.socket]: ...

    def let_go(self, name: str) -> None: ...


class _Nothing:
    def take(self, _name: str) -> list[socket.socket]:
        return []

    def let_go(self, _name: str) -> None: ...


NOTHING: Inherited = _Nothing()


def _fitting(inherited: Inherited, host: str, port: int) -> socket.socket | None:
    """The one that is bound to just this; any other is closed."""
    name = name_of(host)
    found: socket.socket | None = None
    for sock in inherited.take(name):
        if found is None and port and sock.getsockname()[:2] == (host, port):
            sock.setblocking(False)
            found = sock
        else:
            sock.close()
    if found is None:
        inherited.let_go(name)
    return found


class UdpListener:
    """Reads and writes the bound UDP sockets of this node."""

    def __init__(self) -> None:
        self.shuts_out: ShutsOut = nobody
        self._sockets: dict[int, socket.socket] = {}
        self._received: Received | None = None
        self._undeliverable: Undeliverable | None = None
        self._waited: Waited | None = None
        self._arming: set[socket.socket] = set()
        self._context = copy_context()

    @property
    def port(self) -> int:
        """The bound port; 0 before `bind`."""
        for sock in self._sockets.values():
            return int(sock.getsockname()[1])
        return 0

    def bind(
        self,
        hosts: tuple[str, ...],
        port: int,
        inherited: Inherited = NOTHING,
    ) -> None:
        """Bind every host (one per family). Raises `OSError`; then nothing stays bound.

        What came meanwhile waits in the sockets that are `inherited`.
        """
        try:
            for host in hosts:
                sock = _fitting(inherited, host, port) or bind_udp(host, port or self.port)
                self._sockets[sock.family] = sock
        except BaseException:
            self.close()
            raise

    def sockets(self) -> dict[str, int]:
        """The files of the bound sockets, by the names for `inherited`."""
        six = socket.AF_INET6
        return {
            name_of("::" if family == six else ""): sock.fileno() for family, sock in self._sockets.items()
        }

    def start(self, received: Received, undeliverable: Undeliverable, waited: Waited | None = None) -> None:
        """Begin to read. `undeliverable` is told the destination of a packet that ICMP brought back, `waited` how
        many seconds the first datagram of each batch has been in the socket."""
        if not self._sockets:
            raise StartupError("the SIP sockets are not bound")
        self._received = received
        self._undeliverable = undeliverable
        self._waited = waited
        loop = asyncio.get_running_loop()
        for sock in self._sockets.values():
            loop.add_reader(sock, self._readable, sock)

    def send(self, data: bytes, host: str, port: int) -> bool:
        """Send one datagram to an IP literal; False when there is no way to reach the destination.

        A full socket buffer loses the datagram, as the network might: SIP sends it again.
        """
        sock = self._sockets.get(family_of(host))
        if sock is None:
            return False
        for _ in range(3):
            try:
                sock.sendto(data, (host, port))
            except BlockingIOError:
                return True
            except ConnectionError:
                # The error of an earlier datagram, to whomever it went; this one has not been sent yet.
                self._drain_errors(sock)
            except OSError as error:
                if not self._drain_errors(sock):
                    log.debug("datagram not sent", extra={"error": errno.errorcode.get(error.errno or 0, "")})
                    return False
            else:
                return True
        return False

    def close(self) -> None:
        """Stop reading and close the sockets. May be called twice."""
        sockets, self._sockets = self._sockets, {}
        for sock in sockets.values():
            if self._received is not None:
                asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._received = None

    def _readable(self, sock: socket.socket) -> None:
        received = self._received
        waited_s = 0.0
        for turn in range(_READS_PER_WAKE):
            if received is None or sock.fileno() < 0:
                return
            try:
                if turn == 0:
                    data, address, waited_s = self._first(sock)
                else:
                    data, address = sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                if turn == 0:  # woken without data: an error waits whose number somebody has read already
                    self._drain_errors(sock)
                return
            except OSError:
                self._drain_errors(sock)
                self._arm_again(sock)
                continue
            if self.shuts_out(address[0]):
                continue
            received(data, Hop("UDP", address[0], address[1]))
            if waited_s < _FRESH_S:
                return

    def _first(self, sock: socket.socket) -> tuple[bytes, tuple[str, int], float]:
        """The oldest datagram of a batch, where it came from, and how long the kernel has had it."""
        data, extra, _, address = sock.recvmsg(_MAX_DATAGRAM, _ROOM_FOR_TIMESTAMP)
        waited_s = _FRESH_S
        if extra:
            seconds, nanoseconds = _TIMESTAMP.unpack_from(extra[0][2])
            waited_s = max(0.0, time.time() - seconds - nanoseconds * 1e-9)
            if waited_s > _CLOCK_WAS_SET_S:
                waited_s = 0.0
            if self._waited is not None:
                self._waited(waited_s)
        return data, address, waited_s

    def _drain_errors(self, sock: socket.socket) -> bool:
        """Read the kernel's error queue; True when something was in it."""
        found = False
        for _ in range(_READS_PER_WAKE):
            try:
                _, _, _, address = sock.recvmsg(0, 512, _MSG_ERRQUEUE)
            except OSError:
                if found:
                    self._arm_again(sock)
                return found
            found = True
            if address and self._undeliverable is not None:
                self._undeliverable(Hop("UDP", address[0], address[1]))
        self._arm_again(sock)
        return found

    def _arm_again(self, sock: socket.socket) -> None:
        """libuv stops watching a socket that epoll reports an error on, so watch it anew, soon.

        Not at once: the event that carries the error may still be waiting in the batch that is being handled.
        """
        if sock not in self._arming:
            self._arming.add(sock)
            # Whoever sends now may be a call, whose name must not stand in the log of all that is read from then on.
            asyncio.get_running_loop().call_soon(self._watch, sock, context=self._context)

    def _watch(self, sock: socket.socket) -> None:
        self._arming.discard(sock)
        if self._received is not None and sock.fileno() >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock)
            loop.add_reader(sock, self._readable, sock)
