"""The INVITE server transaction (RFC 3261 17.2.1, RFC 6026, 2xx repetition of RFC 3261 13.3.1.4): their calls.

    PROCEEDING ──3xx-6xx──▶ COMPLETED ──ACK──▶ CONFIRMED ──timer I──▶ TERMINATED
        │                       └───────timer H───────────────────────▶│
        └──2xx──▶ ACCEPTED ──ACK──▶ ACKNOWLEDGED ──timer L────────────▶│
                      └──────────timer L: the ACK is missing ─────────▶┘

Why it looks so:
- An INVITE that nobody answers within 200 ms gets 100 Trying from here, so that the client stops repeating; so does
  an INVITE that comes again before there is an answer. Later repetitions get the latest provisional answer.
- A refusal is repeated until its ACK (timer G doubles from T1 to T2; not needed on a reliable transport) or until
  timer H. CONFIRMED swallows further ACKs.
- A 2xx is repeated on every transport: its ACK travels end to end, and a proxy between us may change transports.
  RFC 3261 makes the user repeat it and forgets the transaction; RFC 6026 keeps the transaction to swallow repeated
  INVITEs. Both last 64·T1 from the first 2xx, so we keep the repetition here too: ACCEPTED repeats, ACKNOWLEDGED only
  swallows, and timer L in ACCEPTED is the moment when the ACK counts as missing and the user must say BYE.
- Only the first final response counts. A BYE, a CANCEL and an answering person race; the loser's response is ignored.
- A transport error while ACCEPTED is not the end: the 2xx is repeated anyway, and the ACK decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import ClassVar

from pbx.sip.address import NameAddr
from pbx.sip.effects import AckMissing, DeliverAck, DeliverCancel, Effect, TransactionId
from pbx.sip.fsm import IGNORED, STALE, TERMINATED, Machine, Rules, compile_rules
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.timers import Timers


class State(IntEnum):
    TERMINATED = TERMINATED
    PROCEEDING = 1
    COMPLETED = 2
    CONFIRMED = 3
    ACCEPTED = 4
    ACKNOWLEDGED = 5


class Input(IntEnum):
    INVITE = 0
    ACK = 1
    CANCEL = 2
    SEND_PROVISIONAL = 3
    SEND_SUCCESS = 4
    SEND_FAILURE = 5
    TIMER_TRYING = 6
    TIMER_G = 7
    TIMER_H = 8
    TIMER_I = 9
    TIMER_L = 10
    TIMER_2XX = 11
    TRANSPORT_ERROR = 12


class InviteServer(Machine):
    """One INVITE of theirs. `trying` makes the bytes of a 100 Trying, when one is needed."""

    __slots__ = ("_arrived", "_to", "_trying", "answered", "merge_key")

    def __init__(
        self,
        key: TransactionId,
        hop: Hop,
        timers: Timers,
        merge_key: tuple[object, ...],
        trying: Callable[[], bytes],
    ) -> None:
        super().__init__(key, hop, timers, State.PROCEEDING)
        self.merge_key = merge_key
        self.answered = False
        self._trying: Callable[[], bytes] | None = trying
        self._to = ""
        self._arrived: tuple[Request, Hop] | None = None

    @property
    def to_tag(self) -> str:
        """The tag of our responses; empty while there is none."""
        return NameAddr.parse(self._to).tag or "" if self._to else ""

    def start(self, now: float, out: list[Effect]) -> None:
        self.set_timer("TRYING", now + self.timers.trying, out)

    def repeat(self, now: float, out: list[Effect]) -> None:
        """The INVITE came again."""
        self.step(Input.INVITE, now, out)

    def acknowledge(self, ack: Request, hop: Hop, now: float, out: list[Effect]) -> None:
        """An ACK for this INVITE, whichever final response it is for."""
        self._arrived = (ack, hop)
        self.step(Input.ACK, now, out)
        self._arrived = None

    def cancel(self, cancel: Request, hop: Hop, now: float, out: list[Effect]) -> None:
        self._arrived = (cancel, hop)
        self.step(Input.CANCEL, now, out)
        self._arrived = None

    def respond(self, response: Response, now: float, out: list[Effect]) -> None:
        status = response.status
        if self.state == State.PROCEEDING:
            if not self.data:
                self.clear_timer("TRYING", out)
            self.data = response.encode()
            self.answered = status >= 200
            if status > 100:
                self._to = response.headers.get("To") or ""
        self.step(
            Input.SEND_PROVISIONAL
            if status < 200
            else Input.SEND_SUCCESS
            if status < 300
            else Input.SEND_FAILURE,
            now,
            out,
        )

    def transport_failed(self, now: float, out: list[Effect]) -> None:
        self.step(Input.TRANSPORT_ERROR, now, out)

    def _repeat_or_try(self, now: float, out: list[Effect]) -> None:
        if self.data:
            self.send(now, out)
        else:
            self._send_trying(now, out)

    def _send_trying(self, now: float, out: list[Effect]) -> None:
        if not self.data and self._trying is not None:
            self.clear_timer("TRYING", out)
            self.data = self._trying()
            self.send(now, out)

    def _deliver_cancel(self, now: float, out: list[Effect]) -> None:
        if self._arrived is not None:
            out.append(DeliverCancel(self.id, self._arrived[0]))

    def _deliver_ack(self, now: float, out: list[Effect]) -> None:
        if self._arrived is not None:
            out.append(DeliverAck(*self._arrived, self.id))

    def _start_completed(self, now: float, out: list[Effect]) -> None:
        self._trying = None
        if not self.reliable:
            self.set_timer("G", now + self.interval, out)
        self.set_timer("H", now + self.timers.timeout, out)

    def _start_accepted(self, now: float, out: list[Effect]) -> None:
        self._trying = None
        self.set_timer("2XX", now + self.interval, out)
        self.set_timer("L", now + self.timers.timeout, out)

    def _double_timer_g(self, now: float, out: list[Effect]) -> None:
        self.interval = min(2 * self.interval, self.timers.t2)
        self.set_timer("G", now + self.interval, out)

    def _double_timer_2xx(self, now: float, out: list[Effect]) -> None:
        self.interval = min(2 * self.interval, self.timers.t2)
        self.set_timer("2XX", now + self.interval, out)

    def _stop_trying(self, now: float, out: list[Effect]) -> None:
        if not self.data:
            self.clear_timer("TRYING", out)

    def _stop_completed(self, now: float, out: list[Effect]) -> None:
        if not self.reliable:
            self.clear_timer("G", out)
        self.clear_timer("H", out)

    def _stop_2xx(self, now: float, out: list[Effect]) -> None:
        self.clear_timer("2XX", out)
        self.data = b""

    def _linger_confirmed(self, now: float, out: list[Effect]) -> None:
        self.data = b""
        if self.reliable:
            self.step(Input.TIMER_I, now, out)
        else:
            self.set_timer("I", now + self.timers.t4, out)

    def _miss_ack(self, now: float, out: list[Effect]) -> None:
        self.clear_timer("2XX", out)
        out.append(AckMissing(self.id))

    RULES: ClassVar[Rules] = {
        State.PROCEEDING: {
            Input.INVITE: (State.PROCEEDING, (_repeat_or_try,)),
            Input.ACK: IGNORED,
            Input.CANCEL: (State.PROCEEDING, (_deliver_cancel,)),
            Input.SEND_PROVISIONAL: (State.PROCEEDING, (Machine.send,)),
            Input.SEND_SUCCESS: (State.ACCEPTED, (Machine.send, _start_accepted)),
            Input.SEND_FAILURE: (State.COMPLETED, (Machine.send, _start_completed)),
            Input.TIMER_TRYING: (State.PROCEEDING, (_send_trying,)),
            Input.TIMER_G: STALE,
            Input.TIMER_H: STALE,
            Input.TIMER_I: STALE,
            Input.TIMER_L: STALE,
            Input.TIMER_2XX: STALE,
            Input.TRANSPORT_ERROR: (
                State.TERMINATED,
                (_stop_trying, Machine.fail_transport, Machine.terminate),
            ),
        },
        State.COMPLETED: {
            Input.INVITE: (State.COMPLETED, (Machine.send,)),
            Input.ACK: (State.CONFIRMED, (_stop_completed, _linger_confirmed)),
            Input.CANCEL: IGNORED,
            Input.SEND_PROVISIONAL: IGNORED,
            Input.SEND_SUCCESS: IGNORED,
            Input.SEND_FAILURE: IGNORED,
            Input.TIMER_TRYING: STALE,
            Input.TIMER_G: (State.COMPLETED, (Machine.send, _double_timer_g)),
            Input.TIMER_H: (State.TERMINATED, (_stop_completed, Machine.terminate)),
            Input.TIMER_I: STALE,
            Input.TIMER_L: STALE,
            Input.TIMER_2XX: STALE,
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_completed, Machine.terminate)),
        },
        State.CONFIRMED: {
            Input.INVITE: IGNORED,
            Input.ACK: IGNORED,
            Input.CANCEL: IGNORED,
            Input.SEND_PROVISIONAL: IGNORED,
            Input.SEND_SUCCESS: IGNORED,
            Input.SEND_FAILURE: IGNORED,
            Input.TIMER_TRYING: STALE,
            Input.TIMER_G: STALE,
            Input.TIMER_H: STALE,
            Input.TIMER_I: (State.TERMINATED, (Machine.terminate,)),
            Input.TIMER_L: STALE,
            Input.TIMER_2XX: STALE,
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.ACCEPTED: {
            Input.INVITE: IGNORED,
            Input.ACK: (State.ACKNOWLEDGED, (_stop_2xx, _deliver_ack)),
            Input.CANCEL: IGNORED,
            Input.SEND_PROVISIONAL: IGNORED,
            Input.SEND_SUCCESS: IGNORED,
            Input.SEND_FAILURE: IGNORED,
            Input.TIMER_TRYING: STALE,
            Input.TIMER_G: STALE,
            Input.TIMER_H: STALE,
            Input.TIMER_I: STALE,
            Input.TIMER_L: (State.TERMINATED, (_miss_ack, Machine.terminate)),
            Input.TIMER_2XX: (State.ACCEPTED, (Machine.send, _double_timer_2xx)),
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.ACKNOWLEDGED: {
            Input.INVITE: IGNORED,
            Input.ACK: IGNORED,
            Input.CANCEL: IGNORED,
            Input.SEND_PROVISIONAL: IGNORED,
            Input.SEND_SUCCESS: IGNORED,
            Input.SEND_FAILURE: IGNORED,
            Input.TIMER_TRYING: STALE,
            Input.TIMER_G: STALE,
            Input.TIMER_H: STALE,
            Input.TIMER_I: STALE,
            Input.TIMER_L: (State.TERMINATED, (Machine.terminate,)),
            Input.TIMER_2XX: STALE,
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.TERMINATED: dict.fromkeys(Input, IGNORED),
    }
    alarms: ClassVar[Mapping[str, IntEnum]] = {
        "TRYING": Input.TIMER_TRYING,
        "G": Input.TIMER_G,
        "H": Input.TIMER_H,
        "I": Input.TIMER_I,
        "L": Input.TIMER_L,
        "2XX": Input.TIMER_2XX,
    }


InviteServer.rows = compile_rules(State, Input, InviteServer.RULES)
