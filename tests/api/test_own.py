"""Somebody with the role user sees and changes only what is theirs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from pbx.model.cdr import CdrLeg
from pbx.model.recording import Recording
from pbx.model.voicemail import Voicemail
from pbx.store.recordings import RecordingFilter
from tests.api.conftest import START, Node, StartNode, live_call
from tests.api.test_listing import cdr


class Recorded:
    """Two recordings, one of 101."""

    def __init__(self) -> None:
        common: dict[str, Any] = {
            "chain": "c",
            "call": "c",
            "part": 1,
            "left": "",
            "right": "",
            "format": "wav",
        }
        common |= {"file": "f", "started_at": START}
        self.all = [
            Recording(id="mine", left_extension="101", **common),
            Recording(id="theirs", right_extension="102", **common),
        ]

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[list[Recording], int]:
        found = [
            each for each in self.all if wanted.extension in (None, each.left_extension, each.right_extension)
        ]
        return found[offset : offset + limit], len(found)

    async def get(self, id_: str) -> Recording | None:
        return next((each for each in self.all if each.id == id_), None)


@pytest.fixture
async def office(start_node: StartNode) -> Node:
    node = await start_node()
    for number in ("101", "102"):
        body = {"number": number, "name": f"Phone {number}"}
        await node.json("POST", "/api/v1/extensions", 201, json=body)
    await node.json("POST", "/api/v1/mailboxes", 201, json={"number": "101", "name": "Alice"})
    await node.json("PATCH", "/api/v1/extensions/101", json={"mailbox": "101"})
    mine = msgspec.structs.replace(cdr(1), from_extension="101", to_extension="105")
    theirs = msgspec.structs.replace(cdr(2), from_extension="102", to_extension="103", from_number="101")
    group = msgspec.structs.replace(
        cdr(3),
        from_extension="102",
        to_extension=None,
        legs=(CdrLeg(leg="b1", party="101", extension="101", started_at=START),),
    )
    for each in (mine, theirs, group):
        await node.deps.cdrs.put(each)
    return node


async def user(node: Node, extension: str = "101") -> tuple[ClientSession, dict[str, str]]:
    browser, session = await node.admin(f"user{extension}", role="user", extension=extension)
    return browser, {"X-CSRF-Token": session.csrf_token}


async def status(browser: ClientSession, method: str, path: str, **options: Any) -> int:
    async with browser.request(method, f"/api/v1/{path}", **options) as answer:
        return answer.status


async def items(browser: ClientSession, path: str) -> list[Any]:
    async with browser.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        found: list[Any] = (await answer.json())["items"]
        return found


async def test_ones_own_extension_and_no_other(office: Node) -> None:
    browser, csrf = await user(office)
    assert await status(browser, "GET", "extensions/101") == 200
    assert await status(browser, "GET", "extensions/102") == 403
    assert await status(browser, "GET", "extensions") == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert await status(browser, method, "extensions/101", json={}, headers=csrf) == 403


async def test_the_history_is_ones_own_whatever_number_a_caller_shows(office: Node) -> None:
    browser, _ = await user(office)
    assert [each["from_extension"] for each in await items(browser, "cdrs")] == ["101"]
    assert len(await items(browser, "cdrs?extension=101")) == 1
    assert await status(browser, "GET", "cdrs?extension=102") == 403
    for number, expected in ((1, 200), (2, 404), (3, 200)):
        assert await status(browser, "GET", f"cdrs/{cdr(number).id}") == expected


async def test_a_call_going_on_is_hung_up_by_those_in_it(office: Node) -> None:
    hung_up: list[str] = []

    def hang_up(call: str) -> bool:
        hung_up.append(call)
        return True

    office.calls += [live_call(cdr(n).id) for n in (1, 2)]
    object.__setattr__(office.deps.control, "hang_up", hang_up)
    browser, csrf = await user(office)
    assert await status(browser, "GET", f"calls/{cdr(2).id}") == 404
    assert await status(browser, "DELETE", f"calls/{cdr(2).id}", headers=csrf) == 404
    assert await status(browser, "GET", f"calls/{cdr(1).id}") == 200
    assert await status(browser, "DELETE", f"calls/{cdr(1).id}", headers=csrf) == 204
    assert hung_up == [cdr(1).id]


async def test_messages_of_ones_own_box(start_node: StartNode, office: Node) -> None:
    shelf = office.deps.voicemail
    assert shelf is not None
    for box in ("101", "102"):
        await shelf._store.put(
            Voicemail(
                id=f"01J9ZQ4V7N3T8K2M5R6W1X0{box}",
                mailbox=box,
                from_number="105",
                from_name="",
                received_at=START,
                duration_s=1.0,
                call="c",
                complete=True,
            )
        )
    browser, csrf = await user(office)
    assert [each["mailbox"] for each in await items(browser, "voicemails")] == ["101"]
    assert await status(browser, "GET", "voicemails?mailbox=102") == 403
    mine, theirs = (f"voicemails/01J9ZQ4V7N3T8K2M5R6W1X0{box}" for box in ("101", "102"))
    for method, body in (("GET", None), ("PATCH", {"read": True}), ("DELETE", None)):
        assert await status(browser, method, theirs, json=body, headers=csrf) == 404
        assert await status(browser, method, mine, json=body, headers=csrf) in (200, 204)
    assert await status(browser, "GET", f"{theirs}/audio") == 404
    assert await status(browser, "GET", "mailboxes/102/greetings/custom") == 403
    other, _ = await user(office, "102")
    assert await status(other, "GET", "voicemails") == 404  # has no box


async def test_recordings_only_where_the_office_allows_it(start_node: StartNode) -> None:
    node = await start_node(recordings=Recorded())
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    browser, _ = await user(node)
    assert await status(browser, "GET", "recordings") == 403
    assert await status(browser, "GET", "recordings/mine") == 403
    await node.json("PATCH", "/api/v1/settings", json={"users_hear_recordings": True})
    assert [each["id"] for each in await items(browser, "recordings")] == ["mine"]
    assert await status(browser, "GET", "recordings/mine") == 200
    for path in ("recordings/theirs", "recordings/theirs/audio"):
        assert await status(browser, "GET", path) == 404
    assert await status(browser, "DELETE", "recordings/mine") == 403


async def test_texts_in_ones_own_name(start_node: StartNode) -> None:
    sent: list[str | None] = []

    async def send(write: Any) -> Any:
        sent.append(write.from_extension)
        raise AssertionError

    node = await start_node(send_message=send)
    browser, csrf = await user(node)
    text = {"to_extension": "102", "text": "hello"}
    assert (
        await status(browser, "POST", "messages", json=text | {"from_extension": "102"}, headers=csrf) == 403
    )
    await status(browser, "POST", "messages", json=text, headers=csrf)
    assert sent == ["101"]
    assert await status(browser, "GET", "messages?extension=102") == 403


async def test_duty_in_a_queue_is_ones_own(office: Node) -> None:
    browser, csrf = await user(office)
    duty = {"logged_in": True}
    assert await status(browser, "PUT", "queue-statuses/700/agents/102", json=duty, headers=csrf) == 403
    assert await status(browser, "PUT", "queue-statuses/700/agents/101", json=duty, headers=csrf) == 404


async def test_a_supervisor_sees_the_calls_of_all_and_changes_no_record(office: Node) -> None:
    browser, session = await office.admin("watch", role="supervisor")
    csrf = {"X-CSRF-Token": session.csrf_token}
    assert len(await items(browser, "cdrs")) == 3
    assert await status(browser, "PATCH", "extensions/101", json={"name": "x"}, headers=csrf) == 403
    assert await status(browser, "GET", "extensions/101/sip-login") == 403
    assert await status(browser, "GET", "voicemails") == 403
