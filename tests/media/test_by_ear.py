"""What the far phone hears when the line is bad: level, pitch, delay, gaps, intelligibility, end to end.

All conditions run at the same time, each in a call of its own, so that seconds of sound cost seconds only once.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from media_ext.codec_door import g711_decode, g711_encode
from pbx.media.engine import MediaEngine
from tests.media.line import CLEAN, FRAME_MS, Heard, Impairment, Spoken, Talk, converse, heard_by
from tests.media.phone import G711, Phone
from tests.media.talk import channels, onset_ms, read_wav
from tests.media.test_relay import SAME, opened
from tests.media.voices import say
from tests.oracles.stoi import stoi
from tests.oracles.tones import Samples, dominant_hz, from_bytes, level_db, to_bytes, tone

MakePhone = Callable[..., Phone]
RATE_HZ = 8000
LINES = [
    CLEAN,
    *(
        Impairment(loss, jitter, seed=5)
        for loss, jitter in ((0, 20), (0, 80), (0.02, 10), (0.05, 40), (0.1, 80))
    ),
]
SENTENCE = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."


def encoded(said: Samples) -> list[bytes]:
    return [g711_encode("ulaw", to_bytes(said[at : at + 160])) for at in range(0, len(said) - 159, 160)]


def decoded(payload: bytes) -> Samples:
    return from_bytes(g711_decode("ulaw", payload))


@dataclass(frozen=True, slots=True)
class Listening:
    """One call's line, what was said on it and what came out."""

    line: Impairment
    said: Samples
    spoken: Spoken
    heard: Heard


@pytest.fixture(scope="session")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed")
    made = say(
        ["flite", "-voice", "slt", "-t", "{text}", "-o", "{out}"], SENTENCE, tmp_path_factory.mktemp("said") / "s.wav",
        RATE_HZ,
    )  # fmt: skip
    return made[: len(made) // 160 * 160].astype(np.float64)


async def relayed(
    engine: MediaEngine, phone: MakePhone, said: Samples, *, echo: bool = False
) -> list[Listening]:
    """The same sound over every line, through calls of their own."""
    talks, ears = [], []
    for number, line in enumerate(LINES):
        a, b = phone(), phone()
        stream = opened(engine, a, f"{number}/a")
        if echo:
            engine.echo(stream)
        else:
            engine.link(stream, opened(engine, b, f"{number}/b"), SAME, SAME)
        talks.append(Talk(a, stream.rtp_port, encoded(said), line=line))
        ears.append(a if echo else b)
    spoken = await converse(talks)
    heard = [heard_by(ear.hear(), decoded, RATE_HZ) for ear in ears]
    return [Listening(*each) for each in zip(LINES, [said] * len(LINES), spoken, heard, strict=True)]


def check_bit_by_bit(one: Listening) -> None:
    """Every frame that the line let through, at its place in time, and no other; nothing held back."""
    coded = np.concatenate([decoded(payload) for payload in encoded(one.said)]).reshape(-1, 160)
    got, first = one.heard.samples.reshape(-1, 160), one.spoken.sent[0]
    assert one.heard.packets == len(one.spoken.sent), one.line
    for frame in one.spoken.sent:
        assert np.array_equal(got[frame - first], coded[frame]), f"frame {frame} with {one.line}"
    assert {ms // FRAME_MS + first for ms in one.heard.missing}.isdisjoint(one.spoken.sent)
    assert one.heard.delay_ms(one.said, one.spoken) < 20 + one.line.jitter_ms / 2, one.line


async def test_speech_that_is_passed_on_is_what_the_line_let_through(
    engine: MediaEngine, phone: MakePhone, sentence: Samples
) -> None:
    """The far phone's jitter buffer is the only one. Lost frames show in the measure, so more of them would."""
    judged = {}
    for one in await relayed(engine, phone, sentence):
        check_bit_by_bit(one)
        judged[one.line] = stoi(sentence, one.heard.aligned(sentence), RATE_HZ)
        assert judged[one.line] > 0.98 - 1.6 * one.line.loss, judged
    assert judged[LINES[-1]] < judged[CLEAN] - 0.05, judged


@pytest.mark.parametrize("echo", [False, True], ids=["relay", "echo"])
async def test_a_tone_keeps_its_level_and_pitch(engine: MediaEngine, phone: MakePhone, echo: bool) -> None:
    said = tone(1004, RATE_HZ, 1.0)
    for one in await relayed(engine, phone, said, echo=echo):
        check_bit_by_bit(one)
        if one.line.loss:
            continue
        assert abs(dominant_hz(one.heard.samples, RATE_HZ) - 1004) < 1, one.line
        assert abs(level_db(one.heard.samples) - level_db(said)) < 0.1, one.line
        assert one.heard.holes_ms() == [], one.line


async def bridged(engine: MediaEngine, phone: MakePhone, said: Samples) -> list[Listening]:
    """µ-law in, A-law out: decoded behind a jitter buffer, losses concealed, encoded anew."""
    talks, ears = [], []
    for number, line in enumerate(LINES):
        a, b = phone(), phone()
        mu, alaw = (
            opened(engine, each, f"{number}/{side}", formats=(voice,), voice=voice)
            for each, side, voice in ((a, "a", G711[0]), (b, "b", G711[1]))
        )
        engine.bridge(mu, alaw)
        talks.append(Talk(a, mu.rtp_port, encoded(said), line=line))
        ears.append(b)
    spoken = await converse(talks)
    heard = [heard_by(ear.hear(), decoded_alaw, RATE_HZ) for ear in ears]
    return [Listening(*each) for each in zip(LINES, [said] * len(LINES), spoken, heard, strict=True)]


def decoded_alaw(payload: bytes) -> Samples:
    return from_bytes(g711_decode("alaw", payload))


@pytest.mark.slow  # its phones need a processor of their own
async def test_decoded_speech_is_mended_and_comes_in_time(
    engine: MediaEngine, phone: MakePhone, sentence: Samples
) -> None:
    """Better than with holes where the losses were, and hardly later than the line made its latest packet."""
    for one in await bridged(engine, phone, sentence):
        holes = np.zeros_like(sentence)
        for frame in one.spoken.sent:
            holes[frame * 160 : frame * 160 + 160] = sentence[frame * 160 : frame * 160 + 160]
        judged = stoi(sentence, one.heard.aligned(sentence), RATE_HZ)
        assert judged > 0.97 - 0.6 * one.line.loss, f"{judged:.3f} with {one.line}"
        if one.line.loss >= 0.05:
            assert judged > stoi(sentence, holes, RATE_HZ) + 0.01, f"{judged:.3f} with {one.line}"
        assert one.heard.missing == (), "a stream that we make has no gaps"
        assert one.heard.delay_ms(sentence, one.spoken) < 80 + one.line.jitter_ms, one.line


async def test_a_decoded_tone_has_no_hole_and_keeps_its_level(engine: MediaEngine, phone: MakePhone) -> None:
    said = tone(1004, RATE_HZ, 1.6)
    for one in await bridged(engine, phone, said):
        middle = one.heard.samples[4000:11000]
        assert abs(dominant_hz(middle, RATE_HZ) - 1004) < 1, one.line
        assert abs(level_db(middle) - level_db(said)) < 0.3 + 6 * one.line.loss, one.line
        assert one.heard.holes_ms() == [], one.line


# ----------------------------------------------------------------------------------------- the mixer and the recorder


async def mixed_and_recorded(
    engine: MediaEngine, phone: MakePhone, said: Samples, folder: Path
) -> tuple[list[Listening], list[Path], list[Path]]:
    """A conference for each line: µ-law in, A-law out; the member's own leg and the conference are recorded."""
    talks, ears, legs, rooms = [], [], [], []
    for number, line in enumerate(LINES):
        a, b = phone(), phone()
        mu, alaw = (
            opened(engine, each, f"{number}/{side}", formats=(voice,), voice=voice)
            for each, side, voice in ((a, "a", G711[0]), (b, "b", G711[1]))
        )
        room = engine.room(2, label=f"{number}")
        room.join(mu)
        room.join(alaw)
        legs.append(engine.record(mu, folder / f"leg{number}.wav", channels=2))
        rooms.append(engine.record_room(room, folder / f"room{number}.wav"))
        talks.append(Talk(a, mu.rtp_port, encoded(said), line=line))
        ears.append(b)
    spoken = await converse(talks)
    heard = [heard_by(ear.hear(), decoded_alaw, RATE_HZ) for ear in ears]
    await asyncio.sleep(0.1)
    for recording in (*legs, *rooms):
        assert (await recording.stop()).reason == "stopped"
        assert recording.tap.dropped == 0
    listened = [Listening(*each) for each in zip(LINES, [said] * len(LINES), spoken, heard, strict=True)]
    return listened, [each.path for each in legs], [each.path for each in rooms]


@pytest.mark.slow  # its phones need a processor of their own
async def test_a_tone_through_mixer_and_recorder_keeps_level_and_pitch(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    """On every line: mended where it lost, no hole, in the conference, in its recording and in that of the leg."""
    said = tone(1004, RATE_HZ, 1.6)
    listened, legs, rooms = await mixed_and_recorded(engine, phone, said, tmp_path)
    for one, leg, room in zip(listened, legs, rooms, strict=True):
        _, left, _ = channels(leg)
        _, mix = read_wav(room)
        start = round(onset_ms(mix[:, 0], RATE_HZ) * 8)
        for what, part in (
            ("heard", one.heard.samples[4000:11000]),
            ("conference", mix[start + 3200 : start + 10200, 0]),
            ("leg", left[round(onset_ms(left, RATE_HZ) * 8) + 3200 :][:7000]),
        ):
            assert len(part) == 7000, (what, one.line)
            assert abs(dominant_hz(part, RATE_HZ) - 1004) < 1.5, (what, one.line)
            assert abs(level_db(part) - level_db(said)) < 0.4 + 8 * one.line.loss, (what, one.line)
        assert one.heard.holes_ms() == [], one.line


@pytest.mark.slow  # its phones need a processor of their own
async def test_speech_through_mixer_and_recorder_stays_intelligible(
    engine: MediaEngine, phone: MakePhone, sentence: Samples, tmp_path: Path
) -> None:
    listened, legs, rooms = await mixed_and_recorded(engine, phone, sentence, tmp_path)
    for one, leg, room in zip(listened, legs, rooms, strict=True):
        _, left, _ = channels(leg)
        _, mix = read_wav(room)
        judged = {
            "heard": stoi_in_parts(sentence, one.heard.samples),
            "conference": stoi_in_parts(sentence, mix[:, 0]),
            "leg": stoi_in_parts(sentence, left),
        }
        assert min(judged.values()) > 0.9 - 1.2 * one.line.loss, (judged, one.line)


def stoi_in_parts(said: Samples, recorded: Samples) -> float:
    """Whole, or as the mean of four parts, each where it lies: a jitter buffer may leave out or add a quiet moment."""
    parts = np.array_split(said, 4)
    return max(
        float(np.mean([stoi(part, laid_upon(part, recorded), RATE_HZ) for part in parts])),
        stoi(said, laid_upon(said, recorded), RATE_HZ),
    )


def laid_upon(said: Samples, recorded: Samples) -> Samples:
    """The stretch of a recording that is most like what was said."""
    size = 1 << (len(said) + len(recorded)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(said, size)))
    start = int(np.argmax(alike[: len(recorded)]))
    part = recorded[start : start + len(said)].astype(np.float64)
    return np.pad(part, (0, len(said) - len(part)))
