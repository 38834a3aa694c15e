"""The virtual-time event loop: sleeping takes no time, and mistakes do not hang."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import DeadlockError, TooLateError, VirtualLoop, run_virtual


def test_an_hour_passes_in_no_time() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - start

    before = time.perf_counter()
    assert run_virtual(main) == pytest.approx(3600)
    assert time.perf_counter() - before < 0.5


def test_thousands_of_simulated_minutes_per_second() -> None:
    async def main() -> None:
        for _ in range(3000):
            await asyncio.sleep(60)

    before = time.process_time()
    run_virtual(main, limit=10**9)
    assert time.process_time() - before < 2.0


def test_timers_go_off_in_order_and_at_their_time() -> None:
    async def main() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, str]] = []

        async def nap(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            seen.append((round(loop.time(), 6), name))

        async with asyncio.TaskGroup() as group:
            for seconds, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "a2")):
                group.create_task(nap(seconds, name))
        return seen

    assert run_virtual(main) == [(1.0, "a"), (1.0, "a2"), (2.0, "b"), (3.0, "c")]


def test_timeouts_are_virtual_too() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(32):
                await asyncio.Event().wait()
        return loop.time()

    assert run_virtual(main) == pytest.approx(32)


def test_a_deadlock_is_an_error_and_not_a_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run_virtual(main)


def test_a_run_that_never_ends_is_an_error() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(1)

    with pytest.raises(TooLateError):
        run_virtual(main, limit=100)


def test_a_task_left_behind_is_an_error() -> None:
    kept: list[asyncio.Task[bool]] = []

    async def main() -> None:
        kept.append(asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="forgotten"))
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="forgotten"):
        run_virtual(main)
    assert kept[0].cancelled()


def test_an_error_nobody_sees_is_an_error() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.1)

    with pytest.raises(AssertionError, match="division"):
        run_virtual(main)


def test_work_for_a_thread_is_done_at_once() -> None:
    async def main() -> tuple[int, float]:
        return await asyncio.to_thread(sum, [1, 2]), asyncio.get_running_loop().time()

    assert run_virtual(main) == (3, 0.0)


def test_real_sockets_still_work() -> None:
    async def main() -> bytes:
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            writer.write(b"hello\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return line

    assert run_virtual(main) == b"hello\n"


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


def test_a_loop_clock_shows_virtual_time() -> None:
    async def main() -> float:
        clock = LoopClock()
        start = clock.now()
        await asyncio.sleep(90)
        assert (clock.now() - start).total_seconds() == pytest.approx(90)
        return clock.monotonic()

    assert run_virtual(main) == pytest.approx(90)
    loop = VirtualLoop()
    assert loop.time() == 0.0
    loop.close()
