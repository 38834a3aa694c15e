"""Reliable provisional responses and PRACK (RFC 3262), both roles, for one INVITE.

The peer of a reliable 180 or 183 acknowledges it with PRACK, so that a ringing tone or early media announced there is
not lost. The transaction layer knows nothing of it: to it, a repeated 183 is one more provisional response, and PRACK
one more request. The leg keeps one of these objects per INVITE, and calls it when its time has come.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

import msgspec

from pbx.core.errors import PeerError
from pbx.sip.message import Request, Response
from pbx.sip.option_tag import lists_option
from pbx.sip.timers import Timers

OPTION = "100rel"


class Wish(Enum):
    """What an INVITE says about reliable provisional responses."""

    REQUIRED = "required"
    SUPPORTED = "supported"
    UNKNOWN = "unknown"


def wish_of(invite: Request) -> Wish:
    if lists_option(invite, OPTION, "Require"):
        return Wish.REQUIRED
    return Wish.SUPPORTED if lists_option(invite, OPTION, "Supported") else Wish.UNKNOWN


class _Pending(msgspec.Struct):
    response: Response
    rseq: int
    interval: float
    next_at: float
    give_up_at: float


class ReliableResponses:
    """The server's side: our reliable provisional responses to one INVITE, one at a time.

    `first_rseq` is random, 1 to 2**31 - 1 (RFC 3262 3). The caller passes every response that comes out of `send`,
    `due` and `acknowledge` to `Endpoint.respond`, and looks again at `next_at`.
    """

    def __init__(self, invite: Request, *, first_rseq: int, timers: Timers) -> None:
        self._invite_cseq = invite.cseq.number
        self._next_rseq = first_rseq
        self._timers = timers
        self._pending: _Pending | None = None
        self._waiting: deque[Response] = deque()

    @property
    def next_at(self) -> float | None:
        """When to call `due`; None when nothing waits for PRACK."""
        return min(self._pending.next_at, self._pending.give_up_at) if self._pending else None

    @property
    def may_accept(self) -> bool:
        """Whether a 2xx may be sent: not while a response that carried SDP waits for its PRACK (RFC 3262 3)."""
        return not any(response.body for response in self._unacknowledged())

    def send(self, response: Response, now: float) -> Response | None:
        """Make a 101-199 reliable. None: an earlier one has no PRACK yet, this one follows it."""
        if self._pending is not None:
            self._waiting.append(response)
            return None
        rseq = self._next_rseq
        self._next_rseq += 1
        response.headers.set("RSeq", str(rseq))
        if not lists_option(response, OPTION, "Require"):
            response.headers.add("Require", OPTION)
        t1 = self._timers.t1
        self._pending = _Pending(response, rseq, t1, now + t1, now + self._timers.timeout)
        return response

    def due(self, now: float) -> Response | None:
        """What to send again now. Raises `PeerError` 504 when no PRACK came in 64·T1: refuse the INVITE with it."""
        pending = self._pending
        if pending is None or now < min(pending.next_at, pending.give_up_at):
            return None
        if now >= pending.give_up_at:
            self.stop()
            raise PeerError(504, "Reliable Response Not Acknowledged")
        pending.interval *= 2
        pending.next_at = now + pending.interval
        return pending.response

    def acknowledge(self, prack: Request, now: float) -> Response | None:
        """A PRACK: returns the next response, if one has waited. Raises `PeerError` 481 (no such response) or 400.

        The caller answers the PRACK itself with 2xx, with an SDP answer when it carried an offer.
        """
        rack = read_rack(prack)
        if self._pending is None or rack != (self._pending.rseq, self._invite_cseq, "INVITE"):
            raise PeerError(481, "No Such Provisional Response")
        self._pending = None
        return self.send(self._waiting.popleft(), now) if self._waiting else None

    def stop(self) -> None:
        """A final response is sent: nothing is repeated any more; a late PRACK gets 481, which is harmless."""
        self._pending = None
        self._waiting.clear()

    def _unacknowledged(self) -> list[Response]:
        return [*([self._pending.response] if self._pending else []), *self._waiting]


class Receipt(Enum):
    """What a provisional response is, seen from the client."""

    UNRELIABLE = "unreliable"  # tell the user, no PRACK
    NEW = "new"  # send PRACK with `rack_for`, tell the user
    REPEATED = "repeated"  # its PRACK is on the way, or lost and repeated by its transaction: say nothing
    OUT_OF_ORDER = "out of order"  # an earlier one is missing: drop it, it will be repeated (RFC 3262 4)


class ReliableReceiver:
    """The client's side: which provisional responses to one INVITE of ours want a PRACK. One order per To tag."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def receive(self, response: Response) -> Receipt:
        """Judge a 1xx. Raises `PeerError` 400 when RSeq cannot be read: drop it."""
        if response.status <= 100 or not lists_option(response, OPTION, "Require"):
            return Receipt.UNRELIABLE
        rseq = _rseq(response)
        last = self._last.get(response.to_tag or "")
        if last is not None and rseq != last + 1:
            return Receipt.REPEATED if rseq <= last else Receipt.OUT_OF_ORDER
        self._last[response.to_tag or ""] = rseq
        return Receipt.NEW


def rack_for(response: Response) -> str:
    """The RAck header of the PRACK for a reliable response: RSeq, CSeq number, method."""
    return f"{_rseq(response)} {response.cseq.number} {response.cseq.method}"


def read_rack(prack: Request) -> tuple[int, int, str]:
    """RSeq, CSeq number and method of a PRACK's RAck. Raises `PeerError` 400."""
    parts = (prack.headers.get("RAck") or "").split()
    if len(parts) != 3 or not all(
        part.isascii() and part.isdigit() and len(part) <= 10 for part in parts[:2]
    ):
        raise PeerError(400, "Bad RAck")
    return int(parts[0]), int(parts[1]), parts[2]


def _rseq(response: Response) -> int:
    text = (response.headers.get("RSeq") or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise PeerError(400, "Bad RSeq")
    return int(text)
