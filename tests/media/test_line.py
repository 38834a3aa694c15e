"""The measuring itself: a line does what it says, and the ear finds what was put into a sound."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from media_ext.codec_door import g711_decode, g711_encode
from tests.media.line import Heard, Impairment, Talk, converse, heard_by, plan
from tests.media.phone import Phone, Rtp
from tests.oracles.tones import from_bytes, speech_like, to_bytes

MakePhone = Callable[..., Phone]


def decode(payload: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return from_bytes(g711_decode("ulaw", payload))


def test_a_line_loses_and_reorders_as_often_as_it_says(phone: MakePhone) -> None:
    talk = Talk(phone(), 9, [b""] * 5000, line=Impairment(loss=0.1, jitter_ms=80))
    order = [number for _, number in plan(talk)]
    assert len(set(order)) == len(order)
    assert abs(len(order) / 5000 - 0.9) < 0.02
    assert sum(a > b for a, b in pairwise(order)) > 1000
    late = [at - number * 0.02 for at, number in plan(talk)]
    assert 0.075 < max(late) <= 0.08
    assert plan(talk) == plan(talk)


async def test_packets_go_straight_to_the_ear_when_nothing_is_between(phone: MakePhone) -> None:
    a, b = phone(), phone()
    said = speech_like(8000, 1.0)
    payloads = [g711_encode("ulaw", to_bytes(said[at : at + 160])) for at in range(0, len(said), 160)]
    (spoken,) = await converse([Talk(a, b.port, payloads, line=Impairment(loss=0.1, seed=3))])
    heard = heard_by(b.hear(), decode, 8000)
    assert heard.packets == len(spoken.sent) < 50
    assert len(heard.missing) == 50 - len(spoken.sent)
    assert abs(heard.delay_ms(said, spoken)) < 5


@pytest.mark.parametrize("lag", [-700, 0, 800, 3000])
def test_the_ear_finds_how_far_sound_is_shifted(lag: int) -> None:
    said = speech_like(8000, 2.0)
    samples = np.concatenate([np.zeros(max(lag, 0)), said[max(-lag, 0) :], np.zeros(500)])
    heard = Heard(samples, 8000, 0.0, (), 1)
    assert heard.lag(said) == lag
    ours = heard.aligned(said)
    assert np.array_equal(ours[max(-lag, 0) :], said[max(-lag, 0) :])


def test_the_ear_finds_holes() -> None:
    tone = 5000 * np.sin(np.arange(16000))
    tone[4000:4320] = 0
    tone[8000:8080] = 0
    assert Heard(tone, 8000, 0.0, (), 1).holes_ms() == [40, 10]
    assert Heard(np.zeros(800), 8000, 0.0, (), 1).holes_ms() == [100]


def test_a_timestamp_that_comes_twice_is_noticed() -> None:
    packet = Rtp(0, False, 1, 160, 7, b"\xff" * 160)
    with pytest.raises(AssertionError, match="twice"):
        heard_by([packet, packet], decode, 8000)
