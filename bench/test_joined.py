"""CPU of the media thread while it decodes, mixes and encodes: conferences and bridges, with UDP and RTP included."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine, Stream
from pbx.model.stream import RemoteMedia, StreamFormat
from tests.media.sound import packets
from tests.oracles.tones import speech_like, to_bytes

SETTLE_S = 2.5
TURNS = 5
TURN_S = 1.0
PCMU = StreamFormat(0, "PCMU")
G722 = StreamFormat(9, "G722")
OPUS = StreamFormat(111, "OPUS", 48000, 2)
RATES = {"PCMU": 8000, "G722": 16000, "OPUS": 48000}
# Percent of a core for a member of a conference, or for a leg of a transcoded call.
CONFBRIDGE = {10: 0.345, 100: 0.235}
ASTERISK = {"G722": 0.37, "OPUS": 1.1}

Join = Callable[[MediaEngine, list[Stream]], None]


async def core_percent(formats: list[StreamFormat], join: Join) -> float:
    """CPU of the one media thread with these phones talking, in percent of a core: the median of several turns."""
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
        streams[-1].set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=(form,), voice=form))
    join(media, streams)
    said = {form.encoding: said_in(form) for form in formats}
    plan = {
        "ports": [each.rtp_port for each in streams],
        "payloads": [[each.hex() for each in said[form.encoding]] for form in formats],
        "type": [form.payload_type for form in formats],
        "units": [form.clock_hz // 50 for form in formats],
    }
    talkers.stdin.write(json.dumps(plan) + "\n")
    talkers.stdin.flush()
    await asyncio.sleep(SETTLE_S)
    turns = []
    for _ in range(TURNS):
        before = media.native.cpu_seconds()[0]
        await asyncio.sleep(TURN_S)
        turns.append((media.native.cpu_seconds()[0] - before) / TURN_S * 100)
    sent = [each.stats().packets_out for each in streams]
    assert min(sent) > 0.9 * (SETTLE_S + TURNS * TURN_S - 0.5) / 0.02, sent
    talkers.communicate("end\n")
    await media.stop()
    return statistics.median(turns)


def said_in(form: StreamFormat) -> list[bytes]:
    rate_hz = RATES[form.encoding]
    return packets(CodecProbe(form.encoding, rate_hz), speech_like(rate_hz, 4))


def show(benchmark: BenchmarkFixture, figure: Figure) -> None:
    record(benchmark, figure)
    beside = f", {figure.peer.name} {figure.peer.value:g} {figure.unit}" if figure.peer else ""
    print(f"\n{figure.title}: {figure.value:.4f} {figure.unit}{beside}  {figure.how}")


@pytest.mark.parametrize("members", [10, 100])
def test_conference(benchmark: BenchmarkFixture, members: int) -> None:
    def join(media: MediaEngine, streams: list[Stream]) -> None:
        room = media.room(members, label="bench")
        for each in streams:
            room.join(each)

    value = measure(benchmark, lambda: asyncio.run(core_percent([PCMU] * members, join))) / members
    peer = Peer(name="Asterisk ConfBridge", value=CONFBRIDGE[members])
    show(
        benchmark,
        Figure(
            title=f"Conference of {members}, µ-law, all talking, CPU per member",
            value=value,
            unit="% of a core",
            target=peer.value / 4,
            peer=peer,
            how="jitter buffer, decoding, mixing, encoding, RTP and UDP included",
        ),
    )


def library_percent(form: StreamFormat, rate_hz: int) -> float:
    """What the codec alone takes of a core, to decode and to encode 20 ms every 20 ms at this rate."""
    codec = CodecProbe(form.encoding, rate_hz)
    sound = to_bytes(speech_like(rate_hz, 2))
    payloads = said_in(form)
    return (codec.time_encode_ns(sound, bare=True) + codec.time_decode_ns(payloads, bare=True)) / 20e6 * 100


@pytest.mark.parametrize("form", [PCMU, G722, OPUS], ids=lambda each: each.encoding)
def test_transcoding(benchmark: BenchmarkFixture, form: StreamFormat) -> None:
    """25 calls between µ-law and another codec."""

    def join(media: MediaEngine, streams: list[Stream]) -> None:
        for a, b in zip(streams[::2], streams[1::2], strict=True):
            media.bridge(a, b)

    value = measure(benchmark, lambda: asyncio.run(core_percent([PCMU, form] * 25, join))) / 50
    libraries = (library_percent(PCMU, 8000) + library_percent(form, 8000)) / 2
    peer = ASTERISK.get(form.encoding)
    show(
        benchmark,
        Figure(
            title=f"Transcoding µ-law and {form.encoding}, CPU per leg",
            value=value,
            unit="% of a core",
            peer=Peer(name="Asterisk", value=peer) if peer else None,
            how=f"UDP, RTP and jitter buffer included; the codecs' libraries alone: {libraries:.4f} %",
        ),
    )
