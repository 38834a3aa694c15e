"""What must hold in either store: nothing is bought twice, by one edge or by two, and each number has one office."""

from __future__ import annotations

import asyncio
import random

import pytest

from edge.errors import EdgeError
from edge.model.numbers import NumberOrder
from tests.edge.numbers.conftest import Bench
from tests.fakes.twilio import Fault


def bought(bench: Bench) -> list[str]:
    return [one.number for one in bench.twilio.numbers.values()]


async def test_two_edges_and_two_offices_buy_at_once(bench: Bench) -> None:
    """The same order at both edges is carried out once; two offices that want one number do not both get it."""
    bench.twilio.sell(*(f"+1202555{n:04d}" for n in range(40)))
    other, _ = await bench.offices.add("Two")
    edges = bench.start(), bench.start("https://other.example.com")
    wishes = [NumberOrder(area_code="202", order=f"order-{n:04d}") for n in range(3)]
    one = NumberOrder(number="+12025550039")
    asking = [edge.buy(bench.office, wish) for wish in wishes for edge in edges]
    asking += [edges[0].buy(bench.office, one), edges[1].buy(other.id, one)]
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, EdgeError) for each in results if isinstance(each, BaseException))
    again = [await edges[0].buy(bench.office, wish) for wish in wishes]
    assert len({each.number for each in again}) == 3
    mine, theirs = [await edges[0].list(each) for each in (bench.office, other.id)]
    assert sorted(each.number for each in (*mine, *theirs)) == sorted(bought(bench))
    assert len(bought(bench)) == 4
    assert "+12025550039" in bought(bench)


async def test_number_lives_from_purchase_to_release(bench: Bench) -> None:
    bench.twilio.sell("+12025550111")
    edge = bench.start()
    number = (await edge.buy(bench.office, NumberOrder(area_code="202", name="desk", extension="201"))).number
    [kept] = bench.twilio.numbers.values()
    kept.settings["voice_url"] = "https://demo.twilio.com/welcome/voice"
    [seen] = await edge.check(bench.office)
    assert (seen.state, [one.what for one in seen.drift]) == ("drift", ["voice_url"])
    assert (await edge.repair(bench.office, number)).state == "ok"
    assert (await edge.rename(bench.office, number, "front")).name == "front"
    await edge.release(bench.office, number, confirm=number, keep=False)
    assert (await edge.list(bench.office), bought(bench)) == ([], [])


async def test_killed_process_leaves_an_order_that_another_settles(bench: Bench) -> None:
    """Nothing cleans up: the order is claimed, its number is written down and sold, and nobody has kept it."""
    bench.twilio.sell("+12025550111")
    wish = NumberOrder(area_code="202", name="desk", order="order-0001")
    dead = bench.start()._buying()
    order = await dead._orders.claim(bench.office, "order-0001", wish)
    assert await dead._orders.choose(order, "+12025550111")
    await dead._try(order, "+12025550111", last=False)
    edge = bench.start()
    with pytest.raises(EdgeError, match="just now"):
        await edge.buy(bench.office, wish)
    await edge._buying().settle_unfinished()
    assert await edge.list(bench.office) == []
    bench.clock.passed_s += 200
    await edge._buying().settle_unfinished()
    assert [(one.number, one.name) for one in await edge.list(bench.office)] == [("+12025550111", "desk")]
    assert (await edge.buy(bench.office, wish)).number == "+12025550111"
    assert bought(bench) == ["+12025550111"]


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.slow] * (n > 1)) for n in range(8)])
async def test_random_faults_never_buy_twice(bench: Bench, seed: int) -> None:
    """Eight orders, each repeated until it is told how it went, with faults at every third request and restarts."""
    dice = random.Random(seed)
    bench.twilio.sell(*(f"+1202555{n:04d}" for n in range(40)))

    def rule(method: str, path: str) -> Fault | None:
        if dice.random() < 0.35:
            kind = dice.choice(["drop", "lose", "refuse"])
            return Fault(kind, dice.choice([429, 500, 503]))  # type: ignore[arg-type]
        return None

    bench.twilio.faults.rule = rule
    wishes = [NumberOrder(area_code="202", order=f"order-{n:04d}") for n in range(8)]
    got: dict[str, str] = {}
    refused: set[int] = set()
    for _ in range(60):
        edge = bench.start()
        for wish in wishes:
            assert wish.order is not None
            if wish.order in got:
                continue
            try:
                got[wish.order] = (await edge.buy(bench.office, wish)).number
            except EdgeError as error:
                refused.add(error.status)
        bench.clock.passed_s += 20
    bench.twilio.faults.rule = None
    assert refused <= {409, 503}
    assert len(got) == len(set(got.values())) == 8
    assert sorted(bought(bench)) == sorted(got.values())
