"""The E-model against published figures, and verdicts against plain sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.model.quality import (
    IMPAIRMENT,
    CodecImpairment,
    burst_ratio,
    equipment_impairment,
    judge,
    mos,
    rating,
)
from pbx.model.stream import StreamStats

G711 = IMPAIRMENT["PCMU"]


def test_the_default_connection_is_rated_as_g107_says() -> None:
    """G.107 7.7: with all default values R is 93.2 (MOS 4.41)."""
    r = rating(G711, delay_ms=0, loss=0)
    assert round(r, 1) == 93.2
    assert round(mos(r), 2) == 4.41


@pytest.mark.parametrize(
    ("r", "wanted"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1), (100, 4.5)]
)
def test_scores_are_those_of_annex_b(r: float, wanted: float) -> None:
    """G.107 table B.1."""
    assert mos(r) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(
    ("codec", "measured"),
    [
        (CodecImpairment(11, 19.0), {0: 11, 1: 15, 2: 19, 3: 23, 4: 26, 8: 36, 16: 49}),
        (CodecImpairment(15, 16.1), {0: 15, 1: 19, 2: 24, 3: 27, 4: 32, 8: 41, 16: 55}),
        (G711, {0: 0, 1: 5, 2: 7, 3: 10, 5: 15, 7: 20, 10: 25}),
    ],
    ids=["G.729A", "G.723.1 at 6.3 kbit/s", "G.711 with concealment"],
)
def test_loss_costs_what_g113_measured(codec: CodecImpairment, measured: dict[int, int]) -> None:
    """G.113 appendix I (2002), table I.2: Ie by the percentage lost."""
    for percent, ie in measured.items():
        assert equipment_impairment(codec, percent / 100) == pytest.approx(ie, abs=2.2)


@pytest.mark.parametrize("delay_ms", range(0, 360, 20))
def test_delay_costs_what_its_approximation_says(delay_ms: int) -> None:
    """Cole and Rosenbluth (2001): Id is 0.024 d, and 0.11 for each ms above 177.3."""
    approximate = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    lost = rating(G711, delay_ms=0, loss=0) - rating(G711, delay_ms=delay_ms, loss=0)
    assert lost == pytest.approx(approximate, abs=2)


@pytest.mark.parametrize(
    ("loss", "jitter_ms", "rtt_ms", "grade", "cause"),
    [
        (0.0, 0.5, 2, "good", ""),
        (0.01, 5, 60, "good", ""),
        (0.05, 2, 20, "fair", "loss"),
        (0.15, 2, 20, "poor", "loss"),
        (0.0, 2, 500, "fair", "delay"),
        (0.0, 2, 900, "poor", "delay"),
        (0.0, 60, 20, "fair", "jitter"),
        (0.0, 90, None, "poor", "jitter"),
    ],
)
def test_verdicts_name_what_costs_most(
    loss: float, jitter_ms: float, rtt_ms: float | None, grade: str, cause: str
) -> None:
    found = judge("PCMU", loss=loss, jitter_ms=jitter_ms, rtt_ms=rtt_ms)
    assert (found.grade, found.cause) == (grade, cause)


parts = st.floats(0, 1)


@given(parts, parts, st.floats(0, 500), st.floats(0, 3000), st.sampled_from([*IMPAIRMENT, "SPEEX", ""]))
def test_nothing_bad_makes_it_better(
    loss: float, more: float, jitter_ms: float, rtt_ms: float, codec: str
) -> None:
    found = judge(codec, loss=loss, jitter_ms=jitter_ms, rtt_ms=rtt_ms)
    assert 0 <= found.r <= 93.3
    assert 1 <= found.mos <= 4.5
    assert (found.cause == "") == (found.grade == "good")
    worse = judge(codec, loss=min(1, loss + more), jitter_ms=jitter_ms + 10, rtt_ms=rtt_ms + 10)
    assert worse.r <= found.r + 0.1


def test_loss_in_bursts_is_worse_than_random_loss() -> None:
    assert burst_ratio(0.1, 10, 9) == pytest.approx(1.0)
    assert burst_ratio(0.1, 30, 3) == pytest.approx(9.0)
    assert burst_ratio(0.0, 0, 0) == 1.0
    random_loss = judge("PCMU", loss=0.05, jitter_ms=1, rtt_ms=10)
    assert judge("PCMU", loss=0.05, jitter_ms=1, rtt_ms=10, burst_ratio=3).mos < random_loss.mos


def test_a_stream_is_judged_both_ways() -> None:
    stats = StreamStats(
        expected=1000,
        lost=100,
        codec="PCMA",
        rtt_ms=20,
        remote_reports=3,
        remote_expected=1000,
        remote_lost=0,
    )
    heard, said = stats.quality, stats.remote_quality
    assert heard is not None
    assert said is not None
    assert (heard.grade, heard.cause, said.grade) == ("poor", "loss", "good")
    assert stats.mos == heard.mos < said.mos
    assert StreamStats(expected=49).quality is None
    assert StreamStats(expected=1000).remote_quality is None


def test_an_interval_has_its_own_loss() -> None:
    before = StreamStats(expected=1000, lost=100, jitter_ms=9)
    now = StreamStats(expected=1500, lost=100, jitter_ms=2, remote_lost=5)
    later = now.since(before)
    assert (later.expected, later.loss, later.jitter_ms, later.remote_lost) == (500, 0.0, 2, 5)
