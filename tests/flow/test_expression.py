"""Conditions and templates: what they mean, and that nothing but values comes of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pbx.flow.expression import DEEPEST, LONGEST, ExpressionError, compile_expression
from pbx.flow.template import LONGEST as LONGEST_TEXT
from pbx.flow.template import Value, fill, names_in

VALUES: dict[str, Value] = {
    "caller.number": "+493012345",
    "count": 7,
    "night": True,
    "empty": "",
    "tier": "Gold",
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("night", True),
        ("not night", False),
        ("not not night", True),
        ("empty", False),
        ("nobody", False),
        ("count == 7", True),
        ("count == '7.0'", True),
        ("count > 10", False),
        ("'10' > '9'", True),
        ("'10' > '9x'", False),
        ("caller.number starts_with '+49'", True),
        ("caller.number ends_with 45", True),
        ("tier == 'gold'", True),
        ('tier contains "OL" and count <= 7', True),
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("not night or count != 7 or tier == 'gold'", True),
        ("caller.number == 493012345", False),
    ],
)
def test_what_a_condition_means(text: str, holds: bool) -> None:
    assert compile_expression(text).holds(VALUES) is holds


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("count ==", 8),
        ("count == == 1", 9),
        ("(count", 6),
        ("count)", 5),
        ("a b", 2),
        ("1x", 0),
        ("'open", 0),
        ("__import__('os')", 10),
        ("caller.number.__class__ == 1 ; 2", 29),
        ("().__class__", 1),
        ("lambda: 1", 6),
    ],
)
def test_what_is_no_condition_says_where(text: str, at: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text)
    assert refused.value.at == at


def test_names_are_looked_up_in_the_values_only() -> None:
    found = compile_expression("caller.number == __builtins__ or __import__")
    assert found.names == {"caller.number", "__builtins__", "__import__"}
    assert not found.holds(VALUES)


words = st.sampled_from(
    [
        "(",
        ")",
        "and",
        "or",
        "not",
        "==",
        "!=",
        "<",
        ">=",
        "contains",
        "starts_with",
        "'a'",
        '"',
        "12",
        "-",
        "a.b",
        "é",
        "true",
        ".",
        " ",
    ]
)


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(words, max_size=40).map(" ".join),
        st.lists(words, max_size=40).map("".join),
    )
)
@example("(" * (DEEPEST + 2))
@example("not " * 120)
@example("a or " * 99 + "a")
@example("x" * (LONGEST + 1))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError:
        return
    assert expression.holds(VALUES) in (True, False)
    assert expression.holds(dict.fromkeys(expression.names, text)) in (True, False)


atoms = st.sampled_from(
    [("night", True), ("empty", False), ("true", True), ("false", False), ("count == 7", True)]
)
trees = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", not one[1])),
        st.tuples(inner, inner).map(
            lambda two: (f"({two[0][0]}) and ({two[1][0]})", two[0][1] and two[1][1])
        ),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", two[0][1] or two[1][1])),
    ),
    max_leaves=12,
)


@given(trees)
def test_a_condition_of_known_truth_holds_as_it_should(tree: tuple[str, bool]) -> None:
    text, holds = tree
    if len(text) <= LONGEST:
        assert compile_expression(text).holds(VALUES) is holds


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(["a", "a.b", "c_1"]), st.text(max_size=50)))
def test_a_template_never_fails_and_looks_at_no_value_for_more(template: str, values: dict[str, str]) -> None:
    assert len(fill(template, values)) <= LONGEST_TEXT
    assert fill("{{a}}", {"a": "{{b}}", "b": "no"}) == "{{b}}"


def test_a_template_writes_values_as_people_do() -> None:
    text = "{{ caller.number }}|{{count}}|{{night}}|{{half}}|{{whole}}|{{nobody}}|{{ not a slot }}"
    values: dict[str, Value] = {**VALUES, "half": 0.5, "whole": 3.0}
    assert fill(text, values) == "+493012345|7|yes|0.5|3||{{ not a slot }}"
    assert names_in(text) == {"caller.number", "count", "night", "half", "whole", "nobody"}
