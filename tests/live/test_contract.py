"""A real node against its own OpenAPI document: no 5xx, no undocumented answer, nothing without a credential.

Every operation is asked with what the document allows and with what it does not, one after the other at one node, so
that each finds what the ones before have left; that takes minutes. `tests/api/test_contract.py` does a part of it with
every run, each operation at an application of its own. Two operations are not: the live events are a WebSocket, and
signing out would end the credential.
"""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest

from pbx.api.openapi import document
from tests.api.conftest import ELSEWHERE
from tests.api.test_contract import OPERATIONS, fuzz
from tests.live.node import Node, running

pytestmark = pytest.mark.timeout(3600)

SPARED = {("/api/v1/session", "delete"), ("/api/v1/jwt", "delete")}
RATE = ("--api-rate", "10000")


async def _asked(folder: object, *, budget_s: float, most: int) -> None:
    node = Node(folder, options=RATE)  # type: ignore[arg-type]  # a path
    async with running(node):
        for path, method in OPERATIONS:
            if (path, method) not in SPARED:
                await asyncio.to_thread(
                    fuzz, node.url, node.token, path, method, budget_s=budget_s, most=most
                )
        assert (await node.get("status"))["version"]


@pytest.mark.slow
async def test_a_node_answers_as_documented(tmp_path_factory: pytest.TempPathFactory) -> None:
    await _asked(tmp_path_factory.mktemp("node"), budget_s=300, most=500)


async def test_nothing_but_what_is_open_answers_without_a_credential(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with (
        running(Node(tmp_path_factory.mktemp("node"), options=RATE)) as node,
        aiohttp.ClientSession(node.url) as session,
    ):
        for path, item in document()["paths"].items():
            for method, operation in item.items():
                url = re.sub(r"\{\w+\}", "101", path)
                async with session.request(method, url, headers=ELSEWHERE) as answer:
                    if operation["security"]:
                        assert answer.status == 401, (method, path)
                    else:
                        assert answer.status != 401 or operation["operationId"] in SIGNING_IN, (method, path)


SIGNING_IN = {"signIn", "createJwt", "refreshJwt", "endJwt", "deleteJwt"}
