"""The second factor: set up, asked for, guessed at, lost; and one's own password."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession

from pbx.core.totp import code_at
from tests.api.conftest import PASSWORD, Node

SESSION = "/api/v1/session"
FACTOR = f"{SESSION}/second-factor"
LOGIN = {"username": "admin", "password": PASSWORD}
NEEDED = "urn:bellwire:problem:second-factor"


def code(node: Node, secret: str, steps: int = 0) -> str:
    return code_at(secret, int(node.time.now().timestamp() // 30) + steps)


def wrong(node: Node, secret: str) -> str:
    near = {code(node, secret, steps) for steps in (-2, -1, 0, 1, 2)}
    return next(
        each for each in ("000000", "111111", "222222", "333333", "444444", "555555") if each not in near
    )


async def ask(browser: ClientSession, csrf: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body, headers={"X-CSRF-Token": csrf}) as answer:
        return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


async def log_in(node: Node, body: dict[str, str], source: str = "192.0.2.1") -> tuple[int, str]:
    """Status and kind of problem."""
    headers = {"X-Forwarded-For": source}
    async with node.browser().post(SESSION, json=body, headers=headers) as answer:
        return answer.status, (await answer.json(content_type=None)).get("type", "")


async def set_up(node: Node) -> tuple[str, tuple[str, ...], ClientSession, str]:
    """Secret, recovery codes, and a signed-in browser with its CSRF token."""
    browser, session = await node.admin()
    csrf = session.csrf_token
    status, setup = await ask(browser, csrf, "POST", FACTOR)
    assert status == 200
    status, codes = await ask(browser, csrf, "PUT", FACTOR, {"code": code(node, setup["secret"])})
    assert status == 200, codes
    node.time.pass_s(60)
    return setup["secret"], tuple(codes["recovery_codes"]), browser, csrf


async def test_nothing_is_asked_for_before_a_code_was_right(node: Node) -> None:
    browser, session = await node.admin()
    csrf = session.csrf_token
    assert (await ask(browser, csrf, "PUT", FACTOR, {"code": "123456"}))[0] == 409
    _, setup = await ask(browser, csrf, "POST", FACTOR)
    assert setup["qr_svg"].startswith("<svg")
    assert setup["secret"] in setup["uri"]
    status, problem = await ask(browser, csrf, "PUT", FACTOR, {"code": wrong(node, setup["secret"])})
    assert (status, problem["type"]) == (403, "urn:bellwire:problem:wrong-code")
    assert (await log_in(node, LOGIN))[0] == 201


async def test_from_then_on_a_code_is_asked_for_and_counts_once(node: Node) -> None:
    secret, codes, browser, _ = await set_up(node)
    assert len(set(codes)) == 10
    async with browser.get(SESSION) as answer:
        assert (await answer.json())["second_factor"] is True
    assert await log_in(node, LOGIN) == (401, NEEDED)
    assert await log_in(node, LOGIN | {"password": "wrong wrong"}) == (
        *(401,),
        "urn:bellwire:problem:unauthorized",
    )
    right = LOGIN | {"code": code(node, secret)}
    assert (await log_in(node, right))[0] == 201
    assert await log_in(node, right) == (401, NEEDED)
    assert await log_in(node, LOGIN | {"code": code(node, secret, -1)}) == (401, NEEDED)
    node.time.pass_s(30)
    assert (await log_in(node, LOGIN | {"code": code(node, secret)}))[0] == 201


async def test_of_two_who_use_a_code_at_once_one_gets_in(node: Node) -> None:
    secret, *_ = await set_up(node)
    right = LOGIN | {"code": code(node, secret)}
    results = await asyncio.gather(*(log_in(node, right, f"192.0.2.{n}") for n in range(4)))
    assert sorted(status for status, _ in results) == [201, 401, 401, 401]


async def test_a_recovery_code_is_good_once(node: Node) -> None:
    _, codes, *_ = await set_up(node)
    typed = codes[3].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await log_in(node, LOGIN | {"code": typed}))[0] == 201
    assert await log_in(node, LOGIN | {"code": codes[3]}) == (401, NEEDED)
    assert (await log_in(node, LOGIN | {"code": codes[4]}))[0] == 201


async def test_neither_secret_nor_recovery_codes_are_in_the_file(node: Node) -> None:
    secret, codes, *_ = await set_up(node)
    database = node.deps.users._database
    await database.write(lambda _: None)
    stored = b"".join(file.read_bytes() for file in database.path.parent.glob("*.sqlite3*"))
    for hidden in (secret, *codes, *(each.replace("-", "") for each in codes)):
        assert hidden.encode() not in stored


async def test_wrong_codes_make_one_wait_from_wherever_they_come(node: Node) -> None:
    secret, *_ = await set_up(node)
    bad = LOGIN | {"code": wrong(node, secret)}
    statuses = [(await log_in(node, bad, f"198.51.100.{n}"))[0] for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert (await log_in(node, LOGIN | {"code": code(node, secret)}, "203.0.113.1"))[0] == 429


async def test_logging_in_without_a_code_forgives_no_wrong_ones(node: Node) -> None:
    secret, *_ = await set_up(node)
    statuses = []
    for _ in range(7):
        statuses.append((await log_in(node, LOGIN | {"code": wrong(node, secret)}))[0])
        statuses.append((await log_in(node, LOGIN))[0])
    assert 429 in statuses
    assert set(statuses) == {401, 429}


async def test_asking_for_the_code_is_no_failure(node: Node) -> None:
    secret, *_ = await set_up(node)
    for _ in range(20):
        assert await log_in(node, LOGIN) == (401, NEEDED)
    assert (await log_in(node, LOGIN | {"code": code(node, secret)}))[0] == 201


async def test_it_is_taken_away_with_the_password_only(node: Node) -> None:
    _, _, browser, csrf = await set_up(node)
    assert (await ask(browser, csrf, "POST", FACTOR))[0] == 409
    assert (await ask(browser, csrf, "DELETE", FACTOR, {"password": "wrong wrong"}))[0] == 403
    assert await log_in(node, LOGIN) == (401, NEEDED)
    assert (await ask(browser, csrf, "DELETE", FACTOR, {"password": PASSWORD}))[0] == 204
    assert (await log_in(node, LOGIN))[0] == 201


async def test_an_administrator_helps_who_has_lost_theirs(node: Node) -> None:
    await node.deps.users.create("other", PASSWORD)
    _, codes, *_ = await set_up(node)
    user = await node.deps.users.named("admin")
    assert user is not None
    await node.json("PATCH", f"/api/v1/users/{user.id}", json={"second_factor": False})
    assert (await log_in(node, LOGIN))[0] == 201
    assert (await log_in(node, LOGIN | {"code": codes[0]}))[0] == 201  # nobody asks


async def test_a_new_second_factor_ends_the_other_sessions(node: Node) -> None:
    browser, session = await node.admin()
    secret, _ = await node.deps.users.open_session(session.user)
    _, setup = await ask(browser, session.csrf_token, "POST", FACTOR)
    await ask(browser, session.csrf_token, "PUT", FACTOR, {"code": code(node, setup["secret"])})
    async with node.browser().get(SESSION, headers={"Cookie": f"pbx_session={secret}"}) as answer:
        assert answer.status == 401
    assert (await ask(browser, session.csrf_token, "GET", SESSION))[0] == 200


async def test_a_new_password_needs_the_old_one(node: Node) -> None:
    browser, session = await node.admin()
    csrf, path = session.csrf_token, f"{SESSION}/password"
    new = {"new": "another horse"}
    status, problem = await ask(browser, csrf, "PUT", path, new | {"old": "wrong wrong"})
    assert (status, problem["type"]) == (403, "urn:bellwire:problem:wrong-password")
    assert (await ask(browser, csrf, "PUT", path, {"old": PASSWORD, "new": "short"}))[0] == 422
    assert (await ask(browser, csrf, "PUT", path, new | {"old": PASSWORD}))[0] == 204
    assert (await ask(browser, csrf, "GET", SESSION))[0] == 200
    assert (await log_in(node, LOGIN))[0] == 401
    assert (await log_in(node, LOGIN | {"password": "another horse"}))[0] == 201


async def test_an_open_browser_cannot_guess_the_password_for_ever(node: Node) -> None:
    browser, session = await node.admin()
    body = {"old": "wrong wrong", "new": "another horse"}
    statuses = [
        (await ask(browser, session.csrf_token, "PUT", f"{SESSION}/password", body))[0] for _ in range(7)
    ]
    assert statuses == [403] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("method", "body"), [("POST", None), ("PUT", {"code": "123456"}), ("DELETE", {"password": "x"})]
)
async def test_a_program_has_no_second_factor(node: Node, method: str, body: Any) -> None:
    assert (await node.json(method, FACTOR, 403, json=body))["type"] == "urn:bellwire:problem:no-session"
