"""What a registration costs: challenge, check, and a binding that is on disk before the 200 OK leaves."""

from __future__ import annotations

from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench import peers
from bench.asterisk import Asterisk, running_asterisk
from bench.conftest import EXTENSIONS, Runner
from bench.figure import Figure, Peer, record
from bench.figure import measure as timed
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.sipp import Called, Sipp, SippResult, phone_rows


async def register(node: Called, folder: Path, *, count: int, rate: float, at_once: int = 5000) -> SippResult:
    """So many REGISTERs, each with its challenge, of 20 extensions in turn, at most `at_once` unanswered."""
    port = free_port()
    return await Sipp(
        folder,
        "register",
        remote=node.address,
        users=phone_rows(node, EXTENSIONS, port),
        port=port,
        calls=count,
        rate=rate,
        limit=at_once,
        timeout_s=count / rate + 40,
    ).run()


async def measure(office: Node, folder: Path, **load: int) -> tuple[float, SippResult]:
    """CPU seconds of the node for this load, and how it went."""
    async with running(office) as node:
        await register(node, folder / "warm", count=500, rate=500)
        before_s = node.cpu_s
        result = await register(node, folder / "register", **load)
        return node.cpu_s - before_s, result


async def asterisk_us(folder: Path, *, count: int, rate: float) -> Peer | None:
    """Microseconds of CPU that Asterisk needs for each, where there is one."""
    if not Asterisk.is_here():
        return None
    async with running_asterisk(Asterisk(folder, EXTENSIONS)) as asterisk:
        await register(asterisk, folder / "warm", count=500, rate=500)
        before_s = asterisk.cpu_s
        result = await register(asterisk, folder / "register", count=count, rate=rate)
        value = (asterisk.cpu_s - before_s) / count * 1e6
        return None if result.failed else Peer(name="Asterisk", value=value, same_run=True, source="same run")


def test_registrations_at_500_per_second(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    count = 5000
    cpu_s, result = timed(benchmark, lambda: run(measure(office, tmp_path, count=count, rate=500)))
    assert result.failed == 0, result.output
    record(
        benchmark,
        Figure(
            title="CPU per registration at 500/s",
            value=cpu_s / count * 1e6,
            unit="µs",
            target=350,
            peer=run(asterisk_us(tmp_path / "asterisk", count=count, rate=500)) or peers.REGISTER,
            how=f"{count} times REGISTER, 401, REGISTER, 200; the binding is stored durably",
        ),
    )


def test_registrations_as_fast_as_they_are_answered(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    count = 20_000
    cpu_s, result = timed(
        benchmark, lambda: run(measure(office, tmp_path, count=count, rate=10000, at_once=40))
    )
    assert result.failed == 0, result.output
    record(
        benchmark,
        Figure(
            title="Registrations per CPU second, at best",
            value=count / cpu_s,
            unit="1/s",
            better="higher",
            peer=peers.REGISTER_RATE,
            how=f"{count} registrations, 40 at once",
        ),
    )
