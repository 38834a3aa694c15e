"""What it costs that calls outlive the node, and how long they are silent when it is killed and started again."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import EXTENSIONS, Runner
from bench.figure import Figure, record
from bench.figure import measure as timed
from bench.test_calls import call, cost_ms
from tests.live.node import Node, running
from tests.live.raw_call import RawPhone

TURNS = 3
KILLS = 5
WITHOUT = """
import sys
from pbx.app import keeping, node
from pbx.app.cli import main
from pbx.media.engine import MediaEngine
node.open_keeper = lambda data_dir, box, service: keeping.CallKeeper(None, {}, 0.0, service)
init = MediaEngine.__init__
MediaEngine.__init__ = lambda self, **settings: init(self, **{**settings, "keeps": False})
sys.argv[0] = "pbx"
sys.exit(main())
"""


@dataclass
class Unkept(Node):
    """The same node without a journal, and with streams that need none."""

    def command(self) -> list[str]:
        words = super().command()
        return [sys.executable, "-c", WITHOUT, *words[words.index("pbx") + 1 :]]


def office(folder: Path, kind: type[Node]) -> Node:
    return kind(
        folder, extensions=EXTENSIONS, rtp_first=2000, rtp_ports=8000, options=("--log-level", "warning")
    )


def test_cost_of_the_journal(benchmark: BenchmarkFixture, run: Runner, tmp_path: Path) -> None:
    """In turns, so that both meet the same machine."""
    rate, calls = 25, 250

    async def one(folder: Path, kind: type[Node]) -> float:
        async with running(office(folder / "node", kind)) as node:
            await call(node, folder / "warm", calls=100, rate=rate, hold_ms=100)
            await asyncio.sleep(1)
            value, result = await cost_ms(node, folder / "calls", rate=rate, calls=calls)
            assert result.failed == 0, result.output
            return value

    async def measure() -> list[tuple[float, float]]:
        return [
            (await one(tmp_path / f"{turn}-without", Unkept), await one(tmp_path / f"{turn}-with", Node))
            for turn in range(TURNS)
        ]

    pairs = timed(benchmark, lambda: run(measure()))
    shares = [with_ / without for without, with_ in pairs]
    record(
        benchmark,
        Figure(
            title="CPU per call with the journal, to that without it",
            value=statistics.median(shares),
            unit="×",
            target=1.03,
            how=f"median of {TURNS} turns of {calls} calls at {rate}/s, "
            f"{statistics.median(each[0] for each in pairs):.2f} ms without; all: "
            + ", ".join(f"{each:.3f}" for each in shares),
        ),
    )


async def silence_of(node: Node) -> list[tuple[float, float]]:
    """For each kill: ms from the new process's start to the first packet, and the longest pause that a phone heard."""
    found: list[tuple[float, float]] = []
    with RawPhone(node, "200", tone_hz=440) as alice, RawPhone(node, "201", tone_hz=880) as bob:
        bob.register()
        pumping = asyncio.create_task(asyncio.to_thread(bob.answer))
        await asyncio.to_thread(alice.call, "201")
        await pumping
        seconds = 4.0 * KILLS + 4
        talking = [asyncio.create_task(asyncio.to_thread(each.pump, seconds)) for each in (alice, bob)]
        await asyncio.sleep(2)
        for _ in range(KILLS):
            node.kill()
            started = time.monotonic()
            await node.start()
            await asyncio.sleep(2)
            times = [when for when, _, _ in alice.ears.packets]
            first = next(when for when in times if when > started)
            last = max(when for when in times if when < started)
            found.append(((first - started) * 1000, (first - last) * 1000))
        await asyncio.gather(*talking)
        await asyncio.to_thread(alice.hang_up)
    return found


def test_silence_over_a_kill(benchmark: BenchmarkFixture, run: Runner, tmp_path: Path) -> None:
    async def measure() -> list[tuple[float, float]]:
        async with running(office(tmp_path / "node", Node)) as node:
            return await silence_of(node)

    found = timed(benchmark, lambda: run(measure()))

    def median(of: Callable[[tuple[float, float]], float]) -> float:
        return statistics.median(of(each) for each in found)

    how = f"median of {KILLS} kills of a node in a call; all: " + ", ".join(f"{gap:.0f}" for _, gap in found)
    record(
        benchmark,
        Figure(
            title="From the start of the process to the first packet", value=median(lambda each: each[0]),
            unit="ms", target=2000, how=how,
        ),
        Figure(
            title="Pause in what a phone hears, kill and start at once", value=median(lambda each: each[1]),
            unit="ms", target=2000, how=how,
        ),
    )  # fmt: skip
