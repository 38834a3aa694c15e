"""An office where everything breaks: `python -m tests.live.chaos [--minutes 30] [--seed 1] [--phones 12]`.

The day of `tests.live.office_day`, with calls of Twilio's through an edge, messages left in a mailbox, and pairs that
never hang up, one of them behind a router that translates addresses. Meanwhile node, edge and replication are killed,
the tunnel is cut, the disk is full, the clock jumps, lines get bad. In the end nothing may be lost and nothing left.

Needs root: network namespaces, and a small disk of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from pbx.core.secret import KEY_FILE
from tests.live.chaos_names import EDGE, REPLICA, Names
from tests.live.edge_office import NUMBER, Line, edge_office
from tests.live.home import Home, home
from tests.live.jumping_clock import JumpingClock
from tests.live.names import NameServer, name_server
from tests.live.node import Node
from tests.live.office_day import Day, live_a_day
from tests.live.steady import Steady
from tests.live.test_standby import litestream_of
from tests.replica.conftest import litestream_program, running_sshd

__all__ = ["Chaos", "live_in_chaos"]

BOX = "290"
ECHO = "*43"
REGISTRATIONS = "registrations?limit=500"
WAV_BYTES_PER_S = 16_000
SHORTEST_S = 1.1
"""What is shorter than a second is not kept."""
PAIRS = 4
DISK_MB = 400
FIRST_USES = 12
LONGEST_FAULT_S = 130.0


@dataclass
class Chaos:
    """What is broken in, and what was done to it."""

    line: Line
    clock: JumpingClock
    dice: Random
    only: str = ""
    """Faults with this in their name, if it is not to be all."""
    counts: Counter[str] = field(default_factory=Counter)
    pairs: list[Steady] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    """The longest silence that each pair heard around each restart."""
    names: Names = field(init=False)
    messages: dict[str, float] = field(default_factory=dict)
    """What was on the disk of each message when its caller hung up, in seconds."""
    troubles: list[str] = field(default_factory=list)

    @property
    def node(self) -> Node:
        return self.line.node

    def trouble(self, what: str) -> None:
        """Write it down, and say it."""
        self.troubles.append(what)
        print(f"{time.strftime('%X')}  TROUBLE: {what}", file=sys.stderr, flush=True)

    # -- faults ----------------------------------------------------------------------------------------------------

    async def node_is_killed(self) -> None:
        standing = [pair for pair in self.pairs if pair.is_up]
        for pair in standing:
            pair.forget_gaps()
        self.node.kill()
        await self.node.start()
        for pair, goes_on in zip(
            standing, await asyncio.gather(*(pair.goes_on(10) for pair in standing)), strict=True
        ):
            self.counts["established calls at a restart"] += 1
            self.counts["established calls lost at a restart"] += not goes_on
            if goes_on:
                self.gaps_s.append(pair.longest_gap_s)

    async def litestream_is_killed(self) -> None:
        if pid := litestream_of(self.node):
            os.kill(pid, signal.SIGKILL)
            self.counts["replications killed"] += 1

    async def edge_is_killed(self) -> None:
        assert self.line.edge is not None
        self.line.edge.kill()
        await asyncio.sleep(self.dice.uniform(0, 2))
        await self.line.edge.start()

    async def tunnel_is_cut(self) -> None:
        await self.line.cable.cut()
        await asyncio.sleep(self.dice.uniform(0.3, 4))
        await self.line.cable.mend()

    async def clock_jumps(self) -> None:
        for offset_s in (self.dice.choice((3 * 3600, 2400, -7200, -20)), 0):
            self.clock.jump(offset_s)
            await asyncio.sleep(6)

    async def disk_is_full(self) -> None:
        path = self.node.data / "filled"
        with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        await asyncio.sleep(6)
        path.unlink()

    async def lines_are_bad(self) -> None:
        lines = [phone.line for pair in self.pairs for phone in pair.phones]
        before = [each.loss for each in lines]
        for each in lines:
            each.loss = 0.3
        await asyncio.sleep(6)
        for each, loss in zip(lines, before, strict=True):
            each.loss = loss

    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        """All kinds once, the restart of the node three times, in some order."""
        names = self.names
        kinds: list[Callable[[], Awaitable[None]]] = [
            *(self.node_is_killed,) * 3,
            self.litestream_is_killed,
            self.edge_is_killed,
            self.tunnel_is_cut,
            self.disk_is_full,
            self.lines_are_bad,
            self.clock_jumps,
            names.dns_is_silent,
            names.dns_fails,
            names.dns_denies_all,
            names.dns_lies,
        ]
        kinds = [kind for kind in kinds if self.only in kind.__name__]
        self.dice.shuffle(kinds)
        return kinds

    async def break_things(self, until: float) -> None:
        """One fault after the other, a while apart, so that what comes of each can be seen."""
        waiting: list[Callable[[], Awaitable[None]]] = []
        while time.monotonic() < until - LONGEST_FAULT_S:
            waiting = waiting or self.faults()
            fault = waiting.pop()
            await asyncio.sleep(self.dice.uniform(8, 16))
            name = fault.__name__.replace("_", " ")
            self.counts[name] += 1
            print(f"{time.strftime('%X')}  {name}", file=sys.stderr)
            await fault()
            await self._look(name)

    async def _look(self, after: str) -> None:
        """Pairs that do not talk any more talk again, and it is written down why they did not."""
        await asyncio.sleep(3)
        for pair in self.pairs:
            if not await pair.goes_on(10):
                self.trouble(f"{pair.name} does not talk after: {after}")
                await pair.talk()

    # -- what goes on meanwhile --------------------------------------------------------------------------------------

    async def leave_messages(self, caller: Steady, until: float) -> None:
        """One after the other: wait for the beep, speak for a while, hang up."""
        phone = caller.phones[0]
        folder = self.node.data / "voicemail" / BOX
        while time.monotonic() < until - 30:
            known = set(folder.glob("*.wav"))
            call = await phone.dial(BOX)
            if call is None:
                await asyncio.sleep(2)
                continue
            ending = time.monotonic() + 25
            while not (set(folder.glob("*.wav")) - known) and time.monotonic() < ending:
                await asyncio.sleep(0.1)
            await asyncio.sleep(6)
            for each in set(folder.glob("*.wav")) - known:
                self.messages[each.stem] = each.stat().st_size / WAV_BYTES_PER_S
            await phone.hang_up(call)
            await asyncio.sleep(self.dice.uniform(2, 10))

    async def lost_messages(self) -> list[str]:
        """Those that are not in the mailbox, or shorter than what was on the disk. No message is what is too short."""
        found = (await self.node.get(f"voicemails?mailbox={BOX}&limit=500"))["items"]
        kept = {each["id"]: each["duration_s"] for each in found}
        return [
            f"{each}: {kept.get(each, 0):.1f} of {spoken_s:.1f} s"
            for each, spoken_s in self.messages.items()
            if spoken_s > SHORTEST_S and kept.get(each, 0) < spoken_s - 0.1
        ]

    async def call_from_outside(self, until: float) -> None:
        number = 0
        while time.monotonic() < until - 20:
            number += 1
            call = await self.line.twilio.call(f"+1312556{number:04}", NUMBER)
            self.counts["calls from outside"] += 1
            await asyncio.sleep(self.dice.uniform(2, 12))
            self.counts["callers from outside who heard nothing"] += not (call.verbs or call.problems)
            await call.hang_up()


def _replica(folder: Path, sshd: tuple[int, Path, str]) -> tuple[str, ...]:
    port, key, _ = sshd
    url = f"sftp://{getpass.getuser()}@{REPLICA}:{port}{folder}/mounted/office"
    return ("--replica-url", url, "--replica-ssh-key", str(key), "--litestream", litestream_program("0.5"))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own, which can be filled without harm to others."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.asynccontextmanager
async def broken_office(
    folder: Path, phones: int, clock: JumpingClock, server: NameServer, options: tuple[str, ...]
) -> AsyncIterator[Line]:
    """The office, which can be broken in all ways."""
    numbers = (
        tuple(str(200 + n) for n in range(phones))
        + tuple(str(300 + n) for n in range(2 * PAIRS + 4))
        + (BOX,)
    )
    (folder / "mounted").mkdir()
    options = (
        *options,
        "--rtp-timeout-s",
        "15",
        "--host",
        "0.0.0.0",
        "--external-ip",
        "127.0.0.1",
    )
    with small_disk(folder / "node" / "data"):
        async with edge_office(
            folder,
            extensions=numbers,
            edge_host=EDGE,
            within=server.within,
            options=options,
            ring_timeout_s=10,
            rtp_ports=20 * phones + 100,
            environment=clock.environment,
        ) as line:
            line.node.expected_errors = (
                "the disk is full",
                "no space left",
                "reason=disk_full",
                "restore drill failed",
                "has taken over",
            )
            yield line


async def live_in_chaos(
    folder: Path, *, seed: int, seconds: float, phones: int, only: str = "", more: tuple[str, ...] = ()
) -> Day:
    """The whole run; what is left of it stands in the day's `left`."""
    dice = Random(seed)
    clock = JumpingClock(folder)
    (folder / "sshd").mkdir()
    with home() as out, running_sshd(folder / "sshd") as sshd:
        async with contextlib.AsyncExitStack() as stack:
            server = await stack.enter_async_context(name_server(folder))
            server.hosts |= {EDGE: "127.0.0.1", REPLICA: "127.0.0.1"}
            replica = _replica(folder, sshd)
            line = await stack.enter_async_context(
                broken_office(folder, phones, clock, server, (*replica, *more))
            )
            chaos = Chaos(line, clock, dice, only)
            stack.callback(_keep_log, line.node, seed)
            chaos.names = Names(chaos, server)
            before = await _held(line.node)
            await _furnish(chaos, out)
            until = time.monotonic() + seconds
            async with asyncio.TaskGroup() as group:
                day = group.create_task(
                    live_a_day(line.node, seed=seed, seconds=seconds, phones=phones, kill=False)
                )
                messenger = Steady(line.node, "308", "307", dice=dice, counts=chaos.counts, home=None)
                await messenger.register()
                working = [
                    group.create_task(chaos.break_things(until)),
                    group.create_task(chaos.leave_messages(messenger, until)),
                    group.create_task(chaos.call_from_outside(until)),
                ]
                await asyncio.wait(working)
                for pair in (*chaos.pairs, messenger):  # nothing of theirs is under way when all is counted
                    await pair.hang_up()
            await _judge(chaos, day.result(), before)
            await _recover(chaos, day.result(), folder, replica)
            _say(day.result(), seconds)
            return day.result()


async def _furnish(chaos: Chaos, out: Home) -> None:
    """A mailbox, a number for calls from outside, and the pairs."""
    node = chaos.node
    await node.send("POST", "mailboxes", {"number": BOX, "name": "All", "pin": "4711"})
    await node.send("PATCH", f"extensions/{BOX}", {"mailbox": BOX})
    await chaos.line.leads_to(ECHO)
    for n in range(PAIRS):
        numbers = (str(300 + 2 * n), str(301 + 2 * n))
        pair = Steady(node, *numbers, dice=chaos.dice, counts=chaos.counts, home=out if n == 0 else None)
        await pair.register()
        await pair.talk()
        chaos.pairs.append(pair)
    chaos.pairs.append(await chaos.names.furnish())


async def _held(node: Node) -> tuple[int, int]:
    """How many files the node has open, and how many tasks it has."""
    assert node.process is not None
    tasks = (await node.metrics())["pbx_tasks"]
    return len(list(Path(f"/proc/{node.process.pid}/fd").iterdir())), int(tasks)


async def _judge(chaos: Chaos, day: Day, before: tuple[int, int]) -> None:
    """What the chaos adds to the end of a day. What is opened with the first use of it stays open."""
    node = chaos.node
    transactions, _ = day.left.pop("SIP transactions")
    asked = 1  # the question whether the line is there, which is put all the time
    day.left["SIP transactions, but for the line's check"] = (max(float(str(transactions)) - asked, 0.0), 0.0)
    for what in [each for each in day.left if each == "tasks" or each.startswith("open files")]:
        del day.left[what]  # taken while the pairs were talking
    for what, now, then in zip(("open files", "tasks"), await _held(node), before, strict=True):
        day.left[f"{what}, more than {FIRST_USES} more"] = (max(now - then - FIRST_USES, 0), 0)
    day.counts.update(chaos.counts)
    day.left["messages lost"] = (await chaos.lost_messages(), [])
    day.counts["messages left"] = sum(each > SHORTEST_S for each in chaos.messages.values())
    day.left["established calls lost at a restart"] = (chaos.counts["established calls lost at a restart"], 0)
    day.left["pairs silent, calls without DNS that failed"] = (chaos.troubles, [])
    day.left["callers from outside who heard nothing"] = (
        chaos.counts["callers from outside who heard nothing"],
        0,
    )
    if chaos.counts["dns is silent"]:
        day.left["nobody was told that the DNS is gone"] = (int(not await chaos.names.alarms()), 0)
    if chaos.gaps_s:
        gaps = sorted(chaos.gaps_s)
        day.counts["silence at a restart, median ms"] = round(gaps[len(gaps) // 2] * 1000)
        day.counts["silence at a restart, longest ms"] = round(gaps[-1] * 1000)


async def _recover(chaos: Chaos, day: Day, folder: Path, replica: tuple[str, ...]) -> None:
    """The replica is whole, damage to it is found, and another machine takes over."""
    node = chaos.node
    day.left["faults that the drill found"] = ((await node.send("POST", "replication/drill"))["faults"], [])
    files = [each for each in (folder / "mounted").rglob("*.ltx") if each.is_file()]
    largest = max(files, key=lambda each: each.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 0xFF
    largest.write_bytes(data)
    missed = (await node.send("POST", "replication/drill"))["faults"] == []
    day.left["damage that the drill missed"] = (int(missed), 0)
    before = await _kept(node)
    registered = {each["contact"]: each for each in (await node.get(REGISTRATIONS))["items"]}
    ending = time.monotonic() + 60
    while (await node.get("replication"))["condition"] != "running" and time.monotonic() < ending:
        await asyncio.sleep(0.5)
    await asyncio.sleep(8)  # the replica that was begun anew is whole
    node.kill()
    began = time.monotonic()
    new = Node(
        folder / "new",
        options=node.options,
        token=node.token,
        environment=node.environment,
        within=node.within,
    )
    new.data.mkdir(parents=True)
    (new.data / KEY_FILE).write_bytes((node.data / KEY_FILE).read_bytes())
    (new.data / KEY_FILE).chmod(0o600)
    await asyncio.to_thread(new.cli, "takeover", *replica)
    await new.start()
    day.counts["takeover until the new node answers, s"] = round(time.monotonic() - began)
    after = await _kept(new)
    missing = await _registered(new, at=time.time(), of=registered)
    await new.stop()
    try:
        await node.start()
        day.left["old node that came back"] = (1, 0)
    except RuntimeError:  # it says who has taken over
        day.left["old node that came back"] = (0, 0)
    for what, now, then in zip(("call records", "messages"), after, before, strict=True):
        day.left[f"{what} lost by the takeover"] = (max(then - now, 0), 0)
    day.left["registrations lost by the takeover"] = (missing, [])
    day.counts["registrations at the takeover"] = len(registered)


async def _kept(node: Node) -> tuple[int, ...]:
    return tuple([(await node.get(f"{what}?limit=1"))["total"] for what in ("cdrs", "voicemails")])


async def _registered(node: Node, *, at: float, of: dict[str, Any]) -> list[str]:
    """Those of a list of registrations that are not there, though they had not run out at a time (Unix seconds)."""
    there = {each["contact"] for each in (await node.get(REGISTRATIONS))["items"]}
    return [
        f"{each['extension']} at {contact}, until {each['expires_at']}"
        for contact, each in of.items()
        if contact not in there and datetime.fromisoformat(each["expires_at"]).timestamp() > at
    ]


def _say(day: Day, seconds: float) -> None:
    """Before anything else can fail."""
    print(
        f"chaos for {seconds / 60:g} minutes, seed {day.seed}, {len(day.phones)} phones\n{day.table()}",
        flush=True,
    )


def _keep_log(node: Node, seed: int) -> None:
    kept = Path(tempfile.gettempdir()) / f"chaos-{seed}.log"
    kept.write_text(node.log)
    print(f"the node's log is kept in {kept}", flush=True)


async def main(minutes: float, seed: int, phones: int, only: str) -> int:
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        day = await live_in_chaos(Path(folder), seed=seed, seconds=minutes * 60, phones=phones, only=only)
        return 1 if day.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phones", type=int, default=12)
    parser.add_argument("--only", default="", help="faults with this in their name, such as dns")
    wanted = parser.parse_args()
    raise SystemExit(asyncio.run(main(wanted.minutes, wanted.seed, wanted.phones, wanted.only)))
