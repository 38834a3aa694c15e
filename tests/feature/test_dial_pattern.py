from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.dial_pattern import matches


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("+1NXXNXXXXXX", ["+12025550123"], ["+11025550123", "+1202555012", "+120255501234", "12025550123"]),
        ("0.", ["01", "0049301234567"], ["0", "1", ""]),
        ("0!", ["0", "01"], ["10"]),
        ("[13-5]X", ["10", "39", "45"], ["20", "6", "100"]),
        ("*72Z.", ["*7215"], ["*7205", "72"]),
        ("911", ["911"], ["9110", "91"]),
        ("[5-3]", [], ["3", "4", "5", ""]),
    ],
)
def test_a_pattern_takes_the_whole_number(pattern: str, yes: list[str], no: list[str]) -> None:
    assert all(matches(pattern, each) for each in yes)
    assert not any(matches(pattern, each) for each in no)


@given(st.from_regex(r"(?:[0-9*#+XZN]|\[[0-9-]+\])*[.!]?", fullmatch=True), st.text(max_size=12))
def test_any_pattern_the_form_takes_can_be_asked(pattern: str, dialled: str) -> None:
    assert matches(pattern, dialled) in (True, False)
