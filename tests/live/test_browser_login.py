"""A page's password against a real node: it registers and calls, and ends with the log-in it was made for."""

from __future__ import annotations

import pytest

from tests.live.browser import connected
from tests.live.node import Node

pytestmark = pytest.mark.timeout(60)


async def test_a_pages_password_registers_until_its_log_in_ends(node: Node) -> None:
    made = await node.send("POST", "tokens", {"name": "page", "scopes": ["sip-login:read"]})
    own, node.token = node.token, made["secret"]
    login = await node.send("POST", "app/browser-phone", {"extension": "101"})
    node.token = own
    assert login["web_sockets"][0] == node.url.replace("http", "ws") + "/ws/sip"
    async with connected(node.url, "101", login["password"]) as page:
        page.account = login["authorization_username"]
        assert (await page.ask("REGISTER", "101", "Expires: 300")).status == 200
        (mine,) = await node.registrations("101")
        assert mine["transport"] == "WS"
        assert (await page.ask("REGISTER", "102", "Expires: 300")).status == 403  # its own extension only
        page.password = login["password"][::-1]
        assert (await page.ask("REGISTER", "101", "Expires: 300")).status == 403
        page.password = login["password"]
        assert (await page.ask("REGISTER", "101", "Expires: 300")).status == 200
        await node.send("DELETE", f"tokens/{made['token']['id']}")
        closed = await page.socket.receive(timeout=15)
        assert page.socket.closed, closed
    async with connected(node.url, "101", login["password"]) as page:
        page.account = login["authorization_username"]
        assert (await page.ask("REGISTER", "101", "Expires: 300")).status == 403
    assert not (await node.get("bans"))["items"]
