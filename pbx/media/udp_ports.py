"""Pairs of UDP ports for audio: an even one for RTP and the odd one above it for RTCP (RFC 3550 11).

A pair is proven free by binding it. The order is random at first and then round-robin, and a pair that was closed
rests before it is used again, so packets that still travel for an old call find nobody.
"""

from __future__ import annotations

import ctypes
import errno
import ipaddress
import random
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Collection

import msgspec

from pbx.core.errors import PbxError

DSCP_EF = 0xB8  # RFC 3246, as the byte of the IP header
_MOST_STALE = 10_000
_BUSY = {errno.EADDRINUSE, errno.EACCES}


class NoPortError(PbxError):
    """No pair of ports can be had now; says why."""


class PortPair(msgspec.Struct, frozen=True):
    """Two bound, non-blocking sockets; whoever takes them closes them and gives the pair back."""

    rtp: socket.socket
    rtcp: socket.socket
    rtp_port: int


class PortPool:
    """The pairs between `port_min` and `port_max` inclusive on one local address.

    `host` is a literal IPv4 or IPv6 address; "::" also takes IPv4. Raises `ValueError` when no pair fits the range.
    """

    def __init__(
        self,
        host: str,
        port_min: int,
        port_max: int,
        *,
        quarantine_s: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        first = port_min + port_min % 2
        pairs = list(range(first, port_max, 2))
        if not pairs or port_min < 1 or port_max > 65535:
            raise ValueError(f"no pair of RTP ports between {port_min} and {port_max}")
        random.shuffle(pairs)
        self.host = host
        self.ipv6 = ipaddress.ip_address(host).version == 6
        self.size = len(pairs)
        self._quarantine_s = quarantine_s
        self._monotonic = monotonic
        self._free: deque[int] = deque(pairs)
        self._resting: deque[tuple[float, int]] = deque()

    def prove(self, but: Collection[int] = ()) -> None:
        """Bind a pair and let it go. Raises `NoPortError` where none can be had, unless the pairs of `but`, which kept
        sockets hold, are all there is.
        """
        for port in [each for each in self._free if each not in but]:
            try:
                pair = self._bind(port)
            except OSError as error:
                if error.errno in _BUSY:
                    continue
                raise NoPortError(f"port {port} on {self.host}: {error.strerror}") from error
            pair.rtp.close()
            pair.rtcp.close()
            return
        if not any(each in but for each in self._free):
            raise NoPortError(f"all {self.size} pairs are in use")

    def take(self) -> PortPair:
        """Bind a free pair. Raises `NoPortError`; ports that someone else holds are passed over."""
        self._wake_rested()
        for _ in range(len(self._free)):
            port = self._free.popleft()
            try:
                return self._bind(port)
            except OSError as error:
                if error.errno not in _BUSY:
                    self._free.append(port)
                    raise NoPortError(f"port {port} on {self.host}: {error.strerror}") from error
                self._rest(port)
        raise NoPortError(f"all {self.size} pairs are in use or were closed a moment ago")

    def take_again(self, rtp_port: int) -> PortPair:
        """Bind the pair that a stream of before had: its late packets are welcome, so it need not rest.

        Raises `NoPortError` when it is in use or not of this pool.
        """
        if not self._is_unused(rtp_port):
            raise NoPortError(f"port {rtp_port} is in use, or none of ours")
        try:
            pair = self._bind(rtp_port)
        except OSError as error:
            raise NoPortError(f"port {rtp_port} on {self.host}: {error.strerror}") from error
        self._use(rtp_port)
        return pair

    def adopt(self, rtp_port: int, rtp: socket.socket, rtcp: socket.socket) -> PortPair:
        """The pair of an earlier process, whose sockets have stayed open. What waits in them is stale, and thrown away.

        Raises `NoPortError` when they are others, or not of this pool.
        """
        trouble = "" if self._is_unused(rtp_port) else "none of ours"
        try:
            ports = rtp.getsockname()[1], rtcp.getsockname()[1]
            if ports != (rtp_port, rtp_port + 1):
                trouble = f"something else: {ports}"
            for sock in (rtp, rtcp):
                sock.setblocking(False)
                _disconnect(sock)
                _empty(sock)
        except OSError as error:
            trouble = f"of no use: {error}"
        if trouble:
            rtp.close()
            rtcp.close()
            raise NoPortError(f"what was left of port {rtp_port} is {trouble}")
        self._use(rtp_port)
        return PortPair(rtp, rtcp, rtp_port)

    def give_back(self, rtp_port: int) -> None:
        """The pair was closed; it may be taken again after its rest."""
        self._rest(rtp_port)

    @property
    def available(self) -> int:
        """How many pairs could be taken now."""
        self._wake_rested()
        return len(self._free)

    def _is_unused(self, port: int) -> bool:
        return port in self._free or any(each == port for _, each in self._resting)

    def _use(self, port: int) -> None:
        if port in self._free:
            self._free.remove(port)
        else:
            self._resting = deque(each for each in self._resting if each[1] != port)

    def _rest(self, port: int) -> None:
        self._resting.append((self._monotonic() + self._quarantine_s, port))

    def _wake_rested(self) -> None:
        now = self._monotonic()
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])

    def _bind(self, rtp_port: int) -> PortPair:
        rtp = self._socket(rtp_port)
        try:
            return PortPair(rtp, self._socket(rtp_port + 1), rtp_port)
        except OSError:
            rtp.close()
            raise

    def _socket(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if self.ipv6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            if self.ipv6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(self.host != "::"))
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, DSCP_EF)
            if not self.ipv6 or self.host == "::":  # a socket of both families marks each by its own option
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_EF)
            sock.bind((self.host, port))
        except OSError:
            sock.close()
            raise
        return sock


def _disconnect(sock: socket.socket) -> None:
    """Hear everybody again: the engine had connected it to one phone."""
    nowhere = struct.pack("=H26x", socket.AF_UNSPEC)
    if ctypes.CDLL(None, use_errno=True).connect(sock.fileno(), nowhere, len(nowhere)):
        raise OSError(ctypes.get_errno(), "cannot be disconnected")


def _empty(sock: socket.socket) -> None:
    """Of datagrams, and of what ICMP has said since of the phone that it was connected to."""
    for _ in range(_MOST_STALE):
        try:
            sock.recv(1)
        except BlockingIOError:
            return
        except OSError:
            continue
