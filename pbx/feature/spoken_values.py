"""Numbers, dates and times as a voice says them.

Numbers that are dialled are said key by key; numbers that count are words in English, and digits in other languages,
which the voice knows how to read. How a date is put together stands in the language's `values.json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

__all__ = ["Value", "Words", "cardinal", "clock_time", "day", "keys", "ordinal", "spoken"]

Value = str | int | datetime
Words = Mapping[str, object]

DIALLED = re.compile(r"\+?[0-9*#]+")
GROUP = 3
"""So many keys are said without a pause; what is left over goes to the last group."""
ONES = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def spoken(value: Value, language: str, words: Words, now: datetime) -> str:
    """A value in the words of a language; `words` are its phrases."""
    if isinstance(value, datetime):
        return day_and_time(value, language, words, now)
    if isinstance(value, int):
        return cardinal(value) if _is_english(language) else str(value)
    return keys(value, words) if DIALLED.fullmatch(value) else value


def cardinal(number: int) -> str:
    """In English words."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens - 2] + (f"-{ONES[ones]}" if ones else "")
    for size, name in SCALES:
        if number >= size:
            many, rest = divmod(number, size)
            text = f"{cardinal(many)} {name}"
            if not rest:
                return text
            return f"{text} and {cardinal(rest)}" if rest < 100 else f"{text} {cardinal(rest)}"
    raise AssertionError("unreachable")


def ordinal(number: int) -> str:
    """first, second, twenty-third."""
    text = cardinal(number)
    last = re.split("[ -]", text)[-1]
    return text[: -len(last)] + (ORDINALS.get(last) or _th(last))


def keys(dialled: str, words: Words) -> str:
    """Key by key, in groups."""
    named = [str(words.get(f"key_{name}", name)) if (name := NAMES.get(each)) else each for each in dialled]
    count = max(1, len(named) // GROUP)
    groups = [named[at * GROUP : (at + 1) * GROUP if at < count - 1 else None] for at in range(count)]
    return ", ".join(" ".join(each) for each in groups)


NAMES = {"+": "plus", "*": "star", "#": "pound"}


def day_and_time(when: datetime, language: str, words: Words, now: datetime) -> str:
    """In the time zone of `now`."""
    when = when.astimezone(now.tzinfo)
    form = str(words.get("when", "{day} {time}"))
    return form.format(day=day(when, language, words, now), time=clock_time(when, language, words))


def day(when: datetime, language: str, words: Words, now: datetime) -> str:
    """Today, yesterday, the day of the week, else the date, and its year when it is another one."""
    ago = (now.date() - when.date()).days
    number = ordinal(when.day) if _is_english(language) else str(when.day)
    values = {
        "weekday": _nth(words, "weekdays", when.weekday(), when.strftime("%A")),
        "month": _nth(words, "months", when.month - 1, when.strftime("%m")),
        "day": number,
        "year": year(when.year) if _is_english(language) else str(when.year),
    }
    name = {0: "today", 1: "yesterday"}.get(ago)
    if name is None:
        name = "on_weekday" if 1 < ago < 7 else "on_date" if when.year == now.year else "on_date_with_year"
    return str(words.get(name, "{weekday} {day} {month}")).format(**values)


def year(number: int) -> str:
    """As English says years: nineteen ninety-nine, two thousand and six, twenty twenty-six."""
    century, rest = divmod(number, 100)
    if not 1100 <= number < 10000 or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {cardinal(rest) if rest > 9 else f'oh {ONES[rest]}'}"


def clock_time(when: datetime, language: str, words: Words) -> str:
    """Twelve hours in English words, else as the clock shows it, unless the language has a form of its own."""
    if not _is_english(language):
        return str(words.get("time", "{hour}:{minute:02}")).format(hour=when.hour, minute=when.minute)
    hour = cardinal(when.hour % 12 or 12)
    minute = (
        ""
        if not when.minute
        else f" {cardinal(when.minute) if when.minute > 9 else f'oh {ONES[when.minute]}'}"
    )
    return f"{hour}{minute} {'A M' if when.hour < 12 else 'P M'}"


def _nth(words: Words, name: str, place: int, otherwise: str) -> str:
    found = words.get(name)
    return str(found[place]) if isinstance(found, list) and place < len(found) else otherwise


def _th(last: str) -> str:
    return f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"


def _is_english(language: str) -> bool:
    return language.partition("-")[0].lower() == "en"
