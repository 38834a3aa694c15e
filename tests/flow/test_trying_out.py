"""What is dialled to try a flow out: once, within a minute, by nobody outside."""

from __future__ import annotations

import pytest

from pbx.core.errors import UserError
from pbx.flow.document import LoadedFlow, load
from pbx.flow.test_calls import GOOD_FOR_S, MOST, TestCalls
from pbx.model.flow import Flow, FlowNode
from tests.fakes.clock import FakeClock


def _flow() -> LoadedFlow:
    node = FlowNode(type="hang_up", parameters={"reason": "busy"})
    found = load(Flow(number="500", name="Main", entry="over", nodes={"over": node}), 0)
    assert isinstance(found, LoadedFlow)
    return found


def test_a_ticket_leads_into_the_flow_once() -> None:
    tests = TestCalls(FakeClock())
    made, other = tests.make(_flow()), tests.make(_flow())
    assert made.dial != other.dial
    assert tests.has(made.dial)
    assert tests.take(made.dial) is made.flow
    assert not tests.has(made.dial)
    assert tests.take(made.dial) is None
    assert tests.take("flow-test-") is None
    assert tests.has(other.dial)


def test_a_ticket_is_good_for_a_minute() -> None:
    clock = FakeClock()
    tests = TestCalls(clock)
    made = tests.make(_flow())
    clock.advance(GOOD_FOR_S - 1)
    assert tests.has(made.dial)
    clock.advance(1)
    assert not tests.has(made.dial)
    assert tests.take(made.dial) is None


def test_those_that_were_never_dialled_do_not_pile_up() -> None:
    clock = FakeClock()
    tests = TestCalls(clock)
    for _ in range(MOST):
        tests.make(_flow())
    with pytest.raises(UserError) as caught:
        tests.make(_flow())
    assert caught.value.http_status == 429
    clock.advance(GOOD_FOR_S)
    assert tests.make(_flow()).dial
