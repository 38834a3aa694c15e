"""Browser stories of what offices do by hand; the node's answers are looked at, not only the page's."""

from __future__ import annotations

from dataclasses import dataclass, field
from msgspec.structs import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pbx.api.deps import ApiDeps
from pbx.api.ports.calls import NoCalls
from pbx.model.flow import Flow
from pbx.model.kinds import EXTENSION, FLOW
from pbx.model.supervision import How, Supervised
from pbx.store.database import Database
from tests.site.script import play
from tests.site.stage import Stage, StagedCall, staged

pytestmark = pytest.mark.timeout(300)

HELLO: dict[str, Any] = {
    "number": "500",
    "name": "Welcome",
    "entry": "start",
    "nodes": {
        "start": {"type": "inbound_number", "parameters": {}, "x": 0, "y": 0},
        "hello": {"type": "say", "parameters": {"text": "Welcome to the office"}, "x": 320, "y": 0},
        "bye": {"type": "hang_up", "parameters": {}, "x": 640, "y": 0},
    },
    "wires": {"start": {"next": "hello"}, "hello": {"done": "bye"}},
}


@dataclass
class Steered(NoCalls):
    """Writes down what was asked of calls."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def hang_up(self, call_id: str) -> bool:
        self.asked.append(("hang up", call_id))
        return True

    def transfer(self, call_id: str, leg: str, to: str) -> bool:
        self.asked.append(("transfer", call_id, leg, to))
        return True

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        self.asked.append(("hold", call_id, leg, on))
        return True

    def park(self, call_id: str, leg: str, slot: str) -> bool:
        self.asked.append(("park", call_id, leg, slot))
        return True

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        self.asked.append(("listen", call_id, extension, how, asked_by))
        return Supervised(call="supervision", extension=extension, how=how)


class Director:
    """What happens at each cue."""

    def __init__(self, stage: Stage, control: Steered) -> None:
        self.stage = stage
        self.control = control
        self.call: StagedCall | None = None

    async def unchanged(self) -> None:
        found = {each.number: each.name for each in await self.stage.deps.records.all(EXTENSION)}
        assert found == {"101": "Alice Morgan", "102": "Bob Okafor"}

    async def talk(self) -> None:
        self.call = self.stage.call(20)
        await self.call.offer(("101", "Alice Morgan"), "102", "Bob Okafor")
        await self.call.ring("102")
        await self.call.answer()

    async def was_steered(self) -> None:
        assert self.call is not None
        id_ = self.call.id
        assert self.control.asked == [
            ("hold", id_, "a", True),
            ("transfer", id_, "a", "140"),
            ("park", id_, "a", ""),
            ("listen", id_, "140", "whisper", "admin"),
            ("hang up", id_),
        ]
        await self.call.later(1).end()

    async def rename(self) -> None:
        flow = await self.flow()
        await self.stage.deps.records.apply([(FLOW, msgspec.structs.replace(flow, name="By somebody else"))])

    async def is_mine(self) -> None:
        flow = await self.flow()
        assert (flow.name, flow.nodes["hello"].name) == ("Welcome", "Mine")

    async def flow(self) -> Flow:
        found = await self.stage.deps.records.get(FLOW, "500")
        assert found is not None
        return msgspec.convert(found.record, Flow)


async def test_factor_invitation_spreadsheet_copies_and_live_calls(tmp_path: Path) -> None:
    control = Steered()

    async def furnish(deps: ApiDeps, _: Database) -> ApiDeps:
        return replace(deps, control=control)

    async with staged(tmp_path, furnish=furnish) as stage:
        await stage.extension("101", "Alice Morgan")
        await stage.extension("102", "Bob Okafor")
        await stage.deps.records.apply([(FLOW, msgspec.convert(HELLO, Flow))])
        director = Director(stage, control)
        await play(
            "office_hands.mjs",
            stage.setup_url,
            str(tmp_path),
            cues={
                "nothing has changed yet": director.unchanged,
                "two people talk": director.talk,
                "the call was steered": director.was_steered,
                "somebody else renames the flow": director.rename,
                "the flow is as it was drawn": director.is_mine,
            },
            timeout_s=270,
        )
