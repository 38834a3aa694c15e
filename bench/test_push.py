"""How many pushes the gateway sends on one core: a process of its own, Apple's stand-in over TLS, an office."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import Runner
from bench.figure import Figure, measure, record
from tests.fakes.push.apple import FakeApple
from tests.live.node import cpu_of, rss_of

PUSHES = 6000
WARM_UP = 500
AT_ONCE = 64


async def _send(apple: FakeApple, folder: Path) -> tuple[float, float, float]:
    """CPU seconds of the gateway for one push, pushes per second by the clock, and its memory in MB."""
    settings = {
        "PBX_PUSH_DATA_DIR": str(folder / "push"),
        "PBX_PUSH_PORT": "0",
        "PBX_PUSH_RATE": "0",
        "PBX_PUSH_APNS_KEY": str(apple.key_file),
        "PBX_PUSH_APNS_KEY_ID": apple.key_id,
        "PBX_PUSH_APNS_TEAM": apple.team,
        "PBX_PUSH_APNS_APPS": "org.example.phone",
        "PBX_PUSH_APNS_URL": apple.url,
        "PBX_PUSH_APNS_TRUST": str(apple.certificate),
    }
    environment = {**os.environ, **settings}
    command = [sys.executable, "-m", "mobile_push"]
    added = await asyncio.to_thread(
        subprocess.run, [*command, "office", "add", "Bench"], env=environment, check=True, capture_output=True
    )
    process = subprocess.Popen([*command, "serve"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = ""
        while not url:
            line = await asyncio.to_thread(process.stderr.readline)
            found = re.search(r"listens on (http://\S+)", line)
            url = found.group(1) if found else ""
        headers = {"Authorization": f"Bearer {added.stdout.decode().strip()}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            await _push(http, url, WARM_UP, "warm")
            cpu, began = cpu_of(process.pid), time.perf_counter()
            await _push(http, url, PUSHES, "call")
            took, used = time.perf_counter() - began, cpu_of(process.pid) - cpu
            return used / PUSHES, PUSHES / took, rss_of(process.pid) / 1e6
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


async def _push(http: aiohttp.ClientSession, url: str, count: int, name: str) -> None:
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            target = {"platform": "apns", "token": f"{number:064x}"}
            body = {"kind": "incoming", "call_id": f"{name}-{number}", "caller": "101", "targets": [target]}
            async with http.post(f"{url}/v1/push", json=body) as reply:
                (outcome,) = (await reply.json())["outcomes"]
                assert outcome["state"] == "sent", outcome

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


def test_pushes_per_second_on_one_core(benchmark: BenchmarkFixture, run: Runner, tmp_path: Path) -> None:
    async def story() -> tuple[float, float, float]:
        async with FakeApple(tmp_path) as apple:
            apple.most_streams = 1000
            return await _send(apple, tmp_path)

    cpu_s, per_s, rss_mb = measure(benchmark, lambda: run(story()))
    record(
        benchmark,
        Figure(
            title="Pushes per second of the gateway on one core",
            value=1 / cpu_s,
            unit="/s",
            better="higher",
            target=1000.0,
            how=f"POST /v1/push each, to Apple's stand-in over HTTP/2 and TLS, log to SQLite; {cpu_s * 1e6:.0f} µs "
            f"of CPU for each, {per_s:.0f}/s by the clock beside its load, {rss_mb:.0f} MB",
        ),
    )
