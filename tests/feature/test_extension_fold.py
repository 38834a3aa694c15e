"""Who rings, talks and holds, as a fold over call events."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.extension_fold import ExtensionFold
from pbx.model import call_event as events
from pbx.model.call_event import CallEvent
from pbx.model.party import Party

AT = datetime(2026, 1, 1, tzinfo=UTC)


def offered(call: str = "c1", number: str = "101", extension: str | None = "101") -> CallEvent:
    return events.CallOffered(
        call=call,
        at=AT,
        from_number=number,
        from_name=f"Name {number}",
        from_extension=extension,
        dialled="102",
        source="udp:x",
    )


def dialled(leg: str = "b1", extension: str | None = "102", call: str = "c1") -> CallEvent:
    return events.LegDialled(call=call, at=AT, leg=leg, target=extension or "+49301234", extension=extension)


def ringing(leg: str = "b1", call: str = "c1") -> CallEvent:
    return events.LegRinging(call=call, at=AT, leg=leg, status=180)


def answered(leg: str, call: str = "c1") -> CallEvent:
    return events.LegAnswered(call=call, at=AT, leg=leg)


def ended(call: str = "c1") -> CallEvent:
    return events.CallEnded(call=call, at=AT, cause="normal")


def leg_ended(leg: str, call: str = "c1") -> CallEvent:
    return events.LegEnded(call=call, at=AT, leg=leg, cause="normal")


def fold_of(*happened: CallEvent) -> ExtensionFold:
    fold = ExtensionFold()
    for event in happened:
        fold.take(event)
    return fold


def seen(fold: ExtensionFold, number: str) -> list[tuple[str, bool, str, bool]]:
    """Progress, whether it calls, whom it sees, held."""
    return [(leg.progress, leg.outward, leg.remote.number, leg.held) for leg in fold.legs(number)]


def test_a_call_lights_both_lamps_step_by_step() -> None:
    fold = fold_of(offered())
    assert seen(fold, "101") == [("trying", True, "102", False)]
    assert fold.take(dialled())[0] == {"102"}
    assert seen(fold, "102") == [], "a phone that has not said a word does not ring"
    assert fold.take(ringing())[0] == {"101", "102"}
    assert seen(fold, "102") == [("early", False, "101", False)]
    assert seen(fold, "101") == [("early", True, "102", False)]
    fold.take(answered("b1"))
    fold.take(answered("a"))
    assert seen(fold, "102") == [("confirmed", False, "101", False)]
    assert seen(fold, "101") == [("confirmed", True, "102", False)]
    fold.take(events.LegHeld(call="c1", at=AT, leg="b1"))
    assert seen(fold, "102") == [("confirmed", False, "101", True)]
    fold.take(events.LegResumed(call="c1", at=AT, leg="b1"))
    fold.take(leg_ended("b1"))
    assert seen(fold, "102") == []
    assert fold.take(ended())[0] == {"101"}
    assert fold.busy() == []


def test_several_phones_of_one_extension_are_one_ringing_dialog() -> None:
    fold = fold_of(offered(), dialled("b1"), dialled("b2"), ringing("b2"), ringing("b1"))
    assert [leg.leg for leg in fold.legs("102")] == ["b1"]
    fold.take(answered("b2"))
    assert [leg.leg for leg in fold.legs("102")] == ["b2"]
    fold.take(leg_ended("b1"))
    assert [leg.leg for leg in fold.legs("102")] == ["b2"]


def test_a_blind_transfer_shows_who_stays_to_the_next_phone() -> None:
    fold = fold_of(offered(), dialled(), ringing(), answered("b1"), answered("a"))
    fold.take(events.LegTransferred(call="c1", at=AT, leg="a", stays="b1", to="103"))
    fold.take(dialled("b2", "103"))
    fold.take(ringing("b2"))
    assert seen(fold, "103") == [("early", False, "102", False)]
    assert [leg[0] for leg in seen(fold, "101")] == ["confirmed"], "it waits for the outcome"
    fold.take(answered("b2"))
    fold.take(leg_ended("a"))
    assert seen(fold, "101") == []
    assert seen(fold, "102") == [("confirmed", False, "103", False)]


def test_a_leg_that_goes_to_another_call_is_there_and_not_here() -> None:
    fold = fold_of(offered(), dialled(), ringing(), offered("c2", "103", "103"), answered("a", "c2"))
    fold.take(events.LegLeft(call="c2", at=AT, leg="a", to_call="c1"))
    fold.take(ended("c2"))
    assert seen(fold, "103") == []
    fold.take(events.LegJoined(call="c1", at=AT, leg="b2", target="103", extension="103", from_call="c2"))
    fold.take(leg_ended("b1"))
    assert seen(fold, "103") == [("confirmed", False, "101", False)]
    assert seen(fold, "102") == []
    assert seen(fold, "101") == [("early", True, "103", False)]


def test_a_parked_caller_is_seen_until_somebody_talks_with_it() -> None:
    fold = fold_of(
        offered(number="+4930", extension=None), dialled(), ringing(), answered("b1"), answered("a")
    )
    fold.take(events.LegTransferred(call="c1", at=AT, leg="b1", stays="a", to="*681"))
    assert fold.take(events.CallParked(call="c1", at=AT, slot="1", by="102")) == (set(), {"1"})
    assert fold.parked("1") == Party("+4930", "Name +4930")
    fold.take(leg_ended("b1"))
    fold.take(dialled("b2", "102"))
    fold.take(ringing("b2"))
    assert fold.parked("1") is not None, "it rings back, and is still there"
    joined = events.LegJoined(call="c1", at=AT, leg="b3", target="103", extension="103", from_call="c9")
    assert "1" in fold.take(joined)[1]
    assert fold.parked("1") is None


# -- whatever happens ------------------------------------------------------------------------------------------------

CALLS = st.sampled_from(["c1", "c2"])
LEGS = st.sampled_from(["a", "b1", "b2", "b3"])
NUMBERS = st.sampled_from(["101", "102", "103", None])
SLOTS = st.sampled_from(["1", "2"])

EVENTS = st.one_of(
    st.builds(offered, CALLS, st.sampled_from(["101", "102", "+4930"]), NUMBERS),
    *[st.builds(dialled, LEGS, NUMBERS, CALLS)] * 5,  # most of what happens builds up, or nothing would stand
    *[st.builds(ringing, LEGS, CALLS)] * 3,
    st.builds(answered, LEGS, CALLS),
    st.builds(leg_ended, LEGS, CALLS),
    st.builds(lambda call, leg: events.LegHeld(call=call, at=AT, leg=leg), CALLS, LEGS),
    st.builds(lambda call, leg: events.LegResumed(call=call, at=AT, leg=leg), CALLS, LEGS),
    st.builds(
        lambda call, leg, stays: events.LegTransferred(call=call, at=AT, leg=leg, stays=stays, to="103"),
        CALLS,
        LEGS,
        LEGS,
    ),
    st.builds(
        lambda call, leg, number: events.LegJoined(
            call=call, at=AT, leg=leg, target="x", extension=number, from_call="c9"
        ),
        CALLS,
        LEGS,
        NUMBERS,
    ),
    st.builds(lambda call, leg: events.LegLeft(call=call, at=AT, leg=leg, to_call="c9"), CALLS, LEGS),
    st.builds(lambda call, slot: events.CallParked(call=call, at=AT, slot=slot), CALLS, SLOTS),
    st.builds(ended, CALLS),
)
HAPPENED = st.lists(EVENTS, max_size=40).map(
    lambda rest: [offered("c1"), offered("c2", "102", "102"), dialled("b1", "103", "c2"), *rest]
)


@given(HAPPENED)
def test_when_all_calls_are_over_every_lamp_is_off(happened: list[CallEvent]) -> None:
    fold = fold_of(*happened, *(ended(call) for call in ("c1", "c2")))
    assert fold.busy() == []
    assert fold.slots() == []
    for number in ("101", "102", "103"):
        assert fold.legs(number) == []


@given(HAPPENED)
def test_whatever_looks_different_has_been_said_to_be(happened: list[CallEvent]) -> None:
    fold = ExtensionFold()
    for event in happened:
        before = {number: seen(fold, number) for number in ("101", "102", "103")}
        parked = {slot: fold.parked(slot) for slot in ("1", "2")}
        changed, slots = fold.take(event)
        assert {number for number, state in before.items() if seen(fold, number) != state} <= changed
        assert {slot for slot, who in parked.items() if fold.parked(slot) != who} <= slots


@given(HAPPENED)
def test_a_leg_that_is_over_lights_nothing(happened: list[CallEvent]) -> None:
    """An oracle of its own: a leg may only shine between its beginning and its end."""
    there: set[tuple[str, str]] = set()
    running: set[str] = set()
    for event in happened:
        if isinstance(event, events.CallOffered) and event.call not in running:
            running.add(event.call)
            there.add((event.call, "a"))
        elif isinstance(event, events.CallEnded):
            running.discard(event.call)
            there = {each for each in there if each[0] != event.call}
        elif isinstance(event, events.LegDialled | events.LegJoined) and event.call in running:
            there.add((event.call, event.leg))
        elif isinstance(event, events.LegEnded | events.LegLeft):
            there.discard((event.call, event.leg))
    fold = fold_of(*happened)
    lit = {(leg.call, leg.leg) for number in ("101", "102", "103") for leg in fold.legs(number)}
    assert lit <= there


def test_beginning_anew_comes_to_the_same() -> None:
    past = [offered(), dialled(), ringing(), answered("b1"), answered("a")]
    fold = fold_of(offered("c7", "102", "102"))
    fold.rebuild(past)
    assert seen(fold, "102") == seen(fold_of(*past), "102")
    assert len(fold.busy()) == 2
