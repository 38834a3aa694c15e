"""The one face of all codecs: any to any, frames of any length, losses bridged, and the cheapest pair found."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec import available, codec_id, transcode_cost_ns
from media_ext.codec_door import CodecProbe, TranscoderProbe, common_rate, resampling_available
from tests.media.sound import decoded, frames, packets, through
from tests.oracles.tones import dominant_hz, from_bytes, level_db, snr_db, speech_like, to_bytes, tone

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in ("PCMU", "PCMA", "G722", "OPUS", "L16") if available(name)]
ALL = [(name, rate) for name, rate in (
    ("PCMU", 8000), ("PCMA", 8000), ("G722", 8000), ("G722", 16000), ("OPUS", 8000), ("OPUS", 16000), ("OPUS", 48000),
    ("L16", 8000), ("L16", 16000),
) if available(name)]  # fmt: skip
WAVEFORM = [each for each in ALL if each[0] != "OPUS"]

every = pytest.mark.parametrize(("name", "rate_hz"), ALL)
waveform = pytest.mark.parametrize(("name", "rate_hz"), WAVEFORM)


@every
@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 50, 60])
def test_a_frame_is_as_long_as_it_says(name: str, rate_hz: int, ptime_ms: int) -> None:
    codec = CodecProbe(name, rate_hz, ptime_ms=ptime_ms)
    assert codec.frame_samples == rate_hz * ptime_ms // 1000
    assert codec.frame_units == codec.rtp_clock_hz * ptime_ms // 1000
    payload = codec.encode(to_bytes(speech_like(rate_hz, ptime_ms / 1000)))
    assert 0 < len(payload) <= codec.frame_bytes
    assert len(codec.decode(payload)) == 2 * codec.frame_samples


@pytest.mark.parametrize(("name", "clock"), [("PCMU", 8000), ("PCMA", 8000), ("G722", 8000), ("OPUS", 48000)])
def test_rtp_clocks_are_the_registered_ones(name: str, clock: int) -> None:
    if available(name):
        assert CodecProbe(name).rtp_clock_hz == clock


@given(st.binary(max_size=1500).filter(lambda data: len(data) % 2 == 0))
def test_l16_is_the_samples_in_network_order(pcm: bytes) -> None:
    codec = CodecProbe("L16", 16000)
    payload = codec.encode(pcm)
    assert payload == np.frombuffer(pcm, "=i2").astype(">i2").tobytes()
    if pcm:
        assert codec.decode(payload) == pcm


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 960])
@pytest.mark.parametrize("name", ["PCMU", "PCMA", "L16"])
def test_sample_codecs_take_any_length(name: str, samples: int) -> None:
    codec = CodecProbe(name)
    assert len(codec.decode(codec.encode(bytes(2 * samples)))) == 2 * samples


@every
def test_what_cannot_be_done_is_refused_with_a_reason(name: str, rate_hz: int) -> None:
    frame = to_bytes(tone(440, rate_hz, 0.02))
    codec = CodecProbe(name, rate_hz)
    payload = codec.encode(frame)
    with pytest.raises(ValueError, match="damaged"):
        codec.decode(b"")
    with pytest.raises(ValueError, match="room"):
        codec.decode(payload, room=rate_hz // 50 - 1)
    with pytest.raises(ValueError, match="direction"):
        CodecProbe(name, rate_hz, encodes=False).encode(frame)
    with pytest.raises(ValueError, match="direction"):
        CodecProbe(name, rate_hz, decodes=False).decode(payload)
    with pytest.raises(ValueError, match="direction"):
        CodecProbe(name, rate_hz, decodes=False).conceal(rate_hz // 50)


def test_unknown_names_rates_and_frame_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="no codec 'GSM': there are PCMU, PCMA, G722, OPUS, L16"):
        codec_id("GSM")
    assert codec_id("opus") == codec_id("OPUS")
    assert not available("GSM")
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("PCMU", 16000)
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("L16", 11025)
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("PCMU", ptime_ms=25)
    with pytest.raises(ValueError, match="damaged"):
        CodecProbe("L16").decode(b"123")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@every
def test_a_closed_codec_gives_everything_back(name: str, rate_hz: int) -> None:
    def turn(times: int) -> None:
        for _ in range(times):
            codec = CodecProbe(name, rate_hz, ptime_ms=30)
            codec.decode(codec.encode(bytes(2 * codec.frame_samples)))

    turn(50)
    before = resident_bytes()
    turn(1000)
    assert resident_bytes() - before < 1_000_000, "the smallest codec would have left 2 MB"


# --------------------------------------------------------------------------------------------------- lost packets


def with_a_gap(codec: CodecProbe, payloads: list[bytes], lost: set[int]) -> list[bytes]:
    samples = codec.frame_samples
    return [codec.conceal(samples) if i in lost else codec.decode(each) for i, each in enumerate(payloads)]


@waveform
@pytest.mark.parametrize("hz", [150, 440, 1000])
def test_a_lost_packet_of_a_steady_sound_is_hardly_heard(name: str, rate_hz: int, hz: int) -> None:
    payloads = packets(CodecProbe(name, rate_hz), tone(hz, rate_hz, 0.5))
    heard = [from_bytes(pcm) for pcm in with_a_gap(CodecProbe(name, rate_hz), payloads, {10, 17})]
    assert snr_db(np.concatenate(heard[10:11]), hz, rate_hz) > 12
    assert level_db(heard[10]) == pytest.approx(level_db(heard[9]), abs=2)
    steps = np.abs(np.diff(np.concatenate(heard[5:])))
    steepest = np.abs(np.diff(np.concatenate(heard[5:9]))).max()
    assert steps.max() < 1.5 * steepest + 200, "no click where the sound is joined"


@waveform
def test_a_long_gap_fades_to_silence_within_60_ms(name: str, rate_hz: int) -> None:
    payloads = packets(CodecProbe(name, rate_hz), speech_like(rate_hz, 0.5))
    heard = [from_bytes(pcm) for pcm in with_a_gap(CodecProbe(name, rate_hz), payloads, set(range(10, 20)))]
    assert level_db(heard[11]) > level_db(heard[12]) > -90
    assert all(not pcm.any() for pcm in heard[13:20])
    whole = frames(to_bytes(decoded(CodecProbe(name, rate_hz), payloads)), rate_hz // 50)
    assert level_db(heard[22]) == pytest.approx(level_db(from_bytes(whole[22])), abs=3)


@waveform
def test_concealing_before_anything_was_heard_is_silence(name: str, rate_hz: int) -> None:
    assert not any(CodecProbe(name, rate_hz).conceal(rate_hz // 50))


@waveform
def test_after_a_reset_the_past_is_not_repeated(name: str, rate_hz: int) -> None:
    codec = CodecProbe(name, rate_hz)
    decoded(codec, packets(CodecProbe(name, rate_hz), tone(440, rate_hz, 0.2)))
    codec.reset()
    assert not any(codec.conceal(rate_hz // 50))


@given(st.sampled_from(WAVEFORM), st.lists(st.tuples(st.booleans(), st.integers(1, 400)), max_size=30))
def test_any_pattern_of_losses_gives_as_much_sound_as_time_passed(
    which: tuple[str, int], script: list[tuple[bool, int]]
) -> None:
    codec, maker = CodecProbe(*which), CodecProbe(*which)
    noise = to_bytes(np.random.default_rng(len(script)).normal(0, 20_000, 800))
    for lost, size in script:
        pcm = noise[: 4 * size]
        made = codec.conceal(2 * size) if lost else codec.decode(maker.encode(pcm))
        assert len(made) == len(pcm)


# ----------------------------------------------------------------------------------------------------- any to any

needs_resampler = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")


@needs_resampler
@pytest.mark.parametrize(
    ("a", "b"), list(itertools.product(ALL, ALL)), ids=lambda each: f"{each[0]}/{each[1]}"
)
def test_a_tone_goes_through_every_pair(a: tuple[str, int], b: tuple[str, int]) -> None:
    sent = tone(1000, a[1], 0.6)
    transcoder = TranscoderProbe(CodecProbe(*a), CodecProbe(*b))
    made = [packet for payload in packets(CodecProbe(*a), sent) for packet in transcoder.put(payload)]
    heard = decoded(CodecProbe(*b), made)
    assert len(made) == 30
    assert len(heard) == 0.6 * b[1]
    assert dominant_hz(heard[b[1] // 5 :], b[1]) == pytest.approx(1000, abs=2)
    assert level_db(heard[b[1] // 5 :]) == pytest.approx(level_db(sent), abs=0.8)
    assert snr_db(heard[b[1] // 5 :], 1000, b[1]) > 20


@pytest.mark.parametrize(("name", "least_db"), [("PCMU", 36), ("PCMA", 36), ("L16", 70)])
def test_noise_of_a_codec_is_what_its_steps_give(name: str, least_db: float) -> None:
    """G.711 has 38 dB at speech level by design; two bytes a sample have all that the samples had."""
    assert snr_db(through(name, 8000, tone(1000, 8000, 1)), 1000, 8000) > least_db


@pytest.mark.parametrize(("from_ms", "to_ms"), [(20, 30), (30, 20), (60, 10), (10, 60), (20, 50)])
@pytest.mark.parametrize("pair", [("PCMU", "PCMA"), ("PCMA", "OPUS"), ("OPUS", "PCMU"), ("OPUS", "G722")])
def test_frames_of_other_lengths_are_cut_anew(pair: tuple[str, str], from_ms: int, to_ms: int) -> None:
    if not (available(pair[0]) and available(pair[1])):
        pytest.skip("not in this build")
    rate = common_rate(*pair)
    transcoder = TranscoderProbe(
        CodecProbe(pair[0], rate, ptime_ms=from_ms), CodecProbe(pair[1], rate, ptime_ms=to_ms)
    )
    sent = packets(CodecProbe(pair[0], rate, ptime_ms=from_ms), tone(440, rate, 0.6))
    made = [packet for payload in sent for packet in transcoder.put(payload)]
    heard = decoded(CodecProbe(pair[1], rate), made)
    assert len(made) == 600 // to_ms
    assert dominant_hz(heard[rate // 5 :], rate) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("pair", list(itertools.permutations(NAMES, 2)), ids="-".join)
def test_lost_packets_leave_no_hole_in_time(pair: tuple[str, str]) -> None:
    rate = common_rate(*pair, 16000, 16000) or 8000
    rates = {name: 16000 if name == "L16" else rate for name in pair}
    if len(set(rates.values())) > 1 and not resampling_available():
        pytest.skip("built without libspeexdsp")
    source, sink = (CodecProbe(name, rates[name]) for name in pair)
    transcoder = TranscoderProbe(source, sink)
    made: list[bytes] = []
    sent = packets(CodecProbe(pair[0], rates[pair[0]]), speech_like(rates[pair[0]], 1))
    for index, payload in enumerate(sent):
        made += transcoder.lost(20, sent[index + 1]) if index % 10 == 5 else transcoder.put(payload)
    assert len(made) == len(sent)
    assert len(decoded(CodecProbe(pair[1], rates[pair[1]]), made)) == rates[pair[1]]


def test_damaged_packets_are_told_and_do_not_stop_the_rest() -> None:
    transcoder = TranscoderProbe(CodecProbe("L16", 8000), CodecProbe("PCMU"))
    with pytest.raises(ValueError, match="damaged"):
        transcoder.put(b"123")
    assert [len(packet) for packet in transcoder.put(bytes(320))] == [160]


def test_a_transcoder_needs_both_directions_open() -> None:
    with pytest.raises(ValueError, match="direction"):
        TranscoderProbe(CodecProbe("PCMU", decodes=False), CodecProbe("PCMA"))
    with pytest.raises(ValueError, match="direction"):
        TranscoderProbe(CodecProbe("PCMU"), CodecProbe("PCMA", encodes=False))


def test_after_a_reset_nothing_waits() -> None:
    transcoder = TranscoderProbe(CodecProbe("PCMU"), CodecProbe("PCMA", ptime_ms=30))
    assert transcoder.put(bytes(160)) == []
    transcoder.reset()
    assert transcoder.put(bytes(160)) == []
    assert len(transcoder.put(bytes(160))) == 1


# ---------------------------------------------------------------------------------------------- choosing in answers


def test_pairs_meet_at_a_rate_that_needs_no_resampler() -> None:
    assert common_rate("OPUS", "PCMU") == common_rate("G722", "PCMA") == 8000
    assert common_rate("OPUS", "G722") == common_rate("G722", "L16", 0, 16000) == 16000
    assert common_rate("OPUS", "L16", 0, 48000) == 48000
    assert common_rate("PCMU", "L16", 0, 16000) == common_rate("OPUS", "L16", 0, 44100) == 0


@pytest.mark.skipif(len(NAMES) < 5 or not resampling_available(), reason="a codec's library was missing")
def test_the_same_codec_is_free_and_opus_is_the_dearest() -> None:
    assert {transcode_cost_ns(name, name, 16000, 16000) for name in NAMES} == {0}
    order = ["PCMA", "G722", "OPUS"]
    costs = [transcode_cost_ns("PCMU", name) for name in order]
    assert costs == sorted(costs, key=lambda cost: cost or 0)
    for a, b in itertools.product(NAMES, NAMES):
        assert transcode_cost_ns(a, b, 16000, 16000) == transcode_cost_ns(b, a, 16000, 16000)
    narrow, wide = transcode_cost_ns("L16", "L16", 8000, 8000), transcode_cost_ns("L16", "L16", 8000, 16000)
    assert narrow is not None
    assert wide is not None
    assert wide > narrow


# ------------------------------------------------------------------------------------- where libraries were missing

WITHOUT = """
import sys
from media_ext.codec import available, transcode_cost_ns
from media_ext.codec_door import CodecProbe, ResamplerProbe, TranscoderProbe

def refused(work, *arguments):
    try:
        work(*arguments)
    except ValueError as error:
        return "missing" in str(error)
    return False

assert [available(name) for name in ("PCMU", "PCMA", "L16", "G722", "OPUS")] == [True, True, True, True, False]
assert refused(CodecProbe, "OPUS") and refused(ResamplerProbe, 8000, 16000)
assert refused(TranscoderProbe, CodecProbe("PCMU"), CodecProbe("L16", 16000))
assert transcode_cost_ns("PCMU", "OPUS") is None and transcode_cost_ns("PCMU", "L16", 0, 16000) is None
assert CodecProbe("PCMU").encode(bytes(320)) == b"\\xff" * 160
print("refused")
"""


@pytest.mark.slow
def test_a_build_without_the_libraries_refuses_what_needs_them(tmp_path: Path) -> None:
    modules = ("audio_status", "clock", "codec", "g711", "g722", "codec_door", "l16", "opus", "plc", "resample",
               "transcode")  # fmt: skip
    package = tmp_path / "media_ext"
    shutil.copytree(ROOT / "media_ext" / "src", package / "src")
    shutil.copy(ROOT / "setup.py", tmp_path)
    for source in ("__init__.py", *(f"{name}{end}" for name in modules for end in (".pyx", ".pxd"))):
        if (ROOT / "media_ext" / source).exists():
            shutil.copy(ROOT / "media_ext" / source, package)
    environment = {**os.environ, "PBX_WITHOUT": "opus speexdsp", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert told.stdout == b"refused\n"
