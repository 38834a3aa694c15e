"""A day of an office in a few minutes: `python -m tests.live.office_day [--minutes 10] [--seed 1] [--phones 24]`.

A real node and many phones in this process. Registrations come, go and move; people call, hold, transfer, park, pick
up and let it ring; phones vanish, packets are lost, and in the middle the node is killed and started again. In the end
no lamp, call, port, file, transaction or open record may be left; a table says so, and so does the exit status.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.live.day_phone import DayCall, DayPhone
from tests.live.impair import Impairment
from tests.live.node import Node

__all__ = ["Day", "live_a_day"]

GROUP = "600"
LOSS = 0.02
SETTLE_S = 75.0
"""The longest that anything of a call may live on: a vanished phone is asked, and its transaction runs out."""
RTP_TIMEOUT_S = 5.0
BUSY_HOURS = (0.1,) * 7 + (0.5, 1.0, 1.4, 1.4, 1.2, 0.7, 1.0, 1.4, 1.3, 1.0, 0.6) + (0.2,) * 6
"""How much is going on in each hour, where 1 is usual."""


@dataclass
class Day:
    """What the day is, and what has come of it."""

    node: Node
    seed: int
    seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    phones: list[DayPhone] = field(default_factory=list)
    left: dict[str, tuple[object, object]] = field(default_factory=dict)
    """What was looked at in the end: what is there, and what should be."""
    started: float = 0.0

    @property
    def hour(self) -> float:
        return min((time.monotonic() - self.started) / self.seconds * 24, 23.99)

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.started >= self.seconds

    @property
    def wrong(self) -> list[str]:
        return [what for what, (found, wanted) in self.left.items() if found != wanted]

    def table(self) -> str:
        rows = [f"  {what:<44} {count:>7}" for what, count in sorted(self.counts.items())]
        rows.append(f"  {'— in the end —':<44} {'found':>7}   wanted")
        for what, (found, wanted) in self.left.items():
            mark = "" if found == wanted else "   ← WRONG"
            rows.append(f"  {what:<44} {found!s:>7}   {wanted!s}{mark}")
        return "\n".join(rows)


class Person:
    """Who uses one phone all day."""

    def __init__(self, day: Day, number: str, dice: Random) -> None:
        self.day = day
        self.dice = dice
        self.counts = day.counts
        self.away = False
        self._tasks: set[asyncio.Task[None]] = set()
        line = Impairment(dice, loss=LOSS)
        self.phone = DayPhone(day.node, number, line=line, counts=day.counts, on_ring=self._rings)

    async def arrive(self) -> None:
        self.away = False
        await self.phone.open()
        self.counts["registered" if await self.phone.register() else "not registered"] += 1
        for _ in range(3):
            self.counts["lamps subscribed"] += await self.phone.watch(self._colleague())

    async def live(self) -> None:
        await asyncio.sleep(self.dice.random() * 3)
        await self.arrive()
        while not self.day.is_over:
            busy = BUSY_HOURS[int(self.day.hour)]
            await asyncio.sleep(min(self.dice.expovariate(busy / 4.0), 15))
            if not self.day.is_over:
                await self._does_something()

    async def leave(self) -> None:
        """The end of the day: hang up what still goes on."""
        for call in list(self.phone.calls.values()):
            await self.phone.hang_up(call)
        for task in self._tasks:
            task.cancel()

    def _colleague(self) -> str:
        return self.dice.choice(
            [each.number for each in self.day.phones if each is not self.phone] or ["200"]
        )

    async def _does_something(self) -> None:
        deeds: list[tuple[float, str, Callable[[], Awaitable[None]]]] = [
            (60, "calls a colleague", lambda: self._calls(self._colleague())),
            (8, "calls the group", lambda: self._calls(GROUP)),
            (4, "calls the echo", lambda: self._calls("*43")),
            (8, "picks up elsewhere", self._picks_up),
            (6, "fetches a parked call", lambda: self._calls(f"*68{self.dice.randrange(1, 10)}")),
            (4, "calls nobody", lambda: self._calls("999999")),
            (5, "moves", self._moves),
            (3, "vanishes", self._vanishes),
            (5, "registers again", self._registers),
        ]
        _, name, deed = self.dice.choices(deeds, [each[0] for each in deeds])[0]
        self.counts[name] += 1
        await deed()

    # -- calls

    async def _calls(self, number: str) -> None:
        call = await self.phone.dial(number, ring_s=self.dice.uniform(1, 8))
        if call is not None:
            self.counts["calls answered, for the caller"] += 1
            await self._talks(call)

    async def _picks_up(self) -> None:
        ringing = [
            each.number
            for each in self.day.phones
            if each is not self.phone and any(not call.answered for call in each.calls.values())
        ]
        await self._calls(f"**{self.dice.choice(ringing)}" if ringing else "*8")

    async def _talks(self, call: DayCall) -> None:
        for _ in range(self.dice.randrange(4)):
            await self._waits(call, self.dice.uniform(0.1, 2.0))
            if call.over.is_set():
                return
            await self._uses(call)
        await self._waits(call, self.dice.uniform(0.2, 5.0))
        await self.phone.hang_up(call)

    async def _uses(self, call: DayCall) -> None:
        drawn = self.dice.random()
        if drawn < 0.35:
            self.counts["hold and resume"] += 1
            await self.phone.reoffer(call, self.dice.choice(("sendonly", "inactive")))
            await self._waits(call, self.dice.uniform(0.1, 1.5))
            if not call.over.is_set():
                await self.phone.reoffer(call, "sendrecv")
        elif drawn < 0.5:
            self.counts["blind transfers"] += await self.phone.refer(call, self._colleague())
            await self._waits(call, self.dice.choice((0.0, 8.0)))
        elif drawn < 0.65:
            self.counts["parked"] += await self.phone.refer(call, "*68")
            await self._waits(call, 3.0)
        elif drawn < 0.85:
            await self._consults(call)

    async def _consults(self, call: DayCall) -> None:
        other = self._colleague()
        await self.phone.reoffer(call, "sendonly")
        second = await self.phone.dial(other, ring_s=5)
        if call.over.is_set():
            return
        if second is None:
            await self.phone.reoffer(call, "sendrecv")
            return
        await self._waits(second, 0.5)
        self.counts["attended transfers"] += await self.phone.refer(call, other, second.replaces)
        await self._waits(call, 3.0)
        await self.phone.hang_up(second)

    @staticmethod
    async def _waits(call: DayCall, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(call.over.wait(), seconds)

    def _rings(self, _phone: DayPhone, call: DayCall) -> None:
        task = asyncio.ensure_future(self._takes(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _takes(self, call: DayCall) -> None:
        self.counts["rung"] += 1
        await self._waits(call, self.dice.uniform(0.2, 3.0))
        drawn = self.dice.random()
        if call.over.is_set():
            return
        if drawn < 0.12:
            await self.phone.reject(call, self.dice.choice(("486 Busy Here", "603 Decline", "480 Away")))
        elif drawn < 0.85:
            await self.phone.answer(call)
            self.counts["calls answered, for the callee"] += 1
            if self.dice.random() < 0.5:
                await self._talks(call)
            await self._waits(call, 20.0)
            await self.phone.hang_up(call)

    # -- registrations and faults

    async def _registers(self) -> None:
        await self.phone.register()

    async def _moves(self) -> None:
        """Unregister, and come back at another port."""
        if any(not call.over.is_set() for call in self.phone.calls.values()):
            return
        await self.phone.register(0)
        await self.phone.vanish()
        await self.arrive()

    async def _vanishes(self) -> None:
        await self.phone.vanish()
        await asyncio.sleep(self.dice.uniform(0.5, 6.0))
        await self.arrive()


async def live_a_day(
    node: Node, *, seed: int, seconds: float, phones: int, settle_s: float = SETTLE_S, kill: bool = True
) -> Day:
    """The whole day on a node that runs; what is left of it is in `left`."""
    day = Day(node, seed, seconds)
    await node.send(
        "POST",
        "ring-groups",
        {"number": GROUP, "name": "All", "members": [str(200 + n) for n in range(4)], "ring_timeout_s": 8},
    )
    people = [Person(day, str(200 + n), Random(seed * 1000 + n)) for n in range(phones)]
    day.phones = [each.phone for each in people]
    await _probe(node)
    before = _open_files(node)  # the same after the restart: calls are going on then
    tasks = (await node.metrics())["pbx_tasks"]
    day.started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        living = [group.create_task(each.live()) for each in people]
        if kill:
            await asyncio.sleep(seconds / 2)
            node.kill()
            day.counts["node killed"] += 1
            await node.start()
        await asyncio.wait(living, timeout=seconds + 60)
        day.left["people who never went home"] = (sum(not each.done() for each in living), 0)
        for each in living:
            each.cancel()
    await asyncio.gather(*(each.leave() for each in people))
    for phone in day.phones:
        day.counts["lost"] += phone.line.lost
        phone.line.loss = 0.0
    await _look(day, before, settle_s)
    day.left["tasks"] = ((await node.metrics())["pbx_tasks"], tasks)
    for phone in day.phones:
        await phone.vanish()
    return day


async def _probe(node: Node) -> None:
    """Use what opens files for good, so that it counts as open before."""
    for path in ("calls", "cdrs?limit=5", "registrations?limit=5", "extension-states"):
        await node.get(path)
    await node.metrics()
    await asyncio.sleep(1)


def _open_files(node: Node) -> Counter[str]:
    """The node's open files by kind."""
    assert node.process is not None
    kinds: Counter[str] = Counter()
    folder = Path(f"/proc/{node.process.pid}/fd")
    for each in folder.iterdir():
        with suppress(OSError):
            kinds[os.readlink(each).partition(":")[0].rpartition("/")[2]] += 1
    return kinds


def _rtp_ports(node: Node) -> int:
    """How many ports of the node's audio range are bound."""
    ports = [int(row.split()[1].rpartition(":")[2], 16) for row in _rows("/proc/net/udp")]
    return sum(node.rtp_first <= port < node.rtp_first + node.rtp_ports for port in ports)


def _rows(path: str) -> list[str]:
    return Path(path).read_text().splitlines()[1:]


async def _look(day: Day, before: Counter[str], settle_s: float) -> None:
    """Wait until nothing is left, but no longer than `settle_s`; then say what is."""
    node, left = day.node, day.left
    ending = time.monotonic() + settle_s
    while time.monotonic() < ending:
        await asyncio.sleep(2)
        figures = await node.metrics()
        if not figures["pbx_calls"] and not figures["pbx_sip_transactions"]:
            break
    await asyncio.sleep(2)
    figures = await node.metrics()
    left["calls (metrics)"] = (figures["pbx_calls"], 0.0)
    left["calls (API)"] = (len((await node.get("calls"))["items"]), 0)
    left["SIP transactions"] = (figures["pbx_sip_transactions"], 0.0)
    left["CDRs dropped"] = (figures["pbx_cdrs_dropped_total"], 0.0)
    states = (await node.get("extension-states?limit=500"))["items"]
    left["extensions that are not free"] = (
        [each["number"] for each in states if each["state"] not in ("free", "offline", "unreachable")],
        [],
    )
    lamps = [(phone, call_id, state) for phone in day.phones for call_id, (_, state) in phone.lamps.items()]
    day.counts["lamps in the end"] = len(lamps)
    left["lamps that are stuck"] = (
        [
            f"{phone.number}→{phone.watched.get(call_id)} {state}"
            for phone, call_id, state in lamps
            if state != "off"
        ],
        [],
    )
    left["audio ports bound"] = (_rtp_ports(node), 0)
    await asyncio.sleep(1)  # our own connections close
    after = _open_files(node)
    for kind in sorted(before | after):
        left[f"open files: {kind}"] = (after[kind], before[kind])
    await _look_at_records(day)
    errors = [
        line
        for line in node.log.splitlines()
        if re.search(r"\b(ERROR|CRITICAL)\b|^Traceback", line)
        and not any(known in line for known in node.expected_errors)
    ]
    left["errors in the log"] = (len(errors), 0)
    for line in errors[:10]:
        print(line, file=sys.stderr)


async def _look_at_records(day: Day) -> None:
    """Each call has ended once, with every leg."""
    node, offset, records = day.node, 0, []
    while items := (await node.get(f"cdrs?limit=500&offset={offset}"))["items"]:
        records += items
        offset += len(items)
    day.counts["call records"] = len(records)
    day.counts["call records closed by the restart"] = sum(each["interrupted"] for each in records)
    day.left["records still open"] = (sum(each["ended_at"] is None for each in records), 0)
    day.left["records twice"] = (len(records) - len({each["id"] for each in records}), 0)
    bad = 0
    for each in records:
        whole = await node.get(f"cdrs/{each['id']}")
        gone = [event["leg"] for event in whole["events"] if event["type"] in ("leg_ended", "leg_left")]
        open_legs = [leg for leg in whole["legs"] if leg["ended_at"] is None and not whole["interrupted"]]
        bad += len(gone) != len(set(gone)) or bool(open_legs)
    day.left["records with a leg lost or doubled"] = (bad, 0)


async def main(minutes: float, seed: int, phones: int) -> int:
    with tempfile.TemporaryDirectory(prefix="office-day-") as folder:
        node = day_node(Path(folder), phones)
        await node.start()
        try:
            day = await live_a_day(node, seed=seed, seconds=minutes * 60, phones=phones)
        finally:
            code = await node.stop()
        day.left["exit status of the node"] = (code, 0)
        print(f"a day in {minutes:g} minutes, seed {seed}, {phones} phones\n{day.table()}")
        if day.wrong:
            kept = Path(tempfile.gettempdir()) / f"office-day-{seed}.log"
            kept.write_text(node.log)
            print(f"the node's log is kept in {kept}")
        return 1 if day.wrong else 0


def day_node(folder: Path, phones: int) -> Node:
    numbers = tuple(str(200 + n) for n in range(phones))
    options = ("--rtp-timeout-s", str(RTP_TIMEOUT_S))
    return Node(
        folder / "node", extensions=numbers, options=options, ring_timeout_s=10, rtp_ports=10 * phones
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phones", type=int, default=24)
    wanted = parser.parse_args()
    raise SystemExit(asyncio.run(main(wanted.minutes, wanted.seed, wanted.phones)))
