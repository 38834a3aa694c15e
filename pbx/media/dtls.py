"""A stream's DTLS-SRTP handshake on the loop: who may try, when to send again, when to give up.

Passive, we answer up to `MAX_PEERS` sources at once, since anybody can send a ClientHello to a port; the first that
shows the certificate of the fingerprint gives the keys. Active, we talk to the signalled address only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.media.dtls_peer import DtlsError, DtlsPeer, context
from pbx.media.kept import KeptHandshake
from pbx.model.stream import Fingerprint

if TYPE_CHECKING:
    from pbx.media.identity import Identity
    from pbx.media.keying import Address, Keying

log = logging.getLogger(__name__)

_context = lru_cache(maxsize=2)(context)


def prepare(identity: Identity) -> None:
    """Do what takes a while and is the same for every handshake."""
    _context(identity)


PATIENCE_S = 20.0
MAX_PEERS = 4
_HANDSHAKE_RECORD, _CLIENT_HELLO = 22, 1


class Handshake:
    """Agrees on the keys of one stream. Made and started by `Stream.handshake`."""

    def __init__(
        self, identity: Identity, stream: Keying, *, active: bool, fingerprints: Sequence[Fingerprint]
    ) -> None:
        self._context = _context(identity)
        self._stream = stream
        self._active = active
        self._fingerprints = tuple(fingerprints)
        self._peers: dict[Address, DtlsPeer] = {}
        self._timers: dict[Address, asyncio.TimerHandle] = {}
        self._chosen: DtlsPeer | None = None
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.call_later(PATIENCE_S, self._give_up, "no DTLS handshake in time")

    @property
    def kept(self) -> KeptHandshake:
        """For a later process that goes on with the keys."""
        return KeptHandshake(self._active, self._fingerprints)

    def same(self, active: bool, fingerprints: Sequence[Fingerprint]) -> bool:
        """Whether this is the handshake with just these terms, and has not failed."""
        return not self._over and (active, tuple(fingerprints)) == (self._active, self._fingerprints)

    def start(self, address: Address) -> None:
        """Active: send the ClientHello."""
        if self._active:
            peer = self._new_peer(address)
            self._do(address, peer.start)

    def take(self, data: bytes, address: Address) -> None:
        """DTLS that came to the stream; what is not from a possible peer is passed over."""
        peer = self._peers.get(address)
        if peer is None and self._may_begin(data):
            peer = self._new_peer(address)
        if peer is not None:
            self._do(address, lambda: peer.take(data))

    def close(self) -> None:
        self._over = True
        self._last.cancel()
        for address in list(self._peers):
            self._forget(address)

    def _may_begin(self, data: bytes) -> bool:
        """Whether this is a ClientHello, and there is room for another peer."""
        return (
            not self._active
            and self._chosen is None
            and len(self._peers) < MAX_PEERS
            and len(data) > 13
            and (data[0], data[13]) == (_HANDSHAKE_RECORD, _CLIENT_HELLO)
        )

    def _new_peer(self, address: Address) -> DtlsPeer:
        peer = DtlsPeer(self._context, active=self._active, fingerprints=self._fingerprints)
        self._peers[address] = peer
        return peer

    def _do(self, address: Address, step: Callable[[], None]) -> None:
        """One step of a peer: send what it gives, wait for its next timer, look whether it is done."""
        peer = self._peers[address]
        try:
            step()
        except DtlsError as error:
            self._flush(address, peer)
            self._stream.refuse("dtls_fingerprint" if error.stranger else "dtls")
            self._failed(address, str(error))
            return
        self._flush(address, peer)
        if peer.keys is not None and self._chosen is None:
            self._succeeded(address, peer)
        self._arm(address, peer)

    def _flush(self, address: Address, peer: DtlsPeer) -> None:
        for datagram in peer.pending():
            with contextlib.suppress(PeerError):
                self._stream.send_datagram(datagram, address)

    def _arm(self, address: Address, peer: DtlsPeer) -> None:
        timer = self._timers.pop(address, None)
        if timer is not None:
            timer.cancel()
        wait_s = peer.wait_s()
        if wait_s is not None and address in self._peers:
            self._timers[address] = self._loop.call_later(wait_s, self._do, address, peer.expired)

    def _succeeded(self, address: Address, peer: DtlsPeer) -> None:
        self._chosen = peer
        self._last.cancel()
        for other in [each for each in self._peers if each != address]:
            self._forget(other)
        if peer.keys is not None:
            self._stream.take_keys(*peer.keys)

    def _failed(self, address: Address, reason: str) -> None:
        self._forget(address)
        log.debug("a DTLS handshake failed", extra={"stream": self._stream.label, "reason": reason})
        if self._active:
            self._give_up(reason)

    def _forget(self, address: Address) -> None:
        peer = self._peers.pop(address, None)
        if peer is not None:
            peer.close()
        timer = self._timers.pop(address, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self, reason: str) -> None:
        self.close()
        log.warning("audio cannot be encrypted", extra={"stream": self._stream.label, "reason": reason})
        self._stream.miss_keys(reason)
