"""`pbx simulate`: walks a made-up call through a flow of the office, and tells what came of it.

Exit status 0; 1 when the flow has faults, or one of its tests fails.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from operator import itemgetter

import msgspec

from pbx.app.office import opened
from pbx.core.config import NodeConfig
from pbx.core.errors import UserError
from pbx.flow.publishing import DRAFT, LIVE
from pbx.model.flow_run import FlowTestResult, Simulation
from pbx.model.flow_script import FlowScript
from pbx.model.validate import problems_of

__all__ = ["run", "story", "verdicts"]

_ENDS = {
    "hung_up": "The flow hangs up",
    "caller_hung_up": "The caller hangs up",
    "connected": "Somebody has talked with the caller: the call is over",
    "failed": "The flow could not go on, and the caller was told so",
}


def run(config: NodeConfig, flow: str, script: bytes, *, live: bool, tests: bool, as_json: bool) -> int:
    """The exit status. Raises `UserError`."""
    which = LIVE if live else DRAFT
    if tests:
        results = asyncio.run(_test(config, flow, which))
        _print(results, verdicts(results), as_json=as_json)
        return 0 if all(each.passed for each in results) else 1
    found = asyncio.run(_simulate(config, flow, which, read_script(script)))
    _print(found, story(found), as_json=as_json)
    return 0


def read_script(data: bytes) -> FlowScript:
    """Raises `UserError` that names every wrong field."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"the script is not JSON: {error}") from None
    if problems := problems_of(raw, FlowScript):
        raise UserError("the script is not as it should be", problems=tuple(problems))
    return msgspec.convert(raw, FlowScript)


async def _simulate(config: NodeConfig, flow: str, which: str, script: FlowScript) -> Simulation:
    async with opened(config, make=False) as office:
        return await office.publishing.simulate(flow, which, script)


async def _test(config: NodeConfig, flow: str, which: str) -> list[FlowTestResult]:
    async with opened(config, make=False) as office:
        return await office.publishing.test(flow, which)


def story(found: Simulation) -> Iterator[str]:
    """What happened, in the order of time."""
    state = f"revision {found.revision}" if found.revision else "draft"
    yield f"Flow {found.flow} ({state}), {found.started_at:%A %d %B %Y %H:%M %Z}"
    for index, step in enumerate(found.path):
        flow = "" if step.flow == found.flow else f"{step.flow}/"
        yield f"{step.at_s:7.1f} s  {flow}{step.node} [{step.kind}]"
        lines = [
            (each.at_s, f"hears {each.kind} {each.what}".rstrip())
            for each in found.heard
            if each.step == index
        ]
        for deed in found.deeds:
            if deed.step == index:
                result = f": {deed.result}" if deed.result else ""
                lines.append((deed.at_s, f"{deed.what} {deed.to}".rstrip() + result))
        yield from (f"{at_s:7.1f} s      {text}" for at_s, text in sorted(lines, key=itemgetter(0)))
        why = f" ({step.detail})" if step.detail else ""
        if step.exit:
            yield f"           → {step.exit}{why}"
    status = f", SIP status {found.status}" if found.status else ""
    yield f"{found.duration_s:7.1f} s  {_ENDS[found.end]}{status}."


def verdicts(results: Sequence[FlowTestResult]) -> Iterator[str]:
    """A line for each test, and one for each thing that was other than expected."""
    if not results:
        yield "the flow has no tests"
    for each in results:
        yield f"{'passed' if each.passed else 'FAILED'}  {each.name}"
        yield from (f"        {text}" for text in each.differences)


def _print(value: object, lines: Iterator[str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
        sys.stdout.flush()
    else:
        print("\n".join(lines))
