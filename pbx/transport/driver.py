"""Performs the effects of one `Endpoint`; nothing else in the program does.

Holds what the pure core must not: the wire, the running timers, and who is told about each transaction. Effects are
performed strictly in order, also those that a callback causes while others still wait, so a user never sees the end of
a transaction before its beginning. Must never know what a call is.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.sip.build import response_to
from pbx.sip.effects import (
    AckMissing,
    ClearTimer,
    DeliverAck,
    DeliverCancel,
    DeliverRequest,
    DeliverResponse,
    Effect,
    SetTimer,
    Terminated,
    TimerKey,
    TransactionFailed,
    TransactionId,
    Transmit,
)
from pbx.sip.endpoint import Endpoint
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.outgoing import TooLargeForUdp
from pbx.transport.guard import Guard, Offence
from pbx.transport.overload import Overload
from pbx.transport.sockets import Wire
from pbx.transport.timer_queue import Timer, TimerQueue
from pbx.transport.transaction_users import ClientUser, Outgoing, RequestUser, ServerUser

log = logging.getLogger(__name__)

TCP_REFUSED_S = 60.0
"""How long a peer that refused TCP gets its large requests over UDP without asking again."""

AWAY_S = 32.0
"""How long a request waits for a phone whose connection ended with an earlier process (RFC 3261: timer F)."""

MALFORMED = ("malformed", "malformed_ack", "malformed_response", "refused_400", "refused_413", "refused_505")
"""What the endpoint calls messages that are none."""

OPENING_METHODS = ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH", "REFER", "NOTIFY")
_OPENING = tuple(f"{method} ".encode() for method in OPENING_METHODS)

_MAX_REFUSALS = 4096

_FIRST_OF_TEXT = b" "
"""No message begins with anything lower; keep-alives do."""


ShortWay = Callable[[bytes, Hop, float], bytes | None]
"""The whole answer to a datagram that nobody else need see, None where there is none. The time is monotonic."""


class Tap(Protocol):
    """Who keeps what goes over the wire."""

    def keep(self, data: bytes, hop: Hop, at: float, *, out: bool) -> None:
        """One message, as its bytes are. `at` is monotonic."""
        ...


class Driver:
    """The endpoint, its timers, and a wire."""

    def __init__(
        self,
        endpoint: Endpoint,
        wire: Wire,
        *,
        clock: Clock,
        guard: Guard | None = None,
        overload: Overload | None = None,
        max_transactions: int = 160_000,
        tap: Tap | None = None,
    ) -> None:
        """Above `max_transactions`, requests that would open something are dropped unanswered: even a 503 is a
        transaction that has to be remembered for half a minute. What belongs to running calls still gets through.
        `overload` puts requests off before that, by how late they are read."""
        self.endpoint = endpoint
        self.clock = clock
        self.wire = wire
        self.timers = TimerQueue(clock)
        self.user: RequestUser | None = None
        self.short_way: ShortWay | None = None
        """Asked first about each REGISTER that comes as a datagram."""
        self._guard = guard if guard is not None else Guard()
        self._overload = overload
        if overload is not None:
            endpoint.retry_after = overload.retry_after
        self._tap = tap
        self._malformed = 0
        self._max_transactions = max_transactions
        self._running: dict[TimerKey, Timer] = {}
        self._clients: dict[TransactionId, Outgoing] = {}
        self._servers: dict[TransactionId, ServerUser] = {}
        self._tcp_refused: dict[tuple[str, int], float] = {}
        self._expected = 0
        self._waiting: dict[int, list[tuple[Outgoing, Request]]] = {}
        self._effects: deque[Effect] = deque()
        self._performing = False
        self._table: dict[type[Effect], Callable[[Any], None]] = {
            Transmit: self._transmit,
            SetTimer: self._set_timer,
            ClearTimer: self._clear_timer,
            DeliverRequest: self._deliver_request,
            DeliverAck: self._deliver_ack,
            DeliverCancel: self._deliver_cancel,
            DeliverResponse: self._deliver_response,
            TransactionFailed: self._transaction_failed,
            AckMissing: self._ack_missing,
            Terminated: self._terminated,
        }

    # -- from the wire ---------------------------------------------------------------------------------------------

    def received(self, data: bytes, hop: Hop) -> None:
        """A datagram."""
        if self.endpoint.live >= self._max_transactions and data.startswith(_OPENING):
            self._guard.count(Offence.OVERLOAD, hop.remote_host)
            return
        now = self.clock.monotonic()
        if self._tap is not None and data[:1] > _FIRST_OF_TEXT:
            self._tap.keep(data, hop, now, out=False)
        if self.short_way is not None and data.startswith(b"REGISTER ") and self._answers(data, hop, now):
            return
        effects = self.endpoint.receive(data, hop, now)
        if not effects or (len(effects) == 1 and type(effects[0]) is Transmit):
            # Nothing for anybody above: perhaps because it was rubbish.
            self._count_malformed(hop)
        self._perform(effects)

    def _answers(self, data: bytes, hop: Hop, now: float) -> bool:
        """Take the short way, if there is time for it and it leads somewhere."""
        if self.short_way is None or (self._overload is not None and self._overload.is_late):
            return False
        answer = self.short_way(data, hop, now)
        if answer is None:
            return False
        if self._tap is not None:
            self._tap.keep(answer, hop, now, out=True)
        self.wire.send(answer, hop)
        return True

    def waited(self, seconds: float) -> None:
        """The next datagram has been waiting this long to be read."""
        if self._overload is not None:
            self._overload.waited(seconds)

    def received_message(self, message: Request | Response, hop: Hop, raw: bytes = b"") -> None:
        """A message from a stream, and the bytes it came as."""
        if (
            self.endpoint.live >= self._max_transactions
            and isinstance(message, Request)
            and message.method in OPENING_METHODS
        ):
            self._guard.count(Offence.OVERLOAD, hop.remote_host)
            return
        now = self.clock.monotonic()
        if self._tap is not None and raw:
            self._tap.keep(raw, hop, now, out=False)
        self._perform(self.endpoint.receive_message(message, hop, now))

    def received_malformed(self, error: ParseError, hop: Hop) -> None:
        """Bytes on a stream that are no message; the peer is told, where that is possible."""
        self._perform(self.endpoint.malformed(error, hop))

    def undeliverable(self, hop: Hop) -> None:
        """A hop refuses our bytes: whoever waits for an answer from there is told at once."""
        self._perform(self.endpoint.transport_failed(hop, self.clock.monotonic()))

    # -- from the agent and its legs -------------------------------------------------------------------------------

    def request_again(self, request: Request, hop: Hop, user: ClientUser) -> Outgoing:
        """Send a request that an earlier process has sent: by its branch, the peer knows it."""
        outgoing = Outgoing(user, hop)
        now = self.clock.monotonic()
        outgoing.id, effects = self.endpoint.request(
            request, hop, now, oversize=True, branch=request.via.branch or ""
        )
        self._clients[outgoing.id] = outgoing
        self._perform(effects)
        return outgoing

    def request(self, request: Request, hop: Hop, user: ClientUser) -> Outgoing:
        """Send a request (anything but ACK and CANCEL). `user` is told what comes of it, never before this returns
        when called from outside a callback of this driver, unless the hop fails at once."""
        outgoing = Outgoing(user, hop)
        if hop.connection < 0:
            self._wait_for(hop.connection, outgoing, request)
            return outgoing
        now = self.clock.monotonic()
        try:
            outgoing.id, effects = self.endpoint.request(request, hop, now)
        except TooLargeForUdp:
            effects = self._request_over_tcp(outgoing, request, hop, now)
        self._clients[outgoing.id] = outgoing
        self._perform(effects)
        return outgoing

    # -- phones that have yet to connect again -----------------------------------------------------------------------

    def expect(self) -> int:
        """A connection that a phone will open again, by a number for hops: requests wait for `arrived`."""
        self._expected -= 1
        return self._expected

    def arrived(self, expected: int, hop: Hop) -> None:
        """The phone is here, over this hop."""
        for outgoing, request in self._waiting.pop(expected, ()):
            if not outgoing.answered:
                there = replace(outgoing.hop, remote_host=hop.remote_host, remote_port=hop.remote_port)
                self._send_late(outgoing, request, replace(there, connection=hop.connection))

    def _wait_for(self, expected: int, outgoing: Outgoing, request: Request) -> None:
        self._waiting.setdefault(expected, []).append((outgoing, request))
        self.timers.call_later(AWAY_S, partial(self._stayed_away, expected, outgoing))

    def _stayed_away(self, expected: int, outgoing: Outgoing) -> None:
        waiting = self._waiting.get(expected, [])
        left = [each for each in waiting if each[0] is not outgoing]
        if len(left) == len(waiting):
            return  # it went out
        self._waiting[expected] = left
        outgoing.user.failed(408)

    def _send_late(self, outgoing: Outgoing, request: Request, hop: Hop) -> None:
        outgoing.hop = hop
        outgoing.id, effects = self.endpoint.request(request, hop, self.clock.monotonic())
        self._clients[outgoing.id] = outgoing
        self._perform(effects)

    # -- from the agent and its legs, continued --------------------------------------------------------------------

    def cancel(self, outgoing: Outgoing, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Cancel an INVITE: now, or as soon as a provisional response allows it."""
        outgoing.cancelled = True
        if outgoing.id in self._clients:
            self._perform(self.endpoint.cancel(outgoing.id, self.clock.monotonic(), headers=headers))

    def ack(self, outgoing: Outgoing, ack: Request, hop: Hop) -> None:
        """Acknowledge a 2xx; sent again for every repetition of that 2xx."""
        if outgoing.id:
            # An ACK has no answer that could tell that TCP is refused, so a large one takes its chance over UDP.
            self._perform(self.endpoint.ack(outgoing.id, ack, hop, self.clock.monotonic(), oversize=True))

    def respond(self, transaction: TransactionId, response: Response) -> None:
        """Answer a request. A transaction that has ended meanwhile swallows the answer."""
        if response.status >= 300:
            self._servers.pop(transaction, None)  # neither ACK nor silence is news after a refusal
        self._perform(self.endpoint.respond(transaction, response, self.clock.monotonic()))

    def watch(self, transaction: TransactionId, user: ServerUser) -> None:
        """Tell `user` about ACK and CANCEL of an INVITE from now on."""
        self._servers[transaction] = user

    @property
    def live(self) -> int:
        """How many transactions are in progress."""
        return self.endpoint.live

    def close(self) -> None:
        """Stop all timers and forget all transactions; nothing is sent."""
        self.short_way = None
        self.timers.close()
        self._running.clear()
        self._clients.clear()
        self._servers.clear()
        self._waiting.clear()
        self._effects.clear()

    def _count_malformed(self, hop: Hop) -> None:
        counters = self.endpoint.counters
        malformed = sum([counters.get(name, 0) for name in MALFORMED])
        if malformed != self._malformed:
            self._malformed = malformed
            self._guard.count(Offence.MALFORMED, hop.remote_host)

    # -- large requests (RFC 3261 18.1.1) --------------------------------------------------------------------------

    def _request_over_tcp(self, outgoing: Outgoing, request: Request, hop: Hop, now: float) -> list[Effect]:
        peer = (hop.remote_host, hop.remote_port)
        if self._tcp_refused.get(peer, 0.0) > now:
            outgoing.id, effects = self.endpoint.request(request, hop, now, oversize=True)
            return effects
        outgoing.fallback = request
        tcp = replace(hop, transport="TCP", connection=0)
        outgoing.id, effects = self.endpoint.request(request, tcp, now)
        return effects

    def _fall_back(self, outgoing: Outgoing, request: Request) -> None:
        now = self.clock.monotonic()
        if len(self._tcp_refused) >= _MAX_REFUSALS:
            self._tcp_refused.clear()
        self._tcp_refused[outgoing.hop.remote_host, outgoing.hop.remote_port] = now + TCP_REFUSED_S
        outgoing.fallback = None
        outgoing.id, effects = self.endpoint.request(request, outgoing.hop, now, oversize=True)
        self._clients[outgoing.id] = outgoing
        self._perform(effects)

    # -- effects ---------------------------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect]) -> None:
        queue = self._effects
        queue.extend(effects)
        if self._performing:
            return
        self._performing = True
        try:
            while queue:
                effect = queue.popleft()
                try:
                    self._table[type(effect)](effect)
                except Exception:
                    # Our own fault in one call; the others go on.
                    log.exception("effect failed", extra={"effect": type(effect).__name__})
                    if isinstance(effect, DeliverRequest):
                        self._apologize(effect)
        finally:
            self._performing = False

    def _apologize(self, effect: DeliverRequest) -> None:
        self.respond(effect.transaction, response_to(effect.request, 500))

    def _transmit(self, effect: Transmit) -> None:
        if self._tap is not None and effect.data[:1] > _FIRST_OF_TEXT:
            self._tap.keep(effect.data, effect.hop, self.clock.monotonic(), out=True)
        if not self.wire.send(effect.data, effect.hop):
            self._effects.extend(self.endpoint.transport_failed(effect.hop, self.clock.monotonic()))

    def _set_timer(self, effect: SetTimer) -> None:
        running = self._running.pop(effect.key, None)
        if running is not None:
            running.cancel()
        self._running[effect.key] = self.timers.call_at(effect.at, partial(self._timer_due, effect.key))

    def _clear_timer(self, effect: ClearTimer) -> None:
        running = self._running.pop(effect.key, None)
        if running is not None:
            running.cancel()

    def _timer_due(self, key: TimerKey) -> None:
        self._running.pop(key, None)
        self._perform(self.endpoint.timer(key, self.clock.monotonic()))

    def _deliver_request(self, effect: DeliverRequest) -> None:
        if self.user is not None:
            self.user.requested(effect.transaction, effect.request, effect.hop)

    def _deliver_ack(self, effect: DeliverAck) -> None:
        # The last its user is told; the transaction itself stays for half a minute (RFC 6026), the call should not.
        user = self._servers.pop(effect.transaction, None)
        if user is not None:
            user.acked(effect.request)

    def _deliver_cancel(self, effect: DeliverCancel) -> None:
        user = self._servers.get(effect.transaction)
        if user is not None:
            user.cancelled(effect.request)

    def _deliver_response(self, effect: DeliverResponse) -> None:
        outgoing = self._clients.get(effect.transaction)
        if outgoing is not None:
            outgoing.answered = True
            if effect.response.status >= 200 and effect.response.cseq.method != "INVITE":
                del self._clients[effect.transaction]
            outgoing.user.responded(effect.response, effect.hop)

    def _transaction_failed(self, effect: TransactionFailed) -> None:
        server = self._servers.get(effect.transaction)
        if server is not None:
            server.undeliverable()
            return
        outgoing = self._clients.get(effect.transaction)
        if outgoing is None:
            return
        fallback = outgoing.fallback
        if fallback is not None and not outgoing.answered and not outgoing.cancelled:
            self._clients.pop(effect.transaction)
            self._fall_back(outgoing, fallback)
        else:
            outgoing.user.failed(408 if effect.reason == "timeout" else 503)

    def _ack_missing(self, effect: AckMissing) -> None:
        user = self._servers.get(effect.transaction)
        if user is not None:
            user.ack_missing()

    def _terminated(self, effect: Terminated) -> None:
        self._clients.pop(effect.transaction, None)
        self._servers.pop(effect.transaction, None)
