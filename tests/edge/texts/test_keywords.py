"""Keywords: every form of each word, and nothing that is conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.texts.keywords import HELPS, STARTS, STOPS, Keyword, keyword_of
from tests.edge.texts.forms import written

WORDS = {**dict.fromkeys(STOPS, "stop"), **dict.fromkeys(STARTS, "start"), **dict.fromkeys(HELPS, "help")}


def test_the_words_are_those_that_carriers_know() -> None:
    assert {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"} == {
        word.upper() for word in STOPS
    }
    assert {word.upper() for word in STARTS} == {"START", "UNSTOP"}
    assert {word.upper() for word in HELPS} == {"HELP", "INFO"}


@given(written(*STOPS))
def test_stop_is_stop_in_any_form(body: str) -> None:
    found = keyword_of(body)
    assert found is not None
    assert found.kind == "stop"


@given(written(*STARTS))
def test_start_is_start_in_any_form(body: str) -> None:
    found = keyword_of(body)
    assert found is not None
    assert found.kind == "start"


@given(written(*HELPS))
def test_help_is_help_in_any_form(body: str) -> None:
    found = keyword_of(body)
    assert found is not None
    assert found.kind == "help"


@given(written("yes"))
def test_yes_is_told_apart(body: str) -> None:
    found = keyword_of(body)
    assert found is not None
    assert found.kind == "yes"


@pytest.mark.parametrize(
    ("body", "carrier"),
    [("STOP", True), (" stop\n", True), ("Stop", True), ("stop.", False), ("“STOP”", False),
     ("\uff33\uff34\uff2f\uff30", False), ("opt out", False), ("OPT-OUT", False),
     ("stop all", False), ("please stop", False)],
)  # fmt: skip
def test_what_only_we_understand_is_known_as_such(body: str, carrier: bool) -> None:
    assert keyword_of(body) == Keyword("stop", carrier=carrier)


@pytest.mark.parametrize(
    "body", ["Stop texting me", "please don't text me!", "Take me off your list please", "Pls stop"]
)
def test_sentences_that_mean_nothing_else_are_stop(body: str) -> None:
    assert keyword_of(body) == Keyword("stop", carrier=False)


@pytest.mark.parametrize(
    "body",
    [
        "", " ", "👍", "?!", "stop2", "Can you stop by at 5?", "stop by tomorrow", "please cancel my appointment",
        "The weekend", "end of the street", "yes please", "yessir", "help me please", "I need info on parking",
        "don't stop", "do not stop", "unstoppable", "quitting time", "when do you start", "St. Opera", "s",
        "STOP " * 20, "stop" + "!" * 400,
    ],
)  # fmt: skip
def test_conversation_is_no_keyword(body: str) -> None:
    assert keyword_of(body) is None


@given(st.text(max_size=300))
def test_any_text_has_an_answer(body: str) -> None:
    found = keyword_of(body)
    assert found is None or found.kind in {"stop", "start", "yes", "help"}


@pytest.mark.parametrize(
    ("sent", "kind"), [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("stop", "stop")]
)
def test_what_the_carrier_has_taken_is_not_judged_again(sent: str, kind: str) -> None:
    """A messaging service has words of its own: ARRET, BAJA."""
    assert keyword_of("arret", sent) == Keyword(kind, carrier=True)  # type: ignore[arg-type]


def test_an_odd_opt_out_type_says_nothing() -> None:
    assert keyword_of("hello", "SOMETHING") is None
    assert keyword_of("STOP", "") == Keyword("stop", carrier=True)
