"""Keys in a conference, by a table and by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.conference.keys import PATIENCE_S, Keys, Wish, Wished

SILENCE = "-"
"""In a text of keys: nothing was pressed for a while."""


def wishes(text: str) -> list[Wished]:
    keys = Keys()
    found = [keys.press("" if key == SILENCE else key) for key in text]
    return [each for each in found if each is not None]


@pytest.mark.parametrize(
    ("pressed", "wanted"),
    [
        ("*1", [Wished(Wish.MUTE)]),
        ("*1*1", [Wished(Wish.MUTE), Wished(Wish.MUTE)]),
        ("1", []),
        ("12#", []),
        ("*-", [Wished(Wish.MENU)]),
        ("**", [Wished(Wish.MENU)]),
        ("*0", [Wished(Wish.MENU)]),
        ("*-1", [Wished(Wish.MENU)]),
        ("*#", []),
        ("*A", []),
        ("*512#", [Wished(Wish.MUTE_ONE, "12")]),
        ("*512-", [Wished(Wish.MUTE_ONE, "12")]),
        ("*6#", [Wished(Wish.REMOVE)]),
        ("*6*1", [Wished(Wish.MUTE)]),
        ("*6A", []),
        ("*80049301234567#*9", [Wished(Wish.CALL, "0049301234567"), Wished(Wish.END)]),
        ("*5" + "1" * 40, []),
    ],
)
def test_what_keys_mean(pressed: str, wanted: list[Wished]) -> None:
    assert wishes(pressed) == wanted


@given(st.text("0123456789*#ABCD-", max_size=40))
def test_any_keys_leave_a_member_who_can_still_mute_itself(pressed: str) -> None:
    keys = Keys()
    for key in pressed:
        keys.press("" if key == SILENCE else key)
    if keys.wait_s == PATIENCE_S:
        keys.press("")
    keys.press("#")
    assert keys.press("*") is None
    assert keys.press("1") == Wished(Wish.MUTE)
