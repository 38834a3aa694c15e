"""A running engine on loopback, and phones that are closed after the test."""
from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from pbx.media.engine import MediaEngine
from tests.media.phone import Phone


def port_range(pairs: int = 40) -> tuple[int, int]:
    """Ports of this test process; the pool passes over those that are taken."""
    first = 20000 + os.getpid() % 90 * 100
    return first, first + 2 * pairs - 1


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    first, last = port_range()
    media = MediaEngine(bind_host="127.0.0.1", port_min=first, port_max=last, silence_ms=300, quarantine_s=0.05)
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
