"""Rate limits: generous, for each credential and each stranger by itself, and never for the health check."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.api.rates import Rates
from pbx.core.config import NodeConfig
from tests.api.conftest import ELSEWHERE, Node, StartNode


@given(st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_what_time_gives(gaps: list[float]) -> None:
    rates, now_s, passed = Rates(2.0, 5), 0.0, 0
    for gap in gaps:
        now_s += gap
        passed += rates.take("x", now_s) == 0
        assert passed <= 5 + 2.0 * now_s + 1e-6


def test_after_the_wait_it_goes_on() -> None:
    rates = Rates(0.5, 1)
    assert [rates.take("x", 0.0), rates.take("x", 0.0), rates.take("x", 1.9)] == [0, 2, 1]
    assert rates.take("x", 2.0) == 0
    assert rates.take("y", 2.0) == 0


def test_no_limit_and_bounded_memory() -> None:
    free, rates = Rates(0, 0), Rates(1, 1)
    for n in range(10_000):
        assert free.take("x", 0.0) == 0
        rates.take(str(n), 0.0)
    assert len(rates._buckets) <= 4096


@pytest.fixture
async def slow(start_node: StartNode, node: Node) -> Node:
    """One request a second, twenty at once; four at once for strangers."""
    return await start_node(config=replace_rate(node.deps.config, 1))


def replace_rate(config: NodeConfig, rate: int) -> NodeConfig:
    return msgspec.structs.replace(config, api_rate=rate)


async def statuses(node: Node, count: int, headers: dict[str, str], path: str = "/api/v1/cdrs") -> list[int]:
    browser = node.browser()
    found = []
    for _ in range(count):
        async with browser.get(path, headers=headers) as answer:
            found.append(answer.status)
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.content_type == "application/problem+json"
    return found


async def test_each_credential_has_its_own_limit(slow: Node) -> None:
    one, two = await slow.bearer("cdrs:read"), await slow.bearer("cdrs:read")
    assert await statuses(slow, 22, one) == [200] * 20 + [429] * 2
    assert await statuses(slow, 1, two) == [200]
    slow.time.pass_s(2)
    assert await statuses(slow, 3, one) == [200, 200, 429]


async def test_strangers_are_counted_by_address(slow: Node) -> None:
    bad = {"Authorization": "Bearer pbx_wrong"}
    assert await statuses(slow, 6, ELSEWHERE | bad) == [401] * 4 + [429] * 2
    assert await statuses(slow, 1, ELSEWHERE, "/api/v1/openapi.json") == [429]
    assert await statuses(slow, 1, {"X-Forwarded-For": "192.0.2.8"}, "/api/v1/openapi.json") == [200]
    good = await slow.bearer("cdrs:read")
    assert await statuses(slow, 1, ELSEWHERE | good) == [
        200
    ]  # who is known is not held up by who shares the address


async def test_the_health_check_is_always_answered(slow: Node) -> None:
    assert set(await statuses(slow, 60, ELSEWHERE, "/api/v1/health")) == {200}


async def test_the_site_stays_well_below(node: Node) -> None:
    header = await node.bearer("cdrs:read")
    assert set(await statuses(node, 300, header)) == {200}
