"""What a killed process, a full disk and a disk that does not answer leave behind; packets never wait for any."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.media.engine import MediaEngine
from tests.media.phone import Phone, eventually
from tests.media.talk import Saying, read_wav, say_all, tone_packets
from tests.media.test_relay import SAME, opened
from tests.oracles.tones import dominant_hz

MakePhone = Callable[..., Phone]


class Recorder:
    """The process, and the two phones' way to it."""

    def __init__(self, folder: Path, limit: int, phones: tuple[Phone, Phone]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.media.recording_process", str(folder), str(limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: list[int] = self.ask([phone.port for phone in phones])

    def ask(self, question: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(20)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Callable[..., Recorder]]:
    made: list[Recorder] = []

    def make(limit: int, *phones: Phone) -> Recorder:
        made.append(Recorder(tmp_path, limit, (phones[0], phones[1])))
        return made[-1]

    yield make
    for each in made:
        each.close()


def by_sox(path: Path) -> tuple[float, str]:
    """(seconds, what sox complains about)."""
    said = subprocess.run(["sox", str(path), "-n", "stat"], capture_output=True, text=True, check=True)
    length = next(line for line in said.stderr.splitlines() if line.startswith("Length"))
    warnings = [line for line in said.stderr.splitlines() if "WARN" in line or "FAIL" in line]
    return float(length.split(":")[1]), "\n".join(warnings)


async def test_what_a_killed_process_recorded_can_be_played(
    recorder: Callable[..., Recorder], phone: MakePhone, tmp_path: Path
) -> None:
    a, b = phone(), phone()
    node = recorder(0, a, b)
    await say_all(
        Saying(a, node.ports[0], tone_packets(440, 3.0)), Saying(b, node.ports[1], tone_packets(1000, 3.0))
    )
    node.process.kill()
    node.process.wait()
    seconds, complaints = by_sox(tmp_path / "a.wav")
    assert not complaints
    assert 1.3 <= seconds <= 3.2
    _, frames = read_wav(tmp_path / "a.wav")
    assert len(frames) * 4 + 44 == (tmp_path / "a.wav").stat().st_size, "the header says what is there"
    wav = tmp_path / "b.wav"
    subprocess.run(["opusdec", "--quiet", str(tmp_path / "b.opus"), str(wav)], check=True)
    rate_hz, opus_frames = read_wav(wav)
    assert 0.9 <= len(opus_frames) / rate_hz <= 3.2
    assert [round(dominant_hz(frames[8000:, n], 8000), -1) for n in range(2)] == [440, 1000]
    assert [round(dominant_hz(opus_frames[rate_hz // 2 :, n], rate_hz), -1) for n in range(2)] == [1000, 440]


async def test_a_full_disk_ends_the_recording_and_costs_no_packet(
    recorder: Callable[..., Recorder], phone: MakePhone, tmp_path: Path
) -> None:
    """No file may be longer than 70 KiB here: 2.2 s of WAV."""
    a, b = phone(), phone()
    node = recorder(70 << 10, a, b)
    await say_all(
        Saying(a, node.ports[0], tone_packets(440, 4.0)), Saying(b, node.ports[1], tone_packets(1000, 4.0))
    )
    await asyncio.sleep(0.3)
    said = node.ask(0)
    assert said == {"sent": [200, 200], "dropped": [0, 0], "ended": ["disk_full", ""]}
    assert len(a.hear()) == len(b.hear()) == 200
    seconds, complaints = by_sox(tmp_path / "a.wav")
    assert not complaints
    assert 2.1 <= seconds <= 2.3, "all that the disk took"


@pytest.mark.slow
async def test_a_disk_that_does_not_answer_ends_the_recording_and_costs_no_packet(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    """A named pipe that nobody empties is such a disk: its writer waits. Another recording goes on meanwhile."""
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    pipe = tmp_path / "pipe.opus"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    stuck = engine.record(sa, pipe, format="opus")
    assert fill(pipe) > 0
    fine = engine.record(sb, tmp_path / "fine.wav")
    payloads = tone_packets(440, 9.0)
    heard = [0, 0]
    for second in range(9):
        part = payloads[50 * second : 50 * second + 50]
        await say_all(Saying(a, sa.rtp_port, part), Saying(b, sb.rtp_port, part))
        await asyncio.sleep(0.02)
        heard = [heard[0] + len(a.hear()), heard[1] + len(b.hear())]
    await eventually(stuck.ended.done, 5)
    assert stuck.ended.result().reason == "disk_slow"
    ended = await fine.stop()
    assert ended.reason == "stopped"
    assert abs(ended.duration_ms - 9000) < 2500
    assert [stream.stats().packets_out for stream in (sa, sb)] == [450, 450]
    os.close(reader)
    assert heard == [450, 450]


def fill(pipe: Path) -> int:
    """Until nothing more fits."""
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    written = 0
    try:
        while True:
            written += os.write(writer, b"\0" * 4096)
    except BlockingIOError:
        return written
    finally:
        os.close(writer)
