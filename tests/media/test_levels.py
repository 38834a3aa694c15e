"""Levels of sounds, against closed forms and numpy."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.media.levels import PEAK_DBFS, TARGET_DBOV, level_dbov, levelled

RATE_HZ = 8000
LIMIT = 32768 * 10 ** (PEAK_DBFS / 20)


def sine(amplitude: float, seconds: float = 2.0, hz: float = 437.0) -> array[int]:
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return array("h", np.round(amplitude * np.sin(2 * math.pi * hz * at)).astype(np.int16).tobytes())


def power_db(samples: array[int]) -> float:
    return float(10 * np.log10(np.mean(np.square(np.frombuffer(samples, np.int16) / 32768.0))))


@pytest.mark.parametrize(("amplitude", "dbov"), [(32767, -3.01), (3276.8, -23.01), (1000, -33.32)])
def test_the_level_of_a_sine_is_that_of_the_formula(amplitude: float, dbov: float) -> None:
    assert level_dbov(sine(amplitude), RATE_HZ) == pytest.approx(dbov, abs=0.05)


def test_pauses_do_not_count() -> None:
    speech = sine(5000)
    assert level_dbov(speech + array("h", bytes(2 * 30 * RATE_HZ)), RATE_HZ) == pytest.approx(
        level_dbov(speech, RATE_HZ), abs=0.5
    )


def test_silence_has_no_level_and_stays() -> None:
    silence = array("h", bytes(2 * RATE_HZ))
    assert level_dbov(silence, RATE_HZ) == -math.inf
    assert levelled(silence, RATE_HZ) == silence
    assert levelled(array("h"), RATE_HZ) == array("h")


@pytest.mark.parametrize("amplitude", [400, 3000, 32767])
def test_what_is_soft_and_what_is_loud_come_out_alike(amplitude: float) -> None:
    made = levelled(sine(amplitude), RATE_HZ)
    assert power_db(made) == pytest.approx(TARGET_DBOV, abs=0.1)


def test_noise_is_not_made_louder_without_end() -> None:
    made = levelled(sine(50), RATE_HZ)  # -59 dBov
    assert power_db(made) == pytest.approx(power_db(sine(50)) + 30, abs=0.2)


def test_a_peak_is_turned_down_and_the_rest_is_not() -> None:
    soft = sine(700, 4.0)
    click = soft[:16000] + array("h", [30000] * 2) + soft[16000:]
    made = levelled(click, RATE_HZ)
    assert max(made) <= LIMIT
    assert power_db(made[:12000]) == pytest.approx(TARGET_DBOV, abs=1.5)
    assert power_db(made[-12000:]) == pytest.approx(power_db(made[:12000]), abs=0.1)


@given(st.lists(st.integers(-32768, 32767), max_size=3000))
def test_nothing_exceeds_the_limit(samples: list[int]) -> None:
    sound = array("h", samples)
    made = levelled(sound, RATE_HZ)
    assert len(made) == len(sound)
    if level_dbov(sound, RATE_HZ) > -math.inf:
        assert all(abs(each) <= LIMIT for each in made)
