"""What a call was doing when the node was killed, read from its events."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.feature.going_on import Was, was
from pbx.model import call_event as events
from tests.fakes.clock import EPOCH


def event(of: type[Any], **fields: Any) -> Any:
    return of(call="c", at=EPOCH, **fields)


FLOW = event(events.FlowEntered, flow="900", name="Door", revision=3)
NODE = event(events.NodeEntered, flow="900", node="ask", kind="menu")
LINE = event(events.QueueJoined, queue="700", position=1)
OUT_OF_LINE = event(events.QueueLeft, queue="700", reason="timeout", waited_s=3.0)
SLOT = event(events.CallParked, slot="3", by="104")
ROOM = event(events.ConferenceJoined, conference="800", member=1, moderator=True)
OUT_OF_ROOM = event(events.ConferenceLeft, conference="800", member=1, reason="removed")
SENT_ON = event(events.LegTransferred, leg="b1", stays="a", to="3")


@pytest.mark.parametrize(
    ("happened", "wanted"),
    [
        ([], Was()),
        ([FLOW], Was("flow", "900")),
        ([FLOW, NODE], Was("flow", "900", "ask")),
        ([FLOW, NODE, LINE], Was("flow", "900", "ask")),
        ([FLOW, NODE, LINE, OUT_OF_LINE], Was("flow", "900", "ask")),
        ([FLOW, NODE, SENT_ON, LINE], Was("queue", "700")),
        ([LINE], Was("queue", "700")),
        ([LINE, OUT_OF_LINE], Was()),
        ([SENT_ON, SLOT], Was("park", "3", by="104")),
        ([SLOT, SENT_ON], Was()),
        ([ROOM], Was("conference", "800", moderator=True)),
        ([ROOM, OUT_OF_ROOM], Was()),
        ([event(events.ConferenceWaiting, conference="800", member=2)], Was("conference", "800")),
    ],
)
def test_the_newest_counts(happened: list[events.CallEvent], wanted: Was) -> None:
    assert was(happened) == wanted
