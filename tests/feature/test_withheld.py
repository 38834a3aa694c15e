"""A withheld number is shown to nobody but those who are called for help."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.model.extension import Extension
from pbx.model.leg_event import Refused
from pbx.model.outbound_route import OutboundRoute
from pbx.model.party import DialTarget
from tests.call.parts import PCMU, Office, ScriptedLeg, sdp, target

ALICE = Extension(number="101", name="Alice")
ROUTE = OutboundRoute(
    id="all", name="All", position=1, patterns=("X.",), trunks=("provider",), reach="national"
)


class Line:
    """A trunk that notes whether it is to hide the caller."""

    is_up = has_room = True
    state = "up"
    is_office = is_edge = False
    trunk = SimpleNamespace(id="provider", name="Provider", enabled=True)

    def __init__(self) -> None:
        self.anonymous: list[bool] = []

    def target(self, dialled: str, *_: Any, anonymous: bool, **__: Any) -> DialTarget:
        self.anonymous.append(anonymous)
        return target(f"sip:{dialled}@provider")

    def seize(self) -> Any:
        return lambda: None


@pytest.mark.parametrize(
    ("dialled", "withholds", "anonymous"),
    [("2025550123", True, True), ("2025550123", False, False), ("911", True, False)],
)
async def test_who_sees_a_withheld_number(dialled: str, withholds: bool, anonymous: bool) -> None:
    line = Line()
    trunks: Any = SimpleNamespace(lines={"provider": line})
    outside = OutsideCalls(trunks, lambda: [ROUTE], emergency=("911",), passed_on=PassedOn())
    office = Office(offer=sdp(PCMU))

    def refuse(_uri: str, leg: ScriptedLeg) -> None:
        leg.tell(Refused(486, "Busy Here"))

    class Router:
        async def route(self, call: Call) -> None:
            if withholds:
                call.a.withheld = True
            if outside.is_emergency(dialled):
                await outside.call_for_help(call, dialled, ALICE)
            else:
                await outside.call(call, dialled, ALICE)

        async def transfer(self, call: Call, transfer: Any) -> None: ...

    office.signaling.on_dial = refuse
    await office.call.run(Router())
    assert line.anonymous == [anonymous]


@pytest.mark.parametrize(("state", "calls"), [("up", 1), ("trying", 1), ("down", 0), ("off", 0)])
async def test_a_line_that_is_not_known_yet_is_tried(state: str, calls: int) -> None:
    """After a start nothing is known of any line for a moment: a call that comes then is not refused."""
    line = Line()
    line.is_up, line.state = state == "up", state
    trunks: Any = SimpleNamespace(lines={"provider": line})
    outside = OutsideCalls(trunks, lambda: [ROUTE], emergency=("911",), passed_on=PassedOn())
    office = Office(offer=sdp(PCMU))

    class Router:
        async def route(self, call: Call) -> None:
            await outside.call(call, "2025550123", ALICE)

        async def transfer(self, call: Call, transfer: Any) -> None: ...

    office.signaling.on_dial = lambda _uri, leg: leg.tell(Refused(486, "Busy Here"))
    await office.call.run(Router())
    assert len(line.anonymous) == calls
