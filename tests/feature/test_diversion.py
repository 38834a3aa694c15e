"""Diversion and History-Info, both ways; what we write is read back as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.diversion import diversion_headers, read_diversions
from pbx.model.party import Diversion
from tests.feature.test_caller_id import invite

REASONS = ("user-busy", "no-answer", "unavailable", "deflection", "unconditional")


def read(*headers: str) -> list[tuple[str, str]]:
    return [(each.number, each.reason) for each in read_diversions(invite(*headers), "DE")]


def test_the_topmost_diversion_is_the_latest() -> None:
    found = read(
        "Diversion: <sip:030222@p.example>;reason=no-answer;counter=1",
        'Diversion: "A" <sip:+12025550123@p.example>;reason=unconditional;privacy=off',
    )
    assert found == [("+12025550123", "unconditional"), ("+4930222", "no-answer")]


def test_the_example_of_rfc_7044_appendix_b() -> None:
    found = read(
        "History-Info: <sip:bob@example.com>;index=1,"
        "<sip:bob@192.0.2.4?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1,"
        "<sip:office@example.com;cause=480>;index=1.2;mp=1,"
        "<sip:office@192.0.2.3>;index=1.2.1;rc=1.2"
    )
    assert ("office", "deflection") not in found
    assert len(found) == 1


def test_history_without_a_change_of_whom_it_is_for_is_no_diversion() -> None:
    assert (
        read("History-Info: <sip:+4930901820@p.example>;index=1, <sip:+4930901820@gw>;index=1.1;rc=1") == []
    )


@pytest.mark.parametrize("value", ["nonsense", "<<>", "<sip:p.example>;index=1", "", "a" * 5000])
def test_what_cannot_be_read_is_left_out(value: str) -> None:
    assert read(f"History-Info: {value}", f"Diversion: {value}") == []


def test_a_reason_cannot_leave_its_place() -> None:
    found = read('Diversion: <sip:030222@p.example>;reason="a\\", <sip:x>; b=\\"c"')
    assert all(each[1].replace("-", "").isalnum() for each in found)


@given(
    st.lists(
        st.tuples(st.from_regex(r"\+49308[0-9]{6}", fullmatch=True), st.sampled_from(REASONS)), max_size=6
    )
)
def test_what_is_written_is_read_back(sent: list[tuple[str, str]]) -> None:
    diverted = [Diversion(number, reason) for number, reason in sent]
    headers = list(diversion_headers(diverted, "+12025550123", "p.example"))
    lines = [f"{name}: {value}" for name, value in headers]
    for name in ("Diversion", "History-Info"):
        only = [each for each in lines if each.startswith(name)]
        assert read(*only) == sent
