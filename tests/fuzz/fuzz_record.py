"""Damaged RTP to streams that are recorded and listened to: `python -m tests.fuzz record`.

Timestamps jump, packets come twice, payloads are no audio. The files must be whole in the end, the WAV by Python's own
`wave`, the Ogg by opusdec, and no longer than the time that has passed, whatever the timestamps claim.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import tempfile
import time
import wave
from pathlib import Path

from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine
from pbx.model.stream import StreamFormat
from tests.fuzz.fuzz_audio import damaged
from tests.media.phone import Phone, write_rtp
from tests.oracles.tones import speech_like, to_bytes

FORMATS = (
    StreamFormat(0, "PCMU"), StreamFormat(8, "PCMA"), StreamFormat(9, "G722"), StreamFormat(111, "OPUS", 48000, 2),
)  # fmt: skip
SLACK_S = 2.0


def genuine(encoding: str, rate_hz: int) -> list[bytes]:
    codec = CodecProbe(encoding, rate_hz)
    sound = to_bytes(speech_like(rate_hz, 0.2))
    step = 2 * codec.frame_samples
    return [codec.encode(sound[at : at + step]) for at in range(0, len(sound), step)]


RATES_HZ = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "OPUS": 48000}
PAYLOADS = {form.payload_type: genuine(form.encoding, RATES_HZ[form.encoding]) for form in FORMATS}


class Talker:
    """Sequence and timestamps that mostly go on, and sometimes anywhere."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.seq, self.rtp_ts, self.ssrc = 1, 160, 7

    def packet(self) -> bytes:
        chance = self.chance
        self.seq = (self.seq + chance.choice((1, 1, 1, 1, 1, 0, 2, -3, 5000))) & 0xFFFF
        step = chance.choice((160, 160, 160, 160, 0, 960, -320, 8000 * 3600, 2**31))
        self.rtp_ts = (self.rtp_ts + step) & 0xFFFFFFFF
        if chance.random() < 0.01:
            self.ssrc = chance.randrange(2**32)
        kind = chance.choice(tuple(PAYLOADS))
        payload = chance.choice(PAYLOADS[kind])
        return write_rtp(
            self.seq, self.rtp_ts, ssrc=self.ssrc, payload_type=kind,
            payload=damaged(chance, payload)[:1400] if chance.random() < 0.3 else payload,
        )  # fmt: skip


async def fuzz(seconds: float, seed: int) -> int:
    """Returns how many packets were thrown at each stream."""
    chance = random.Random(seed)
    media = MediaEngine(bind_host="127.0.0.1", port_min=31400, port_max=31499, silence_ms=0)
    await media.start()
    phone = Phone(ssrc=7)
    with tempfile.TemporaryDirectory() as folder:
        streams = [media.open_stream(label=f"{n}/a") for n in range(3)]
        for stream in streams:
            stream.set_remote(phone.remote(formats=FORMATS))
            media.echo(stream)
        paths = [Path(folder) / "a.wav", Path(folder) / "b.opus"]
        began = time.monotonic()
        recordings = [media.record(streams[0], paths[0]), media.record(streams[1], paths[1], format="opus")]
        tap = media.tap(streams[2], rate_hz=16000)
        tried = await throw(chance, phone, [stream.rtp_port for stream in streams], seconds)
        for recording in recordings:
            ended = await recording.stop()
            assert ended.reason == "stopped", ended
        tap.close()
        check(paths, time.monotonic() - began)
    phone.close()
    await media.stop()
    return tried


async def throw(chance: random.Random, phone: Phone, ports: list[int], seconds: float) -> int:
    talker, tried = Talker(chance), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(5):
            data = talker.packet()
            for port in ports:
                phone.throw(data, port)
            tried += 1
        await asyncio.sleep(0.005)
        Phone.hear_raw(phone.rtp)
    return tried


def check(paths: list[Path], seconds: float) -> None:
    with wave.open(str(paths[0])) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        length_s = file.getnframes() / 8000
        assert len(file.readframes(1 << 30)) == 4 * file.getnframes(), "the header tells the truth"
    assert length_s < seconds + SLACK_S, f"{length_s:.1f} s of sound in {seconds:.1f} s"
    if shutil.which("opusdec"):
        heard = paths[1].with_suffix(".wav")
        told = subprocess.run(
            ["opusdec", str(paths[1]), str(heard)], capture_output=True, text=True, check=True
        ).stderr
        assert "WARNING" not in told.upper(), told
        with wave.open(str(heard)) as file:
            assert file.getnframes() / file.getframerate() < seconds + SLACK_S
