"""A running engine on loopback, and phones that are closed after the test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from media_ext.workers import io_uring_refusal
from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from tests.media.phone import Phone
from tests.media.stalls import judges_time, pytest_runtest_call

__all__ = ["pytest_runtest_call"]


HERE = Path(__file__).parent


def port_range(pairs: int = 40) -> tuple[int, int]:
    """Ports of this test process; the pool passes over those that are taken."""
    first = 20000 + os.getpid() % 90 * 100
    return first, first + 2 * pairs - 1


LOOPS = [
    pytest.param(
        "io_uring",
        marks=pytest.mark.skipif(bool(io_uring_refusal()), reason=f"no io_uring here: {io_uring_refusal()}"),
    ),
    "epoll",
]


ON_EVERY_LOOP = {
    "test_datagrams",
    "test_encrypted_relay",
    "test_engine",
    "test_events",
    "test_loops",
    "test_player",
    "test_relay",
    "test_strangers",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where an engine runs or a phone talks, sound goes by in its own time, whatever else the machine has to do."""
    for item in items:
        in_real_time = not {"engine", "phone"}.isdisjoint(getattr(item, "fixturenames", ()))
        if in_real_time and HERE in item.path.parents:
            item.add_marker(judges_time)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """How packets get in and out must not show in what these modules test."""
    if "loop" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_EVERY_LOOP:
        metafunc.parametrize("loop", LOOPS)


@pytest.fixture
def loop() -> LoopSetting:
    """How the engine of the other modules gets its packets."""
    return "auto"


@pytest.fixture
def report_s() -> float:
    """The least interval of RTCP reports; modules that look at reports have less."""
    return 5.0


@pytest.fixture
async def engine(loop: LoopSetting, report_s: float) -> AsyncIterator[MediaEngine]:
    first, last = port_range()
    media = MediaEngine(
        bind_host="127.0.0.1",
        port_min=first,
        port_max=last,
        silence_ms=300,
        quarantine_s=0.05,
        loop=loop,
        report_s=report_s,
    )
    await media.start()
    yield media
    await media.stop()


@pytest.fixture
def phone() -> Iterator[Callable[..., Phone]]:
    """Makes phones, each with an SSRC of its own."""
    phones: list[Phone] = []

    def make(host: str = "127.0.0.1", **options: int) -> Phone:
        options.setdefault("ssrc", 0x1000_0000 * (len(phones) + 1) + 7)
        phones.append(Phone(host, **options))
        return phones[-1]

    yield make
    for each in phones:
        each.close()
