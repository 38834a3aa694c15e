"""An office that is gone: its edge answers callers, and what they leave comes to the office once, whoever is killed."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.twilio.audio import tone
from tests.fakes.twilio.call import FakeCall
from tests.live.edge_office import CALLER, NUMBER, Line, edge_office

MESSAGES = 8
MOBILE = "+13125550171"


async def until(is_so: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not await is_so():
            await asyncio.sleep(0.2)


async def with_mailbox(line: Line) -> None:
    """Bob has a mailbox, and the edge knows."""
    await line.node.send("POST", "mailboxes", {"number": "102", "name": "Bob"})
    await line.node.send("PATCH", "extensions/102", {"mailbox": "102", "forward_to": MOBILE})
    await line.leads_to("102")
    assert line.edge is not None
    path = line.edge.folder / "data" / "edge.sqlite3"

    async def knows() -> bool:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            found = store.execute("SELECT document FROM directory").fetchone()
        return found is not None and '"mailbox":true' in found[0] and NUMBER in found[0]

    await until(knows)


async def messages(line: Line) -> list[dict[str, Any]]:
    found = await line.node.get("voicemails?mailbox=102")
    return list(found["items"])


async def from_edge(line: Line) -> list[dict[str, Any]]:
    return [each for each in await line.node.cdrs(at_least=0) if each["source"] == "edge"]


async def leave(line: Line) -> FakeCall:
    call = await line.twilio.call(CALLER, NUMBER)
    await call.leave_message(tone(440, 2.0))
    await call.ended()
    return call


async def test_a_message_and_the_call_come_when_the_office_is_back(tmp_path: Path) -> None:
    async with edge_office(tmp_path) as line:
        await with_mailbox(line)
        await line.node.stop()
        call = await leave(line)
        assert call.dialled == [MOBILE]
        assert "Phone 102 cannot be reached" in call.said()
        assert call.said().endswith("Goodbye.")
        await line.twilio.settled()
        await line.node.start()

        async def there() -> bool:
            return len(await messages(line)) == 1 and len(await from_edge(line)) == 1

        await until(there)
        (message,), (cdr,) = await messages(line), await from_edge(line)
        assert (message["from_number"], message["call"]) == (CALLER, cdr["id"])
        assert message["duration_s"] == pytest.approx(2.0, abs=0.1)
        assert (cdr["from_number"], cdr["did"], cdr["missed"]) == (CALLER, NUMBER, True)
        assert [leg["party"] for leg in cdr["legs"]] == [CALLER, MOBILE]
        assert line.twilio.recordings == {}


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_whoever_is_killed_each_message_and_each_call_comes_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with edge_office(tmp_path) as line:
        await with_mailbox(line)
        assert line.edge is not None
        line.node.kill()
        for _ in range(MESSAGES):
            call = await line.twilio.call(CALLER, NUMBER)
            if chance.random() < 0.5:  # while somebody speaks, or just afterwards
                await call.waits_for("Record")
                line.edge.kill()
                await call.leave_message(tone(440, 2.0), then=chance.choice(("#", "hangup")))
                with suppress(TimeoutError):
                    await call.ended()
                await line.edge.start()
            else:
                await call.leave_message(tone(440, 2.0), then=chance.choice(("#", "hangup")))
                await asyncio.sleep(chance.random() * 0.3)
                line.edge.kill()
                await line.edge.start()
        await line.twilio.settled()
        for _ in range(4):  # both die while messages are brought
            await line.node.start()
            await asyncio.sleep(chance.uniform(0.2, 3))
            chance.choice((line.node, line.edge)).kill()
            if line.edge.process is None:
                await line.edge.start()
                await asyncio.sleep(chance.uniform(0.2, 3))
                line.node.kill()
        await line.node.start()

        async def all_there() -> bool:
            return len(await messages(line)) >= MESSAGES and len(await from_edge(line)) >= MESSAGES

        await until(all_there, 200)
        await asyncio.sleep(10)  # nothing comes twice
        found, calls = await messages(line), await from_edge(line)
        assert len(found) == len({each["id"] for each in found}) == MESSAGES
        assert len(calls) == MESSAGES
        assert {each["call"] for each in found} == {each["id"] for each in calls}
        assert line.twilio.recordings == {}
