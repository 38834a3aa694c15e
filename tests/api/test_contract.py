"""The running application against its own document: Schemathesis looks for 5xx, undocumented answers and open doors."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of

from pbx.api.openapi import document
from tests.api.conftest import ELSEWHERE, Node
from tests.api.test_flows import FLOW
from tests.api.test_listing import cdr

schemathesis = pytest.importorskip("schemathesis")

BUDGET_S = 8.0
OPERATIONS = sorted(
    (path, method)
    for path, item in document()["paths"].items()
    for method in item
    if path != "/api/v1/events"  # a WebSocket: its handshake is not a plain answer
)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part)
async def test_answers_are_as_documented(node: Node, path: str, method: str) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    await node.deps.cdrs.put(cdr(1))
    base, token = node.base, node.token
    await asyncio.to_thread(_fuzz, base, token, path, method)


def _fuzz(base: str, token: str, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_dict(document())[path][method.upper()]
    headers = {"Authorization": f"Bearer {token}", **ELSEWHERE}
    checked = 0
    stop_at = 0.0
    # That `number` must be the one of the path, that a trunk must exist, and that a record must be the one that was
    # read, or that an address is one, or that a voice speaks a language, is more than a schema can say.
    naming = (
        "/api/v1/bans",
        "/api/v1/extensions",
        "/api/v1/feature-codes",
        "/api/v1/flows",
        "/api/v1/caller-rules",
        "/api/v1/inbound-numbers",
        "/api/v1/limits",
        "/api/v1/mailboxes",
        "/api/v1/outbound-routes",
        "/api/v1/paging-groups",
        "/api/v1/prompts",
        "/api/v1/queues",
        "/api/v1/ring-groups",
        "/api/v1/schedules",
        "/api/v1/speed-dials",
        "/api/v1/speech",
    )
    rich = method != "post" or path in naming
    excluded = [schemathesis.checks.positive_data_acceptance] if rich and method != "get" else []
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)

    @settings(
        max_examples=50,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def check(case: Any) -> None:
        nonlocal checked, stop_at
        stop_at = stop_at or time.monotonic() + BUDGET_S / len(OPERATIONS)  # making the first case takes long
        if time.monotonic() < stop_at:
            checked += 1
            case.call_and_validate(base_url=base, headers=headers, timeout=5, excluded_checks=excluded)

    check()
    assert checked
