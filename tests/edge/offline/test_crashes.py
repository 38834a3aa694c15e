"""An edge that dies at any point of bringing a message to the office: afterwards the office has it, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from edge.offline.collecting import Collecting
from edge.offline.journal import Journal, name_of
from edge.offline.recordings import Note, Recordings
from edge.offline.steps import Happened
from edge.store import Row, Statements, Store, open_store
from edge.twilio.errors import TwilioError
from edge.twilio.records import Call, File, Recording
from tests.edge.clock import TestClock
from tests.edge.offline.scene import Inbox
from tests.fakes.twilio.audio import tone, wav

T = TypeVar("T")

SID, CALL = "RE" + "a" * 32, "CA" + "b" * 32
SOUND = wav(tone(440, 1.0))


class KilledError(BaseException):
    """kill -9: nobody catches it."""


class Fate:
    """Strikes at the n-th thing that is done outside, before it or after."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at = at
        self.before = before
        self.done = 0

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T:
        self.done += 1
        if self.done == self.at and self.before:
            raise KilledError
        result = await work()
        if self.done == self.at:
            raise KilledError
        return result


class DoomedStatements:
    def __init__(self, real: Statements, fate: Fate) -> None:
        self._real = real
        self._fate = fate

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        return await self._fate(lambda: self._real.all(sql, *values))

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self._fate(lambda: self._real.one(sql, *values))

    async def run(self, sql: str, *values: object) -> int:
        return await self._fate(lambda: self._real.run(sql, *values))


class DoomedStore(DoomedStatements):
    def __init__(self, real: Store, fate: Fate) -> None:
        super().__init__(real, fate)
        self._store = real

    def transaction(self) -> AbstractAsyncContextManager[Statements]:
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Statements]:
        async with self._store.transaction() as real:
            yield DoomedStatements(real, self._fate)

    async def close(self) -> None:
        await self._store.close()


class Provider:
    """Twilio, with one call and its recording. `fails`: what it answers with at first."""

    def __init__(self) -> None:
        self.recording: bytes | None = SOUND
        self.fate: Fate | None = None
        self.fails: list[Exception | bytes] = []

    async def _do(self, work: Callable[[], Awaitable[T]]) -> T:
        return await (self.fate(work) if self.fate is not None else work())

    async def call(self, sid: str) -> Call:
        async def work() -> Call:
            return Call(sid, "+12025550199", "+12025550103", "completed", "inbound", 20)

        return await self._do(work)

    async def recordings(self, call_sid: str) -> list[Recording]:
        async def work() -> list[Recording]:
            return [Recording(SID, call_sid, "completed", 1, 1)] if self.recording is not None else []

        return await self._do(work)

    async def fetch_recording(self, sid: str) -> File:
        async def work() -> File:
            if self.fails:
                failure = self.fails.pop(0)
                if isinstance(failure, Exception):
                    raise failure
                return File("audio/x-wav", failure)
            if self.recording is None:
                raise TwilioError(404, 20404, "not found")
            return File("audio/x-wav", self.recording)

        return await self._do(work)

    async def delete_recording(self, sid: str) -> None:
        async def work() -> None:
            self.recording = None

        await self._do(work)


def edge(
    store: Store, clock: TestClock, provider: Provider, deliver: Any
) -> tuple[Collecting, Recordings, Journal]:
    recordings, journal = Recordings(store, clock), Journal(store, clock)
    made = Collecting(
        recordings,
        journal,
        clock,
        provider=provider,
        deliver=deliver,
        name_of_call=lambda sid: name_of("call", sid),
    )
    return made, recordings, journal


async def leave(recordings: Recordings, journal: Journal) -> None:
    """What the webhooks of a call note."""
    happened = [Happened("recording", "103", "Carol")]
    who: Any = {"caller": "+12025550199", "caller_name": "", "called": "+12025550103"}
    await journal.note("o", CALL, happened, answer=0, **who)
    await recordings.note(Note("o", SID, CALL, "103", who["caller"], who["called"], 1.0, "server", "en"))
    await journal.note("o", CALL, [Happened("goodbye")], answer=1, **who, over=True)


async def work_off(collecting: Collecting, clock: TestClock) -> None:
    for _ in range(3):
        await clock.advance(400)
        await collecting.once()


async def live(path: Path, clock: TestClock, provider: Provider, inbox: Inbox, fate: Fate | None) -> bool:
    """One life of an edge; whether it was killed."""
    real = await open_store(path)
    try:
        store: Store = DoomedStore(real, fate) if fate is not None else real
        provider.fate = fate

        async def deliver(*given: Any, **named: Any) -> str:
            return await (
                fate(lambda: inbox(*given, **named)) if fate is not None else inbox(*given, **named)
            )

        collecting, recordings, journal = edge(store, clock, provider, deliver)
        await leave(recordings, journal)
        await work_off(collecting, clock)
    except KilledError:
        return True
    else:
        return False
    finally:
        provider.fate = None
        await real.close()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "points", [range(1, 200, 9), pytest.param(range(1, 200), marks=pytest.mark.slow)], ids=["some", "all"]
)
async def test_killed_at_any_step_the_office_has_all_of_it_once(
    tmp_path: Path, points: range, before: bool
) -> None:
    strikes = 0
    for at in points:
        path, clock, provider, inbox = tmp_path / f"{at}.sqlite3", TestClock(), Provider(), Inbox()
        killed = await live(path, clock, provider, inbox, Fate(at, before=before))
        strikes += killed
        again = await live(path, clock, provider, inbox, None)
        assert not again
        assert sorted(inbox.kinds.values()) == ["call", "voicemail"], at
        assert inbox.bodies[name_of("recording", SID)] == SOUND, at
        (message,), (call,) = inbox.of("voicemail"), inbox.of("call")
        assert (message["extension"], message["call"]) == ("103", call["call"])
        steps: Any = call["steps"]
        assert [each["kind"] for each in steps] == ["recording", "goodbye", "message"], at
        assert provider.recording is None, "it is left at Twilio"
        if not killed:
            break
    assert strikes > 4, "nothing was killed"


async def test_two_edges_on_one_store_bring_each_message_once(store: Store, clock: TestClock) -> None:
    provider, inbox = Provider(), Inbox()
    one, recordings, journal = edge(store, clock, provider, inbox)
    two, _, _ = edge(store, clock, provider, inbox)
    await leave(recordings, journal)
    for _ in range(4):
        await one.once()
        await two.once()
        await clock.advance(10)
    assert len(inbox.came) == 2


async def test_what_is_no_sound_is_tried_again_and_never_deleted(store: Store, clock: TestClock) -> None:
    provider, inbox = Provider(), Inbox()
    provider.fails = [
        TwilioError(404, 20404, "not there yet"), TwilioError(0, None, "no answer"), b"", b"<html>",
        b"RIFF\0\0\0\0WAVE", SOUND[:44],
    ]  # fmt: skip
    collecting, recordings, journal = edge(store, clock, provider, inbox)
    await leave(recordings, journal)
    await collecting.once()
    assert provider.recording is not None
    await work_off(collecting, clock)
    for _ in range(3):
        await clock.advance(3600)
        await collecting.once()
    assert len(inbox.of("voicemail")) == 1
    assert provider.recording is None


async def test_what_is_lost_is_shown_and_can_be_given_up(store: Store, clock: TestClock) -> None:
    provider, inbox = Provider(), Inbox()
    provider.recording = None
    collecting, recordings, journal = edge(store, clock, provider, inbox)
    await leave(recordings, journal)
    await collecting.once()
    await store.run("UPDATE offline_recording SET attempts = 500")  # a week later
    await work_off(collecting, clock)
    (held,), total = await recordings.held("o", 50, 0)
    assert (total, held.state) == (1, "lost")
    assert "20404" in held.error or "not found" in held.error
    assert await recordings.held("other", 50, 0) == ([], 0)
    await recordings.drop(held)
    assert await recordings.held("o", 50, 0) == ([], 0)
    assert len(inbox.of("call")) == 1
