"""The table every transaction machine runs on: (state, input) → (next state, actions).

A machine writes its rules down completely: `compile_rules` refuses a table in which a pair is missing, so that "what
if a 200 arrives now?" always has a written answer. Two answers mean "nothing happens": `IGNORED` (it can happen and
is meaningless) and `STALE` (a timer of an earlier state; it was cleared, but a driver that had already taken it from
its queue may still call).

Why tables and not methods full of ifs: a transaction is the part of SIP where the interesting cases are the crossings
(a 200 that crosses a CANCEL, an ACK that crosses a retransmission), and those are exactly the cells one forgets. In a
table they are visible as cells; the tests walk all of them.

An action is a method of the machine that takes the time and the list of effects. Actions run after the state has
changed, in order; the last one may take another step (a waiting timer of zero length on a reliable transport).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, ClassVar, Final

from pbx.sip.effects import (
    ClearTimer,
    Effect,
    SetTimer,
    Terminated,
    TransactionFailed,
    TransactionId,
    Transmit,
)
from pbx.sip.hop import Hop
from pbx.sip.timers import Timers

Action = Callable[[Any, float, list[Effect]], None]
Rule = tuple[IntEnum, tuple[Action, ...]]
Rules = Mapping[Any, Mapping[Any, Rule | None]]
CompiledRules = tuple[tuple[Rule, ...], ...]

IGNORED: Final = None
STALE: Final = None

TERMINATED: Final = 0
"""The value of the state TERMINATED in every machine."""


class Machine:
    """What all four transactions share. The endpoint drops a machine whose `state` is TERMINATED.

    `data` is the message this side repeats, encoded once. `silent` machines tell the transaction user nothing
    (the endpoint runs CANCEL by itself).
    """

    __slots__ = ("data", "hop", "id", "interval", "reliable", "silent", "state", "timers")

    RULES: ClassVar[Rules] = {}
    rows: ClassVar[CompiledRules] = ()
    alarms: ClassVar[Mapping[str, IntEnum]] = {}
    """Timer letter → input."""

    def __init__(self, key: TransactionId, hop: Hop, timers: Timers, state: IntEnum) -> None:
        self.id = key
        self.hop = hop
        self.timers = timers
        self.state = state
        self.reliable = hop.reliable
        self.silent = False
        self.interval = timers.t1
        self.data = b""

    def step(self, given: IntEnum, now: float, out: list[Effect]) -> None:
        """Take one input."""
        self.state, actions = self.rows[self.state][given]
        for action in actions:
            action(self, now, out)

    def timer(self, letter: str, now: float, out: list[Effect]) -> None:
        """A timer of this machine is due."""
        self.step(self.alarms[letter], now, out)

    def set_timer(self, letter: str, at: float, out: list[Effect]) -> None:
        out.append(SetTimer((self.id, letter), at))

    def clear_timer(self, letter: str, out: list[Effect]) -> None:
        out.append(ClearTimer((self.id, letter)))

    def send(self, now: float, out: list[Effect]) -> None:
        """Transmit, or transmit again, what this side says."""
        out.append(Transmit(self.data, self.hop))

    def fail_timeout(self, now: float, out: list[Effect]) -> None:
        if not self.silent:
            out.append(TransactionFailed(self.id, "timeout"))

    def fail_transport(self, now: float, out: list[Effect]) -> None:
        if not self.silent:
            out.append(TransactionFailed(self.id, "transport"))

    def terminate(self, now: float, out: list[Effect]) -> None:
        """The last action of every rule that leads to TERMINATED."""
        if not self.silent:
            out.append(Terminated(self.id))


def compile_rules(states: type[IntEnum], inputs: type[IntEnum], rules: Rules) -> CompiledRules:
    """Rows indexed by state and input. Raises `ValueError` unless every pair has its rule."""
    rows: list[tuple[Rule, ...]] = []
    for state in sorted(states):
        row = rules.get(state)
        if row is None or set(row) != set(inputs):
            missing = [given.name for given in inputs if row is None or given not in row]
            raise ValueError(f"no rule for {state.name} with {', '.join(missing) or 'an unknown input'}")
        rows.append(tuple(row[given] or (state, ()) for given in sorted(inputs)))
    return tuple(rows)
