"""The conference node: where a caller goes on from there."""

from __future__ import annotations

import pytest

from pbx.flow.nodes.conference import JoinConference
from pbx.flow.ports import Reached
from tests.flow.parts import World, run


@pytest.mark.parametrize(("reached", "exit"), [("talked", "left"), ("refused", "refused"), ("busy", "busy")])
async def test_what_becomes_of_a_caller(reached: Reached, exit: str) -> None:
    world = World(reached=reached)
    assert await run(JoinConference(conference="700"), world) == exit
    assert world.asked == [("conference", "700")]
