from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.media.end_of_speech import BEFORE_MS, EndOfSpeech, Patience

PATIENCE = Patience(first_s=2.0, pause_s=0.5, most_s=3.0)


def noise(ms: int, peak: int, seed: int = 1) -> bytes:
    chance = random.Random(seed)
    return array("h", [chance.randint(-peak, peak) for _ in range(16 * ms)]).tobytes()


def fed(sound: bytes, piece: int = 640) -> tuple[EndOfSpeech, int]:
    """And after how many ms it said that this is the end; -1 for never."""
    ears = EndOfSpeech(PATIENCE)
    for at in range(0, len(sound), piece):
        if ears.feed(sound[at : at + piece]):
            return ears, (at + piece) // 32
    return ears, -1


@pytest.mark.parametrize("room", [0, 100, 400])
def test_a_word_ends_a_pause_after_it_and_is_kept_whole(room: int) -> None:
    word = noise(700, 6000, 2)
    ears, ended_ms = fed(noise(900, room) + word + noise(2000, room))
    assert 900 + 700 + 480 <= ended_ms <= 900 + 700 + 560
    assert word in ears.utterance
    assert len(ears.utterance) // 32 <= BEFORE_MS + 700 + 600


def test_a_short_pause_does_not_end_it() -> None:
    one, two = noise(400, 5000, 2), noise(400, 5000, 3)
    ears, _ = fed(noise(300, 50) + one + noise(300, 50) + two + noise(1000, 50))
    assert one in ears.utterance
    assert two in ears.utterance


@pytest.mark.parametrize("peak", [0, 80, 250])
def test_of_silence_nothing_is_kept(peak: int) -> None:
    ears, ended_ms = fed(noise(4000, peak))
    assert ended_ms == 2000
    assert ears.utterance == b""


def test_a_click_is_no_word() -> None:
    ears, ended_ms = fed(noise(500, 50) + noise(20, 20000) + noise(3000, 50))
    assert (ended_ms, ears.utterance) == (2000, b"")


def test_who_never_stops_is_stopped() -> None:
    ears, ended_ms = fed(noise(10_000, 8000))
    assert ended_ms == 3000
    assert len(ears.utterance) == 3000 * 32


@given(st.lists(st.binary(max_size=900), max_size=40), st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_how_the_sound_is_cut_into_pieces_does_not_count(pieces: list[bytes], odd: int) -> None:
    sound = b"".join(pieces) + noise(300, 9000) + b"\x01" * odd
    whole, cut = EndOfSpeech(PATIENCE), EndOfSpeech(PATIENCE)
    whole.feed(sound)
    for at in range(0, len(sound), 7):
        cut.feed(sound[at : at + 7])
    assert (whole.state, whole.utterance) == (cut.state, cut.utterance)
