"""The INVITE client transaction (RFC 3261 17.1.1, RFC 6026, CANCEL of RFC 3261 9.1): our calls.

    CALLING ──1xx──▶ PROCEEDING ──3xx-6xx──▶ COMPLETED ──timer D──▶ TERMINATED
       │ cancel           │ cancel  └──2xx──▶ ACCEPTED ──timer M──────▶┘
       ▼                  ▼
    CANCEL_PENDING ─1xx─▶ CANCELLED        (all go on to COMPLETED or ACCEPTED, as above)
       │ timer A          ▲ 1xx
       └────▶ UNHEARD ────┘

Why it looks so:
- INVITE is repeated only until anything is heard (timer A doubles without the limit T2), since a person, not a
  machine, gives the final answer. PROCEEDING has no timer: how long a phone may ring is the caller's business.
- A final refusal is acknowledged by this machine and to the same hop; COMPLETED repeats the ACK while the server may
  still repeat its answer (timer D).
- A 2xx is acknowledged by the user of the transaction, end to end and along the dialog's route. RFC 3261 destroyed the
  transaction at the first 2xx, so that repeated ones fell to whoever was listening; RFC 6026 keeps it for 64·T1 in
  ACCEPTED. We go one step further and remember the ACK here, per To tag: a repeated 2xx gets it again, and a 2xx
  with another To tag (a second phone of a forking proxy picked up) is delivered, because it is another dialog that
  has to be acknowledged and ended.
- CANCEL may not be sent before a provisional response (9.1: it could overtake the INVITE), hence CANCEL_PENDING,
  which is CALLING with an intention. To the letter it would repeat the INVITE, whose answer it needs; but then a phone
  that hears only a repeated one rings for a call that is over, and for long when its 180 is lost. So an INVITE that was
  given up is repeated no more. When the last one has surely arrived, if it ever does, the CANCEL goes out unheard: it
  ends the ringing of a phone whose answers were lost, and means nothing to all others (481).
  A 1xx that comes yet, of an INVITE that the CANCEL has overtaken after all, is answered with another CANCEL.
- After CANCEL the server owes us a 487, but an RFC 2543 server will not send one, so CANCELLED ends at 64·T1. A 2xx
  that crossed the CANCEL wins: the user sees it and says BYE.
- A transport error in ACCEPTED or COMPLETED changes nothing about the outcome: the peer repeats what it misses.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar

from pbx.sip.effects import DeliverResponse, Effect, TransactionId, Transmit
from pbx.sip.fsm import IGNORED, STALE, TERMINATED, Machine, Rules, compile_rules
from pbx.sip.headers import Headers
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.timers import Timers

HEARD_BY = 4
"""An INVITE that has not arrived after so many T1 is lost: 2 s at 500 ms."""


class State(IntEnum):
    TERMINATED = TERMINATED
    CALLING = 1
    CANCEL_PENDING = 2
    PROCEEDING = 3
    UNHEARD = 4
    CANCELLED = 5
    COMPLETED = 6
    ACCEPTED = 7


class Input(IntEnum):
    PROVISIONAL = 0
    SUCCESS = 1
    FAILURE = 2
    CANCEL = 3
    TIMER_A = 4
    TIMER_B = 5
    TIMER_D = 6
    TIMER_M = 7
    TIMER_CANCEL = 8
    TRANSPORT_ERROR = 9


class InviteClient(Machine):
    """One INVITE of ours. The caller sends the CANCEL when `cancel_due` becomes true."""

    __slots__ = ("_acks", "_arrived", "cancel_due", "cancel_headers", "request")

    def __init__(self, key: TransactionId, hop: Hop, timers: Timers, request: Request, data: bytes) -> None:
        super().__init__(key, hop, timers, State.CALLING)
        self.data = data
        self.request = request
        self.cancel_due = False
        self.cancel_headers: tuple[tuple[str, str], ...] = ()
        self._arrived: tuple[Response, Hop] | None = None
        self._acks: dict[str, Transmit | None] = {}

    def start(self, now: float, out: list[Effect]) -> None:
        self.send(now, out)
        if not self.reliable:
            self.set_timer("A", now + self.interval, out)
        self.set_timer("B", now + self.timers.timeout, out)

    def receive(self, response: Response, hop: Hop, now: float, out: list[Effect]) -> None:
        """A response whose branch is ours and whose CSeq says INVITE."""
        self._arrived = (response, hop)
        status = response.status
        given = Input.PROVISIONAL if status < 200 else Input.SUCCESS if status < 300 else Input.FAILURE
        self.step(given, now, out)
        self._arrived = None

    def cancel(self, headers: tuple[tuple[str, str], ...], now: float, out: list[Effect]) -> None:
        """Give the call up, now or as soon as that is allowed."""
        self.cancel_headers = self.cancel_headers or headers
        self.step(Input.CANCEL, now, out)

    def acknowledge(self, to_tag: str, ack: Transmit, out: list[Effect]) -> None:
        """The ACK for the 2xx with this To tag: send it, and remember it while that 2xx may come again."""
        self._acks[to_tag] = ack
        out.append(ack)

    def transport_failed(self, now: float, out: list[Effect]) -> None:
        self.step(Input.TRANSPORT_ERROR, now, out)

    def _deliver(self, now: float, out: list[Effect]) -> None:
        if self._arrived is not None:
            out.append(DeliverResponse(self.id, *self._arrived))

    def _deliver_success(self, now: float, out: list[Effect]) -> None:
        """A new To tag is a new dialog; a known one wants its ACK again, if there is one yet."""
        if self._arrived is None:
            return
        to_tag = self._arrived[0].to_tag or ""
        if to_tag not in self._acks:
            self._acks[to_tag] = None
            self._deliver(now, out)
        elif ack := self._acks[to_tag]:
            out.append(ack)

    def _build_ack(self, now: float, out: list[Effect]) -> None:
        """From here on what we repeat is the ACK."""
        if self._arrived is not None:
            self.data = ack_for_failure(self.request, self._arrived[0]).encode()
        self.request = _NOTHING

    def _request_cancel(self, now: float, out: list[Effect]) -> None:
        self.cancel_due = True
        self.set_timer("CANCEL", now + self.timers.timeout, out)

    def _double_timer_a(self, now: float, out: list[Effect]) -> None:
        self.interval *= 2
        self.set_timer("A", now + self.interval, out)

    def _stop_repeating(self, now: float, out: list[Effect]) -> None:
        if not self.reliable:
            self.clear_timer("A", out)
            self.set_timer("A", now + HEARD_BY * self.timers.t1, out)

    def _cancel_unheard(self, now: float, out: list[Effect]) -> None:
        self.cancel_due = True

    def _stop_calling(self, now: float, out: list[Effect]) -> None:
        if not self.reliable:
            self.clear_timer("A", out)
        self.clear_timer("B", out)

    def _stop_cancelling(self, now: float, out: list[Effect]) -> None:
        self.clear_timer("CANCEL", out)

    def _linger_completed(self, now: float, out: list[Effect]) -> None:
        if self.reliable:
            self.step(Input.TIMER_D, now, out)
        else:
            self.set_timer("D", now + self.timers.timeout, out)

    def _linger_accepted(self, now: float, out: list[Effect]) -> None:
        self.request = _NOTHING
        self.data = b""
        self.set_timer("M", now + self.timers.timeout, out)

    _REFUSED = (_build_ack, Machine.send, _deliver, _linger_completed)
    _ANSWERED = (_deliver_success, _linger_accepted)
    _LOST = (Machine.fail_transport, Machine.terminate)
    _SILENCE = (Machine.fail_timeout, Machine.terminate)

    RULES: ClassVar[Rules] = {
        State.CALLING: {
            Input.PROVISIONAL: (State.PROCEEDING, (_stop_calling, _deliver)),
            Input.SUCCESS: (State.ACCEPTED, (_stop_calling, *_ANSWERED)),
            Input.FAILURE: (State.COMPLETED, (_stop_calling, *_REFUSED)),
            Input.CANCEL: (State.CANCEL_PENDING, (_stop_repeating,)),
            Input.TIMER_A: (State.CALLING, (Machine.send, _double_timer_a)),
            Input.TIMER_B: (State.TERMINATED, (_stop_calling, *_SILENCE)),
            Input.TIMER_D: STALE,
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_calling, *_LOST)),
        },
        State.CANCEL_PENDING: {
            Input.PROVISIONAL: (State.CANCELLED, (_stop_calling, _deliver, _request_cancel)),
            Input.SUCCESS: (State.ACCEPTED, (_stop_calling, *_ANSWERED)),
            Input.FAILURE: (State.COMPLETED, (_stop_calling, *_REFUSED)),
            Input.CANCEL: IGNORED,
            Input.TIMER_A: (State.UNHEARD, (_cancel_unheard,)),
            Input.TIMER_B: (State.TERMINATED, (_stop_calling, *_SILENCE)),
            Input.TIMER_D: STALE,
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_calling, *_LOST)),
        },
        State.UNHEARD: {
            Input.PROVISIONAL: (State.CANCELLED, (_stop_calling, _deliver, _request_cancel)),
            Input.SUCCESS: (State.ACCEPTED, (_stop_calling, *_ANSWERED)),
            Input.FAILURE: (State.COMPLETED, (_stop_calling, *_REFUSED)),
            Input.CANCEL: IGNORED,
            Input.TIMER_A: STALE,
            Input.TIMER_B: (State.TERMINATED, (_stop_calling, *_SILENCE)),
            Input.TIMER_D: STALE,
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_calling, *_LOST)),
        },
        State.PROCEEDING: {
            Input.PROVISIONAL: (State.PROCEEDING, (_deliver,)),
            Input.SUCCESS: (State.ACCEPTED, _ANSWERED),
            Input.FAILURE: (State.COMPLETED, _REFUSED),
            Input.CANCEL: (State.CANCELLED, (_request_cancel,)),
            Input.TIMER_A: STALE,
            Input.TIMER_B: STALE,
            Input.TIMER_D: STALE,
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: (State.TERMINATED, _LOST),
        },
        State.CANCELLED: {
            Input.PROVISIONAL: (State.CANCELLED, (_deliver,)),
            Input.SUCCESS: (State.ACCEPTED, (_stop_cancelling, *_ANSWERED)),
            Input.FAILURE: (State.COMPLETED, (_stop_cancelling, *_REFUSED)),
            Input.CANCEL: IGNORED,
            Input.TIMER_A: STALE,
            Input.TIMER_B: STALE,
            Input.TIMER_D: STALE,
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: (State.TERMINATED, _SILENCE),
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_cancelling, *_LOST)),
        },
        State.COMPLETED: {
            Input.PROVISIONAL: IGNORED,
            Input.SUCCESS: IGNORED,
            Input.FAILURE: (State.COMPLETED, (Machine.send,)),
            Input.CANCEL: IGNORED,
            Input.TIMER_A: STALE,
            Input.TIMER_B: STALE,
            Input.TIMER_D: (State.TERMINATED, (Machine.terminate,)),
            Input.TIMER_M: STALE,
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.ACCEPTED: {
            Input.PROVISIONAL: IGNORED,
            Input.SUCCESS: (State.ACCEPTED, (_deliver_success,)),
            Input.FAILURE: IGNORED,
            Input.CANCEL: IGNORED,
            Input.TIMER_A: STALE,
            Input.TIMER_B: STALE,
            Input.TIMER_D: STALE,
            Input.TIMER_M: (State.TERMINATED, (Machine.terminate,)),
            Input.TIMER_CANCEL: STALE,
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.TERMINATED: dict.fromkeys(Input, IGNORED),
    }
    alarms: ClassVar[Mapping[str, IntEnum]] = {
        "A": Input.TIMER_A,
        "B": Input.TIMER_B,
        "D": Input.TIMER_D,
        "M": Input.TIMER_M,
        "CANCEL": Input.TIMER_CANCEL,
    }


def ack_for_failure(invite: Request, refusal: Response) -> Request:
    """The ACK for a 3xx-6xx (RFC 3261 17.1.1.3): the INVITE's own branch, the To of the refusal."""
    return _same_transaction(invite, "ACK", refusal.headers.get("To") or "")


def cancel_for(invite: Request, headers: tuple[tuple[str, str], ...] = ()) -> Request:
    """The CANCEL for an INVITE (RFC 3261 9.1): the same branch, tags, route and CSeq number."""
    cancel = _same_transaction(invite, "CANCEL", invite.headers.get("To") or "")
    for name, value in headers:
        cancel.headers.add(name, value)
    return cancel


def _same_transaction(invite: Request, method: str, to: str) -> Request:
    given = invite.headers
    headers = Headers()
    headers.add("Via", given.all("Via")[0])
    headers.add("Max-Forwards", "70")
    for route in given.all("Route"):
        headers.add("Route", route)
    headers.add("From", given.get("From") or "")
    headers.add("To", to)
    headers.add("Call-ID", given.get("Call-ID") or "")
    headers.add("CSeq", f"{invite.cseq.number} {method}")
    return Request(method, invite.uri, headers)


_NOTHING = Request("", "", Headers())
"""Stands where a request was that is no longer needed."""

InviteClient.rows = compile_rules(State, Input, InviteClient.RULES)
