"""Signing in from a site on another host: tokens, their end, the list of hosts, and the WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from pbx.core.totp import code_at
from tests.api.conftest import PASSWORD, START, Node

JWT = "/api/v1/jwt"
LOGIN = {"username": "boss", "password": PASSWORD}
SITE = "https://phones.example.com"


@pytest.fixture
async def office(node: Node) -> Node:
    """An owner, an administrator, and one site elsewhere."""
    await node.deps.users.create("root", PASSWORD)
    await node.deps.users.create("boss", PASSWORD, role="admin")
    await node.json("PATCH", "/api/v1/settings", json={"cors_origins": [SITE]})
    await preflight_is(node, 204)
    return node


async def post(node: Node, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    async with node.browser().post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def log_in(node: Node) -> Any:
    status, pair = await post(node, JWT, LOGIN)
    assert status == 201, pair
    return pair


async def status(node: Node, access: str, path: str = "/api/v1/users", method: str = "GET") -> int:
    headers = {"Authorization": f"Bearer {access}"}
    async with node.browser().request(method, path, headers=headers) as answer:
        return answer.status


async def refresh(node: Node, secret: str) -> tuple[int, Any]:
    return await post(node, f"{JWT}/refresh", {"refresh_token": secret})


async def test_a_pair_opens_what_the_role_may_and_for_ten_minutes(office: Node) -> None:
    pair = await log_in(office)
    assert pair["session"]["user"]["username"] == "boss"
    assert pair["session"]["csrf_token"] == ""
    assert "users:write" in pair["session"]["scopes"]
    assert pair["expires_at"] == (START + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    access = pair["access_token"]
    assert await status(office, access) == 200
    assert await status(office, access, "/api/v1/session") == 200
    body = {"number": "101", "name": "Alice"}
    headers = {"Authorization": f"Bearer {access}"}
    assert (await post(office, "/api/v1/extensions", body, **headers))[0] == 201
    office.time.pass_s(599)
    assert await status(office, access) == 200
    office.time.pass_s(1)
    assert await status(office, access) == 401


def forged(pair: Any, key: bytes, **changes: Any) -> str:
    claims = jwt.decode(pair["access_token"], options={"verify_signature": False}) | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, "HS256")


async def test_a_token_that_is_not_ours_opens_nothing(office: Node) -> None:
    pair = await log_in(office)
    key = office.deps.accounts.key
    assert await status(office, forged(pair, key)) == 200  # the oracle makes one that counts
    header, claims, signature = pair["access_token"].split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    for bad in (
        forged(pair, bytes(32)),
        forged(pair, key, sid="01J9ZQ4V7N3T8K2M5R6W1X0YAB"),
        forged(pair, key, sid=7),
        forged(pair, key, sid=None),
        forged(pair, key, exp=None),
        forged(pair, key, aud="elsewhere"),
        forged(pair, key, exp=int(START.timestamp())),
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{header}.{claims}.{signature[:-2]}AA",
        "a.b.c",
        "..",
    ):
        assert await status(office, bad) == 401, bad


async def test_a_refresh_token_is_good_once_and_gives_a_new_pair(office: Node) -> None:
    first = await log_in(office)
    office.time.pass_s(700)
    code, second = await refresh(office, first["refresh_token"])
    assert code == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert await status(office, second["access_token"]) == 200
    assert (await refresh(office, "guess"))[0] == 401


async def test_a_stolen_refresh_token_ends_the_log_in(office: Node) -> None:
    first = await log_in(office)
    _, second = await refresh(office, first["refresh_token"])
    office.time.pass_s(31)
    assert (await refresh(office, first["refresh_token"]))[0] == 401
    assert await status(office, second["access_token"]) == 401
    assert (await refresh(office, second["refresh_token"]))[0] == 401
    (entry,) = (await office.json("GET", "/api/v1/audit?action=revoke"))["items"]
    assert entry["key"] == "boss"


async def test_a_lost_answer_may_be_asked_for_again_for_a_moment(office: Node) -> None:
    first = await log_in(office)
    await refresh(office, first["refresh_token"])
    office.time.pass_s(5)
    code, again = await refresh(office, first["refresh_token"])
    assert code == 200
    assert (await refresh(office, again["refresh_token"]))[0] == 200


async def test_it_ends_with_log_out_password_role_and_time(office: Node) -> None:
    pair = await log_in(office)
    assert await status(office, pair["access_token"], JWT, "DELETE") == 204
    assert await status(office, pair["access_token"]) == 401
    assert (await refresh(office, pair["refresh_token"]))[0] == 401

    boss = await office.deps.users.named("boss")
    assert boss is not None
    pair = await log_in(office)
    await office.json("PATCH", f"/api/v1/users/{boss.id}", json={"role": "supervisor"})
    assert await status(office, pair["access_token"]) == 403
    await office.json("PATCH", f"/api/v1/users/{boss.id}", json={"password": PASSWORD})
    assert await status(office, pair["access_token"]) == 401

    pair = await log_in(office)
    office.time.pass_s(12 * 3600)
    assert (await refresh(office, pair["refresh_token"]))[0] == 401


async def test_the_password_is_changed_and_this_log_in_stays(office: Node) -> None:
    here, there = await log_in(office), await log_in(office)
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    body = {"old": PASSWORD, "new": "another horse"}
    async with office.browser().put("/api/v1/session/password", json=body, headers=headers) as answer:
        assert answer.status == 204
    assert await status(office, here["access_token"]) == 200
    assert await status(office, there["access_token"]) == 401


async def test_the_second_factor_is_asked_for_here_too(office: Node) -> None:
    pair = await log_in(office)
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    _, setup = await post(office, "/api/v1/session/second-factor", **headers)
    code = code_at(setup["secret"], int(office.time.now().timestamp() // 30))
    body = {"code": code}
    async with office.browser().put("/api/v1/session/second-factor", json=body, headers=headers) as answer:
        assert answer.status == 200
    code_, problem = await post(office, JWT, LOGIN)
    assert (code_, problem["type"]) == (401, "urn:bellwire:problem:second-factor")
    office.time.pass_s(30)
    code = code_at(setup["secret"], int(office.time.now().timestamp() // 30))
    assert (await post(office, JWT, LOGIN | {"code": code}))[0] == 201


async def test_wrong_passwords_make_one_wait(office: Node) -> None:
    codes = [(await post(office, JWT, LOGIN | {"password": "wrong wrong"}))[0] for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2


async def test_a_refresh_secret_is_not_in_the_file(office: Node) -> None:
    pair = await log_in(office)
    database = office.deps.users._database
    await database.write(lambda _: None)
    secret = pair["refresh_token"].encode()
    assert all(secret not in file.read_bytes() for file in database.path.parent.glob("*.sqlite3*"))


# -- pages of other hosts ----------------------------------------------------------------------------------------------


async def preflight(node: Node, origin: str, path: str = "/api/v1/users") -> tuple[int, dict[str, str]]:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    async with node.browser().options(path, headers=headers) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}


async def preflight_is(node: Node, status: int) -> None:
    """The list is followed a moment after it was changed."""
    async with asyncio.timeout(5):
        while (await preflight(node, SITE))[0] != status:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://phones.example.com.evil.example",
        "http://phones.example.com",
        "https://phones.example.com:444",
        "https://PHONES.example.com",
        "null",
        "*",
        "",
    ],
)
async def test_only_the_exact_host_may(office: Node, origin: str) -> None:
    code, headers = await preflight(office, origin)
    assert code == 403
    assert not [name for name in headers if name.startswith("access-control")]
    assert (await post(office, JWT, LOGIN, Origin=origin))[0] == 403
    async with office.ask("GET", "/api/v1/users", headers={"Origin": origin}) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_host_of_the_list_may_but_never_with_cookies(office: Node) -> None:
    code, headers = await preflight(office, SITE)
    assert code == 204
    assert headers["access-control-allow-origin"] == SITE
    assert "PATCH" in headers["access-control-allow-methods"]
    for name in ("Authorization", "Idempotency-Key", "If-Match", "Content-Type"):
        assert name in headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in headers
    assert (await post(office, JWT, LOGIN, Origin=SITE))[0] == 201
    for path, expected in (("/api/v1/users", 200), ("/api/v1/users/none", 404), ("/api/v1/health", 200)):
        async with office.ask("GET", path, headers={"Origin": SITE}) as answer:
            assert answer.status == expected
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
            assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
            assert "Origin" in answer.headers["Vary"]
            assert "Access-Control-Allow-Credentials" not in answer.headers
    # A cookie log-in stays what it was: for the node's own pages.
    for elsewhere in (SITE, "http://[", "http://[::1", "null", "http://é.example"):
        assert (await post(office, "/api/v1/session", LOGIN, Origin=elsewhere))[0] == 403


async def test_a_host_that_leaves_the_list_is_out(office: Node) -> None:
    assert (await preflight(office, SITE))[0] == 204
    await office.json("PATCH", "/api/v1/settings", json={"cors_origins": []})
    await preflight_is(office, 403)


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "https://a.example/", "phones.example.com", "null"]
)
async def test_a_setting_that_is_no_origin_is_refused(node: Node, origin: str) -> None:
    await node.json("PATCH", "/api/v1/settings", 422, json={"cors_origins": [origin]})


# -- the WebSocket -----------------------------------------------------------------------------------------------------


async def ticket(node: Node, access: str) -> str:
    code, body = await post(node, "/api/v1/events/ticket", Authorization=f"Bearer {access}")
    assert code == 200, body
    return str(body["ticket"])


async def test_a_ticket_opens_one_web_socket_from_elsewhere(office: Node) -> None:
    pair = await log_in(office)
    one = await ticket(office, pair["access_token"])
    url = f"/api/v1/events?ticket={one}"
    async with office.browser().ws_connect(url, headers={"Origin": SITE}) as socket:
        assert json.loads((await socket.receive(timeout=5)).data)["type"] == "snapshot"
        with pytest.raises(WSServerHandshakeError) as caught:
            await office.browser().ws_connect(url, headers={"Origin": SITE})
        assert caught.value.status == 401
        assert await status(office, pair["access_token"], JWT, "DELETE") == 204
        message = await socket.receive(timeout=5)
        assert (message.type, message.extra) == (WSMsgType.CLOSE, "signed out")


async def test_a_ticket_is_good_for_half_a_minute_and_for_hosts_of_the_list(office: Node) -> None:
    access = (await log_in(office))["access_token"]
    late, elsewhere = await ticket(office, access), await ticket(office, access)
    for one, origin, code in ((elsewhere, "https://evil.example", 403), (late, SITE, 401)):
        office.time.pass_s(15)
        with pytest.raises(WSServerHandshakeError) as caught:
            await office.browser().ws_connect(f"/api/v1/events?ticket={one}", headers={"Origin": origin})
        assert caught.value.status == code


async def test_a_ticket_is_worth_nothing_anywhere_else_or_after_log_out(office: Node) -> None:
    access = (await log_in(office))["access_token"]
    one = await ticket(office, access)
    async with office.browser().get(f"/api/v1/cdrs?ticket={one}") as answer:
        assert answer.status == 401
    await status(office, access, JWT, "DELETE")
    with pytest.raises(WSServerHandshakeError) as caught:
        await office.browser().ws_connect(f"/api/v1/events?ticket={one}")
    assert caught.value.status == 401
