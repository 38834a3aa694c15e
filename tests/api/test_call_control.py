"""Calls that are going on, by API: read one, hang up, send on."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.model.live_call import LiveCall, ParkedCall
from tests.api.conftest import START, Node, StartNode


class Recorded:
    """Does what it is told for the calls it knows, and remembers it."""

    def __init__(self, *calls: str, talking: bool = True) -> None:
        self.done: list[tuple[str, ...]] = []
        self._calls = calls
        self._talking = talking

    def hang_up(self, call_id: str) -> bool:
        self.done.append(("hang_up", call_id))
        return call_id in self._calls

    def transfer(self, call_id: str, leg: str, to: str) -> bool:
        self.done.append(("transfer", call_id, leg, to))
        return call_id in self._calls and self._talking

    def parked(self) -> Sequence[ParkedCall]:
        return (ParkedCall(slot="3", call="c1", party="101", by="102", since=START),)


def call(name: str) -> LiveCall:
    return LiveCall(
        id=name,
        from_number="101",
        from_name="",
        dialled="102",
        to_name="",
        state="talking",
        started_at=START,
        answered_at=START,
        legs=(),
    )


async def test_a_call_is_hung_up(start_node: StartNode) -> None:
    control = Recorded("c1")
    node = await start_node(control=control)
    await node.json("DELETE", "/api/v1/calls/c1", 204)
    problem = await node.json("DELETE", "/api/v1/calls/c2", 404)
    assert problem["detail"] == "There is no call c2 going on."
    assert control.done == [("hang_up", "c1"), ("hang_up", "c2")]


async def test_one_side_of_a_call_is_sent_on(start_node: StartNode) -> None:
    control = Recorded("c1")
    node = await start_node(control=control)
    node.calls.append(call("c1"))
    assert (await node.json("GET", "/api/v1/calls/c1"))["state"] == "talking"
    await node.json("POST", "/api/v1/calls/c1/transfer", 202, json={"to": "103"})
    await node.json("POST", "/api/v1/calls/c1/transfer", 202, json={"to": "*68", "leg": "b1"})
    await node.json("POST", "/api/v1/calls/c2/transfer", 404, json={"to": "103"})
    await node.json("POST", "/api/v1/calls/c1/transfer", 422, json={"to": "sip:x@evil"})
    assert control.done == [("transfer", "c1", "a", "103"), ("transfer", "c1", "b1", "*68")]


async def test_a_call_in_which_nobody_talks_is_not_sent_on(start_node: StartNode) -> None:
    node = await start_node(control=Recorded("c1", talking=False))
    node.calls.append(call("c1"))
    problem = await node.json("POST", "/api/v1/calls/c1/transfer", 409, json={"to": "103"})
    assert problem["detail"].startswith("Only a call in which two people talk")


async def test_what_is_parked_is_listed(start_node: StartNode) -> None:
    node = await start_node(control=Recorded())
    listed = await node.json("GET", "/api/v1/parked-calls")
    assert listed["total"] == 1
    assert listed["items"][0] | {"since": ""} == {
        "slot": "3",
        "call": "c1",
        "party": "101",
        "party_name": "",
        "by": "102",
        "since": "",
    }


async def test_a_node_without_calls_refuses(node: Node) -> None:
    await node.json("DELETE", "/api/v1/calls/c1", 404)
