"""How a stream sounds, from what is counted of it: the E-model of ITU-T G.107 (06/2015), with all its default values.

    R = Ro - Is - Id - Ie,eff        G.107 (7-1); the advantage factor A is 0: nobody forgives a desk phone
    Ie,eff = Ie + (95 - Ie) · Ppl / (Ppl / BurstR + Bpl)        (7-29)

Only what a network does is an input: delay, loss and how it lies, the codec. The scale is that of narrowband telephony
(100 at most, MOS 4.5): a wideband codec that loses nothing is better than its figure says.
"""

from __future__ import annotations

import math
from functools import cache

import msgspec

PACKET_MS = 20
JITTER_DEPTH = 4
"""A phone's jitter buffer holds about so many times the mean deviation that RFC 3550 calls jitter."""
BUFFER_MS_MAX = 400

GOOD_R = 80.0
"""G.107 annex B: users are satisfied (MOS 4.03) …"""
FAIR_R = 70.0
"""… some are dissatisfied, and below this many (MOS 3.60)."""


class CodecImpairment(msgspec.Struct, frozen=True):
    """`ie` and `bpl` of G.113; `delay_ms` is what coding adds: look-ahead, filters."""

    ie: float
    bpl: float
    delay_ms: float = 0.0


IMPAIRMENT = {
    # G.113 appendix I: G.711 with packet loss concealment, as every phone of today has; 4.3 without.
    "PCMU": CodecImpairment(0.0, 25.1),
    "PCMA": CodecImpairment(0.0, 25.1),
    # G.113 appendix I: G.729A with voice activity detection.
    "G729": CodecImpairment(11.0, 19.0, 5.0),
    # Not in G.113 on this scale. Its predictor suffers after each loss: our estimate, between the two of G.711.
    "G722": CodecImpairment(0.0, 12.0, 1.5),
    # Not in G.113. Al-Ahmadi, Počta and Melvin measured 16 for narrowband Opus at 11 kbit/s (random loss, 2021).
    "OPUS": CodecImpairment(0.0, 16.0, 6.5),
}
UNKNOWN_CODEC = CodecImpairment(0.0, 16.0)


class Quality(msgspec.Struct, frozen=True):
    """A verdict. `grade` is "good", "fair" or "poor"; `cause` is "loss", "delay" or "jitter", empty while good."""

    r: float
    mos: float
    grade: str
    cause: str = ""


def judge(
    codec: str,
    *,
    loss: float,
    jitter_ms: float,
    rtt_ms: float | None,
    burst_ratio: float = 1.0,
    discarded: float = 0.0,
) -> Quality:
    """How a stream of this codec sounds to whoever hears it.

    `loss` and `discarded` (by a jitter buffer that is known) are parts of 1. A round trip that is not known is taken
    for none: what is said then is about loss and jitter alone. `burst_ratio` is G.107's BurstR.
    """
    used = IMPAIRMENT.get(codec.upper(), UNKNOWN_CODEC)
    network_ms = (rtt_ms or 0.0) / 2
    fixed_ms = PACKET_MS + used.delay_ms
    buffer_ms = min(max(JITTER_DEPTH * jitter_ms, PACKET_MS), BUFFER_MS_MAX)
    lost = min(max(loss, 0.0) + max(discarded, 0.0), 1.0)
    r = rating(used, delay_ms=fixed_ms + network_ms + buffer_ms, loss=lost, burst_ratio=burst_ratio)
    grade = "good" if r >= GOOD_R else "fair" if r >= FAIR_R else "poor"
    costs = {
        "loss": equipment_impairment(used, lost, burst_ratio) - used.ie,
        "delay": delay_impairment(fixed_ms + network_ms),
        "jitter": delay_impairment(fixed_ms + buffer_ms),
    }
    return Quality(
        round(r, 1), round(mos(r), 2), grade, "" if grade == "good" else max(costs, key=costs.__getitem__)
    )


def mos(r: float) -> float:
    """The mean opinion score of conversation, 1 to 4.5 (G.107 annex B, B-4)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def burst_ratio(loss: float, lost: int, runs: int) -> float:
    """BurstR: the mean length of runs of lost packets, over that of as much random loss (G.107 7.5)."""
    if runs <= 0 or not 0 < loss < 1:
        return 1.0
    return max(1.0, lost / runs * (1 - loss))


# -- G.107 clause 7, with the default values of table 2 ----------------------------------------------------------------

SLR, RLR, STMR, LSTR_DR, TELR, WEPL = 8.0, 2.0, 15.0, 3.0, 65.0, 110.0
NC, NFOR, PS, PR, DS, QDU = -70.0, -64.0, 35.0, 35.0, 3.0, 1.0


def rating(codec: CodecImpairment, *, delay_ms: float, loss: float, burst_ratio: float = 1.0) -> float:
    """R, 0 to 93.2 for narrowband; `delay_ms` is from mouth to ear, `loss` a part of 1."""
    r = (
        _signal_to_noise()
        - _simultaneous(delay_ms)
        - delay_impairment(delay_ms)
        - equipment_impairment(codec, loss, burst_ratio)
    )
    return min(max(r, 0.0), 100.0)


def equipment_impairment(codec: CodecImpairment, loss: float, burst_ratio: float = 1.0) -> float:
    """Ie,eff (7-29)."""
    percent = 100 * loss
    if percent <= 0:
        return codec.ie
    return codec.ie + (95 - codec.ie) * percent / (percent / burst_ratio + codec.bpl)


def delay_impairment(delay_ms: float) -> float:
    """Id (7-18): talker echo, listener echo, and delay that is too long by itself (7-27)."""
    return _talker_echo(delay_ms) + _listener_echo(delay_ms) + _absolute_delay(delay_ms)


@cache
def _circuit_noise() -> float:
    """No (7-3 to 7-7)."""
    olr = SLR + RLR
    send = PS - SLR - DS - 100 + 0.004 * (PS - olr - DS - 14) ** 2
    room = PR + 10 * math.log10(1 + 10 ** ((10 - (STMR + LSTR_DR)) / 10))
    receive = RLR - 121 + room + 0.008 * (room - 35) ** 2
    return 10 * math.log10(sum(10 ** (each / 10) for each in (NC, send, receive, NFOR + RLR)))


@cache
def _signal_to_noise() -> float:
    """Ro (7-2)."""
    return 15 - 1.5 * (SLR + _circuit_noise())


def _simultaneous(delay_ms: float) -> float:
    """Is (7-8 to 7-17): too loud a connection, a wrong sidetone, quantizing."""
    olr = SLR + RLR
    loudness = olr + 0.2 * (64 + _circuit_noise() - RLR)
    too_loud = 20 * (math.pow(1 + (loudness / 8) ** 8, 1 / 8) - loudness / 8)
    sidetone = -10 * math.log10(10 ** (-STMR / 10) + math.exp(-delay_ms / 4) * 10 ** (-TELR / 10))
    wrong_sidetone = (
        12 * math.pow(1 + ((sidetone - 13) / 6) ** 8, 1 / 8)
        - 28 * math.pow(1 + ((sidetone + 1) / 19.4) ** 35, 1 / 35)
        - 13 * math.pow(1 + ((sidetone - 3) / 33) ** 13, 1 / 13)
        + 29
    )
    q = 37 - 15 * math.log10(QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y = (_signal_to_noise() - 100) / 15 + 46 / 8.4 - g / 9
    z = 46 / 30 - g / 40
    return too_loud + wrong_sidetone + 15 * math.log10(1 + 10**y + 10**z)


def _talker_echo(delay_ms: float) -> float:
    """Idte (7-19 to 7-22)."""
    heard = (
        TELR - 40 * math.log10((1 + delay_ms / 10) / (1 + delay_ms / 150)) + 6 * math.exp(-0.3 * delay_ms**2)
    )
    without, with_echo = -1.5 * (_circuit_noise() - RLR), 80 + 2.5 * (heard - 14)
    half = (without - with_echo) / 2
    return (half + math.sqrt(half**2 + 100) - 1) * (1 - math.exp(-delay_ms))


def _listener_echo(delay_ms: float) -> float:
    """Idle (7-25, 7-26); the round trip is twice the delay."""
    half = (_signal_to_noise() - 10.5 * (WEPL + 7) * math.pow(2 * delay_ms + 1, -0.25)) / 2
    return half + math.sqrt(half**2 + 169)


def _absolute_delay(delay_ms: float) -> float:
    """Idd (7-27, 7-28) of a conversation of usual liveliness (sT 1, mT 100 ms)."""
    if delay_ms <= 100:
        return 0.0
    x = math.log10(delay_ms / 100) / math.log10(2)
    return 25 * (math.pow(1 + x**6, 1 / 6) - 3 * math.pow(1 + (x / 3) ** 6, 1 / 6) + 2)
