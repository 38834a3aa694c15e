"""Keys of a call: none is lost, none is passed on that belongs to a code, and their order stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.recording.keys import KeyFilter

CODES = {"*1": "record", "*2": "pause"}


def run(codes: dict[str, str], digits: str) -> tuple[list[str], str]:
    """The commands, and what the other side gets when nobody presses any more."""
    keys: KeyFilter[str] = KeyFilter(codes)
    commands: list[str] = []
    passed = ""
    for digit in digits:
        heard = keys.press(digit, digit)
        commands += heard.commands
        passed += "".join(heard.passed)
    return commands, passed + "".join(keys.give_up())


def test_a_code_is_not_passed_on_and_all_else_is() -> None:
    assert run(CODES, "*1") == (["record"], "")
    assert run(CODES, "12*2#") == (["pause"], "12#")
    assert run(CODES, "*31") == ([], "*31")
    assert run(CODES, "**1") == (["record"], "*")
    assert run(CODES, "*") == ([], "*")


def test_what_cannot_begin_a_code_goes_on_at_once() -> None:
    keys: KeyFilter[str] = KeyFilter(CODES)
    assert keys.press("5", "5").passed == ("5",)
    assert keys.press("*", "*").passed == ()
    assert keys.press("7", "7").passed == ("*", "7")


@given(st.text("*#12", max_size=30), st.sets(st.text("*#12", min_size=2, max_size=4), max_size=4))
def test_no_key_is_lost_or_made_up(digits: str, codes: set[str]) -> None:
    table = {code: code for code in codes}
    commands, passed = run(table, digits)
    assert len(passed) + sum(map(len, commands)) == len(digits)
    if not any(code in digits for code in codes):
        assert (commands, passed) == ([], digits)
    for code in commands:
        assert code in digits
