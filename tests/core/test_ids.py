from __future__ import annotations

from pbx.core.ids import CROCKFORD, bits, fraction, new_id, token, word


def test_ids_are_26_characters_of_the_readable_alphabet() -> None:
    made = new_id()
    assert len(made) == 26
    assert set(made) <= set(CROCKFORD)


def test_ids_sort_by_the_millisecond_they_were_made_in() -> None:
    ids = [new_id(at_ms) for at_ms in (0, 1, 31, 32, 1_767_225_600_000, 1_767_225_600_001, 2**48 - 1)]
    assert ids == sorted(ids)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id(5) for _ in range(1000)}) == 1000


def test_id_begins_with_its_time() -> None:
    assert new_id(0).startswith("0" * 10)
    assert new_id(32).startswith("0000000010")


def test_tokens_hold_the_randomness_asked_for() -> None:
    assert len(token(32)) == 43
    assert token() != token()


def test_the_digits_of_an_id_are_its_number_in_base_32() -> None:
    made = new_id(1_767_225_600_000)
    number = sum(CROCKFORD.index(letter) << 5 * place for place, letter in enumerate(reversed(made)))
    assert number >> 80 == 1_767_225_600_000


def test_words_are_as_long_as_asked_for_and_never_the_same() -> None:
    words = [word(8) for _ in range(1000)]
    assert {len(each) for each in words} == {16}
    assert len(set(words)) == 1000
    assert len(word(2)) == 4


def test_bits_fill_the_whole_range() -> None:
    made = [bits(15) for _ in range(2000)]
    assert max(made) < 1 << 15
    assert max(made) >> 14 == 1
    assert all(0 <= fraction() < 1 for _ in range(1000))
