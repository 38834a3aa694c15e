"""Opus: other decoders understand our packets, lost ones are won back from their successors, silence is not sent."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec import available
from media_ext.codec_door import CodecProbe
from media_ext.processing_door import JitterProbe
from tests.media.sound import decoded, packets, through
from tests.oracles import ffmpeg
from tests.oracles.ogg import ogg_opus
from tests.oracles.tones import Samples, dominant_hz, from_bytes, level_db, snr_db, speech_like, tone

pytestmark = pytest.mark.skipif(not available("OPUS"), reason="built without libopus")

RATES = (8000, 16000, 48000)
PTIMES = (10, 20, 30, 40, 50, 60)

rates = pytest.mark.parametrize("rate_hz", RATES)


def agreement_db(ours: Samples, theirs: Samples, taps: int = 64) -> float:
    """How well one is the other through a short linear filter, which decoders resample with, each its own."""
    shifted = np.stack([np.roll(ours, shift) for shift in range(-taps // 2, taps // 2 + 1)], axis=1)
    inner = slice(2 * taps, -2 * taps)
    weights = np.linalg.lstsq(shifted[inner], theirs[inner], rcond=None)[0]
    rest = theirs[inner] - shifted[inner] @ weights
    return float(10 * np.log10(np.mean(theirs[inner] ** 2) / np.mean(rest**2)))


@rates
def test_ffmpegs_own_decoder_hears_what_ours_does(rate_hz: int) -> None:
    sent = packets(CodecProbe("OPUS", rate_hz), speech_like(rate_hz, 1))
    ours = decoded(CodecProbe("OPUS", 48000), sent)
    theirs = from_bytes(ffmpeg.decode_opus(ogg_opus(sent, packet_ms=20)))
    assert len(theirs) == len(ours)
    assert agreement_db(ours, theirs) > 40


@rates
@pytest.mark.parametrize("ptime_ms", PTIMES)
def test_opusdec_accepts_packets_of_every_length(rate_hz: int, ptime_ms: int, tmp_path: Path) -> None:
    if shutil.which("opusdec") is None:
        pytest.skip("opusdec is not installed (Debian: opus-tools)")
    codec = CodecProbe("OPUS", rate_hz, ptime_ms=ptime_ms)
    sent = packets(codec, speech_like(rate_hz, 0.6))
    (tmp_path / "in.opus").write_bytes(ogg_opus(sent, packet_ms=ptime_ms))
    command = [
        "opusdec",
        "--quiet",
        "--rate",
        "48000",
        "--no-dither",
        str(tmp_path / "in.opus"),
        str(tmp_path / "out.wav"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    theirs = from_bytes((tmp_path / "out.wav").read_bytes()[44:])
    ours = decoded(CodecProbe("OPUS", 48000), sent)
    assert codec.frame_units == 48 * ptime_ms
    assert len(ours) == len(theirs) == len(sent) * codec.frame_units
    assert np.abs(ours - theirs).max() <= 1


@rates
@pytest.mark.parametrize("hz", [440, 1000, 3000])
def test_a_tone_keeps_frequency_and_level(rate_hz: int, hz: int) -> None:
    sent = tone(hz, rate_hz, 1)
    heard = through("OPUS", rate_hz, sent)[rate_hz // 4 :]
    assert dominant_hz(heard, rate_hz) == pytest.approx(hz, abs=1)
    assert level_db(heard) == pytest.approx(level_db(sent), abs=0.5)
    assert snr_db(heard, hz, rate_hz) > 20


@pytest.mark.parametrize("encode_hz", RATES)
@pytest.mark.parametrize("decode_hz", RATES)
def test_each_side_works_at_its_own_rate(encode_hz: int, decode_hz: int) -> None:
    sent = packets(CodecProbe("OPUS", encode_hz), tone(1000, encode_hz, 1))
    heard = decoded(CodecProbe("OPUS", decode_hz), sent)
    assert len(heard) == decode_hz
    assert dominant_hz(heard[decode_hz // 4 :], decode_hz) == pytest.approx(1000, abs=1)


def heard_with_losses(sent: list[bytes], codec: CodecProbe, *, fec: bool) -> list[Samples]:
    """Every fifth packet is lost and concealed, with or without the packet after it."""
    heard = []
    for index, packet in enumerate(sent[:-1]):
        following = sent[index + 1] if fec else None
        lost = index % 5 == 3
        pcm = codec.conceal(codec.frame_samples, following) if lost else codec.decode(packet)
        heard.append(from_bytes(pcm))
    return heard


@rates
def test_fec_wins_lost_packets_back_which_guessing_cannot(rate_hz: int) -> None:
    sent = packets(CodecProbe("OPUS", rate_hz, fec=True, loss_pct=20), speech_like(rate_hz, 4))
    codec = CodecProbe("OPUS", rate_hz)
    whole = [from_bytes(codec.decode(packet)) for packet in sent[:-1]]

    def snr(heard: list[Samples]) -> float:
        lost = range(13, len(whole), 5)
        signal = sum(float(np.sum(whole[i] ** 2)) for i in lost)
        return 10 * float(np.log10(signal / sum(float(np.sum((whole[i] - heard[i]) ** 2)) for i in lost)))

    guessed = snr(heard_with_losses(sent, CodecProbe("OPUS", rate_hz), fec=False))
    won_back = snr(heard_with_losses(sent, CodecProbe("OPUS", rate_hz), fec=True))
    assert won_back > guessed + 4


@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_fec_wins_back_what_the_jitter_buffer_misses(ptime_ms: int) -> None:
    """However long the packets are: they are concealed whole, by what the next one knows of them."""
    sender = CodecProbe("OPUS", 16000, ptime_ms=ptime_ms, fec=True, loss_pct=20)
    sent = packets(sender, speech_like(16000, 6))
    whole = decoded(CodecProbe("OPUS", 16000), sent)

    def error(*, fec: bool) -> float:
        buffer, ears, heard = JitterProbe(48000, 1275, min_ms=150), CodecProbe("OPUS", 16000), list[Samples]()
        tick = 0
        for n, packet in enumerate(sent):
            if n % 5 != 3:
                buffer.put(n, n * ptime_ms * 48, ptime_ms * 48, packet, 1000.0 + n * ptime_ms)
            while 20 * tick < (n + 1) * ptime_ms:
                for what, span, payload, _ in buffer.tick(1001.0 + 20 * tick):
                    if what == "frame" and payload is not None:
                        heard.append(from_bytes(ears.decode(payload)))
                    elif what == "conceal":
                        heard.append(from_bytes(ears.conceal(span // 3, payload if fec else None)))
                tick += 1
        sound = np.concatenate(heard)
        return float(np.sum((whole[: len(sound)] - sound) ** 2))

    assert error(fec=True) < error(fec=False) / 2


def test_a_packet_without_fec_is_no_help_and_no_harm() -> None:
    sent = packets(CodecProbe("OPUS", 16000), speech_like(16000, 0.5))
    with_next, without = CodecProbe("OPUS", 16000), CodecProbe("OPUS", 16000)
    for packet in sent[:10]:
        with_next.decode(packet)
        without.decode(packet)
    assert with_next.conceal(320, sent[11]) == without.conceal(320)


def test_a_damaged_successor_counts_as_none() -> None:
    damaged, missing = CodecProbe("OPUS", 16000), CodecProbe("OPUS", 16000)
    assert damaged.conceal(320, b"\xff\xff\xff") == missing.conceal(320)


@pytest.mark.parametrize("ptime_ms", [20, 30])
@rates
def test_dtx_sends_nothing_for_silence_and_returns_with_the_voice(rate_hz: int, ptime_ms: int) -> None:
    codec = CodecProbe("OPUS", rate_hz, dtx=True, ptime_ms=ptime_ms)
    talking = packets(codec, speech_like(rate_hz, 1))
    silent = packets(codec, np.zeros(3 * rate_hz))
    again = packets(codec, speech_like(rate_hz, 1))
    assert all(talking)
    assert sum(not packet for packet in silent) > len(silent) * 0.7
    assert any(silent[len(silent) // 2 :]), "now and then a packet keeps the comfort noise fresh"
    assert all(again[5:])


def test_without_dtx_silence_is_sent() -> None:
    assert all(packets(CodecProbe("OPUS", 16000), np.zeros(16000)))


def test_bitrate_can_be_changed_while_it_runs() -> None:
    codec, sound = CodecProbe("OPUS", 48000), speech_like(48000, 1)
    before = sum(map(len, packets(codec, sound)))
    codec.opus_set(bitrate_bps=12_000, complexity=0, loss_pct=5, fec=True)
    assert sum(map(len, packets(codec, sound))) < before / 1.5


@pytest.mark.parametrize(
    "wrong", [{"complexity": 11}, {"complexity": -1}, {"loss_pct": 101}, {"bitrate_bps": -5}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("OPUS", 16000, **wrong)  # type: ignore[arg-type]  # mypy takes the ints for the booleans
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("OPUS", 16000).opus_set(**wrong)  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize("rate_hz", [11025, 32000, 44100, 96000])
def test_rates_that_opus_does_not_have_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="not supported"):
        CodecProbe("OPUS", rate_hz)


@pytest.mark.parametrize("samples", [0, 1, 159, 161, 319, 321])
def test_only_whole_frames_are_encoded(samples: int) -> None:
    with pytest.raises(ValueError, match="number of samples"):
        CodecProbe("OPUS", 16000).encode(bytes(2 * samples))


@pytest.mark.parametrize("samples", [0, -320, 1, 41, 48 * 121])
def test_only_multiples_of_2_5_ms_are_concealed(samples: int) -> None:
    with pytest.raises(ValueError, match="number of samples"):
        CodecProbe("OPUS", 16000).conceal(samples)


def test_room_is_kept() -> None:
    codec = CodecProbe("OPUS", 16000, ptime_ms=60)
    [packet] = packets(codec, speech_like(16000, 0.06))
    with pytest.raises(ValueError, match="room"):
        CodecProbe("OPUS", 16000).decode(packet, room=959)
    assert len(codec.encode(bytes(1920), room=20)) <= 20


@given(st.binary(min_size=1, max_size=400), st.sampled_from(RATES))
def test_any_payload_is_decoded_or_refused(payload: bytes, rate_hz: int) -> None:
    codec = CodecProbe("OPUS", rate_hz)
    with contextlib.suppress(ValueError):
        assert 0 < len(codec.decode(payload)) <= 2 * rate_hz * 120 // 1000
    assert len(codec.conceal(rate_hz // 50, payload)) == 2 * rate_hz // 50


def test_after_a_reset_it_is_as_new() -> None:
    codec, sound = CodecProbe("OPUS", 16000), speech_like(16000, 0.3)
    sent = packets(codec, sound)
    heard = decoded(codec, sent)
    codec.reset()
    assert packets(codec, sound) == sent
    assert np.array_equal(decoded(codec, sent), heard)
