"""The non-INVITE client transaction (RFC 3261 17.1.2): our REGISTER, OPTIONS, BYE, CANCEL, UPDATE …

    TRYING ──1xx──▶ PROCEEDING ──final──▶ COMPLETED ──timer K──▶ TERMINATED
       └────────────final────────────────▶┘

Why it looks so:
- The request is repeated until a final response comes, after a 1xx too, only slower: here the response is what
  tells the server to stop, there is no ACK. Timer E doubles from T1 to T2 while TRYING and is T2 in PROCEEDING.
- Timer F ends the wait at 64·T1 whatever has been heard. A 1xx does not prolong it: nothing but INVITE may wait for a
  person.
- COMPLETED exists to swallow repeated final responses while they can still be on their way (timer K, T4); on a
  reliable transport none can be, K is zero, and the machine ends in the same step.
- A transport error after the final response means nothing: nothing more is to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar

from pbx.sip.effects import DeliverResponse, Effect, TransactionId
from pbx.sip.fsm import IGNORED, STALE, TERMINATED, Machine, Rules, compile_rules
from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.sip.timers import Timers


class State(IntEnum):
    TERMINATED = TERMINATED
    TRYING = 1
    PROCEEDING = 2
    COMPLETED = 3


class Input(IntEnum):
    PROVISIONAL = 0
    FINAL = 1
    TIMER_E = 2
    TIMER_F = 3
    TIMER_K = 4
    TRANSPORT_ERROR = 5


class Client(Machine):
    """One request of ours other than INVITE and ACK, from sending it to its final response."""

    __slots__ = ("_arrived",)

    def __init__(self, key: TransactionId, hop: Hop, timers: Timers, data: bytes) -> None:
        super().__init__(key, hop, timers, State.TRYING)
        self.data = data
        self._arrived: tuple[Response, Hop] | None = None

    def start(self, now: float, out: list[Effect]) -> None:
        self.send(now, out)
        if not self.reliable:
            self.set_timer("E", now + self.interval, out)
        self.set_timer("F", now + self.timers.timeout, out)

    def receive(self, response: Response, hop: Hop, now: float, out: list[Effect]) -> None:
        """A response whose branch and CSeq method are ours."""
        self._arrived = (response, hop)
        self.step(Input.PROVISIONAL if response.status < 200 else Input.FINAL, now, out)
        self._arrived = None

    def transport_failed(self, now: float, out: list[Effect]) -> None:
        self.step(Input.TRANSPORT_ERROR, now, out)

    def _deliver(self, now: float, out: list[Effect]) -> None:
        if self._arrived is not None and not self.silent:
            out.append(DeliverResponse(self.id, *self._arrived))

    def _double_timer_e(self, now: float, out: list[Effect]) -> None:
        self.interval = min(2 * self.interval, self.timers.t2)
        self.set_timer("E", now + self.interval, out)

    def _slow_timer_e(self, now: float, out: list[Effect]) -> None:
        self.interval = self.timers.t2
        self.set_timer("E", now + self.interval, out)

    def _stop_timers(self, now: float, out: list[Effect]) -> None:
        if not self.reliable:
            self.clear_timer("E", out)
        self.clear_timer("F", out)
        self.data = b""

    def _linger(self, now: float, out: list[Effect]) -> None:
        if self.reliable:
            self.step(Input.TIMER_K, now, out)
        else:
            self.set_timer("K", now + self.timers.t4, out)

    RULES: ClassVar[Rules] = {
        State.TRYING: {
            Input.PROVISIONAL: (State.PROCEEDING, (_deliver,)),
            Input.FINAL: (State.COMPLETED, (_stop_timers, _deliver, _linger)),
            Input.TIMER_E: (State.TRYING, (Machine.send, _double_timer_e)),
            Input.TIMER_F: (State.TERMINATED, (_stop_timers, Machine.fail_timeout, Machine.terminate)),
            Input.TIMER_K: STALE,
            Input.TRANSPORT_ERROR: (
                State.TERMINATED,
                (_stop_timers, Machine.fail_transport, Machine.terminate),
            ),
        },
        State.PROCEEDING: {
            Input.PROVISIONAL: (State.PROCEEDING, (_deliver,)),
            Input.FINAL: (State.COMPLETED, (_stop_timers, _deliver, _linger)),
            Input.TIMER_E: (State.PROCEEDING, (Machine.send, _slow_timer_e)),
            Input.TIMER_F: (State.TERMINATED, (_stop_timers, Machine.fail_timeout, Machine.terminate)),
            Input.TIMER_K: STALE,
            Input.TRANSPORT_ERROR: (
                State.TERMINATED,
                (_stop_timers, Machine.fail_transport, Machine.terminate),
            ),
        },
        State.COMPLETED: {
            Input.PROVISIONAL: IGNORED,
            Input.FINAL: IGNORED,
            Input.TIMER_E: STALE,
            Input.TIMER_F: STALE,
            Input.TIMER_K: (State.TERMINATED, (Machine.terminate,)),
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.TERMINATED: dict.fromkeys(Input, IGNORED),
    }
    alarms: ClassVar[Mapping[str, IntEnum]] = {"E": Input.TIMER_E, "F": Input.TIMER_F, "K": Input.TIMER_K}


Client.rows = compile_rules(State, Input, Client.RULES)
