"""The audit log: every change has its entry, with who, whence, before and after, and never a secret."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import pytest

from pbx.core.log import context
from pbx.core.totp import code_at
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.store.errors import StoreError
from tests.api.conftest import ELSEWHERE, PASSWORD, Node

AUDIT = "/api/v1/audit"
EXTENSIONS = "/api/v1/extensions"


async def entries(node: Node, query: str = "") -> list[Any]:
    """Oldest first."""
    found = (await node.json("GET", f"{AUDIT}?limit=1000&{query}"))["items"]
    return list(reversed(found))


def brief(found: list[Any]) -> list[tuple[str, str, str]]:
    return [(each["action"], each["kind"], each["key"]) for each in found]


async def test_a_change_tells_who_from_where_and_what_differs(node: Node) -> None:
    browser, session = await node.admin("boss", role="admin")
    headers = {"X-CSRF-Token": session.csrf_token} | ELSEWHERE
    body = {"number": "101", "name": "Alice", "ring_timeout_s": 20}
    async with browser.post(EXTENSIONS, json=body, headers=headers) as answer:
        assert answer.status == 201
    await node.json("PATCH", f"{EXTENSIONS}/101", json={"name": "Alice B", "sip_password": "planted-secret"})
    await node.json("PATCH", f"{EXTENSIONS}/101", json={"name": "Alice B"})  # changes nothing
    await node.json("DELETE", f"{EXTENSIONS}/101", 204)
    made, changed, gone = await entries(node, "kind=extension&key=101")
    assert (made["action"], made["actor"], made["source"]) == ("create", "boss", "192.0.2.7")
    assert (made["before"], made["after"]["ring_timeout_s"]) == (None, 20)
    assert (changed["actor"], changed["source"]) == ("test", "127.0.0.1")
    assert changed["before"] == {"name": "Alice", "sip_password": None}
    assert changed["after"] == {"name": "Alice B", "sip_password": "(changed)"}
    assert (gone["action"], gone["before"]["name"], gone["after"]) == ("delete", "Alice B", None)
    assert made["at"] == "2026-03-02T09:00:00Z"


async def test_a_refused_change_has_no_entry(node: Node) -> None:
    await node.json("POST", EXTENSIONS, 201, json={"number": "101", "name": "Alice"})
    await node.json("POST", EXTENSIONS, 409, json={"number": "101", "name": "Alice"})
    await node.json("PATCH", f"{EXTENSIONS}/101", 422, json={"name": ""})
    await node.json("DELETE", "/api/v1/calls/none", 404)
    assert len(await entries(node, "kind=extension")) == 1
    assert not await entries(node, "kind=call")


async def test_what_is_no_record_has_an_entry_too(node: Node) -> None:
    object.__setattr__(node.deps.control, "hang_up", lambda _: True)
    await node.json("DELETE", "/api/v1/calls/abc", 204)
    await node.json("POST", "/api/v1/bans", 201, json={"address": "198.51.100.1", "note": "noise"})
    await node.json("PATCH", "/api/v1/settings", json={"office_name": "Bern"})
    found = await entries(node)
    assert brief(found)[-3:] == [
        ("hang_up", "call", "abc"),
        ("add_ban", "ban", ""),
        ("change", "settings", ""),
    ]
    assert found[-2]["after"]["address"] == "198.51.100.1"
    assert (found[-1]["before"], found[-1]["after"]) == ({"office_name": ""}, {"office_name": "Bern"})


async def test_what_changes_nothing_has_none(node: Node) -> None:
    before = len(await entries(node))
    await node.json("GET", EXTENSIONS)
    async with node.ask("POST", "/api/v1/flows/700/simulate", json={}) as answer:
        assert answer.status == 404
    assert len(await entries(node)) == before


async def test_a_drawn_flow_is_told_by_its_size(node: Node) -> None:
    from tests.api.test_flows import FLOW

    notes = [{"text": "x" * 100, "x": n, "y": 0} for n in range(60)]
    await node.json("POST", "/api/v1/flows", 201, json=FLOW | {"notes": notes})
    (made,) = await entries(node, "kind=flow")
    assert made["after"]["notes"].endswith(" bytes)")


async def test_log_ins_and_failed_ones(node: Node) -> None:
    await node.admin("boss")
    session = "/api/v1/session"
    for body in (
        {"username": "boss", "password": "wrong wrong"},
        {"username": "planted-typed-into-the-wrong-field", "password": "x"},
        {"username": "BOSS", "password": PASSWORD},
    ):
        await node.browser().post(session, json=body, headers=ELSEWHERE)
    found = await entries(node, "kind=session")
    assert [(each["action"], each["actor"], each["key"], each["source"]) for each in found] == [
        ("log_in_failed", "boss", "boss", "192.0.2.7"),
        ("log_in_failed", "", "", "192.0.2.7"),
        ("log_in", "boss", "boss", "192.0.2.7"),
    ]
    assert "planted" not in str(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=boss", 1),
        ("kind=extension", 2),
        ("kind=extension&key=102", 1),
        ("action=create&kind=user", 1),
        ("from=2026-03-02T09:00:10Z", 1),
        ("to=2026-03-02T09:00:10Z&kind=extension", 1),
        ("actor=nobody", 0),
    ],
)
async def test_filters(node: Node, query: str, found: int) -> None:
    browser, session = await node.admin("boss")
    headers = {"X-CSRF-Token": session.csrf_token}
    await browser.post(EXTENSIONS, json={"number": "101", "name": "Alice"}, headers=headers)
    node.time.pass_s(10)
    await node.json("POST", EXTENSIONS, 201, json={"number": "102", "name": "Bob"})
    assert len(await entries(node, query)) == found


async def test_it_is_kept_as_long_as_the_setting_says(node: Node) -> None:
    await node.json("PATCH", "/api/v1/settings", json={"audit_keep_days": 10})
    node.time.pass_s(9 * 86400)
    await node.json("POST", EXTENSIONS, 201, json={"number": "101", "name": "Alice"})
    node.time.pass_s(2 * 86400)
    await node.sweep()
    assert brief(await entries(node)) == [("create", "extension", "101")]
    await node.json("PATCH", "/api/v1/settings", json={"audit_keep_days": 0})
    node.time.pass_s(900 * 86400)
    await node.sweep()
    assert len(await entries(node)) == 2


async def test_neither_the_change_nor_its_entry_is_there_without_the_other(node: Node) -> None:
    def break_log(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE audit")

    await node.deps.users._database.write(break_log)
    await node.json("POST", EXTENSIONS, 500, json={"number": "101", "name": "Alice"})
    await node.json("GET", f"{EXTENSIONS}/101", 404)
    await node.json("PATCH", "/api/v1/settings", 500, json={"office_name": "Bern"})
    assert (await node.json("GET", "/api/v1/settings"))["office_name"] == ""


async def test_an_entry_that_cannot_be_written_is_in_the_log_of_the_node(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    object.__setattr__(node.deps.control, "hang_up", lambda _: True)
    monkeypatch.setattr(type(node.deps.accounts.audit), "add", full)
    with caplog.at_level(logging.ERROR):
        await node.json("DELETE", "/api/v1/calls/abc", 503)
    (record,) = [each for each in caplog.records if each.message == "not in the audit log"]
    assert (record.action, record.key, record.actor) == ("hang_up", "abc", "test")  # type: ignore[attr-defined]


async def test_what_phones_and_the_node_change_is_told_as_the_nodes(node: Node) -> None:
    write = ExtensionWrite(number="101", name="Alice", sip_password="planted-secret")
    await node.deps.records.create(EXTENSION, write)
    (made,) = await entries(node, "kind=extension")
    assert (made["actor"], made["source"]) == ("node", "")
    with context(call="abc"):
        await node.deps.records.delete(EXTENSION, "101")
    assert (await entries(node, "kind=extension"))[-1]["source"] == "call abc"


async def test_no_secret_ever_gets_into_it(node: Node) -> None:
    planted = "planted-"
    link = await node.deps.users.new_setup_link()
    setup = {"token": link, "username": "owner", "password": f"{planted}first"}
    browser = node.browser()
    async with browser.post("/api/v1/setup", json=setup) as answer:
        csrf = {"X-CSRF-Token": (await answer.json())["csrf_token"]}
        cookie = answer.cookies["pbx_session"].value
    secrets = [link, cookie, csrf["X-CSRF-Token"], "8642", "97531"]
    one = {"sip_password": f"{planted}sip"}
    await node.json("POST", EXTENSIONS, 201, json={"number": "101", "name": "Alice"} | one)
    await node.json(
        "PUT", f"{EXTENSIONS}/101", json={"number": "101", "name": "A", "sip_password": f"{planted}2"}
    )
    box = {"number": "101", "name": "Alice", "pin": "8642"}
    await node.json("POST", "/api/v1/mailboxes", 201, json=box)
    await node.json("PATCH", "/api/v1/mailboxes/101", json={"pin": "97531"})
    room = {"number": "800", "name": "Room", "pin": "8642", "moderator_pin": "97531"}
    await node.json("POST", "/api/v1/conferences", 201, json=room)
    trunk = {
        "id": "line",
        "name": "Line",
        "host": "sip.example",
        "username": "u",
        "password": f"{planted}trunk",
    }
    async with node.ask("POST", "/api/v1/trunks", json=trunk) as answer:
        assert answer.status == 201, await answer.text()
    document = {"extensions": [{"number": "103", "name": "Doc", "sip_password": f"{planted}document"}]}
    for step in ("plan", "apply", "apply"):  # the second changes nothing
        await node.json("POST", f"/api/v1/documents/{step}", json=document)
    user = {"username": "boss", "password": f"{planted}boss", "role": "admin"}
    boss = await node.json("POST", "/api/v1/users", 201, json=user)
    await node.json("PATCH", f"/api/v1/users/{boss['id']}", json={"password": f"{planted}again"})
    made = await node.json("POST", "/api/v1/tokens", 201, json={"name": "t", "scopes": ["app"]})
    secrets.append(made["secret"])
    text = {"to_extension": "101", "text": f"{planted}text"}
    await node.json("POST", "/api/v1/messages", 404, json=text)
    async with browser.post("/api/v1/session/second-factor", headers=csrf) as answer:
        secret = (await answer.json())["secret"]
    code = code_at(secret, int(node.time.now().timestamp() // 30))
    async with browser.put("/api/v1/session/second-factor", json={"code": code}, headers=csrf) as answer:
        secrets += [secret, *(await answer.json())["recovery_codes"]]
    change = {"old": f"{planted}first", "new": f"{planted}changed"}
    async with browser.put("/api/v1/session/password", json=change, headers=csrf) as answer:
        assert answer.status == 204
    for body in (
        {"username": "owner", "password": f"{planted}wrong"},
        {"username": f"{planted}name", "password": "x"},
    ):
        await node.browser().post("/api/v1/session", json=body)
    found = await entries(node)
    assert len(found) > 15
    for each in (planted, *secrets):
        assert each not in str(found)
