from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ai.folding import fold, sound


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë Weiß-O'Neil", "zoe weiss oneil"),
        ("Łukasz  WÓJCIK", "lukasz wojcik"),
        ("Ærø_Østergård", "aero ostergard"),
        ("Nguyễn Văn", "nguyen van"),
        ("«!»", ""),
    ],
)
def test_accents_case_and_signs_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_and_composition_does_not_count(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("smith", "smyth"),
        ("stephen", "steven"),
        ("philip", "filip"),
        ("meyer", "maier"),
        ("catherine", "katherine"),
        ("john", "jon"),
        ("knight", "nite"),
        ("schmidt", "schmitt"),
        ("wright", "rite"),
        ("alice", "alis"),
    ],
)
def test_names_that_sound_alike_have_one_key(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other"), [("smith", "jones"), ("martin", "mertens"), ("bob", "rob"), ("carol", "karen")]
)
def test_names_that_do_not_have_two(one: str, other: str) -> None:
    assert sound(one) != sound(other)
