"""What is recorded, when many have a say in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.recording.policy import Rule, decide
from pbx.model.recording import When

WHENS: tuple[When, ...] = ("default", "on_demand", "always", "never")
rules = st.lists(
    st.builds(
        Rule,
        st.text("abc:1", max_size=5),
        st.sampled_from(WHENS),
        st.none() | st.integers(1, 400),
    )
)


@given(rules, st.none() | st.integers(1, 400))
def test_never_beats_always_beats_on_demand(found: list[Rule], office: int | None) -> None:
    says = {each.when for each in found}
    ruling = decide(found, office)
    expected = next((each for each in ("never", "always", "on_demand") if each in says), "default")
    assert ruling.when == expected
    those = [each for each in found if each.when == expected != "default"]
    assert ruling.reasons == tuple(each.source for each in those)
    days = [each.keep_days for each in those if each.keep_days is not None]
    assert ruling.keep_days == (max(days) if days else office)


@given(rules, st.randoms())
def test_the_order_does_not_matter(found: list[Rule], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = decide(found), decide(shuffled)
    assert (one.when, sorted(one.reasons), one.keep_days) == (
        other.when,
        sorted(other.reasons),
        other.keep_days,
    )


@given(rules, rules)
def test_one_more_to_ask_never_lifts_a_never(found: list[Rule], more: list[Rule]) -> None:
    if decide(found).when == "never":
        assert decide([*found, *more]).when == "never"
