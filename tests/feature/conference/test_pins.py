"""PINs: who gets in as what, and those who guess."""

from __future__ import annotations

import pytest

from pbx.feature.conference.pins import FORGOTTEN_S, MOST_CALLERS, MOST_WRONG, Guesses, role_of
from pbx.model.conference import ConferenceWrite


@pytest.mark.parametrize(
    ("pin", "moderator_pin", "typed", "role"),
    [
        ("1234", "9999", "1234", "member"),
        ("1234", "9999", "9999", "moderator"),
        ("1234", "9999", "", ""),
        ("1234", "9999", "123", ""),
        ("1234", None, "1234", "member"),
        ("1234", None, "", ""),
        (None, "9999", "", "member"),
        ("", "9999", "", "member"),
        (None, "9999", "1", ""),
        ("1234", "1234", "1234", "moderator"),
        ("1234", "", "", ""),
    ],
)
def test_a_pin_makes_a_role(pin: str | None, moderator_pin: str | None, typed: str, role: str) -> None:
    record = ConferenceWrite(number="700", name="Team", pin=pin, moderator_pin=moderator_pin)
    assert role_of(record, typed) == role


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


def test_who_guesses_too_often_is_not_asked_for_a_while() -> None:
    clock = Clock()
    guesses = Guesses(clock)  # type: ignore[arg-type]  # only `monotonic` is asked
    for _ in range(MOST_WRONG - 1):
        guesses.wrong("700", "+49")
    assert not guesses.too_many("700", "+49")
    guesses.wrong("700", "+49")
    assert guesses.too_many("700", "+49")
    assert not guesses.too_many("701", "+49")
    assert not guesses.too_many("700", "+50")
    clock.at = FORGOTTEN_S + 1
    assert not guesses.too_many("700", "+49")


def test_the_right_pin_forgets_the_wrong_ones() -> None:
    guesses = Guesses(Clock())  # type: ignore[arg-type]
    for _ in range(MOST_WRONG):
        guesses.wrong("700", "+49")
    guesses.right("700", "+49")
    assert not guesses.too_many("700", "+49")


def test_a_thousand_liars_do_not_fill_the_memory() -> None:
    guesses = Guesses(Clock())  # type: ignore[arg-type]
    for caller in range(3 * MOST_CALLERS):
        guesses.wrong("700", str(caller))
    assert len(guesses._wrong) == MOST_CALLERS
