"""Numbers, dates and times in words; a second way to say numbers is the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.spoken_values import Words, cardinal, clock_time, keys, ordinal, spoken, year
from pbx.feature.wording import Wording

ENGLISH = Wording().words("en")
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=ZoneInfo("America/New_York"))


def understood(text: str) -> int:
    """Reads number words from the left: what a listener does."""
    small = {cardinal(each): each for each in range(20)} | {
        cardinal(each): each for each in range(20, 100, 10)
    }
    total = part = 0
    for word in text.replace("-", " ").split():
        if word == "and":
            continue
        if word == "hundred":
            part *= 100
        elif word in ("thousand", "million", "billion"):
            total, part = total + part * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word], 0
        else:
            part += small[word]
    return total + part


@given(st.integers(0, 10**12 - 1))
def test_number_words_mean_the_number(number: int) -> None:
    assert understood(cardinal(number)) == number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (21, "twenty-one"),
        (100, "one hundred"),
        (101, "one hundred and one"),
        (1234, "one thousand two hundred and thirty-four"),
        (-5, "minus five"),
        (2_000_017, "two million and seventeen"),
    ],
)
def test_numbers(number: int, words: str) -> None:
    assert cardinal(number) == words
    assert spoken(number, "en-gb", ENGLISH, NOW) == words
    assert spoken(number, "de", {}, NOW) == str(number)


@given(st.integers(1, 10**6))
def test_an_ordinal_is_its_number_but_for_the_last_word(number: int) -> None:
    text = ordinal(number)
    endings = {"first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight"}
    endings |= {"ninth": "nine", "twelfth": "twelve"}
    head = text.replace("-", " ").split()
    last = endings.get(head[-1], head[-1].removesuffix("th"))
    last = f"{last[:-2]}y" if last.endswith("tie") else last
    assert understood(" ".join([*head[:-1], last])) == number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1999, "nineteen ninety-nine"),
        (1905, "nineteen oh five"),
        (2006, "two thousand and six"),
        (2026, "twenty twenty-six"),
        (1900, "nineteen hundred"),
        (2000, "two thousand"),
    ],
)
def test_years(number: int, words: str) -> None:
    assert year(number) == words


@pytest.mark.parametrize(
    ("dialled", "said"),
    [
        ("101", "1 0 1"),
        ("+12025550123", "plus 1 2, 0 2 5, 5 5 0, 1 2 3"),
        ("*72", "star 7 2"),
        ("1234", "1 2 3 4"),
        ("Alice", "Alice"),
    ],
)
def test_numbers_that_are_dialled_are_said_key_by_key(dialled: str, said: str) -> None:
    assert spoken(dialled, "en", ENGLISH, NOW) == said


@given(st.from_regex(r"\A[0-9]{1,20}\Z"))
def test_no_key_is_lost(dialled: str) -> None:
    assert keys(dialled, {}).replace(",", "").replace(" ", "") == dialled


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(hours=1), "today at twelve P M"),
        (timedelta(hours=12, minutes=55), "today at twelve oh five A M"),
        (timedelta(hours=13, minutes=1), "yesterday at eleven fifty-nine P M"),
        (timedelta(days=3), "on Wednesday at one P M"),
        (timedelta(days=20), "on November the first at one P M"),
        (timedelta(days=400), "on October the seventeenth, twenty twenty-five at two P M"),
    ],
)
def test_when_something_was(ago: timedelta, said: str) -> None:
    """Told in UTC, said in the node's time zone; summer time ended on the first."""
    when = (NOW.astimezone(UTC) - ago).astimezone(UTC)
    assert spoken(when, "en", ENGLISH, NOW) == said


def test_another_language_has_its_own_order_of_words() -> None:
    words: Words = {
        "when": "{day} um {time}",
        "on_date": "am {day}. {month}",
        "time": "{hour} Uhr {minute}",
        "months": ["Januar"] * 10 + ["November"],
    }
    assert (
        spoken(datetime(2026, 11, 2, 15, 5, tzinfo=NOW.tzinfo), "de", words, NOW)
        == "am 2. November um 15 Uhr 5"
    )


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_every_moment_can_be_said(when: datetime) -> None:
    moment = when.replace(tzinfo=UTC)
    for language, words in (("en", ENGLISH), ("fr", {})):
        text = spoken(moment, language, words, NOW)
        assert text
        assert "{" not in text
    assert clock_time(moment, "en", ENGLISH).endswith("A M" if moment.hour < 12 else "P M")
