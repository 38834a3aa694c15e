"""The SIP messages of the last while, kept as their bytes in bounded memory until somebody wants to see them.

Keeping one costs an append and some arithmetic; reading, sorting and redacting is done by whoever looks. Memory is
shared out by peer: when it is full, the peers that hold most give up their oldest messages, so that a flood pushes out
itself and not the calls of others. Strangers, of whom there can be any number, have a small share of their own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

import msgspec

from pbx.sip.hop import Hop

__all__ = ["Kept", "Trace"]

OVERHEAD_BYTES = 320
"""What a kept message takes beside its bytes: two objects' heads, the hop, a place in the deque."""
PEER_BYTES = 1200
LEAST_BYTES = 8192
"""When each peer's share would be less than this, half of the peers are forgotten."""
MAX_CALLS = 2048
MAX_DIALOGS = 64
"""SIP Call-IDs that are remembered of one call."""


class Kept(NamedTuple):
    """One message. `at` is monotonic; `out` means we sent it."""

    at: float
    out: bool
    hop: Hop
    data: bytes


class _Pool(msgspec.Struct, eq=False):
    """A share of the memory."""

    limit: int
    size: int = 0
    peers: dict[str, _Peer] = msgspec.field(default_factory=dict)


class _Peer(msgspec.Struct, eq=False):
    pool: _Pool
    messages: deque[tuple[float, bool, Hop, bytes]] = msgspec.field(default_factory=deque)
    size: int = PEER_BYTES


class Trace:
    """`limit` is in bytes, over everything. A quarter of it is for strangers."""

    def __init__(self, limit: int) -> None:
        self._friends = _Pool(limit - limit // 4)
        self._strangers = _Pool(limit // 4)
        self._peers: dict[str, _Peer] = {}
        self._calls: OrderedDict[str, list[str]] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes in use, as far as they can be counted."""
        return self._friends.size + self._strangers.size

    def __len__(self) -> int:
        """How many messages are kept."""
        return sum(len(peer.messages) for peer in self._peers.values())

    def keep(self, data: bytes, hop: Hop, at: float, *, out: bool) -> None:
        """Add one message to or from `hop`."""
        peer = self._peers.get(hop.remote_host)
        if peer is None:
            peer = self._new_peer(hop.remote_host, self._friends if out else self._strangers)
        peer.messages.append((at, out, hop, data))  # `Kept`, without what making one costs
        size = len(data) + OVERHEAD_BYTES
        peer.size += size
        pool = peer.pool
        pool.size += size
        if pool.size > pool.limit:
            self._trim(pool)

    def welcome(self, host: str) -> None:
        """A peer is no stranger: it has proved who it is."""
        peer = self._peers.get(host)
        if peer is None or peer.pool is self._friends:
            return
        del peer.pool.peers[host]
        peer.pool.size -= peer.size
        peer.pool = self._friends
        self._friends.peers[host] = peer
        self._friends.size += peer.size

    def belongs(self, call: str, call_id: str) -> None:
        """A leg of a call has this SIP Call-ID."""
        dialogs = self._calls.setdefault(call, [])
        if call_id not in dialogs and len(dialogs) < MAX_DIALOGS:
            dialogs.append(call_id)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)

    def dialogs(self, call: str) -> tuple[str, ...]:
        """The SIP Call-IDs of a call's legs, the caller's first; none when the call is not known (any more)."""
        return tuple(self._calls.get(call, ()))

    def calls(self) -> dict[str, str]:
        """SIP Call-ID → call."""
        return {call_id: call for call, dialogs in self._calls.items() for call_id in dialogs}

    def messages(self, peer: str = "") -> list[tuple[float, bool, Hop, bytes]]:
        """A copy of what is kept, in no order; only what one peer sent and got, if one is named."""
        if peer:
            found = self._peers.get(peer)
            return list(found.messages) if found is not None else []
        return [each for found in self._peers.values() for each in found.messages]

    def _new_peer(self, host: str, pool: _Pool) -> _Peer:
        peer = self._peers[host] = pool.peers[host] = _Peer(pool)
        pool.size += peer.size
        return peer

    def _trim(self, pool: _Pool) -> None:
        """Down to seven eighths, by cutting all peers to the same size that are larger."""
        spare = pool.limit - pool.limit // 8
        if spare // len(pool.peers) < LEAST_BYTES:
            self._forget_quiet(pool)
            return
        ranked = sorted(pool.peers.values(), key=lambda peer: peer.size)
        for index, peer in enumerate(ranked):
            level = spare // (len(ranked) - index)
            if peer.size > level:
                for large in ranked[index:]:
                    _cut(large, level)
                return
            spare -= peer.size

    def _forget_quiet(self, pool: _Pool) -> None:
        """Forget the half of the peers that has been quiet longest."""
        ranked = sorted(
            pool.peers.items(), key=lambda each: each[1].messages[-1][0] if each[1].messages else 0.0
        )
        for host, peer in ranked[: (len(ranked) + 1) // 2]:
            del pool.peers[host], self._peers[host]
            pool.size -= peer.size


def _cut(peer: _Peer, level: int) -> None:
    messages = peer.messages
    while peer.size > level and messages:
        size = len(messages.popleft()[3]) + OVERHEAD_BYTES
        peer.size -= size
        peer.pool.size -= size
