"""G.722: bit-exact with an implementation of other origin, loud voices included; at 8 kHz it is half the band."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec_door import CodecProbe
from tests.media.sound import through
from tests.oracles import ffmpeg
from tests.oracles.spandsp import g722_coders
from tests.oracles.tones import dominant_hz, from_bytes, level_db, snr_db, speech_like, to_bytes, tone

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "media_ext" / "src"
CROSS, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
ROOM = 64_000
SOUNDS = {
    "speech": speech_like(16000, 2),
    "a sine of full scale": tone(1000, 16000, 1, 32767),
    "noise that clips": np.random.default_rng(1).normal(0, 30_000, 16000),
    "squares of full scale": 32767 * np.sign(tone(333, 16000, 1)),
    "silence": np.zeros(16000),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_it_encodes_and_decodes_as_ffmpeg_does(name: str) -> None:
    pcm = to_bytes(SOUNDS[name])
    payload = CodecProbe("G722").encode(pcm, room=ROOM)
    assert payload == ffmpeg.encode_g722(pcm)
    assert CodecProbe("G722").decode(payload, room=ROOM) == ffmpeg.decode_g722(payload)


def test_any_bytes_decode_as_ffmpeg_does() -> None:
    """Far from what an encoder sends: the predictors at their limits."""
    payload = np.random.default_rng(2).integers(0, 256, 16_000, dtype=np.uint8).tobytes()
    assert CodecProbe("G722").decode(payload, room=ROOM) == ffmpeg.decode_g722(payload)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_how_the_payload_is_cut_does_not_matter(sizes: list[int]) -> None:
    payload = np.random.default_rng(len(sizes)).integers(0, 256, sum(sizes), dtype=np.uint8).tobytes()
    codec, at, parts = CodecProbe("G722"), 0, []
    for size in sizes:
        parts.append(codec.decode(payload[at : at + size]))
        at += size
    assert b"".join(parts) == CodecProbe("G722").decode(payload, room=ROOM)


@pytest.mark.parametrize(("hz", "rate_hz", "least_db"), [
    (200, 16000, 50), (440, 16000, 45), (1000, 16000, 40), (3000, 16000, 35), (6500, 16000, 20),
    (200, 8000, 50), (1000, 8000, 40), (3400, 8000, 40),
])  # fmt: skip
def test_a_tone_keeps_frequency_and_level(hz: int, rate_hz: int, least_db: float) -> None:
    """Noise within what the recommendation's 6 and 2 bits a sample give in the two bands."""
    sent = tone(hz, rate_hz, 1, 10_000)
    heard = through("G722", rate_hz, sent)[rate_hz // 10 :]
    assert dominant_hz(heard, rate_hz) == pytest.approx(hz, abs=0.5)
    assert level_db(heard) == pytest.approx(level_db(sent), abs=0.1)
    assert snr_db(heard, hz, rate_hz) > least_db


@pytest.mark.parametrize(("encode_hz", "decode_hz"), [(8000, 16000), (16000, 8000)])
def test_narrow_and_wide_sides_understand_each_other(encode_hz: int, decode_hz: int) -> None:
    payload = CodecProbe("G722", encode_hz).encode(to_bytes(tone(1000, encode_hz, 1)), room=ROOM)
    heard = from_bytes(CodecProbe("G722", decode_hz).decode(payload, room=ROOM))[decode_hz // 10 :]
    assert dominant_hz(heard, decode_hz) == pytest.approx(1000, abs=0.5)
    assert level_db(heard) == pytest.approx(level_db(tone(1000, 8000, 1)), abs=0.2)


def test_rtp_counts_8000_although_16000_are_sampled() -> None:
    codec = CodecProbe("G722")
    assert (codec.rate_hz, codec.rtp_clock_hz, codec.frame_samples, codec.frame_units) == (
        16000,
        8000,
        320,
        160,
    )
    assert len(codec.encode(bytes(640))) == codec.frame_bytes == 160


def test_lengths_that_are_no_frame_are_refused() -> None:
    with pytest.raises(ValueError, match="number of samples"):
        CodecProbe("G722").encode(bytes(2 * 161))
    with pytest.raises(ValueError, match="damaged"):
        CodecProbe("G722").decode(b"")
    with pytest.raises(ValueError, match="room"):
        CodecProbe("G722").decode(bytes(160), room=319)
    with pytest.raises(ValueError, match="room"):
        CodecProbe("G722").encode(bytes(640), room=159)
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("G722", 48000)


def test_after_a_reset_it_is_as_new() -> None:
    codec, pcm = CodecProbe("G722"), to_bytes(speech_like(16000, 0.2))
    first = codec.encode(pcm, room=ROOM)
    heard = codec.decode(first)
    codec.reset()
    assert codec.encode(pcm, room=ROOM) == first
    assert codec.decode(first) == heard


# ------------------------------------------------------------------------- half the band, and other processors' lanes


@pytest.mark.parametrize("name", SOUNDS)
def test_narrow_it_is_what_spandsp_makes(name: str) -> None:
    pcm = to_bytes(SOUNDS[name][::2])
    encode, decode = g722_coders(8000)
    count = len(pcm) // 2
    payload, heard = ctypes.create_string_buffer(count), ctypes.create_string_buffer(2 * count)
    assert encode(payload, pcm, count) == decode(heard, payload.raw, count) == count
    assert CodecProbe("G722", 8000).encode(pcm, room=ROOM) == payload.raw
    assert CodecProbe("G722", 8000).decode(payload.raw, room=ROOM) == heard.raw


def test_any_bytes_decode_narrow_as_spandsp_does() -> None:
    payload = np.random.default_rng(3).integers(0, 256, 16_000, dtype=np.uint8).tobytes()
    heard = ctypes.create_string_buffer(2 * len(payload))
    g722_coders(8000)[1](heard, payload, len(payload))
    assert CodecProbe("G722", 8000).decode(payload, room=ROOM) == heard.raw


def built(folder: Path, compiler: str, *options: str) -> Path:
    program = folder / "g722_program"
    common = ["-O2", "-std=gnu11", "-Wall", "-Werror", "-Wno-unused-function", f"-I{SOURCES}"]
    subprocess.run(
        [compiler, *common, *options, "-o", str(program), str(HERE / "g722_program.c")], check=True
    )
    return program


@pytest.fixture(scope="module", params=["portable", "neon", "portable on ARM"])
def other_lanes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A program with other lanes than this build's."""
    folder = tmp_path_factory.mktemp("g722")
    plain = ["-DG722_PORTABLE"] if "portable" in request.param else []
    if request.param == "portable":
        return [str(built(folder, "gcc", *plain))]
    if shutil.which(CROSS) is None or shutil.which(EMULATOR) is None:
        pytest.skip(f"{CROSS} or {EMULATOR} is missing (Debian: gcc-aarch64-linux-gnu, qemu-user-static)")
    return [EMULATOR, str(built(folder, CROSS, "-static", *plain))]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_all_lanes_give_the_same(other_lanes: list[str], width: str) -> None:
    def run(way: str, data: bytes) -> bytes:
        command = [*other_lanes, way, width]
        return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout

    codec = CodecProbe("G722", 16000 if width == "wide" else 8000)
    pcm = b"".join(to_bytes(each) for each in SOUNDS.values())
    codes = np.random.default_rng(4).integers(0, 256, 8000, dtype=np.uint8).tobytes()
    assert run("encode", pcm) == codec.encode(pcm, room=len(pcm))
    assert run("decode", codes) == codec.decode(codes, room=ROOM)
