from __future__ import annotations

import asyncio
import logging

import pytest

from pbx.core.tasks import Supervisor


async def _fail(text: str) -> None:
    raise ValueError(text)


async def test_leaving_cancels_everything_and_waits_for_clean_up() -> None:
    cleaned: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(number)

    async with Supervisor() as supervisor:
        for number in range(3):
            supervisor.spawn("work", work(number))
        await asyncio.sleep(0)
        assert len(supervisor) == 3
    assert sorted(cleaned) == [0, 1, 2]
    assert len(supervisor) == 0


async def test_a_failing_task_is_logged_with_its_traceback_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = asyncio.Event()

    async def other() -> None:
        await asyncio.sleep(0.01)
        done.set()

    with caplog.at_level(logging.ERROR):
        async with Supervisor() as supervisor:
            supervisor.spawn("bad", _fail("for a reason"))
            supervisor.spawn("other", other())
            await asyncio.wait_for(done.wait(), 1)
    assert "for a reason" in caplog.text
    assert "Traceback" in caplog.text
    assert supervisor.failures == 1


async def test_a_cancelled_or_finished_task_is_no_failure() -> None:
    async with Supervisor() as supervisor:
        supervisor.spawn("ends", asyncio.sleep(0))
        supervisor.spawn("waits", asyncio.sleep(60)).cancel()
        await asyncio.sleep(0.02)
    assert supervisor.failures == 0


async def test_nothing_starts_while_closing() -> None:
    supervisor = Supervisor()
    refused: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            try:
                supervisor.spawn("late", asyncio.sleep(0))
            except RuntimeError as error:
                refused.append(str(error))

    supervisor.spawn("stubborn", stubborn())
    await asyncio.sleep(0)
    await supervisor.aclose()
    assert refused == ["the supervisor is closing, late is not started"]


async def test_a_task_may_close_the_supervisor_that_owns_it() -> None:
    supervisor = Supervisor()
    other = supervisor.spawn("other", asyncio.sleep(60))
    await asyncio.wait_for(supervisor.spawn("closer", supervisor.aclose()), 1)
    assert other.cancelled()
