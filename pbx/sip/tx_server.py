"""The non-INVITE server transaction (RFC 3261 17.2.2, RFC 4320): their REGISTER, OPTIONS, BYE, CANCEL, UPDATE …

    TRYING ──1xx──▶ PROCEEDING ──final──▶ COMPLETED ──timer J──▶ TERMINATED
       └────────────final────────────────▶┘

Why it looks so:
- A repeated request while TRYING is swallowed: there is nothing to say yet, and the client asks again by itself.
- COMPLETED keeps the encoded answer, and nothing else, for as long as the client may repeat its request (timer J,
  64·T1; zero on a reliable transport).
- Timer J also runs before there is an answer, from the request's arrival on. At 64·T1 the client has given up
  (its timer F), so an answer would find nobody, and RFC 4320 4.2 forbids to send one. This makes the machine end
  even when our own side has forgotten to answer.
- Only the first final response counts; a second one would contradict what the client may already have acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar

from pbx.sip.effects import Effect, TransactionId
from pbx.sip.fsm import IGNORED, TERMINATED, Machine, Rules, compile_rules
from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.sip.timers import Timers


class State(IntEnum):
    TERMINATED = TERMINATED
    TRYING = 1
    PROCEEDING = 2
    COMPLETED = 3


class Input(IntEnum):
    REQUEST = 0
    SEND_PROVISIONAL = 1
    SEND_FINAL = 2
    TIMER_J = 3
    TRANSPORT_ERROR = 4


class Server(Machine):
    """One request of theirs other than INVITE and ACK, from its arrival until nobody repeats it any more."""

    __slots__ = ("answered", "merge_key")

    def __init__(self, key: TransactionId, hop: Hop, timers: Timers, merge_key: tuple[object, ...]) -> None:
        super().__init__(key, hop, timers, State.TRYING)
        self.merge_key = merge_key
        self.answered = False

    def start(self, now: float, out: list[Effect]) -> None:
        self.set_timer("J", now + self.timers.timeout, out)

    def repeat(self, now: float, out: list[Effect]) -> None:
        """The request came again."""
        self.step(Input.REQUEST, now, out)

    def respond(self, response: Response, now: float, out: list[Effect]) -> None:
        if self.state in _ANSWERABLE:
            self.data = response.encode()
            self.answered = response.status >= 200
        self.step(Input.SEND_PROVISIONAL if response.status < 200 else Input.SEND_FINAL, now, out)

    def transport_failed(self, now: float, out: list[Effect]) -> None:
        self.step(Input.TRANSPORT_ERROR, now, out)

    def _linger(self, now: float, out: list[Effect]) -> None:
        if self.reliable:
            self.clear_timer("J", out)
            self.step(Input.TIMER_J, now, out)
        else:
            self.set_timer("J", now + self.timers.timeout, out)

    def _stop_timer_j(self, now: float, out: list[Effect]) -> None:
        self.clear_timer("J", out)

    RULES: ClassVar[Rules] = {
        State.TRYING: {
            Input.REQUEST: IGNORED,
            Input.SEND_PROVISIONAL: (State.PROCEEDING, (Machine.send,)),
            Input.SEND_FINAL: (State.COMPLETED, (Machine.send, _linger)),
            Input.TIMER_J: (State.TERMINATED, (Machine.terminate,)),
            Input.TRANSPORT_ERROR: IGNORED,
        },
        State.PROCEEDING: {
            Input.REQUEST: (State.PROCEEDING, (Machine.send,)),
            Input.SEND_PROVISIONAL: (State.PROCEEDING, (Machine.send,)),
            Input.SEND_FINAL: (State.COMPLETED, (Machine.send, _linger)),
            Input.TIMER_J: (State.TERMINATED, (Machine.terminate,)),
            Input.TRANSPORT_ERROR: (
                State.TERMINATED,
                (_stop_timer_j, Machine.fail_transport, Machine.terminate),
            ),
        },
        State.COMPLETED: {
            Input.REQUEST: (State.COMPLETED, (Machine.send,)),
            Input.SEND_PROVISIONAL: IGNORED,
            Input.SEND_FINAL: IGNORED,
            Input.TIMER_J: (State.TERMINATED, (Machine.terminate,)),
            Input.TRANSPORT_ERROR: (State.TERMINATED, (_stop_timer_j, Machine.terminate)),
        },
        State.TERMINATED: dict.fromkeys(Input, IGNORED),
    }
    alarms: ClassVar[Mapping[str, IntEnum]] = {"J": Input.TIMER_J}


_ANSWERABLE = (State.TRYING, State.PROCEEDING)
Server.rows = compile_rules(State, Input, Server.RULES)
