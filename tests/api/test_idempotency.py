"""Idempotency-Key: what is repeated is made once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from multidict import CIMultiDict

from pbx.api.idempotency import takes_key
from pbx.api.table import ROUTES
from tests.api.conftest import Node

EXTENSIONS = "/api/v1/extensions"
TOKENS = "/api/v1/tokens"
ALICE = {"number": "101", "name": "Alice"}
TOKEN = {"name": "script", "scopes": ["cdrs:read"]}


async def post(
    node: Node, path: str, body: Any, key: str, credential: dict[str, str] | None = None
) -> tuple[int, bytes, CIMultiDict[str]]:
    headers = {"Idempotency-Key": key} | (credential or {})
    async with node.ask("POST", path, json=body, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers.copy()


async def test_the_same_again_is_answered_the_same_and_made_once(node: Node) -> None:
    first = await post(node, TOKENS, TOKEN, "k1")
    again = await post(node, TOKENS, TOKEN, "k1")
    assert first[0] == 201
    assert again[:2] == first[:2]
    assert "Idempotency-Replayed" not in first[2]
    assert again[2]["Idempotency-Replayed"] == "true"
    assert (await node.json("GET", TOKENS))["total"] == 2
    assert len((await node.json("GET", "/api/v1/audit?kind=token&actor=test"))["items"]) == 1


async def test_headers_of_the_first_answer_come_again(node: Node) -> None:
    first, again = [await post(node, EXTENSIONS, ALICE, "k1") for _ in range(2)]
    for name in ("Location", "ETag", "Content-Type"):
        assert again[2][name] == first[2][name]


async def test_another_request_with_the_same_key_is_refused(node: Node) -> None:
    await post(node, EXTENSIONS, ALICE, "k1")
    for path, body in ((EXTENSIONS, ALICE | {"name": "Bob"}), (TOKENS, TOKEN)):
        status, answer, _ = await post(node, path, body, "k1")
        assert status == 422
        assert b"urn:bellwire:problem:idempotency-key" in answer
    assert (await post(node, TOKENS, TOKEN, "k2"))[0] == 201


async def test_the_key_is_the_credentials(node: Node) -> None:
    await post(node, TOKENS, TOKEN, "k1")
    other = await node.bearer("tokens:write", "cdrs:read")
    status, _, headers = await post(node, TOKENS, TOKEN, "k1", other)
    assert status == 201
    assert "Idempotency-Replayed" not in headers


async def test_what_was_refused_may_be_tried_again(node: Node) -> None:
    await node.json("POST", EXTENSIONS, 201, json=ALICE)
    assert (await post(node, EXTENSIONS, ALICE, "k1"))[0] == 409
    await node.json("DELETE", f"{EXTENSIONS}/101", 204)
    assert (await post(node, EXTENSIONS, ALICE, "k1"))[0] == 201


async def test_it_is_kept_for_a_day(node: Node) -> None:
    await post(node, TOKENS, TOKEN, "k1")
    node.time.pass_s(86_399)
    assert "Idempotency-Replayed" in (await post(node, TOKENS, TOKEN, "k1"))[2]
    node.time.pass_s(1)
    assert "Idempotency-Replayed" not in (await post(node, TOKENS, TOKEN, "k1"))[2]
    node.time.pass_s(86_400)
    await node.sweep()
    rows = await node.deps.users._database.read(
        lambda connection: connection.execute("SELECT count(*) FROM answers").fetchone()
    )
    assert rows == (0,)


async def test_of_many_at_once_one_is_made(node: Node) -> None:
    results = await asyncio.gather(*(post(node, TOKENS, TOKEN, "k1") for _ in range(8)))
    assert {status for status, *_ in results} <= {201, 409}
    assert len({body for status, body, _ in results if status == 201}) == 1
    assert (await node.json("GET", TOKENS))["total"] == 2


async def test_a_secret_that_is_shown_once_is_not_kept_in_clear(node: Node) -> None:
    _, body, _ = await post(node, TOKENS, TOKEN, "k1")
    secret = body.split(b'"secret":"')[1].split(b'"')[0]
    database = node.deps.users._database
    await database.write(lambda _: None)
    assert all(secret not in file.read_bytes() for file in database.path.parent.glob("*.sqlite3*"))


@pytest.mark.parametrize("key", ["", "with space", "x" * 129])
async def test_a_bad_key_is_refused(node: Node, key: str) -> None:
    assert (await post(node, EXTENSIONS, ALICE, key))[0] == 422


def test_every_creating_route_takes_a_key() -> None:
    taking = {route.path for route in ROUTES if takes_key(route)}
    assert {
        EXTENSIONS,
        "/api/v1/users",
        TOKENS,
        "/api/v1/messages",
        "/api/v1/trunks",
        "/api/v1/bans",
    } <= taking
    assert not {"/api/v1/session", "/api/v1/setup"} & taking
