"""Walks a flow without a phone: the same engine and the same nodes, with a caller who is made up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pbx.core.errors import UserError
from pbx.flow.context import Context
from pbx.flow.engine import Walk
from pbx.flow.ports import Ports
from pbx.flow.scripted import (
    ScriptedChat,
    ScriptedLine,
    ScriptedListening,
    ScriptedMessages,
    ScriptedOffice,
    ScriptedReach,
    ScriptedWeb,
    World,
)
from pbx.model.flow_run import FlowTestResult, Simulation, Step
from pbx.model.flow_script import FlowExpectation, FlowScript, FlowTest

if TYPE_CHECKING:
    from pbx.flow.document import LoadedFlow
    from pbx.flow.ports import Chat, Office

__all__ = ["run_test", "simulate"]

USUAL_TIME = datetime(2026, 1, 5, 10, 0)
MOST_REAL_S = 10.0

FindFlow = Callable[[str], "LoadedFlow | None"]


class _Steps:
    """Implements `engine.Path`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.steps: list[Step] = []

    def flow(self, flow: LoadedFlow) -> None:
        """Each step names its flow."""

    def enter(self, flow: LoadedFlow, id: str, kind: str) -> None:
        self._world.step = len(self.steps)
        self.steps.append(Step(flow=flow.number, node=id, kind=kind, at_s=round(self._world.at_s, 1)))

    def leave(self, _flow: LoadedFlow, _id: str, exit: str, detail: str) -> None:
        self.steps[-1] = msgspec.structs.replace(self.steps[-1], exit=exit, detail=detail)


async def simulate(
    flow: LoadedFlow, script: FlowScript, *, office: Office, flows: FindFlow, chat: Chat | None = None
) -> Simulation:
    """Walk to the end. Raises `UserError` 422 when a node waits for something that only a real call has."""
    world = World(script, _start(script.at, office.time_zone))
    steps = _Steps(world)
    line = ScriptedLine(world)
    scripted = ScriptedOffice(world, office)
    context = Context(
        Ports(
            line=line,
            reach=ScriptedReach(world, scripted),
            office=scripted,
            web=ScriptedWeb(world),
            messages=ScriptedMessages(world),
            listening=ScriptedListening(world, line),
            chat=chat or ScriptedChat(),
        ),
        {
            "caller.number": script.caller,
            "caller.name": script.caller_name,
            "caller.extension": script.caller_extension or "",
            "called.number": script.called or flow.number,
            "call.id": "simulated",
        },
    )
    try:
        async with asyncio.timeout(MOST_REAL_S):
            await Walk(context, steps, flows).run(flow)
    except TimeoutError:
        where = steps.steps[-1].node if steps.steps else flow.entry
        raise UserError(
            f"the node {where} waits for something that does not happen without a phone", http_status=422
        ) from None
    return Simulation(
        flow=flow.number,
        revision=flow.revision,
        started_at=world.started_at,
        path=tuple(steps.steps),
        heard=tuple(world.heard),
        deeds=tuple(world.deeds),
        end=_end(world),
        status=world.status,
        answered=world.answered,
        duration_s=round(world.at_s, 1),
        values=dict(context.values),
    )


def _end(world: World) -> Literal["hung_up", "caller_hung_up", "connected", "failed"]:
    if world.caller_left:
        return "connected" if world.talked else "caller_hung_up"
    if world.failed:
        return "failed"
    return "connected" if world.talked else "hung_up"


def _start(at: datetime | None, zone_name: str) -> datetime:
    at = at or USUAL_TIME
    return at if at.tzinfo is not None else at.replace(tzinfo=_zone(zone_name))


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


async def run_test(
    flow: LoadedFlow, test: FlowTest, *, office: Office, flows: FindFlow, chat: Chat | None = None
) -> FlowTestResult:
    """Walk the test's script, and compare."""
    try:
        found = await simulate(flow, test.script, office=office, flows=flows, chat=chat)
    except UserError as error:
        return FlowTestResult(name=test.name, passed=False, differences=(error.message,))
    node, path = _path_difference(found, test.expect)
    differences = (*path, *_other_differences(found, test.expect))
    return FlowTestResult(
        name=test.name, passed=not differences, differences=differences, node=node, simulation=found
    )


def _path_difference(found: Simulation, expect: FlowExpectation) -> tuple[str | None, Sequence[str]]:
    """The node at which the walk leaves the expected path, and how."""
    if expect.path is None:
        return None, ()
    wanted = list(expect.path)
    for index, step in enumerate(found.path):
        if index >= len(wanted):
            return step.node, (f"the call goes on to {_named(found, step)}; the path was to end before that",)
        if not _fits(wanted[index], found, step):
            why = f" ({step.detail})" if step.detail else ""
            return step.node, (
                f"step {index + 1} of the path is {_named(found, step)}{why}, not {wanted[index]}",
            )
    if len(found.path) < len(wanted):
        missing = wanted[len(found.path)]
        return found.path[-1].node if found.path else None, (f"the call ends before {missing}",)
    return None, ()


def _named(found: Simulation, step: Step) -> str:
    flow = "" if step.flow == found.flow else f"{step.flow}/"
    return f"{flow}{step.node}:{step.exit}" if step.exit else f"{flow}{step.node}"


def _fits(wanted: str, found: Simulation, step: Step) -> bool:
    flow, _, rest = wanted.rpartition("/")
    node, _, exit = rest.partition(":")
    return (flow or found.flow) == step.flow and node == step.node and (not exit or exit == step.exit)


def _other_differences(found: Simulation, expect: FlowExpectation) -> list[str]:
    differences = []
    if expect.end is not None and expect.end != found.end:
        differences.append(f"the end is {_words(found.end)}, not {_words(expect.end)}")
    reached = tuple(each.to for each in found.deeds if each.result and each.what in REACHING)
    if expect.reaches is not None and expect.reaches != reached:
        differences.append(f"the call reaches {_listed(reached)}, not {_listed(expect.reaches)}")
    heard = iter(f"{each.name} {each.what}".casefold() for each in found.heard)
    for part in expect.hears:
        if not any(part.casefold() in each for each in heard):
            differences.append(f"the caller does not hear “{part}”" + (" there" if found.heard else ""))
            break
    for name, value in expect.values.items():
        got = str(found.values.get(name, ""))
        if got != value:
            differences.append(f"the value {name} is “{got}”, not “{value}”")
    return differences


REACHING = frozenset(
    (
        "extension",
        "ring group",
        "queue",
        "dial",
        "transfer",
        "voicemail",
        "check voicemail",
        "conference",
        "park",
        "page",
    )
)


def _words(end: str) -> str:
    return end.replace("_", " ")


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) or "nobody"
