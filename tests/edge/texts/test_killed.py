"""kill -9 of a real edge while texts come in: each is kept once, and answered once or known as uncertain."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import aiohttp

from edge.clock import SystemClock
from edge.directory import Receptionists
from edge.model.office import Number
from edge.model.receptionist import Receptionist
from edge.offices import Offices
from edge.store import Store, open_store
from edge.store.open import FILE_NAME
from tests.edge.texts.office import OURS, PUBLIC
from tests.fakes.twilio import FakeTwilio

TEXTS, KILLS = 16, 2


class Process:
    """`python -m edge serve`, again and again over the same folder."""

    def __init__(self, folder: Path, twilio: FakeTwilio) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        self._twilio = twilio
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environment = {**os.environ, "PBX_TWILIO_AUTH_TOKEN": self._twilio.auth_token}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data-dir",
            str(self._folder), "--public-url", PUBLIC, "--twilio-account-sid", self._twilio.account_sid,
            "--twilio-api-url", self._twilio.url, env=environment, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with aiohttp.ClientSession() as session, asyncio.timeout(200):
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/edge/health") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self, number: int = signal.SIGKILL) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()


async def _until_answered(twilio: FakeTwilio, from_: str, chance: random.Random) -> None:
    """As Twilio does: the same webhook again until it is answered."""
    await asyncio.sleep(chance.random() * 3)
    asked = await twilio.receive_text(from_, OURS, "where can I park?")
    while asked.status != 200:
        await asyncio.sleep(0.2)
        asked = await twilio.webhooks.post(asked.url, asked.form, token="of " + from_)


async def _has_work(store: Store, twilio: FakeTwilio) -> bool:
    """Whether anything is still to be done, or to be found in Twilio's list."""
    rows = await store.all(
        "SELECT theirs, state, attempts FROM text_message WHERE answer = 'wanted'"
        " OR state IN ('queued', 'sending', 'uncertain')"
    )
    taken = {message.to for message in twilio.sent()}
    return any(row["state"] != "uncertain" or not row["attempts"] or row["theirs"] in taken for row in rows)


async def test_kill_9_loses_no_text_and_answers_none_twice(tmp_path: Path) -> None:
    chance = random.Random(9)
    store = await open_store(tmp_path / FILE_NAME)
    offices = Offices(store, SystemClock())
    office, _ = await offices.add("Miller")
    await offices.put_number(Number(OURS, office.id))
    facts = Receptionist(facts="Parking: behind the house")
    await Receptionists(store, SystemClock()).put(office.id, facts, "test")
    await store.close()
    async with FakeTwilio() as twilio:
        twilio.add_number(OURS, sms_url=f"{PUBLIC}/twilio/sms")
        twilio.faults.latency_s = 0.05
        edge = Process(tmp_path, twilio)
        twilio.reach(PUBLIC, f"http://127.0.0.1:{edge.port}")
        await edge.start()
        numbers = [f"+1415555{n:04d}" for n in range(TEXTS)]
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(_until_answered(twilio, number, chance))
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(1.2, 2.4))
                await edge.kill()
                await edge.start()
        store = await open_store(tmp_path / FILE_NAME)
        async with asyncio.timeout(200):
            while await _has_work(store, twilio):
                await asyncio.sleep(0.3)
        await edge.kill(signal.SIGTERM)
        rows = await store.all("SELECT * FROM text_message")
        await store.close()
    came = Counter(row["theirs"] for row in rows if row["direction"] == "in")
    assert came == dict.fromkeys(numbers, 1)
    answers = {row["theirs"]: row["state"] for row in rows if row["direction"] == "out"}
    assert sum(row["direction"] == "out" for row in rows) == len(answers) == TEXTS
    sent = Counter(message.to for message in twilio.sent())
    assert set(sent.values()) == {1}
    for number in numbers:
        known = answers[number] in {"sent", "delivered"}
        assert known == (number in sent), f"{number} is {answers[number]}"
        assert known or answers[number] == "uncertain"
