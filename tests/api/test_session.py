"""Signing in and out, the set-up link, and what slows down guessing."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession

from tests.api.conftest import ELSEWHERE, PASSWORD, Node, StartNode

SESSION = "/api/v1/session"
SETUP = "/api/v1/setup"
RIGHT = {"username": "admin", "password": PASSWORD}
WRONG = {"username": "admin", "password": "wrong wrong wrong"}


async def log_in(
    browser: ClientSession, body: dict[str, str], headers: dict[str, str] | None = None
) -> tuple[int, int]:
    """Status and Retry-After."""
    async with browser.post(SESSION, json=body, headers=headers) as answer:
        return answer.status, int(answer.headers.get("Retry-After", 0))


# -- set-up ------------------------------------------------------------------------------------------------------------


async def test_set_up_link_makes_one_administrator_signs_in_and_is_spent(node: Node) -> None:
    secret = await node.deps.users.new_setup_link()
    first = {"token": secret, "username": "owner", "password": "ten letters"}
    browser = node.browser()
    async with browser.get(SETUP) as answer:
        assert await answer.json() == {"needed": True}
    async with browser.post(SETUP, json=first) as answer:
        assert answer.status == 201
        assert (await answer.json())["user"]["username"] == "owner"
    async with browser.get(SESSION) as answer:
        assert answer.status == 200
    async with browser.get(SETUP) as answer:
        assert await answer.json() == {"needed": False}
    for username in ("owner", "second"):
        async with node.browser().post(SETUP, json=first | {"username": username}) as answer:
            assert answer.status == 403
    assert [user.username for user in await node.deps.users.list()] == ["owner"]


async def test_of_two_who_use_the_link_at_once_one_gets_in(node: Node) -> None:
    secret = await node.deps.users.new_setup_link()

    async def use(username: str) -> int:
        body = {"token": secret, "username": username, "password": "ten letters"}
        async with node.browser().post(SETUP, json=body) as answer:
            return answer.status

    assert sorted(await asyncio.gather(use("one"), use("two"))) == [201, 403]
    assert await node.deps.users.count() == 1


async def test_wrong_link_makes_nobody_and_is_slowed_down(node: Node) -> None:
    await node.deps.users.new_setup_link()
    body = {"token": "wrong", "username": "owner", "password": "ten letters"}
    statuses = []
    for _ in range(7):
        async with node.browser().post(SETUP, json=body) as answer:
            statuses.append(answer.status)
    assert statuses == [403] * 5 + [429] * 2
    assert await node.deps.users.count() == 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"password": "nine char"}, "$.password"),
        ({"password": ""}, "$.password"),
        ({"username": ""}, "$.username"),
        ({"username": "with space"}, "$.username"),
        ({"token": ""}, "$.token"),
    ],
)
async def test_bad_set_up_is_refused_by_field_and_does_not_spend_the_link(
    node: Node, change: dict[str, str], path: str
) -> None:
    secret = await node.deps.users.new_setup_link()
    good = {"token": secret, "username": "owner", "password": "ten letters"}
    async with node.browser().post(SETUP, json=good | change) as answer:
        assert answer.status == 422
        assert [one["path"] for one in (await answer.json(content_type=None))["errors"]] == [path]
    async with node.browser().post(SETUP, json=good) as answer:
        assert answer.status == 201


# -- log-in and log-out ------------------------------------------------------------------------------------------------


async def test_log_in_sets_a_careful_cookie_and_log_out_ends_the_session(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    browser = node.browser()
    async with browser.post(SESSION, json=RIGHT) as answer:
        assert answer.status == 201
        csrf = (await answer.json())["csrf_token"]
        cookie = answer.cookies["pbx_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 12 * 3600
    assert not cookie["secure"]
    async with browser.get(SESSION) as answer:
        assert (await answer.json())["csrf_token"] == csrf
    async with browser.delete(SESSION, headers={"X-CSRF-Token": csrf}) as answer:
        assert answer.status == 204
        assert answer.cookies["pbx_session"]["max-age"] == "0"
    async with node.browser().get(SESSION, headers={"Cookie": f"pbx_session={cookie.value}"}) as answer:
        assert answer.status == 401


async def test_cookie_is_secure_where_the_browser_speaks_https(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    async with node.browser().post(SESSION, json=RIGHT, headers={"X-Forwarded-Proto": "https"}) as answer:
        assert answer.cookies["pbx_session"]["secure"]


async def test_session_expires(node: Node) -> None:
    browser, _ = await node.admin()
    node.time.pass_s(12 * 3600 + 1)
    async with browser.get(SESSION) as answer:
        assert answer.status == 401


async def test_wrong_name_and_wrong_password_get_the_same_answer(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    bodies = []
    for attempt in (WRONG, RIGHT | {"username": "nobody"}):
        async with node.browser().post(SESSION, json=attempt) as answer:
            assert answer.status == 401
            assert "pbx_session" not in answer.cookies
            bodies.append(await answer.read())
    assert bodies[0] == bodies[1]


async def test_bearer_token_has_no_session(node: Node) -> None:
    for method in ("GET", "DELETE"):
        assert (await node.json(method, SESSION, 403))["type"] == "urn:bellwire:problem:no-session"


async def test_with_csrf_token_the_cookie_may_change_things(node: Node) -> None:
    browser, session = await node.admin()
    body = {"number": "101", "name": "Alice"}
    headers = {"X-CSRF-Token": session.csrf_token}
    async with browser.post("/api/v1/extensions", json=body, headers=headers) as answer:
        assert answer.status == 201
    async with browser.get("/api/v1/extensions") as answer:  # reading needs none
        assert answer.status == 200


@pytest.mark.parametrize("path", [SESSION, SETUP])
async def test_another_sites_page_cannot_sign_anyone_in(node: Node, path: str) -> None:
    await node.deps.users.create("admin", PASSWORD)
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        async with node.browser().post(path, json=RIGHT, headers={"Origin": origin}) as answer:
            assert answer.status == 403
            assert (await answer.json(content_type=None))["type"] == "urn:bellwire:problem:origin"
    async with node.browser().post(SESSION, json=RIGHT, headers={"Origin": node.base}) as answer:
        assert answer.status == 201


# -- back-off ----------------------------------------------------------------------------------------------------------


async def test_after_five_failures_a_source_waits_longer_and_longer_even_with_the_right_password(
    node: Node,
) -> None:
    await node.deps.users.create("admin", PASSWORD)
    browser = node.browser()
    assert [await log_in(browser, WRONG) for _ in range(5)] == [(401, 0)] * 5
    assert await log_in(browser, RIGHT) == (429, 1)
    node.time.pass_s(1)
    assert await log_in(browser, WRONG) == (401, 0)
    assert await log_in(browser, RIGHT) == (429, 2)
    node.time.pass_s(2)
    assert await log_in(browser, RIGHT) == (201, 0)
    assert await log_in(browser, WRONG) == (401, 0)  # all is forgiven


async def test_many_tries_at_once_gain_nothing(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    results = await asyncio.gather(*(log_in(node.browser(), WRONG) for _ in range(20)))
    assert sorted(status for status, _ in results) == [401] * 5 + [429] * 15


async def test_one_source_does_not_slow_another_down(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    for _ in range(6):
        await log_in(node.browser(), WRONG, ELSEWHERE)
    assert await log_in(node.browser(), WRONG, ELSEWHERE) == (429, 1)
    assert await log_in(node.browser(), RIGHT) == (201, 0)


async def test_guessing_from_many_sources_slows_the_account_but_not_where_its_owner_sits(node: Node) -> None:
    await node.deps.users.create("admin", PASSWORD)
    desk = {"X-Forwarded-For": "192.0.2.1"}
    assert await log_in(node.browser(), RIGHT, desk) == (201, 0)
    statuses = [
        (await log_in(node.browser(), WRONG | {"username": "ADMIN"}, {"X-Forwarded-For": f"198.51.100.{n}"}))[
            0
        ]
        for n in range(20)
    ]
    assert statuses == [401] * 10 + [429] * 10
    assert await log_in(node.browser(), RIGHT, {"X-Forwarded-For": "203.0.113.9"}) == (429, 1)
    assert await log_in(node.browser(), RIGHT, desk) == (201, 0)


async def test_failures_are_counted_for_prometheus(start_node: StartNode) -> None:
    node = await start_node()
    for _ in range(7):
        await log_in(node.browser(), WRONG)
    async with node.ask("GET", "/metrics") as answer:
        text = await answer.text()
    assert 'pbx_http_failed_logins_total{reason="password"} 5' in text
    assert 'pbx_http_failed_logins_total{reason="wait"} 2' in text
