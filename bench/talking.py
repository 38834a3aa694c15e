"""An engine with one thread and phones in another process that talk to it, each in its format."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import RemoteMedia, SrtpKey, StreamFormat
from tests.media.checks import OURS, THEIRS, check
from tests.media.sound import packets
from tests.oracles.tones import speech_like

__all__ = ["percent_of", "said_in", "talking"]

RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "OPUS": 48000}
SPEECH_S = 4
KEY = SrtpKey(8, bytes(range(32)), bytes(12))
"""AES-256-GCM, which is what Chromium and this node agree on."""
CHECKS = 60


def said_in(form: StreamFormat) -> list[bytes]:
    rate_hz = RATES[form.encoding]
    return packets(CodecProbe(form.encoding, rate_hz), speech_like(rate_hz, SPEECH_S))


@asynccontextmanager
async def talking(
    formats: list[StreamFormat], browsers: Collection[int] = ()
) -> AsyncIterator[tuple[MediaEngine, list[Stream]]]:
    """Streams whose phones talk from now on; nobody is joined yet. Those of `browsers` use ICE and SRTP."""
    media = MediaEngine(bind_host="127.0.0.1", port_min=30000, port_max=31999, threads=1, silence_ms=0)
    await media.start()
    talkers = subprocess.Popen(
        [sys.executable, "-m", "bench.talkers", str(len(formats))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert talkers.stdin is not None
    assert talkers.stdout is not None
    ports = json.loads(talkers.stdout.readline())
    streams = []
    for n, (port, form) in enumerate(zip(ports, formats, strict=True)):
        streams.append(media.open_stream(label=f"bench/{n}"))
        if n in browsers:
            streams[-1].ice(OURS, THEIRS)
            streams[-1].secure(KEY, KEY)
        streams[-1].set_remote(
            RemoteMedia(
                rtp_host="127.0.0.1", rtp_port=port, rtcp_mux=n in browsers, formats=(form,), voice=form
            )
        )
    said = {form.encoding: said_in(form) for form in formats}
    plan = {
        "ports": [each.rtp_port for each in streams],
        "payloads": [[each.hex() for each in said[form.encoding]] for form in formats],
        "type": [form.payload_type for form in formats],
        "units": [form.clock_hz // 50 for form in formats],
        "keys": [
            [KEY.profile, (KEY.key + KEY.salt).hex()] if n in browsers else None for n in range(len(formats))
        ],
        "checks": [
            [check(nominates=True).hex() for _ in range(CHECKS)] if n in browsers else []
            for n in range(len(formats))
        ],
    }
    talkers.stdin.write(json.dumps(plan) + "\n")
    talkers.stdin.flush()
    try:
        yield media, streams
    finally:
        talkers.communicate("end\n")
        await media.stop()


async def percent_of(media: MediaEngine, seconds: float) -> float:
    """What the media thread takes of a core meanwhile."""
    began, before = time.monotonic(), media.native.cpu_seconds()[0]
    await asyncio.sleep(seconds)
    return (media.native.cpu_seconds()[0] - before) / (time.monotonic() - began) * 100
