"""The tables: complete, and every way through them ends."""

from __future__ import annotations

from enum import IntEnum

import pytest

from pbx.sip import tx_client, tx_invite_client, tx_invite_server, tx_server
from pbx.sip.fsm import IGNORED, TERMINATED, Machine, compile_rules

MACHINES = [
    (tx_client.Client, tx_client.State, tx_client.Input),
    (tx_server.Server, tx_server.State, tx_server.Input),
    (tx_invite_client.InviteClient, tx_invite_client.State, tx_invite_client.Input),
    (tx_invite_server.InviteServer, tx_invite_server.State, tx_invite_server.Input),
]
each_machine = pytest.mark.parametrize(("machine", "states", "inputs"), MACHINES)


class Lamp(IntEnum):
    OFF = 0
    ON = 1


class Hand(IntEnum):
    PRESS = 0


def test_a_table_with_a_missing_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule for ON with PRESS"):
        compile_rules(Lamp, Hand, {Lamp.OFF: {Hand.PRESS: IGNORED}, Lamp.ON: {}})


def test_an_ignored_input_keeps_the_state_and_does_nothing() -> None:
    rows = compile_rules(Lamp, Hand, {Lamp.OFF: {Hand.PRESS: (Lamp.ON, ())}, Lamp.ON: {Hand.PRESS: IGNORED}})
    assert rows == (((Lamp.ON, ()),), ((Lamp.ON, ()),))


@each_machine
def test_every_state_has_a_rule_for_every_input(
    machine: type[Machine], states: type[IntEnum], inputs: type[IntEnum]
) -> None:
    assert set(machine.RULES) == set(states)
    assert all(set(row) == set(inputs) for row in machine.RULES.values())


@each_machine
def test_terminated_is_zero_and_final(
    machine: type[Machine], states: type[IntEnum], inputs: type[IntEnum]
) -> None:
    assert states["TERMINATED"] == TERMINATED
    assert all(machine.rows[TERMINATED][given] == (TERMINATED, ()) for given in inputs)


@each_machine
def test_terminated_can_be_reached_from_every_state(
    machine: type[Machine], states: type[IntEnum], inputs: type[IntEnum]
) -> None:
    reaches = {TERMINATED}
    for _ in states:
        reaches |= {int(s) for s in states if any(machine.rows[s][given][0] in reaches for given in inputs)}
    assert reaches == set(map(int, states))


@each_machine
def test_every_rule_that_terminates_says_so_last(
    machine: type[Machine], states: type[IntEnum], inputs: type[IntEnum]
) -> None:
    for state in states:
        for given in inputs:
            to, actions = machine.rows[state][given]
            if to == TERMINATED != state:
                assert actions[-1] is Machine.terminate, (state, given)
            else:
                assert Machine.terminate not in actions, (state, given)


@each_machine
def test_every_timer_letter_is_an_input(
    machine: type[Machine], states: type[IntEnum], inputs: type[IntEnum]
) -> None:
    assert set(machine.alarms.values()) == {given for given in inputs if given.name.startswith("TIMER_")}
    assert len(states) > 1
