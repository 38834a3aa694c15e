"""Collected errors agree with msgspec, which stops at the first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.model.document import OfficeDocument
from pbx.model.extension import ExtensionWrite
from pbx.model.validate import MOST_PROBLEMS, problems_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**11) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
extension_like = st.fixed_dictionaries(
    {},
    optional={
        "number": st.sampled_from(["101", "1", "911", "10a", "101\n"]) | json_values,
        "name": st.sampled_from(["Alice", "", "a\nb"]) | json_values,
        "enabled": st.booleans() | json_values,
        "ring_timeout_s": st.integers(0, 400) | json_values,
        "sip_password": st.sampled_from(["long enough", "short", None]) | json_values,
        "colour": json_values,
    },
)
document_like = st.fixed_dictionaries(
    {}, optional={"extensions": st.lists(extension_like | json_values) | json_values}
)


@settings(deadline=None, max_examples=300)
@given(document_like | json_values)
def test_problems_are_found_exactly_when_decoding_fails(raw: Any) -> None:
    try:
        msgspec.convert(raw, OfficeDocument)
        fails = False
    except msgspec.ValidationError:
        fails = True
    assert bool(problems_of(raw, OfficeDocument)) is fails


@settings(deadline=None, max_examples=300)
@given(document_like)
def test_the_first_error_of_msgspec_is_among_the_problems(raw: Any) -> None:
    try:
        msgspec.convert(raw, OfficeDocument)
    except msgspec.ValidationError as error:
        path = str(error).rsplit(" - at `", maxsplit=1)[1].rstrip("`") if " - at `" in str(error) else "$"
        found = {problem.path for problem in problems_of(raw, OfficeDocument)}
        assert any(one == path or one.startswith(f"{path}.") for one in found)


def test_every_problem_has_its_path() -> None:
    raw = {"extensions": [{"number": "101", "name": "A"}, {"number": "x", "ring_timeout_s": 4, "nmae": "B"}]}
    found = problems_of(raw, OfficeDocument)
    assert [problem.path for problem in found] == [
        "$.extensions[1].nmae",
        "$.extensions[1].number",
        "$.extensions[1].name",
        "$.extensions[1].ring_timeout_s",
    ]
    assert "Did you mean name?" in str(found[0])
    assert "2 to 10 digits" in str(found[1])
    assert "missing" in str(found[2])
    assert "got 4, needed a whole number of at least 5" in str(found[3])


def test_a_choice_names_what_there_is() -> None:
    (problem,) = problems_of({"number": "101", "name": "A", "may_call": "all"}, ExtensionWrite)
    assert str(problem.needed).startswith("one of: ")
    assert "national" in str(problem.needed)


def test_a_password_is_never_repeated() -> None:
    (problem,) = problems_of({"number": "101", "name": "A", "sip_password": "secret"}, ExtensionWrite)
    assert "secret" not in str(problem).replace("sip_password", "")
    assert "6 characters" in str(problem)


@pytest.mark.parametrize("value", [["hunter22"], {"hunter22": 1}, 1234567890])
def test_a_password_of_another_type_is_not_repeated_either(value: Any) -> None:
    (problem,) = problems_of({"number": "101", "name": "A", "sip_password": value}, ExtensionWrite)
    assert "hunter22" not in str(problem)
    assert "1234567890" not in str(problem)


def test_a_hopeless_document_does_not_flood() -> None:
    assert len(problems_of({"extensions": [1] * 10_000}, OfficeDocument)) == MOST_PROBLEMS


def test_long_values_are_cut() -> None:
    (problem,) = problems_of({"number": "1" * 1000, "name": "A"}, ExtensionWrite)
    assert len(str(problem)) < 250
