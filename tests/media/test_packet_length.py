"""What the node sends fits one Ethernet frame, whatever a phone's session description wishes for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from media_ext.codec import available
from pbx.media.engine import Clip, MediaEngine
from pbx.model.stream import StreamFormat
from tests.media.phone import Phone, eventually
from tests.media.secure_phone import SecurePhone
from tests.media.srtp_samples import GCM_256, SHA1_80
from tests.media.test_relay import opened

MakePhone = Callable[..., Phone]
ETHERNET = 1500 - 40 - 8
"""Bytes of a datagram over IPv6."""
GREEDY = StreamFormat(111, "OPUS", 48000, 2, "maxaveragebitrate=510000")

pytestmark = pytest.mark.skipif(not available("OPUS"), reason="built without libopus")


@pytest.mark.parametrize("profile", [None, SHA1_80, GCM_256])
@pytest.mark.parametrize("ptime_ms", [20, 50, 60])
async def test_the_highest_bitrate_in_the_longest_packets_fits(
    engine: MediaEngine, phone: MakePhone, ptime_ms: int, profile: int | None
) -> None:
    a = phone()
    stream = opened(engine, a, formats=(GREEDY,), voice=GREEDY, ptime_ms=ptime_ms)
    if profile is not None:
        SecurePhone(a, profile=profile).key(stream)
    noise = np.random.default_rng(1).integers(-20000, 20000, 48000).astype("=i2")
    engine.play(stream, Clip(noise.tobytes(), 48000), loop=True)
    sizes: list[int] = []

    def enough() -> bool:
        sizes.extend(len(data) for data, _, _ in Phone.hear_raw(a.rtp))
        return len(sizes) >= 10

    await eventually(enough)
    assert max(sizes) <= ETHERNET
    assert max(sizes) > 600, "it is as good as there is room for"
