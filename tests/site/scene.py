"""A busy morning in a small office, for the pictures: `python -m tests.site.scene [PORT]` serves it until stopped."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from pbx.core.clock import SystemClock
from tests.site.stage import Stage, staged

ALICE, BOB, CAROL, DAVID, EVE = (
    ("101", "Alice Morgan"),
    ("102", "Bob Okafor"),
    ("103", "Carol Jensen"),
    ("104", "David Lindqvist"),
    ("110", "Front desk"),
)
WAREHOUSE = ("120", "Warehouse")
MEETING = ("130", "Meeting room")


async def people(stage: Stage) -> None:
    for number, name in (ALICE, BOB, CAROL, DAVID, EVE, WAREHOUSE, MEETING):
        await stage.extension(number, name)
    stage.register("101", "Yealink SIP-T54W 96.86.0.70", host=31)
    stage.register("102", "snomD785/10.1.175.16", host=32, expires_s=1420)
    stage.register("103", "Linphone/5.2.5 (Galaxy S23)", host=33, expires_s=212)
    stage.register("103", "baresip v1.0.0 (x86_64/linux)", host=43, expires_s=95)
    stage.register("104", "Grandstream GXP2170 1.0.11.84", host=34)
    stage.register("110", "Yealink SIP-T46U 108.86.0.90", host=35, expires_s=3300)


async def past(stage: Stage) -> None:
    hour = 3600.0
    call = stage.call(51 * hour)
    await call.offer(BOB, "110", EVE[1])
    await call.ring("110")
    await call.later(4).answer()
    await call.later(311).end(by="b1", quality=True)

    call = stage.call(49.5 * hour)
    await call.offer(MEETING, "104", DAVID[1])
    await call.ring("104")
    await call.later(3).answer()
    call.later(40)

    await stage.deps.cdrs.close_interrupted(SystemClock().now() - timedelta(hours=49))
    stage.calls.clear()

    for ago, caller, callee, wait, talk in (
        (27.2, ALICE, DAVID, 6, 642),
        (26.4, CAROL, EVE, 3, 95),
        (25.9, EVE, WAREHOUSE, 9, 48),
        (4.1, DAVID, BOB, 5, 1260),
        (3.3, EVE, ALICE, 4, 184),
    ):
        call = stage.call(ago * hour)
        await call.offer(caller, callee[0], callee[1])
        await call.ring(callee[0])
        await call.later(wait).answer()
        await call.later(talk).end(by="b1" if talk % 2 else "a", quality=True)

    call = stage.call(2.6 * hour)
    await call.offer(ALICE, WAREHOUSE[0], WAREHOUSE[1])
    await call.end("unreachable", status=480, by="node")

    call = stage.call(2.2 * hour)
    await call.offer(BOB, CAROL[0], CAROL[1])
    await call.ring("103")
    await call.ring("103", leg="b2")
    await call.later(30).end("no_answer", status=480, by="node")

    call = stage.call(1.4 * hour)
    await call.offer(CAROL, "*43", "", kind="feature")
    await call.answer("a")
    await call.later(21).end()

    call = stage.call(0.9 * hour)
    await call.offer(DAVID, ALICE[0], ALICE[1])
    await call.ring("101")
    await call.later(7).end("declined", status=603, by="b1")

    call = stage.call(0.5 * hour)
    await call.offer(EVE, BOB[0], BOB[1])
    await call.ring("102")
    await call.later(5).answer()
    await call.later(33).hold("b1")
    await call.later(20).resume("b1")
    call.later(64)
    await call.silent("a", 8000)
    await call.later(12).end(by="b1", quality=True)

    call = stage.call(0.2 * hour)
    await call.offer(ALICE, "199")
    await call.end("not_found", status=404, by="node")


async def present(stage: Stage) -> None:
    call = stage.call(187)
    await call.offer(ALICE, BOB[0], BOB[1])
    await call.ring("102")
    await call.later(4).answer()

    call = stage.call(74)
    await call.offer(EVE, DAVID[0], DAVID[1])
    await call.ring("104")
    await call.later(6).answer()
    await call.later(20).silent("b1")

    call = stage.call(9)
    await call.offer(MEETING, CAROL[0], CAROL[1])
    await call.ring("103")
    await call.ring("103", leg="b2")


async def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with staged(Path(folder), port=port) as stage:
            await people(stage)
            await past(stage)
            await present(stage)
            print(stage.setup_url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
