"""A gateway with a clock that jumps, and stand-ins for the platforms."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from mobile_push.app import PushParts, running
from mobile_push.config import PushConfig
from mobile_push.store import Store, open_store
from tests.fakes.push.apple import FakeApple
from tests.fakes.push.browser import FakeBrowser
from tests.fakes.push.google import FakeGoogle
from tests.postgres import postgres_server

_NUMBERS = itertools.count()
APP = "org.example.phone"
IPHONE = "a1" * 32
ANDROID = "fcm-registration-token:" + "x" * 100


class JumpClock:
    """Waiting takes no time: the clock jumps. What was waited for is noted."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead_s += seconds
        await asyncio.sleep(0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as dsn:
        yield dsn


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store is to be: each test that takes it runs on both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "push.sqlite3")
    dsn: str = request.getfixturevalue("postgres")
    name = f"push_{next(_NUMBERS)}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return dsn.replace("/postgres?", f"/{name}?")


@pytest.fixture
async def store(place: str) -> AsyncIterator[Store]:
    opened = await open_store(place)
    yield opened
    await opened.aclose()


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
async def apple(tmp_path: Path, clock: JumpClock) -> AsyncIterator[FakeApple]:
    async with FakeApple(tmp_path, (APP,)) as made:
        made.now = clock.time
        yield made


@pytest.fixture
async def google(tmp_path: Path, clock: JumpClock) -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(tmp_path) as made:
        made.now = clock.time
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[FakeBrowser]:
    async with FakeBrowser() as made:
        yield made


@pytest.fixture
async def config(apple: FakeApple, google: FakeGoogle, browser: FakeBrowser, tmp_path: Path) -> PushConfig:
    return config_of(apple, google, browser, tmp_path)


def config_of(apple: FakeApple, google: FakeGoogle, browser: FakeBrowser, folder: Path) -> PushConfig:
    return PushConfig(
        data_dir=folder / "push",
        rate=0,
        apns_key=apple.key_file,
        apns_key_id=apple.key_id,
        apns_team=apple.team,
        apns_apps=(APP,),
        apns_url=apple.url,
        apns_sandbox_url=apple.url,
        apns_trust=apple.certificate,
        fcm_account=google.account_file,
        fcm_url=google.url,
        webpush_contact="mailto:phones@example.org",
        webpush_hosts=(f"127.0.0.1:{browser.port}",),
    )


@pytest.fixture
async def parts(config: PushConfig, clock: JumpClock, browser: FakeBrowser) -> AsyncIterator[PushParts]:
    async with running(config, clock) as made:
        browser.vapid_key = made.vapid_key
        yield made
