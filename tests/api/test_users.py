"""Users, their roles, and tokens: nobody gives or takes what they do not have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from pbx.api.access import make
from tests.api.conftest import PASSWORD, START, Node

USERS = "/api/v1/users"
TOKENS = "/api/v1/tokens"
NEW = {"username": "new", "password": "ten letters"}


async def ask(
    browser: ClientSession, csrf: str, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, Any]:
    """Status and body."""
    async with browser.request(method, path, json=body, headers={"X-CSRF-Token": csrf}) as answer:
        return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


async def test_a_user_is_made_found_changed_and_removed(node: Node) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    await node.admin("root")
    async with node.ask("POST", USERS, json=NEW | {"role": "user", "extension": "101"}) as answer:
        assert answer.status == 201
        made = await answer.json()
        assert answer.headers["Location"] == f"{USERS}/{made['id']}"
    assert (made["role"], made["extension"], made["enabled"], made["second_factor"]) == (
        *("user", "101"),
        *(True, False),
    )
    assert "password" not in str(made)
    one = f"{USERS}/{made['id']}"
    assert await node.json("GET", one) == made
    for query, names in (("", ["new", "root"]), ("?q=101", ["new"]), ("?role=owner", ["root"])):
        found = await node.json("GET", USERS + query)
        assert ([each["username"] for each in found["items"]], found["total"]) == (names, len(names))
    changed = await node.json("PATCH", one, json={"role": "supervisor", "extension": None})
    assert (changed["role"], changed["extension"]) == ("supervisor", None)
    await node.json("DELETE", one, 204)
    await node.json("GET", one, 404)
    await node.json("DELETE", one, 404)


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"role": "user"}, 422, "$.extension"),
        ({"extension": "999"}, 422, "$.extension"),
        ({"username": "ROOT"}, 409, "$.username"),
        ({"role": "king"}, 422, "$.role"),
        ({"password": "short"}, 422, "$.password"),
    ],
)
async def test_a_bad_user_is_refused_by_field(
    node: Node, change: dict[str, Any], status: int, path: str
) -> None:
    await node.admin("root")
    problem = await node.json("POST", USERS, status, json=NEW | {"role": "admin"} | change)
    assert [each["path"] for each in problem["errors"]] == [path]


async def test_an_administrator_makes_no_owner_and_touches_none(node: Node) -> None:
    _, owner = await node.admin("owner")
    browser, session = await node.admin("boss", role="admin")
    csrf = session.csrf_token
    assert (await ask(browser, csrf, "POST", USERS, NEW | {"role": "owner"}))[0] == 403
    status, made = await ask(browser, csrf, "POST", USERS, NEW | {"role": "admin"})
    assert status == 201
    owners = f"{USERS}/{owner.user.id}"
    assert (await ask(browser, csrf, "PATCH", owners, {"password": "taken over"}))[0] == 403
    assert (await ask(browser, csrf, "PATCH", owners, {"role": "user"}))[0] == 403
    assert (await ask(browser, csrf, "DELETE", owners))[0] == 403
    assert (await ask(browser, csrf, "PATCH", f"{USERS}/{session.user.id}", {"role": "owner"}))[0] == 403
    assert (await ask(browser, csrf, "PATCH", f"{USERS}/{made['id']}", {"role": "owner"}))[0] == 403
    assert (await ask(browser, csrf, "DELETE", f"{USERS}/{made['id']}"))[0] == 204


async def test_the_last_owner_cannot_go_but_with_another_they_can(node: Node) -> None:
    browser, session = await node.admin("root")
    csrf, own = session.csrf_token, f"{USERS}/{session.user.id}"
    for method, body in (("DELETE", None), ("PATCH", {"role": "admin"}), ("PATCH", {"enabled": False})):
        assert (await ask(browser, csrf, method, own, body))[0] == 409
    await node.admin("second")
    assert (await ask(browser, csrf, "PATCH", own, {"role": "admin"}))[0] == 200


async def test_an_open_browser_is_not_enough_to_take_the_account_over(node: Node) -> None:
    browser, session = await node.admin("root")
    own = f"{USERS}/{session.user.id}"
    for body in ({"password": "another horse"}, {"second_factor": False}):
        status, problem = await ask(browser, session.csrf_token, "PATCH", own, body)
        assert (status, problem["type"]) == (403, "urn:bellwire:problem:own-account")
    assert await node.deps.users.authenticate("root", PASSWORD) is not None


async def test_a_demotion_counts_for_the_next_request(node: Node) -> None:
    await node.admin("root")
    browser, session = await node.admin("boss", role="admin")
    assert (await ask(browser, session.csrf_token, "GET", USERS))[0] == 200
    await node.json("PATCH", f"{USERS}/{session.user.id}", json={"role": "supervisor"})
    assert (await ask(browser, session.csrf_token, "GET", USERS))[0] == 403


async def test_the_session_says_what_one_may_do(node: Node) -> None:
    for role, may, may_not in (
        ("owner", "owners:write", ""),
        ("admin", "users:write", "owners:write"),
        ("supervisor", "recordings:control", "office:write"),
        ("user", "app", "users:read"),
    ):
        browser, _ = await node.admin(role, role=role, extension="105" if role == "user" else None)  # type: ignore[arg-type]
        async with browser.get("/api/v1/session") as answer:
            view = await answer.json()
        assert view["user"]["role"] == role
        assert may in view["scopes"]
        assert may_not not in view["scopes"]
        assert not {"open", "session"} & set(view["scopes"])
        assert view["second_factor"] is False


# -- tokens ------------------------------------------------------------------------------------------------------------


async def test_a_token_does_what_it_was_made_for_until_it_expires_or_is_deleted(node: Node) -> None:
    until = (START + timedelta(hours=1)).isoformat()
    made = await node.json(
        "POST", TOKENS, 201, json={"name": "wallboard", "scopes": ["calls:read"], "expires_at": until}
    )
    header = {"Authorization": f"Bearer {made['secret']}"}
    assert made["token"]["scopes"] == ["calls:read"]
    listed = await node.json("GET", TOKENS)
    assert [each["name"] for each in listed["items"]] == ["test", "wallboard"]
    assert made["secret"] not in str(listed)
    async with node.browser().get("/api/v1/calls", headers=header) as answer:
        assert answer.status == 200
    async with node.browser().get("/api/v1/cdrs", headers=header) as answer:
        assert answer.status == 403
    node.time.pass_s(3600)
    async with node.browser().get("/api/v1/calls", headers=header) as answer:
        assert answer.status == 401
    await node.json("DELETE", f"{TOKENS}/{made['token']['id']}", 204)
    await node.json("DELETE", f"{TOKENS}/{made['token']['id']}", 404)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scopes": []}, "$.scopes"),
        ({"scopes": ["everything"]}, "$.scopes[0]"),
        ({"scopes": ["*"]}, "$.scopes[0]"),
        ({"scopes": ["session"]}, "$.scopes[0]"),
        ({"scopes": ["app"], "expires_at": START.isoformat()}, "$.expires_at"),
    ],
)
async def test_a_bad_token_is_refused_by_field(node: Node, body: dict[str, Any], path: str) -> None:
    problem = await node.json("POST", TOKENS, 422, json={"name": "x"} | body)
    assert [each["path"] for each in problem["errors"]] == [path]


async def test_a_token_has_no_more_rights_than_its_maker_also_later(node: Node) -> None:
    await node.admin("root")
    browser, session = await node.admin("boss", role="admin")
    csrf = session.csrf_token
    body = {"name": "script", "scopes": ["owners:write"]}
    assert (await ask(browser, csrf, "POST", TOKENS, body))[0] == 403
    status, made = await ask(browser, csrf, "POST", TOKENS, body | {"scopes": ["users:read", "cdrs:read"]})
    assert status == 201
    header = {"Authorization": f"Bearer {made['secret']}"}
    await node.json("PATCH", f"{USERS}/{session.user.id}", json={"role": "supervisor"})
    for path, status in (("cdrs", 200), ("users", 403)):
        async with node.browser().get(f"/api/v1/{path}", headers=header) as answer:
            assert answer.status == status
    await node.json("DELETE", f"{USERS}/{session.user.id}", 204)
    async with node.browser().get("/api/v1/cdrs", headers=header) as answer:
        assert answer.status == 401


async def test_a_token_makes_none_that_lasts_longer_than_itself(node: Node) -> None:
    until = START + timedelta(hours=1)
    made = await node.deps.tokens.create("maker", scopes=["tokens:write", "app"], expires_at=until)
    header = {"Authorization": f"Bearer {made.secret}"}
    for expires_at, status in ((None, 403), (until + timedelta(seconds=1), 403), (until, 201)):
        body = {"name": "x", "scopes": ["app"]}
        body |= {"expires_at": expires_at.isoformat()} if expires_at else {}
        async with node.browser().post(TOKENS, json=body, headers=header) as answer:
            assert answer.status == status


async def test_a_program_with_one_scope_deletes_no_token_that_may_more(node: Node) -> None:
    header = await node.bearer("tokens:write", "tokens:read")
    ((everything, *_), _) = await node.deps.tokens.list()
    async with node.browser().delete(f"{TOKENS}/{everything.id}", headers=header) as answer:
        assert answer.status == 403
    weak = await node.deps.tokens.create("weak", scopes=["tokens:read"])
    async with node.browser().delete(f"{TOKENS}/{weak.token.id}", headers=header) as answer:
        assert answer.status == 204


# -- cost --------------------------------------------------------------------------------------------------------------


async def test_knowing_who_asks_costs_no_write(node: Node) -> None:
    browser, session = await node.admin("root")
    header = await node.bearer("users:read")
    granted = await node.deps.accounts.grants.open(session.user, "site")
    access, _ = make(node.deps.accounts.key, granted.grant.id, session.user.id, node.time.now())
    async with browser.get(USERS, headers=header) as answer:  # notes that the token is used, once a minute
        assert answer.status == 200
    before = node.deps.users._database.counts.writes
    for headers in (header, {}, {"Authorization": f"Bearer {access}"}):
        for _ in range(20):
            async with browser.get(USERS, headers=headers) as answer:
                assert answer.status == 200
    assert node.deps.users._database.counts.writes == before
