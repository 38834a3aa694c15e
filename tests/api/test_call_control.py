"""Calls that are going on, by API: read one, hang up, send on."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.api.scopes import Scope
from pbx.api.table import ROUTES
from pbx.core.errors import UserError
from pbx.model.live_call import LiveCall, ParkedCall
from pbx.model.supervision import How, Supervised
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

    def call(self, extension: str, to: str) -> LiveCall:
        self.done.append(("call", extension, to))
        return call("c9")

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        self.done.append(("hold", call_id, leg, str(on)))
        return self._talking

    def park(self, call_id: str, leg: str, slot: str) -> bool:
        self.done.append(("park", call_id, leg, slot))
        if slot == "9":
            raise UserError("slot 9 is taken", http_status=409, path="$.slot")
        return self._talking

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        self.done.append(("listen", call_id, extension, how, str(to), asked_by))
        return Supervised(call="c8", extension=extension, how=how)

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


async def test_a_click_calls_from_the_extensions_own_phone(start_node: StartNode) -> None:
    control = Recorded()
    node = await start_node(control=control)
    async with node.ask(
        "POST", "/api/v1/calls", json={"from_extension": "101", "to": "+493012345"}
    ) as answer:
        assert answer.status == 201
        assert answer.headers["Location"] == "/api/v1/calls/c9"
        assert (await answer.json())["id"] == "c9"
    await node.json("POST", "/api/v1/calls", 422, json={"from_extension": "101"})
    await node.json("POST", "/api/v1/calls", 422, json={"from_extension": "101", "to": "sip:x@evil"})
    assert control.done == [("call", "101", "+493012345")]


async def test_one_side_is_held_and_parked(start_node: StartNode) -> None:
    control = Recorded("c1")
    node = await start_node(control=control)
    node.calls.append(call("c1"))
    base = "/api/v1/calls/c1"
    await node.json("POST", f"{base}/hold", json={"leg": "b1", "on": True})
    await node.json("POST", f"{base}/park", 202, json={})
    problem = await node.json("POST", f"{base}/park", 409, json={"leg": "b1", "slot": "9"})
    assert problem["errors"][0]["path"] == "$.slot"
    await node.json("POST", f"{base}/hold", 422, json={"leg": "c", "on": True})
    await node.json("POST", "/api/v1/calls/c2/hold", 404, json={"leg": "a", "on": True})
    assert control.done == [
        ("hold", "c1", "b1", "True"),
        ("park", "c1", "a", ""),
        ("park", "c1", "b1", "9"),
    ]
    alone = await start_node(control=Recorded("c1", talking=False))
    alone.calls.append(call("c1"))
    await alone.json("POST", f"{base}/hold", 409, json={"leg": "a", "on": True})
    await alone.json("POST", f"{base}/park", 409, json={})


async def test_listening_says_who_asked(start_node: StartNode) -> None:
    control = Recorded("c1")
    node = await start_node(control=control)
    order = {"extension": "105", "how": "whisper", "leg": "a"}
    assert await node.json("POST", "/api/v1/calls/c1/listen", 202, json=order) == {
        "call": "c8",
        "extension": "105",
        "how": "whisper",
    }
    await node.json("POST", "/api/v1/calls/c1/listen", 422, json={"extension": "105", "how": "shout"})
    assert control.done == [("listen", "c1", "105", "whisper", "a", "test")]


def test_listening_has_a_right_of_its_own() -> None:
    scopes = {route.name: route.scope for route in ROUTES}
    assert scopes["listenToCall"] is Scope.CALLS_SUPERVISE
    assert [name for name, scope in scopes.items() if scope is Scope.CALLS_SUPERVISE] == ["listenToCall"]


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
    await node.json("POST", "/api/v1/calls", 404, json={"from_extension": "101", "to": "102"})
    await node.json("POST", "/api/v1/calls/c1/listen", 404, json={"extension": "101"})
