"""A link sets a softphone up, once: what is in it, who may make it, and when it ends."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from pbx.api.provisioning import linphone_xml
from pbx.api.sip_login import sip_login
from pbx.model.extension import Extension
from tests.api.conftest import Node

LINKS = "/api/v1/provisioning-links"


def entries(xml: str) -> dict[str, str]:
    return {
        f"{section.get('name')}.{entry.get('name')}": entry.text or ""
        for section in ElementTree.fromstring(xml)
        for entry in section
    }


async def fetch(node: Node, url: str) -> tuple[int, str]:
    path = "/api/v1/" + url.partition("/api/v1/")[2]
    async with node.browser().get(path) as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def office(node: Node) -> Node:
    body = {"number": "101", "name": "Alice", "sip_password": "a-secret-of-101"}
    await node.json("POST", "/api/v1/extensions", 201, json=body)
    return node


async def test_a_link_gives_a_softphone_its_login_once(office: Node) -> None:
    link = await office.json("POST", LINKS, 201, json={"extension": "101"})
    assert link["url"].startswith("http://192.0.2.10:"), (
        "where phones reach it, not where the site was opened"
    )
    assert "<svg" in link["qr_svg"]
    status, xml = await fetch(office, link["url"])
    assert status == 200
    found = entries(xml)
    assert found["auth_info_0.username"] == "101"
    assert found["auth_info_0.passwd"] == "a-secret-of-101"
    assert found["auth_info_0.realm"] == "bellwire"
    assert found["proxy_0.reg_proxy"] == "<sip:192.0.2.10:5060;transport=tcp>"
    assert found["proxy_0.reg_identity"] == '"Alice" <sip:101@192.0.2.10>'
    status, again = await fetch(office, link["url"])
    assert status == 404
    assert "a-secret" not in again


async def test_a_new_link_ends_the_one_before(office: Node) -> None:
    first, second = [
        (await office.json("POST", LINKS, 201, json={"extension": "101"}))["url"] for _ in range(2)
    ]
    assert (await fetch(office, first))[0] == 404
    assert (await fetch(office, second))[0] == 200


async def test_a_link_ends_after_a_day(office: Node) -> None:
    store = office.deps.accounts.provisioning
    secret, until = await store.new_link("101")
    assert until - office.deps.clock.now() == timedelta(days=1)
    secret, _ = await store.new_link("101", lifetime_s=-1)
    assert await store.redeem(secret) is None


async def test_there_is_none_for_nobody_and_nothing_behind_a_guess(office: Node) -> None:
    await office.json("POST", LINKS, 404, json={"extension": "199"})
    assert (await fetch(office, "/api/v1/provisioning/guess"))[0] == 404


async def test_its_making_and_its_use_are_in_the_audit_log(office: Node) -> None:
    link = await office.json("POST", LINKS, 201, json={"extension": "101"})
    await fetch(office, link["url"])
    actions = [each["action"] for each in (await office.json("GET", "/api/v1/audit?kind=extension"))["items"]]
    assert {"make_provisioning_link", "use_provisioning_link"} <= set(actions)


@pytest.mark.parametrize("name", ['A "B" <c> & d', "\\", "Zoë"])
def test_any_name_makes_good_xml(name: str) -> None:
    login = sip_login(Extension(number="101", name=name), "p&<>\"'", "2001:db8::1", 5060, 5061)
    found = entries(linphone_xml(login, realm="r", transport="tls"))
    assert found["auth_info_0.passwd"] == "p&<>\"'"
    assert found["proxy_0.reg_proxy"] == "<sip:[2001:db8::1]:5061;transport=tls>"
    assert found["proxy_0.reg_identity"].endswith(" <sip:101@[2001:db8::1]>")
