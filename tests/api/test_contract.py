"""The running application against its own document: Schemathesis looks for 5xx, undocumented answers and open doors."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of

from pbx.api.access import make
from pbx.api.openapi import document
from pbx.app.schema import edge
from pbx.store.database import FILE_NAME
from tests.api.conftest import ELSEWHERE, PASSWORD, Node, StartNode
from tests.api.edge_door import whole_edge
from tests.api.test_flows import FLOW
from tests.api.test_listing import cdr
from tests.fresh import fresh

CASES_EACH = 3
"""Making a case takes ten times as long as asking it. `tests/live/test_contract.py` asks hundreds, in the slow run."""
DOCUMENT = document(edge())
"""As a node serves it: what the edge answers is described too."""
OPERATIONS = sorted(
    (path, method)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if path != "/api/v1/events"  # a WebSocket: its handshake is not a plain answer
)


WHOLE_OFFICE = "/api/v1/documents/"
"""Making documents of whole offices from their schema takes most of a minute."""
CASES = [
    pytest.param(path, method, marks=[pytest.mark.slow] if path.startswith(WHOLE_OFFICE) else [])
    for path, method in OPERATIONS
]


ASKS_THE_EDGE = {
    path
    for path, item in DOCUMENT["paths"].items()
    if any("504" in each["responses"] for each in item.values())
}


@pytest.fixture
async def node(start_node: StartNode, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    """A node; where the edge is asked, with an edge."""
    if request.getfixturevalue("path") not in ASKS_THE_EDGE:
        yield await start_node()
        return
    async with whole_edge(tmp_path / "edge") as door:
        yield await start_node(edge=door)


@pytest.mark.parametrize(("path", "method"), CASES, ids=lambda part: part)
async def test_answers_are_as_documented(node: Node, path: str, method: str) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    await node.deps.cdrs.put(cdr(1))
    base, token = node.base, node.token
    if path.startswith("/api/v1/app/"):
        user = await node.deps.users.create("alice", PASSWORD, role="user", extension="101")
        granted = await node.deps.accounts.grants.open(user, "app", "phone")
        token, _ = make(node.deps.accounts.key, granted.grant.id, user.id, node.time.now())
    if "backup" in path:
        await (await fresh(node.deps.config.data_dir / FILE_NAME, poll_s=0)).close()
    await asyncio.to_thread(fuzz, base, token, path, method, most=CASES_EACH)


@cache
def _described() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


def fuzz(base: str, token: str, path: str, method: str, *, most: int, budget_s: float = math.inf) -> None:
    """Ask one operation of a node in so many ways, or as many as its part of the time allows."""
    operation = _described()[path][method.upper()]
    headers = {"Authorization": f"Bearer {token}", **ELSEWHERE}
    checked = 0
    stop_at = 0.0
    # That `number` must be the one of the path, that a trunk must exist, and that a record must be the one that was
    # read, or that an address is one, or that a voice speaks a language, or that a text has words or a picture, or that
    # a picture is one, or Base64, a key is a date, or a number is for sale, is more than a schema can say.
    naming = (
        "/api/v1/app-links",
        "/api/v1/bans",
        "/api/v1/caller-rules",
        "/api/v1/campaigns",
        "/api/v1/campaigns/preview",
        "/api/v1/campaigns/{id}/start",
        "/api/v1/conversations/reply",
        "/api/v1/extensions",
        "/api/v1/extensions/csv",
        "/api/v1/extensions/{number}/outside-number",
        "/api/v1/feature-codes",
        "/api/v1/flows",
        "/api/v1/flows/{number}/simulate",
        "/api/v1/inbound-numbers",
        "/api/v1/limits",
        "/api/v1/mailboxes",
        "/api/v1/numbers",
        "/api/v1/outbound-routes",
        "/api/v1/paging-groups",
        "/api/v1/prompts",
        "/api/v1/queues",
        "/api/v1/receptionist/try",
        "/api/v1/ring-groups",
        "/api/v1/schedules",
        "/api/v1/sms/send",
        "/api/v1/speech",
        "/api/v1/speed-dials",
        "/api/v1/texts/media",
        "/api/v1/tokens",
        "/api/v1/users",
    )
    rich = method != "post" or path in naming
    excluded = [schemathesis.checks.positive_data_acceptance] if rich and method != "get" else []
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)

    @settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def check(case: Any) -> None:
        nonlocal checked, stop_at
        stop_at = stop_at or time.monotonic() + budget_s / len(OPERATIONS)  # making the first case takes long
        if time.monotonic() < stop_at:
            checked += 1
            case.call_and_validate(base_url=base, headers=headers, timeout=5, excluded_checks=excluded)

    check()
    assert checked
