"""A machine that stalls: what tests make of it, and what the engine's streams are like afterwards."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from pbx.media.engine import MediaEngine
from tests.media.phone import Phone
from tests.media.stalls import DisturbedError, Watch, judges_time, stall
from tests.media.talker import PCMU, Talker, assert_one_stream
from tests.oracles.tones import tone

MakePhone = Callable[..., Phone]
STALL_S = 0.35
runs = itertools.count(1)


def test_a_stall_is_noticed() -> None:
    with Watch() as watch:
        time.sleep(0.02)
        stall(0.1)
        time.sleep(0.02)
    assert watch.stalled_ms > 90


@judges_time
def test_what_failed_while_the_machine_stalled_is_run_again() -> None:
    if next(runs) < 3:
        stall(0.05)
        raise AssertionError("too late")


@pytest.mark.xfail(raises=DisturbedError, strict=True)
@pytest.mark.flaky(reruns=0, only_rerun=[DisturbedError])
def test_and_the_last_time_counts() -> None:
    stall(0.05)
    raise AssertionError("too late")


async def talk(pair: list[Talker]) -> None:
    """Both, and what is to be sent during the stall is sent after it: the phones stand still, too."""
    said = asyncio.gather(*(each.say(tone(440, 8000, 1.6)) for each in pair))
    await asyncio.sleep(0.6)
    stall(STALL_S)
    await said
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("joined", ["bridge", "room"])
async def test_timestamps_go_on_with_time_over_a_stall(
    engine: MediaEngine, phone: MakePhone, joined: str
) -> None:
    """RFC 3550 5.1: what was left out counts. A stream that forgot it would be late for ever, for who hears it."""
    pair = [Talker(engine, phone(ssrc=secrets.randbits(32)), PCMU, label=f"call/{side}") for side in "ab"]
    if joined == "bridge":
        engine.bridge(pair[0].stream, pair[1].stream)
    else:
        room = engine.room(2, label="room")
        for each in pair:
            room.join(each.stream)
    await talk(pair)
    for each in pair:
        packets = each.voices()
        assert_one_stream(packets)
        pauses = [b for a, b in pairwise(packets) if (b.rtp_ts - a.rtp_ts) & 0xFFFFFFFF > 1600]
        assert all(each.marker for each in pauses), "RFC 3551 4.1: a pause ends with a marker"
        places = [(one.rtp_ts - packets[0].rtp_ts) / 8000 - one.at for one in packets]
        before, after = np.median(places[:20]), np.median(places[-20:])
        assert abs(after - before) < 0.06
