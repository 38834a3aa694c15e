"""Live events: a snapshot first, then every change with its number, and a way back after a lost connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from pbx.api import events, live
from pbx.api.live import LiveHub
from pbx.api.live_message import LiveMessage
from pbx.model.call_event import LegRinging
from pbx.model.extension_state import ExtensionState, ExtensionStateChanged
from pbx.model.live_call import LiveCall, LiveLeg
from pbx.model.registration import Registered
from pbx.model.replication import DrillReport, ReplicationState
from tests.api.conftest import START, Node, StartNode, live_call, registration, soon

PATH = "/api/v1/events"


class Live:
    """One open connection of a test."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> Any:
        """The next message as plain JSON; it must be one of those that the document describes."""
        message = await self.socket.receive(3)
        assert message.type is WSMsgType.TEXT, message
        msgspec.json.decode(message.data, type=LiveMessage)
        return msgspec.json.decode(message.data)

    async def closed(self) -> int | None:
        """The close code; messages before it are passed over."""
        while (await self.socket.receive(3)).type is WSMsgType.TEXT:
            pass
        return self.socket.close_code


@asynccontextmanager
async def connected(node: Node, query: str = "") -> AsyncIterator[Live]:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with node.browser().ws_connect(PATH + query, headers=headers) as socket:
        yield Live(socket)


def call_happened(node: Node, id_: str) -> None:
    node.deps.bus.publish("call", LegRinging(call=id_, at=START, leg="b1", status=180))


async def test_snapshot_first_then_each_change_with_rising_numbers(node: Node) -> None:
    node.calls.append(live_call("A"))
    node.registrations.append(registration("101"))
    async with connected(node) as page:
        first = await page.next()
        assert first["type"] == "snapshot"
        assert [one["id"] for one in first["calls"]] == ["A"]
        assert [one["extension"] for one in first["registrations"]] == ["101"]
        assert first["extensions"] == []

        node.calls[:] = [live_call("A", "talking"), live_call("B")]
        call_happened(node, "A")
        changes = [await page.next(), await page.next()]
        assert [(one["type"], one["id"], one["item"]["state"]) for one in changes] == [
            ("call", "A", "talking"),
            ("call", "B", "ringing"),
        ]
        assert [one["seq"] for one in changes] == [first["seq"] + 1, first["seq"] + 2]

        node.calls.pop(0)
        call_happened(node, "A")
        assert await page.next() == {"type": "call", "seq": first["seq"] + 3, "id": "A", "item": None}


async def test_registrations_and_extensions_are_live_too(node: Node) -> None:
    async with connected(node) as page:
        await page.next()
        node.registrations.append(registration("101"))
        node.deps.bus.publish("registration", Registered(extension="101", contact_uri="sip:101@192.0.2.20"))
        assert (await page.next())["item"]["extension"] == "101"
        await node.json("POST", "/api/v1/extensions", 201, json={"number": "102", "name": "Bob"})
        change = await page.next()
        assert (change["type"], change["id"], change["item"]["name"]) == ("extension", "102", "Bob")
        await node.json("DELETE", "/api/v1/extensions/102", 204)
        assert (await page.next())["item"] is None


async def test_who_rings_and_who_talks_is_live_and_can_be_listed(node: Node) -> None:
    node.states[:] = [ExtensionState(number="101", registered=True), ExtensionState(number="102")]
    async with connected(node, "?topics=extension_states,calls") as page:
        first = await page.next()
        assert [one["state"] for one in first["extension_states"]] == ["free", "free"]
        node.states[1] = ExtensionState(number="102", state="ringing", calls=1, with_number="101")
        node.deps.bus.publish("extension_state", ExtensionStateChanged(number="102"))
        change = await page.next()
        assert (change["type"], change["id"], change["item"]["state"]) == (
            "extension_state",
            "102",
            "ringing",
        )
    listed = await node.json("GET", "/api/v1/extension-states?limit=1&offset=1", 200)
    assert listed["total"] == 2
    assert [(one["number"], one["with_number"]) for one in listed["items"]] == [("102", "101")]


async def test_only_the_topics_asked_for_are_sent(node: Node) -> None:
    async with connected(node, "?topics=registrations") as page:
        first = await page.next()
        assert first["calls"] is None
        assert first["extensions"] is None
        node.calls.append(live_call("A"))
        call_happened(node, "A")
        await asyncio.sleep(0.1)
        node.registrations.append(registration("101"))
        node.deps.bus.publish("registration", Registered(extension="101", contact_uri="sip:101@192.0.2.20"))
        assert (await page.next())["type"] == "registration"


async def test_event_that_changes_nothing_sends_nothing(node: Node) -> None:
    node.calls.append(live_call("A"))
    async with connected(node) as page:
        await page.next()
        call_happened(node, "A")
        await asyncio.sleep(0.15)
        node.calls.clear()
        call_happened(node, "A")
        assert (await page.next())["item"] is None


async def test_client_that_comes_back_gets_exactly_what_it_missed(node: Node) -> None:
    async with connected(node) as page:
        await page.next()
        node.calls.append(live_call("A"))
        call_happened(node, "A")
        seen = (await page.next())["seq"]
    await soon(lambda: not node.deps.bus._listeners.get("call"))
    node.calls.append(live_call("B"))  # happens while nobody watches
    async with connected(node, f"?since={seen}") as page:
        assert await page.next() == {"type": "resumed", "seq": seen}
        change = await page.next()
        assert (change["seq"], change["id"]) == (seen + 1, "B")


@pytest.mark.parametrize("offset", [-(10**6), 1, 10**9])
async def test_number_that_is_not_of_this_run_gets_a_snapshot(node: Node, offset: int) -> None:
    async with connected(node) as page:
        seq = (await page.next())["seq"]
    async with connected(node, f"?since={seq + offset}") as page:
        assert (await page.next())["type"] == "snapshot"


async def test_what_fell_out_of_the_ring_gets_a_snapshot(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RING", 3)
    async with connected(node) as page:
        seq = (await page.next())["seq"]
    node.calls[:] = [live_call(f"C{n}") for n in range(5)]
    async with connected(node, f"?since={seq}") as page:
        assert (await page.next())["type"] == "snapshot"
    async with connected(node, f"?since={seq + 2}") as page:
        assert (await page.next())["type"] == "resumed"
        assert [(await page.next())["seq"] for _ in range(3)] == [seq + 3, seq + 4, seq + 5]


async def test_slow_client_is_dropped_counted_and_may_come_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "QUEUE", 5)
    async with connected(node) as page:
        await page.next()
        node.calls[:] = [live_call(f"C{n}") for n in range(50)]
        call_happened(node, "C1")
        assert await page.closed() == 1013
    async with node.ask("GET", "/metrics") as answer:
        assert "pbx_http_live_dropped_total 1\n" in await answer.text()
    async with connected(node) as page:
        assert len((await page.next())["calls"]) == 50


async def test_heartbeat_tells_that_the_line_lives_and_finds_what_no_event_told(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)
    async with connected(node) as page:
        seq = (await page.next())["seq"]
        assert await page.next() == {"type": "heartbeat", "seq": seq}
        node.calls.append(live_call("A"))  # no event on the bus
        while (message := await page.next())["type"] == "heartbeat":
            pass
        assert message["id"] == "A"


async def test_heartbeat_comes_also_while_much_happens(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.2)
    async with connected(node) as page:
        await page.next()
        for n in range(40):
            node.calls[:] = [live_call("A", f"state{n}")]
            call_happened(node, "A")
            if (await page.next())["type"] == "heartbeat":
                return
        pytest.fail("no heartbeat among 40 changes")


async def test_busy_node_sends_the_latest_state_not_every_step(node: Node) -> None:
    async with connected(node) as page:
        await page.next()
        for n in range(200):
            node.calls[:] = [live_call("A", f"state{n}")]
            call_happened(node, "A")
            await asyncio.sleep(0.001)
        count = 0
        while (await page.next())["item"]["state"] != "state199":
            count += 1
        assert count < 100


async def test_nothing_is_compared_while_nobody_watches(start_node: StartNode) -> None:
    asked = 0

    def calls() -> Sequence[LiveCall]:
        nonlocal asked
        asked += 1
        return []

    node = await start_node(live_calls=calls)
    async with connected(node) as page:
        await page.next()
    await soon(lambda: not node.deps.bus._listeners.get("call"))
    before = asked
    for _ in range(10):
        call_happened(node, "A")
    await asyncio.sleep(0.1)
    assert asked == before


async def test_hub_starts_again_after_a_fault_of_the_node(start_node: StartNode) -> None:
    broken = False

    def calls() -> Sequence[LiveCall]:
        if broken:
            raise ZeroDivisionError
        return []

    node = await start_node(live_calls=calls)
    async with connected(node) as page:
        await page.next()
        broken = True
        call_happened(node, "A")
        assert await page.closed() == 1011
    broken = False
    async with connected(node) as page:
        assert (await page.next())["type"] == "snapshot"


# -- who may listen, and for how long ----------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_page_cannot_listen_with_the_cookie(node: Node, origin: str | None) -> None:
    browser, _ = await node.admin()
    headers = {"Origin": origin} if origin else {}
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect(PATH, headers=headers)
    assert refused.value.status == 403


async def test_own_page_listens_with_the_cookie_until_it_signs_out(node: Node) -> None:
    browser, session = await node.admin()
    async with browser.ws_connect(PATH, headers={"Origin": node.base}) as socket, connected(node) as other:
        page = Live(socket)
        await page.next()
        await other.next()
        async with browser.delete("/api/v1/session", headers={"X-CSRF-Token": session.csrf_token}) as answer:
            assert answer.status == 204
        assert await page.closed() == 1008
        node.calls.append(live_call("A"))
        call_happened(node, "A")
        assert (await other.next())["id"] == "A"  # others stay


async def test_expired_session_ends_its_connection(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    browser, _ = await node.admin()
    async with browser.ws_connect(PATH, headers={"Origin": node.base}) as socket:
        page = Live(socket)
        await page.next()
        node.time.pass_s(13 * 3600)
        assert await page.closed() == 1008


async def test_deleted_token_ends_its_connection(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    async with connected(node) as page:
        await page.next()
        (token,), _ = await node.deps.tokens.list()
        await node.deps.tokens.delete(token.id)
        assert await page.closed() == 1008


async def test_plain_get_is_told_to_upgrade(node: Node) -> None:
    async with node.ask("GET", PATH) as answer:
        assert answer.status == 426
        assert answer.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize(("query", "path"), [("topics=weather", "query.topics"), ("since=-1", "query.since")])
async def test_bad_query_is_refused(node: Node, query: str, path: str) -> None:
    assert (await node.json("GET", f"{PATH}?{query}", 422))["errors"][0]["path"] == path


async def test_too_many_connections_are_refused(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_CLIENTS", 1)
    async with connected(node) as page:
        await page.next()
        with pytest.raises(WSServerHandshakeError) as refused:
            async with connected(node):
                pass
        assert refused.value.status == 503


async def test_talkative_client_is_not_listened_to_and_a_huge_message_ends_it(node: Node) -> None:
    async with connected(node) as page:
        await page.next()
        await page.socket.send_str("hello")
        node.calls.append(live_call("A"))
        call_happened(node, "A")
        assert (await page.next())["id"] == "A"
        await page.socket.send_str("x" * 100_000)
        assert await page.closed() == 1009


async def test_stopping_node_says_goodbye(start_node: StartNode) -> None:
    node = await start_node()
    async with connected(node) as page:
        await page.next()
        async with asyncio.TaskGroup() as group:
            group.create_task(node.server.close())
            assert await page.closed() == 1001


async def test_clients_that_leave_are_forgotten(node: Node) -> None:
    for _ in range(5):
        async with connected(node) as page:
            await page.next()
    await soon(lambda: not node.deps.bus._listeners.get("call"))


async def test_numbers_of_a_later_run_are_higher(node: Node) -> None:
    first = LiveHub(node.deps)._seq
    node.time.pass_s(1)
    assert LiveHub(node.deps)._seq > first


def call_of(id_: str, *extensions: str | None, state: str = "ringing") -> LiveCall:
    """A call whose legs are at these extensions; None: an outside party that shows the number 101."""
    legs = tuple(
        LiveLeg(leg=f"b{place}", party=extension or "101", extension=extension, state="talking")
        for place, extension in enumerate(extensions)
    )
    return msgspec.structs.replace(live_call(id_, state), legs=legs)


async def test_who_sees_only_their_own_things_is_told_of_these(node: Node) -> None:
    for number, name in (("101", "Alice"), ("102", "Bob")):
        await node.json("POST", "/api/v1/extensions", 201, json={"number": number, "name": name})
    node.calls[:] = [
        call_of("mine", "101", "102"),
        call_of("theirs", "102", "103"),
        call_of("shown", None, "102"),
    ]
    node.registrations[:] = [registration("101"), registration("102")]
    browser, _ = await node.admin("alice", role="user", extension="101")
    async with browser.ws_connect(PATH, headers={"Origin": node.base}) as socket:
        page = Live(socket)
        first = await page.next()
        assert [one["id"] for one in first["calls"]] == ["mine"]
        assert [one["extension"] for one in first["registrations"]] == ["101"]
        assert [one["number"] for one in first["extensions"]] == ["101"]
        assert not first.get("queues")

        node.calls[:] = [
            call_of("theirs", "102", "101"),
            call_of("mine", "103", "102"),
            call_of("other", "102"),
        ]
        call_happened(node, "theirs")
        changes = {one["id"]: one["item"] for one in [await page.next(), await page.next()]}
        assert changes["mine"] is None  # transferred away from her
        assert changes["theirs"]["id"] == "theirs"  # and this one to her
        node.calls.clear()
        call_happened(node, "theirs")
        assert (await page.next())["item"] is None
    async with browser.ws_connect(f"{PATH}?since={first['seq']}", headers={"Origin": node.base}) as socket:
        assert (await Live(socket).next())["type"] == "snapshot"
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect(f"{PATH}?topics=queues", headers={"Origin": node.base})
    assert refused.value.status == 403


async def test_a_restore_drill_is_told_when_it_has_ended(start_node: StartNode) -> None:
    class Desk:
        last: DrillReport | None = None

        def state(self) -> ReplicationState:
            return ReplicationState(condition="running", last_drill=self.last)

    desk = Desk()
    node = await start_node(replication=desk)
    async with connected(node, "?topics=drills") as page:
        assert (await page.next())["drills"] == []
        desk.last = DrillReport(at=START, ok=False, faults=("3 rows are missing.",))
        node.deps.bus.publish("drill", desk.last)
        told = await page.next()
        assert (told["type"], told["id"], told["item"]["ok"]) == ("drill", "replica", False)
        assert told["item"]["faults"] == ["3 rows are missing."]
