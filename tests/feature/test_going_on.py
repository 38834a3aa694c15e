"""What a call was doing when the node was killed, read from its events."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.feature.going_on import Was, was
from pbx.model import call_event as events
from pbx.model.conference_event import ConferenceJoined, ConferenceLeft, ConferenceWaiting
from pbx.model.flow_event import FlowEntered, NodeEntered
from pbx.model.queue_event import QueueJoined, QueueLeft
from tests.fakes.clock import EPOCH


def event(of: type[Any], **fields: Any) -> Any:
    return of(call="c", at=EPOCH, **fields)


FLOW = event(FlowEntered, flow="900", name="Door", revision=3)
NODE = event(NodeEntered, flow="900", node="ask", kind="menu")
LINE = event(QueueJoined, queue="700", position=1)
OUT_OF_LINE = event(QueueLeft, queue="700", reason="timeout", waited_s=3.0)
SLOT = event(events.CallParked, slot="3", by="104")
ROOM = event(ConferenceJoined, conference="800", member=1, moderator=True)
OUT_OF_ROOM = event(ConferenceLeft, conference="800", member=1, reason="removed")
CODE = event(events.CallRouted, kind="feature", to="*99104", to_name="Leave a message")
BOX = event(events.CallRouted, kind="mailbox", to="104", to_name="Dave")
SPEAKS = event(events.MessageBegun, mailbox="104", message="m")
OPERATOR = event(events.CallRouted, kind="forward", to="101")
LISTENS = event(events.CallRouted, kind="supervision", to="d", to_name="A – B")
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
        ([event(ConferenceWaiting, conference="800", member=2)], Was("conference", "800")),
        ([CODE], Was("feature", "*99104")),
        ([CODE, BOX], Was("mailbox", "104")),
        ([CODE, BOX, SPEAKS], Was("mailbox", "104", speaks=True)),
        ([CODE, BOX, SPEAKS, OPERATOR], Was()),
        ([FLOW, NODE, BOX], Was("flow", "900", "ask")),
        ([FLOW, NODE, BOX, SPEAKS], Was("mailbox", "104", speaks=True)),
        ([FLOW, NODE, BOX, SPEAKS, NODE], Was("flow", "900", "ask")),
        ([LINE, BOX], Was("mailbox", "104")),
        ([LISTENS], Was("supervision", "d")),
    ],
)
def test_the_newest_counts(happened: list[events.CallEvent], wanted: Was) -> None:
    assert was(happened) == wanted
