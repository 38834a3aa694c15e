"""Calls that come back, and calls that go round for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pbx.call.incoming import Passed
from pbx.core.errors import PeerError
from pbx.feature.passed_on import HEADER, MOST_MARKS, PassedOn
from tests.feature.test_caller_id import invite


def sent(office: PassedOn, dialled: str, passed: Passed, *, to_office: bool = True) -> dict[str, str]:
    call: Any = SimpleNamespace(dialled=dialled, passed=passed)
    return dict(office.headers(call, to_office=to_office))


def arrive(office: PassedOn, dialled: str, headers: dict[str, str], *, trusted: bool = True) -> Passed:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return office.read(invite(*lines), dialled, trusted=trusted)


def test_two_offices_that_send_a_call_to_each_other_stop_at_the_second_visit() -> None:
    a, b = PassedOn(), PassedOn()
    at_b = arrive(b, "299", sent(a, "299", Passed()))
    assert (at_b.hops_left, len(at_b.marks)) == (69, 1)
    with pytest.raises(PeerError) as error:
        arrive(a, "299", sent(b, "299", at_b))
    assert error.value.sip_status == 482


def test_a_call_that_comes_back_for_somebody_else_is_only_forwarded() -> None:
    a, b = PassedOn(), PassedOn()
    at_b = arrive(b, "201", sent(a, "8201", Passed()))
    back = arrive(a, "102", sent(b, "201", at_b))
    assert (back.hops_left, len(back.marks)) == (68, 2)


def test_the_last_hop_is_483() -> None:
    office = PassedOn()
    assert sent(office, "1", Passed(hops_left=2))["Max-Forwards"] == "1"
    with pytest.raises(PeerError) as error:
        sent(office, "1", Passed(hops_left=1))
    assert error.value.sip_status == 483


def test_too_many_offices_are_483() -> None:
    marks = {HEADER: ", ".join(f"{each:016x}" for each in range(MOST_MARKS))}
    with pytest.raises(PeerError) as error:
        arrive(PassedOn(), "1", marks)
    assert error.value.sip_status == 483


def test_a_provider_is_neither_told_nor_believed() -> None:
    office = PassedOn()
    told = sent(office, "8201", Passed(), to_office=False)
    assert HEADER not in told
    marks = sent(office, "8201", Passed())
    assert arrive(office, "8201", marks, trusted=False).marks == ()


def test_without_max_forwards_there_are_seventy() -> None:
    assert arrive(PassedOn(), "1", {}).hops_left == 70
    assert arrive(PassedOn(), "1", {"Max-Forwards": "3"}).hops_left == 3
