"""Where one is logged in, and links by which somebody chooses a password: each works once, and for one's own only."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession, CookieJar

from pbx.store.invitations import INVITATION_S
from tests.api.conftest import PASSWORD, Node

SESSIONS = "/api/v1/sessions"
LINK = "/api/v1/invitation"
CHOSEN = "a horse of my own"


async def browser(
    node: Node, agent: str, password: str = PASSWORD, *, name: str = "zoe"
) -> tuple[ClientSession, dict[str, Any]]:
    """Somebody at another browser, logged in."""
    client = ClientSession(node.base, cookie_jar=CookieJar(unsafe=True), headers={"User-Agent": agent})
    async with client.post("/api/v1/session", json={"username": name, "password": password}) as answer:
        return client, await answer.json() if answer.status == 201 else {}


async def test_own_log_ins_are_seen_and_ended(node: Node) -> None:
    await node.deps.users.create("zoe", PASSWORD, role="owner")
    await node.deps.users.create("bea", PASSWORD, role="owner")
    here, session = await browser(node, "Firefox at the desk")
    there, _ = await browser(node, "Safari on the road")
    other, _ = await browser(node, "Opera", name="bea")
    try:
        async with here.get(SESSIONS) as answer:
            found = (await answer.json())["items"]
        assert {(each["name"], each["kind"], each["current"]) for each in found} == {
            ("Firefox at the desk", "browser", True),
            ("Safari on the road", "browser", False),
        }
        (away,) = [each["id"] for each in found if not each["current"]]
        csrf = {"X-CSRF-Token": session["csrf_token"]}
        async with other.get(SESSIONS) as answer:
            (foreign,) = [each["id"] for each in (await answer.json())["items"]]
        for id_, status in ((foreign, 404), (away, 204), (away, 404)):
            async with here.delete(f"{SESSIONS}/{id_}", headers=csrf) as answer:
                assert answer.status == status
        async with there.get("/api/v1/session") as gone, other.get("/api/v1/session") as stays:
            assert (gone.status, stays.status) == (401, 200)
    finally:
        for client in (here, there, other):
            await client.close()


async def test_a_link_lets_somebody_choose_their_password_once(node: Node) -> None:
    zoe = await node.deps.users.create("zoe", PASSWORD, role="admin")
    old, _ = await browser(node, "Firefox")
    spent = (await node.json("POST", f"/api/v1/users/{zoe.id}/invitation", 201))["token"]
    link = (await node.json("POST", f"/api/v1/users/{zoe.id}/invitation", 201))["token"]
    async with ClientSession(node.base) as anybody:
        for token, password, status in (
            (spent, CHOSEN, 403),
            (link, "short", 422),
            (link, CHOSEN, 201),
            (link, CHOSEN, 403),
        ):
            async with anybody.post(LINK, json={"token": token, "password": password}) as answer:
                assert answer.status == status, await answer.text()
    async with old, old.get("/api/v1/session") as answer:
        assert answer.status == 401  # whoever knew the old password is out
    new, session = await browser(node, "Firefox", CHOSEN)
    await new.close()
    assert session["user"]["username"] == "zoe"


async def test_a_link_ends_in_time_and_gives_nobody_more_than_its_maker_has(node: Node) -> None:
    zoe = await node.deps.users.create("zoe", PASSWORD, role="owner")
    await node.deps.users.create("ada", PASSWORD, role="admin")
    ada, session = await browser(node, "Firefox", name="ada")
    async with (
        ada,
        ada.post(
            f"/api/v1/users/{zoe.id}/invitation", headers={"X-CSRF-Token": session["csrf_token"]}
        ) as answer,
    ):
        assert answer.status == 403
    link = (await node.json("POST", f"/api/v1/users/{zoe.id}/invitation", 201))["token"]
    node.time.pass_s(INVITATION_S + 1)
    async with (
        ClientSession(node.base) as anybody,
        anybody.post(LINK, json={"token": link, "password": CHOSEN}) as answer,
    ):
        assert answer.status == 403
