"""From a draft to what takes calls: a flow is published when it has no fault and its tests pass, all or nothing.

    draft (a record) ─ check ─ tests ─► revision 1, 2, 3 … ─► live
                                 ▲  roll back: the document of an old one becomes the newest

What is wrong is told all at once (`FlowRefused`). Faults cannot be overridden; failed tests can, and the revision says
so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.office_check import User
from pbx.feature.opening import zone_of
from pbx.flow.difference import changes_between
from pbx.flow.document import LoadedFlow, load, read_node
from pbx.flow.flows import loaded
from pbx.flow.graph import check
from pbx.flow.hours import OPEN, OTHERWISE, decide_schedule, next_change
from pbx.flow.node import Node
from pbx.flow.test_calls import TestCalls, Ticket
from pbx.model.flow import Fault, Flow
from pbx.model.flow_revision import FlowDiff, FlowRevision, FlowState
from pbx.model.flow_run import FlowTestResult, Simulation
from pbx.model.kind import Kind, Reference, references
from pbx.model.kinds import FLOW, KINDS, SCHEDULE
from pbx.model.schedule import Schedule, ScheduleState
from pbx.store.flows import Publication

if TYPE_CHECKING:
    from pbx.core.clock import Clock
    from pbx.flow.ports import Chat, Office
    from pbx.model.flow_script import FlowScript
    from pbx.store.flows import FlowStore
    from pbx.store.records import RecordStore

__all__ = [
    "DRAFT",
    "LIVE",
    "FlowRefused",
    "Publishing",
    "Records",
    "Surroundings",
    "fault_errors",
    "flow_users",
    "references_of",
]

DRAFT = "draft"
LIVE = "live"

Records = Mapping[str, Sequence[Any]]
"""All records of an office by the name of their kind."""


class FlowRefused(UserError):  # noqa: N818  what it is, not that it is one
    """The flow cannot be published; `faults` are all reasons."""

    def __init__(self, flow: str, faults: Sequence[Fault]) -> None:
        only_tests = all(each.test for each in faults)
        super().__init__(
            f"the flow {flow} has {_counted(faults)} and is not published",
            http_status=422,
            action="Override the tests to publish it all the same" if only_tests else "",
            problems=tuple(fault_errors(faults)),
        )
        self.faults = tuple(faults)


class Surroundings:
    """What a flow is judged by: the records of the office, and the other flows that are live."""

    def __init__(self, records: Records, others: Mapping[str, LoadedFlow]) -> None:
        self.records = records
        self.others = others
        self._keys = {kind.name: {kind.key_of(each) for each in records.get(kind.name, ())} for kind in KINDS}

    def exists(self, kind: str, key: str) -> bool:
        return key in self._keys.get(kind, ())

    def numbers(self) -> frozenset[str]:
        """All that can be dialled."""
        return frozenset(key for kind in KINDS if kind.numbered for key in self._keys[kind.name])

    def faults(self, flow: Flow) -> list[Fault]:
        return check(flow, exists=self.exists, others=self.others)


class Publishing:
    """Drafts, revisions and tests of the office's flows. `time_zone` and `country` are those of the
    node; `changed` is awaited when what is live has changed."""

    def __init__(
        self,
        records: RecordStore,
        store: FlowStore,
        clock: Clock,
        *,
        time_zone: str = "",
        country: str = "US",
        chat: Chat | None = None,
        changed: Callable[[], Awaitable[None]] | None = None,
        test_calls: TestCalls | None = None,
    ) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._time_zone = time_zone
        self._country = country
        self._chat = chat
        self._changed = changed
        self._test_calls = test_calls or TestCalls(clock)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def states(self) -> list[FlowState]:
        """How every flow stands."""
        live = await self._store.live()
        _, problems = loaded(live)
        found = []
        for draft in await self._records.all(FLOW):
            revision = live.get(draft.number)
            found.append(
                FlowState(
                    flow=draft.number,
                    name=draft.name,
                    live=None if revision is None else revision.without_document(),
                    changed=revision is None or revision.document != draft,
                    nodes=len(draft.nodes),
                    problem=problems.get(draft.number, ""),
                )
            )
        return found

    async def check(self, number: str) -> list[Fault]:
        """What is wrong with the draft, warnings too. Raises `UserError` 404."""
        draft = await self.state_of(number, DRAFT)
        return (await self._surroundings()).faults(draft)

    async def state_of(self, number: str, which: str) -> Flow:
        """The draft, what is live, or a revision by its number. Raises `UserError` 404."""
        if which == DRAFT:
            stored = await self._records.get(FLOW, number)
            if stored is not None and isinstance(stored.record, Flow):
                return stored.record
            raise UserError(f"there is no flow {number}", http_status=404)
        revision = await self.revision(number, which)
        if revision.document is None:
            raise UserError(f"revision {which} of the flow {number} cannot be read", http_status=404)
        return revision.document

    async def revision(self, number: str, which: str) -> FlowRevision:
        """What is live, or a revision by its number. Raises `UserError` 404."""
        if which == LIVE:
            found = (await self._store.live()).get(number)
        else:
            found = await self._store.get(number, int(which)) if which.isdecimal() else None
        if found is None:
            what = "is not published" if which == LIVE else f"has no revision {which}"
            raise UserError(f"the flow {number} {what}", http_status=404)
        return found

    async def difference(self, number: str, before: str, after: str) -> FlowDiff:
        """From one state to another, by `state_of`'s words; an unpublished flow has nothing that is live."""
        if not await self._known(number):
            raise UserError(f"there is no flow {number}", http_status=404)
        old = await self._maybe(number, before)
        new = await self._maybe(number, after)
        return FlowDiff(flow=number, before=before, after=after, changes=changes_between(old, new))

    async def schedule_state(self, id: str, at: datetime | None = None) -> ScheduleState:
        """How a schedule is at a moment, now without one. Raises `UserError` 404."""
        stored = await self._records.get(SCHEDULE, id)
        if stored is None or not isinstance(stored.record, Schedule):
            raise UserError(f"there is no schedule {id}", http_status=404)
        schedule, moment = stored.record, at or self._clock.now()
        await public_holidays.needed((), [schedule])
        zone = zone_of(self._time_zone) if self._time_zone else None
        verdict = decide_schedule(schedule, moment, zone=zone, public_holiday=_public_holiday)
        return ScheduleState(
            schedule=id,
            at=moment,
            open=verdict.exit == OPEN,
            because=verdict.because if verdict.exit != OTHERWISE else "outside of the opening hours",
            changes_at=next_change(schedule, moment, zone=zone, public_holiday=_public_holiday),
        )

    # -- walking -------------------------------------------------------------------------------------------------------

    async def simulate(self, number: str, which: str, script: FlowScript) -> Simulation:
        """Walk a made-up call through it. Raises `FlowRefused` when it has faults."""
        flow = await self.state_of(number, which)
        around = await self._surroundings()
        walked = self._walkable(
            flow, around, 0 if which == DRAFT else (await self.revision(number, which)).revision
        )
        from pbx.flow.simulate import (
            simulate,  # loaded with the first walk: only editors and publishing need it
        )

        return await simulate(
            walked, script, office=self._office_of(around), flows=around.others.get, chat=self._chat
        )

    async def test_call(self, number: str, which: str) -> Ticket:
        """What a phone dials to walk it in a real call. Raises `FlowRefused` and, for too many, `UserError` 429."""
        revision = 0 if which == DRAFT else (await self.revision(number, which)).revision
        flow = await self.state_of(number, which)
        return self._test_calls.make(self._walkable(flow, await self._surroundings(), revision))

    async def test(self, number: str, which: str = DRAFT) -> list[FlowTestResult]:
        """Run its tests. Raises `FlowRefused` when it has faults."""
        flow = await self.state_of(number, which)
        return await self.run_tests(flow, await self._surroundings())

    async def run_tests(self, flow: Flow, around: Surroundings) -> list[FlowTestResult]:
        from pbx.flow.simulate import run_test

        walked = self._walkable(flow, around, 0)
        return [
            await run_test(
                walked, each, office=self._office_of(around), flows=around.others.get, chat=self._chat
            )
            for each in flow.tests
        ]

    # -- changing ------------------------------------------------------------------------------------------------------

    async def publish(
        self, number: str, *, author: str, comment: str = "", override: bool = False
    ) -> FlowRevision:
        """Make the draft live. Raises `FlowRefused`, and `UserError` 404, 409 when it is live already."""
        draft = await self.state_of(number, DRAFT)
        live = (await self._store.live()).get(number)
        if live is not None and live.document == draft:
            raise UserError(
                f"the draft of the flow {number} is live already, as revision {live.revision}",
                http_status=409,
            )
        return await self._put(
            await self.publication(
                draft, await self._surroundings(), author=author, comment=comment, override=override
            )
        )

    async def roll_back(
        self, number: str, to: int, *, author: str, comment: str = "", override: bool = False
    ) -> FlowRevision:
        """Make an old revision live again, as a new one; the draft stays. Raises as `publish` does."""
        await self.state_of(number, DRAFT)
        document = await self.state_of(number, str(to))
        return await self._put(
            await self.publication(
                document,
                await self._surroundings(),
                author=author,
                comment=comment,
                override=override,
                rolled_back_to=to,
            )
        )

    async def unpublish(self, number: str) -> None:
        """Let it take no more calls. Raises `UserError` 404 when it takes none, 409 while another flow leads to it."""
        await self.revision(number, LIVE)
        users = [
            user.key for user in flow_users(await self._live_documents(), FLOW, number) if user.key != number
        ]
        if users:
            raise UserError(
                f"the flow {', '.join(sorted(set(users)))} leads calls to the flow {number}",
                http_status=409,
                action="Change and publish that one first",
            )
        await self._store.unpublish(number)
        await self._tell()

    async def publication(
        self,
        flow: Flow,
        around: Surroundings,
        *,
        author: str,
        comment: str = "",
        override: bool = False,
        rolled_back_to: int | None = None,
    ) -> Publication:
        """What would be published. Raises `FlowRefused` with all faults, else with all tests that fail."""
        if faults := [each for each in around.faults(flow) if not each.warning]:
            raise FlowRefused(flow.number, faults)
        red = [each for each in await self.run_tests(flow, around) if not each.passed]
        if red and not override:
            raise FlowRefused(
                flow.number,
                [Fault(test=each.name, node=each.node, text=why) for each in red for why in each.differences],
            )
        return Publication(
            document=flow,
            at=self._clock.now(),
            author=author,
            comment=comment,
            overridden=tuple(each.name for each in red),
            rolled_back_to=rolled_back_to,
        )

    async def is_live(self, number: str) -> bool:
        return number in await self._store.live()

    async def users_of(self, kind: Kind, key: str) -> list[User]:
        """Drafts and live flows that name a record."""
        drafts = await self._records.all(FLOW)
        live = await self._live_documents()
        return list(dict.fromkeys(flow_users((*drafts, *live), kind, key)))

    async def revisions(self, number: str, *, limit: int, offset: int) -> tuple[Sequence[FlowRevision], int]:
        """One page of its history, newest first. Raises `UserError` 404."""
        if not await self._known(number):
            raise UserError(f"there is no flow {number}", http_status=404)
        return await self._store.page(number, limit=limit, offset=offset)

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _put(self, publication: Publication) -> FlowRevision:
        made = await self._store.publish(publication)
        await self._tell()
        return made

    async def _tell(self) -> None:
        """The next call is to find what has just been published."""
        if self._changed is not None:
            await self._changed()

    async def _known(self, number: str) -> bool:
        if await self._records.get(FLOW, number) is not None:
            return True
        _, total = await self._store.page(number, limit=1)
        return total > 0

    async def _maybe(self, number: str, which: str) -> Flow | None:
        if which in (DRAFT, LIVE):
            try:
                return await self.state_of(number, which)
            except UserError:
                return None
        return await self.state_of(number, which)

    async def _live_documents(self) -> list[Flow]:
        return [each.document for each in (await self._store.live()).values() if each.document is not None]

    async def _surroundings(self) -> Surroundings:
        records = {kind.name: await self._records.all(kind) for kind in KINDS}
        await public_holidays.needed(records[FLOW.name], records[SCHEDULE.name])
        others, _ = loaded(await self._store.live())
        return Surroundings(records, others)

    def _office_of(self, around: Surroundings) -> Office:
        from pbx.flow.scripted import RecordedOffice

        return RecordedOffice(
            around.records, around.numbers(), self._time_zone or "UTC", country=self._country
        )

    def _walkable(self, flow: Flow, around: Surroundings, revision: int) -> LoadedFlow:
        found = load(flow, revision)
        faults = [each for each in around.faults(flow) if not each.warning]
        if not isinstance(found, LoadedFlow) or faults:
            raise FlowRefused(flow.number, faults or list(found))  # type: ignore[arg-type]
        return found


def references_of(flow: Flow) -> Iterator[Reference]:
    """Every record that a node of it names."""
    for id, drawn in flow.nodes.items():
        node = read_node(id, drawn)
        if isinstance(node, Node):
            yield from references(node, f"$.nodes.{id}.parameters")


def flow_users(flows: Sequence[Flow], kind: Kind, key: str) -> Iterator[User]:
    """Every node of these flows that names the record."""
    for flow in flows:
        for found in references_of(flow):
            if (found.kind, found.key) == (kind.name, key):
                yield User(FLOW, flow.number, found.path)


def fault_errors(faults: Sequence[Fault], path: str = "$") -> Iterator[UserError]:
    """The faults as what is wrong with fields of the flow's document at `path`."""
    for each in faults:
        where = path
        if each.test is not None:
            where = f"{path}.tests"
        elif each.node is not None:
            where = f"{path}.nodes.{each.node}"
            if each.exit is not None:
                where = f"{path}.wires.{each.node}.{each.exit}"
            elif each.parameter is not None:
                where = f"{where}.parameters.{each.parameter}"
        yield UserError(
            f"the test {each.test} fails: {each.text}" if each.test else each.text,
            http_status=422,
            path=where,
        )


def _counted(faults: Sequence[Fault]) -> str:
    wrong = sum(1 for each in faults if not each.test)
    red = len({each.test for each in faults if each.test})
    parts = [f"{wrong} fault{'s' * (wrong != 1)}"] if wrong else []
    parts += [f"{red} failed test{'s' * (red != 1)}"] if red else []
    return " and ".join(parts)


def _public_holiday(day: datetime, country: str, region: str) -> str:
    return public_holidays.public_holiday(day.date(), country, region)
