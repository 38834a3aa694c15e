"""An edge in a process of its own, to be killed: the real one, on a clock that runs faster than the wall's.

python -m tests.edge.campaigns.fast_edge BEGAN SPEED [options of an edge]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

from aiohttp import web

from edge.app import build
from edge.config import add_options, read_config
from tests.edge.campaigns.office import NOON_NEW_YORK_MS

__all__ = ["FastClock"]


@dataclass(frozen=True)
class FastClock:
    """Noon in New York was at `began` (seconds since 1970); since then time runs `speed` times as fast."""

    began: float
    speed: float

    def now_ms(self) -> int:
        return NOON_NEW_YORK_MS + int((time.time() - self.began) * self.speed * 1000)

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


async def main(began: str, speed: str, *options: str) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    config = read_config(vars(parser.parse_args(options)))
    edge = await build(config, clock=FastClock(float(began), float(speed)))
    runner = web.AppRunner(edge.application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, config.host, config.port).start()
    edge.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
