from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.media.grammar import MOST_PHRASES, grammar_for
from pbx.media.pronunciation import pronounce

PHONES = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH",
     "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW",
     "V", "W", "Y", "Z", "ZH")
)  # fmt: skip


def test_a_name_is_said_whole_or_by_one_of_its_words_with_a_wish_around() -> None:
    grammar = grammar_for(("Łukasz Wójcik", "Sales department", "Room 12"))
    assert "/4/ lukasz wojcik" in grammar.text
    assert grammar.meaning("i would like to speak to lukasz wojcik please") == "Łukasz Wójcik"
    assert grammar.meaning("wojcik") == "wojcik"
    assert grammar.meaning("sales") == "sales"
    assert grammar.meaning("room one two") == "Room 12"
    assert grammar.meaning("department") == ""
    assert grammar.meaning("i would like to") == ""
    assert {"lukasz", "please", "would"} <= set(grammar.words)


def test_nothing_expected_makes_no_grammar() -> None:
    assert grammar_for(()).text == grammar_for(("", "!!", "日本")).text == ""


@given(st.lists(st.text(max_size=30), max_size=12))
def test_no_name_breaks_out_of_the_grammar(names: list[str]) -> None:
    grammar = grammar_for(tuple(names))
    for line in grammar.text.splitlines():
        if line.startswith("<name>"):
            assert set(line.removeprefix("<name> = ").removesuffix(";")) <= set(
                "abcdefghijklmnopqrstuvwxyz' |/14"
            )
    assert all(set(word) <= set("abcdefghijklmnopqrstuvwxyz'") for word in grammar.words)


def test_a_grammar_is_bounded() -> None:
    names = tuple(f"{'abcdefghij'[n % 10] * (n // 10 + 1)}" for n in range(3000))
    assert grammar_for(names).text.count("/4/") <= MOST_PHRASES


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_every_word_has_sounds_that_the_model_knows(word: str) -> None:
    assert set(pronounce(word).split()) <= PHONES
    assert pronounce(word) or set(word) <= set("e")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("kim", "K IH M"),
        ("kate", "K EY T"),
        ("schulz", "SH AH L Z"),
        ("kowalski", "K OW AE L S K IY"),
        ("bell", "B EH L"),
    ],
)
def test_some_words(word: str, said: str) -> None:
    assert pronounce(word) == said


def test_of_most_words_of_the_dictionary_all_consonants_are_right() -> None:
    """The dictionary is the oracle; vowels and stress do not count."""
    spec = importlib.util.find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        pytest.skip("needs pocketsphinx")
    lines = (Path(spec.origin).parent / "model/en-us/cmudict-en-us.dict").read_text().splitlines()
    right = total = 0
    vowels = set("AEIOU")
    for line in lines[::97]:
        word, *phones = line.split()
        if word.isalpha():
            want = [each for each in phones if each[0] not in vowels]
            got = [each for each in pronounce(word).split() if each[0] not in vowels]
            total += 1
            right += want == got
    assert right / total > 0.6
