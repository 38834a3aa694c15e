"""The login of a phone in a page: whose it may be, and what stands in it."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec
import pytest

from tests.api.conftest import Node, StartNode
from tests.api.test_app import app

PATH = "/api/v1/app/browser-phone"


async def extensions(node: Node) -> Node:
    for number, name in (("101", "Alice"), ("102", "Bob")):
        await node.json("POST", "/api/v1/extensions", 201, json={"number": number, "name": name})
    return node


@pytest.fixture
async def office(node: Node) -> Node:
    return await extensions(node)


async def test_a_user_gets_the_phone_of_their_own_extension_only(office: Node) -> None:
    browser, session = await office.admin("alice", role="user", extension="101")
    headers = {"X-CSRF-Token": session.csrf_token}
    async with browser.post(PATH, json={}, headers=headers) as answer:
        found = await answer.json()
        assert answer.status == 200, found
    assert found["extension"] == "101"
    assert found["name"] == "Alice"
    assert found["uri"] == "sip:101@192.0.2.10"
    assert found["web_sockets"][0] == office.base.replace("http", "ws") + "/ws/sip"
    assert (found["echo_test"], found["voicemail"]) == ("*43", "*97")
    assert found["park_slots"][:2] == ["*681", "*682"]
    assert found["ice_servers"] == []
    assert "112" in found["emergency_numbers"]
    pages = office.deps.pages
    assert pages is not None
    assert pages.password(found["authorization_username"]) == found["password"]
    await pages.refresh()
    assert pages.counts(found["authorization_username"])
    async with browser.post(PATH, json={"extension": "102"}, headers=headers) as answer:
        assert answer.status == 403
    async with browser.post(PATH, json={}) as answer:
        assert answer.status == 403  # no CSRF token
    async with browser.delete("/api/v1/session", headers=headers) as answer:
        assert answer.status == 204
    await pages.refresh()
    assert not pages.counts(found["authorization_username"])


async def test_an_app_gets_its_own_and_an_administrators_credential_any(office: Node) -> None:
    await office.deps.users.create("alice", "correct horse battery", role="admin", extension="101")
    phone = await app(office)
    status, found = await phone.ask("POST", PATH, {})
    assert (status, found["extension"]) == (200, "101")
    assert (await phone.ask("POST", PATH, {"extension": "102"}))[0] == 403
    pages = office.deps.pages
    assert pages is not None
    await pages.refresh()
    assert pages.counts(found["authorization_username"])
    found = await office.json("POST", PATH, json={"extension": "102"})
    await pages.refresh()
    assert pages.counts(found["authorization_username"])
    await office.json("POST", PATH, 403, json={})
    await office.json("POST", PATH, 404, json={"extension": "999"})
    await office.json("PATCH", "/api/v1/extensions/102", json={"enabled": False})
    await office.json("POST", PATH, 403, json={"extension": "102"})
    weak = await office.bearer("calls:read")
    await office.json("POST", PATH, 403, json={"extension": "101"}, headers=weak)


async def test_turn_credentials_are_those_of_coturn(start_node: StartNode) -> None:
    node = await start_node()
    config = msgspec.structs.replace(node.deps.config, turn_server=("turn:t.example:3478",), turn_secret="s3")
    node = await extensions(await start_node(config=config))
    found = await node.json("POST", PATH, json={"extension": "101"})
    (server,) = found["ice_servers"]
    assert server["urls"] == ["turn:t.example:3478"]
    until, _, name = server["username"].partition(":")
    assert name == found["authorization_username"]
    assert abs(int(until) - node.deps.clock.now().timestamp() - 12 * 3600) <= 1
    wanted = hmac.new(b"s3", server["username"].encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(wanted).decode()


async def test_a_place_without_such_phones_says_so(start_node: StartNode) -> None:
    node = await extensions(await start_node(pages=None))
    await node.json("POST", PATH, 503, json={"extension": "101"})
