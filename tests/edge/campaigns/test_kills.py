"""Whatever breaks and whenever the process dies: nobody is texted twice, everybody is accounted for."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge.campaigns.office_settings import put_settings
from edge.errors import EdgeError
from edge.model.campaigns import CampaignSettings
from edge.store import open_store
from edge.texts.sending import FAULT, Accepted, Outcome, Outgoing, Refused, Seen, SendingError, Unknown
from tests.edge.campaigns.crashes import Mortal
from tests.edge.campaigns.office import NOON_NEW_YORK_MS, Edge, people
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Killed

FAULTS = (
    "fine",
    "busy",
    "bad",
    "full",
    "down",
    "reset_before",
    "reset_after",
    "fault_before",
    "fault_after",
    "kill",
)
CALLBACKS = ("now", "late", "lost", "twice", "backwards", "undelivered")
FINAL = {"sent", "delivered", "undelivered", "failed", "uncertain", "opted_out", "cancelled"}
REACHED = {"sent", "delivered", "undelivered"}


@dataclass
class Twilio:
    """What happens to each text is decided beforehand; what was taken is remembered whatever the process does."""

    clock: TestClock
    faults: Sequence[str]
    callbacks: Sequence[str]
    taken: list[tuple[Outgoing, Seen]] = field(default_factory=list)
    told: list[tuple[int, str, str, str, int]] = field(default_factory=list)
    process: Mortal | None = None
    asked: int = 0
    _sids: itertools.count[int] = field(default_factory=itertools.count)

    async def send(self, message: Outgoing) -> Outcome:
        assert self.process is not None
        if self.process.dead:
            raise Killed
        fault = self.faults[self.asked] if self.asked < len(self.faults) else "fine"
        self.asked += 1
        if fault in {"fine", "reset_after", "fault_after", "kill"}:
            sid = self._take(message)
        if fault == "kill":
            self.process.dead = True
            raise Killed
        match fault:
            case "fine":
                return Accepted(sid)
            case "busy":
                return Refused(20429, "slow down", again=True)
            case "full":
                return Refused(21611, "queue is full", again=True)
            case "down":
                return Refused(0, "cannot be reached", again=True)
            case "bad":
                return Refused(21211, "not a number")
            case "reset_before" | "reset_after":
                return Unknown("connection reset")
        return Unknown("a fault of Twilio's", FAULT)

    async def seen(self, ours: str, theirs: str, *, since_ms: int) -> Sequence[Seen]:
        """The list lags: a text shows after half a minute. Now and then it cannot be read."""
        self.asked += 1
        if self.asked % 5 == 0:
            raise SendingError("not now")
        until = self.clock.now_ms() - 30_000
        return [
            seen
            for message, seen in self.taken
            if (message.ours, message.theirs) == (ours, theirs) and since_ms <= seen.at_ms <= until
        ]

    def _take(self, message: Outgoing) -> str:
        sid, now = f"SM{next(self._sids):032d}", self.clock.now_ms()
        how = self.callbacks[len(self.taken)] if len(self.taken) < len(self.callbacks) else "now"
        self.taken.append((message, Seen(sid, message.body, "queued", 0, now)))
        words = {"backwards": ("delivered", "sent"), "undelivered": ("sent", "undelivered")}.get(
            how, ("sent", "delivered")
        )
        wait = {"now": 0, "late": 3_000_000}.get(how, 20_000)
        for word in words if how != "lost" else ():
            self.told += [(now + wait, message.id, sid, word, 30008 if word == "undelivered" else 0)] * (
                2 if how == "twice" else 1
            )
        return sid

    async def tell(self, edge: Edge) -> None:
        """The callbacks that are due; one that gets no answer comes again, as Twilio's do."""
        due = [each for each in self.told if each[0] <= self.clock.now_ms()]
        for each in due:
            await edge.outbox.report(*each[1:])
            self.told.remove(each)


@dataclass
class Story:
    """One campaign with its processes: each lives for so many statements, the last one for ever."""

    faults: Sequence[str]
    callbacks: Sequence[str]
    lives: Sequence[int]
    people: int
    stops: dict[int, int] = field(default_factory=dict)
    """Step → the person who writes STOP then."""
    course: dict[int, str] = field(default_factory=dict)
    """Step → pause, resume or cancel."""


async def tell(story: Story, file: Path) -> tuple[Twilio, Edge, str, dict[str, int]]:
    """Runs it to its end. Returns also when each person said STOP: how many texts had been taken by then."""
    clock = TestClock(NOON_NEW_YORK_MS)
    store = await open_store(file)
    await store.run("PRAGMA synchronous = OFF")
    twilio = Twilio(clock, story.faults, story.callbacks)
    lives = iter(story.lives)
    numbers = people(story.people).split()
    stopped: dict[str, int] = {}

    def born() -> Edge:
        twilio.process = Mortal(store, next(lives, 0))
        return Edge(twilio.process, clock, twilio)

    safe = Edge(store, clock, twilio)
    await safe.open()
    await put_settings(store, "local", CampaignSettings(toll_free_rate=1.0))
    id = await safe.started(people(story.people))
    edge = born()
    wishes = [wish for _, wish in sorted(story.course.items())]
    for step in range(story.people * 3 + 70):
        if step in story.stops:
            number = numbers[story.stops[step] % len(numbers)]
            await safe.stop(number)
            stopped.setdefault(number, len(twilio.taken))
        try:
            if wishes and step >= sorted(story.course)[-len(wishes)]:
                await _wish(edge, id, wishes[0])
                del wishes[0]
            await twilio.tell(edge)
            await edge.step()
        except (Killed, BaseExceptionGroup):
            if twilio.process is None or not twilio.process.dead:
                raise
            edge = born()
        await clock.advance(1.0 if step < story.people * 3 else 240.0)
    await safe.outbox.work()
    await safe.standing.look()
    return twilio, safe, id, stopped


async def _wish(edge: Edge, id: str, wish: str) -> None:
    try:
        await getattr(edge.conduct, wish)("local", id)
    except EdgeError as refused:
        if refused.status != 409:
            raise


async def check(twilio: Twilio, edge: Edge, id: str, stopped: dict[str, int]) -> Counter[str]:
    """The promises of a campaign, against what Twilio really took."""
    texted = Counter(message.theirs for message, _ in twilio.taken)
    assert set(texted.values()) <= {1}, "somebody was texted twice"
    rows = await edge.store.all("SELECT * FROM campaign_recipient WHERE campaign = $1", id)
    for row in rows:
        assert row["state"] in FINAL, (row["number"], row["state"], row["reason"])
        if row["state"] in REACHED:
            assert texted[row["number"]] == 1
        elif row["state"] != "uncertain":
            assert texted[row["number"]] == 0, (row["state"], row["reason"])
    for at, (message, _) in enumerate(twilio.taken):
        assert at < stopped.get(message.theirs, len(twilio.taken)), "texted after STOP"
    return Counter(row["state"] for row in rows)


STORIES = st.builds(
    Story,
    faults=st.lists(st.sampled_from(FAULTS), max_size=25),
    callbacks=st.lists(st.sampled_from(CALLBACKS), max_size=12),
    lives=st.lists(st.integers(1, 300), max_size=8),
    people=st.integers(1, 10),
    stops=st.dictionaries(st.integers(0, 30), st.integers(0, 9), max_size=3),
    course=st.one_of(
        st.just({}),
        st.builds(
            lambda at, length: {at: "pause", at + length: "resume"}, st.integers(0, 20), st.integers(1, 15)
        ),
        st.builds(lambda at: {at: "cancel"}, st.integers(0, 20)),
    ),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORIES)
@example(story=Story(faults=("kill",) * 4, callbacks=("lost", "late") * 2, lives=(), people=4))
@example(
    story=Story(faults=("fault_after", "reset_after") * 2, callbacks=("lost",) * 4, lives=(40, 90), people=4)
)
async def test_nobody_twice_and_nobody_forgotten(
    story: Story, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twilio, edge, id, stopped = await tell(story, tmp_path_factory.mktemp("edge") / "edge.sqlite3")
    try:
        await check(twilio, edge, id, stopped)
        assert await edge.state(id) in {"finished", "cancelled"}
    finally:
        await edge.store.close()


@pytest.mark.parametrize("fuse", range(1, 120, 11))
async def test_a_death_at_any_statement_of_a_text_is_survived(fuse: int, tmp_path: Path) -> None:
    """Two people, and a process that dies after so many statements."""
    story = Story(faults=(), callbacks=("lost", "lost"), lives=(fuse,), people=2)
    twilio, edge, id, stopped = await tell(story, tmp_path / "edge.sqlite3")
    try:
        states = await check(twilio, edge, id, stopped)
        assert states["sent"] + states["uncertain"] == 2
    finally:
        await edge.store.close()


async def test_without_faults_nothing_is_uncertain(tmp_path: Path) -> None:
    story = Story(
        faults=("busy", "down", "fault_before", "fault_after", "reset_after"),
        callbacks=(),
        lives=(),
        people=8,
    )
    twilio, edge, id, stopped = await tell(story, tmp_path / "edge.sqlite3")
    try:
        assert await check(twilio, edge, id, stopped) == {"delivered": 8}
    finally:
        await edge.store.close()
